"""Readers in worker processes that may be killed."""

from __future__ import annotations

import asyncio
import errno
import logging
import multiprocessing
import os
import pickle
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from io import BufferedReader
from pathlib import Path
from typing import Any

import pytest

from monitor import article, parse, sandbox
from monitor.feed import Parsed
from monitor.item import ArticleText
from monitor.sandbox import Death, Done, Killed, Lane, Sandbox
from tests import readers
from tests.conftest import ROOT, SHARED, needs_shared

PATIENT = timedelta(seconds=20)
BRIEF = timedelta(seconds=0.3)
#: Seconds that no wait of a test outlasts.
LIMIT = 20.0
GIGABYTE = 1 << 30
URL = "https://news.example/rss"
FEED = b"<rss version='2.0'><channel><item><guid>1</guid><title>NATO</title></item></channel></rss>"


# --- the tests' tools ------------------------------------------------------------------------------------------------


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    box = Sandbox(machine_memory=2 * GIGABYTE)
    yield box
    box.close()


async def pid(box: Sandbox, lane: Lane = Lane.CLEAN) -> int:
    answer = await box.run(readers.worker, lane=lane, deadline=PATIENT)
    assert isinstance(answer, Done)
    return answer.value


def is_alive(process: int) -> bool:
    """Return whether the process lives; one that is dead but not yet waited for does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # the second while it is looked at
        return False


def wait_until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


async def timed(answer: Awaitable[object]) -> tuple[object, float]:
    began = time.monotonic()
    return await answer, time.monotonic() - began


# --- answers ---------------------------------------------------------------------------------------------------------


async def test_a_reader_runs_in_another_process(box: Sandbox) -> None:
    assert await pid(box) != os.getpid()


async def test_what_the_reader_returns_comes_back(box: Sandbox) -> None:
    answer = await box.run(readers.echo, b"body", again=3, lane=Lane.CLEAN, deadline=PATIENT)
    assert isinstance(answer, Done)
    assert answer.value == (b"body", 3)


async def test_it_is_told_how_long_the_reader_took(box: Sandbox) -> None:
    answer = await box.run(time.sleep, 0.1, lane=Lane.CLEAN, deadline=PATIENT)
    assert isinstance(answer, Done)
    assert timedelta(seconds=0.1) <= answer.took < timedelta(seconds=5)


async def test_feeds_and_articles_are_read_in_it(box: Sandbox) -> None:
    page = b"<html><body><article><p>The Alliance gave guarantees to a neighbour.</p></article></body></html>"
    feed = await box.run(parse.feed, FEED, content_type="", url=URL, lane=Lane.CLEAN, deadline=PATIENT)
    text = await box.run(article.text, page, content_type="text/html", url=URL, lane=Lane.SLOW, deadline=PATIENT)
    assert isinstance(feed, Done)
    assert isinstance(text, Done)
    assert (type(feed.value), type(text.value)) == (Parsed, ArticleText)


async def test_a_large_document_passes(box: Sandbox) -> None:
    body = bytes(10 * 1024 * 1024)
    answer = await box.run(len, body, lane=Lane.CLEAN, deadline=PATIENT)
    assert isinstance(answer, Done)
    assert answer.value == len(body)


async def test_a_large_answer_passes(box: Sandbox) -> None:
    answer = await box.run(bytes, 10 * 1024 * 1024, lane=Lane.CLEAN, deadline=PATIENT)
    assert isinstance(answer, Done)
    assert answer.value == bytes(10 * 1024 * 1024)


async def test_a_document_on_its_way_is_in_the_memory_once(box: Sandbox) -> None:
    body = bytes(10 * 1024 * 1024)
    await box.run(len, b"", lane=Lane.CLEAN, deadline=PATIENT)  # starts the worker
    tracemalloc.start()
    try:
        await box.run(len, body, lane=Lane.CLEAN, deadline=PATIENT)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(body) / 10


async def test_documents_of_a_lane_wait_for_each_other(box: Sandbox) -> None:
    answers = await asyncio.gather(*(pid(box) for _ in range(20)))
    assert len(set(answers)) == 1


async def test_a_reader_that_cannot_be_sent_is_a_fault_of_ours(box: Sandbox) -> None:
    with pytest.raises((AttributeError, TypeError), match="pickle"):
        await box.run(lambda: None, lane=Lane.CLEAN, deadline=PATIENT)
    assert await pid(box)


# --- deaths ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reader", "reason", "detail"),
    [
        (readers.hang_in_a_pattern, Death.TOO_LONG, "over 0.3 s"),
        (readers.hang_in_c, Death.TOO_LONG, "over 0.3 s"),
        (readers.hang_asleep, Death.TOO_LONG, "over 0.3 s"),
        (readers.stop, Death.TOO_LONG, "over 0.3 s"),
        (readers.crash, Death.CRASHED, "SIGSEGV"),
        (readers.leave, Death.CRASHED, "exit 3"),
        (readers.raise_what_nobody_expects, Death.CRASHED, "exit 1"),
    ],
)
async def test_a_reader_that_does_not_come_through_is_killed(
    box: Sandbox, reader: Callable[[], None], reason: Death, detail: str
) -> None:
    answer, seconds = await timed(box.run(reader, lane=Lane.CLEAN, deadline=BRIEF))
    assert answer == Killed(reason=reason, detail=detail)
    assert seconds < LIMIT / 2


async def test_a_reader_that_needs_too_much_memory_is_stopped(box: Sandbox) -> None:
    answer = await box.run(readers.take, GIGABYTE, lane=Lane.CLEAN, deadline=PATIENT)
    assert answer == Killed(reason=Death.MEMORY)


async def test_there_is_memory_for_the_largest_documents(box: Sandbox) -> None:
    await box.run(article.text, b"<p>", content_type="", url=URL, lane=Lane.CLEAN, deadline=PATIENT)
    answer = await box.run(readers.take, 300 * 1024 * 1024, lane=Lane.CLEAN, deadline=PATIENT)
    assert isinstance(answer, Done)


async def test_a_fault_of_the_reader_is_told_with_its_place(box: Sandbox) -> None:
    answer = await box.run(readers.recurse, lane=Lane.CLEAN, deadline=PATIENT)
    assert re.fullmatch(r"crashed the reader \(RecursionError in readers\.py:\d+\)", str(answer))


@pytest.mark.parametrize("reader", [readers.hang_in_c, readers.crash, readers.recurse])
async def test_the_next_document_is_read_by_a_fresh_worker(box: Sandbox, reader: Callable[[], None]) -> None:
    before = await pid(box)
    await box.run(reader, lane=Lane.CLEAN, deadline=BRIEF)
    after, seconds = await timed(pid(box))
    assert after != before
    assert seconds < 5
    assert not is_alive(before)


async def test_a_worker_that_died_between_documents_is_replaced(box: Sandbox) -> None:
    before = await pid(box)
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: not is_alive(before))
    assert await pid(box) != before


async def test_a_worker_that_cannot_start_is_a_fault_of_the_machine(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_serve", readers.refuse_to_serve)
    with pytest.raises(ChildProcessError, match="did not start"):
        await pid(box)
    monkeypatch.undo()
    assert await pid(box)


async def test_a_process_that_cannot_be_made_is_told_of_and_leaves_nothing_open(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = socket.socketpair()

    def refuse(_process: object) -> None:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(multiprocessing.context.ForkServerProcess, "start", refuse)
    monkeypatch.setattr(socket, "socketpair", lambda: ends)
    with pytest.raises(OSError, match="temporarily unavailable"):
        await pid(box)
    assert [end.fileno() for end in ends] == [-1, -1]
    monkeypatch.undo()
    assert await pid(box)


async def test_a_worker_that_has_nothing_to_read_ends_and_another_starts_with_the_next_document() -> None:
    box = Sandbox(machine_memory=2 * GIGABYTE, idle=timedelta(0))
    first = await pid(box)
    async with asyncio.timeout(LIMIT):
        while is_alive(first):
            await asyncio.sleep(0)
    assert await pid(box) != first
    box.close()


async def test_a_worker_that_reads_again_before_its_rest_goes_on() -> None:
    box = Sandbox(machine_memory=2 * GIGABYTE, idle=timedelta(0))
    assert await pid(box) == await pid(box)
    box.close()


async def test_after_a_document_that_is_called_off_the_next_is_read_by_a_fresh_worker(box: Sandbox) -> None:
    before = await pid(box)
    hanging = asyncio.ensure_future(box.run(readers.hang_in_c, lane=Lane.CLEAN, deadline=PATIENT))
    await asyncio.sleep(0)
    hanging.cancel()
    after, seconds = await timed(pid(box))
    assert after != before
    assert seconds < LIMIT / 2


async def test_a_worker_whose_document_is_called_off_while_it_starts_reads_the_next(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []

    class Counted(sandbox._Worker):
        def __init__(self) -> None:
            super().__init__()
            started.append(self._process.pid or 0)

    monkeypatch.setattr(sandbox, "_Worker", Counted)
    first = asyncio.ensure_future(pid(box))
    await asyncio.sleep(0)
    first.cancel()
    assert [await pid(box)] == started


async def test_an_answer_that_comes_as_time_runs_out_counts(box: Sandbox) -> None:
    before = await pid(box)
    worker = box._lanes[Lane.CLEAN]._worker
    assert worker
    worker._give_up()
    assert await pid(box) == before


async def test_a_worker_that_says_nothing_yet_has_not_died(box: Sandbox) -> None:
    before = await pid(box)
    worker = box._lanes[Lane.CLEAN]._worker
    assert worker
    reading = asyncio.ensure_future(pid(box))
    await asyncio.sleep(0)
    worker._hear()
    assert await reading == before


async def test_workers_are_renewed(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "DOCUMENTS_PER_WORKER", 3)
    answers = [await pid(box) for _ in range(7)]
    assert [len(set(answers[start : start + 3])) for start in (0, 3, 6)] == [1, 1, 1]
    assert len(set(answers)) == 3


@pytest.mark.parametrize(
    ("killed", "words"),
    [
        (Killed(reason=Death.TOO_LONG, detail="over 2 s"), "took too long to read (over 2 s)"),
        (Killed(reason=Death.MEMORY), "needed too much memory"),
    ],
)
def test_a_death_is_told_in_words(killed: Killed, words: str) -> None:
    assert str(killed) == words


# --- lanes -----------------------------------------------------------------------------------------------------------


async def test_a_document_that_hangs_delays_none_of_the_other_lane(box: Sandbox) -> None:
    hanging = asyncio.ensure_future(box.run(readers.hang_in_c, lane=Lane.SLOW, deadline=PATIENT))
    assert await pid(box)
    assert not hanging.done()
    hanging.cancel()


async def test_a_document_that_hangs_does_not_hold_the_event_loop(box: Sandbox) -> None:
    await pid(box)
    hanging = asyncio.ensure_future(box.run(readers.hang_in_c, lane=Lane.CLEAN, deadline=timedelta(seconds=1)))
    longest, last = 0.0, time.monotonic()
    while not hanging.done():
        await asyncio.sleep(0.005)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    assert longest < 0.5


@pytest.mark.parametrize(("memory", "workers"), [(2 * GIGABYTE, 2), (GIGABYTE // 2, 1)])
async def test_a_small_machine_has_one_worker(memory: int, workers: int) -> None:
    box = Sandbox(machine_memory=memory)
    try:
        assert len({await pid(box, lane) for lane in Lane}) == workers
    finally:
        box.close()


def test_the_memory_of_this_machine_is_known() -> None:
    assert sandbox._machine_memory() > GIGABYTE // 8


def test_no_worker_starts_before_there_is_something_to_read() -> None:
    before = set(multiprocessing.active_children())
    box = Sandbox()
    assert set(multiprocessing.active_children()) == before
    box.close()


# --- the end ---------------------------------------------------------------------------------------------------------


async def test_closing_is_prompt_whatever_the_workers_do() -> None:
    box = Sandbox(machine_memory=2 * GIGABYTE)
    workers = [await pid(box, lane) for lane in Lane]
    hanging = [asyncio.ensure_future(box.run(readers.hang_in_c, lane=lane, deadline=PATIENT)) for lane in Lane]
    waiting = asyncio.ensure_future(pid(box))
    while any(queue._worker is None or queue._worker.asked < 2 for queue in box._lanes.values()):
        await asyncio.sleep(0.005)
    began = time.monotonic()
    box.close()
    assert time.monotonic() - began < 5
    ends = await asyncio.gather(*hanging, waiting, return_exceptions=True)
    assert [type(end) for end in ends] == [asyncio.CancelledError] * 3
    assert not any(map(is_alive, workers))


async def test_nothing_is_read_once_it_is_closed(box: Sandbox) -> None:
    box.close()
    with pytest.raises(RuntimeError, match="shutdown"):
        await pid(box)


async def test_a_worker_that_starts_while_the_sandbox_closes_reads_nothing(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []

    class ClosedMeanwhile(sandbox._Worker):
        def __init__(self) -> None:
            super().__init__()
            started.append(self._process.pid or 0)
            box._lanes[Lane.CLEAN]._closed = True

    monkeypatch.setattr(sandbox, "_Worker", ClosedMeanwhile)
    with pytest.raises(asyncio.CancelledError):
        await box.run(readers.hang_in_c, lane=Lane.CLEAN, deadline=PATIENT)
    box.close()
    assert [is_alive(process) for process in started] == [False]


#: A daemon: says which process reads, reads something and says what came of it, and has its worker replaced.
DAEMON = """
import asyncio, signal, sys
from datetime import timedelta
from monitor.sandbox import Lane, Sandbox
from tests import readers

