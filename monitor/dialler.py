"""Dials: a name becomes addresses, which the guard checks, and the very address that was checked is dialled."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_address

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
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection to the first address of a host that answers."""
        fault = NoAnswer(Refusal.DNS, f"{host} has no address")
        for address in (await self._addresses(host))[:DIALS]:
            try:
                return await self._inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except httpcore.ConnectTimeout:
                fault = NoAnswer(Refusal.TIMEOUT, f"no connection to {address} port {port} after {timeout:g} s")
            except httpcore.ConnectError as error:
                fault = NoAnswer(Refusal.CONNECT, f"{address} port {port}: {_dial_words(error)}")
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
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection to the proxy."""
        try:
            return await super().connect_tcp(host, port, timeout, local_address, socket_options)
        except NoAnswer as fault:
            raise NoAnswer(Refusal.PROXY, fault.detail) from None


def _dial_words(error: httpcore.ConnectError) -> str:
    """Return the system's words for a failed dial; httpcore keeps the OSError, and anyio the one below it."""
    outer = error.args[0] if error.args else None
    inner = getattr(outer, "__cause__", None) or outer
    number = getattr(inner, "errno", None)
    return os.strerror(number) if number else str(inner)
