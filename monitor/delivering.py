"""The last loop: brings what is owed to its channels, one message at a time to each, in order.

A channel that fails pauses, and each pause ends with one probe. Once it is out, its alerts are handed on to another
channel, while it goes on trying. When it works again, what waited is sent gently, and what is late in one digest.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

from monitor import alert as alerts
from monitor import channel, outage, policy, render
from monitor.alert import Alert, Attempt, Delivery, DeliveryState, Notice, What
from monitor.channel import Channel, ChannelState
from monitor.errors import StoreError
from monitor.outage import Outage
from monitor.runtime import LEASE, Line, Runtime, Tools
from monitor.store import channels as channel_rows
from monitor.store import deliveries as delivery_rows
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
class Out:
    """A channel that no longer keeps its alerts to itself."""

    state: ChannelState
    #: What another channel is to tell in its place.
    owed: tuple[Delivery, ...]
    #: Whether people are still to be told that it is out.
    untold: bool


class Delivering:
    """Brings what is owed to its channels."""

    def __init__(self, runtime: Callable[[], Runtime], tools: Tools) -> None:
        """Build the loop's work; ``runtime`` tells which one is in force."""
        self._runtime, self._tools = runtime, tools
        self._busy: set[str] = set()

    async def claim(self, limit: int) -> Sequence[Line]:
        """Return the lines of idle channels that have something due; those that are out hand on what they owe."""
        if await self._tools.database.read(self._out):
            await self._tools.database.write(self._hand_on)
        due = await self._tools.database.read(partial(delivery_rows.due_channels, now=self._tools.now()))
        lines = [line for name, line in self._runtime().lines.items() if name in due and name not in self._busy]
        self._busy.update(line.channel.name for line in lines[:limit])
        return lines[:limit]

    async def deliver(self, line: Line) -> None:
        """Send what is due on the line, in order, until nothing is."""
        gently = False
        try:
            await self._gather(line.channel, after_outage=False)
            while (tried := await self._deliver_next(line)) is not None:
                before, after = tried
                gently = gently or before.failures > 0 or after.failures > 0
                if before.failures and not after.failures:
                    await self._gather(line.channel, after_outage=True)
                if gently:
                    await asyncio.sleep(PACE.total_seconds())
        finally:
            self._busy.discard(line.channel.name)

    # --- one message -------------------------------------------------------------------------------------------

    async def _deliver_next(self, line: Line) -> tuple[ChannelState, ChannelState] | None:
        """Send the next message of the line; return how its channel stood before and stands after, None without one."""
        claimed = await self._tools.database.write(partial(self._start, line.channel))
        if claimed is None:
            return None
        zone = self._runtime().config.zone
        message = render.message(claimed.what, delivery=claimed.delivery, zone=zone, outage=claimed.outage)
        result, seconds = await line.send(message)
        now = self._tools.now()
        after = alerts.after(claimed.delivery, result, now, self._tools.jitter())
        _tell(claimed.what, after, seconds)

        def write(tx: Tx) -> tuple[ChannelState, ChannelState]:
            before = channel_rows.get(tx, line.channel.name)
            state = channel.after(before, after, result, now)
            delivery_rows.finish(tx, after, _attempt(after, result, now))
            channel_rows.put(tx, state)
            self._conclude(tx, before, state, after)
            return before, state

        return await self._keep(write)

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
                    return Claimed(delivery=delivery, what=what, outage=_outage(tx, delivery, now))
        return None

    async def _keep(
        self, write: Callable[[Tx], tuple[ChannelState, ChannelState]]
    ) -> tuple[ChannelState, ChannelState]:
        """Keep what became of a message, however long a full disk takes: forgotten, it would be sent again."""
        said = False
        while True:
            try:
                return await self._tools.database.write(write)
            except StoreError as error:
                if not said:
                    log.error("deliver: cannot keep what became of a message yet: %s", error)  # noqa: TRY400 - it says all
                said = True
                await asyncio.sleep(KEEP_AGAIN.total_seconds())

    def _conclude(self, tx: Tx, before: ChannelState, state: ChannelState, after: Delivery) -> None:
        """Hand on what could not be delivered for good, and say once that its channel is out, or works again."""
        now, zone = self._tools.now(), self._runtime().config.zone
        if after.state is DeliveryState.UNDELIVERED:
            self._hand_to_fallback(tx, state, (after,))
            if state.failures:
                self._announce_out(tx, state, after.reason)
        told = outage.began_id(before)
        if before.failures and not state.failures and told and ruling_rows.is_kept(tx, told):
            self._announce(tx, outage.ended(before, now, zone), state.name)

    # --- channels that are out ---------------------------------------------------------------------------------

    def _out(self, tx: Tx) -> tuple[Out, ...]:
        """Return the channels about which something is to be done because they are out."""
        now = self._tools.now()
        found = []
        for state in channel_rows.failing(tx):
            if state.name not in self._runtime().lines:
                continue
            owed = delivery_rows.to_hand_on(tx, state.name, outage.hands_on(state, now))
            told = outage.began_id(state)
            untold = outage.is_out(state, now) and told is not None and not ruling_rows.is_kept(tx, told)
            if untold or (owed and self._fallback(tx, state.name)):
                found.append(Out(state=state, owed=owed, untold=untold))
        return tuple(found)

    def _hand_on(self, tx: Tx) -> None:
        for each in self._out(tx):
            self._hand_to_fallback(tx, each.state, each.owed)
            if each.untold:
                self._announce_out(tx, each.state, delivery_rows.last_reason(tx, each.state.name))

    def _hand_to_fallback(self, tx: Tx, state: ChannelState, owed: Sequence[Delivery]) -> None:
        """Owe to another channel what this one cannot tell; what that one was owed already, it tells once."""
        name = self._fallback(tx, state.name)
        if name is None:
            return
        now, receivers = self._tools.now(), self._runtime().lines[name].channel.receivers
        for each in owed:
            if delivery_rows.hand_on(tx, each.id):
                delivery_rows.add(tx, alerts.owed(each.alert_id, name, receivers, now, instead_of=state.name))

    def _fallback(self, tx: Tx, name: str) -> str | None:
        failing = frozenset(state.name for state in channel_rows.failing(tx))
        line = self._runtime().lines.get(name)
        return outage.stand_in(line.channel, failing) if line else None

    def _announce_out(self, tx: Tx, state: ChannelState, reason: str) -> None:
        now, zone = self._tools.now(), self._runtime().config.zone
        self._announce(tx, outage.began(state, reason, self._fallback(tx, state.name), now, zone), state.name)

    def _announce(self, tx: Tx, notice: Notice, about: str) -> None:
        """Owe the notice to the channels that hear of wirebell itself, but for the one that it is about."""
        runtime, now = self._runtime(), self._tools.now()
        told = [runtime.lines[name].channel for name in runtime.config.notices if name != about]
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
        by_receiver = sorted(waiting, key=lambda each: each.receiver)  # stable: their order stays
        for _, owed in groupby(by_receiver, key=lambda each: each.receiver):
            if late := outage.late(tuple(owed), self._tools.now(), after_outage=after_outage):
                yield delivery_rows.with_alerts(tx, late)


def _outage(tx: Tx, delivery: Delivery, now: datetime) -> Outage | None:
    """Return the outage that a message has to tell its receiver of."""
    state = channel_rows.get(tx, delivery.channel)
    if state.failing_since is None or not outage.is_out(state, now):
        return None
    waiting = delivery_rows.count_waiting(tx, delivery)
    return Outage(since=state.failing_since, until=now, waiting=waiting)


def _attempt(after: Delivery, result: alerts.Outcome, now: datetime) -> Attempt:
    reason = result.detail if isinstance(result, alerts.Sent) else result.reason
    return Attempt(delivery_id=after.id, n=after.attempts, at=now, outcome=type(result).__name__.lower(), reason=reason)


def _tell(what: What, after: Delivery, seconds: float) -> None:
    name = what.rule if isinstance(what, Alert) else what.kind.value
    place = f"{after.channel} ({after.receiver})" if after.receiver else after.channel
    match after.state:
        case DeliveryState.SENT:
            log.info("%s -> %s delivered in %.1f s", name, place, seconds)
        case DeliveryState.QUEUED:
            log.warning("%s -> %s not delivered, tried again later: %s", name, place, after.reason)
        case _:
            log.error("%s -> %s %s: %s", name, place, after.state, after.reason)
