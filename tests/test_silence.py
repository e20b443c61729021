"""When a feed has been silent for too long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from monitor.feed.silence import AGAIN, LEAST_ITEMS, LONGEST_UNLOOKED, SHORTEST, Look, habit, look

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
TUESDAY_MORNING = MONDAY + timedelta(days=1, hours=9)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def hourly(
    until: datetime, *, days: float = 21, hours: Sequence[int] = range(24), weekend: bool = True
) -> list[datetime]:
    """Return when a feed brought something each hour, in some hours of the day."""
    spots = (until - HOUR * n for n in range(round(days * 24)))
    return [at for at in spots if at.hour in hours and (weekend or at.weekday() < 5)]


def silent_at(moments: Sequence[datetime], now: datetime) -> datetime | None:
    found = habit(moments, now)
    assert found is not None
    return found.silent_at(now + LONGEST_UNLOOKED)


def test_a_feed_of_every_hour_is_silent_after_four() -> None:
    at = silent_at(hourly(TUESDAY_MORNING), TUESDAY_MORNING)
    assert at is not None
    assert 3.5 * HOUR <= at - TUESDAY_MORNING <= 5 * HOUR


def test_it_is_so_on_its_first_day_by_the_dates_of_its_first_listing() -> None:
    first_listing = hourly(TUESDAY_MORNING, days=1)
    at = silent_at(first_listing, TUESDAY_MORNING)
    assert at is not None
    assert at - TUESDAY_MORNING <= 10 * HOUR


def test_a_night_is_no_silence_for_a_feed_of_the_day() -> None:
    evening = MONDAY + timedelta(hours=18)
    at = silent_at(hourly(evening, hours=range(8, 19)), evening)
    assert at is not None
    assert at > evening + 15 * HOUR


def test_a_weekend_is_no_silence_for_a_feed_of_the_office() -> None:
    friday = MONDAY + timedelta(days=4, hours=17)
    at = silent_at(hourly(friday, hours=range(8, 18), weekend=False), friday)
    assert at is not None
    assert MONDAY + timedelta(days=7, hours=9) <= at <= MONDAY + timedelta(days=7, hours=14)


def test_who_comes_in_bursts_is_given_twice_the_longest_silence_before() -> None:
    bursts = [TUESDAY_MORNING - DAY * n - timedelta(minutes=m) for n in range(0, 21, 3) for m in range(10)]
    at = silent_at(bursts, TUESDAY_MORNING)
    assert at is None or at - TUESDAY_MORNING > 5 * DAY


def test_however_busy_a_feed_is_a_short_silence_is_none() -> None:
    each_minute = [TUESDAY_MORNING - timedelta(minutes=n) for n in range(1000)]
    assert silent_at(each_minute, TUESDAY_MORNING) == TUESDAY_MORNING + SHORTEST


def test_a_few_items_tell_no_habit() -> None:
    assert habit(hourly(TUESDAY_MORNING)[: LEAST_ITEMS - 1], TUESDAY_MORNING) is None


def test_dates_ahead_and_from_long_ago_tell_none() -> None:
    wrong = [TUESDAY_MORNING + HOUR * n for n in range(1, 30)] + [
        TUESDAY_MORNING - 90 * DAY - HOUR * n for n in range(30)
    ]
    assert habit(wrong, TUESDAY_MORNING) is None


def test_a_habit_tells_what_should_have_come_and_how_often_it_usually_does() -> None:
    found = habit(hourly(TUESDAY_MORNING), TUESDAY_MORNING)
    assert found is not None
    assert found.usual == HOUR
    assert found.expected(TUESDAY_MORNING + 9 * HOUR) == pytest.approx(9, abs=0.5)


# --- a look ----------------------------------------------------------------------------------------------------------


def test_a_look_at_a_silent_feed_tells_since_when() -> None:
    known = habit(hourly(TUESDAY_MORNING), TUESDAY_MORNING)
    found = look(known, TUESDAY_MORNING, None, TUESDAY_MORNING + 9 * HOUR)
    assert found.since == TUESDAY_MORNING


def test_a_look_at_one_that_is_not_tells_when_it_would_be() -> None:
    known = habit(hourly(TUESDAY_MORNING), TUESDAY_MORNING)
    found = look(known, TUESDAY_MORNING, None, TUESDAY_MORNING + HOUR)
    assert found.since is None
    assert found.again_at == silent_at(hourly(TUESDAY_MORNING), TUESDAY_MORNING)


@pytest.mark.parametrize(("hours", "silent"), [(23, False), (24, True)])
def test_a_time_that_is_set_holds_whatever_the_habit(hours: int, silent: bool) -> None:  # noqa: FBT001 - a table
    now = TUESDAY_MORNING + HOUR * hours
    known = habit(hourly(TUESDAY_MORNING), TUESDAY_MORNING)
    found = look(known, TUESDAY_MORNING, DAY, now)
    assert found.since == (TUESDAY_MORNING if silent else None)
    assert found.again_at == (now + AGAIN if silent else TUESDAY_MORNING + DAY)


def test_what_tells_nothing_yet_is_looked_at_again_a_day_later() -> None:
    assert look(None, None, None, MONDAY) == Look(since=None, again_at=MONDAY + AGAIN)
    assert look(None, None, DAY, MONDAY) == Look(since=None, again_at=MONDAY + AGAIN)


def test_one_that_would_not_be_silent_for_long_is_looked_at_again_in_a_week() -> None:
    seldom = [MONDAY - DAY * n for n in range(0, 34, 3)]
    found = look(habit(seldom, MONDAY), MONDAY, None, MONDAY)
    assert found == Look(since=None, again_at=MONDAY + LONGEST_UNLOOKED)
