"""Whether a delivery that is due may go out now, with the reason; asked again each time it is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from monitor.alert import Alert, Digest, Notice, Priority, What
from monitor.channel import Channel


class Reason(StrEnum):
    """Why a delivery goes or waits; the values are the words shown to people."""

    DUE = "due"
    QUIET = "held, quiet hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """It goes out now."""

    reason: Reason = Reason.DUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """It waits, and is asked about again then."""

    until: datetime
    reason: Reason


Decision = Send | Wait


def decide(what: What, channel: Channel, zone: tzinfo, now: datetime) -> Decision:
    """Return whether the alert, notice or digest may go to the channel now."""
    until = channel.quiet.until(now, zone) if channel.quiet else None
    if until is None or any(each.priority.rank >= channel.wake.rank for each in _alerts(what)):
        return Send()
    return Wait(until=until, reason=Reason.QUIET)


def goes(priority: Priority, channel: Channel, zone: tzinfo, now: datetime) -> bool:
    """Return whether an alert that matters so much may go to the channel now."""
    awake = channel.quiet is None or channel.quiet.until(now, zone) is None
    return awake or priority.rank >= channel.wake.rank


def _alerts(what: What) -> tuple[Alert, ...]:
    match what:
        case Alert():
            return (what,)
        case Digest():
            return what.alerts
        case Notice():
            return ()
