"""A real HTTP proxy on loopback that keeps what it was asked, and finds every name at one address."""

from __future__ import annotations

import asyncio
import ssl
import threading
from base64 import b64encode
from dataclasses import dataclass
from typing import Self

from tests.http_server import PATIENCE, closing


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it arrived: ``GET http://feed.test/rss`` or ``CONNECT feed.test:443``."""

    line: str
    #: The whole head, as it came.
    head: str


class ProxyServer:
    """Passes on what it is asked to one server, whatever name it has, and tunnels what is to be secure.

    A context manager; with ``login`` it lets nobody through without, and with ``tls`` it is itself asked in secret.
    """

    def __init__(self, port: int, *, login: tuple[str, str] | None = None, tls: ssl.SSLContext | None = None) -> None:
        """Make a proxy that is not started yet, in front of the server at a port of loopback."""
        self._behind, self._tls = port, tls
        self._key = f"Basic {b64encode(':'.join(login).encode()).decode()}" if login else None
        self.asked: list[Asked] = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="proxy", daemon=True)

    def __enter__(self) -> Self:
        """Start it and wait until it accepts."""
        self._thread.start()
        assert self._ready.wait(PATIENCE), "the proxy did not start"
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)

    @property
    def url(self) -> str:
        """Return its address."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0, ssl=self._tls)
        async with server:
            self._port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stop.wait()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with closing(writer):
            head = await reader.readuntil(b"\r\n\r\n")
            line, _, rest = head.decode("latin-1").partition("\r\n")
            self.asked.append(Asked(line=line.rpartition(" ")[0], head=head.decode("latin-1")))
            if self._key and f"proxy-authorization: {self._key}".lower() not in rest.lower():
                writer.write(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
            else:
                await self._pass_on(head, line, reader, writer)

    async def _pass_on(
        self, head: bytes, line: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._behind)
        async with closing(to_server):
            if line.startswith("CONNECT"):
                writer.write(b"HTTP/1.1 200 Go on\r\n\r\n")
            else:
                method, url, version = line.split(" ")
                path = f"/{url.split('/', 3)[3]}"
                to_server.write(f"{method} {path} {version}\r\n".encode() + head.partition(b"\r\n")[2])
            await asyncio.gather(_pump(reader, to_server), _pump(from_server, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(1 << 16):
            writer.write(piece)
            await writer.drain()
        writer.close()
    except OSError:
        writer.transport.abort()
