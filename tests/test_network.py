"""The door to the network: what passes, what is refused, and that every exchange ends in time as a value."""

from __future__ import annotations

import asyncio
import gzip
import logging
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from datetime import timedelta
from hashlib import blake2b
from ipaddress import ip_address, ip_network
from itertools import pairwise

import httpcore
import pytest
import trustme

from monitor import dialler, network
from monitor.address import Address, Range, is_public
from monitor.dialler import Guard, Lookups
from monitor.exchange import Answer, Refusal, Refused, Request, Response
from monitor.network import Network
from monitor.room import Room
from tests.conftest import SHARED, needs_shared
from tests.http_server import DROP, HANG, HttpServer, Mode, Reply

HOSTILE = SHARED / "corpus" / "hostile"
LIMIT = 1 << 20
LOOPBACK = (ip_network("127.0.0.0/8"),)
ONLY_ONE = (ip_network("127.0.0.1/32"),)
TRUSTING_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
SOON = timedelta(seconds=0.4)
TWO_MEMBERS = gzip.compress(b"first ") + gzip.compress(b"second")
#: What cannot be packed.
RUBBISH = b"".join(blake2b(number.to_bytes(2, "big")).digest() for number in range(4096))
NOT_PUBLIC = (
    "0.0.0.0",  # noqa: S104 - asked for, not bound
    "10.1.2.3",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.1.1",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "100::1",
    "2001::1",
    "2001:0:808:808::80ff:fffe",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2620:4f:8000::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
    "2606:4700::1111%1",
    "::ffff:8.8.8.8%1",
)
PUBLIC = (
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "223.255.255.255",
    "2001:4860:4860::8888",
    "2606:4700::1111",
    "2a00:1450::1",
    "::8.8.8.8",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2001:0:808:808::f7f7:f7f7",
    "2002:808:808::1",
)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture
async def door() -> AsyncIterator[Network]:
    """A door that opens to loopback, as tests and intranets need it."""
    async with opened(allow=LOOPBACK) as network_:
        yield network_


def opened(
    *,
    allow: tuple[Range, ...] = (),
    timeout: timedelta = timedelta(seconds=5),
    ssl_context: ssl.SSLContext | None = TRUSTING_NOBODY,
    resolve: dialler.Resolve | None = None,
) -> aclosing[Network]:
    return aclosing(
        Network(user_agent="wirebell/test", allow=allow, timeout=timeout, ssl_context=ssl_context, resolve=resolve)
    )


async def ask(door: Network, url: str, *, limit: int = LIMIT, headers: dict[str, str] | None = None) -> Answer:
    return await door.exchange(Request(url=url, headers=headers or {}, limit=limit))


async def whole(door: Network, url: str, *, limit: int = LIMIT) -> Response:
    answer = await ask(door, url, limit=limit)
    assert isinstance(answer, Response), answer
    return answer


async def refusal(door: Network, url: str, *, limit: int = LIMIT) -> Refused:
    answer = await ask(door, url, limit=limit)
    assert isinstance(answer, Refused), answer
    return answer


def names(*addresses: str) -> Callable[[str], Sequence[Address]]:
    """Return a resolver that answers every name with these addresses."""
    return lambda _: [ip_address(address) for address in addresses]


# Addresses


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_a_special_address_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
async def test_a_name_with_a_special_address_is_refused(server: HttpServer, address: str) -> None:
    async with opened(resolve=names(address)) as door:
        refused = await refusal(door, server.url(host="feed.test"))
    assert refused == Refused(
        reason=Refusal.ADDRESS, detail=f"feed.test is {ip_address(address)}; [network] allow can open it"
    )
    assert server.connections == 0


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("127.0.0.1", Refusal.ADDRESS),
        ("127.1", Refusal.ADDRESS),
        ("127.0.1", Refusal.ADDRESS),
        ("127.00.0.01", Refusal.URL),
        ("0x7f.1", Refusal.ADDRESS),
        ("0x7f000001", Refusal.ADDRESS),
        ("0X7F.0.0.1", Refusal.ADDRESS),
        ("2130706433", Refusal.ADDRESS),
        ("017700000001", Refusal.ADDRESS),
        ("0177.1", Refusal.ADDRESS),
        ("0177.0.0.1", Refusal.URL),
        ("0", Refusal.ADDRESS),
        ("0.0.0.0", Refusal.ADDRESS),  # noqa: S104 - asked for, not bound
        ("127。0。0。1", Refusal.ADDRESS),
        ("127．0．0．1", Refusal.ADDRESS),
        ("①②⑦.0.0.1", Refusal.URL),
        ("user@127.0.0.1", Refusal.ADDRESS),
        ("public.test:80@127.0.0.1", Refusal.ADDRESS),
        ("public.test%40127.0.0.1@127.0.0.1", Refusal.ADDRESS),
        ("localhost", Refusal.ADDRESS),
        ("LOCALHOST", Refusal.ADDRESS),
        ("[::1]", Refusal.ADDRESS),
        ("[0:0:0:0:0:0:0:1]", Refusal.ADDRESS),
        ("[::]", Refusal.ADDRESS),
        ("[::ffff:127.0.0.1]", Refusal.ADDRESS),
        ("[::ffff:7f00:1]", Refusal.ADDRESS),
        ("[::127.0.0.1]", Refusal.ADDRESS),
        ("[64:ff9b::127.0.0.1]", Refusal.ADDRESS),
        ("[2002:7f00:1::]", Refusal.ADDRESS),
        ("169.254.169.254", Refusal.ADDRESS),
        ("0xA9FEA9FE", Refusal.ADDRESS),
        ("[fd00:ec2::254]", Refusal.ADDRESS),
        ("[::1", Refusal.URL),
    ],
)
async def test_no_spelling_leads_to_loopback(server: HttpServer, host: str, reason: Refusal) -> None:
    async with opened() as door:
        refused = await refusal(door, server.url(host=host))
    assert (refused.reason, server.connections) == (reason, 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "127。0。0。1", "user@127.0.0.1"])
