"""Zones, durations and quiet hours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"(\d{1,9})\s*([smhd])")
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
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

    def covers(self, at: time) -> bool:
        """Return whether a time of the day lies in them."""
        return self.start <= at < self.end if self.start < self.end else not self.end <= at < self.start

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Times of the day, in local time."""

    times: tuple[time, ...]

    @classmethod
    def parse(cls, texts: Sequence[str]) -> Times:
        """Return the times written as ``07:00``; raise ValueError for anything else."""
        found = [_TIME.fullmatch(text.strip()) for text in texts]
        wrong = [text for text, match in zip(texts, found, strict=True) if match is None]
        if wrong or not texts:
            message = f"{wrong[0]!r} is not a time such as 07:00" if wrong else "there is no time in it"
            raise ValueError(message)
        return cls(times=tuple(sorted({time(int(match[1]), int(match[2])) for match in found if match})))

    def next(self, after: datetime, zone: tzinfo) -> datetime:
        """Return the first of them that comes later than ``after``, in UTC."""
        today = after.astimezone(zone).date()
        days = (today + timedelta(days=number) for number in range(-1, 3))  # days of 23 and 25 hours among them
        return min(at for day in days for each in self.times if (at := moment(day, each, zone)) > after)

    def last(self, now: datetime, zone: tzinfo) -> datetime:
        """Return the newest of them that is not later than ``now``, in UTC."""
        today = now.astimezone(zone).date()
        days = (today - timedelta(days=number) for number in range(-1, 3))
        return max(at for day in days for each in self.times if (at := moment(day, each, zone)) <= now)


def midnight(now: datetime, zone: tzinfo) -> datetime:
    """Return when the local day began, in UTC."""
    return moment(now.astimezone(zone).date(), time(0), zone)


def midnight_after(day: date, zone: tzinfo) -> datetime:
    """Return when a day ends, in UTC."""
    return moment(day + timedelta(days=1), time(0), zone)


def next_hour(moment: datetime) -> datetime:
    """Return when the hour ends."""
    return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def moment(day: date, at: time, zone: tzinfo) -> datetime:
    """Return when, in UTC, local clocks show the time on that day.

    A time in the gap of a spring night means as long after the gap (02:30 is 03:30); of a time that an autumn night
    shows twice, the first counts.
    """
    return datetime.combine(day, at, tzinfo=zone).replace(fold=0).astimezone(UTC)
