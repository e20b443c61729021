"""The hours of a week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from monitor.feed.week import HOURS, Week, hour_of_week, learned, pieces

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def test_a_week_begins_on_monday_in_utc() -> None:
    assert hour_of_week(MONDAY) == 0
    assert hour_of_week(MONDAY + timedelta(days=6, hours=23, minutes=59)) == HOURS - 1
    assert hour_of_week(datetime(2026, 11, 23, 1, tzinfo=timezone(timedelta(hours=2)))) == HOURS - 1


def test_a_span_is_cut_at_full_hours() -> None:
    cut = list(pieces(MONDAY + timedelta(minutes=30), MONDAY + timedelta(hours=2, minutes=15)))
    assert [hour for hour, _, _ in cut] == [0, 1, 2]
    assert [end - begin for _, begin, end in cut] == [timedelta(minutes=n) for n in (30, 60, 15)]


def test_nothing_is_cut_of_a_span_that_is_none() -> None:
    assert list(pieces(MONDAY, MONDAY)) == []


def test_what_comes_at_an_hour_makes_it_busier_than_the_mean() -> None:
    week = learned([MONDAY] * 168)
    assert week[0] == 169 / 2
    assert week[1] == 1 / 2


def test_nothing_known_makes_all_hours_alike() -> None:
    assert learned(()) == Week()
