"""Times as people and as scripts read them."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from monitor.alert import Alert, Digest

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def stamp(moment: datetime) -> str:
    """Return the time as ISO 8601 in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def day(moment: datetime) -> str:
    """Return day and time of day; never by strftime, whose names follow the locale of the process."""
    return f"{_DAYS[moment.weekday()]} {moment.day} {_MONTHS[moment.month - 1]} {moment:%H:%M}"


def whole(moment: datetime, zone: tzinfo) -> str:
    """Return the local day and time of day, with the zone."""
    local = moment.astimezone(zone)
    return f"{day(local)} {local:%Z}".rstrip()


def date(moment: datetime) -> str:
    """Return the day alone."""
    return day(moment).rpartition(" ")[0]


def at(moment: datetime, zone: tzinfo, beside: datetime) -> str:
    """Return the local time of day, with the day where it is another than that of the moment beside it."""
    local = moment.astimezone(zone)
    return f"{local:%H:%M}" if local.date() == beside.astimezone(zone).date() else day(local)


def seen(alert: Alert, zone: tzinfo) -> str:
    """Return when an item was seen, with the zone, and when it was published as far as that is known."""
    when = published(alert, zone, alert.seen)
    return f"seen {whole(alert.seen, zone)}{f' ({when})' if when else ''}"


def published(alert: Alert, zone: tzinfo, beside: datetime) -> str:
    """Return when an item was published, with the day where it is another than the one beside it."""
    if alert.published == alert.seen:  # the feed gave no date that can be believed
        return ""
    return f"published {at(alert.published, zone, beside)}"


def span(digest: Digest, zone: tzinfo) -> str:
    """Return from when to when the items of a digest were seen."""
    first, last = min(each.seen for each in digest.alerts), max(each.seen for each in digest.alerts)
    return f"{day(first.astimezone(zone))} to {at(last, zone, first)}"
