"""What polls leave behind is kept together, and of each as surely as alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from monitor.errors import DamagedDatabase, StoreError
from monitor.feed import Document, FeedState, Parsed
from monitor.intake import Answered, Rules
from monitor.saving import Saving
from monitor.store import feeds, items
from monitor.store.database import Database, Tx
from tests.store.samples import NOW, claimed, declared, entry, states, synced

T = TypeVar("T")
A_MOMENT, AN_HOUR = timedelta(milliseconds=100), timedelta(hours=1)
RULES = Rules(wait=lambda _state, _fresh: AN_HOUR, wants_article=lambda _entry, _baseline: False)


class Counting(Database):
    """A database that counts its transactions."""

    transactions = 0

    def _write(self, fn: Callable[[Tx], T]) -> T:
        self.transactions += 1
        return super()._write(fn)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Counting]:
    opened = Counting.open(f"sqlite:///{tmp_path / 'wirebell.db'}")
    assert isinstance(opened, Counting)
    yield opened
    opened.close()


def polled(database: Database, *names: str) -> Sequence[FeedState]:
    synced(database, *map(declared, names))
    return [replace(state, etag='"1"', polled_at=NOW, next_poll_at=NOW + AN_HOUR) for state in claimed(database)]


def faulty(error: Exception) -> Rules:
    """Return rules by which nothing can be kept."""

    def fail(_state: FeedState, _fresh: timedelta) -> timedelta:
        raise error

    return replace(RULES, wait=fail)


def answered(state: FeedState, entries: int = 2) -> Answered:
    document = Document(
        url=state.url, body=b"", content_type="", body_hash=b"1", etag='"1"', modified=None, moved_to=None
    )
    listed = Parsed(title=state.name, entries=tuple(map(entry, range(entries))))
    return Answered(state=state, declared=declared(state.name), document=document, parsed=listed, slow=False, now=NOW)


def kept_items(database: Database) -> list[str]:
    return [each.feed for each in database.read_now(lambda tx: items.newest(tx, 10_000))]


async def test_polls_that_end_together_are_kept_in_one_transaction(database: Counting) -> None:
    ended = polled(database, "a", "b", "c")
    saving, before = Saving(database, apart=A_MOMENT), database.transactions
    assert await asyncio.gather(*map(saving.save, ended)) == [True, True, True]
    assert database.transactions == before + 1
    assert {state.etag for state in states(database).values()} == {'"1"'}


async def test_a_poll_whose_lease_holds_no_more_keeps_nothing_while_others_do(database: Counting) -> None:
    late, good = polled(database, "late", "good")
    saving = Saving(database, apart=A_MOMENT)
    kept = await asyncio.gather(saving.save(replace(late, lease="lost")), saving.save(good))
    assert [*kept] == [False, True]
    assert (states(database)["late"].etag, states(database)["good"].etag) == (None, '"1"')


async def test_a_state_that_cannot_be_kept_touches_no_other(database: Counting) -> None:
    broken, good = polled(database, "broken", "good")
    saving = Saving(database, apart=A_MOMENT)
    found = await asyncio.gather(
        saving.save(replace(broken, failures=1 << 70)), saving.save(good), return_exceptions=True
    )
    assert (isinstance(found[0], OverflowError), found[1]) == (True, True)
    assert states(database)["good"].etag == '"1"'


async def test_what_is_handed_over_is_kept_before_what_the_database_is_given_next(database: Counting) -> None:
    first, second = polled(database, "first", "second")
    saving = Saving(database, apart=AN_HOUR)
    await saving.save(first)
    waiting = asyncio.create_task(saving.save(second))
    await asyncio.sleep(0)
    saving.hand_over()
    assert database.write_now(_etags) == {'"1"'}
    assert await waiting


def _etags(tx: Tx) -> set[str | None]:
    return {state.etag for state in feeds.all_states(tx)}


async def test_a_poll_that_ends_alone_is_kept_at_once(database: Counting) -> None:
    (state,) = polled(database, "alone")
    assert await asyncio.wait_for(Saving(database, apart=AN_HOUR).save(state), 5)


async def test_a_poll_that_is_given_up_ends_no_other(database: Counting) -> None:
    first, given_up, kept = polled(database, "first", "given up", "kept")
    saving = Saving(database, apart=AN_HOUR)
    await saving.save(first)
    ends, goes_on = (asyncio.create_task(saving.save(each)) for each in (given_up, kept))
    await asyncio.sleep(0)
    ends.cancel()
    saving.hand_over()
    assert await goes_on


# --- entries -----------------------------------------------------------------------------------------------------


async def test_what_polls_bring_is_kept_with_it_in_the_same_transaction(database: Counting) -> None:
    first, second, without = polled(database, "first", "second", "without news")
    saving, before = Saving(database, apart=A_MOMENT), database.transactions
    taken = await asyncio.gather(
        saving.take(answered(first), RULES), saving.save(without), saving.take(answered(second), RULES)
    )
    assert database.transactions == before + 1
    assert [each.new for each in (taken[0], taken[2]) if each] == [2, 2]
    assert sorted(kept_items(database)) == ["first", "first", "second", "second"]
    assert {state.etag for state in states(database).values()} == {'"1"'}


async def test_an_answer_whose_lease_holds_no_more_keeps_nothing_while_others_do(database: Counting) -> None:
    late, good = polled(database, "late", "good")
    saving = Saving(database, apart=A_MOMENT)
    lost, kept = await asyncio.gather(
        saving.take(answered(replace(late, lease="lost")), RULES), saving.take(answered(good), RULES)
    )
    assert (lost, kept and kept.new) == (None, 2)
    assert set(kept_items(database)) == {"good"}


@pytest.mark.parametrize("error", [ArithmeticError(), DamagedDatabase("a page of its own")], ids=["ours", "damage"])
async def test_an_answer_that_cannot_be_kept_touches_no_other(database: Counting, error: Exception) -> None:
    broken, good, without = polled(database, "broken", "good", "without news")
    saving = Saving(database, apart=A_MOMENT)
    unkept, kept, saved = await asyncio.gather(
        saving.take(answered(broken), faulty(error)),
        saving.take(answered(good), RULES),
        saving.save(without),
        return_exceptions=True,
    )
    assert unkept is error
    assert (kept and not isinstance(kept, BaseException) and kept.new, saved) == (2, True)
    assert set(kept_items(database)) == {"good"}


async def test_what_keeps_all_from_being_kept_is_not_tried_for_each(database: Counting) -> None:
    full = StoreError("the disk is full")
    first, second = polled(database, "first", "second")
    saving, before = Saving(database, apart=A_MOMENT), database.transactions
    found = await asyncio.gather(
        saving.take(answered(first), faulty(full)), saving.save(second), return_exceptions=True
    )
    assert ([*found], database.transactions) == ([full, full], before + 1)


async def test_a_thousand_entries_do_not_wait_for_more(database: Counting) -> None:
    first, many, few = polled(database, "first", "many", "few")
    saving = Saving(database, apart=AN_HOUR)
    await saving.save(first)
    small = asyncio.create_task(saving.take(answered(few), RULES))
    large = await asyncio.wait_for(saving.take(answered(many, entries=1_000), RULES), 30)
    assert large
    assert large.new == 1_000
    assert await small, "what waited before is kept with it"
