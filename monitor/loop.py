"""A loop: claims what is due whenever it is woken, and works on each claim in a task of its own."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from math import inf
from typing import Generic, TypeVar

from monitor.errors import StoreError

T = TypeVar("T")
log = logging.getLogger(__name__)

#: Seconds between two lines of the log about the same trouble: four loops meet a full disk each second.
SAID_AGAIN = 60.0
#: What works so many seconds after the last trouble shows that it has passed; on a disk that is all but full, small
#: writes work between those that do not.
SETTLED = 5.0
#: Trouble that nothing met for so many seconds has passed, though nothing was due that could show it.
FORGOTTEN = 60.0
#: The patience with pieces that bound their own time, or that last as long as there is something to do.
FOR_EVER = timedelta.max


class Trouble:
    """What is in the way of the loops, such as a full disk: said when it begins, each minute, and when it is over."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None
        self._met = 0.0
        self._stays = False
        #: What was said of it, and when.
        self._said: dict[str, float] = {}

    @property
    def words(self) -> str:
        """Return what is in the way; empty where nothing is."""
        return next(reversed(self._said), "")

    def meet(self, what: str, error: StoreError) -> None:
        """Take note of what an error kept from being done."""
        now, words = self._clock(), str(error)
        self._since, self._met = (now if self._since is None else self._since), now
        self._stays = self._stays or not error.passing
        if now - self._said.get(words, -SAID_AGAIN) >= SAID_AGAIN:
            lasting = f" (for {_span(now - self._since)} now)" if self._said else ""
            log.error("%s: %s%s", what, words, lasting)
            self._said.pop(words, None)
            self._said[words] = now

    def work(self) -> None:
        """Take note that something could be done."""
        self._settle(SETTLED)

    def rest(self) -> None:
        """Take note that nothing stood in the way, though perhaps because nothing was due."""
        self._settle(FORGOTTEN)

    def _settle(self, after: float) -> None:
        if self._since is None or self._stays or self._clock() - self._met < after:
            return
        log.warning("the database can be used again, after %s", _span(self._met - self._since))
        self._since = None
        self._said.clear()


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - as people say it


class Loop(Generic[T]):
    """Claims due work, a bounded number of pieces at once, and survives whatever one piece does."""

    def __init__(  # noqa: PLR0913 - four verbs and what they share
        self,
        name: str,
        *,
        claim: Callable[[int], Awaitable[Sequence[T]]],
        work: Callable[[T], Awaitable[None]],
        limit: Callable[[], int],
        failed: Callable[[T, Exception], Awaitable[None]] | None = None,
        trouble: Trouble | None = None,
        patience: timedelta = FOR_EVER,
        apart: timedelta = timedelta(0),
    ) -> None:
        """Build the loop; ``failed`` is told of each piece whose work ended in an exception, and of that one.

        Loops that share a database share the ``trouble`` with it. A piece that takes longer than the patience hangs.
        While pieces are under way, claims are so far ``apart``: one is made for all places that have become free.
        """
        self.name = name
        self._trouble = trouble or Trouble()
        self._claim, self._work, self._limit, self._failed = claim, work, limit, failed
        self._woken = asyncio.Event()
        #: Pieces under way, each with when it was begun, oldest first.
        self._tasks: dict[asyncio.Task[bool], float] = {}
        self._patience, self._apart = patience.total_seconds(), apart.total_seconds()
        #: Pieces of work that ended in an exception: faults of ours, each logged.
        self.faults = 0
        #: Rounds completed; the watchdog is fed only while they go on. An error completes one too: a full disk is not
        #: freed by a restart. A claim or a piece that hangs completes none.
        self.rounds = 0

    def wake(self) -> None:
        """Have the loop look for due work now."""
        self._woken.set()

    @property
    def under_way(self) -> int:
        """Return how many pieces are being worked on."""
        return len(self._tasks)

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await self._woken.wait()
            if self._tasks:
                await asyncio.sleep(self._apart)
            self._woken.clear()
            await self._round()

    async def drain(self) -> int:
        """Work until nothing is due and nothing is under way; return how many pieces were done.

        What keeps a broken piece from being put aside is raised: the piece would be claimed for ever.
        """
        done = 0
        while True:
            before = set(self._tasks)
            await self._round()
            # One that ended while work was claimed may have been in the way of what is due.
            finished = before - self._tasks.keys()
            if not finished and not self._tasks:
                return done
            if not finished:
                finished, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in finished:
                if not task.cancelled():
                    task.result()
            done += len(finished)

    async def finish(self, seconds: float) -> int:
        """Wait for what is under way, then cancel the rest; return how many pieces were cancelled."""
        if not self._tasks:
            return 0
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return len(late)

    async def _round(self) -> None:
        free = self._limit() - len(self._tasks)
        if free > 0:
            await self._begin(free)
        if time.monotonic() - next(iter(self._tasks.values()), inf) < self._patience:
            self.rounds += 1

    async def _begin(self, free: int) -> None:
        try:
            claimed = await self._claim(free)
        except Exception as error:  # noqa: BLE001 - must survive anything: a full disk, a fault of ours
            self._note("cannot claim work", error)
            return
        self._trouble.rest()
        for piece in claimed:
            task = asyncio.create_task(self._guarded(piece), name=self.name)
            self._tasks[task] = time.monotonic()
            task.add_done_callback(self._ended)

    async def _guarded(self, piece: T) -> bool:
        """Work on the piece; return whether to look for the next one at once, which could not be kept either."""
        try:
            await self._work(piece)
        except Exception as error:  # noqa: BLE001 - as above: a fault of one piece never touches another
            self._note("cannot finish a piece of work", error)
            if self._failed:
                await self._failed(piece, error)
            return not isinstance(error, StoreError)
        self._trouble.work()
        return True

    def _note(self, what: str, error: BaseException) -> None:
        """Log what the machine did, such as a full disk, in a sentence, and a fault of ours with its traceback."""
        self.faults += 1
        if isinstance(error, StoreError):
            self._trouble.meet(f"{self.name}: {what}", error)
        else:
            log.error("%s: %s: %s", self.name, what, error, exc_info=error)

    def _ended(self, task: asyncio.Task[bool]) -> None:
        self._tasks.pop(task, None)
        if task.cancelled():
            return
        if error := task.exception():  # no wake: the next tick is soon enough to try again what cannot work now
            self._note("cannot put a piece of work aside", error)
        elif task.result():
            self.wake()  # a slot is free
