"""A proxy on loopback that leads every HTTPS host to one server of the test's, whose authority this process trusts.

Apprise posts to hooks.slack.com or api.telegram.org and nowhere else. It honours the proxy and the authorities of the
environment, as any program that speaks HTTPS does: so what arrives has gone the whole way, certificate included.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pytest
import trustme

from tests.http_server import PATIENCE, HttpServer

HOSTS = (
    "127.0.0.1",
    "api.telegram.org",
    "chat.googleapis.com",
    "discord.com",
    "hooks.slack.com",
    "slack.com",
)


class Detour:
    """An HTTP proxy that knows CONNECT alone, and one place to connect to; a context manager for its thread."""

    def __init__(self, port: int) -> None:
        """Lead every connection to a port of loopback."""
        self._to = port
        #: Every host that was asked for, in order.
        self.asked: list[str] = []
        self.port = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="detour", daemon=True)

    def __enter__(self) -> Self:
        """Start the proxy; it accepts when this returns."""
        self._thread.start()
        assert self._ready.wait(PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        """End it and its connections."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._lead, "127.0.0.1", 0)
        async with server:
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stop.wait()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, place, _ = head.decode("latin-1").split(" ", 2)
        assert method == "CONNECT"
        self.asked.append(place.partition(":")[0])
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pass(reader, far_writer), _pass(far_reader, writer))


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand on what comes, and at its end the end; a side that is gone takes the other with it."""
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@contextmanager
def led_astray(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[tuple[HttpServer, Detour]]:
    """Yield an HTTPS server that every host is led to, and the proxy that leads there."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(context)
    with HttpServer(tls=context) as server, Detour(server.port) as detour:
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{detour.port}")
        for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder / "ca.pem"))
        yield server, detour
