"""Whatever channels answer, and however often the daemon is killed and its clock set: what becomes of every alert."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from monitor import delivering
from monitor.alert import (
    Alert,
    Delivery,
    DeliveryState,
    Failed,
    Fault,
    Kind,
    Outcome,
    Priority,
    Sent,
    Unknown,
    interrupted,
    owed,
)
from monitor.channel import Channel, Console, Mail, Message, Security
from monitor.config.loaded import Config
from monitor.delivering import Delivering
from monitor.judge import Bench
from monitor.runtime import Line, Runtime, Tools
from monitor.sandbox import Sandbox
from monitor.store import alerts as alert_rows
from monitor.store import deliveries, rulings, schedule, tables
from monitor.store.database import Database, Tx
from tests.proofs import proving
from tests.properties.laws import law

MORNING = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
BUSY = Failed(reason="server answered 503", fault=Fault.CHANNEL, permanent=False)
LATER = replace(BUSY, retry_after=timedelta(hours=2))
WRONG_LOGIN = replace(BUSY, reason="server answered 401", permanent=True)
TOO_LARGE = Failed(reason="server answered 413", fault=Fault.MESSAGE, permanent=True)
GREYLISTED = replace(TOO_LARGE, reason="server answered 451", permanent=False)
SILENCE = Unknown(reason="no answer in time")
TAKEN = Sent(detail="taken")


class Killed(Exception):
    """The daemon is killed while it sends."""


#: The receiver had the message when the daemon was killed.
KILLED = "killed"
Answer = Outcome | str
ANSWERS = st.lists(
    st.sampled_from([BUSY, BUSY, BUSY, LATER, WRONG_LOGIN, TOO_LARGE, GREYLISTED, SILENCE, SILENCE, TAKEN, KILLED]),
    max_size=25,
)
MAIL = Mail(to=("anna@x.example", "ben@x.example"), smtp="x", port=25, security=Security.NONE, sender="w@x.example")
CHANNELS = (
    Channel(name="desk", target=Console(), fallback=("mail", "pager")),
    Channel(name="mail", target=MAIL, fallback=("desk", "pager")),
    Channel(name="pager", target=Console(), fallback=("desk",)),
)


@dataclass
class Script:
    """A channel that answers as it is told to, and takes everything after that."""

    channel: Channel
    answers: list[Answer]
    #: What it had, with whether it said that it may repeat.
    had: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> tuple[Outcome, float]:
        """Answer, and keep what may have arrived."""
        answer = self.answers.pop(0) if self.answers else TAKEN
        if not isinstance(answer, Failed):
            self.had.append(message)
        if isinstance(answer, str):
            raise Killed
        return answer, 0.0


class Wired(Runtime):
    """A version of the config of which there are only channels."""

    def __init__(self, lines: Mapping[str, Script]) -> None:
        self.lines = cast("Mapping[str, Line]", lines)
        self.config = cast("Config", SimpleNamespace(zone=UTC, notices=("desk",)))
        self.bench = cast("Bench", SimpleNamespace(watches={}))


class Town:
    """Three channels over one database, with a clock that is moved and set."""

    def __init__(self, database: Database, answers: Sequence[Sequence[Answer]]) -> None:
        self.now, self.database = MORNING, database
        self.lines = {c.name: Script(c, list(script)) for c, script in zip(CHANNELS, answers, strict=True)}
        tools = Tools(database=database, sandbox=cast("Sandbox", None), now=lambda: self.now, jitter=lambda: 1.0)
        self._runtime, self._tools = Wired(self.lines), tools
        self._work = Delivering(lambda: self._runtime, self._tools)
        self._loop = asyncio.new_event_loop()
        self.rung = 0

    def ring(self, priority: Priority, channels: Sequence[str]) -> None:
        """Owe an alert to channels."""
        self.rung += 1
        what = alert(self.rung, priority, self.now)
        told = [self.lines[name].channel for name in channels]
        due = [each for one in told for each in owed(what.id, one.name, one.receivers, self.now, rule=what.rule)]

        def write(tx: Tx) -> None:
            rulings._keep(tx, what)
            deliveries.add(tx, due)

        self.database.write_now(write)

    def pass_time(self, span: timedelta) -> None:
        """Let the time pass in steps that no wait escapes."""
        end = self.now + span
        while self.now < end:
            self.now = min(end, self.now + timedelta(minutes=20))
            self.work()

    def set_clock(self, by: timedelta) -> None:
        """Set the clock, as the daemon notices it."""
        self.database.write_now(partial(schedule.shift, by=by, now=self.now + by))
        self.now += by

    def end(self) -> None:
        """Leave nothing open."""
        self._loop.close()

    def work(self) -> None:
        """Do what is due; a daemon that is killed is started again."""
        while True:
            try:
                self._loop.run_until_complete(self._deliver())
            except Killed:
                self.restart()
            else:
                return

    def restart(self) -> None:
        """Begin anew over the same rows."""

        def write(tx: Tx) -> None:
            schedule.settle(tx, self.now)
            for each in deliveries.interrupted(tx):
                deliveries.put_back(tx, interrupted(each, self.now))

        self._work = Delivering(lambda: self._runtime, self._tools)
        self.database.write_now(write)

    async def _deliver(self) -> None:
        while lines := await self._work.claim(len(self.lines)):
            for line in lines:
                await self._work.deliver(line)

    @property
    def kept(self) -> tuple[alert_rows.Kept, ...]:
        """Return every alert with what became of it."""
        return self.database.read_now(partial(alert_rows.listing, limit=1000, notices=False))

    @property
    def copies(self) -> Mapping[tuple[str, str, str], list[Message]]:
        """Return by channel, receiver and alert which messages told it."""
        found: defaultdict[tuple[str, str, str], list[Message]] = defaultdict(list)
        for name, line in self.lines.items():
            for message in line.had:
                for told in _alerts(message):
                    found[name, message.receiver, told].append(message)
        return found


def _alerts(message: Message) -> list[str]:
    document = cast("dict[str, object]", message.payload)
    match document["schema"]:
        case "alert.v1":
            return [str(document["id"])]
        case "digest.v1":
            return [each["id"] for each in cast("list[dict[str, str]]", document["alerts"])]
        case _:
            return []


def alert(number: int, priority: Priority, now: datetime) -> Alert:
    return Alert(
        id=f"{number:016}", kind=Kind.NEW, rule="nato", priority=priority, item_id=number, version=1, feed="wire",
        source="Wire", headline=f"Report {number}", link="", published=now, seen=now, language=None, read="headline",
        read_reason="", strength=1.0, place="headline", evidence=(), made_at=now,
    )  # fmt: skip


NAMES = tuple(each.name for each in CHANNELS)
RING = st.tuples(
    st.just("ring"),
    st.sampled_from([1, 2, 3, 24]),
    st.sampled_from(Priority),
    st.lists(st.sampled_from(NAMES), min_size=1, unique=True),
)
STEPS = st.lists(
    RING
    | st.tuples(st.just("wait"), st.timedeltas(timedelta(seconds=1), timedelta(hours=4)))
    | st.tuples(st.just("set"), st.timedeltas(timedelta(hours=-3), timedelta(hours=3)))
    | st.tuples(st.just("restart")),
    min_size=1,
    max_size=8,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One database for all examples: its tables take longer to make than an example."""
    database = Database.open(f"sqlite:///{tmp_path_factory.mktemp('town')}/wirebell.db")
    database._driver("PRAGMA foreign_keys = OFF")  # the items of these alerts are nobody's concern here
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivering, "PACE", timedelta(0))
        yield database
    database.close()


