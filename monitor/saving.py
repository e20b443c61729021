"""Keeps what polls without news leave behind: the states of many feeds in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Set as AbstractSet
from datetime import timedelta
from functools import partial

from monitor.errors import StoreError
from monitor.feed import FeedState
from monitor.store import feeds as feed_rows
from monitor.store.database import Database


class Saving:
    """Gathers states for as long as the transaction before is young."""

    def __init__(self, database: Database, *, apart: timedelta) -> None:
        """Build it; transactions are begun so far ``apart``, and a poll that ends alone is kept at once."""
        self._database, self._apart = database, apart.total_seconds()
        self._waiting: list[FeedState] = []
        #: Which of what waits was kept.
        self._kept: asyncio.Future[AbstractSet[tuple[int, str]]] | None = None
        self._begun = 0.0

    async def save(self, state: FeedState) -> bool:
        """Return once the state after a poll is kept: False, and nothing is, if its lease holds no more."""
        loop = asyncio.get_running_loop()
        self._waiting.append(state)
        if self._kept is None:
            self._kept = loop.create_future()
            loop.call_at(self._begun + self._apart, self._hand_over, self._kept)
        try:
            return (state.id, state.lease) in await asyncio.shield(self._kept)
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - one state is at fault, and may not touch the others: each by itself
            return await self._database.write(partial(feed_rows.save, state=state))

    def hand_over(self) -> None:
        """Give what waits to the database, so that it is kept before whatever that is given next."""
        if self._kept is not None:
            self._hand_over(self._kept)

    def _hand_over(self, kept: asyncio.Future[AbstractSet[tuple[int, str]]]) -> None:
        if kept is not self._kept:  # handed over already
            return
        states, self._waiting, self._kept = self._waiting, [], None
        self._begun = asyncio.get_running_loop().time()
        self._database.write(partial(feed_rows.save_all, states=states)).add_done_callback(partial(_settle, kept))


def _settle(
    kept: asyncio.Future[AbstractSet[tuple[int, str]]], written: asyncio.Future[AbstractSet[tuple[int, str]]]
) -> None:
    if kept.cancelled() or written.cancelled():
        kept.cancel()
    elif error := written.exception():
        kept.set_exception(error)
    else:
        kept.set_result(written.result())
