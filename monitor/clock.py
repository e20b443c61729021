"""The clock that the daemon goes by: it stays steady while the machine's clock is set."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta


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
