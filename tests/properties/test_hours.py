"""Quiet hours in every zone, in ordinary nights and in those in which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from monitor.hours import Quiet, duration, words
from tests.properties.laws import law

HOUR = timedelta(hours=1)
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/St_Johns",
    "America/Havana",  # changes at midnight
    "America/Santiago",
    "Australia/Lord_Howe",  # by half an hour
    "Antarctica/Troll",  # by two hours
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
)


@lru_cache
def changes(name: str) -> tuple[datetime, ...]:
    """Return the hours of the year in which the zone's clocks change."""
    zone, hours = ZoneInfo(name), [YEAR + n * HOUR for n in range(365 * 24)]
    offsets = [hour.astimezone(zone).utcoffset() for hour in hours]
    return tuple(hour for n, hour in enumerate(hours) if n and offsets[n] != offsets[n - 1])


@st.composite
def nights(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """Draw a zone and a moment, as likely as not close to a change of its clocks."""
    name = draw(st.sampled_from(ZONES))
    near = draw(st.sampled_from(changes(name) or (YEAR,)))
    moment = draw(
        st.timedeltas(timedelta(hours=-30), timedelta(hours=30)).map(lambda span: near + span)
        | st.timedeltas(timedelta(0), timedelta(days=365)).map(lambda span: YEAR + span)
    )
    return ZoneInfo(name), moment


TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
RESTS = st.builds(Quiet, start=TIMES, end=TIMES).filter(lambda rest: rest.start != rest.end)


def shift(zone: ZoneInfo, moment: datetime) -> timedelta:
    """Return by how much clocks change around the moment."""
    offsets = [(moment + n * HOUR).astimezone(zone).utcoffset() or timedelta(0) for n in range(-52, 53)]
    return max(offsets) - min(offsets)


@law
@given(night=nights(), rest=RESTS)
def test_a_rest_ends_in_time_and_when_the_local_clock_says_so(night: tuple[ZoneInfo, datetime], rest: Quiet) -> None:
    zone, now = night
    until = rest.until(now, zone)
    if until is None:
        return
    changed = shift(zone, now)
    assert now < until <= now + timedelta(days=1) + changed
    shown = until.astimezone(zone)
    in_a_gap = (shown.replace(tzinfo=None) - datetime.combine(shown.date(), rest.end)) % timedelta(days=1)
    assert in_a_gap in (timedelta(0), changed)


@law
@given(night=nights(), rest=RESTS)
def test_where_no_clock_changes_the_rest_holds_between_its_times(night: tuple[ZoneInfo, datetime], rest: Quiet) -> None:
    zone, now = night
    if shift(zone, now):
        return
    shown = now.astimezone(zone).time()
    over_midnight = rest.start > rest.end
    inside = (shown >= rest.start or shown < rest.end) if over_midnight else rest.start <= shown < rest.end
    assert (rest.until(now, zone) is not None) == inside


@law
@given(night=nights(), rest=RESTS)
def test_a_rest_lasts_no_longer_than_its_hours_and_the_change_of_the_clocks(
    night: tuple[ZoneInfo, datetime], rest: Quiet
) -> None:
    zone, now = night
    until = rest.until(now, zone)
    written = (datetime.combine(now, rest.end) - datetime.combine(now, rest.start)) % timedelta(days=1)
    assert until is None or until - now <= written + shift(zone, now)


@law
@given(night=nights(), rest=RESTS)
def test_once_a_rest_is_over_it_does_not_hold(night: tuple[ZoneInfo, datetime], rest: Quiet) -> None:
    """Whoever waited for its end is not told to wait again."""
    zone, now = night
    until = rest.until(now, zone)
    assert until is None or rest.until(until, zone) is None


@law
@given(
    st.integers(1, 59).map("{}s".format)
    | st.integers(1, 59).map("{}m".format)
    | st.integers(1, 23).map("{}h".format)
    | st.integers(1, 999).map("{}d".format)
)
def test_a_span_in_its_own_unit_is_said_as_it_was_written(written: str) -> None:
    assert words(duration(written)) == written


@law
@given(st.timedeltas(timedelta(seconds=1), timedelta(days=999)))
def test_a_span_is_said_to_within_half_of_the_unit_it_is_said_in(span: timedelta) -> None:
    said = words(span)
    assert abs(duration(said) - span) <= duration(f"1{said[-1]}") / 2


@law
@given(start=TIMES, end=TIMES.map(time.isoformat), spaces=st.sampled_from(["", " "]))
def test_quiet_hours_are_read_as_they_are_written(start: time, end: str, spaces: str) -> None:
    later = time.fromisoformat(end)
    if start == later:
        return
    assert Quiet.parse(f"{start:%H:%M}{spaces}-{spaces}{later:%H:%M}") == Quiet(start=start, end=later)
