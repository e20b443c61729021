"""Keeps what polls leave behind, their entries and the states of their feeds: of many polls in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeAlias, TypeVar

from monitor import intake
from monitor.errors import StoreError
from monitor.feed import FeedState
from monitor.intake import Answered, Rules, Taken
from monitor.store import feeds as feed_rows
from monitor.store.database import Database, Tx

T = TypeVar("T")
#: The poll of a feed: its number, and the lease it is held by.
_Poll: TypeAlias = tuple[int, str]

#: A transaction with so many entries that may be new takes some tenths of a second, and whatever else is to be written
#: waits for it.
_MOST_ENTRIES = 1_000


@dataclass(frozen=True, slots=True)
class _Kept:
    """What became of polls that were kept together."""

    held: AbstractSet[_Poll]
    taken: Mapping[_Poll, Taken | None]


class Saving:
    """Gathers what polls leave behind for as long as the transaction before is young."""

    def __init__(self, database: Database, *, apart: timedelta) -> None:
        """Build it; transactions are begun so far ``apart``, and a poll that ends alone is kept at once."""
        self._database, self._apart = database, apart.total_seconds()
        self._states: list[FeedState] = []
        self._answers: list[tuple[Answered, Rules]] = []
        self._entries = 0
        #: What becomes of all that waits.
        self._kept: asyncio.Future[_Kept] | None = None
        self._begun = 0.0

    async def save(self, state: FeedState) -> bool:
        """Return once the state after a poll is kept: False, and nothing is, if its lease holds no more."""
        self._states.append(state)
        return await self._gathered(lambda kept: _poll(state) in kept.held, partial(feed_rows.save, state=state))

    async def take(self, answered: Answered, rules: Rules) -> Taken | None:
        """Return, once it is kept, what a poll brought: None, and nothing is kept, where another holds the feed now."""
        self._answers.append((answered, rules))
        self._entries += len(answered.parsed.entries)
        alone = partial(intake.take, answered=answered, rules=rules)
        return await self._gathered(lambda kept: kept.taken[_poll(answered.state)], alone)

    async def _gathered(self, of: Callable[[_Kept], T], alone: Callable[[Tx], T]) -> T:
        """Return what became of the poll that waits last; where one of them is at fault, each is kept alone."""
        if self._kept is None:
            loop = asyncio.get_running_loop()
            self._kept = loop.create_future()
            loop.call_at(self._begun + self._apart, self._hand_over, self._kept)
        kept = self._kept
        if self._entries >= _MOST_ENTRIES:
            self._hand_over(kept)
        try:
            found = await asyncio.shield(kept)
        except Exception as error:
            if isinstance(error, StoreError) and error.passing:  # a full disk keeps none of them
                raise
            return await self._database.write(alone)
        return of(found)

    def hand_over(self) -> None:
        """Give what waits to the database, so that it is kept before whatever that is given next."""
        if self._kept is not None:
            self._hand_over(self._kept)

    def _hand_over(self, kept: asyncio.Future[_Kept]) -> None:
        if kept is not self._kept:  # handed over already
            return
        keep = partial(_keep, states=self._states, answers=self._answers)
        self._states, self._answers, self._entries, self._kept = [], [], 0, None
        self._begun = asyncio.get_running_loop().time()
        self._database.write(keep).add_done_callback(partial(_settle, kept))


def _poll(state: FeedState) -> _Poll:
    return state.id, state.lease


def _keep(tx: Tx, states: Sequence[FeedState], answers: Sequence[tuple[Answered, Rules]]) -> _Kept:
    held = feed_rows.save_all(tx, states) if states else frozenset()
    return _Kept(held, {_poll(answered.state): intake.take(tx, answered, rules) for answered, rules in answers})


def _settle(kept: asyncio.Future[_Kept], written: asyncio.Future[_Kept]) -> None:
    if kept.cancelled() or written.cancelled():
        kept.cancel()
    elif error := written.exception():
        kept.set_exception(error)
    else:
        kept.set_result(written.result())