box = Sandbox()

async def main():
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: None)
    print((await box.run(readers.worker, lane=Lane.CLEAN, deadline=timedelta(seconds=20))).value, flush=True)
    print((await box.run({reader}, lane=Lane.CLEAN, deadline=timedelta(seconds=2))), flush=True)
    await box.run(readers.crash, lane=Lane.CLEAN, deadline=timedelta(seconds=2))
    print((await box.run(readers.echo, 1, lane=Lane.CLEAN, deadline=timedelta(seconds=20))), flush=True)

asyncio.run(main())
"""


@pytest.fixture
def daemon(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", DAEMON.format(reader=request.param)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        yield process
        process.kill()


def next_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


@pytest.mark.parametrize("daemon", ["readers.say_so_and_hang", "readers.echo, 0"], indirect=True)
def test_no_worker_outlives_a_daemon_that_is_killed(daemon: subprocess.Popen[str]) -> None:
    reads = int(next_line(daemon))
    assert next_line(daemon)
    daemon.kill()
    wait_until(lambda: not is_alive(reads))


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("daemon", ["__import__('time').sleep, 1"], indirect=True)
def test_a_signal_to_the_whole_group_is_the_daemons_affair(daemon: subprocess.Popen[str], signum: int) -> None:
    reads = int(next_line(daemon))
    os.killpg(daemon.pid, signum)
    assert is_alive(reads)
    assert [next_line(daemon)[:16] for _ in range(2)] == ["Done(value=None,", "Done(value=(1, N"]


@pytest.mark.parametrize("daemon", ["readers.echo, 0"], indirect=True)
def test_a_daemon_that_forgot_to_close_ends_all_the_same(daemon: subprocess.Popen[str]) -> None:
    _, errors = daemon.communicate(timeout=LIMIT)
    assert (daemon.returncode, errors) == (0, "")


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
async def test_workers_ignore_what_the_daemon_handles(box: Sandbox, signum: int) -> None:
    answer = await box.run(readers.handled, signum, lane=Lane.CLEAN, deadline=PATIENT)
    assert isinstance(answer, Done)
    assert answer.value is False


# --- the worker's side, in this process ------------------------------------------------------------------------------


def said(stream: BufferedReader) -> Any:  # noqa: ANN401 - whatever a reader returns
    (size,) = sandbox._SIZE.unpack(stream.read(8))
    return pickle.loads(stream.read(size))  # noqa: S301 - our own


def test_a_worker_answers_until_the_daemon_has_gone() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rb") as heard:
        thread = threading.Thread(target=sandbox._answer, args=(theirs,))
        thread.start()
        for reader, args in ((readers.echo, (b"body",)), (readers.recurse, ())):
            ours.sendall(b"".join(sandbox._packed(sandbox._Task(reader, args, {}, timedelta(hours=1)))))
        ready, done, killed = heard.read(1), said(heard), said(heard)
        ours.shutdown(socket.SHUT_WR)
        thread.join(LIMIT)
    assert (ready, done.value, killed.reason, thread.is_alive()) == (b"!", (b"body", None), Death.CRASHED, False)


@pytest.fixture
def unconfined(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put back what a worker changes in its process for good."""
    monkeypatch.setattr(sandbox, "MEMORY_LIMIT", 1 << 40)
    handlers = {signum: signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)}
    memory = resource.getrlimit(resource.RLIMIT_AS)
    yield
    resource.setrlimit(resource.RLIMIT_AS, memory)
    logging.disable(logging.NOTSET)
    for signum, handler in handlers.items():
        signal.signal(signum, handler)


