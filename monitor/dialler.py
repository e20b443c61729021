"""Dials: a name becomes addresses, which the guard checks, and the very address that was checked is dialled.

    name → Lookups → Guard → _Line ─ start_tls ─▶ _Secured

What it returns is spoken over by httpcore, to whose words all faults are mapped once something has been dialled.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_address
from typing import Self, TypeVar, TypeVarTuple

import httpcore

from monitor.address import Address, Range, inner, is_public
from monitor.exchange import Refusal

#: Returns the addresses of a host name, and raises OSError where there are none; called in a thread, and may block.
Resolve = Callable[[str], Sequence[Address]]

LOOKUP_LIMIT = timedelta(seconds=5)
#: Lookups at a time. asyncio's own 6 threads made a good name wait 6 s behind 12 that hang.
LOOKUPS = 32
#: Addresses of one name that are tried in turn.
DIALS = 4
#: Bytes that are taken from a connection at once.
PIECE = 64 * 1024

Given = TypeVarTuple("Given")
Done = TypeVar("Done")


class NoAnswer(Exception):
    """Carries a reason out of httpx; never leaves the network."""

    def __init__(self, reason: Refusal, detail: str) -> None:
        """Say why there is no answer."""
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


class Lookups:
    """Finds addresses in daemon threads: a name that hangs delays neither other names nor the end of the process."""

    def __init__(self, resolve: Resolve | None = None) -> None:
        self._resolve = resolve or _resolve
        self._idle = asyncio.Semaphore(LOOKUPS)

    async def addresses(self, host: str) -> Sequence[Address]:
        """Return the addresses of a name; one that is an address already is its own."""
        with suppress(ValueError):
            return [ip_address(host)]  # without a thread, which would cost a third of a millisecond
        try:
            async with asyncio.timeout(LOOKUP_LIMIT.total_seconds()):
                await self._idle.acquire()
                found: asyncio.Future[Sequence[Address]] = asyncio.get_running_loop().create_future()
                threading.Thread(target=self._look_up, args=(host, found), name=f"lookup {host}", daemon=True).start()
                return await found
        except TimeoutError:
            raise NoAnswer(Refusal.DNS, f"no word about {host} after {LOOKUP_LIMIT.total_seconds():g} s") from None
        except (OSError, ValueError) as error:  # ValueError: labels that are too long or cannot be encoded
            raise NoAnswer(Refusal.DNS, f"{host}: {getattr(error, 'strerror', None) or error}") from None

    def _look_up(self, host: str, found: asyncio.Future[Sequence[Address]]) -> None:
        answer: Sequence[Address] | Exception
        try:
            answer = self._resolve(host)
        except (OSError, ValueError) as error:
            answer = error
        with suppress(RuntimeError):  # the loop has ended meanwhile
            found.get_loop().call_soon_threadsafe(self._settle, found, answer)

    def _settle(self, found: asyncio.Future[Sequence[Address]], answer: Sequence[Address] | Exception) -> None:
        self._idle.release()
        if found.done():  # nobody waits any more
            return
        if isinstance(answer, Exception):
            found.set_exception(answer)
        else:
            found.set_result(answer)


def _resolve(host: str) -> Sequence[Address]:
    answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [ip_address(place[0]) for *_, place in answers]


def spelt(host: str) -> Sequence[Address]:
    """Return the address that a host is a spelling of, such as ``0x7f.1``; none where it is a name."""
    with suppress(ValueError):
        return [ip_address(host)]
    with suppress(OSError):
        return [ip_address(socket.inet_aton(host))]
    return []


class Dialler(httpcore.AsyncNetworkBackend):
    """Dials the addresses of a name in turn. Socket files stay impossible, as the base class leaves them."""

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        *_: object,  # an address and options of our own end, which nobody asks for
        **__: object,
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection to the first address of a host that answers."""
        fault = NoAnswer(Refusal.DNS, f"{host} has no address")
        for address in (await self._addresses(host))[:DIALS]:
            deadline = asyncio.timeout(timeout)
            try:
                async with deadline:
                    return await _Line.to(address, port)
            except OSError as error:
                if deadline.expired():
                    fault = NoAnswer(Refusal.TIMEOUT, f"no connection to {address} port {port} after {timeout:g} s")
                else:
                    fault = NoAnswer(Refusal.CONNECT, f"{address} port {port}: {error.strerror or error}")
        raise fault

    async def _addresses(self, host: str) -> Sequence[Address]:
        return await self._lookups.addresses(host)


class Guard(Dialler):
    """Checks the addresses of a name and dials one of those same answers.

    Every hop passes here, after every parser, with no gap between check and dial: spellings, redirects and names
    that change their answer are all decided by the address. Host header and certificate keep the name.
    """

    def __init__(self, lookups: Lookups, allow: tuple[Range, ...]) -> None:
        super().__init__(lookups)
        self._allow = allow

    async def _addresses(self, host: str) -> Sequence[Address]:
        addresses = await super()._addresses(host)
        self.check(host, addresses)
        return addresses

    def check(self, host: str, addresses: Sequence[Address]) -> None:
        """Raise NoAnswer if one of a host's addresses may not be asked."""
        for address in addresses:
            if not self._may_be_dialled(address):
                place = str(address) if host == str(address) else f"{host} is {address}"
                raise NoAnswer(Refusal.ADDRESS, f"{place}; [network] allow can open it")

    def _may_be_dialled(self, address: Address) -> bool:
        return is_public(address) or any(inner(address) in block for block in self._allow)


