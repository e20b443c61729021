"""A real HTTP server on loopback that says what a test scripts, keeps what it was asked, and can behave badly."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from enum import Enum, auto
from http import HTTPStatus
from typing import Self

#: Seconds that no wait of a test outlasts.
PATIENCE = 5.0
_HEAD_LIMIT = 1 << 20
#: Turns of its loop that asyncio needs, with some to spare, from accepting a connection to the first line of ours,
#: which closes it; a connection whose server ends on the way leaves an open socket.
_TURNS = 8


class Mode(Enum):
    """How a reply ends, or does not."""

    #: The whole reply, then the end of the connection.
    ANSWER = auto()
    #: Nothing at all, until the client or the server closes.
    HANG = auto()
    #: The connection ends without an answer.
    DROP = auto()
    #: The body, or all that goes over the wire, comes one byte at a time.
    DRIP = auto()
    #: The body comes whole, but more is promised and never comes.
    STALL = auto()
    #: The body is sent again and again for ever.
    ENDLESS = auto()
    #: 103 Early Hints are sent for ever.
    HINTS = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server says once to one request."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    #: Seconds before the first byte.
    delay: float = 0.0
    #: Everything that goes over the wire, in place of status, headers and body.
    raw: bytes | None = None
    mode: Mode = Mode.ANSWER
    #: Seconds between two bytes of a drip, or two hints.
    pace: float = 0.02


HANG = Reply(mode=Mode.HANG)
DROP = Reply(mode=Mode.DROP)
NOT_FOUND = Reply(status=404)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request as it arrived."""

    method: str
    #: Path and query.
    path: str
    #: Names in lower case; repeated headers are joined by a comma.
    headers: Mapping[str, str]
    body: bytes
    #: Monotonic clock.
    at: float


class HttpServer:
    """Serves scripted replies on a free loopback port, in a thread with a loop of its own.

    A context manager for sync and async tests alike::

        with HttpServer() as server:
            server.reply("/feed", Reply(body=b"first"), Reply(status=304))
            ...
            server.wait_for(2)
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        more_hosts: Sequence[str] = (),
    ) -> None:
        """Make a server that is not started yet; with ``tls`` it speaks HTTPS; ``more_hosts`` share its port."""
        self._tls, self._host, self._more_hosts = tls, host, more_hosts
        self._replies: dict[str, deque[Reply]] = {}
        self._received: list[Received] = []
        self._connections = 0
        self._changed = threading.Condition()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="http server", daemon=True)
        #: Where it listens; set when the server has started, unless it was asked for.
        self.port = port

    def __enter__(self) -> Self:
        """Start the server and wait until it accepts."""
        self._thread.start()
        if not self._ready.wait(PATIENCE):
            msg = "the test server did not start"
            raise TimeoutError(msg)
        return self

    def __exit__(self, *_: object) -> None:
        """End every connection and wait until the thread has ended."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)

    def url(self, path: str = "/", *, host: str | None = None) -> str:
        """Return the address of a path; ``host`` is for other names and spellings of this server's address."""
        return f"{'https' if self._tls else 'http'}://{host or self._host}:{self.port}{path}"

    def reply(self, path: str, *replies: Reply) -> str:
        """Script the replies of a path, used in turn, the last one for ever; return the path's address.

        A path without a script answers 404; a query belongs to the path.
        """
        with self._changed:
            self._replies[path] = deque(replies)
        return self.url(path)

    @property
    def received(self) -> tuple[Received, ...]:
        """Every request so far, in order of arrival."""
        with self._changed:
            return tuple(self._received)

    @property
    def connections(self) -> int:
        """How many connections were accepted (with TLS: whose handshake was done)."""
        with self._changed:
            return self._connections

    def asked(self, path: str) -> tuple[Received, ...]:
        """Return the requests for one path."""
        return tuple(request for request in self.received if request.path == path)

    def wait_for(self, count: int, timeout: float = PATIENCE) -> tuple[Received, ...]:
        """Wait until so many requests have arrived, and return all of them; in an async test use ``arrived``."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._received) >= count, timeout):
                msg = f"{len(self._received)} of {count} requests arrived within {timeout:g} s"
                raise TimeoutError(msg)
            return tuple(self._received)

    async def arrived(self, count: int, timeout: float = PATIENCE) -> tuple[Received, ...]:  # noqa: ASYNC109
        """Do what ``wait_for`` does without holding up the test's own loop."""
        return await asyncio.to_thread(self.wait_for, count, timeout)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._talk, self._host, self.port, ssl=self._tls, limit=_HEAD_LIMIT)
        async with server:
            self.port = server.sockets[0].getsockname()[1]
            async with await self._serve_more():
                self._ready.set()
                await self._stop.wait()
                self._loop.remove_reader(server.sockets[0].fileno())
                for _ in range(_TURNS):
                    await asyncio.sleep(0)

    async def _serve_more(self) -> AbstractAsyncContextManager[object]:
        if not self._more_hosts:
            return nullcontext()
        return await asyncio.start_server(self._talk, self._more_hosts, self.port, limit=_HEAD_LIMIT)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with self._changed:
            self._connections += 1
        async with closing(writer):
            request = await _request(reader)
            await _say(self._note(request), reader, writer)

    def _note(self, request: Received) -> Reply:
        with self._changed:
            self._received.append(request)
            self._changed.notify_all()
            replies = self._replies.get(request.path, deque([NOT_FOUND]))
            return replies.popleft() if len(replies) > 1 else replies[0]


@asynccontextmanager
async def closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """End the connection whatever happens; a client that leaves in the middle, or at our stop, is no fault."""
    try:
        yield
        writer.close()
        await writer.wait_closed()
    except (OSError, EOFError, asyncio.CancelledError):
        writer.transport.abort()


async def _request(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    start, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    method, path, _ = start.split(" ", 2)
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        known = headers.get(name.lower())
        headers[name.lower()] = f"{known}, {value.strip()}" if known else value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method=method, path=path, headers=headers, body=body, at=time.monotonic())


async def _say(reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(reply.delay)
    match reply.mode:
        case Mode.HANG:
            await reader.read()
        case Mode.DROP:
            pass
        case Mode.HINTS:
            await _endlessly(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", writer, reply.pace)
        case Mode.ANSWER:
            await _write(_head(reply) + reply.body if reply.raw is None else reply.raw, writer)
        case Mode.STALL:
            await _write(_head(reply, promised=1) + reply.body, writer)
            await reader.read()
        case Mode.DRIP:
            await _write(_head(reply) if reply.raw is None else b"", writer)
            for byte in reply.body if reply.raw is None else reply.raw:
                await _write(bytes([byte]), writer)
                await asyncio.sleep(reply.pace)
        case Mode.ENDLESS:
            await _write(_head(reply, promised=1 << 40), writer)
            await _endlessly(reply.body, writer, 0)


async def _endlessly(piece: bytes, writer: asyncio.StreamWriter, pace: float) -> None:
    while not writer.is_closing():
        await _write(piece, writer)
        await asyncio.sleep(pace)


async def _write(data: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(data)
    await writer.drain()


def _head(reply: Reply, *, promised: int = 0) -> bytes:
    """Return status line and headers; ``promised`` is how many bytes more are announced than the body has."""
    headers = {name.lower(): value for name, value in reply.headers.items()}
    if "transfer-encoding" not in headers and reply.status != HTTPStatus.NOT_MODIFIED:
        headers.setdefault("content-length", str(len(reply.body) + promised))
    headers.setdefault("connection", "close")
    lines = [f"HTTP/1.1 {reply.status} Scripted", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
