"""A loop claims what is due, no more at once than it may, and survives what its work does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

import pytest

from monitor.errors import DamagedDatabase, StoreError
from monitor.loop import Loop, Trouble


class Desk:
    """Work that is due, taken in order, and what became of it."""

    def __init__(self, *due: str) -> None:
        self.due = list(due)
        self.done: list[str] = []
        self.most_at_once = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._at_once = 0

    async def claim(self, limit: int) -> Sequence[str]:
        taken, self.due = self.due[:limit], self.due[limit:]
        return taken

    async def work(self, piece: str) -> None:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
            if piece == "broken":
                raise RuntimeError(piece)
            self.done.append(piece)
        finally:
            self._at_once -= 1

    def loop(self, limit: int = 2) -> Loop[str]:
        return Loop("desk", claim=self.claim, work=self.work, limit=lambda: limit)


async def test_a_drain_works_until_nothing_is_due() -> None:
    desk = Desk("a", "b", "c", "d", "e")
    assert await desk.loop().drain() == 5
    assert sorted(desk.done) == ["a", "b", "c", "d", "e"]


async def test_a_drain_looks_again_where_the_last_piece_ended_while_it_looked() -> None:
    due, looking = [["quick", "slow"], [], ["of the host of the slow one"]], asyncio.Event()

    async def claim(_limit: int) -> Sequence[str]:
        claimed = due.pop(0) if due else []
        if not claimed:  # what is due has to wait for the slow one, which ends just now
            looking.set()
            while loop.under_way:
                await asyncio.sleep(0)
        return claimed

    async def work(piece: str) -> None:
        if piece == "slow":
            await looking.wait()

    loop = Loop("desk", claim=claim, work=work, limit=lambda: 2)
    assert await loop.drain() == 3


async def test_no_more_is_worked_on_at_once_than_the_limit() -> None:
    desk = Desk(*"abcdefgh")
    await desk.loop(limit=3).drain()
    assert desk.most_at_once == 3


async def test_places_that_become_free_meanwhile_are_filled_by_one_claim() -> None:
    desk, claims = Desk(*"abcdef"), list[int]()

    async def claim(limit: int) -> Sequence[str]:
        claims.append(limit)
        return await desk.claim(limit)

    loop = Loop("desk", claim=claim, work=desk.work, limit=lambda: 3, apart=timedelta(milliseconds=1))
    loop.wake()
    running = asyncio.create_task(loop.run())
    while len(desk.done) < 6:
        await asyncio.sleep(0)
    running.cancel()
    assert claims == [3, 3]


async def test_a_broken_piece_is_logged_and_touches_no_other(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk("a", "broken", "b")
    loop = desk.loop(limit=1)
    with caplog.at_level(logging.ERROR):
        await loop.drain()
    assert desk.done == ["a", "b"]
    assert loop.faults == 1
    assert "desk: cannot finish a piece of work" in caplog.text


async def test_what_ends_in_an_exception_can_be_put_aside() -> None:
    desk = Desk("a", "broken", "b")
    aside: list[str] = []

    async def failed(piece: str, error: Exception) -> None:
        aside.append(f"{piece}: {error}")

    loop: Loop[str] = Loop("desk", claim=desk.claim, work=desk.work, limit=lambda: 1, failed=failed)
    await loop.drain()
    assert (desk.done, aside) == (["a", "b"], ["broken: broken"])


async def test_what_cannot_be_put_aside_ends_a_drain() -> None:
    desk = Desk("broken")

    async def failed(piece: str, _error: Exception) -> None:
        desk.due = [piece]
        message = "disk full"
        raise OSError(message)

    loop: Loop[str] = Loop("desk", claim=desk.claim, work=desk.work, limit=lambda: 1, failed=failed)
    with pytest.raises(OSError, match="disk full"):
        await loop.drain()


async def test_what_cannot_be_put_aside_waits_for_the_next_wake(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk("broken")
    times = 0

    async def failed(piece: str, _error: Exception) -> None:
        nonlocal times
        times += 1
        desk.due = [piece]
        message = "disk full"
        raise OSError(message)

    loop: Loop[str] = Loop("desk", claim=desk.claim, work=desk.work, limit=lambda: 1, failed=failed)
    running = asyncio.create_task(loop.run())
    loop.wake()
    async with asyncio.timeout(5):
        while "cannot put a piece of work aside: disk full" not in caplog.text:
            await asyncio.sleep(0)
    for _ in range(20):
        await asyncio.sleep(0)
    running.cancel()
    assert times == 1


async def test_a_claim_that_fails_is_tried_again_when_woken(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk("a")
    failing = True

    async def claim(limit: int) -> Sequence[str]:
        if failing:
            message = "disk full"
            raise OSError(message)
        return await desk.claim(limit)

    loop: Loop[str] = Loop("desk", claim=claim, work=desk.work, limit=lambda: 1)
    assert await loop.drain() == 0
    failing = False
    assert await loop.drain() == 1
    assert "disk full" in caplog.text


@pytest.mark.parametrize(("error", "traceback"), [(StoreError("disk full"), False), (OSError("disk full"), True)])
async def test_only_a_fault_of_ours_is_logged_with_its_traceback(
    caplog: pytest.LogCaptureFixture, error: Exception, *, traceback: bool
) -> None:
    async def claim(_limit: int) -> Sequence[str]:
        raise error

    loop: Loop[str] = Loop("desk", claim=claim, work=Desk().work, limit=lambda: 1)
    await loop.drain()
    assert "desk: cannot claim work: disk full" in caplog.text
    assert ("Traceback" in caplog.text) is traceback


async def test_a_running_loop_works_when_woken() -> None:
    desk = Desk()
    loop = desk.loop()
    running = asyncio.create_task(loop.run())
    await asyncio.sleep(0)
    desk.due = ["late"]
    loop.wake()
    async with asyncio.timeout(5):
        while not desk.done:
            await asyncio.sleep(0)
    running.cancel()
    assert desk.done == ["late"]


async def test_a_finished_piece_makes_room_for_the_next_without_a_wake() -> None:
    desk = Desk("a", "b", "c")
    loop = desk.loop(limit=1)
    running = asyncio.create_task(loop.run())
    loop.wake()
    async with asyncio.timeout(5):
        while len(desk.done) < 3:
            await asyncio.sleep(0)
    running.cancel()
    assert desk.done == ["a", "b", "c"]


async def test_a_loop_with_full_hands_still_goes_round() -> None:
    desk = Desk("a", "b")
    desk.gate.clear()
    loop = desk.loop(limit=1)
    running = asyncio.create_task(loop.run())
    loop.wake()
    async with asyncio.timeout(5):
        while loop.under_way < 1:
            await asyncio.sleep(0)
    before = loop.rounds
    loop.wake()
    async with asyncio.timeout(5):
        while loop.rounds == before:
            await asyncio.sleep(0)
    running.cancel()
    assert desk.due == ["b"]
    desk.gate.set()
    assert await loop.finish(5) == 0


async def test_a_loop_goes_round_no_more_while_a_piece_outlasts_its_patience() -> None:
    desk = Desk("a")
    desk.gate.clear()
    loop = Loop("desk", claim=desk.claim, work=desk.work, limit=lambda: 2, patience=timedelta(0))
    running = asyncio.create_task(loop.run())
    for due in ([], ["b"]):
        desk.due = [*desk.due, *due]
        loop.wake()
        async with asyncio.timeout(5):
            while desk.due:
                await asyncio.sleep(0)
    assert loop.rounds == 0
    desk.gate.set()
    async with asyncio.timeout(5):
        while loop.rounds == 0:
            await asyncio.sleep(0)
    running.cancel()


async def test_what_does_not_end_in_time_is_cancelled_and_counted() -> None:
    desk = Desk("a", "b")
    desk.gate.clear()
    loop = desk.loop()
    drain = asyncio.create_task(loop.drain())
    async with asyncio.timeout(5):
        while loop.under_way < 2:
            await asyncio.sleep(0)
    assert await loop.finish(0) == 2
    await drain
    assert desk.done == []


async def test_finishing_an_idle_loop_takes_nothing() -> None:
    assert await Desk().loop().finish(5) == 0


async def test_a_claim_that_answers_with_an_error_is_a_round_and_one_that_hangs_is_none() -> None:
    hangs = asyncio.Event()

    async def claim(_limit: int) -> Sequence[str]:
        if not hangs.is_set():
            raise StoreError("disk full")
        return await asyncio.Future()

    loop: Loop[str] = Loop("desk", claim=claim, work=Desk().work, limit=lambda: 1)
    await loop.drain()
    assert loop.rounds == 1
    hangs.set()
    drain = asyncio.create_task(loop.drain())
    await asyncio.sleep(0)
    drain.cancel()
    assert loop.rounds == 1


async def test_what_the_machine_did_not_let_be_done_waits_for_the_next_wake() -> None:
    desk = Desk("a", "b")
    tried: list[str] = []

    async def work(piece: str) -> None:
        tried.append(piece)
        raise StoreError("disk full")

    loop: Loop[str] = Loop("desk", claim=desk.claim, work=work, limit=lambda: 1)
    running = asyncio.create_task(loop.run())
    loop.wake()
    for _ in range(20):
        await asyncio.sleep(0)
    assert tried == ["a"]
    loop.wake()
    for _ in range(20):
        await asyncio.sleep(0)
    running.cancel()
    assert tried == ["a", "b"]


# --- trouble -----------------------------------------------------------------------------------------------------

FULL, BUSY, BROKEN = StoreError("disk full"), StoreError("locked"), DamagedDatabase("damaged")


class Steady:
    """A clock that counts seconds when told to."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_trouble_is_said_when_it_begins_each_minute_and_when_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    clock = Steady()
    trouble = Trouble(clock=clock)
    for second in range(150):
        clock.at = second
        trouble.meet("poll: cannot claim work", FULL)
        trouble.meet("read: cannot claim work", FULL)
        trouble.rest()
    assert trouble.words == "disk full"
    clock.at = 160
    trouble.work()
    assert caplog.messages == [
        "poll: cannot claim work: disk full",
        "poll: cannot claim work: disk full (for 60 s now)",
        "poll: cannot claim work: disk full (for 2 min now)",
        "the database can be used again, after 2 min",
    ]
    assert trouble.words == ""


