"""Memory that large bodies share, so that all of them together stay within a bound."""

from __future__ import annotations

import asyncio


class Room:
    """Bytes that all large bodies share.

    Who finds none free waits, but the one that came first never does: it may exceed the room, so that it ends
    and leaves, and bodies that each hold a part cannot wait for one another for ever.
    """

    def __init__(self, size: int) -> None:
        """Make room for so many bytes."""
        self._free = size
        self._held: dict[object, int] = {}  # in order of coming
        self._left = asyncio.Event()

    async def take(self, holder: object, count: int) -> None:
        """Take bytes for a holder, waiting until there are so many."""
        self._held.setdefault(holder, 0)
        while count > self._free and holder is not next(iter(self._held)):
            self._left.clear()
            await self._left.wait()
        self._held[holder] += count
        self._free -= count

    def leave(self, holder: object) -> None:
        """Give back all that a holder has taken."""
        self._free += self._held.pop(holder, 0)
        self._left.set()


class Place:
    """What one answer holds of a room."""

    def __init__(self, room: Room) -> None:
        """Hold nothing yet."""
        self._room = room

    async def take(self, count: int) -> None:
        """Take bytes, waiting until there are so many."""
        await self._room.take(self, count)

    def leave(self) -> None:
        """Give back all that was taken."""
        self._room.leave(self)
