"""What a day brought, in a message that says that wirebell is alive; and the canary, which says that alerts arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from monitor.alert import Delivery, DeliveryState, Kind, Notice, alert_id, derived_id
from monitor.feed.bulletin import length
from monitor.hours import Times
from monitor.item import Entry, key

#: The rule, and the feed, by which a message goes the way of an alert each day.
CANARY = "canary"
#: When it goes where no summary says when a day begins.
MORNING = Times(times=(time(6, 0),))
#: A canary that is due and has not arrived within this time is missing.
PATIENCE = timedelta(minutes=30)
#: A summary that is later than this is left out: the next one tells of both days.
LATEST = timedelta(hours=12)
#: So many names are told.
_MOST = 5
#: Characters of the head that are told: nobody finds another chain with the same.
_SHOWN = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a span of time brought."""

    since: datetime
    until: datetime
    feeds: int
    items: int
    read: int
    unreadable: int
    alerts: int
    undelivered: int
    #: Names of feeds that are silent, and that cannot be read.
    silent: tuple[str, ...]
    failing: tuple[str, ...]
    #: Within this time of their publication 95 % of the items were seen; None without any that were dated.
    delay: timedelta | None
    #: The hash of the newest record; None without any.
    head: str | None


def due(times: Times, born: datetime | None, now: datetime, zone: tzinfo) -> datetime | None:
    """Return the newest of the times of day, if it is not long ago and wirebell was there before it."""
    at = times.last(now, zone)
    return at if born is not None and born < at and now - at < LATEST else None


def notice_id(at: datetime) -> str:
    """Return the id of the summary of that time."""
    return derived_id(Kind.SUMMARY, at.isoformat())


def notice(day: Day, zone: tzinfo) -> Notice:
    """Return the summary of a day."""
    local = day.until.astimezone(zone)
    silent = _count(len(day.silent), "silent feed")
    delay = f", p95 delay {_seconds(day.delay)}" if day.delay is not None else ""
    troubled = f", {len(day.failing)} failing" if day.failing else ""
    since = day.since.astimezone(zone)
    counted = ", ".join(
        (
            _count(day.feeds, "feed"),
            _count(day.items, "item"),
            f"{_count(day.read, 'article')} read",
            f"{day.unreadable:,} not readable",
            _count(day.alerts, "alert"),
        )
    )
    said = [
        f"Watched since {since:%a %d %b %H:%M}: {counted}.",
        *_trouble("Silent", day.silent),
        *_trouble("Cannot be read", day.failing),
    ]
    if day.undelivered:
        said.append(f"{_count(day.undelivered, 'message')} could not be delivered: wirebell alerts list")
    if day.head:
        said.append(f"Head of the evidence: {day.head[:_SHOWN]}")
    return Notice(
        id=notice_id(day.until),
        kind=Kind.SUMMARY,
        subject=f"{local:%a %d %b}: {_count(day.items, 'item')}, {silent}{troubled}{delay}",
        message="\n".join(said),
        made_at=day.until,
    )


def _trouble(words: str, names: Sequence[str]) -> Sequence[str]:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return [f"{words}: {', '.join(names[:_MOST])}{more}."] if names else []


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _seconds(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    return f"{seconds} s" if seconds < 90 else length(span)  # noqa: PLR2004 - as people say it


# --- the canary --------------------------------------------------------------------------------------------------


def canary(at: datetime, zone: tzinfo) -> Entry:
    """Return the entry that goes the way of the news on a day."""
    day = at.astimezone(zone).date()
    return Entry(
        guid=f"wirebell canary {day.isoformat()}",
        headline=f"Daily test of wirebell: alerts reach you ({day:%a %d %b})",
        lead="It went the way of every alert: stored, matched, queued, sent. If it stays away, you are told elsewhere.",
        published=at,
    )


def canary_id(at: datetime, zone: tzinfo) -> str:
    """Return the id of the alert that it makes."""
    return alert_id(CANARY, CANARY, key(canary(at, zone)), Kind.NEW)


def is_missing(deliveries: Sequence[Delivery], released: datetime, now: datetime) -> bool:
    """Return whether a canary has not arrived though it should have; one that quiet hours hold is not missing yet."""
    if not deliveries:
        return now - released > PATIENCE
    return any(_has_failed(each, now) for each in deliveries)


def _has_failed(delivery: Delivery, now: datetime) -> bool:
    if delivery.state in {DeliveryState.SENT, DeliveryState.BUNDLED}:
        return False
    return now - delivery.waits_since > PATIENCE


def missing_id(at: datetime) -> str:
    """Return the id of the notice that the canary of that time did not arrive."""
    return derived_id(Kind.CANARY, at.isoformat())


def missing(channel: str, deliveries: Sequence[Delivery], at: datetime, now: datetime, zone: tzinfo) -> Notice:
    """Return that the canary of a day did not arrive."""
    why = next((each.reason for each in deliveries if _has_failed(each, now) and each.reason), "")
    said = why or ("it was never matched" if not deliveries else "nothing is known of why")
    return Notice(
        id=missing_id(at),
        kind=Kind.CANARY,
        subject=f"The daily test did not reach {channel}",
        message=f"The one of {at.astimezone(zone):%a %d %b %H:%M} has not arrived: {said}. "
        f"Alerts to {channel} may not arrive either. Look: wirebell status, then: wirebell channels test {channel}",
        made_at=now,
    )