def test_what_works_between_two_troubles_ends_none(caplog: pytest.LogCaptureFixture) -> None:
    clock = Steady()
    trouble = Trouble(clock=clock)
    for second in range(50):
        clock.at = second
        trouble.meet("poll", FULL)
        trouble.work()
    assert caplog.messages == ["poll: disk full"]


def test_trouble_of_another_kind_is_said_at_once(caplog: pytest.LogCaptureFixture) -> None:
    trouble = Trouble(clock=Steady())
    for error in (FULL, BUSY, FULL, BUSY):
        trouble.meet("poll", error)
    assert caplog.messages == ["poll: disk full", "poll: locked (for 0 s now)"]
    assert trouble.words == "locked"


def test_trouble_that_nothing_meets_any_more_is_over_after_a_while() -> None:
    clock = Steady()
    trouble = Trouble(clock=clock)
    trouble.meet("poll", BUSY)
    clock.at = 59
    trouble.rest()
    assert trouble.words == "locked"
    clock.at = 60
    trouble.rest()
    assert trouble.words == ""


def test_damage_is_not_over_while_the_daemon_runs() -> None:
    clock = Steady()
    trouble = Trouble(clock=clock)
    trouble.meet("judge", BROKEN)
    clock.at = 10_000
    trouble.work()
    assert trouble.words == "damaged"


def test_what_works_says_nothing_where_there_was_no_trouble(caplog: pytest.LogCaptureFixture) -> None:
    Trouble().work()
    assert caplog.messages == []