async def test_allow_opens_a_range_for_every_spelling(server: HttpServer, door: Network, host: str) -> None:
    server.reply("/feed", Reply(body=b"news"))
    assert (await whole(door, server.url("/feed", host=host))).body == b"news"


async def test_allow_opens_the_loopback_of_ipv6() -> None:
    """It is no IPv4-compatible address, though its bits look like 0.0.0.1; nobody listens at port 9."""
    async with opened(allow=(ip_network("::1/128"),)) as door:
        assert (await refusal(door, "http://[::1]:9/")).reason is Refusal.CONNECT


async def test_a_refused_address_is_named_with_the_key_that_opens_it() -> None:
    async with opened() as door:
        refused = await refusal(door, "http://127.0.0.1/")
    assert refused.detail == "127.0.0.1; [network] allow can open it"


async def test_one_address_that_is_not_public_spoils_the_name(server: HttpServer) -> None:
    async with opened(allow=ONLY_ONE, resolve=names("127.0.0.1", "10.0.0.1")) as door:
        refused = await refusal(door, server.url(host="mixed.test"))
    assert (refused.reason, server.connections) == (Refusal.ADDRESS, 0)


async def test_a_name_is_looked_up_once_and_that_answer_is_dialled(server: HttpServer) -> None:
    """A second answer, given to whoever asks again, is never dialled."""
    answers = iter([ip_address("127.0.0.1"), ip_address("127.0.0.2")])
    server.reply("/", Reply(body=b"news"))
    async with opened(allow=ONLY_ONE, resolve=lambda _: [next(answers)]) as door:
        first = await ask(door, server.url(host="rebinding.test"))
        second = await ask(door, server.url(host="rebinding.test"))
    assert isinstance(first, Response)
    assert isinstance(second, Refused)
    assert second.reason is Refusal.ADDRESS


async def test_the_address_counts_where_parsers_disagree_about_the_host(server: HttpServer) -> None:
    asked: list[str] = []

    def resolve(host: str) -> Sequence[Address]:
        asked.append(host)
        return [ip_address("10.0.0.1")]

    async with opened(allow=LOOPBACK, resolve=resolve) as door:
        refused = await refusal(door, f"http://127.0.0.1:{server.port}\\@x.test/")
    assert (asked, refused.reason, server.connections) == (["x.test"], Refusal.ADDRESS, 0)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "feed",
        "//127.0.0.1/feed",
        "http:///feed",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:port/",
        "http://a\nb.test/",
        "http://b\u0000.test/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "gopher://127.0.0.1/",
        "ws://127.0.0.1/",
        "http://x.test/" + "a" * 70_000,
    ],
)
async def test_an_address_that_cannot_be_asked_is_refused(door: Network, url: str) -> None:
    assert (await refusal(door, url)).reason is Refusal.URL


async def test_a_header_that_cannot_be_sent_is_refused(server: HttpServer, door: Network) -> None:
    answer = await ask(door, server.url(), headers={"If-None-Match": "a\r\nX-Injected: b"})
    assert isinstance(answer, Refused)
    assert (answer.reason, server.received) == (Refusal.URL, ())


def test_no_socket_file_can_be_dialled() -> None:
    guard = Guard(Lookups(names()), ())
    with pytest.raises(NotImplementedError):
        asyncio.run(guard.connect_unix_socket("/run/any.sock"))


# Names


async def test_names_that_hang_do_not_delay_a_good_one(server: HttpServer) -> None:
    hanging, let_go = threading.Semaphore(0), threading.Event()

    def resolve(host: str) -> Sequence[Address]:
        if host == "hang.test":
            hanging.release()
            let_go.wait(10)
        return [ip_address("127.0.0.1")]

    server.reply("/", Reply(body=b"news"))
    async with opened(allow=LOOPBACK, resolve=resolve) as door:
        exchanges = [asyncio.create_task(ask(door, server.url(host="hang.test"))) for _ in range(31)]
        try:
            assert await asyncio.to_thread(lambda: all(hanging.acquire(timeout=3) for _ in exchanges))
            assert (await whole(door, server.url(host="good.test"))).body == b"news"
            assert not any(exchange.done() for exchange in exchanges)
        finally:
            let_go.set()
            await asyncio.gather(*exchanges)


