"""Work whose outcome the database could not take, such as on a full disk, and when it is done again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from monitor.errors import StoreError
from monitor.runtime import Tools
from monitor.store.database import Lease, Tx

T = TypeVar("T")

#: So much later: soon after the disk has space again, and not so often that servers are asked in vain.
KEEP_AGAIN = timedelta(seconds=20)


class Unkept:
    """Leases of work whose outcome the database could not take: they end soon, and not when work that hangs would."""

    def __init__(self, tools: Tools, cut: Callable[[Tx, Sequence[Lease]], None]) -> None:
        """Build it; ``cut`` brings the ends of leases forward."""
        self._tools, self._cut = tools, cut
        self._leases: set[Lease] = set()

    def add(self, number: int, token: str, error: Exception) -> None:
        """Take note of work that ended in the error; one that will not pass by itself leaves the lease as it is."""
        if isinstance(error, StoreError) and error.passing:
            self._leases.add(Lease(number=number, token=token, until=self._tools.now() + KEEP_AGAIN))

    async def claim(self, claim: Callable[[Tx], Sequence[T]]) -> Sequence[T]:
        """Claim what is due in the transaction that cuts the leases short."""
        leases = tuple(self._leases)

        def write(tx: Tx) -> Sequence[T]:
            self._cut(tx, leases)
            return claim(tx)

        claimed = await self._tools.database.write(write)
        self._leases.difference_update(leases)
        return claimed
