"""What lets a feed in goes to its own server alone, by the way that its owner names."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from datetime import timedelta
from ipaddress import ip_address, ip_network

import pytest
import trustme

from monitor.exchange import ANYBODY, Access, Answer, Proxy, Refusal, Refused, Request, Response
from monitor.network import Network
from tests.http_server import HttpServer, Reply
from tests.proxy_server import ProxyServer

LOGIN = ("Authorization", "Basic Ym90Omh1bnRlcjI=")
KEY = ("X-Api-Key", "hunter2-hunter2")


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture
def other() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture
async def door() -> AsyncIterator[Network]:
    async with opened("127.0.0.0/8") as network:
        yield network


def opened(*allow: str, ssl_context: ssl.SSLContext | None = None) -> aclosing[Network]:
    return aclosing(
        Network(
            user_agent="wirebell/test",
            allow=tuple(map(ip_network, allow)),
            timeout=timedelta(seconds=5),
            ssl_context=ssl_context,
            resolve=lambda _: [ip_address("127.0.0.1")],
        )
    )


async def ask(door: Network, url: str, access: Access, **headers: str) -> Answer:
    return await door.exchange(Request(url=url, headers=headers, access=access, limit=1 << 20))


def access(url: str, *headers: tuple[str, str], proxy: Proxy | None = None) -> Access:
    return Access(url=url, headers=headers, secrets=tuple(value for _, value in headers), proxy=proxy)


# --- headers -----------------------------------------------------------------------------------------------------


async def test_a_server_is_told_what_lets_us_in(server: HttpServer, door: Network) -> None:
    url = server.reply("/rss", Reply(body=b"news"))
    answer = await ask(door, url, access(url, LOGIN, KEY, ("Cookie", "session=hunter2")))
    assert isinstance(answer, Response)
    [request] = server.received
    assert request.headers["authorization"] == LOGIN[1]
    assert request.headers["x-api-key"] == KEY[1]
    assert request.headers["cookie"] == "session=hunter2"


async def test_a_header_of_the_owners_stands_in_the_place_of_our_own(server: HttpServer, door: Network) -> None:
    url = server.reply("/rss", Reply())
    await ask(door, url, access(url, ("accept", "application/json")), Accept="text/xml")
    assert server.received[0].headers["accept"] == "application/json"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_another_origin_is_told_nothing_by_a_redirect(
    server: HttpServer, other: HttpServer, door: Network, status: int
) -> None:
    other.reply("/rss", Reply(body=b"news"))
    url = server.reply("/rss", Reply(status=status, headers={"Location": other.url("/rss")}))
    await ask(door, url, access(url, LOGIN, KEY, ("Cookie", "session=hunter2")))
    [request] = other.received
    assert not request.headers.keys() & {"authorization", "x-api-key", "cookie"}
    assert "hunter2" not in str(request)


async def test_another_spelling_of_a_host_is_another_origin(server: HttpServer, door: Network) -> None:
    server.reply("/there", Reply())
    url = server.reply("/rss", Reply(status=302, headers={"Location": server.url("/there", host="feed.test")}))
    await ask(door, url, access(url, KEY))
    [there] = server.asked("/there")
    assert "x-api-key" not in there.headers


async def test_what_left_the_origin_and_came_back_is_told_again(
    server: HttpServer, other: HttpServer, door: Network
) -> None:
    server.reply("/there", Reply())
    other.reply("/", Reply(status=302, headers={"Location": server.url("/there")}))
    url = server.reply("/rss", Reply(status=302, headers={"Location": other.url("/")}))
    await ask(door, url, access(url, KEY))
    assert [("x-api-key" in request.headers) for request in (*server.received, *other.received)] == [True, True, False]


async def test_a_feed_that_has_moved_to_another_origin_is_asked_there_without(
    server: HttpServer, other: HttpServer, door: Network
) -> None:
    await ask(door, other.reply("/rss", Reply()), access(server.url("/rss"), KEY))
    assert "x-api-key" not in other.received[0].headers


async def test_every_server_on_the_way_is_told_who_asks(server: HttpServer, other: HttpServer, door: Network) -> None:
    other.reply("/", Reply())
    url = server.reply("/", Reply(status=302, headers={"Location": other.url("/")}))
    await ask(door, url, Access(user_agent="Newsroom/2"))
    assert [request.headers["user-agent"] for request in (*server.received, *other.received)] == ["Newsroom/2"] * 2


async def test_without_words_of_its_own_a_feed_is_asked_by_wirebell(server: HttpServer, door: Network) -> None:
    await ask(door, server.reply("/", Reply()), ANYBODY)
    assert server.received[0].headers["user-agent"] == "wirebell/test"


# --- secrets -----------------------------------------------------------------------------------------------------


async def test_a_secret_that_a_server_repeats_is_not_told(server: HttpServer, door: Network) -> None:
    url = server.reply("/rss", Reply(headers={"Content-Encoding": KEY[1]}))
    refused = await ask(door, url, access(url, KEY))
    assert refused == Refused(reason=Refusal.ENCODING, detail="'…'")


async def test_a_secret_in_the_address_of_a_redirect_is_not_kept(server: HttpServer, door: Network) -> None:
    server.reply(f"/there?key={KEY[1]}", Reply())
    url = server.reply("/rss", Reply(status=301, headers={"Location": f"/there?key={KEY[1]}"}))
    answer = await ask(door, url, access(url, KEY))
    assert isinstance(answer, Response)
    assert answer.moved_to is None


def test_an_access_shows_no_secret() -> None:
    shown = repr(access("https://wire.example", KEY, proxy=Proxy(url="http://p.example", login=("bot", "hunter2"))))
    assert "hunter2" not in shown


# --- proxies -----------------------------------------------------------------------------------------------------


@pytest.fixture
def proxy(server: HttpServer) -> Iterator[ProxyServer]:
    with ProxyServer(server.port) as running:
        yield running


def through(proxy: ProxyServer, login: tuple[str, str] | None = None) -> Access:
    return Access(proxy=Proxy(url=proxy.url, login=login))


async def test_a_proxy_is_trusted_and_finds_the_addresses_itself(server: HttpServer, proxy: ProxyServer) -> None:
    """Neither its own address nor those behind it are public, and nothing is allowed."""
    server.reply("/rss", Reply(body=b"news"))
    async with opened() as door:
        answer = await ask(door, "http://wire.intranet/rss", through(proxy))
    assert isinstance(answer, Response)
    assert (answer.body, [asked.line for asked in proxy.asked]) == (b"news", ["GET http://wire.intranet/rss"])


async def test_what_is_to_be_secure_goes_through_a_tunnel(authority: trustme.CA) -> None:
    """What lets us in is told to the server, and not to the proxy."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("wire.test").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    url = "https://wire.test/rss"
    with HttpServer(tls=context) as server, ProxyServer(server.port) as proxy:
        server.reply("/rss", Reply(body=b"news"))
        async with opened(ssl_context=trusting) as door:
            answer = await ask(door, url, access(url, KEY, proxy=Proxy(url=proxy.url)))
    assert isinstance(answer, Response)
    assert server.received[0].headers["x-api-key"] == KEY[1]
    assert [asked.line for asked in proxy.asked] == ["CONNECT wire.test:443"]
    assert KEY[1] not in proxy.asked[0].head