async def test_an_address_is_not_looked_up() -> None:
    def resolve(host: str) -> Sequence[Address]:
        pytest.fail(f"{host} was looked up")

    async with opened(resolve=resolve) as door:
        assert (await refusal(door, "http://10.0.0.1/")).reason is Refusal.ADDRESS


async def test_a_name_that_hangs_ends_with_its_own_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialler, "LOOKUP_LIMIT", timedelta(seconds=0.1))
    let_go = threading.Event()

    def resolve(_: str) -> Sequence[Address]:
        let_go.wait(10)
        return []

    async with opened(resolve=resolve) as door:
        refused = await refusal(door, "http://hang.test/")
        let_go.set()
    assert refused == Refused(reason=Refusal.DNS, detail="no word about hang.test after 0.1 s")


def test_a_name_that_hangs_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread is a daemon, and what it says when the loop has ended falls on the floor."""
    monkeypatch.setattr(dialler, "LOOKUP_LIMIT", timedelta(seconds=0.1))
    let_go = threading.Event()
    asking: list[threading.Thread] = []

    def resolve(_: str) -> Sequence[Address]:
        asking.append(threading.current_thread())
        let_go.wait(10)
        return []

    async def exchange() -> None:
        async with opened(resolve=resolve) as door:
            await refusal(door, "http://hang.test/")

    asyncio.run(exchange())
    assert asking[0].daemon
    let_go.set()
    asking[0].join(5)
    assert not asking[0].is_alive()


async def test_a_name_that_answers_too_late_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialler, "LOOKUPS", 1)
    monkeypatch.setattr(dialler, "LOOKUP_LIMIT", timedelta(seconds=0.1))
    let_go = threading.Event()

    def resolve(host: str) -> Sequence[Address]:
        if host == "late.test":
            let_go.wait(10)
        return [ip_address("10.0.0.1")]

    async with opened(resolve=resolve) as door:
        late = await refusal(door, "http://late.test/")
        crowded = await refusal(door, "http://good.test/")
        let_go.set()
        monkeypatch.setattr(dialler, "LOOKUP_LIMIT", timedelta(seconds=5))
        good = await refusal(door, "http://good.test/")
    assert (late.reason, crowded.reason, good.reason) == (Refusal.DNS, Refusal.DNS, Refusal.ADDRESS)


async def test_a_name_that_does_not_exist_is_told_in_the_resolvers_words() -> None:
    def resolve(_: str) -> Sequence[Address]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with opened(resolve=resolve) as door:
        refused = await refusal(door, "http://gone.test/")
    assert refused == Refused(reason=Refusal.DNS, detail="gone.test: Name or service not known")


async def test_a_name_without_an_address_is_refused() -> None:
    async with opened(resolve=names()) as door:
        assert (await refusal(door, "http://empty.test/")).detail == "empty.test has no address"


async def test_a_label_that_is_too_long_is_no_name() -> None:
    async with opened() as door:
        assert (await refusal(door, f"http://{'a' * 64}.test/")).reason is Refusal.DNS


# Connections


async def test_the_next_address_is_dialled_when_one_is_dead(server: HttpServer) -> None:
    server.reply("/", Reply(body=b"news"))
    async with opened(allow=LOOPBACK, resolve=names("127.0.0.2", "127.0.0.1")) as door:
        assert (await whole(door, server.url(host="two.test"))).body == b"news"


async def test_at_most_four_addresses_are_dialled(server: HttpServer) -> None:
    dead = ("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5")
    async with opened(allow=LOOPBACK, resolve=names(*dead, "127.0.0.1")) as door:
        refused = await refusal(door, server.url(host="many.test"))
    assert refused == Refused(reason=Refusal.CONNECT, detail=f"127.0.0.5 port {server.port}: Connection refused")
    assert server.connections == 0


async def test_an_address_that_does_not_pick_up_is_given_up(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "CONNECT_LIMIT", timedelta())
    async with opened(allow=LOOPBACK) as door:
        refused = await refusal(door, server.url())
    assert refused == Refused(reason=Refusal.TIMEOUT, detail=f"no connection to 127.0.0.1 port {server.port} after 0 s")


async def test_a_handshake_that_hangs_is_given_up(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "CONNECT_LIMIT", timedelta(seconds=0.2))
    async with opened(allow=LOOPBACK) as door:
        refused = await refusal(door, server.url().replace("http:", "https:"))
    assert refused == Refused(reason=Refusal.TIMEOUT, detail="no secure connection after 0.2 s")


async def test_proxies_of_the_environment_are_ignored(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpServer() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url())
        server.reply("/", Reply(body=b"news"))
        async with opened(allow=LOOPBACK) as door:
            assert (await whole(door, server.url())).body == b"news"
        assert proxy.connections == 0


async def test_a_call_off_ends_the_exchange_at_once(server: HttpServer, door: Network) -> None:
    server.reply("/", HANG)
    exchange = asyncio.create_task(ask(door, server.url()))
    await server.arrived(1)
    exchange.cancel()
    with pytest.raises(asyncio.CancelledError):
        await exchange


@pytest.mark.parametrize("reply", [HANG, Reply(body=b"some", mode=Mode.STALL)], ids=["before", "within"])
async def test_a_door_that_closes_ends_what_is_under_way_as_a_value(
    server: HttpServer, door: Network, reply: Reply
) -> None:
    exchange = asyncio.create_task(ask(door, server.reply("/", reply)))
    await server.arrived(1)
    await door.aclose()
    assert await exchange == Refused(reason=Refusal.CONNECT, detail="broke off")


async def test_a_door_that_closes_waits_for_no_name_and_no_handshake() -> None:
    asked, let_go, dialled = threading.Event(), threading.Event(), asyncio.Event()

    def resolve(_: str) -> Sequence[Address]:
        asked.set()
        let_go.wait(10)
        return []

    async def keep_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        dialled.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(keep_silent, "127.0.0.1", 0) as mute:
        port = mute.sockets[0].getsockname()[1]
        async with opened(allow=LOOPBACK, resolve=resolve) as door:
            urls = "http://hang.test/", f"https://127.0.0.1:{port}/"
            exchanges = [asyncio.create_task(ask(door, url)) for url in urls]
            assert await asyncio.to_thread(asked.wait, 3)
            await asyncio.wait_for(dialled.wait(), 3)
        answers = await asyncio.wait_for(asyncio.gather(*exchanges), 3)
        let_go.set()
    assert answers == [Refused(reason=Refusal.CONNECT, detail="broke off")] * 2


async def test_a_door_that_has_closed_lets_nothing_out(server: HttpServer, door: Network) -> None:
    await door.aclose()
    with pytest.raises(RuntimeError):
        await ask(door, server.url())
    assert server.connections == 0


# TLS


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure_server(authority: trustme.CA) -> Iterator[HttpServer]:
    """A server that proves to be feed.test."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("feed.test").configure_cert(context)
    with HttpServer(tls=context) as running:
        running.reply("/", Reply(body=b"news"))
        yield running


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def test_the_certificate_is_checked_against_the_name_of_a_pinned_address(
    secure_server: HttpServer, trusting: ssl.SSLContext
) -> None:
    async with opened(allow=LOOPBACK, resolve=names("127.0.0.1"), ssl_context=trusting) as door:
        assert (await whole(door, secure_server.url(host="feed.test"))).body == b"news"
    assert secure_server.received[0].headers["host"] == f"feed.test:{secure_server.port}"


