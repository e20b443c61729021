"""Readers in worker processes that may be killed: two lanes, a deadline, a memory limit.

A regular expression or a C library that runs away holds the interpreter, so neither a thread nor a task can stop it: a
page of 17 kB froze every thread for 2.5 s, one of 160 kB for over 30 s. A process can be killed.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import logging
import multiprocessing
import os
import pickle
import resource
import select
import signal
import socket
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from io import BufferedReader
from pathlib import Path
from struct import Struct
from typing import Any, Generic, TypeVar

T = TypeVar("T")

#: Address space of a worker; with all readers imported it has 175 MB, and a feed of 10 MB adds 70.
MEMORY_LIMIT = 600 * 1024 * 1024
#: Documents that a worker reads before a fresh one takes its place, so that what a parser leaks stays small.
DOCUMENTS_PER_WORKER = 2_000
#: A worker that had nothing to read for so long ends, and gives its memory back: 50 MB of a daemon's 200.
IDLE = timedelta(minutes=2)
#: With less memory in the machine there is one worker for both lanes.
ROOM_FOR_TWO = 1024 * 1024 * 1024
#: A worker ends itself at the deadline; one that could not (it was stopped, say) is killed so much later.
GRACE = timedelta(seconds=0.5)
#: The first worker waits until the readers are imported, which takes a second, or ten on a small machine.
PATIENCE = timedelta(seconds=60)

#: Imported once, in the process that workers are forked from: a worker is ready in 20 ms instead of 700.
_READERS = ["monitor.parse", "monitor.article", "feedparser", "trafilatura"]
#: What parsers raise on documents that they did not expect; anything else ends the worker.
_FAULTS = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError),
    *(LookupError, OSError, RuntimeError, TypeError, ValueError),
)


class Lane(StrEnum):
    """Where a document waits, so that one that hangs delays none of the feeds that were always quick."""

    CLEAN = "clean"
    SLOW = "slow"


class Death(StrEnum):
    """Why a document was given up; the values are the words shown to people."""

    TOO_LONG = "took too long to read"
    MEMORY = "needed too much memory"
    CRASHED = "crashed the reader"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Generic[T]):
    """What the reader made of the document."""

    value: T
    #: By the reader alone, without the wait in the lane.
    took: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """A document that no reader came through with, and why."""

    reason: Death
    #: What exactly was seen: "over 2 s", "RecursionError in sgml.py:51".
    detail: str = ""

    def __str__(self) -> str:
        """Return the reason in words for people."""
        return f"{self.reason} ({self.detail})" if self.detail else str(self.reason)


class Sandbox:
    """Two lanes with one worker process each; a worker starts with the first document of its lane.

    All documents are read for one event loop.
    """

    def __init__(self, *, machine_memory: int | None = None, idle: timedelta = IDLE) -> None:
        memory = _machine_memory() if machine_memory is None else machine_memory
        clean = _Queue(idle)
        self._lanes = {Lane.CLEAN: clean, Lane.SLOW: _Queue(idle) if memory >= ROOM_FOR_TWO else clean}

    async def run(
        self, reader: Callable[..., T], *args: object, lane: Lane, deadline: timedelta, **kwargs: object
    ) -> Done[T] | Killed:
        """Return what ``reader(*args, **kwargs)`` returns in a worker, or why the document was given up.

        The deadline counts from when the reader begins. Raises OSError when this machine cannot start a process, and
        RuntimeError when the sandbox is closed.
        """
        task = _Task(reader, args, kwargs, deadline)
        answer: Done[T] | Killed = await self._lanes[lane].run(task)
        return answer

    def close(self) -> None:
        """Kill the workers at once, whatever they do, and cancel those who wait for them."""
        for queue in set(self._lanes.values()):
            queue.close()


def _machine_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@dataclass(frozen=True, slots=True)
class _Task:
    reader: Callable[..., Any]
    args: tuple[object, ...]
    kwargs: Mapping[str, object]
    deadline: timedelta


#: What a worker says first.
_READY = b"!"
#: Bytes of an answer, which follows.
_SIZE = Struct("!Q")
#: It is heard in pieces of so many bytes; most are one.
_MOST_AT_ONCE = 1 << 16


def _packed(task: _Task) -> Sequence[bytes | memoryview]:
    """Return a task in words, and its documents as they are: pickled, each of them would be in the memory twice."""
    documents: list[pickle.PickleBuffer] = []
    args = tuple(pickle.PickleBuffer(each) if isinstance(each, bytes) else each for each in task.args)
    words = pickle.dumps((task.reader, args, task.kwargs, task.deadline), protocol=5, buffer_callback=documents.append)
    plain = [document.raw() for document in documents]
    return pickle.dumps((words, [*map(len, plain)]), protocol=5), *plain


def _unpacked(stream: BufferedReader) -> _Task:
    words, sizes = pickle.load(stream)  # noqa: S301 - our own
    return _Task(*pickle.loads(words, buffers=[stream.read(size) for size in sizes]))  # noqa: S301 - our own


# --- in the daemon -----------------------------------------------------------------------------------------------


class _Queue:
    """One worker, and the documents that wait for it in turn."""

    def __init__(self, idle: timedelta) -> None:
        self._idle = idle.total_seconds()
        self._turn = asyncio.Lock()
        #: Documents that wait or are being read.
        self._count = 0
        self._worker: _Worker | None = None
        #: Starts workers and waits for their ends; of its own, for the loop's may all wait for names of hosts.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox")
        self._starting: asyncio.Future[None] | None = None
        self._rest: asyncio.TimerHandle | None = None
        self._closed = False

    async def run(self, task: _Task) -> Any:  # noqa: ANN401 - no types come from a worker
        if self._closed:
            raise RuntimeError("nothing is read after the sandbox's shutdown")
        if self._rest:
            self._rest.cancel()
        self._count += 1
        try:
            async with self._turn:
                return await self._ask(task)
        finally:
            self._count -= 1
            if not self._count and not self._closed:
                self._rest = asyncio.get_running_loop().call_later(self._idle, self._dismiss)

    async def _ask(self, task: _Task) -> object:
        pieces = _packed(task)
        worker = await self._ready()
        try:
            answer = await worker.ask(pieces, task.deadline)
            answer = answer or await self._apart(partial(worker.cause_of_death, task.deadline))
        except asyncio.CancelledError:  # it reads on, for nobody
            self._dismiss()
            raise
        if isinstance(answer, Killed) or worker.asked >= DOCUMENTS_PER_WORKER:
            self._dismiss()
        return answer

    async def _ready(self) -> _Worker:
        """Return a worker that lives."""
        self._stop_if_closed()
        if self._worker and self._worker.has_died:
            self._dismiss()
        if self._worker is None:
            if self._starting is None or self._starting.done():
                self._starting = self._apart(self._start)
            await asyncio.shield(self._starting)  # for the next, if this one is called off
        self._stop_if_closed()
        assert self._worker  # noqa: S101 - it has started
        self._worker.attend(asyncio.get_running_loop())
        return self._worker

    def _stop_if_closed(self) -> None:
        if self._closed:
            raise asyncio.CancelledError

    def _apart(self, fn: Callable[[], T]) -> asyncio.Future[T]:
        """Do what takes time without the loop."""
        return asyncio.get_running_loop().run_in_executor(self._thread, fn)

    def _start(self) -> None:
        self._worker = None if self._closed else _Worker()

    def _dismiss(self) -> None:
        """Have another worker read the next document."""
        if self._worker:
            self._worker.end()
            self._apart(self._worker.bury)
            self._worker = None

    def close(self) -> None:
        self._closed = True
        if self._rest:
            self._rest.cancel()
        if self._worker:
            self._worker.end()
        self._thread.shutdown()
        if self._worker:  # one that has just started as well
            self._worker.end()
            self._worker.bury()
        self._worker = None


class _Worker:
    """A process that reads documents, and the socket to it."""

    def __init__(self) -> None:
        """Start it, and wait until it is ready."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_READERS)
        self._socket, its_end = socket.socketpair()
        self._process = context.Process(target=_serve, args=(its_end,), name="wirebell reader", daemon=True)
        try:
            self._process.start()
        except BaseException:
            self._socket.close()
            raise
        finally:
            its_end.close()
        self._ears = select.poll()  # kept, for to make one takes as long as the rest of an answer's way
        self._ears.register(self._socket, select.POLLIN)
        atexit.register(self._process.kill)  # or the interpreter's end would ask it to go by SIGTERM, and wait
        self.asked = 0
        self._out_of_time = False
        #: What has come of an answer, and who waits for it.
        self._heard = bytearray()
        self._answer: asyncio.Future[bytes] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._socket.settimeout(PATIENCE.total_seconds())
        with contextlib.suppress(OSError):
            if self._socket.recv(len(_READY)):
                self._socket.settimeout(0)
                return
        self.end()
        self.bury()
        raise ChildProcessError("a reader's process did not start")

    def attend(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hear what it answers."""
        if self._loop is None:
            self._loop = loop
            loop.add_reader(self._socket, self._hear)

    @property
    def has_died(self) -> bool:
        """Return whether it died between two documents, neither of which is to blame."""
        return bool(self._ears.poll(0))  # unasked it says nothing, so it is the socket's end that can be heard

    async def ask(self, pieces: Sequence[bytes | memoryview], deadline: timedelta) -> object:
        """Return Done, Killed, after which the worker is of no more use, or None if it died of the document."""
        loop = asyncio.get_running_loop()
        self.asked += 1
        self._answer = loop.create_future()
        late = loop.call_later((deadline + GRACE).total_seconds(), self._give_up)
        try:
            with contextlib.suppress(OSError):  # it died just now: its end will be heard
                for piece in pieces:
                    await loop.sock_sendall(self._socket, piece)
            heard = await self._answer
        finally:
            late.cancel()
        return pickle.loads(heard) if heard else None  # noqa: S301 - our own

    def _hear(self) -> None:
        """Take what has come of an answer, mostly the whole; nothing is the worker's end."""
        try:
            heard = self._socket.recv(_MOST_AT_ONCE)
        except BlockingIOError:  # woken for nothing
            return
        except OSError:
            heard = b""
        self._heard += heard
        if not heard:
            self._hear_no_more()
            self._say(b"")
        elif len(self._heard) >= _SIZE.size and len(self._heard) - _SIZE.size >= _SIZE.unpack_from(self._heard)[0]:
            self._say(bytes(self._heard[_SIZE.size :]))
            self._heard.clear()

    def _hear_no_more(self) -> None:
        if self._loop:
            self._loop.remove_reader(self._socket)

    def _say(self, answer: bytes) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_result(answer)

    def _give_up(self) -> None:
        if self._answer and not self._answer.done():  # it may have come in this very moment
            self._out_of_time = True
            self._process.kill()

    def cause_of_death(self, deadline: timedelta) -> Killed:
        """Return what it died of, once it has."""
        self._process.join(GRACE.total_seconds())
        code = self._process.exitcode
        if self._out_of_time or code in {None, -signal.SIGALRM}:
            return Killed(reason=Death.TOO_LONG, detail=f"over {deadline.total_seconds():g} s")
        return Killed(reason=Death.CRASHED, detail=signal.Signals(-code).name if code < 0 else f"exit {code}")

    def end(self) -> None:
        """Kill it, whatever it does, and cancel who waits for it."""
        self._hear_no_more()
        self._process.kill()
        if self._answer:
            self._answer.cancel()

    def bury(self) -> None:
        """Wait until it has ended, and forget it."""
        self._process.join()
        self._socket.close()
        atexit.unregister(self._process.kill)


# --- in the worker -----------------------------------------------------------------------------------------------


def _serve(its_end: socket.socket) -> None:
    with its_end:
        _confine()
        _answer(its_end)


def _confine() -> None:
    """Limit this process, and leave Ctrl-C and the service manager's SIGTERM to the daemon."""
    for handled_by_the_daemon in (signal.SIGINT, signal.SIGTERM):
        signal.signal(handled_by_the_daemon, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_LIMIT if most == resource.RLIM_INFINITY else min(MEMORY_LIMIT, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.disable()  # what parsers log are the words of documents
    gc.freeze()  # what was imported stays; to look through it again and again takes longer than most documents


def _answer(daemon: socket.socket) -> None:
    """Read one document after the other until the daemon is gone."""
    with contextlib.suppress(EOFError, OSError), daemon.makefile("rb") as asked:
        daemon.sendall(_READY)
        while True:
            words = pickle.dumps(_read(_unpacked(asked)), protocol=5)
            daemon.sendall(_SIZE.pack(len(words)) + words)


def _read(task: _Task) -> Done[Any] | Killed:
    """Return what the reader returns.

    At the deadline the kernel ends this process, even within C code that never returns, and even when the daemon that
    should have killed it is gone. Unlike Pebble's its clock is not the wall clock, which may be set back by an hour.
    """
    signal.setitimer(signal.ITIMER_REAL, task.deadline.total_seconds())
    began = time.perf_counter()
    try:
        value = task.reader(*task.args, **task.kwargs)
    except MemoryError:
        return Killed(reason=Death.MEMORY)
    except _FAULTS as fault:
        return Killed(reason=Death.CRASHED, detail=_place(fault))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return Done(value=value, took=timedelta(seconds=time.perf_counter() - began))


def _place(fault: BaseException) -> str:
    frame = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{type(fault).__name__} in {Path(frame.filename).name}:{frame.lineno}"