@pytest.mark.usefixtures("unconfined")
def test_a_worker_confines_itself_before_it_answers() -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    sandbox._serve(theirs)
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == 1 << 40
    assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    assert not logging.getLogger().isEnabledFor(logging.CRITICAL)


def test_memory_that_is_not_there_is_an_answer() -> None:
    task = sandbox._Task(reader=readers.take, args=(1 << 60,), kwargs={}, deadline=timedelta(hours=1))
    assert sandbox._read(task) == Killed(reason=Death.MEMORY)


# --- other people's documents ----------------------------------------------------------------------------------------


#: Documents that are too large to be kept: what they begin with, what is repeated how often (# counts), and the end.
LARGE = {
    "items.xml": ("<rss version='2.0'>", "<item><guid>#</guid><title>News</title></item>", 100_000, "</rss>"),
    "title.xml": ("<rss version='2.0'><item><title>", "a", 10_000_000, "</title></item></rss>"),
    "markup.xml": ("<rss version='2.0'><item><title>", "&lt;b&gt;", 1_000_000, "</title></item></rss>"),
    "scripts.xml": ("<rss version='2.0'><item><title>", "&lt;script&gt;", 100_000, "</title></item></rss>"),
    "attributes.xml": ("<rss version='2.0'><item><title ", "a#='1' ", 100_000, ">x</title></item></rss>"),
    "entities.xml": ("<!DOCTYPE rss [", "<!ENTITY e# 'x'>", 50_000, "]><rss version='2.0'><item/></rss>"),
    "spans.html": ("<html><body><p>", "<span>a</span>", 100_000, "</p></body></html>"),
    "attributes.html": ("<html><body><p ", "a#='1' ", 50_000, ">x</p></body></html>"),
    "json.html": ('<script type="application/ld+json">{"author": "', r"\"", 200_000, '"}</script>'),
}