async def test_a_certificate_for_another_name_is_refused(secure_server: HttpServer, trusting: ssl.SSLContext) -> None:
    async with opened(allow=LOOPBACK, resolve=names("127.0.0.1"), ssl_context=trusting) as door:
        refused = await refusal(door, secure_server.url(host="other.test"))
    assert refused.reason is Refusal.TLS
    assert "not valid for 'other.test'" in refused.detail
    assert secure_server.received == ()


async def test_a_certificate_of_an_unknown_authority_is_refused(secure_server: HttpServer) -> None:
    async with opened(allow=LOOPBACK, resolve=names("127.0.0.1"), ssl_context=None) as door:
        refused = await refusal(door, secure_server.url(host="feed.test"))
    assert refused == Refused(reason=Refusal.TLS, detail="unable to get local issuer certificate")


@pytest.mark.parametrize(
    ("greeting", "detail"), [(b"220 mail.test ESMTP\r\n", "wrong version number"), (b"", "broke off")]
)
async def test_a_server_that_speaks_no_tls_is_refused(door: Network, greeting: bytes, detail: str) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as mail:
        port = mail.sockets[0].getsockname()[1]
        assert await refusal(door, f"https://127.0.0.1:{port}/") == Refused(reason=Refusal.TLS, detail=detail)


# What is sent


async def test_a_request_says_who_asks_and_for_what(server: HttpServer, door: Network) -> None:
    await ask(door, server.url("/feed?all=1"), headers={"If-None-Match": '"v1"'})
    (request,) = server.received
    assert (request.method, request.path, request.body) == ("GET", "/feed?all=1", b"")
    assert request.headers == {
        "host": f"127.0.0.1:{server.port}",
        "accept": "*/*",
        "accept-encoding": "gzip",
        "connection": "close",
        "user-agent": "wirebell/test",
        "if-none-match": '"v1"',
    }


async def test_no_cookie_is_ever_sent_back(server: HttpServer, door: Network) -> None:
    server.reply("/", Reply(status=302, headers={"Location": "/next", "Set-Cookie": "id=1; Path=/"}))
    server.reply("/next", Reply(headers={"Set-Cookie": "id=2; Path=/"}))
    await whole(door, server.url())
    await whole(door, server.url())
    assert len(server.received) == 4
    assert not any("cookie" in request.headers for request in server.received)


@pytest.mark.parametrize("etag", ['"x\x85\xe9"', '"\xc3\xa9"'], ids=["any bytes", "UTF-8"])
async def test_an_etag_goes_back_with_the_bytes_it_came_with(server: HttpServer, door: Network, etag: str) -> None:
    server.reply("/", Reply(headers={"ETag": etag}))
    answer = await whole(door, server.url())
    await ask(door, server.url(), headers={"If-None-Match": answer.headers["etag"]})
    assert server.received[1].headers["if-none-match"] == etag


