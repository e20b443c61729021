"""The last loop: brings what is owed to its channels, one message at a time to each, in order.

A channel that fails pauses, and each pause ends with one probe. Once it is out, its alerts are handed on to another
channel, while it goes on trying. When it works again, what waited is sent gently, and what is late in one digest.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter

from monitor import alert as alerts
from monitor import channel, outage, policy, record, render
from monitor.alert import Alert, Attempt, Delivery, DeliveryState, Notice, What
from monitor.channel import Channel, ChannelState
from monitor.errors import StoreError
from monitor.outage import Outage
from monitor.runtime import LEASE, Line, Runtime, Tools
from monitor.store import channels as channel_rows
from monitor.store import deliveries as delivery_rows
from monitor.store import records as record_rows
from monitor.store import rulings as ruling_rows
from monitor.store.database import Tx

log = logging.getLogger(__name__)

#: Between two messages to a channel that fails or has just come back: most services take about one a second.
PACE = timedelta(seconds=1)
#: Between two tries to keep the outcome of an attempt while the database cannot be written.
KEEP_AGAIN = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A message on its way."""

    delivery: Delivery
    what: What
    #: The outage that it tells of; None where there was none worth telling.
    outage: Outage | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A delivery after an attempt, and how its channel stood before and stands after it."""

    delivery: Delivery
    before: ChannelState
    after: ChannelState


@dataclass(frozen=True, slots=True, kw_only=True)
class Out:
    """A channel that no longer keeps its alerts to itself."""

    state: ChannelState
    #: Which channels may tell in its place, the best first.
    stand_ins: tuple[str, ...]
    #: What they are to tell; nothing where there are none.
    owed: tuple[Delivery, ...]
    #: Whether people are still to be told that it is out.
    untold: bool


class Delivering:
    """Brings what is owed to its channels."""

    def __init__(self, runtime: Callable[[], Runtime], tools: Tools) -> None:
        """Build the loop's work; ``runtime`` tells which one is in force."""
        self._runtime, self._tools = runtime, tools
        self._busy: set[str] = set()
        #: From when to when a channel was out, for those of its receivers that were not told yet.
        self._untold: dict[tuple[str, str], tuple[datetime, datetime]] = {}

    async def claim(self, limit: int) -> Sequence[Line]:
        """Return the lines of idle channels that have something due; those that are out hand on what they owe."""
        if await self._tools.database.read(self._out):
            await self._tools.database.write(self._help_out)
        due = await self._tools.database.read(partial(delivery_rows.due_channels, now=self._tools.now()))
        lines = [line for name, line in self._runtime().lines.items() if name in due and name not in self._busy]
        self._busy.update(line.channel.name for line in lines[:limit])
        return lines[:limit]

    async def deliver(self, line: Line) -> None:
        """Send what is due on the line, in order, until nothing is, or another config has another line."""
        gently = closed = False
        try:
            await self._gather(line.channel, after_outage=False)
            while self._is_in_force(line) and (tried := await self._deliver_next(line)) is not None:
                gently = gently or tried.before.failures > 0 or tried.after.failures > 0
                if tried.before.failures and not tried.after.failures:
                    await self._gather(line.channel, after_outage=True)
                if gently:
                    await asyncio.sleep(PACE.total_seconds())
        except StoreError as error:
            # In a damaged database what became of a message cannot be kept, and the line would send it for ever.
            closed = not error.passing
            raise
        finally:
            if not closed:
                self._busy.discard(line.channel.name)

    def _is_in_force(self, line: Line) -> bool:
        return self._runtime().lines.get(line.channel.name) is line

    # --- one message -------------------------------------------------------------------------------------------

    async def _deliver_next(self, line: Line) -> Tried | None:
        """Send the next message of the line; return what became of it and of its channel, None without one."""
        claimed = await self._tools.database.write(partial(self._start, line.channel))
        if claimed is None:
            return None
        zone = self._runtime().config.zone
        message = render.message(claimed.what, delivery=claimed.delivery, zone=zone, outage=claimed.outage)
        result, seconds = await line.send(message)
        jitter = self._tools.jitter()

        def write(tx: Tx) -> Tried:
            now = self._tools.now()
            before = channel_rows.get(tx, line.channel.name)
            sent = delivery_rows.under_way(tx, claimed.delivery)
            after = alerts.after(sent, result, now, jitter, failures=before.failures)
            state = channel.after(before, after, result, now)
            attempt = _attempt(after, result, now)
            if delivery_rows.finish(tx, after, attempt):
                said = record.tried(after, attempt, claimed.what, message.subject, message.payload)
                record_rows.add(tx, [said])
            channel_rows.put(tx, state)
            tried = Tried(delivery=after, before=before, after=state)
            if max(before.failures, state.failures) > delivery_rows.PAUSES_A_TURN and before.failing_since:
                delivery_rows.let_back(tx, after, since=before.failing_since)
            self._conclude(tx, tried, claimed.what)
            return tried

        tried = await self._keep(write)
        _tell(claimed, tried.delivery, seconds)
        return tried

    def _start(self, line: Channel, tx: Tx) -> Claimed | None:
        """Mark the channel's next message as being sent; put off those that policy holds."""
        now = self._tools.now()
        while (head := delivery_rows.head(tx, line.name, now)) is not None:
            delivery, what = head
            match policy.decide(what, line, self._runtime().config.zone, now):
                case policy.Wait(until=until, reason=reason):
                    delivery_rows.hold(tx, delivery.id, until, reason)
                case policy.Send():
                    delivery_rows.start(tx, delivery.id, until=now + LEASE)
                    return Claimed(delivery=delivery, what=what, outage=self._outage(tx, delivery, now))
        return None

    async def _keep(self, write: Callable[[Tx], Tried]) -> Tried:
        """Keep what became of a message, however long a full disk takes: forgotten, it would be sent again.

        Raises StoreError where it can never be kept: the database is damaged.
        """
        said = False
        while True:
            try:
                return await self._tools.database.write(write)
            except StoreError as error:
                if not error.passing:
                    raise
                if not said:
                    log.error("deliver: cannot keep what became of a message yet: %s", error)  # noqa: TRY400 - it says all
                said = True
                await asyncio.sleep(KEEP_AGAIN.total_seconds())

    def _outage(self, tx: Tx, delivery: Delivery, now: datetime) -> Outage | None:
        """Return the outage that a message has to tell its receiver of."""
        state = channel_rows.get(tx, delivery.channel)
        lasting = (state.failing_since, now) if state.failing_since and outage.is_out(state, now) else None
        found = lasting or self._untold.get((delivery.channel, delivery.receiver))
        if found is None:
            return None
        since, until = found
        return Outage(since=since, until=until, waiting=delivery_rows.count_waiting(tx, delivery))

    def _conclude(self, tx: Tx, tried: Tried, what: What) -> None:
        """Hand on what could not be delivered for good, and say once that its channel is out, or works again."""
        name, runtime = tried.after.name, self._runtime()
        if name not in runtime.lines:  # removed while it was sent: nobody else would look after it
            delivery_rows.withhold_removed(tx, tuple(runtime.lines))
            return
        if tried.delivery.state is DeliveryState.UNDELIVERED and tried.after.failures > tried.before.failures:
            self._announce_out(tx, tried.after, tried.delivery.reason)
        if tried.delivery.state is DeliveryState.UNDELIVERED and not isinstance(what, Notice):
            lost = delivery_rows.carried(tx, tried.delivery) or (tried.delivery,)
            self._hand_on(tx, lost, self._stand_ins(tx, name) or runtime.lines[name].channel.fallback)
        if tried.delivery.state is DeliveryState.SENT:
            ruling_rows.follow_up(tx, tried.delivery, self._tools.now())
            self._recover(tx, tried.before, tried.delivery)

    def _recover(self, tx: Tx, before: ChannelState, sent: Delivery) -> None:
        """Say to those who know of an outage that it is over; the channel's own receivers learn it as they are told."""
        now = self._tools.now()
        self._untold.pop((sent.channel, sent.receiver), None)
        if before.failing_since:
            delivery_rows.make_due(tx, sent.channel, since=before.failing_since, now=now)
        if before.failing_since and outage.is_out(before, now):
            others = delivery_rows.waiting_receivers(tx, sent.channel) - {sent.receiver}
            self._untold |= {(sent.channel, other): (before.failing_since, now) for other in others}
        began = outage.began_id(before)
        heard = delivery_rows.of_alerts(tx, [began])[began] if began else ()
        if heard:
            self._announce(tx, outage.ended(before, now, self._runtime().config.zone), {each.channel for each in heard})

    # --- channels that are out ---------------------------------------------------------------------------------

    def _out(self, tx: Tx) -> tuple[Out, ...]:
        """Return the channels about which something is to be done because they are out."""
        lines = self._runtime().lines
        found = [self._what_to_do(tx, state) for state in channel_rows.failing(tx) if state.name in lines]
        return tuple(each for each in found if each.untold or each.owed)

    def _what_to_do(self, tx: Tx, state: ChannelState) -> Out:
        now, runtime = self._tools.now(), self._runtime()
        ripe = outage.hands_on(state, runtime.lines[state.name].channel, runtime.config.zone, now)
        told = outage.began_id(state)
        stand_ins = self._stand_ins(tx, state.name) if ripe else ()
        return Out(
            state=state,
            owed=delivery_rows.to_hand_on(tx, state.name, ripe) if stand_ins else (),
            stand_ins=stand_ins,
            untold=bool(ripe) and outage.is_out(state, now) and told is not None and not ruling_rows.is_kept(tx, told),
        )

    def _help_out(self, tx: Tx) -> None:
        """Do for the channels that are out what is to be done."""
        for each in self._out(tx):
            if each.untold:
                self._announce_out(tx, each.state, delivery_rows.last_reason(tx, each.state.name))
            self._hand_on(tx, each.owed, each.stand_ins)

    def _stand_ins(self, tx: Tx, name: str) -> tuple[str, ...]:
        failing = frozenset(state.name for state in channel_rows.failing(tx))
        return outage.stand_ins(self._runtime().lines[name].channel, failing, delivery_rows.stuck(tx))

    def _hand_on(self, tx: Tx, owed: Sequence[Delivery], stand_ins: Sequence[str]) -> None:
        """Owe to others what a channel cannot tell; what one of them was owed already, it tells once."""
        if not stand_ins:
            return
        now, lines = self._tools.now(), self._runtime().lines
        known = delivery_rows.of_alerts(tx, [each.alert_id for each in owed])
        for each in owed:
            in_vain = {one.channel for one in known[each.alert_id] if one.state in alerts.LOST}
            name = next((name for name in stand_ins if name not in in_vain), None)
            if delivery_rows.hand_on(tx, each.id) and name is not None:
                delivery_rows.add(tx, alerts.handed_on(each, name, lines[name].channel.receivers, now))

    def _announce_out(self, tx: Tx, state: ChannelState, reason: str) -> None:
        """Say that a channel is out to those who hear of wirebell itself; if that is nobody else, to its stand-in."""
        now, config = self._tools.now(), self._runtime().config
        stand_in = next(iter(self._stand_ins(tx, state.name)), None)
        others = {*config.notices} - {state.name} or ({stand_in} if stand_in else set())
        self._announce(tx, outage.began(state, reason, stand_in, now, config.zone), others)

    def _announce(self, tx: Tx, notice: Notice, names: AbstractSet[str]) -> None:
        if ruling_rows.is_kept(tx, notice.id):
            return
        now, lines = self._tools.now(), self._runtime().lines
        told = [lines[name].channel for name in sorted(names) if name in lines]
        owed = [each for one in told for each in alerts.owed(notice.id, one.name, one.receivers, now)]
        ruling_rows.add_notice(tx, notice, owed)

    # --- what comes late ---------------------------------------------------------------------------------------

    async def _gather(self, line: Channel, *, after_outage: bool) -> None:
        """Put alerts that come late into one digest for each receiver, in their place."""
        look = partial(self._late, line.name, after_outage=after_outage)
        if any(await self._tools.database.read(look)):

            def write(tx: Tx) -> None:
                for parts in look(tx):
                    delivery_rows.bundle(tx, *alerts.bundled(parts, self._tools.now()), parts)

            await self._tools.database.write(write)

    def _late(self, name: str, tx: Tx, *, after_outage: bool) -> tuple[Sequence[tuple[Delivery, Alert]], ...]:
        if channel_rows.get(tx, name).failures:  # it gets a probe first
            return ()
        waiting = delivery_rows.waiting(tx, name, self._tools.now())
        return tuple(self._chosen(tx, waiting, after_outage=after_outage))

    def _chosen(
        self, tx: Tx, waiting: Sequence[Delivery], *, after_outage: bool
    ) -> Iterator[Sequence[tuple[Delivery, Alert]]]:
        alike = attrgetter("receiver", "instead_of")
        for _, owed in groupby(sorted(waiting, key=alike), key=alike):  # stable: their order stays
            for late in outage.late(tuple(owed), self._tools.now(), after_outage=after_outage):
                if parts := delivery_rows.with_alerts(tx, late):  # without those that are damaged
                    yield parts


def _attempt(after: Delivery, result: alerts.Outcome, now: datetime) -> Attempt:
    reason = result.detail if isinstance(result, alerts.Sent) else result.reason
    return Attempt(delivery_id=after.id, n=after.attempts, at=now, outcome=type(result).__name__.lower(), reason=reason)


def _tell(claimed: Claimed, after: Delivery, seconds: float) -> None:
    """Say what became of a message; a warning is what has not been said of it before."""
    what, before = claimed.what, claimed.delivery
    name = what.rule if isinstance(what, Alert) else what.kind.value
    place = f"{after.channel} ({after.receiver})" if after.receiver else after.channel
    match after.state:
        case DeliveryState.SENT:
            log.info("%s -> %s delivered in %.1f s", name, place, seconds)
        case DeliveryState.QUEUED:
            level = logging.INFO if before.attempts and before.reason == after.reason else logging.WARNING
            log.log(level, "%s -> %s not delivered, tried again later: %s", name, place, after.reason)
        case _:
            log.error("%s -> %s %s: %s", name, place, after.state, after.reason)