def _empty(tx: Tx) -> None:
    for table in (tables.attempt, tables.delivery, tables.alert, tables.channel):
        tx.execute(delete(table))


def lived(database: Database, answers: Sequence[Sequence[Answer]], steps: Sequence[tuple[object, ...]]) -> Town:
    """Return the town after all of it happened, and a working day on."""
    database.write_now(_empty)
    town = Town(database, answers)
    for step in steps:
        match step:
            case ("ring", int(count), Priority() as priority, list(channels)):
                for _ in range(count):
                    town.ring(priority, channels)
                town.work()
            case ("wait", timedelta() as span):
                town.pass_time(span)
            case ("set", timedelta() as by):
                town.set_clock(by)
                town.work()
            case _:
                town.restart()
                town.work()
    town.pass_time(timedelta(hours=8))
    town.end()
    return town


@settings(law, max_examples=proving.sized(150, 12), suppress_health_check=list(HealthCheck))
@given(st.tuples(ANSWERS, ANSWERS, ANSWERS), STEPS)
def test_every_alert_is_told_or_shown_repeats_are_marked_and_a_digest_keeps_what_it_carries(
    shared: Database, answers: Sequence[Sequence[Answer]], steps: Sequence[tuple[object, ...]]
) -> None:
    town = lived(shared, answers, steps)
    kept, copies = town.kept, town.copies
    assert len(kept) == town.rung
    for each in (delivery for one in kept for delivery in one.deliveries):
        assert_settled(each, copies)
    for messages in copies.values():
        assert [message.payload.get("may_repeat", False) for message in messages].count(False) <= 1
        assert len({message.id for message in messages if message.payload["schema"] == "digest.v1"}) <= 1
    for alerts in digests(town):
        assert len(alerts) > 1
        assert list(alerts) == sorted(set(alerts))


def assert_settled(owed: Delivery, copies: Mapping[tuple[str, str, str], list[Message]]) -> None:
    """Check that a delivery stands as what happened says, and says why."""
    had = copies.get((owed.channel, owed.receiver, owed.alert_id), [])
    match owed.state:
        case DeliveryState.SENT:
            assert had
        case DeliveryState.UNKNOWN:
            assert had
            assert owed.reason
        case DeliveryState.UNDELIVERED:
            assert owed.reason
        case state:
            pytest.fail(f"{owed.channel} is still {state}")


def digests(town: Town) -> Iterator[tuple[str, ...]]:
    """Yield what each digest carried, which is the same at each attempt."""
    carried: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    for line in town.lines.values():
        for message in line.had:
            if message.payload["schema"] == "digest.v1":
                carried[message.id].add(tuple(_alerts(message)))
    for contents in carried.values():
        (alerts,) = contents
        yield alerts