async def test_a_password_in_the_address_is_sent_but_neither_logged_nor_handed_on(
    server: HttpServer, door: Network, caplog: pytest.LogCaptureFixture
) -> None:
    """The answer's address is what links of a feed are resolved against, and those end in alerts."""
    caplog.set_level(logging.DEBUG)
    answer = await whole(door, server.reply("/feed", Reply()).replace("//", "//reader:secret@"))
    assert server.received[0].headers["authorization"] == "Basic cmVhZGVyOnNlY3JldA=="
    assert answer.url == server.url("/feed")
    assert "secret" not in caplog.text


async def test_a_password_stays_in_the_address_of_a_feed_that_has_moved(server: HttpServer, door: Network) -> None:
    server.reply("/old", Reply(status=301, headers={"Location": "/new"}))
    server.reply("/new", Reply())
    answer = await whole(door, server.url("/old", host="reader:secret@127.0.0.1"))
    assert answer.moved_to == server.url("/new", host="reader:secret@127.0.0.1")
    assert "authorization" in server.received[1].headers


# What comes back


@pytest.mark.parametrize(
    ("status", "headers"),
    [(304, {"etag": '"v2"'}), (410, {}), (429, {"retry-after": "120"}), (503, {"retry-after": "-1, tomorrow"})],
)
async def test_an_answer_without_news_keeps_its_headers(
    server: HttpServer, door: Network, status: int, headers: dict[str, str]
) -> None:
    answer = await whole(door, server.reply("/", Reply(status=status, headers=headers)))
    assert (answer.status, answer.body) == (status, b"")
    assert headers.items() <= answer.headers.items()


async def test_header_names_are_lower_case_and_the_first_of_a_repeated_one_is_kept(
    server: HttpServer, door: Network
) -> None:
    raw = b"HTTP/1.1 200 OK\r\nX-Feed: first\r\nx-feed: second\r\nContent-Length: 0\r\n\r\n"
    assert (await whole(door, server.reply("/", Reply(raw=raw)))).headers["x-feed"] == "first"


@pytest.mark.parametrize("status", [300, 302, 404, 500])
async def test_only_the_body_of_a_success_is_read(server: HttpServer, door: Network, status: int) -> None:
    answer = await whole(door, server.reply("/", Reply(status=status, body=b"x" * 4096, mode=Mode.ENDLESS)))
    assert (answer.status, answer.body) == (status, b"")


@pytest.mark.parametrize("coding", ["gzip", "GZip", " x-gzip "])
async def test_gzip_is_unpacked(server: HttpServer, door: Network, coding: str) -> None:
    news = RUBBISH + bytes(200_000)
    packed = Reply(headers={"Content-Encoding": coding}, body=gzip.compress(news))
    assert (await whole(door, server.reply("/", packed))).body == news


@pytest.mark.parametrize(
    ("packed", "news"),
    [
        (TWO_MEMBERS, b"first second"),
        (gzip.compress(b"padded") + bytes(512), b"padded"),
        (gzip.compress(b"news") + b"<!-- 0.2 s -->", b"news"),
        (b"", b""),
        (gzip.compress(b""), b""),
    ],
    ids=["two members", "padding", "rubbish behind it", "no body", "nothing in it"],
)
async def test_gzip_of_every_shape_is_unpacked(server: HttpServer, door: Network, packed: bytes, news: bytes) -> None:
    server.reply("/", Reply(headers={"Content-Encoding": "gzip"}, body=packed))
    assert (await whole(door, server.url())).body == news


async def test_gzip_that_comes_byte_by_byte_is_unpacked(server: HttpServer, door: Network) -> None:
    drip = Reply(headers={"Content-Encoding": "gzip"}, body=TWO_MEMBERS, mode=Mode.DRIP, pace=0)
    assert (await whole(door, server.reply("/", drip))).body == b"first second"


@pytest.mark.parametrize("coding", ["br", "zstd", "deflate", "rot13", "gzip, gzip", "gzip, identity"])
async def test_a_coding_that_was_not_asked_for_is_refused(server: HttpServer, door: Network, coding: str) -> None:
    server.reply("/", Reply(headers={"Content-Encoding": coding}, body=b"x" * 4096, mode=Mode.ENDLESS))
    assert await refusal(door, server.url()) == Refused(reason=Refusal.ENCODING, detail=repr(coding))


async def test_codings_stacked_in_two_headers_are_refused(server: HttpServer, door: Network) -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n"
    assert (await refusal(door, server.reply("/", Reply(raw=raw)))).reason is Refusal.ENCODING


@pytest.mark.parametrize(
    "body", [b"<rss/>", gzip.compress(RUBBISH)[:70_000] + bytes(70_000)], ids=["a text", "damaged"]
)
async def test_what_says_it_is_gzip_and_is_not_is_refused(server: HttpServer, door: Network, body: bytes) -> None:
    server.reply("/", Reply(headers={"Content-Encoding": "gzip"}, body=body))
    refused = await refusal(door, server.url())
    assert refused == Refused(reason=Refusal.ENCODING, detail="it says gzip and is not")


