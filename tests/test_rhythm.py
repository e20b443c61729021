"""When to ask a feed again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.feed import Feed, FeedState, Pace, rhythm
from monitor.feed.poll import Brought
from monitor.feed.rhythm import HALF_LIFE, LEAST, MEAN_INTERVAL, Plan
from monitor.feed.week import Week, learned

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
NONE, MINUTE, HOUR, DAY = timedelta(0), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PACE = Pace(min_interval=timedelta(seconds=30), max_interval=HOUR)
FREE = Feed(name="wire", url="https://wire.example/rss")
FIXED = replace(FREE, interval=5 * MINUTE)
PLAN = Plan(bound=100.0)


def known(a_day: float, **more: object) -> FeedState:
    """Return a feed that brings so many entries a day."""
    watched = 14 * DAY.total_seconds()
    state = FeedState(id=1, name="wire", url=FREE.url, next_poll_at=NOW, news=a_day * 14, watched=watched)
    return replace(state, **more)  # type: ignore[arg-type]


def wait(declared: Feed, state: FeedState, *, plan: Plan = PLAN, fresh: timedelta = timedelta(0)) -> timedelta:
    return rhythm.wait(declared, state, plan, PACE, NOW, fresh=fresh)


# --- how often something comes ---------------------------------------------------------------------------------------


def test_what_was_seen_counts_for_half_after_ten_days() -> None:
    assert rhythm.seen(8.0, 100.0, new=1, passed=HALF_LIFE) == (5.0, 50.0 + HALF_LIFE.total_seconds())


def test_the_dates_of_a_first_listing_tell_how_often_something_comes() -> None:
    daily = [NOW - DAY * n for n in range(1, 15)]
    news, watched = rhythm.first_seen(daily, NOW)
    assert rhythm.rate(news, watched) * DAY.total_seconds() == pytest.approx(1, rel=0.15)


@pytest.mark.parametrize("dates", [[], [None, None], [NOW + DAY], [NOW - 300 * DAY]])
def test_dates_that_are_none_tell_nothing(dates: list[datetime | None]) -> None:
    assert rhythm.first_seen(dates, NOW) == (0.0, 0.0)


def test_at_the_first_poll_the_dates_count() -> None:
    dates = [NOW - DAY * n for n in range(1, 15)]
    assert rhythm.after(known(0), Brought(new=14), dates, NOW) == rhythm.first_seen(dates, NOW)


def test_after_the_first_poll_what_is_new_counts() -> None:
    state = known(0, baseline_at=NOW - DAY, read_at=NOW - HOUR, news=0.0, watched=0.0)
    assert rhythm.after(state, Brought(new=3), (), NOW) == (3.0, 3600.0)


def test_a_clock_that_was_set_back_counts_for_no_time() -> None:
    state = known(0, baseline_at=NOW - DAY, read_at=NOW + HOUR, news=1.0, watched=5.0)
    assert rhythm.after(state, Brought(), (), NOW) == (1.0, 5.0)


# --- when to ask again -----------------------------------------------------------------------------------------------


def test_a_feed_with_an_interval_is_asked_in_it_whatever_it_brings() -> None:
    assert wait(FIXED, known(1000), fresh=HOUR) == 5 * MINUTE


def test_the_more_comes_the_sooner_it_is_asked_and_four_times_as_much_twice_as_soon() -> None:
    slow, fast = wait(FREE, known(6)), wait(FREE, known(24))
    assert slow / fast == pytest.approx(2, rel=0.02)


def test_what_counts_nine_times_is_asked_for_three_times_as_soon() -> None:
    urgent = replace(PLAN, weights={"wire": 9.0})
    assert wait(FREE, known(6)) / wait(FREE, known(6), plan=urgent) == pytest.approx(3, rel=0.02)


def test_a_feed_is_not_asked_more_than_once_a_minute_for_its_news() -> None:
    assert wait(FREE, known(100_000)) == LEAST


def test_a_feed_that_brings_nothing_is_asked_at_the_longest_interval() -> None:
    assert wait(FREE, known(0), plan=Plan(bound=1e9)) == HOUR


@pytest.mark.parametrize(
    ("fresh", "ttl", "least"),
    [
        (20 * MINUTE, timedelta(0), 20 * MINUTE),
        (timedelta(0), 15 * MINUTE, 15 * MINUTE),
        (365 * DAY, timedelta(0), HOUR),
    ],
    ids=["fresh by its header", "by the feed itself", "for a year"],
)
def test_the_publishers_wish_is_kept_up_to_the_longest_interval(
    fresh: timedelta, ttl: timedelta, least: timedelta
) -> None:
    assert wait(FREE, known(1000, ttl=ttl), fresh=fresh) == least


def test_after_a_loss_even_an_interval_is_shortened_down_to_the_least() -> None:
    assert wait(FIXED, known(0, within=MINUTE)) == MINUTE
    assert wait(FIXED, known(0, within=timedelta(seconds=1))) == PACE.min_interval


def test_a_quiet_hour_is_waited_through_to_the_busy_one() -> None:
    busy_noon = learned([NOW.replace(hour=12)] * 1000)
    flat = wait(FREE, known(24), plan=replace(PLAN, bound=1500.0))
    assert flat < HOUR
    shaped = rhythm.worth(known(24), Plan(week=busy_noon, bound=1500.0), "wire", NOW, most=DAY)
    assert 2 * HOUR < shaped < 3 * HOUR


@pytest.mark.parametrize(
    ("intervals", "apart"),
    [([None], 0.0), ([None, None], 1.0), ([None] * 100, 0.15), ([timedelta(seconds=2), MINUTE], 0.25)],
    ids=["alone", "two", "a hundred", "one of them often"],
)
def test_a_host_is_left_alone_between_polls_of_its_feeds(intervals: list[timedelta | None], apart: float) -> None:
    assert rhythm.spacing(intervals) == timedelta(seconds=apart)


# --- one budget ------------------------------------------------------------------------------------------------------


def spent(bound: float, rates: list[float]) -> float:
    """Return how many polls a second feeds of these rates take."""
    states = [known(rate) for rate in rates]
    plan = Plan(bound=bound, week=Week())
    return sum(1 / rhythm.worth(state, plan, "wire", NOW, most=HOUR).total_seconds() for state in states)


def test_all_feeds_together_keep_to_the_budget() -> None:
    rates = [0.1, 1, 5, 20, 100, 300]
    told = [(f"f{n}", rate * 14, 14 * DAY.total_seconds()) for n, rate in enumerate(rates)]
    made = rhythm.plan(told, {}, Week(), PACE)
    assert spent(made.bound, rates) == pytest.approx(len(rates) / MEAN_INTERVAL.total_seconds(), rel=0.02)


def test_many_feeds_are_weighed_by_a_sample_of_them() -> None:
    few, many = [(rate / 1e5, 1.0) for rate in range(1, 900)], [(rate / 1e6, 1.0) for rate in range(1, 9000)]
    bounds = [rhythm.bound(rates, polls=len(rates) / 300, least=LEAST, most=HOUR) for rates in (few, many)]
    assert bounds[0] == pytest.approx(bounds[1], rel=0.1)
