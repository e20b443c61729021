"""Whether a delivery that is due may go out now, with the reason; asked again each time it is due."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from monitor.alert import Alert, Delivery, Digest, Notice, Priority, What
from monitor.channel import Channel
from monitor.mute import Mute


class Reason(StrEnum):
    """Why a delivery goes or waits; the values are the words shown to people."""

    DUE = "due"
    MUTED = "muted"
    QUIET = "held, quiet hours"


#: Reasons to wait that are asked about again whenever a mute, the config or the clock changes.
HELD = (Reason.QUIET,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A delivery that is due, and what decides about it."""

    delivery: Delivery
    what: What
    channel: Channel
    zone: tzinfo
    now: datetime
    #: Those in force.
    mutes: tuple[Mute, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """It goes out now."""

    reason: Reason = Reason.DUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """It waits, and is asked about again then."""

    until: datetime
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Withhold:
    """It does not go, or not whole."""

    #: By the id of each alert that nobody is told, and of a digest of which nothing is left, why.
    reasons: Mapping[str, str]


Decision = Send | Wait | Withhold


def decide(case: Case) -> Decision:
    """Return whether the alert, notice or digest may go to the channel now; the first stage that holds it says why."""
    return next((held for stage in _STAGES if (held := stage(case))), Send())


def _muted(case: Case) -> Decision | None:
    """Nobody is told what is muted; of a digest, the rest goes."""
    if not case.mutes or case.delivery.by_hand:
        return None
    alerts = alerts_of(case.what)
    reasons = {each.id: _words(mute, case) for each in alerts if (mute := _covering(case.mutes, each))}
    if isinstance(case.what, Digest) and len(reasons) == len(alerts):
        reasons[case.what.id] = str(Reason.MUTED)
    return Withhold(reasons=reasons) if reasons else None


def _covering(mutes: Sequence[Mute], alert: Alert) -> Mute | None:
    """Return the mute of an alert, of several the one that lasts longest."""
    return next((each for each in reversed(mutes) if each.covers(alert)), None)


def _words(mute: Mute, case: Case) -> str:
    return f"{Reason.MUTED}: {mute.reason(case.now, case.zone)}"


def _quiet(case: Case) -> Decision | None:
    """The channel rests, and nothing that matters enough wakes it."""
    until = case.channel.quiet.until(case.now, case.zone) if case.channel.quiet else None
    return Wait(until=until, reason=Reason.QUIET) if until and not _wakes(case) and not case.delivery.by_hand else None


#: In the order in which they are asked.
_STAGES: tuple[Callable[[Case], Decision | None], ...] = (_muted, _quiet)


def goes(priority: Priority, channel: Channel, zone: tzinfo, now: datetime) -> bool:
    """Return whether an alert that matters so much may go to the channel now."""
    awake = channel.quiet is None or channel.quiet.until(now, zone) is None
    return awake or priority.rank >= channel.wake.rank


def _wakes(case: Case) -> bool:
    return any(each.priority.rank >= case.channel.wake.rank for each in alerts_of(case.what))


def alerts_of(what: What) -> tuple[Alert, ...]:
    """Return the alerts that a message brings."""
    match what:
        case Alert():
            return (what,)
        case Digest():
            return what.alerts
        case Notice():
            return ()
