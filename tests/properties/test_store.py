"""Random days of the outbox, against a model of a few lines: nothing is lost, and nothing rings twice for a fact."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from monitor import alert as alerts
from monitor import channel as channels
from monitor.alert import Attempt, Delivery, DeliveryState, Failed, Fault, Outcome, Sent, Unknown
from monitor.channel import ChannelState
from monitor.judge import Ruling
from monitor.store import alerts as alert_rows
from monitor.store import channels as channel_rows
from monitor.store import deliveries as delivery_rows
from monitor.store import rulings
from monitor.store.database import Database, Tx
from tests.properties.laws import law
from tests.store.samples import MINUTE, NOW, SECOND, added, alert, arrival, entry, get

CHANNELS = ("desk", "mail")
LEASE = 5 * MINUTE
ANSWERS: tuple[Outcome, ...] = (
    Sent(),
    Failed(reason="busy", fault=Fault.CHANNEL, permanent=False),
    Failed(reason="too long", fault=Fault.MESSAGE, permanent=False),
    Failed(reason="gone", fault=Fault.CHANNEL, permanent=True),
    Unknown(reason="no answer in time"),
)


@cache
def empty() -> bytes:
    """Return a database without a row."""
    with TemporaryDirectory() as folder:
        Database.open(f"sqlite:///{folder}/wirebell.db").close()
        return (Path(folder) / "wirebell.db").read_bytes()


@dataclass(slots=True)
class Model:
    """What the outbox should hold."""

    #: In the order in which they came to be owed.
    owed: dict[str, Delivery] = field(default_factory=dict)
    #: What is being sent, until when.
    leases: dict[str, datetime] = field(default_factory=dict)
    channels: dict[str, ChannelState] = field(default_factory=dict)
    tries: dict[str, list[str]] = field(default_factory=dict)

    def channel(self, name: str) -> ChannelState:
        return self.channels.get(name, ChannelState(name=name))

    def put_back(self, delivery_id: str, now: datetime) -> None:
        self.owed[delivery_id] = alerts.interrupted(self.owed[delivery_id], now)
        del self.leases[delivery_id]

    def head(self, name: str, now: datetime) -> Delivery | None:
        """Return who is first in the line of a channel."""
        for each, until in list(self.leases.items()):
            if until <= now and self.owed[each].channel == name:
                self.put_back(each, now)
        paused = self.channel(name).paused_until
        if paused and paused > now:
            return None
        line = [
            (each.pauses // 3, place, each)
            for place, each in enumerate(self.owed.values())
            if each.channel == name and each.state is DeliveryState.QUEUED and each.due_at <= now
        ]
        return min(line)[2] if line else None


class Outbox(RuleBasedStateMachine):
    """The store and the model, told the same."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        path = Path(self.folder.name) / "wirebell.db"
        path.write_bytes(empty())
        self.database = Database.open(f"sqlite:///{path}")
        self.model, self.now = Model(), NOW
        self.items: list[int] = []
        #: What some worker believes it is sending.
        self.sending: dict[str, Delivery] = {}

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    # --- what happens --------------------------------------------------------------------------------------------

    @rule()
    def an_item_arrives(self) -> None:
        number = len(self.items) + 1
        self.items += added(self.database, arrival(entry(number)))

    @precondition(lambda self: self.items)
    @rule(data=st.data(), names=st.sets(st.sampled_from(CHANNELS)), of=st.sampled_from(["nato", "siemens"]))
    def a_rule_matches(self, data: st.DataObject, names: set[str], of: str) -> None:
        """Record it, though it may have been recorded before, perhaps under another config."""
        item = get(self.database, data.draw(st.sampled_from(self.items)))
        rang = alert(item, of)
        owed = tuple(each for name in sorted(names) for each in alerts.owed(rang.id, name, ("",), self.now))
        ruling = Ruling(item_id=item.id, version=1, matches=(), alerts=(rang,), deliveries=owed)
        fresh = self.database.write_now(partial(rulings.record, rulings=(ruling,), now=self.now))
        known = rang.id in self.model.tries
        assert [each.id for each in fresh] == ([] if known else [rang.id])
        if not known:
            self.model.tries[rang.id] = []
            self.model.owed |= {each.id: each for each in owed}

    @rule(name=st.sampled_from(CHANNELS))
    def a_worker_takes_what_is_next(self, name: str) -> None:
        def take(tx: Tx) -> Delivery | None:
            found = delivery_rows.head(tx, name, self.now)
            if found:
                delivery_rows.start(tx, found[0].id, until=self.now + LEASE)
            return found[0] if found else None

        taken = self.database.write_now(take)
        assert taken == self.model.head(name, self.now)
        if taken:
            self.sending[taken.id] = taken
            self.model.owed[taken.id] = replace(taken, state=DeliveryState.SENDING)
            self.model.leases[taken.id] = self.now + LEASE

    @precondition(lambda self: self.sending)
    @rule(data=st.data(), answer=st.sampled_from(ANSWERS))
    def an_answer_comes(self, data: st.DataObject, answer: Outcome) -> None:
        """Keep it, unless it comes so late that the delivery is somebody else's by now."""
        sent = self.sending.pop(data.draw(st.sampled_from(sorted(self.sending))))
        after = alerts.after(sent, answer, self.now, jitter=1.0)
        state = channels.after(self.model.channel(sent.channel), after, answer, self.now)
        word = type(answer).__name__.lower()
        tried = Attempt(delivery_id=sent.id, n=after.attempts, at=self.now, outcome=word, reason=after.reason)

        def keep(tx: Tx) -> bool:
            kept = delivery_rows.finish(tx, after, tried)
            if kept:
                channel_rows.put(tx, state)
            return kept

        held = sent.id in self.model.leases and self.model.owed[sent.id].attempts == sent.attempts
        assert self.database.write_now(keep) == held
        if held:
            del self.model.leases[sent.id]
            self.model.owed[sent.id] = after
            self.model.channels[sent.channel] = state
            self.model.tries[sent.alert_id].append(f"{sent.id} {word}")

    @rule()
    def the_daemon_starts_again(self) -> None:
        def restart(tx: Tx) -> None:
            for each in delivery_rows.interrupted(tx):
                delivery_rows.put_back(tx, alerts.interrupted(each, self.now))

        self.database.write_now(restart)
        for each in list(self.model.leases):
            self.model.put_back(each, self.now)

    @rule(span=st.sampled_from([SECOND, 20 * SECOND, 2 * MINUTE, 6 * MINUTE, timedelta(hours=50)]))
    def time_passes(self, span: timedelta) -> None:
        self.now += span

    # --- what holds at all times ---------------------------------------------------------------------------------

    @invariant()
    def every_delivery_stands_as_in_the_model(self) -> None:
        kept = self.database.read_now(partial(alert_rows.listing, limit=1000))
        assert {each.what.id for each in kept} == set(self.model.tries)
        assert {each.id: each for one in kept for each in one.deliveries} == self.model.owed

    @invariant()
    def what_was_sent_is_never_sent_again(self) -> None:
        for tries in self.model.tries.values():
            sent = [each for each in tries if each.endswith(" sent")]
            assert len(sent) == len(set(sent))

    @invariant()
    def channels_with_something_due_are_known(self) -> None:
        due = {
            each.channel
            for each in self.model.owed.values()
            if each.state is DeliveryState.QUEUED
            and each.due_at <= self.now
            and (self.model.channel(each.channel).paused_until or self.now) <= self.now
        }
        late = {self.model.owed[each].channel for each, until in self.model.leases.items() if until <= self.now}
        assert self.database.read_now(partial(delivery_rows.due_channels, now=self.now)) == due | late


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(law, max_examples=40, stateful_step_count=40)
