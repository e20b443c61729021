"""Connections: bounded whatever a server does, and closed however an exchange ends."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path

import httpcore
import pytest
import trustme

from monitor.dialler import PIECE, Dialler, Lookups
from monitor.exchange import Refusal, Refused, Request
from monitor.network import Network

HOST = "127.0.0.1"
Serving = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(talk: Serving, tls: ssl.SSLContext | None = None, host: str = HOST) -> AsyncIterator[int]:
    async def whole(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except OSError:
            pass  # the other side has left
        finally:
            writer.transport.abort()

    async with await asyncio.start_server(whole, host, 0, ssl=tls) as server:
        yield server.sockets[0].getsockname()[1]


async def dial(port: int) -> httpcore.AsyncNetworkStream:
    return await Dialler(Lookups()).connect_tcp(HOST, port, 5)


@pytest.fixture
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return that of a server and that of its client."""
    authority = trustme.CA()
    context, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert(HOST).configure_cert(context)
    authority.configure_trust(trusting)
    return context, trusting


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[socket.socket]]:
    """Keep every socket that is made, and see in the end that each of them was closed."""
    made: list[socket.socket] = []

    class Kept(socket.socket):
        def __init__(self, *args: int, **more: int) -> None:
            super().__init__(*args, **more)
            made.append(self)

    monkeypatch.setattr("monitor.dialler.socket.socket", Kept)
    yield made
    assert made
    assert {each.fileno() for each in made} == {-1}


async def test_of_a_flood_no_more_is_taken_than_was_asked_for() -> None:
    sent = 0

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        while True:
            writer.write(bytes(PIECE))
            sent += PIECE
            await asyncio.wait_for(writer.drain(), 0.3)

    async with serving(flood) as port:
        stream = await dial(port)
        taken = len(await stream.read(1000, 5))
        before = -1
        while before != sent:  # until the system between us takes no more
            before = sent
            await asyncio.sleep(0.1)
        await stream.aclose()
    assert taken <= 1000
    assert sent < 64 << 20


async def test_a_flood_leaves_others_their_turn(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(bytes(PIECE))
            await writer.drain()

    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with serving(flood, contexts[0]) as port:
        stream = await (await dial(port)).start_tls(contexts[1], HOST, 5)
        others = asyncio.create_task(count())
        taken = [len(await stream.read(PIECE, 5)) for _ in range(40)]
        others.cancel()
        await stream.aclose()
    assert max(taken) <= PIECE
    assert turns > sum(taken) // PIECE


async def test_what_is_written_arrives_whole_however_slow_its_reader(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    words, heard = bytes(range(256)) * 40_000, bytearray()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while len(heard) < len(words):
            heard.extend(await reader.read(PIECE))
        writer.write(b"heard")
        await writer.drain()

    for tls in (False, True):
        heard.clear()
        async with serving(listen, contexts[0] if tls else None) as port:
            stream = await dial(port)
            if tls:
                stream = await stream.start_tls(contexts[1], HOST, 5)
            await stream.write(words, 5)
            assert await stream.read(99, 5) == b"heard"
            assert await stream.read(99, 5) == b""
            await stream.aclose()
        assert heard == words


@pytest.mark.parametrize("tls", [False, True])
async def test_a_reader_that_has_stopped_is_given_up(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], *, tls: bool
) -> None:
    ended = asyncio.Event()

    async def stop(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await ended.wait()

    async with serving(stop, contexts[0] if tls else None) as port:
        stream = await dial(port)
        if tls:
            stream = await stream.start_tls(contexts[1], HOST, 5)
        with pytest.raises(httpcore.WriteTimeout):
            await stream.write(bytes(32 << 20), 0.1)
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(1, 0.1)
        await stream.aclose()
        ended.set()


async def test_a_connection_that_was_reset_is_a_fault_of_reading_and_of_writing() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    async with serving(hang_up) as port:
        stream = await dial(port)
        await stream.write(b"ab", 5)
        with pytest.raises(httpcore.ReadError):
            await stream.read(1, 5)
        with pytest.raises(httpcore.WriteError):
            await stream.write(b"c", 5)
        await stream.aclose()


def link_local() -> str | None:
    """Return an address that this machine has on one of its own wires, with its zone."""
    known = Path("/proc/net/if_inet6")
    rows = [line.split() for line in known.read_text().splitlines()] if known.exists() else []
    return next((f"{IPv6Address(bytes.fromhex(row[0]))}%{row[-1]}" for row in rows if row[0].startswith("fe80")), None)


async def test_a_link_local_address_is_dialled_in_its_zone() -> None:
    if (address := link_local()) is None:
        pytest.skip("this machine has no link-local address")

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"here")
        await writer.drain()

    async with serving(greet, host=address) as port:
        stream = await Dialler(Lookups(lambda _: [ip_address(address)])).connect_tcp("near.test", port, 5)
        assert await stream.read(99, 5) == b"here"
        await stream.aclose()


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def rude(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.test ESMTP\r\n")
    await writer.drain()


async def answering_without_end(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\nsome")
    await asyncio.sleep(60)


WAYS = {
    "silence": ("http", silent),
    "no handshake": ("https", silent),
    "no TLS": ("https", rude),
    "a body without end": ("http", answering_without_end),
}


@pytest.mark.usefixtures("sockets")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("end", ["deadline", "call-off", "closed door"])
async def test_a_connection_is_closed_however_its_exchange_ends(way: str, end: str) -> None:
    scheme, talk = WAYS[way]
    begun = asyncio.Event()

    async def noted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.set()
        await talk(reader, writer)

    async with serving(noted) as port:
        door = Network(
            user_agent="t",
            allow=(ip_network("127.0.0.0/8"),),
            timeout=timedelta(seconds=0.1 if end == "deadline" else 5),
            resolve=lambda _: [ip_address(HOST)],
        )
        exchange = asyncio.create_task(door.exchange(Request(url=f"{scheme}://feed.test:{port}/", limit=1 << 20)))
        await asyncio.wait_for(begun.wait(), 5)
        match end:
            case "call-off":
                exchange.cancel()
            case "closed door":
                await door.aclose()
        (answer,) = await asyncio.gather(exchange, return_exceptions=True)
        await door.aclose()
    assert isinstance(answer, asyncio.CancelledError | Refused)


@pytest.mark.usefixtures("sockets")
async def test_an_address_that_cannot_be_dialled_leaves_nothing_open() -> None:
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    door = Network(user_agent="t", allow=(ip_network("127.0.0.0/8"),))
    refused = await door.exchange(Request(url=f"http://{HOST}:{port}/", limit=99))
    await door.aclose()
    assert refused == Refused(reason=Refusal.CONNECT, detail=f"{HOST} port {port}: Connection refused")
