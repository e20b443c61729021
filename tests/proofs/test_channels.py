"""Channels that fail in every way: nothing is lost, repeats are marked, and no channel delays another."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any, Self

import pytest

from monitor import delivering
from monitor.alert import Alert, DeliveryState
from monitor.feed import State
from monitor.outage import MOST_BUNDLED
from monitor.send import webhook
from monitor.store import alerts as alert_rows
from monitor.store import channels as channel_rows
from monitor.store import feeds as feed_rows
from monitor.store.database import Tx
from tests.http_server import DROP, HANG, HttpServer, Mode, Received, Reply
from tests.proofs.proving import figures, percentile, sized
from tests.scenarios.house import House, rss
from tests.smtp_server import SmtpServer

#: Messages a second that are never exceeded, as the clock of the receiver has it: a moment's delay on the way is no
#: fault of the sender.
APART = 0.9
#: The real pause, which the fixture of the house takes away.
PACE = delivering.PACE
TAKEN, BROKEN = Reply(status=204), Reply(status=503)
#: Seconds without an answer that count as silence here; 10 for a daemon.
SILENCE = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One request to a channel, with its answer."""

    channel: str
    request: Received
    reply: Reply

    @property
    def document(self) -> dict[str, Any]:
        """Return what it brought."""
        return dict(json.loads(self.request.body))

    @property
    def id(self) -> str:
        """Return which message it is."""
        return self.request.headers["webhook-id"]

    @property
    def taken(self) -> bool:
        """Return whether the channel took it and said so."""
        return self.reply.mode is Mode.ANSWER and 200 <= self.reply.status < 300

    @property
    def arrived(self) -> bool:
        """Return whether the channel has it, though it may not have said so."""
        return self.taken or self.reply.mode in (Mode.HANG, Mode.DROP)

    @property
    def alerts(self) -> list[str]:
        """Return the ids of the alerts that it tells."""
        match self.document["schema"]:
            case "alert.v1":
                return [self.document["id"]]
            case "digest.v1":
                return [each["id"] for each in self.document["alerts"]]
            case _:
                return []


#: What a channel answers to the nth attempt at a message.
Manner = Callable[[int, Received], Reply]


class FaultServer(HttpServer):
    """Answers each channel's messages in that channel's manner, and keeps what it answered."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.manners: dict[str, Manner] = {}
        self.heard: list[Heard] = []
        self._tries: Counter[tuple[str, str]] = Counter()

    def channel(self, name: str, manner: Manner) -> str:
        """Let a channel answer in its manner; return its address."""
        self.manners[name] = manner
        return self.url(f"/{name}")

    def _note(self, request: Received) -> Reply:
        super()._note(request)
        name = request.path.removeprefix("/")
        key = (name, request.headers["webhook-id"])
        self._tries[key] += 1
        reply = self.manners[name](self._tries[key], request)
        self.heard.append(Heard(channel=name, request=request, reply=reply))
        return reply


def always(reply: Reply) -> Manner:
    """Answer everything so."""
    return lambda _nth, _request: reply


def at_first(reply: Reply) -> Manner:
    """Answer the first attempt at each message so, and take the second."""
    return lambda nth, _request: reply if nth == 1 else TAKEN


def refusing(_nth: int, request: Received) -> Reply:
    """Refuse for good, in one of four ways."""
    return Reply(status=(401, 404, 410, 422)[sum(request.headers["webhook-id"].encode()) % 4])


@pytest.fixture
def post() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture(autouse=True)
def _short_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "READ", SILENCE)


class Refusing:
    """A port that refuses every connection, and that nobody else takes meanwhile."""

    def __init__(self) -> None:
        self._held = socket.socket()
        self._held.bind(("127.0.0.1", 0))
        self.port = int(self._held.getsockname()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the port to a server."""
        self._held.close()


