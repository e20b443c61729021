"""How long the tasks of a loop are kept from their turn."""

from __future__ import annotations

import asyncio
import time
from typing import Self

#: Seconds between two beats.
BEAT = 0.005


class Pulse:
    """Beats beside whatever the loop does, and notes how late each beat comes.

    A busy machine makes beats late too, so a beat counts as late only by as much as this process was computing
    meanwhile: by the loop itself, or by a thread that kept the interpreter from it.
    """

    def __init__(self) -> None:
        self._late = [0.0]

    async def __aenter__(self) -> Self:
        """Begin to beat."""
        self._task = asyncio.create_task(self._beat())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            began, computed = time.monotonic(), time.process_time()
            await asyncio.sleep(BEAT)
            self._late.append(min(time.monotonic() - began - BEAT, time.process_time() - computed))

    @property
    def latest(self) -> float:
        """Return by how many seconds the latest beat came late."""
        return max(self._late)

    @property
    def milliseconds(self) -> str:
        """Return the same in words."""
        return f"{self.latest * 1000:.0f} ms"
