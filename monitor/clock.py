"""The clock that the daemon goes by, steady while the machine's clock is set, and how far that one is off."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from monitor.record import Offset


class Clock:
    """The time of day, going on evenly from where it was last told to be.

    All that is due is kept in this time. After the machine's clock was set this one stays behind until what is kept
    moves along: were it to jump first, a feed polled in the second before that is noticed would be moved twice, and
    rest for as long as the clock was set forward (seen with a feed polled every 2 s: set ten minutes forward, no poll
    in the next minute).
    """

    def __init__(self, wall: Callable[[], datetime], *, steady: Callable[[], float] = time.monotonic) -> None:
        """Start at what the machine's clock says; ``steady`` counts seconds and is never set."""
        self._wall, self._steady = wall, steady
        #: One value, so that threads which ask while it moves see the time before or after.
        self._zero = wall() - timedelta(seconds=steady())

    def __call__(self) -> datetime:
        """Return the time."""
        return self._zero + timedelta(seconds=self._steady())

    def jump(self) -> timedelta:
        """Return by how much the machine's clock was set since this one was moved, small corrections included."""
        return self._wall() - self()

    def move(self, by: timedelta) -> None:
        """Go on from a time that is so much later."""
        self._zero += by


class _Timex(ctypes.Structure):
    """What adjtimex(2) fills in; of the rest, which is not asked for here, only its size counts."""

    _fields_ = (
        ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long), ("status", ctypes.c_int), ("rest", ctypes.c_long * 32),
    )  # fmt: skip


#: Bits of its status: nobody sets the clock by another; the offset is in nanoseconds.
_UNSYNCHRONISED, _NANOSECONDS = 0x40, 0x2000


def offset() -> Offset | None:
    """Return how far the machine's clock is off, by what the kernel was told; None where it cannot be asked."""
    told = _Timex()
    try:
        if ctypes.CDLL(None).adjtimex(ctypes.byref(told)) < 0:
            return None
    except (AttributeError, OSError):  # no Linux, or a container that forbids to ask
        return None
    return Offset(
        synchronised=not told.status & _UNSYNCHRONISED,
        offset=timedelta(microseconds=told.offset / (1000 if told.status & _NANOSECONDS else 1)),
        most=timedelta(microseconds=told.maxerror),
    )