class Wire:
    """A feed that grows when told to, and the loops that follow from it."""

    def __init__(self, house: House, server: HttpServer) -> None:
        self.house, self._server = house, server
        self.published: list[str] = []
        #: When the deliveries of the newest items were owed, by the monotonic clock.
        self.owed_at: dict[str, float] = {}
        self._serve()

    def _serve(self, newest: int = 0) -> None:
        window = self.published[-max(newest, 50) :]  # a long one may outlast its reader's deadline
        entries = [{"guid": each, "title": each} for each in reversed(window)]
        self._server.reply("/rss", Reply(body=rss(entries)))

    @property
    def lines(self) -> str:
        """Return the config's lines that every house here has."""
        return f"""timezone = "UTC"
            feeds.wire = {{ url = "{self._server.url("/rss")}", interval = "2d" }}
            network.allow = ["127.0.0.0/8"]
            polling.max_interval = "15m"
            """

    async def publish(self, count: int) -> None:
        """Publish so many items, and work until nothing is due."""
        first = len(self.published) + 1
        new = [f"Glacier report {n:04}" for n in range(first, first + count)]
        self.published += new
        self._serve(count)
        await self.house.database.write(partial(feed_rows.poll_all_now, now=self.house.clock()))
        assert self.house.pipeline
        await self.house.pipeline.polls.drain()
        await self.house.pipeline.judgements.drain()
        self.owed_at |= dict.fromkeys(new, time.monotonic())
        await self.house.work()

    async def wait(self, until: datetime) -> int:
        """Let the time pass from one due row to the next; return how many there were."""
        steps = 0
        while (due := await self.house.database.read(partial(_next_due, now=self.house.clock()))) is not None:
            if due > until:
                break
            self.house.clock.at = due
            await self.house.work()
            steps += 1
        self.house.clock.at = until
        await self.house.work()
        return steps


_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
#: When a channel may be tried again, when it begins to hand on, and when a feed is polled.
_NEXT = """
SELECT min(at) FROM (
    SELECT max(due_at, coalesce(paused_until, 0)) AS at
    FROM delivery LEFT JOIN channel ON channel.name = delivery.channel WHERE state = 'queued'
    UNION ALL SELECT next_poll_at FROM feed
    UNION ALL SELECT failing_since + 60000000 FROM channel
    UNION ALL SELECT failing_since + 300000000 FROM channel
) WHERE at > :now
"""


