"""Channels that cannot be reached: when others tell in their place, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from monitor import policy
from monitor.alert import Delivery, Kind, Notice, Priority, derived_id
from monitor.channel import Channel, ChannelState
from monitor.greeting import clock

#: A channel that has been failing for so long is out, and hands its alerts to another one.
PATIENCE = timedelta(minutes=5)
#: The same for alerts of high and urgent priority.
SHORT_PATIENCE = timedelta(minutes=1)
#: An alert that waited longer than this, not counting quiet hours, comes late, and together with others that do.
LATE = timedelta(hours=1)
#: More alerts than this that waited for a channel come together, however short its outage was.
MOST_SINGLE = 20
#: More alerts than this do not go into one message.
MOST_BUNDLED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A time in which a channel could not be reached."""

    since: datetime
    until: datetime
    #: Alerts that wait for the receiver, the one that tells of the outage included.
    waiting: int


def is_out(state: ChannelState, now: datetime) -> bool:
    """Return whether a channel has been failing for longer than a passing trouble takes."""
    return state.failing_since is not None and now - state.failing_since >= PATIENCE


def is_resting(state: ChannelState, now: datetime) -> bool:
    """Return whether a channel is left alone for a while because it failed."""
    return state.failing_since is not None and state.paused_until is not None and state.paused_until > now


def hands_on(state: ChannelState, channel: Channel, zone: tzinfo, now: datetime) -> tuple[Priority, ...]:
    """Return the priorities of the alerts that a channel no longer keeps to itself.

    None where it is to be tried at once: after hours without the daemon it may well work. And none that it would keep
    to itself in any case, in its quiet hours.
    """
    if state.failing_since is None or not is_resting(state, now):
        return ()
    failing = now - state.failing_since
    return tuple(each for each in Priority if failing >= _patience(each) and policy.goes(each, channel, zone, now))


def _patience(priority: Priority) -> timedelta:
    return SHORT_PATIENCE if priority.rank >= Priority.HIGH.rank else PATIENCE


def stand_ins(channel: Channel, failing: AbstractSet[str], stuck: AbstractSet[str]) -> tuple[str, ...]:
    """Return who may tell in the place of a channel, the best first.

    Those that are stuck may not: what they cannot tell themselves is enough. One that failed and has nothing to be
    tried with may, after those that work: nothing else would show that it works again.
    """
    return tuple(sorted((name for name in channel.fallback if name not in stuck), key=lambda name: name in failing))


def late(waiting: Sequence[Delivery], now: datetime, *, after_outage: bool) -> tuple[Sequence[Delivery], ...]:
    """Return which of the alerts that wait for one receiver come together, in as few messages as they fit into.

    One whose earlier attempt may have arrived comes by itself, so that it can say so.
    """
    certain = [each for each in waiting if not each.may_repeat]
    old = [each for each in certain if each.waits_since <= now - LATE]
    together = certain if after_outage and len(certain) > MOST_SINGLE else old
    return _shared_out(together) if len(together) > 1 else ()


def _shared_out(together: Sequence[Delivery]) -> tuple[Sequence[Delivery], ...]:
    whole, count = len(together), -(-len(together) // MOST_BUNDLED)
    return tuple(together[n * whole // count : (n + 1) * whole // count] for n in range(count))


# --- words -------------------------------------------------------------------------------------------------------


def span(since: datetime, until: datetime, zone: tzinfo) -> str:
    """Return the two times of day, with the day of the first where it is another one."""
    return f"{clock(since, until, zone)}–{clock(until, until, zone)}"


def excuse(outage: Outage, zone: tzinfo) -> str:
    """Return how the first message after an outage begins."""
    follow = f"{outage.waiting} alert{'' if outage.waiting == 1 else 's'} follow{'s' if outage.waiting == 1 else ''}"
    return f"I could not reach you {span(outage.since, outage.until, zone)}{f'; {follow}' if outage.waiting else ''}."


def instead_of(channel: str) -> str:
    """Return how a message begins that comes in another channel's place."""
    return f"In place of {channel}, which did not take it."


def unacknowledged(channel: str) -> str:
    """Return how a message begins that comes because nobody acknowledged it on another channel."""
    return f"Nobody acknowledged it on {channel}."


def began(state: ChannelState, reason: str, fallback: str | None, now: datetime, zone: tzinfo) -> Notice:
    """Return the one notice that a channel is out."""
    since = state.failing_since or now
    instead = f"Until it can be, its alerts go to {fallback} as well." if fallback else "Its alerts wait."
    return Notice(
        id=_id(state, "began"),
        kind=Kind.CHANNEL,
        subject=f"{state.name} cannot be reached",
        message=f"{state.name} cannot be reached since {clock(since, now, zone)}: {reason}. {instead}",
        made_at=now,
    )


def ended(state: ChannelState, now: datetime, zone: tzinfo) -> Notice:
    """Return the one notice that a channel which was out works again."""
    since = state.failing_since or now
    return Notice(
        id=_id(state, "ended"),
        kind=Kind.CHANNEL,
        subject=f"{state.name} works again",
        message=f"{state.name} works again; it could not be reached {span(since, now, zone)}.",
        made_at=now,
    )


def began_id(state: ChannelState) -> str | None:
    """Return the id of the notice that a channel is out; None while it works."""
    return None if state.failing_since is None else _id(state, "began")


def _id(state: ChannelState, what: str) -> str:
    """The outage is the one after the last success: since when it lasts moves with a clock that is set."""
    before = state.last_sent_at.isoformat() if state.last_sent_at else ""
    return derived_id(Kind.CHANNEL, state.name, before, what)
