"""When a feed has been silent for too long: longer than it was told to be, or than it ever is at these hours.

What a feed brings is compared with its own past. Each hour of the week has its own weight, as far as it was seen: an
hour that was never seen leans on the same hour of other days, and counts for little where that was never seen either.
Silence is measured by how many items should have come in it, and is too long when that is more than in any silence
before. So a night, a Sunday and a feed that comes in bursts are no silence, and a dead feed is one on its first day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from monitor.feed.week import HOUR, HOURS, hour_of_week, pieces

#: So far back a feed's past counts, and so many of its newest items.
MEMORY = timedelta(days=35)
MOST_ITEMS = 1_000
#: Fewer items tell no rhythm.
LEAST_ITEMS = 10
#: So many items must be missing, and so many times those that ever were in a silence before.
LEAST_MISSING, TIMES_LONGEST = 4.0, 2.0
#: A shorter silence is none, however busy a feed is.
SHORTEST = timedelta(hours=1)
#: What is not silent yet is looked at again after at most so long.
LONGEST_UNLOOKED = timedelta(days=7)
#: A feed whose past tells nothing yet is looked at again after this.
AGAIN = timedelta(days=1)
#: How much an hour of the week counts that was never seen, beside one that was; and one at whose time of day nothing
#: was seen at all.
_OTHER_DAYS, _UNSEEN = 0.5, 0.2
#: For how many weeks of its own an hour leans on the same hour of other days.
_LEANING = 0.3
_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """What a feed usually brings."""

    #: Items expected in each hour of the week.
    hours: tuple[float, ...]
    #: The median of the gaps between items.
    usual: timedelta
    #: The most items that should have come in a silence of the past.
    longest: float
    last: datetime

    def expected(self, until: datetime) -> float:
        """Return how many items should have come since the last one."""
        return _expected(self.hours, self.last, until)

    @property
    def bound(self) -> float:
        """Return how many items must be missing for silence."""
        return max(LEAST_MISSING, TIMES_LONGEST * self.longest)

    def silent_at(self, most: datetime) -> datetime | None:
        """Return when it will be silent if nothing comes; None where that is later than ``most``."""
        missing, shortest = self.bound, self.last + SHORTEST
        for hour, since, until in pieces(self.last, most):
            here = self.hours[hour] * ((until - since) / HOUR)
            if here >= missing:
                return max(since + (until - since) * (missing / here), shortest)
            missing -= here
        return None


def habit(moments: Sequence[datetime], now: datetime) -> Habit | None:
    """Return what a feed usually brings, told by when its items came; None where that cannot be told."""
    known = sorted({moment for moment in moments if now - MEMORY <= moment <= now})
    gaps = [later - earlier for earlier, later in pairwise(known)]
    if len(known) < LEAST_ITEMS:
        return None
    hours = _hours(known)
    return Habit(
        hours=hours,
        usual=timedelta(seconds=median(gap.total_seconds() for gap in gaps)),
        longest=max(_expected(hours, earlier, later) for earlier, later in pairwise(known)),
        last=known[-1],
    )


def _expected(hours: Sequence[float], since: datetime, until: datetime) -> float:
    return sum(hours[hour] * ((end - begin) / HOUR) for hour, begin, end in pieces(since, until))


def _hours(known: Sequence[datetime]) -> tuple[float, ...]:
    """Return how many items come in each hour of the week, from the first known to the last."""
    came, seen = [0.0] * HOURS, [0.0] * HOURS
    for moment in known:
        came[hour_of_week(moment)] += 1
    for hour, since, until in pieces(known[0], known[-1]):
        seen[hour] += (until - since) / HOUR
    overall = len(known) / max(sum(seen), 1.0)
    return tuple(_hourly(came, seen, hour, overall) for hour in range(HOURS))


def _hourly(came: Sequence[float], seen: Sequence[float], hour: int, overall: float) -> float:
    daily_seen = sum(seen[hour % _DAY :: _DAY])
    daily = (sum(came[hour % _DAY :: _DAY]) + overall) / (daily_seen + 1)
    if seen[hour] >= 1:
        return (came[hour] + daily * _LEANING) / (seen[hour] + _LEANING)
    return daily * _OTHER_DAYS if daily_seen >= 1 else overall * _UNSEEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look at a feed finds."""

    #: Since when it is silent, which is when its last item came; None where it is not.
    since: datetime | None
    #: When to look again.
    again_at: datetime


def look(habit: Habit | None, last: datetime | None, silent_after: timedelta | None, now: datetime) -> Look:
    """Return whether a feed is silent, by the time that was set for it, else by its habit."""
    if silent_after is not None and last is not None:
        due: datetime | None = last + silent_after
    elif habit is not None:
        due = habit.silent_at(now + LONGEST_UNLOOKED)
    else:
        return Look(since=None, again_at=now + AGAIN)
    if due is not None and due <= now:
        return Look(since=last if silent_after is not None or habit is None else habit.last, again_at=now + AGAIN)
    return Look(since=None, again_at=due or now + LONGEST_UNLOOKED)
