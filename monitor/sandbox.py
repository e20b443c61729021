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
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from multiprocessing.connection import Connection
from pathlib import Path
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
    """Two lanes with one worker process each; a worker starts with the first document of its lane."""

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


def _send(task: _Task, pipe: Connection) -> None:
    """Send a task, with its documents as they are: pickled, each of them would be in the memory twice."""
    documents: list[pickle.PickleBuffer] = []
    args = tuple(pickle.PickleBuffer(each) if isinstance(each, bytes) else each for each in task.args)
    words = pickle.dumps((task.reader, args, task.kwargs, task.deadline), protocol=5, buffer_callback=documents.append)
    pipe.send_bytes(bytes([len(documents)]) + words)
    for document in documents:
        pipe.send_bytes(document)


def _receive(pipe: Connection) -> _Task:
    message = memoryview(pipe.recv_bytes())
    documents = [pipe.recv_bytes() for _ in range(message[0])]
    return _Task(*pickle.loads(message[1:], buffers=documents))  # noqa: S301 - our own


# --- in the daemon -----------------------------------------------------------------------------------------------


class _Queue:
    """One worker, the documents that wait for it, and the thread that waits for its answers."""

    def __init__(self, idle: timedelta) -> None:
        self._idle = idle.total_seconds()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox")
        self._worker: _Worker | None = None
        self._rest: asyncio.TimerHandle | None = None
        self._closed = False

    async def run(self, task: _Task) -> Any:  # noqa: ANN401 - no types come through the pipe to a worker
        loop = asyncio.get_running_loop()
        if self._rest:
            self._rest.cancel()
        if not self._closed:  # a document that waits for longer than that has the worker started anew
            self._rest = loop.call_later(self._idle, self._thread.submit, self._bury)
        return await loop.run_in_executor(self._thread, self._ask, task)

    def _ask(self, task: _Task) -> object:
        if self._worker and self._worker.has_died:
            self._bury()
        self._worker = self._worker or _Worker()
        self._stop_if_closed()
        answer = self._worker.ask(task)
        if isinstance(answer, Killed) or self._worker.asked >= DOCUMENTS_PER_WORKER:
            self._bury()
        self._stop_if_closed()
        return answer

    def _stop_if_closed(self) -> None:
        if self._closed:
            raise CancelledError

    def close(self) -> None:
        self._closed = True
        if self._rest:
            self._rest.cancel()
        if self._worker:
            self._worker.kill()
        self._thread.shutdown(cancel_futures=True)
        self._bury()

    def _bury(self) -> None:
        if self._worker:
            self._worker.bury()
        self._worker = None


class _Worker:
    """A process that reads documents, and the pipe to it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_READERS)
        self._pipe, its_end = context.Pipe()
        self._process = context.Process(target=_serve, args=(its_end,), name="wirebell reader", daemon=True)
        self._process.start()
        its_end.close()
        self._ears = select.poll()  # kept, for to make one takes as long as the rest of an answer's way
        self._ears.register(self._pipe, select.POLLIN)
        self.kill = self._process.kill
        atexit.register(self.kill)  # or the interpreter's end would ask it to go by SIGTERM, and wait
        self.asked = 0
        if self._hear(PATIENCE) is None:
            self.bury()
            raise ChildProcessError("a reader's process did not start")

    @property
    def has_died(self) -> bool:
        """Return whether it died between two documents, neither of which is to blame."""
        return bool(self._ears.poll(0))  # unasked it says nothing, so it is the pipe's end that can be heard

    def ask(self, task: _Task) -> object:
        """Return Done or Killed; after Killed the worker is of no more use."""
        self.asked += 1
        with contextlib.suppress(OSError):  # it died just now: nothing will be heard
            _send(task, self._pipe)
        return self._hear(task.deadline + GRACE) or self._cause_of_death(task.deadline)

    def _hear(self, patience: timedelta) -> object:
        """Return what the worker says, None when it died or says nothing."""
        with contextlib.suppress(EOFError, OSError):
            if self._ears.poll(patience.total_seconds() * 1000):
                return self._pipe.recv()
        return None

    def _cause_of_death(self, deadline: timedelta) -> Killed:
        self._process.join(GRACE.total_seconds())
        code = self._process.exitcode
        if code in {None, -signal.SIGALRM}:
            return Killed(reason=Death.TOO_LONG, detail=f"over {deadline.total_seconds():g} s")
        return Killed(reason=Death.CRASHED, detail=signal.Signals(-code).name if code < 0 else f"exit {code}")

    def bury(self) -> None:
        self.kill()
        self._process.join()
        self._pipe.close()
        atexit.unregister(self.kill)


# --- in the worker -----------------------------------------------------------------------------------------------


def _serve(pipe: Connection) -> None:
    _confine()
    _answer(pipe)


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


def _answer(pipe: Connection) -> None:
    """Read one document after the other until the daemon has closed the pipe or is gone."""
    with contextlib.suppress(EOFError, OSError):
        pipe.send("ready")
        while True:
            pipe.send_bytes(pickle.dumps(_read(_receive(pipe)), protocol=5))


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