def _next_due(tx: Tx, now: datetime) -> datetime | None:
    """Return when something is to be done next."""
    microseconds = tx.exec_driver_sql(_NEXT, {"now": (now - _EPOCH) // _MICROSECOND}).scalar()
    return None if microseconds is None else _EPOCH + microseconds * _MICROSECOND


# --- every way to fail ---------------------------------------------------------------------------------------------

#: Channels by how they take each message, and those that take none for eighteen hours.
MOODS: Mapping[str, Manner] = {
    "taken": always(TAKEN),
    "busy": at_first(Reply(status=429, headers={"Retry-After": "30"})),
    "broken": at_first(BROKEN),
    "silent": at_first(HANG),
    "cut": at_first(DROP),
    "refusing": refusing,
}
DEAD: Mapping[str, Manner] = {"refused": always(DROP), "hanging": always(HANG), "down": always(BROKEN)}
ALL = (*MOODS, *DEAD, "spare")
OUTAGE, DAY = timedelta(hours=18), timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of every alert after a day."""

    kept: tuple[alert_rows.Kept, ...]
    heard: tuple[Heard, ...]

    def of(self, channel: str) -> list[Heard]:
        """Return the requests to a channel, in order."""
        return [each for each in self.heard if each.channel == channel]

    def lost(self, channels: Collection[str]) -> list[str]:
        """Return the alerts that these channels were owed and did not get, without a word about it."""
        arrived = {(each.channel, alert) for each in self.heard if each.taken for alert in each.alerts}
        missing = []
        for kept in self.kept:
            if not isinstance(kept.what, Alert):
                continue
            for owed in kept.deliveries:
                if owed.channel not in channels:
                    continue
                told = (owed.channel, owed.alert_id) in arrived
                shown = owed.state in (DeliveryState.UNDELIVERED, DeliveryState.UNKNOWN) and owed.reason
                if not told and not shown:
                    missing.append(f"{owed.channel} {owed.state}: {kept.what.headline}")
        return missing

    @property
    def unmarked(self) -> list[str]:
        """Return the repeats that do not say so."""
        seen: set[tuple[str, str]] = set()
        found = []
        for each in self.heard:
            for alert in each.alerts if each.arrived else ():
                if (each.channel, alert) in seen and not each.document.get("may_repeat"):
                    found.append(f"{each.channel}: {alert}")
                seen.add((each.channel, alert))
        return found

    @property
    def most_copies(self) -> int:
        """Return how often the same alert reached a channel at most."""
        copies = Counter((each.channel, alert) for each in self.heard if each.arrived for alert in each.alerts)
        return max(copies.values())

    def disorder(self, channel: str) -> list[str]:
        """Return what came singly to a channel after something newer; probes and repeats come when they can.

        What it tells in others' place has an order for each of them.
        """
        found: list[str] = []
        newest: defaultdict[str, str] = defaultdict(str)
        for each in self.of(channel):
            document = each.document
            if document["schema"] != "alert.v1" or not each.taken or {"outage", "may_repeat"} & {*document}:
                continue
            line, headline = document.get("instead_of", ""), document["headline"]
            if headline < newest[line]:
                found.append(f"{headline} after {newest[line]}")
            newest[line] = max(newest[line], headline)
        return found


def everything(house: House) -> tuple[alert_rows.Kept, ...]:
    return house.database.read_now(partial(alert_rows.listing, limit=100_000))


@pytest.mark.slow
async def test_over_a_day_of_six_ways_to_fail_and_three_dead_channels_every_alert_arrives_or_is_shown(
    house: House, wire: HttpServer, post: FaultServer
) -> None:
    count, burst, gone = sized(200, 20), 5, Refusing()
    channels = [f'{name} = {{ webhook = "{post.channel(name, manner)}", fallback = "spare" }}' for name, manner in
                [*MOODS.items(), *DEAD.items()] if name != "refused"]  # fmt: skip
    channels += [f'refused = {{ webhook = "http://127.0.0.1:{gone.port}/refused", fallback = "spare" }}']
    channels += [f'spare = {{ webhook = "{post.channel("spare", always(TAKEN))}", default = true, fallback = false }}']
    news = Wire(house, wire)
    house.configure(
        f"""{news.lines}
        rules.all = {{ match = "glacier", notify = {[*MOODS]}, at_most = "{sized(60, 8)}/day" }}
        rules.dead = {{ match = "glacier", notify = {[*DEAD]} }}
        [channels]
        """
        + "\n".join(channels)
    )
    began = house.clock()
    await house.work()
    steps = 0
    with ExitStack() as later:
        later.enter_context(gone)
        back = None
        for number in range(count // burst):
            at = began + DAY * 0.95 * number / (count // burst - 1)
            if back is None and at >= began + OUTAGE:
                gone.__exit__()
                back = later.enter_context(FaultServer(port=gone.port))
                back.channel("refused", always(TAKEN))
                post.manners |= dict.fromkeys(DEAD, always(TAKEN))
            steps += await news.wait(at)
            await news.publish(burst)
        steps += await news.wait(began + DAY)
        assert back is not None
        told = Told(kept=everything(house), heard=(*post.heard, *back.heard))
    owed = [each for kept in told.kept if isinstance(kept.what, Alert) for each in kept.deliveries]
    states = Counter(each.state for each in owed)
    by_channel = {name: len(told.of(name)) for name in ALL}
    figures(
        "channels that fail",
        alerts=count,
        owed=len(owed),
        lost=len(told.lost(ALL)),
        states={str(state): number for state, number in states.items()},
        requests=by_channel,
        steps=steps,
        most_copies=told.most_copies,
    )
    assert told.lost(ALL) == []
    assert DeliveryState.QUEUED not in states
    assert told.unmarked == []
    assert told.most_copies <= 2
    for name in ALL:
        assert told.disorder(name) == [], name
    refused = [each for each in owed if each.state is DeliveryState.UNDELIVERED]
    assert {each.channel for each in refused} == {"refusing"}
    assert {each.attempts - each.unknown for each in refused} <= {0, 1}  # no more once it was heard, alone or together
    assert {alert for each in told.heard if each.taken for alert in each.alerts} == {
        kept.what.id for kept in told.kept if isinstance(kept.what, Alert)
    }


#: Seconds by which dead channels may delay the others; on a busy machine still less than the ten that one hangs.
DELAY = sized(2, 8)


@pytest.mark.slow
async def test_a_channel_that_works_is_as_quick_beside_three_dead_ones(
    house: House, wire: HttpServer, post: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "READ", 10.0)  # as a daemon has it
    count, news = sized(200, 20), Wire(house, wire)
    take = "default = true, burst = false"
    good = [f'{name} = {{ webhook = "{post.channel(name, always(TAKEN))}", {take} }}' for name in GOOD]
    head = f"{news.lines}\nrules.all = 'glacier'\n[channels]\n"
    with HttpServer() as silent, Refusing() as gone:
        dead = {"hanging": silent.reply("/hanging", HANG), "down": post.channel("down", always(BROKEN))}
        dead["refused"] = f"http://127.0.0.1:{gone.port}/refused"
        bad = [f'{name} = {{ webhook = "{url}", {take} }}' for name, url in dead.items()]
        quick, slow = [
            await _delays(house, news, post, head + "\n".join(channels), count) for channels in (good, [*good, *bad])
        ]
    alone, beside = percentile(quick, 0.99), percentile(slow, 0.99)
    figures("healthy channels", alerts=count, p99_alone=f"{alone:.2f} s", p99_beside_dead_ones=f"{beside:.2f} s")
    assert beside <= alone + DELAY


GOOD = tuple(f"good{n}" for n in range(7))


async def _delays(house: House, news: Wire, post: FaultServer, toml: str, count: int) -> list[float]:
    """Return how long each alert of a burst took to each channel that works."""
    house.configure(toml)
    await house.work()
    before = len(news.published)
    post.heard.clear()
    sending = asyncio.create_task(news.publish(count))
    while sum(len(each.alerts) for each in post.heard if each.channel in GOOD) < count * len(GOOD):
        assert not sending.done()
        await asyncio.sleep(0.05)
    new = news.published[before:]
    delays = [
        each.request.at - news.owed_at[each.document["headline"]]
        for each in post.heard
        if each.channel in GOOD and each.document["headline"] in new
    ]
    assert len(delays) == count * len(GOOD)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert house.pipeline
    await house.pipeline.deliveries.finish(15)
    return delays


# --- six hours without network -------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_after_six_hours_without_network_everything_comes_gently_and_what_is_late_in_one_digest(
    house: House, wire: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, names = sized(240, 24), [f"desk{n}" for n in range(sized(9, 3))]
    with Refusing() as hooks, Refusing() as far, Refusing() as smtp:
        news = Wire(house, wire)
        to = '["anna@x.example", "ben@x.example"]'
        channels = [
            *(f'{name} = {{ webhook = "http://127.0.0.1:{hooks.port}/{name}", default = true }}' for name in names),
            f'post = {{ to = {to}, smtp = "127.0.0.1", port = {smtp.port}, security = "none", default = true }}',
        ]
        house.configure(
            f"""{news.lines}
            feeds.far = {{ url = "http://127.0.0.1:{far.port}/rss", interval = "5m" }}
            rules.all = "glacier"
            [channels]
            """
            + "\n".join(channels)
        )
        began = house.clock()
        for number in range(count // 4):
            await news.wait(began + timedelta(hours=6) * number / (count // 4))
            await news.publish(4)
        await news.wait(began + timedelta(hours=6))
    away = {each.name: each for each in house.database.read_now(channel_rows.all_states)}
    feeds = {each.name: each.state for each in house.database.read_now(feed_rows.all_states)}
    owed = [each for kept in everything(house) if isinstance(kept.what, Alert) for each in kept.deliveries]
    assert len(owed) == count * (len(names) + 2)
    assert {each.state for each in owed} == {DeliveryState.QUEUED}
    assert all(state.failing_since == began for state in away.values())
    assert feeds["far"] is State.FAILING
    monkeypatch.setattr(delivering, "PACE", PACE)
    with FaultServer(port=hooks.port) as back, HttpServer(port=far.port) as feed, SmtpServer(port=smtp.port) as mail:
        feed.reply("/rss", Reply(body=rss([])))
        for name in names:
            back.channel(name, always(TAKEN))
        await news.wait(began + timedelta(hours=6, minutes=20))
        recovered = {each.name: each.state for each in house.database.read_now(feed_rows.all_states)}
        heard, letters = tuple(back.heard), mail.letters
    told = Told(kept=everything(house), heard=heard)
    gaps = [later.request.at - sooner.request.at for name in names for sooner, later in pairwise(told.of(name))]
    digests = {name: [each.alerts for each in told.of(name) if len(each.alerts) > 1] for name in names}
    assert len(feed.received) >= 1
    mailed = Counter(each.receivers[0] for each in letters if "alerts, late" in str(each.message["Subject"]))
    figures(
        "six hours without network",
        alerts=count,
        channels=len(names) + 1,
        lost=len(told.lost(names)),
        digests=[*map(len, digests.values())],
        mailed=dict(mailed),
        smallest_gap=f"{min(gaps):.2f} s",
    )
    expected = -(-(count - 1) // MOST_BUNDLED)
    assert told.lost(names) == []
    assert {each.state for kept in told.kept for each in kept.deliveries} == {DeliveryState.SENT}
    assert told.unmarked == []
    assert min(gaps) >= APART
    ids = {kept.what.headline: kept.what.id for kept in told.kept if isinstance(kept.what, Alert)}
    in_order = [ids[headline] for headline in news.published]
    for name in names:
        assert len(digests[name]) == expected
        probe, *others = [alert for each in told.of(name) for alert in each.alerts]
        assert max(map(len, digests[name])) <= MOST_BUNDLED
        assert others == [each for each in in_order if each != probe]
    assert mailed == {"anna@x.example": expected, "ben@x.example": expected}
    assert recovered["far"] is State.OK


async def test_the_wait_that_a_receiver_asks_for_is_obeyed_up_to_an_hour(
    house: House, wire: HttpServer, post: FaultServer
) -> None:
    waits = {"soon": "600", "never": "864000"}
    channels = [
        f'{name} = {{ webhook = "{post.channel(name, at_first(busy(asked)))}", default = true, fallback = false }}'
        for name, asked in waits.items()
    ]
    news = Wire(house, wire)
    house.configure(f"{news.lines}\nrules.all = 'glacier'\n[channels]\n" + "\n".join(channels))
    now = house.clock()
    await house.work()
    await news.publish(3)
    paused = {each.name: each.paused_until for each in house.database.read_now(channel_rows.all_states)}
    assert paused == {"soon": now + timedelta(minutes=10), "never": now + timedelta(hours=1)}
    for name, wait in (("soon", timedelta(minutes=10)), ("never", timedelta(hours=1))):
        await news.wait(now + wait - timedelta(seconds=1))
        assert len([each for each in post.heard if each.channel == name]) == 1
        await news.wait(now + wait)
        assert len([each for each in post.heard if each.channel == name]) == 3


def busy(seconds: str) -> Reply:
    return Reply(status=429, headers={"Retry-After": seconds})
