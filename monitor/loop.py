"""A loop: claims what is due whenever it is woken, and works on each claim in a task of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from monitor.errors import WirebellError

T = TypeVar("T")
log = logging.getLogger(__name__)


class Loop(Generic[T]):
    """Claims due work, a bounded number of pieces at once, and survives whatever one piece does."""

    def __init__(
        self,
        name: str,
        *,
        claim: Callable[[int], Awaitable[Sequence[T]]],
        work: Callable[[T], Awaitable[None]],
        limit: Callable[[], int],
        failed: Callable[[T], Awaitable[None]] | None = None,
    ) -> None:
        """Build the loop; ``failed`` is told of each piece whose work ended in an exception."""
        self.name = name
        self._claim, self._work, self._limit, self._failed = claim, work, limit, failed
        self._woken = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        #: Pieces of work that ended in an exception: faults of ours, each logged.
        self.faults = 0
        #: Rounds completed; the watchdog is fed only while they go on.
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
            self._woken.clear()
            await self._round()

    async def drain(self) -> int:
        """Work until nothing is due and nothing is under way; return how many pieces were done.

        What keeps a broken piece from being put aside is raised: the piece would be claimed for ever.
        """
        done = 0
        while True:
            await self._round()
            if not self._tasks:
                return done
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
            try:
                claimed = await self._claim(free)
            except Exception as error:  # noqa: BLE001 - must survive anything: a full disk, a fault of ours
                self._note("cannot claim work", error)
                return
            for piece in claimed:
                task = asyncio.create_task(self._guarded(piece), name=self.name)
                self._tasks.add(task)
                task.add_done_callback(self._ended)
        self.rounds += 1

    async def _guarded(self, piece: T) -> None:
        try:
            await self._work(piece)
        except Exception as error:  # noqa: BLE001 - as above: a fault of one piece never touches another
            self._note("cannot finish a piece of work", error)
            if self._failed:
                await self._failed(piece)

    def _note(self, what: str, error: Exception) -> None:
        """Log what the machine did, such as a full disk, in a sentence, and a fault of ours with its traceback."""
        self.faults += 1
        log.error("%s: %s: %s", self.name, what, error, exc_info=None if isinstance(error, WirebellError) else error)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        if error := task.exception():  # no wake: the next tick is soon enough to try again what cannot work now
            log.error("%s: cannot put a piece of work aside: %s", self.name, error)
            return
        self.wake()  # a slot is free
