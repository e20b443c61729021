"""The one door to the network: what is asked for comes back whole and bounded, or with the reason why not.

    exchange(Request)
      address  http or https, a host, a port that exists
      guard    name → addresses, all of them public or allowed; the very address that was checked is dialled
      hops     at most 5 redirects, each through the guard, none of their bodies read
      body     of 2xx answers only; plain or gzip, unpacked in small pieces up to the request's limit
    → Response | Refused

One deadline spans the whole exchange. What a server lets us in with is told to its own origin alone. A proxy, where the
owner names one, is trusted in the guard's place: it finds the addresses. Cookie jars, proxies of the environment and
kept connections do not exist here.
"""

from __future__ import annotations

import asyncio
import http.cookiejar
import ssl
import sys
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from http import HTTPStatus
from importlib.util import find_spec

import httpcore
import httpx

from monitor.address import Range
from monitor.dialler import Guard, Lookups, NoAnswer, Resolve, ToProxy, spelt
from monitor.exchange import Access, Refusal, Refused, Request, Response
from monitor.room import Place, Room

if find_spec("sniffio") is None:
    # httpcore looks for it several times at each request, and the interpreter through all its folders each time: that
    # was a quarter of what a poll cost. What is None here it knows at once not to be there.
    sys.modules["sniffio"] = None  # type: ignore[assignment]

CONNECT_LIMIT = timedelta(seconds=5)
#: Longest silence before or within an answer.
READ_LIMIT = timedelta(seconds=10)
REDIRECTS = 5
#: Bytes that large bodies may hold together, from the first until they have been read; one more may exceed it (see
#: Room). There are two such rooms: in one, what hangs its reader would keep out a large feed that is read at once. With
#: one of 48 MB, in which a body was free as soon as it was whole, twenty hostile feeds cost 91 MB.
ROOM = 8 * 1024 * 1024
#: Bodies up to this size never wait for room: 218 of 223 real feeds are smaller.
SMALL = 256 * 1024
#: Bytes unpacked in one go: httpx's decoders turn 316 bytes into one piece of 200 MB.
PIECE = 64 * 1024
#: Longest detail that is kept: HTTP faults quote up to 100 KB of what the server sent.
DETAIL = 200

#: What one request goes by.
_Way = httpcore.AsyncHTTPConnection | httpcore.AsyncHTTPProxy

_MOVED_FOR_GOOD = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT})
_REDIRECTS = _MOVED_FOR_GOOD | {HTTPStatus.FOUND, HTTPStatus.SEE_OTHER, HTTPStatus.TEMPORARY_REDIRECT}


