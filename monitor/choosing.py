"""What goes next to a channel: policy is asked about the head of its line, and alerts that come late come together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from monitor import alert as alerts
from monitor import outage, policy
from monitor.alert import Alert, Delivery, What
from monitor.channel import Channel
from monitor.runtime import LEASE, Runtime
from monitor.store import channels as channel_rows
from monitor.store import deliveries as delivery_rows
from monitor.store import marks as mark_rows
from monitor.store import mutes as mute_rows
from monitor.store.database import Tx

Parts = Sequence[tuple[Delivery, Alert]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """The message that goes next."""

    delivery: Delivery
    what: What


class Choosing:
    """Chooses what goes next to each channel."""

    def __init__(self, runtime: Callable[[], Runtime], now: Callable[[], datetime]) -> None:
        """Build it; ``runtime`` tells which one is in force."""
        self._runtime, self._now = runtime, now

    def start(self, line: Channel, tx: Tx) -> Next | None:
        """Mark the channel's next message as being sent; put off or put together those that policy holds."""
        now = self._now()
        while (head := delivery_rows.head(tx, line.name, now)) is not None:
            match policy.decide(self._case(tx, head, line, now)):
                case policy.Wait(until=until, reason=reason):
                    delivery_rows.hold(tx, head.delivery.id, until, reason)
                case policy.Withhold(reasons=reasons):
                    delivery_rows.withhold(tx, head.delivery, reasons)
                case policy.Together() as together if self._bundle(tx, head, together, now):
                    pass
                case _:
                    delivery_rows.start(tx, head.delivery.id, until=now + LEASE)
                    return Next(delivery=head.delivery, what=head.what)
        return None

    def _case(self, tx: Tx, head: delivery_rows.Head, line: Channel, now: datetime) -> policy.Case:
        runtime = self._runtime()
        watch = runtime.bench.watches.get(head.delivery.rule)
        case = policy.Case(
            delivery=head.delivery,
            what=head.what,
            channel=line,
            zone=runtime.config.zone,
            now=now,
            mutes=mute_rows.in_force(tx, now) if head.muting else (),
            acknowledged=mark_rows.acknowledged(tx, head.delivery.alert_id) if head.delivery.escalated_from else None,
            at_most=watch.at_most if watch else None,
        )
        look = policy.looks_back(case)
        return case if look is None else replace(case, told=delivery_rows.told(tx, head.delivery, look, now))

    def _bundle(self, tx: Tx, head: delivery_rows.Head, together: policy.Together, now: datetime) -> bool:
        """Put a delivery into one message with those that were held as it was; return whether there are any."""
        held = delivery_rows.held_with(tx, head.delivery, together, now=now, most=outage.MOST_BUNDLED)
        parts = delivery_rows.with_alerts(tx, held)
        if len(parts) > 1:
            reasons = [each.reason or together.reason for each, _ in parts]
            digest, carrier = alerts.bundled(parts, now, kind=together.kind, reasons=reasons)
            delivery_rows.bundle(tx, digest, carrier, parts)
        return len(parts) > 1

    # --- what comes late ---------------------------------------------------------------------------------------

    def late(self, tx: Tx, line: Channel, *, after_outage: bool) -> tuple[Parts, ...]:
        """Return the alerts that wait for a channel and come late, as they go together."""
        if line.digest or channel_rows.get(tx, line.name).failures:  # it has times of its own, or gets a probe first
            return ()
        return tuple(self._chosen(tx, delivery_rows.waiting(tx, line.name, self._now()), after_outage=after_outage))

    def gather(self, tx: Tx, line: Channel, *, after_outage: bool) -> None:
        """Put them into digests, in their place."""
        for parts in self.late(tx, line, after_outage=after_outage):
            delivery_rows.bundle(tx, *alerts.bundled(parts, self._now()), parts)

    def _chosen(self, tx: Tx, waiting: Sequence[Delivery], *, after_outage: bool) -> Iterator[Parts]:
        alike = attrgetter("receiver", "instead_of")
        for _, owed in groupby(sorted(waiting, key=alike), key=alike):  # stable: their order stays
            for late in outage.late(tuple(owed), self._now(), after_outage=after_outage):
                if parts := delivery_rows.with_alerts(tx, late):  # without those that are damaged
                    yield parts