# Limits


@pytest.mark.parametrize("coding", ["identity", "gzip"])
async def test_the_limit_is_on_the_unpacked_body(server: HttpServer, door: Network, coding: str) -> None:
    news = bytes(100_000)
    body = news if coding == "identity" else gzip.compress(news)
    server.reply("/", Reply(headers={"Content-Encoding": coding}, body=body))
    assert (await whole(door, server.url(), limit=100_000)).body == news
    assert (await refusal(door, server.url(), limit=99_999)).reason is Refusal.TOO_LARGE


async def test_a_bomb_costs_no_more_than_the_limit(server: HttpServer, door: Network) -> None:
    server.reply("/", Reply(headers={"Content-Encoding": "gzip"}, body=gzip.compress(bytes(30 * LIMIT), 9)))
    tracemalloc.start()
    try:
        refused = await refusal(door, server.url(), limit=LIMIT)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused == Refused(reason=Refusal.TOO_LARGE, detail="more than 1048576 bytes")
    assert peak < 4 * LIMIT


async def test_others_have_their_turn_between_the_pieces_of_a_bomb(
    server: HttpServer, door: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpack, pieces, turns = network._Gzip.pieces, [0], [0]

    def counted(self: network._Gzip, chunk: bytes) -> Iterator[bytes]:
        for piece in unpack(self, chunk):
            pieces[0] += 1
            yield piece

    monkeypatch.setattr(network._Gzip, "pieces", counted)
    bomb = gzip.compress(bytes(100 * network.PIECE), 9)
    server.reply("/", Reply(headers={"Content-Encoding": "gzip"}, body=bomb))
    exchange = asyncio.create_task(refusal(door, server.url(), limit=99 * network.PIECE))
    while not exchange.done():
        turns.append(pieces[0])
        await asyncio.sleep(0)
    assert (await exchange).reason is Refusal.TOO_LARGE
    assert max(after - before for before, after in pairwise(turns)) <= 2


@pytest.mark.parametrize(
    ("coding", "body"),
    [("identity", b"x" * 4096), ("gzip", gzip.compress(b"x") * 100), ("gzip", gzip.compress(b"") * 100)],
    ids=["plain", "gzip", "gzip of nothing"],
)
async def test_an_endless_body_is_too_large(server: HttpServer, door: Network, coding: str, body: bytes) -> None:
    server.reply("/", Reply(headers={"Content-Encoding": coding}, body=body, mode=Mode.ENDLESS))
    assert (await refusal(door, server.url())).reason is Refusal.TOO_LARGE


async def test_a_head_without_end_is_not_proper_http(server: HttpServer, door: Network) -> None:
    raw = b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"a" * 200_000
    refused = await refusal(door, server.reply("/", Reply(raw=raw)))
    assert refused.reason is Refusal.PROTOCOL


async def test_a_fault_that_quotes_the_server_is_cut_short(server: HttpServer, door: Network) -> None:
    refused = await refusal(door, server.reply("/", Reply(raw=b"\x1b[31m" + b"a" * 50_000 + b"\r\n\r\n")))
    assert refused.reason is Refusal.PROTOCOL
    assert len(refused.detail) <= network.DETAIL
    assert refused.detail.isprintable()


@pytest.mark.parametrize(
    "reply",
    [
        HANG,
        Reply(body=b"x" * 100_000, mode=Mode.DRIP),
        Reply(body=b"some", mode=Mode.STALL),
        Reply(mode=Mode.HINTS),
        Reply(delay=3),
    ],
    ids=["hang", "drip", "stall", "hints", "late"],
)
async def test_a_slow_server_is_left_at_the_deadline(server: HttpServer, reply: Reply) -> None:
    server.reply("/", reply)
    started = time.monotonic()
    async with opened(allow=LOOPBACK, timeout=SOON) as door:
        refused = await refusal(door, server.url())
    assert refused == Refused(reason=Refusal.TIMEOUT, detail="not whole after 0.4 s")
    assert time.monotonic() - started < 2


async def test_the_deadline_spans_all_redirects(server: HttpServer) -> None:
    server.reply("/", Reply(status=302, headers={"Location": "/"}, delay=0.15))
    async with opened(allow=LOOPBACK, timeout=SOON) as door:
        assert (await refusal(door, server.url())).reason is Refusal.TIMEOUT


async def test_a_silent_server_is_left_before_the_deadline(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "READ_LIMIT", timedelta(seconds=0.1))
    server.reply("/", HANG)
    async with opened(allow=LOOPBACK) as door:
        refused = await refusal(door, server.url())
    assert refused == Refused(reason=Refusal.TIMEOUT, detail="silent for 0.1 s")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(headers={"Content-Length": "100"}, body=b"short"),
        Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
        Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"news" * 9)[:-9]),
        Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + TWO_MEMBERS[:-9]),
        Reply(raw=b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n"),
        DROP,
    ],
    ids=["short body", "chunks without end", "gzip cut off", "second member cut off", "NUL in a header", "dropped"],
)
async def test_a_broken_answer_is_not_proper_http(server: HttpServer, door: Network, reply: Reply) -> None:
    assert (await refusal(door, server.reply("/", reply))).reason is Refusal.PROTOCOL


