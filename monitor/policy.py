"""Whether a delivery that is due may go out now, with the reason; asked again each time it is due."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from monitor import hours
from monitor.alert import Alert, Delivery, Digest, Kind, Mark, Notice, Priority, What
from monitor.channel import Channel
from monitor.greeting import clock
from monitor.mute import Mute


class Reason(StrEnum):
    """Why a delivery goes or waits; the values are the words shown to people."""

    DUE = "due"
    MUTED = "muted"
    QUIET = "held, quiet hours"
    DIGEST = "held for the digest"
    BURST = "held, its rule rings too often"
    DAILY = "held, its rule rang often enough today"
    UNACKNOWLEDGED = "waits for an acknowledgement"
    ACKNOWLEDGED = "acknowledged"


#: What a time of day ends, so that what it held comes in one digest; and what a limit held, so that it comes in one
#: bundle for each rule.
_DIGESTED, _BUNDLED = (Reason.QUIET, Reason.DIGEST), (Reason.BURST, Reason.DAILY)
#: Reasons to wait that are asked about again whenever a mute, the config or the clock changes.
HELD = _DIGESTED + _BUNDLED


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
    #: Of one that waits for an acknowledgement, that.
    acknowledged: Mark | None = None
    #: So many messages of its rule go to a receiver on one day; None for any number.
    at_most: int | None = None
    #: When its receiver was told of its rule, oldest first, as far back as limits look.
    told: tuple[datetime, ...] = ()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """It goes now, in one message with what else is due, was held for one of these reasons, and is alike."""

    kind: Kind
    reason: Reason
    reasons: tuple[Reason, ...]
    #: In which of its fields.
    alike: tuple[str, ...] = ("receiver", "instead_of")


Decision = Send | Wait | Withhold | Together


def decide(case: Case) -> Decision:
    """Return whether the alert, notice or digest may go to the channel now; the first stage that holds it says why."""
    return next((held for stage in _STAGES if (held := stage(case))), Send())


def _asked_for(case: Case) -> Decision | None:
    """People want it now."""
    return Send() if case.delivery.by_hand else None


def _muted(case: Case) -> Decision | None:
    """Nobody is told what is muted; of a digest, the rest goes."""
    if not case.mutes:
        return None
    alerts = alerts_of(case.what)
    reasons = {each.id: _words(mute, case) for each in alerts if (mute := _covering(case.mutes, each))}
    if isinstance(case.what, Digest) and reasons and len(reasons) == len(alerts):
        reasons[case.what.id] = str(Reason.MUTED)
    return Withhold(reasons=reasons) if reasons else None


def _covering(mutes: Sequence[Mute], alert: Alert) -> Mute | None:
    """Return the mute of an alert, of several the one that lasts longest."""
    return next((each for each in reversed(mutes) if each.covers(alert)), None)


def _words(mute: Mute, case: Case) -> str:
    return f"{Reason.MUTED}: {mute.reason(case.now, case.zone)}"


def _acknowledged(case: Case) -> Decision | None:
    """Somebody takes care of it, so that nobody else need be told."""
    mark = case.acknowledged
    if mark is None:
        return None
    reason = f"{Reason.ACKNOWLEDGED} by {mark.who} {clock(mark.at, case.now, case.zone)}"
    return Withhold(reasons={case.delivery.alert_id: reason})


def _quiet(case: Case) -> Decision | None:
    """The channel rests, and nothing that matters enough wakes it."""
    until = case.channel.quiet.until(case.now, case.zone) if case.channel.quiet else None
    return Wait(until=until, reason=Reason.QUIET) if until and not _wakes(case) else None


def _digest(case: Case) -> Decision | None:
    """The channel brings what it holds at times of the day; what it tells for another channel is late already."""
    times, owed = case.channel.digest, case.delivery
    if times is None or not _is_counted(case) or _wakes(case) or owed.instead_of or owed.escalated_from:
        return None
    until = times.next(owed.made_at, case.zone)
    return Wait(until=until, reason=Reason.DIGEST) if until > case.now else _in_a_digest(Reason.DIGEST)


def _released(case: Case) -> Decision | None:
    """What was held for a time of day comes together."""
    reason = case.delivery.reason
    return _in_a_digest(Reason(reason)) if reason in _DIGESTED and _may_come_together(case) else None


def _burst(case: Case) -> Decision | None:
    """The rule rang too often on the channel, and waits until the first of those times is long enough ago."""
    burst = case.channel.burst
    if burst is None or not _is_counted(case) or _is_urgent(case.what):
        return None
    lately = [at for at in case.told if at > case.now - burst.span]
    return Wait(until=lately[-burst.most] + burst.span, reason=Reason.BURST) if len(lately) >= burst.most else None


def _daily(case: Case) -> Decision | None:
    """The rule rang often enough today: the rest of the day comes by the hour."""
    if case.at_most is None or not _is_counted(case):
        return None
    today = [at for at in case.told if at >= hours.midnight(case.now, case.zone)]
    if len(today) < case.at_most:
        return None
    until = hours.next_hour(case.delivery.made_at)
    return Wait(until=until, reason=Reason.DAILY) if until > case.now else _in_a_bundle(Reason.DAILY)


def _let_through(case: Case) -> Decision | None:
    """What a limit held comes together."""
    reason = case.delivery.reason
    return _in_a_bundle(Reason(reason)) if reason in _BUNDLED and _may_come_together(case) else None


#: In the order in which they are asked.
_STAGES: tuple[Callable[[Case], Decision | None], ...] = (
    *(_asked_for, _muted, _acknowledged, _quiet, _digest, _released),
    *(_burst, _daily, _let_through),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How far back it must be known when a receiver was told of a rule."""

    since: datetime
    #: So many of the newest times are enough.
    most: int


def looks_back(case: Case) -> Look | None:
    """Return how far back limits look; None where none does."""
    if not _is_counted(case):
        return None
    burst = None if _is_urgent(case.what) else case.channel.burst
    looks = [(case.now - burst.span, burst.most)] if burst else []
    looks += [(hours.midnight(case.now, case.zone), case.at_most)] if case.at_most is not None else []
    return Look(since=min(looks)[0], most=max(most for _, most in looks)) if looks else None


def _is_counted(case: Case) -> bool:
    """Return whether limits are about it: an alert that was not let through before, and that nobody asked for."""
    return isinstance(case.what, Alert) and not case.delivery.attempts and not case.delivery.by_hand


def _may_come_together(case: Case) -> bool:
    """Return whether others may come with it: one whose attempt may have arrived comes by itself, to say so."""
    return isinstance(case.what, Alert) and not case.delivery.may_repeat


def _is_urgent(what: What) -> bool:
    return isinstance(what, Alert) and what.priority is Priority.URGENT


def _in_a_digest(reason: Reason) -> Together:
    return Together(kind=Kind.DIGEST, reason=reason, reasons=_DIGESTED)


def _in_a_bundle(reason: Reason) -> Together:
    return Together(kind=Kind.BUNDLE, reason=reason, reasons=_BUNDLED, alike=("receiver", "instead_of", "rule"))


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