class Network:
    """Asks servers in the public part of the internet, and in the ranges that the owner allows."""

    def __init__(
        self,
        *,
        user_agent: str,
        allow: tuple[Range, ...] = (),
        timeout: timedelta = timedelta(seconds=30),
        ssl_context: ssl.SSLContext | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        """Open the door.

        Args:
            user_agent: What servers are told about who asks.
            allow: Ranges that are not public and may be asked all the same.
            timeout: The longest that one exchange may take in all, redirects included.
            ssl_context: Shared by all connections; a new one costs 20 ms. None trusts the authorities of certifi.
            resolve: Finds the addresses of a name, in place of this machine's resolver.
        """
        self._timeout = timeout
        #: Of the exchanges under way.
        self._deadlines: set[asyncio.Timeout] = set()
        self._rooms = {slow: Room(ROOM) for slow in (False, True)}
        lookups = Lookups(resolve)
        self._guard = Guard(lookups, allow)
        self._client = httpx.AsyncClient(
            transport=_Transport(lookups, self._guard, ssl_context or httpx.create_ssl_context(trust_env=False)),
            headers={"User-Agent": user_agent, "Accept-Encoding": "gzip", "Connection": "close"},
            cookies=http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=())),
            timeout=httpx.Timeout(READ_LIMIT.total_seconds(), connect=CONNECT_LIMIT.total_seconds(), pool=None),
            follow_redirects=False,
            trust_env=False,
        )

    async def exchange(self, request: Request) -> Response | Refused:
        """Return the answer to a request, or why there is none; what the world does never raises."""
        async with self.answering(request) as answer:
            return answer

    @asynccontextmanager
    async def answering(self, request: Request) -> AsyncIterator[Response | Refused]:
        """Return what ``exchange`` returns; its body counts as held until the block ends."""
        place = Place(self._rooms[request.slow])
        try:
            answer = await self._exchange(request, place)
            if isinstance(answer, Refused):
                place.leave()
            yield answer
        finally:
            place.leave()

    async def _exchange(self, request: Request, place: Place) -> Response | Refused:
        deadline = asyncio.timeout(self._timeout.total_seconds())
        self._deadlines.add(deadline)
        try:
            async with deadline:
                return await self._follow(request, place)
        except TimeoutError:
            if self._client.is_closed:
                return Refused(reason=Refusal.CONNECT, detail="broke off")
            return Refused(reason=Refusal.TIMEOUT, detail=f"not whole after {self._timeout.total_seconds():g} s")
        except _FAULTS as fault:
            reason, detail = _reason(fault)
            return Refused(reason=reason, detail=request.access.scrubbed(detail)[:DETAIL])
        finally:
            self._deadlines.discard(deadline)

    async def aclose(self) -> None:
        """Close the door: exchanges under way are cut off and end as refused, and none may begin afterwards."""
        for deadline in self._deadlines:
            if not deadline.expired():
                deadline.reschedule(0)  # which is long past, whatever the exchange waits for
        await self._client.aclose()

    async def _follow(self, request: Request, place: Place) -> Response:
        url = _usable(httpx.URL(request.url))
        access, for_good = request.access, True
        for hop in range(REDIRECTS + 1):
            if access.proxy:
                self._guard.check(url.host, spelt(url.raw_host.decode("ascii")))
            bare, password = _without_password(url)
            headers = _bytes(_told(request, url))
            asking = self._client.stream("GET", bare, headers=headers, auth=password, extensions={"access": access})
            async with asking as answer:
                answer.headers.encoding = "iso-8859-1"  # keeps every byte: an ETag must go back as it came
                location = _location(answer)
                if location is None:
                    return Response(
                        url=str(bare),
                        status=answer.status_code,
                        headers=_first_of_each(answer.headers),
                        body=await self._body(answer, request.limit, place) if answer.is_success else b"",
                        moved_to=str(url) if hop and for_good and not access.shows(str(url)) else None,
                    )
            for_good = for_good and answer.status_code in _MOVED_FOR_GOOD
            url = _usable(url.join(location))
        raise NoAnswer(Refusal.REDIRECTS, f"more than {REDIRECTS}, the last one to {url.host}")

    async def _body(self, answer: httpx.Response, limit: int, place: Place) -> bytes:
        body, received = bytearray(), 0
        unpacked = _unpacker(answer.headers.get("content-encoding", "identity"))
        async for chunk in answer.aiter_raw():
            received += len(chunk)
            for piece in unpacked.pieces(chunk):
                body += piece
                if max(received, len(body)) > limit:
                    raise NoAnswer(Refusal.TOO_LARGE, f"more than {limit} bytes")
                if len(body) > SMALL:
                    await place.take(len(piece))
                # A bomb is one chunk of 10 kB, whose 160 pieces would hold up all others for 80 ms.
                await asyncio.sleep(0)
        unpacked.end()
        return bytes(body)


#: All that httpx, httpcore, zlib and the address parsers raise for what a server or a feed list says.
#: UnicodeError and bad IPv6 brackets are ValueErrors, and a port that is too large is an OverflowError.
_FAULTS = (
    NoAnswer,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpx.HTTPError,
    httpx.InvalidURL,
    zlib.error,
    OSError,
    OverflowError,
    ValueError,
)


def _reason(fault: Exception) -> tuple[Refusal, str]:  # noqa: PLR0911 - a table
    match fault:
        case NoAnswer(reason=reason, detail=detail):
            return reason, detail
        case httpcore.ConnectTimeout():
            return Refusal.TIMEOUT, f"no secure connection after {CONNECT_LIMIT.total_seconds():g} s"
        case httpcore.TimeoutException():
            return Refusal.TIMEOUT, f"silent for {READ_LIMIT.total_seconds():g} s"
        case httpcore.ConnectError() | ssl.SSLError():  # the guard has its own words for faults before the handshake
            return Refusal.TLS, _tls_words(fault)
        case httpcore.ProxyError():
            return Refusal.PROXY, str(fault)
        case httpcore.LocalProtocolError() | httpx.InvalidURL() | ValueError():
            return Refusal.URL, str(fault)
        case httpcore.ProtocolError() | httpx.HTTPError():
            return Refusal.PROTOCOL, str(fault)
        case zlib.error():
            return Refusal.ENCODING, "it says gzip and is not"
        case _:
            return Refusal.CONNECT, str(fault) or "broke off"


def _tls_words(fault: Exception) -> str:
    """Return what OpenSSL says of a handshake; httpcore keeps its error as the only argument of its own."""
    cause = next(iter(fault.args), fault)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return cause.verify_message
    return (getattr(cause, "reason", None) or "broke off").replace("_", " ").lower()


def _usable(url: httpx.URL) -> httpx.URL:
    if url.scheme not in {"http", "https"}:
        raise NoAnswer(Refusal.URL, f"{url.scheme or 'no scheme'}: only http and https are asked")
    if not url.host:
        raise NoAnswer(Refusal.URL, "it names no host")
    if url.port is not None and not 0 < url.port < 1 << 16:
        raise NoAnswer(Refusal.URL, f"port {url.port} does not exist")
    return url


