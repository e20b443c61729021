"""Channels that are out: others tell in their place, people hear of it once, and once more when it is over.

A channel that fails pauses, and each pause ends with one probe. Once it is out, its alerts are handed on to another
channel, while it goes on trying.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from monitor import alert as alerts
from monitor import outage
from monitor.alert import Delivery, DeliveryState, Notice, What
from monitor.channel import ChannelState
from monitor.outage import Outage
from monitor.runtime import Runtime
from monitor.store import channels as channel_rows
from monitor.store import deliveries as delivery_rows
from monitor.store import rulings as ruling_rows
from monitor.store.database import Tx


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


class StandingIn:
    """Looks after the channels that are out."""

    def __init__(self, runtime: Callable[[], Runtime], now: Callable[[], datetime]) -> None:
        """Build it; ``runtime`` tells which one is in force."""
        self._runtime, self._now = runtime, now
        #: From when to when a channel was out, for those of its receivers that were not told yet.
        self._untold: dict[tuple[str, str], tuple[datetime, datetime]] = {}

    # --- what is to be done ------------------------------------------------------------------------------------

    def out(self, tx: Tx) -> tuple[Out, ...]:
        """Return the channels about which something is to be done because they are out."""
        lines = self._runtime().lines
        found = [self._what_to_do(tx, state) for state in channel_rows.failing(tx) if state.name in lines]
        return tuple(each for each in found if each.untold or each.owed)

    def _what_to_do(self, tx: Tx, state: ChannelState) -> Out:
        now, runtime = self._now(), self._runtime()
        ripe = outage.hands_on(state, runtime.lines[state.name].channel, runtime.config.zone, now)
        told = outage.began_id(state)
        stand_ins = self._stand_ins(tx, state.name) if ripe else ()
        return Out(
            state=state,
            owed=delivery_rows.to_hand_on(tx, state.name, ripe, now) if stand_ins else (),
            stand_ins=stand_ins,
            untold=bool(ripe) and outage.is_out(state, now) and told is not None and not ruling_rows.is_kept(tx, told),
        )

    def help_out(self, tx: Tx) -> None:
        """Do for the channels that are out what is to be done."""
        for each in self.out(tx):
            if each.untold:
                self._announce_out(tx, each.state, delivery_rows.last_reason(tx, each.state.name))
            self._hand_on(tx, each.owed, each.stand_ins)

    # --- after an attempt --------------------------------------------------------------------------------------

    def conclude(self, tx: Tx, tried: Tried, what: What) -> None:
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
            ruling_rows.follow_up(tx, tried.delivery, self._now())
            self._recover(tx, tried.before, tried.delivery)

    def _recover(self, tx: Tx, before: ChannelState, sent: Delivery) -> None:
        """Say to those who know of an outage that it is over; the channel's own receivers learn it as they are told."""
        now = self._now()
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

    def outage(self, tx: Tx, delivery: Delivery) -> Outage | None:
        """Return the outage that a message has to tell its receiver of."""
        now, state = self._now(), channel_rows.get(tx, delivery.channel)
        lasting = (state.failing_since, now) if state.failing_since and outage.is_out(state, now) else None
        found = lasting or self._untold.get((delivery.channel, delivery.receiver))
        if found is None:
            return None
        since, until = found
        return Outage(since=since, until=until, waiting=delivery_rows.count_waiting(tx, delivery))

    # --- others ------------------------------------------------------------------------------------------------

    def _stand_ins(self, tx: Tx, name: str) -> tuple[str, ...]:
        failing = frozenset(state.name for state in channel_rows.failing(tx))
        return outage.stand_ins(self._runtime().lines[name].channel, failing, delivery_rows.stuck(tx))

    def _hand_on(self, tx: Tx, owed: Sequence[Delivery], stand_ins: Sequence[str]) -> None:
        """Owe to others what a channel cannot tell; what one of them was owed already, it tells once."""
        if not stand_ins:
            return
        now, lines = self._now(), self._runtime().lines
        known = delivery_rows.of_alerts(tx, [each.alert_id for each in owed])
        for each in owed:
            in_vain = {one.channel for one in known[each.alert_id] if one.state in alerts.LOST}
            name = next((name for name in stand_ins if name not in in_vain), None)
            if delivery_rows.hand_on(tx, each.id) and name is not None:
                delivery_rows.add(tx, alerts.handed_on(each, name, lines[name].channel.receivers, now))

    def _announce_out(self, tx: Tx, state: ChannelState, reason: str) -> None:
        """Say that a channel is out to those who hear of wirebell itself; if that is nobody else, to its stand-in."""
        now, config = self._now(), self._runtime().config
        stand_in = next(iter(self._stand_ins(tx, state.name)), None)
        others = {*config.notices} - {state.name} or ({stand_in} if stand_in else set())
        self._announce(tx, outage.began(state, reason, stand_in, now, config.zone), others)

    def _announce(self, tx: Tx, notice: Notice, names: AbstractSet[str]) -> None:
        if ruling_rows.is_kept(tx, notice.id):
            return
        ruling_rows.add_notice(tx, notice, self._runtime().owed(notice, sorted(names), self._now()))
