"""When to ask a feed again: as often as it is told to, or as its news are worth within one budget for all feeds.

A feed without an interval is polled when the expected waiting of its news, summed over all that came since the last
poll and weighed by the rules that watch it, reaches one bound for all feeds. For a steady rate that is the square-root
rule, which is the least mean delay for a number of polls; the shape of the week, learned from all feeds together, moves
polls from the night to the morning.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.feed import Feed, FeedState, Pace
from monitor.feed.poll import Brought
from monitor.feed.week import Week, pieces

#: As many polls as if each feed without an interval were polled so often: that is the budget of all of them together.
MEAN_INTERVAL = timedelta(minutes=5)
#: What was seen counts for half after so long.
HALF_LIFE = timedelta(days=10)
#: What is known of a feed before anything is seen of it: so many entries in so long a time.
_PRIOR_NEWS, _PRIOR_TIME = 0.2, timedelta(days=0.5)
#: Of dates that a feed lists at its first poll, those of so long ago and later tell how often something comes.
LOOK_BACK = timedelta(days=28)
#: Of a feed that brings ten entries a day and is polled every five minutes; holds until the first plan is made.
FIRST_BOUND = 5.2
#: A feed is not asked more often for its news alone: publishers ban who does.
LEAST = timedelta(minutes=1)
#: The bound is found among so many feeds at the most, evenly chosen: 100,000 of them would take seconds.
_SAMPLE = 1_000
_BISECTIONS = 40
_LOWEST, _HIGHEST = 1e-3, 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What all feeds without an interval share."""

    week: Week = field(default_factory=Week)
    #: Expected waiting of its news, in seconds, at which a feed of weight 1 is polled.
    bound: float
    #: How much the waiting of a feed's news counts, by its name; 1 where it is not named.
    weights: Mapping[str, float] = field(default_factory=dict)


def rate(news: float, watched: float) -> float:
    """Return how many entries come in a second."""
    return (news + _PRIOR_NEWS) / (watched + _PRIOR_TIME.total_seconds())


def seen(news: float, watched: float, *, new: int, passed: timedelta) -> tuple[float, float]:
    """Return both after another span of watching, in which so many new entries came."""
    fading = 0.5 ** (passed / HALF_LIFE)
    return news * fading + new, watched * fading + passed.total_seconds()


def first_seen(published: Sequence[datetime | None], now: datetime) -> tuple[float, float]:
    """Return what the dates of a first listing tell, as if they had been watched since the oldest of them."""
    dates = [moment for moment in published if moment and now - LOOK_BACK <= moment <= now]
    if not dates:
        return 0.0, 0.0
    ages = [0.5 ** ((now - moment) / HALF_LIFE) for moment in dates]
    days, half = (now - min(dates)).total_seconds(), HALF_LIFE.total_seconds()
    return sum(ages), half / math.log(2) * (1 - 0.5 ** (days / half))


def after(
    state: FeedState, brought: Brought, published: Sequence[datetime | None], now: datetime
) -> tuple[float, float]:
    """Return how often something comes, as it is known after a poll."""
    if state.baseline_at is None:
        return first_seen(published, now)
    passed = max(now - (state.read_at or now), timedelta(0))
    return seen(state.news, state.watched, new=brought.new, passed=passed)


#: Between two polls of feeds of one host, so long at the most; less where many are asked often.
MOST_SPACING = timedelta(seconds=1)
#: A host's feeds can all be asked in this part of the shortest of their intervals.
_PART = 4


def spacing(intervals: Sequence[timedelta | None]) -> timedelta:
    """Return how long a host is left alone after a poll, by the intervals of its feeds; a single one needs none."""
    if len(intervals) < 2:  # noqa: PLR2004 - there is no other to wait
        return timedelta(0)
    return min(MOST_SPACING, min(each or LEAST for each in intervals) / (_PART * len(intervals)))


# --- when to ask again -------------------------------------------------------------------------------------------


def wait(feed: Feed, state: FeedState, plan: Plan, pace: Pace, now: datetime, *, fresh: timedelta) -> timedelta:  # noqa: PLR0913 - all that it depends on
    """Return how long to wait after an answer; ``fresh`` is for how long the publisher calls it so.

    A feed with an interval of its own is asked in that interval. The publisher's wish holds for all others, up to the
    longest interval: a year's freshness is meant for pictures.
    """
    if feed.interval is not None:
        span = feed.interval
    else:
        wished = min(max(fresh, state.ttl), pace.max_interval)
        span = max(worth(state, plan, feed.name, now, most=pace.max_interval), wished, LEAST)
    if state.within is not None:
        span = min(span, state.within)
    return max(span, pace.min_interval)


def worth(state: FeedState, plan: Plan, name: str, now: datetime, *, most: timedelta) -> timedelta:
    """Return after how long the expected waiting of a feed's news reaches the bound, at most ``most``."""
    often = rate(state.news, state.watched)
    bound = plan.bound / plan.weights.get(name, 1.0)
    waiting = count = 0.0
    for hour, since, until in pieces(now, now + most):
        speed, span = often * plan.week[hour], (until - since).total_seconds()
        added = count * span + speed * span * span / 2
        if waiting + added >= bound:
            return since - now + timedelta(seconds=_crossing(bound - waiting, count, speed))
        waiting, count = waiting + added, count + speed * span
    return most


def _crossing(missing: float, count: float, speed: float) -> float:
    """Return when ``count * t + speed * t² / 2`` reaches what is missing."""
    return 2 * missing / (count + math.sqrt(count * count + 2 * speed * missing))


def bound(rates: Sequence[tuple[float, float]], *, polls: float, least: timedelta, most: timedelta) -> float:
    """Return the bound at which feeds of these rates and weights are polled so many times a second together."""
    shortest, longest = least.total_seconds(), most.total_seconds()
    step = -(-len(rates) // _SAMPLE) or 1
    values = sorted(often * weight for often, weight in rates)[::step]

    def spent(at: float) -> float:
        return sum(1 / min(max(math.sqrt(2 * at / value), shortest), longest) for value in values)

    low, high = math.log(_LOWEST), math.log(_HIGHEST)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if spent(math.exp(middle)) * step > polls else (low, middle)
    return math.exp(high)


def plan(states: Sequence[tuple[str, float, float]], weights: Mapping[str, float], week: Week, pace: Pace) -> Plan:
    """Return the plan for feeds without an interval, each told by name, news and watched seconds."""
    rates = [(rate(news, watched), weights.get(name, 1.0)) for name, news, watched in states]
    polls = len(rates) / MEAN_INTERVAL.total_seconds()
    return Plan(
        week=week,
        bound=bound(rates, polls=polls, least=max(pace.min_interval, LEAST), most=pace.max_interval),
        weights=weights,
    )