def _without_password(url: httpx.URL) -> tuple[httpx.URL, httpx.BasicAuth | None]:
    """Return an address that may be logged and passed on, and what to prove with that it does not say any more."""
    if not url.userinfo:
        return url, None
    return url.copy_with(username="", password=""), httpx.BasicAuth(url.username, url.password)


def _told(request: Request, url: httpx.URL) -> Mapping[str, str]:
    """Return the headers for one hop: those that let us in go to their own origin alone (RFC 6454, section 4)."""
    told = dict(request.headers)
    if request.access.user_agent:
        told["User-Agent"] = request.access.user_agent
    if request.access.headers and _origin(url) == _origin(httpx.URL(request.access.url)):
        own = dict(request.access.headers)
        names = {name.lower() for name in own}
        told = {name: value for name, value in told.items() if name.lower() not in names} | own
    return told


def _origin(url: httpx.URL) -> tuple[str, bytes, int | None]:
    return url.scheme, url.raw_host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def _bytes(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def _first_of_each(headers: httpx.Headers) -> Mapping[str, str]:
    return dict(reversed(headers.multi_items()))


def _location(answer: httpx.Response) -> str | None:
    """Return where an answer leads to, None where it leads nowhere: an empty Location would only lead to itself."""
    if answer.status_code not in _REDIRECTS:
        return None
    value = answer.headers.get("location", "").encode("latin-1").decode("utf-8", "replace")
    return value.strip() or None


class _Plain:
    def pieces(self, chunk: bytes) -> Iterable[bytes]:
        return (chunk,)

    def end(self) -> None:
        pass


class _Gzip:
    """Unpacks gzip in pieces of bounded size, one member after another (RFC 1952, section 2.2).

    Padding or rubbish behind a whole member is ignored, as gzip(1) and browsers do.
    """

    def __init__(self) -> None:
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._members = 0
        #: Whether a member has begun whose end has not come.
        self._owed = False

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        try:
            while chunk:
                self._owed |= self._members == 0
                piece = self._member.decompress(chunk, PIECE)
                self._owed |= bool(piece)
                yield piece
                chunk = self._member.unconsumed_tail
                if self._member.eof:
                    chunk = self._member.unused_data
                    self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
                    self._members += 1
                    self._owed = False
        except zlib.error:
            if self._owed:
                raise

    def end(self) -> None:
        if self._owed:
            raise NoAnswer(Refusal.PROTOCOL, "its gzip is cut off")


def _unpacker(coding: str) -> _Plain | _Gzip:
    match coding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip":
            return _Gzip()
        case _:
            raise NoAnswer(Refusal.ENCODING, repr(coding))


class _Transport(httpx.AsyncBaseTransport):
    """Lets httpx speak through the guard: its own transport takes no network backend.

    Each request has a connection of its own, for each feed has its own host: a pool would find none to use again, and
    costs httpcore quadratic time. Errors of httpcore pass as they are: this module is their only reader.
    """

    def __init__(self, lookups: Lookups, guard: Guard, ssl_context: ssl.SSLContext) -> None:
        self._guard, self._to_proxy = guard, ToProxy(lookups)
        #: By the authorities that are trusted besides.
        self._trusting: dict[str | None, ssl.SSLContext] = {None: ssl_context}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url, extensions = request.url, dict(request.extensions)
        access: Access = extensions.pop("access")
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=extensions,
        )
        way = self._way(access, asked.url.origin)
        try:
            answer = await way.handle_async_request(asked)
        except BaseException:
            await way.aclose()
            raise
        return httpx.Response(answer.status, headers=answer.headers, stream=_Stream(way, answer))

    def _way(self, access: Access, origin: httpcore.Origin) -> _Way:
        trusting = self._context(access.authorities)
        if (proxy := access.proxy) is None:
            return httpcore.AsyncHTTPConnection(origin, ssl_context=trusting, network_backend=self._guard)
        return httpcore.AsyncHTTPProxy(
            proxy.url,
            proxy_auth=proxy.login and (proxy.login[0].encode(), proxy.login[1].encode()),
            ssl_context=trusting,
            proxy_ssl_context=trusting if proxy.url.startswith("https:") else None,
            network_backend=self._to_proxy,
        )

    def _context(self, authorities: str | None) -> ssl.SSLContext:
        if authorities not in self._trusting:
            context = self._trusting[authorities] = ssl.create_default_context()
            context.load_verify_locations(cadata=authorities)
        return self._trusting[authorities]


class _Stream(httpx.AsyncByteStream):
    def __init__(self, way: _Way, answer: httpcore.Response) -> None:
        self._way, self._answer, self._begun = way, answer, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._begun = True
        async for chunk in self._answer.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        try:
            if self._begun:  # else it would cost a lock and a turn of the loop for nothing
                await self._answer.aclose()
        finally:
            await self._way.aclose()