@pytest.mark.parametrize(
    ("fault", "refused"),
    [
        (httpcore.ReadError(), Refused(reason=Refusal.CONNECT, detail="broke off")),
        (OverflowError("port must be 0-65535"), Refused(reason=Refusal.CONNECT, detail="port must be 0-65535")),
        (UnicodeError("label too long"), Refused(reason=Refusal.URL, detail="label too long")),
        (ssl.SSLError(1, "[SSL: BAD_RECORD_MAC]"), Refused(reason=Refusal.TLS, detail="broke off")),
        (OSError("no route"), Refused(reason=Refusal.CONNECT, detail="no route")),
    ],
)
async def test_a_fault_of_the_libraries_becomes_a_reason(
    door: Network, monkeypatch: pytest.MonkeyPatch, fault: Exception, refused: Refused
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(httpcore.AsyncHTTPConnection, "handle_async_request", fail)
    assert await refusal(door, "http://127.0.0.1/") == refused


# Redirects


async def test_an_address_that_has_moved_for_good_is_told(server: HttpServer, door: Network) -> None:
    server.reply("/old", Reply(status=301, headers={"Location": "/older"}))
    server.reply("/older", Reply(status=308, headers={"Location": "/new"}))
    server.reply("/new", Reply(body=b"news"))
    answer = await whole(door, server.url("/old"))
    assert (answer.url, answer.moved_to, answer.body) == (server.url("/new"), server.url("/new"), b"news")


@pytest.mark.parametrize("statuses", [(301, 302), (308, 303), (308, 307), (302, 301), (307, 308)])
async def test_one_passing_redirect_makes_the_whole_move_a_passing_one(
    server: HttpServer, door: Network, statuses: tuple[int, int]
) -> None:
    server.reply("/old", Reply(status=statuses[0], headers={"Location": "/detour"}))
    server.reply("/detour", Reply(status=statuses[1], headers={"Location": "/new"}))
    server.reply("/new", Reply())
    answer = await whole(door, server.url("/old"))
    assert (answer.url, answer.moved_to) == (server.url("/new"), None)


async def test_an_address_that_answers_itself_has_not_moved(server: HttpServer, door: Network) -> None:
    assert (await whole(door, server.reply("/", Reply()))).moved_to is None


async def test_the_body_of_a_redirect_is_not_read(server: HttpServer, door: Network) -> None:
    bomb = Reply(status=301, headers={"Location": "/new"}, body=b"x" * 4096, mode=Mode.ENDLESS)
    server.reply("/new", Reply(body=b"news"))
    assert (await whole(door, server.reply("/", bomb))).body == b"news"


async def test_five_redirects_are_followed(server: HttpServer, door: Network) -> None:
    for hop in range(5):
        server.reply(f"/{hop}", Reply(status=302, headers={"Location": f"/{hop + 1}"}))
    server.reply("/5", Reply(body=b"news"))
    assert (await whole(door, server.url("/0"))).body == b"news"


async def test_a_redirect_loop_ends_after_five(server: HttpServer, door: Network) -> None:
    server.reply("/", Reply(status=302, headers={"Location": "/"}))
    refused = await refusal(door, server.url())
    assert (refused.reason, len(server.received)) == (Refusal.REDIRECTS, 6)


@pytest.mark.parametrize("host", ["127.0.0.2", "2130706434", "169.254.169.254", "[::1]", "x@10.0.0.1"])
async def test_a_redirect_passes_the_guard_again(server: HttpServer, host: str) -> None:
    server.reply("/", Reply(status=301, headers={"Location": server.url("/secret", host=host)}))
    async with opened(allow=ONLY_ONE) as door:
        refused = await refusal(door, server.url())
    assert (refused.reason, server.connections) == (Refusal.ADDRESS, 1)


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("file:///etc/passwd", Refusal.URL),
        ("javascript:alert(1)", Refusal.URL),
        ("ftp://x.test/", Refusal.URL),
        ("http://127.0.0.1:99999/", Refusal.URL),
        ("http://[::1", Refusal.PROTOCOL),
        ("http://", Refusal.REDIRECTS),
    ],
)
async def test_a_redirect_to_what_cannot_be_asked_is_refused(
    server: HttpServer, door: Network, location: str, reason: Refusal
) -> None:
    server.reply("/", Reply(status=302, headers={"Location": location}))
    assert (await refusal(door, server.url())).reason is reason


@pytest.mark.parametrize("headers", [{}, {"Location": ""}], ids=["none", "empty"])
async def test_a_redirect_to_nowhere_is_the_answer(server: HttpServer, door: Network, headers: dict[str, str]) -> None:
    server.reply("/", Reply(status=302, headers=headers))
    answer = await whole(door, server.url())
    assert (answer.status, len(server.received)) == (302, 1)


