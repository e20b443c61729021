"""The hours of a week, in UTC: how much of all that comes, comes in each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOUR = timedelta(hours=1)
#: From Monday, 00:00.
HOURS = 168
_DAY = 24


def hour_of_week(moment: datetime) -> int:
    """Return which hour of the week it is, from 0."""
    moment = moment.astimezone(UTC)
    return moment.weekday() * _DAY + moment.hour


def pieces(since: datetime, until: datetime) -> Iterator[tuple[int, datetime, datetime]]:
    """Return the span cut at full hours: which hour of the week, from when to when."""
    while since < until:
        end = since.replace(minute=0, second=0, microsecond=0) + HOUR
        yield hour_of_week(since), since, min(end, until)
        since = end


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """How busy each hour of the week is, beside the mean of all; 1 is the mean."""

    shares: tuple[float, ...] = (1.0,) * HOURS

    def __getitem__(self, hour: int) -> float:
        """Return how busy the hour is."""
        return self.shares[hour]


def learned(moments: Iterable[datetime]) -> Week:
    """Return the week of what came at these moments; each hour counts once more, as if all were alike."""
    counts = [1.0] * HOURS
    for moment in moments:
        counts[hour_of_week(moment)] += 1
    mean = sum(counts) / HOURS
    return Week(shares=tuple(count / mean for count in counts))
