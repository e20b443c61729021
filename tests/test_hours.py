"""Zones, durations and quiet hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.hours import Quiet, Times, duration, midnight, midnight_after, moment, next_hour, words

BERLIN = ZoneInfo("Europe/Berlin")


def local(day: str, clock: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30s", timedelta(seconds=30)),
        ("5m", timedelta(minutes=5)),
        ("2h", timedelta(hours=2)),
        ("7d", timedelta(days=7)),
        (" 10 m ", timedelta(minutes=10)),
        ("0s", timedelta(0)),
        ("999999999d", timedelta(days=999999999)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, span: timedelta) -> None:
    assert duration(text) == span


@pytest.mark.parametrize("text", ["", "5", "m", "5 minutes", "1.5h", "-5m", "1h30m", "5M", "9999999999s"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration such as 30s, 5m, 2h or 7d"):
        duration(text)


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(0), "0s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(seconds=60), "1m"),
        (timedelta(minutes=59), "59m"),
        (timedelta(hours=2), "2h"),
        (timedelta(hours=23, minutes=40), "24h"),
        (timedelta(days=7), "7d"),
        (timedelta(seconds=29.7), "30s"),
    ],
)
def test_a_span_is_said_in_its_largest_unit(span: timedelta, said: str) -> None:
    assert words(span) == said


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("22:00-07:00", time(22), time(7)),
        ("9:30 - 17:45", time(9, 30), time(17, 45)),
        (" 00:00-23:59 ", time(0), time(23, 59)),
    ],
)
def test_quiet_hours_are_two_times_of_day(text: str, start: time, end: time) -> None:
    assert Quiet.parse(text) == Quiet(start=start, end=end)


@pytest.mark.parametrize("text", ["", "22-7", "22:00", "24:00-07:00", "22:60-07:00", "22:00-07:00-08:00", "10pm-7am"])
def test_anything_else_is_no_span_of_hours(text: str) -> None:
    with pytest.raises(ValueError, match="is not a span of hours such as 22:00-07:00"):
        Quiet.parse(text)


def test_quiet_hours_without_length_are_refused() -> None:
    with pytest.raises(ValueError, match="begins and ends at the same time"):
        Quiet.parse("07:00-07:00")


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("22:00-07:00", ("2026-11-24", "21:59"), None),
        ("22:00-07:00", ("2026-11-24", "22:00"), ("2026-11-25", "07:00")),
        ("22:00-07:00", ("2026-11-24", "23:59"), ("2026-11-25", "07:00")),
        ("22:00-07:00", ("2026-11-25", "06:59"), ("2026-11-25", "07:00")),
        ("22:00-07:00", ("2026-11-25", "07:00"), None),
        ("12:00-13:30", ("2026-11-24", "12:00"), ("2026-11-24", "13:30")),
        ("12:00-13:30", ("2026-11-24", "13:30"), None),
        ("12:00-13:30", ("2026-11-24", "11:00"), None),
    ],
)
def test_a_rest_begins_at_its_start_and_is_over_at_its_end(
    hours: str, now: tuple[str, str], until: tuple[str, str] | None
) -> None:
    assert Quiet.parse(hours).until(local(*now), BERLIN) == (local(*until) if until else None)


# On 29 March 2026 Berlin's clocks go from 02:00 to 03:00, on 25 October from 03:00 back to 02:00.


def test_a_rest_that_ends_in_the_gap_of_spring_ends_as_long_after_it() -> None:
    assert Quiet.parse("22:00-02:30").until(local("2026-03-29", "01:00"), BERLIN) == local("2026-03-29", "03:30")


def test_a_rest_that_the_gap_of_spring_swallows_does_not_hold() -> None:
    assert Quiet.parse("02:00-03:00").until(local("2026-03-29", "01:30"), BERLIN) is None


def test_a_rest_whose_end_an_autumn_night_shows_twice_ends_at_the_first() -> None:
    quiet = Quiet.parse("22:00-02:30")
    assert quiet.until(local("2026-10-25", "02:15"), BERLIN) == local("2026-10-25", "02:30")
    assert quiet.until(local("2026-10-25", "02:15", fold=1), BERLIN) is None


def test_a_rest_of_which_autumn_shows_the_start_twice_goes_on_through_both() -> None:
    quiet = Quiet.parse("02:30-07:00")
    assert quiet.until(local("2026-10-25", "02:15", fold=1), BERLIN) == local("2026-10-25", "07:00")


@pytest.mark.parametrize(
    ("hours", "rests"),
    [
        ("02:30-03:15", None),  # 03:30 to 03:15
        ("02:15-02:45", ("03:15", "03:45")),
        ("02:30-03:45", ("03:30", "03:45")),
        ("01:30-02:00", ("01:30", "03:00")),
    ],
)
def test_a_rest_whose_start_the_gap_of_spring_takes_begins_as_long_after_it(
    hours: str, rests: tuple[str, str] | None
) -> None:
    quiet, noon = Quiet.parse(hours), local("2026-03-28", "12:00")
    held = [now for n in range(24 * 60) if quiet.until(now := noon + n * timedelta(minutes=1), BERLIN)]
    if rests is None:
        assert held == []
        return
    start, end = (local("2026-03-29", each) for each in rests)
    assert (held[0], held[-1]) == (start, end - timedelta(minutes=1))
    assert {quiet.until(now, BERLIN) for now in held} == {end}


@pytest.mark.parametrize(
    ("day", "at", "then"),
    [
        ("2026-11-24", time(7), ("2026-11-24", "07:00")),
        ("2026-03-29", time(0), ("2026-03-29", "00:00")),
        ("2026-03-29", time(2), ("2026-03-29", "03:00")),
        ("2026-03-29", time(2, 30), ("2026-03-29", "03:30")),
        ("2026-10-25", time(2, 30), ("2026-10-25", "02:30")),
    ],
)
def test_a_time_of_day_is_one_moment_also_when_clocks_change(day: str, at: time, then: tuple[str, str]) -> None:
    assert moment(date.fromisoformat(day), at, BERLIN) == local(*then)


@given(
    now=st.timedeltas(timedelta(0), timedelta(days=365)).map(lambda age: datetime(2026, 1, 1, tzinfo=UTC) + age),
    start=st.times(),
    end=st.times(),
)
def test_a_rest_that_holds_ends_within_a_day_and_an_hour(now: datetime, start: time, end: time) -> None:
    until = Quiet(start=start, end=end).until(now, BERLIN)
    assert until is None or now < until <= now + timedelta(hours=25)


# --- times of the day ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "after", "comes"),
    [
        (["07:00"], "2026-11-24 05:59", "2026-11-24 06:00"),
        (["07:00"], "2026-11-24 06:00", "2026-11-25 06:00"),
        (["18:00", "07:00"], "2026-11-24 06:00", "2026-11-24 17:00"),
        (["07:00", "18:00"], "2026-11-24 17:00", "2026-11-25 06:00"),
        (["07:00"], "2027-03-27 06:00", "2027-03-28 05:00"),  # the night of 23 hours
        (["07:00"], "2026-10-24 05:00", "2026-10-25 06:00"),  # the night of 25 hours
        (["02:30"], "2027-03-27 02:00", "2027-03-28 01:30"),  # in the hour that is lost: 03:30
        (["02:30"], "2026-10-24 23:00", "2026-10-25 00:30"),  # in the hour that comes twice: the first
        (["02:30"], "2026-10-25 00:30", "2026-10-26 01:30"),  # and not the second
    ],
)
def test_the_next_time_of_the_day_is_that_of_the_clock_on_the_wall(texts: list[str], after: str, comes: str) -> None:
    moment, expected = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (after, comes))
    assert Times.parse(texts).next(moment, ZoneInfo("Europe/Berlin")) == expected


@pytest.mark.parametrize("texts", [["7"], ["24:00"], ["07:00", "seven"], []])
def test_what_is_no_time_of_the_day_is_refused(texts: list[str]) -> None:
    with pytest.raises(ValueError, match="time"):
        Times.parse(texts)


def test_the_day_begins_at_midnight_of_its_zone() -> None:
    now = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert midnight(now, ZoneInfo("Europe/Berlin")) == datetime(2026, 11, 24, 23, tzinfo=UTC)


def test_an_hour_ends_with_the_next_one() -> None:
    assert next_hour(datetime(2026, 11, 24, 23, 30, 9, tzinfo=UTC)) == datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "at", "covers"),
    [
        ("22:00-07:00", time(6), True),
        ("22:00-07:00", time(7), False),
        ("22:00-07:00", time(22), True),
        ("12:00-13:00", time(12, 30), True),
        ("12:00-13:00", time(13), False),
    ],
)
def test_quiet_hours_cover_times_of_the_day(hours: str, at: time, *, covers: bool) -> None:
    assert Quiet.parse(hours).covers(at) is covers


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(local("2026-11-24", "08:00"), local("2026-11-24", "07:30"), id="today"),
        pytest.param(local("2026-11-24", "07:30"), local("2026-11-24", "07:30"), id="this moment"),
        pytest.param(local("2026-11-24", "07:29"), local("2026-11-23", "18:00"), id="yesterday"),
        pytest.param(local("2026-03-29", "03:30"), local("2026-03-28", "18:00"), id="a night of 23 hours"),
    ],
)
def test_the_newest_time_of_day_may_be_that_of_the_day_before(now: datetime, expected: datetime) -> None:
    assert Times.parse(["07:30", "18:00"]).last(now, BERLIN) == expected


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))  # noqa: DTZ001 - made aware below
def test_nothing_lies_between_the_newest_time_of_day_and_the_next(moment: datetime) -> None:
    times, now = Times.parse(["02:30", "18:00"]), moment.replace(tzinfo=UTC)
    assert times.last(now, BERLIN) <= now < times.next(now, BERLIN)
    assert times.next(times.last(now, BERLIN), BERLIN) == times.next(now, BERLIN)


def test_a_day_ends_at_midnight_of_its_zone_also_where_that_comes_late() -> None:
    assert midnight_after(date(2026, 11, 24), BERLIN) == datetime(2026, 11, 24, 23, tzinfo=UTC)
    santiago = ZoneInfo("America/Santiago")  # its clocks go from 24:00 to 01:00
    assert midnight_after(date(2026, 9, 5), santiago) == datetime(2026, 9, 6, 4, tzinfo=UTC)
