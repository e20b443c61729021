"""Zones, durations and quiet hours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"(\d{1,9})\s*([smhd])")
_RANGE = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)")


def duration(text: str) -> timedelta:
    """Return the time span written as ``30s``, ``5m``, ``2h`` or ``7d``; raise ValueError for anything else."""
    found = _DURATION.fullmatch(text.strip())
    if not found:
        message = f"{text!r} is not a duration such as 30s, 5m, 2h or 7d"
        raise ValueError(message)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def words(span: timedelta) -> str:
    """Return the span as people write it: ``30s``, ``5m``, ``2h``, ``7d``, rounded to its largest unit."""
    seconds = round(span.total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{round(seconds / size)}{unit}"
    return f"{seconds}s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Hours of the day, in local time, in which a channel rests; they may span midnight."""

    start: time
    end: time

    @classmethod
    def parse(cls, text: str) -> Quiet:
        """Return the hours written as ``22:00-07:00``; raise ValueError for anything else."""
        found = _RANGE.fullmatch(text.strip())
        if not found:
            message = f"{text!r} is not a span of hours such as 22:00-07:00"
            raise ValueError(message)
        start, end = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
        if start == end:
            message = f"{text!r} begins and ends at the same time"
            raise ValueError(message)
        return cls(start=start, end=end)

    def until(self, now: datetime, zone: tzinfo) -> datetime | None:
        """Return when the rest that holds now ends, in UTC; None outside the quiet hours.

        Each day has one, told by its two moments and not by what the clock shows: in an autumn night that shows hours
        again which are over. Where spring takes the start away it may come to lie after the end, and there is none.
        """
        today = now.astimezone(zone).date()
        nights = timedelta(days=self.end <= self.start)
        for day in (today - timedelta(days=1), today):
            start, end = moment(day, self.start, zone), moment(day + nights, self.end, zone)
            if start <= now < end:
                return end
        return None


def moment(day: date, at: time, zone: tzinfo) -> datetime:
    """Return when, in UTC, local clocks show the time on that day.

    A time in the gap of a spring night means as long after the gap (02:30 is 03:30); of a time that an autumn night
    shows twice, the first counts.
    """
    return datetime.combine(day, at, tzinfo=zone).replace(fold=0).astimezone(UTC)