class ToProxy(Dialler):
    """Dials a proxy, which is the owner's: it is not guarded, and a fault on the way to it is its own."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        *_: object,
        **__: object,
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection to the proxy."""
        try:
            return await super().connect_tcp(host, port, timeout)
        except NoAnswer as fault:
            raise NoAnswer(Refusal.PROXY, fault.detail) from None


class _Stream(httpcore.AsyncNetworkStream):
    """Can be made secure, also where it is already, as on the way through a proxy."""

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        try:
            secured = _Secured(self, ssl_context, server_hostname)
            async with asyncio.timeout(timeout):
                await secured.shake_hands()
        except BaseException as fault:
            await self.aclose()
            match fault:
                case TimeoutError():
                    raise httpcore.ConnectTimeout from None
                case ssl.SSLEOFError() | httpcore.NetworkError():
                    raise httpcore.ConnectError from None
                case ssl.SSLError():
                    raise httpcore.ConnectError(fault) from fault
            raise
        return secured


class _Line(_Stream):
    """A connection of which nothing is read before somebody asks: what a server floods us with stays outside.

    Every read waits for the loop at least once, so that a flood leaves the others their turn.
    """

    def __init__(self, line: socket.socket) -> None:
        self._socket = line
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def to(cls, address: Address, port: int) -> Self:
        """Dial an address."""
        numeric = socket.AI_NUMERICHOST  # nothing is looked up but the number of a zone
        (family, *_, place), *_ = socket.getaddrinfo(str(address), port, type=socket.SOCK_STREAM, flags=numeric)
        line = socket.socket(family, socket.SOCK_STREAM)
        try:
            line.settimeout(0)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            dialled = cls(line)
            await dialled._dial(place)
        except BaseException:
            line.close()
            raise
        return dialled

    async def _dial(self, place: tuple[object, ...]) -> None:
        with suppress(BlockingIOError):
            self._socket.connect(place)
            return
        await self._until(self._loop.add_writer, self._loop.remove_writer)
        if number := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(number, os.strerror(number))

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> bytes:
        try:
            async with asyncio.timeout(timeout):
                while True:
                    await self._until(self._loop.add_reader, self._loop.remove_reader)
                    with suppress(BlockingIOError):
                        return self._socket.recv(max_bytes)
        except TimeoutError:
            raise httpcore.ReadTimeout from None
        except OSError as error:
            raise httpcore.ReadError from error

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> None:
        if not (rest := memoryview(buffer)):
            return  # as httpcore writes a body that there is not
        try:
            async with asyncio.timeout(timeout):
                while rest:
                    try:
                        rest = rest[self._socket.send(rest) :]
                    except BlockingIOError:
                        await self._until(self._loop.add_writer, self._loop.remove_writer)
        except TimeoutError:
            raise httpcore.WriteTimeout from None
        except OSError as error:
            raise httpcore.WriteError from error

    async def _until(self, add: Callable[..., None], remove: Callable[[int], object]) -> None:
        """Wait until the loop says that there is something to read, or place to write."""
        said, number = self._loop.create_future(), self._socket.fileno()
        add(number, _say, said)
        try:
            await said
        finally:
            remove(number)

    async def aclose(self) -> None:
        self._socket.close()


def _say(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():  # called off in the same turn
        waiting.set_result(None)


class _Secured(_Stream):
    """What OpenSSL makes of a connection."""

    def __init__(self, line: _Stream, context: ssl.SSLContext, host: str | None) -> None:
        self._line = line
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._ssl = context.wrap_bio(self._in, self._out, server_hostname=host)

    async def shake_hands(self) -> None:
        await self._through(self._ssl.do_handshake)

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> bytes:
        try:
            async with asyncio.timeout(timeout):
                return await self._through(self._ssl.read, max_bytes)
        except TimeoutError:
            raise httpcore.ReadTimeout from None
        except ssl.SSLEOFError:  # without a word of goodbye, as many servers do: HTTP knows whether all has come
            return b""

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> None:
        if not buffer:
            return
        try:
            async with asyncio.timeout(timeout):
                await self._through(self._ssl.write, buffer)
        except TimeoutError:
            raise httpcore.WriteTimeout from None

    async def _through(self, step: Callable[[*Given], Done], *given: *Given) -> Done:
        """Take a step of OpenSSL's, and carry for it what it wants to send and to receive."""
        while True:
            try:
                done = step(*given)
            except ssl.SSLWantReadError:
                await self._send()
                self._take(await self._line.read(PIECE))
            else:
                await self._send()
                return done

    async def _send(self) -> None:
        if self._out.pending:
            await self._line.write(self._out.read())

    def _take(self, received: bytes) -> None:
        if received:
            self._in.write(received)
        else:
            self._in.write_eof()

    async def aclose(self) -> None:
        await self._line.aclose()

    def get_extra_info(self, info: str) -> object:
        return self._ssl if info == "ssl_object" else None
