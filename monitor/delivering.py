"""The last loop: brings what is owed to its channels, one message at a time to each, in order.

What goes next is chosen anew before each message. When a channel that failed works again, what waited is sent gently,
and what is late in one digest.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from monitor import alert as alerts
from monitor import channel, record, render
from monitor.alert import Alert, Attempt, Delivery, DeliveryState, What
from monitor.channel import Channel
from monitor.choosing import Choosing
from monitor.errors import StoreError
from monitor.outage import Outage
from monitor.runtime import Line, Runtime, Tools
from monitor.standing_in import StandingIn, Tried
from monitor.store import channels as channel_rows
from monitor.store import deliveries as delivery_rows
from monitor.store import records as record_rows
from monitor.store.database import Tx

log = logging.getLogger(__name__)

#: Between two messages to a service, and to any channel that fails or has just come back: most take one a second.
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


class Delivering:
    """Brings what is owed to its channels."""

    def __init__(self, runtime: Callable[[], Runtime], tools: Tools) -> None:
        """Build the loop's work; ``runtime`` tells which one is in force."""
        self._runtime, self._tools = runtime, tools
        self._choosing, self._standing_in = Choosing(runtime, tools.now), StandingIn(runtime, tools.now)
        self._busy: set[str] = set()

    async def claim(self, limit: int) -> Sequence[Line]:
        """Return the lines of idle channels that have something due; those that are out hand on what they owe."""
        if await self._tools.database.read(self._standing_in.out):
            await self._tools.database.write(self._standing_in.help_out)
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
                if gently or line.channel.is_paced:
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
        template = line.channel.template
        message = render.message(
            claimed.what, delivery=claimed.delivery, zone=zone, outage=claimed.outage, template=template
        )
        result, seconds = await line.send(message)
        jitter = self._tools.jitter()

        def write(tx: Tx) -> Tried:
            now = self._tools.now()
            before = channel_rows.get(tx, line.channel.name)
            sent = delivery_rows.under_way(tx, claimed.delivery)
            after = alerts.after(sent, result, now, jitter, failures=before.failures)
            state = channel.after(before, after, result, now)
            attempt = _attempt(after, result, now)
            text = render.text(message.sheet)
            if delivery_rows.finish(tx, after, attempt, text):
                record_rows.add(tx, [record.tried(after, attempt, claimed.what, message, text)])
            channel_rows.put(tx, state)
            tried = Tried(delivery=after, before=before, after=state)
            if max(before.failures, state.failures) > delivery_rows.PAUSES_A_TURN and before.failing_since:
                delivery_rows.let_back(tx, after, since=before.failing_since)
            self._standing_in.conclude(tx, tried, claimed.what)
            return tried

        tried = await self._keep(write)
        _tell(claimed, tried.delivery, seconds)
        return tried

    def _start(self, line: Channel, tx: Tx) -> Claimed | None:
        chosen = self._choosing.start(line, tx)
        if chosen is None:
            return None
        told = self._standing_in.outage(tx, chosen.delivery)
        return Claimed(delivery=chosen.delivery, what=chosen.what, outage=told)

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

    async def _gather(self, line: Channel, *, after_outage: bool) -> None:
        """Put alerts that come late into one digest for each receiver."""
        late = partial(self._choosing.late, line=line, after_outage=after_outage)
        if any(await self._tools.database.read(late)):
            gather = partial(self._choosing.gather, line=line, after_outage=after_outage)
            await self._tools.database.write(gather)


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