def large(before: str, part: str, count: int, after: str) -> bytes:
    parts = (part.replace("#", str(number)) for number in range(count))
    return f"{before}{''.join(parts)}{after}".encode()


@pytest.mark.slow
@needs_shared
async def test_hostile_documents_crash_nothing_and_delay_nothing(box: Sandbox) -> None:
    documents = {
        path.name: path.read_bytes()
        for path in sorted((SHARED / "corpus/hostile").iterdir())
        if path.suffix in {".xml", ".html", ".json", ".gz", ".opml"}
    } | {name: large(*parts) for name, parts in LARGE.items()}
    killed, crashed, late = set(), {}, {}
    for name, body in documents.items():
        answer, seconds = await timed(read(box, body, article.text if name.endswith(".html") else parse.feed))
        clean, wait = await timed(read(box, FEED, parse.feed))
        if isinstance(answer, Killed):
            killed.add(name)
        if getattr(answer, "reason", None) is Death.CRASHED or not isinstance(clean, Done):
            crashed[name] = answer, clean
        if seconds > 3 or wait > 2:
            late[name] = seconds, wait
    assert (crashed, late) == ({}, {})
    assert killed >= {"attributes.xml", "spans.html"}


def read(box: Sandbox, body: bytes, reader: Callable[..., object]) -> Awaitable[object]:
    return box.run(reader, body, content_type="", url=URL, lane=Lane.CLEAN, deadline=timedelta(seconds=1))
