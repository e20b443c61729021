"""Limits as they are written."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.limit import DEFAULT_BURST, Burst, daily


@pytest.mark.parametrize(
    ("text", "most", "span"),
    [
        ("5 in 10m", 5, timedelta(minutes=10)),
        (" 1 in 30s ", 1, timedelta(seconds=30)),
        ("20 in 1d", 20, timedelta(days=1)),
    ],
)
def test_a_burst_is_a_number_within_a_time(text: str, most: int, span: timedelta) -> None:
    assert Burst.parse(text) == Burst(most=most, span=span)


@pytest.mark.parametrize("text", ["5", "5/10m", "0 in 10m", "5 in 0s", "5 in 2d", "five in 10m", "5 in ten"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        Burst.parse(text)


def test_a_limit_is_written_as_it_is_read() -> None:
    assert Burst.parse(str(DEFAULT_BURST)) == DEFAULT_BURST


def test_a_daily_number_is_read() -> None:
    assert (daily("20/day"), daily("1 / day")) == (20, 1)


@pytest.mark.parametrize("text", ["20", "0/day", "20/hour", "-1/day"])
def test_what_is_no_daily_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number a day"):
        daily(text)