async def test_a_tunnel_may_lead_through_a_proxy_that_is_secure_itself(authority: trustme.CA) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("wire.test", "127.0.0.1").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    news = bytes(300_000)
    with HttpServer(tls=context) as server, ProxyServer(server.port, tls=context) as proxy:
        server.reply("/rss", Reply(body=news))
        async with opened(ssl_context=trusting) as door:
            answer = await ask(door, "https://wire.test/rss", through(proxy))
    assert isinstance(answer, Response)
    assert (answer.body == news, [asked.line for asked in proxy.asked]) == (True, ["CONNECT wire.test:443"])


@pytest.mark.parametrize(("login", "seen"), [(("bot", "hunter2"), True), (None, False)])
async def test_a_proxy_may_ask_who_we_are(*, server: HttpServer, login: tuple[str, str] | None, seen: bool) -> None:
    server.reply("/rss", Reply())
    with ProxyServer(server.port, login=("bot", "hunter2")) as proxy:
        async with opened() as door:
            answer = await ask(door, "http://wire.test/rss", through(proxy, login))
    assert isinstance(answer, Response)
    assert (answer.status, len(server.received)) == ((200, 1) if seen else (407, 0))


async def test_a_proxy_that_refuses_a_tunnel_says_why(server: HttpServer) -> None:
    with ProxyServer(server.port, login=("bot", "hunter2")) as proxy:
        async with opened() as door:
            refused = await ask(door, "https://wire.test/rss", through(proxy))
    assert refused == Refused(reason=Refusal.PROXY, detail="407 Who are you")


async def test_a_proxy_that_is_not_there_is_named_as_the_culprit(door: Network) -> None:
    refused = await ask(door, "http://wire.test/rss", Access(proxy=Proxy(url="http://127.0.0.1:9")))
    assert refused == Refused(reason=Refusal.PROXY, detail="127.0.0.1 port 9: Connection refused")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "169.254.169.254", "[::1]", "[::ffff:a00:1]"]
)
async def test_no_spelling_of_an_address_that_is_not_public_passes_a_proxy(
    server: HttpServer, proxy: ProxyServer, host: str
) -> None:
    server.reply("/rss", Reply(status=302, headers={"Location": f"http://{host}/secret"}))
    async with opened() as door:
        refused = await ask(door, "http://wire.test/rss", through(proxy))
    assert isinstance(refused, Refused)
    assert (refused.reason, len(proxy.asked)) == (Refusal.ADDRESS, 1)


async def test_feeds_that_go_straight_are_guarded_beside_those_of_a_proxy(
    server: HttpServer, proxy: ProxyServer
) -> None:
    server.reply("/rss", Reply())
    async with opened() as door:
        await ask(door, "http://wire.test/rss", through(proxy))
        refused = await ask(door, server.url("/rss"), ANYBODY)
    assert isinstance(refused, Refused)
    assert (refused.reason, len(server.received)) == (Refusal.ADDRESS, 1)


# --- authorities -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.mark.parametrize("known", [True, False])
async def test_an_authority_of_the_owners_is_trusted_for_its_feed_alone(authority: trustme.CA, *, known: bool) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("wire.test").configure_cert(context)
    pem = authority.cert_pem.bytes().decode()
    with HttpServer(tls=context) as server:
        server.reply("/rss", Reply(body=b"news"))
        async with opened("127.0.0.0/8") as door:
            url = server.url("/rss", host="wire.test")
            answer = await ask(door, url, Access(authorities=pem if known else None))
    assert isinstance(answer, Response) if known else answer.reason is Refusal.TLS  # type: ignore[union-attr]
