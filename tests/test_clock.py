"""The daemon's clock, while the machine's is set."""

from __future__ import annotations

import ctypes
from datetime import UTC, datetime, timedelta

import pytest

from monitor import clock
from monitor.clock import Clock

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Machine:
    """Both clocks of a machine."""

    def __init__(self) -> None:
        self.wall, self.steady = NOON, 1000.0

    def clock(self) -> Clock:
        return Clock(lambda: self.wall, steady=lambda: self.steady)

    def work(self, seconds: float) -> None:
        self.steady += seconds
        self.wall += timedelta(seconds=seconds)


@pytest.mark.parametrize("by", [timedelta(hours=3), timedelta(hours=-1), timedelta(days=20000)])
def test_a_clock_goes_on_when_the_machines_is_set_until_it_is_moved_along(by: timedelta) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.work(60)
    machine.wall += by
    machine.work(2)
    assert (clock(), clock.jump()) == (NOON + timedelta(seconds=62), by)
    clock.move(by)
    assert (clock(), clock.jump()) == (machine.wall, timedelta(0))


def test_a_machine_that_slept_is_one_whose_clock_was_set() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall += timedelta(hours=8)
    assert (clock(), clock.jump()) == (NOON, timedelta(hours=8))


def test_the_kernel_tells_how_far_the_machines_clock_is_off() -> None:
    off = clock.offset()
    assert off
    assert abs(off.offset) <= off.most


def test_where_nobody_knows_how_far_it_is_off_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    assert clock.offset() is None