@pytest.mark.parametrize(
    ("location", "path"),
    [("новости".encode(), "/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8"), (b"\xff", "/%EF%BF%BD")],
)
async def test_a_location_in_raw_bytes_is_read_as_utf8(
    server: HttpServer, door: Network, location: bytes, path: str
) -> None:
    server.reply("/", Reply(status=302, headers={"Location": "/" + location.decode("latin-1"), "X": "\xff"}))
    server.reply(path, Reply(body=b"news"))
    assert (await whole(door, server.url())).body == b"news"


# Room


async def test_who_finds_no_room_waits_until_another_leaves() -> None:
    room = Room(100)
    await room.take("first", 60)
    await room.take("second", 40)
    third = asyncio.create_task(room.take("third", 60))
    await asyncio.sleep(0)
    room.leave("second")
    await asyncio.sleep(0)
    waited = not third.done()
    room.leave("first")
    await asyncio.wait_for(third, 1)
    assert waited


async def test_the_first_to_come_never_waits_for_room() -> None:
    room = Room(100)
    await room.take("first", 60)
    await room.take("second", 40)
    await asyncio.wait_for(room.take("first", 60), 1)


async def test_large_bodies_that_exceed_the_room_together_all_arrive(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "ROOM", 2 * network.SMALL)
    body = bytes(6 * network.SMALL)
    url = server.reply("/", Reply(body=body))
    async with opened(allow=LOOPBACK) as door:
        answers = await asyncio.gather(*(whole(door, url, limit=len(body)) for _ in range(6)))
    assert all(answer.body == body for answer in answers)


async def test_a_large_body_holds_its_room_until_it_has_been_read(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "ROOM", 2 * network.SMALL)
    body = bytes(3 * network.SMALL)
    url = server.reply("/", Reply(body=body))
    async with opened(allow=LOOPBACK) as door:
        async with door.answering(Request(url=url, limit=len(body))) as first:
            second = asyncio.create_task(whole(door, url, limit=len(body)))
            await server.arrived(2)
            await whole(door, server.reply("/small", Reply(body=b"passes")))
            waited = not second.done()
        assert (await second).body == body
    assert isinstance(first, Response)
    assert waited


async def test_what_is_slow_to_read_keeps_no_room_from_what_is_not(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "ROOM", 2 * network.SMALL)
    body = bytes(3 * network.SMALL)
    url = server.reply("/", Reply(body=body))
    async with opened(allow=LOOPBACK) as door, door.answering(Request(url=url, limit=len(body), slow=True)) as slow:
        assert (await whole(door, url, limit=len(body))).body == body
    assert isinstance(slow, Response)


async def test_an_answer_that_is_refused_holds_no_room(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "ROOM", 2 * network.SMALL)
    body = bytes(3 * network.SMALL)
    url = server.reply("/", Reply(body=body))
    async with opened(allow=LOOPBACK) as door, door.answering(Request(url=url, limit=len(body) - 1)) as first:
        assert (await whole(door, url, limit=len(body))).body == body
    assert isinstance(first, Refused)


async def test_a_small_body_passes_large_ones_that_hold_all_room(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "ROOM", 0)
    large = server.reply("/large", Reply(body=bytes(2 * network.SMALL), mode=Mode.STALL))
    small = server.reply("/small", Reply(body=bytes(network.SMALL)))
    async with opened(allow=LOOPBACK) as door:
        holding = [asyncio.create_task(ask(door, large)) for _ in range(3)]
        await server.arrived(3)
        assert len((await whole(door, small)).body) == network.SMALL
        for exchange in holding:
            exchange.cancel()
        await asyncio.gather(*holding, return_exceptions=True)


# The shared corpus


BOMBS = {
    "bomb_brotli_100MB.bin": ("br", Refusal.ENCODING),
    "bomb_deflate_raw_100MB.bin": ("deflate", Refusal.ENCODING),
    "bomb_gzip_100MB.bin": ("gzip", Refusal.TOO_LARGE),
    "bomb_gzip_x2_1GB.bin": ("gzip, gzip", Refusal.ENCODING),
    "bomb_zstd_100MB.bin": ("zstd", Refusal.ENCODING),
}
HOSTILE_REPLIES = {file.stem: file.read_bytes() for file in sorted(HOSTILE.glob("http_*.raw"))}


@needs_shared
@pytest.mark.parametrize("name", HOSTILE_REPLIES)
async def test_a_hostile_reply_ends_as_a_value_before_the_deadline(
    server: HttpServer, door: Network, name: str
) -> None:
    answer = await ask(door, server.reply("/", Reply(raw=HOSTILE_REPLIES[name])))
    assert isinstance(answer, Response) or answer.reason is not Refusal.TIMEOUT


@needs_shared
@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_of_the_corpus_is_refused(server: HttpServer, door: Network, name: str) -> None:
    coding, reason = BOMBS[name]
    server.reply(
        "/", Reply(headers={"Content-Encoding": coding}, body=await asyncio.to_thread((HOSTILE / name).read_bytes))
    )
    assert (await refusal(door, server.url())).reason is reason
