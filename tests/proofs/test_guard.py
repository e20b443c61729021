"""What feeds say never makes wirebell ask a server that is not public, unless its owner allows that one."""

from __future__ import annotations

import itertools
import json
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Never

import pytest

from monitor import dialler
from monitor.address import Address
from monitor.config import feeds as configured
from monitor.exchange import Refusal, Refused, Request, Response
from monitor.feed import State
from monitor.network import Network
from monitor.store import feeds
from tests.conftest import ROOT
from tests.http_server import HttpServer, Reply
from tests.proofs import proving
from tests.scenarios.house import House, payloads, rss

#: Ways to write this machine or its neighbours; ``{port}`` is where the servers listen that must not be asked.
SPELLINGS = {
    "dotted": "http://127.0.0.1:{port}/",
    "with a dot at its end": "http://127.0.0.1.:{port}/",
    "three parts": "http://127.0.1:{port}/",
    "two parts": "http://127.1:{port}/",
    "one number": "http://2130706433:{port}/",
    "one hexadecimal number": "http://0x7f000001:{port}/",
    "hexadecimal parts": "http://0x7f.0x0.0x0.0x1:{port}/",
    "a hexadecimal part and a rest": "http://0x7f.1:{port}/",
    "an octal part": "http://0177.0.0.1:{port}/",
    "one octal number": "http://017700000001:{port}/",
    "nothing": "http://0:{port}/",
    "any address": "http://0.0.0.0:{port}/",
    "a name": "http://localhost:{port}/",
    "a name in capitals": "http://LOCALHOST:{port}/",
    "a name with a dot at its end": "http://localhost.:{port}/",
    "a name below another": "http://feeds.localhost:{port}/",
    "a name that looks public": "http://feeds.example:{port}/",
    "IPv6": "http://[::1]:{port}/",
    "any address of IPv6": "http://[::]:{port}/",
    "IPv6 in full": "http://[0:0:0:0:0:0:0:1]:{port}/",
    "IPv6 with zeros": "http://[0000::0001]:{port}/",
    "mapped": "http://[::ffff:127.0.0.1]:{port}/",
    "mapped in hexadecimal": "http://[::ffff:7f00:1]:{port}/",
    "compatible": "http://[::127.0.0.1]:{port}/",
    "translated": "http://[::ffff:0:127.0.0.1]:{port}/",
    "NAT64": "http://[64:ff9b::7f00:1]:{port}/",
    "NAT64 with a dotted end": "http://[64:ff9b::127.0.0.1]:{port}/",
    "NAT64 of a site": "http://[64:ff9b:1::7f00:1]:{port}/",
    "6to4": "http://[2002:7f00:1::]:{port}/",
    "Teredo": "http://[2001:0:102:304::80ff:fffe]:{port}/",
    "a zone": "http://[fe80::1%25lo]:{port}/",
    "a zone that is not escaped": "http://[::1%lo]:{port}/",
    "full-width digits": "http://\uff11\uff12\uff17.0.0.1:{port}/",
    "full-width dots": "http://127\u30020\u30020\u30021:{port}/",
    "digits in circles": "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460:{port}/",
    "behind a user": "http://news.example@127.0.0.1:{port}/",
    "behind a user with a password": "http://news.example:80@127.0.0.1:{port}/",
    "behind an escaped user": "http://news.example%2540@127.0.0.1:{port}/",
    "before a fragment": "http://127.0.0.1:{port}#@news.example/",
    "before a backslash": "http://127.0.0.1:{port}\\@news.example/",
    "behind a backslash": "http://news.example\\@127.0.0.1:{port}/",
    "percent-encoded": "http://%31%32%37.%30.%30.%31:{port}/",
    "before a percent-encoded NUL": "http://127.0.0.1%00.news.example:{port}/",
    "behind a percent-encoded slash": "http://news.example%2f@127.0.0.1:{port}/",
    "a scheme in capitals": "HTTP://127.0.0.1:{port}/",
    "three slashes": "http:///127.0.0.1:{port}/",
    "no slashes": "http:127.0.0.1:{port}/",
    "backslashes": "http:\\\\127.0.0.1:{port}\\",
    "a tab": "http://127.0.0.1\t:{port}/",
    "the metadata of clouds": "http://169.254.169.254/latest/meta-data/",
    "the metadata of clouds as a number": "http://2852039166/latest/meta-data/",
    "the metadata of clouds, mapped": "http://[::ffff:a9fe:a9fe]/latest/meta-data/",
    "the metadata of clouds by IPv6": "http://[fd00:ec2::254]/latest/meta-data/",
    "the service inside Azure machines": "http://168.63.129.16/metadata/",
    "the metadata of Alibaba": "http://100.100.100.200/latest/meta-data/",
}
#: One address of each class that is not of the public internet.
CLASSES = {
    "this host": "0.0.0.1",
    "private, large": "10.1.2.3",
    "private, middle": "172.16.0.1",
    "private, small": "192.168.1.1",
    "carrier-grade NAT": "100.64.0.1",
    "loopback": "127.0.0.53",
    "link-local": "169.254.169.254",
    "inside Azure machines": "168.63.129.16",
    "protocol assignments": "192.0.0.8",
    "documentation": "203.0.113.5",
    "AS112": "192.175.48.6",
    "AMT": "192.52.193.1",
    "6to4 relay": "192.88.99.1",
    "benchmarks": "198.18.0.1",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "any of IPv6": "::",
    "loopback of IPv6": "::1",
    "mapped": "::ffff:10.0.0.1",
    "compatible": "::10.0.0.1",
    "NAT64": "64:ff9b::a00:1",
    "6to4": "2002:a00:1::",
    "Teredo": "2001:0:102:304::f5ff:fffe",
    "unique local": "fd00:ec2::254",
    "link-local of IPv6": "fe80::1",
    "link-local with a zone": "fe80::1%lo",
    "public with a zone": "2606:4700::1111%lo",
    "site-local": "fec0::1",
    "multicast of IPv6": "ff02::1",
    "documentation of IPv6": "2001:db8::1",
    "new documentation of IPv6": "3fff::1",
    "discard": "100::1",
}
PUBLIC = (ip_address("93.184.216.34"), ip_address("2606:4700::1111"))
REDIRECTS = (301, 302, 303, 307, 308)
OTHER_SCHEMES = (
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_GET%20/",
    "ftp://127.0.0.1:{port}/",
    "dict://127.0.0.1:{port}/",
    "javascript:alert(1)",
    "data:text/xml,<rss/>",
    "unix:///run/docker.sock",
    "http+unix://%2Frun%2Fdocker.sock/",
)
GOOD = {"guid": "2", "title": "Glacier road closed", "description": "A slide blocks the pass."}
#: What the owner allows.
OWNERS = "127.0.0.2"

Dial = tuple[str, int]
_DIALS: list[Dial] = []


def _hear(event: str, given: tuple[object, ...]) -> None:
    """Note every address that this process dials (PEP 578); a hook stays for as long as the process lives."""
    if event == "socket.connect" and isinstance(address := given[1], tuple):
        _DIALS.append((str(address[0]), int(address[1])))


sys.addaudithook(_hear)


def told_by_a_hostile_resolver(host: str) -> Sequence[Address]:
    """Return what an attacker's name server says: this machine, whatever the name, and a zone where one is asked for.

    A spelling that the system itself reads as an address is read by it.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except OSError:
        return [IPv6Address("fe80::1%lo") if "%" in host else IPv4Address("127.0.0.1")]
    return [ip_address(place[0]) for *_, place in found]


def always(*answers: Address) -> Callable[[str], Sequence[Address]]:
    """Return a resolver that knows one answer."""
    return lambda _: answers


@pytest.fixture
def allowed() -> Iterator[HttpServer]:
    """The only server that the owner allows, on a loopback address of its own."""
    with socket.socket() as probe:
        try:
            probe.bind((OWNERS, 0))
        except OSError:
            pytest.skip("this system has a single loopback address")
    with HttpServer(host=OWNERS) as server:
        yield server


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """Servers of this machine that must not be asked, at one port of IPv4 and IPv6, with a feed at every address."""

    servers: tuple[HttpServer, ...]

    @property
    def connections(self) -> int:
        return sum(server.connections for server in self.servers)

    @property
    def port(self) -> int:
        return self.servers[0].port

    def addresses(self) -> list[str]:
        return [each.format(port=self.port) for each in SPELLINGS.values()]

    def absolute(self) -> list[str]:
        """Return the addresses that are not read as a path of the server that names them."""
        return [each for each in self.addresses() if each.lower().startswith("http://") and "///" not in each]

    def writable(self) -> list[str]:
        """Return the addresses that a config takes, each once; of the others it says what is wrong."""
        taken = [each for each in self.addresses() if configured.url_fault(each) is None]
        return list({configured.plain(each): each for each in taken}.values())

    def hops(self, server: HttpServer, status: int) -> list[str]:
        """Return addresses of a server, one for each spelling, that lead to it; a tab cannot stand in a header."""
        targets = [each for each in self.absolute() if "\t" not in each]
        return [
            server.reply(f"/hop{n}", Reply(status=status, headers={"Location": each.encode().decode("latin-1")}))
            for n, each in enumerate(targets)
        ]


@pytest.fixture
def inner() -> Iterator[Inner]:
    with HttpServer() as four, HttpServer(host="::1", port=four.port) as six:
        for server in (four, six):
            server.reply("/", Reply(body=rss([GOOD])))
        yield Inner(servers=(four, six))


@pytest.fixture
def dials() -> list[Dial]:
    """Every address that was dialled since the test began."""
    _DIALS.clear()
    return _DIALS


@pytest.fixture
def hostile_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialler, "_resolve", told_by_a_hostile_resolver)


@cache
def tls() -> ssl.SSLContext:
    """One context for all doors: each takes 20 ms to make."""
    return ssl.create_default_context()


async def ask(
    url: str, *, resolve: Callable[[str], Sequence[Address]] = told_by_a_hostile_resolver, allow: Sequence[str] = ()
) -> Response | Refused:
    """Return what becomes of one question."""
    door = Network(user_agent="t", allow=tuple(map(ip_network, allow)), resolve=resolve, ssl_context=tls())
    try:
        return await door.exchange(Request(url=url, headers={}, limit=10_000))
    finally:
        await door.aclose()


def reason(answer: Response | Refused) -> object:
    """Return why there is no answer; the answer where there is one."""
    return answer.reason if isinstance(answer, Refused) else answer


# --- spellings, answers, redirects: at the door -----------------------------------------------------------------------


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_no_spelling_of_this_machine_is_dialled_even_where_every_name_leads_to_it(
    spelling: str, inner: Inner, dials: list[Dial]
) -> None:
    answer = await ask(SPELLINGS[spelling].format(port=inner.port))
    assert reason(answer) in {Refusal.ADDRESS, Refusal.URL}
    assert (inner.connections, dials) == (0, [])


@pytest.mark.parametrize("url", OTHER_SCHEMES)
async def test_nothing_but_http_is_asked(url: str, inner: Inner, dials: list[Dial]) -> None:
    assert reason(await ask(url.format(port=inner.port))) is Refusal.URL
    assert (inner.connections, dials) == (0, [])


@pytest.mark.parametrize("kind", CLASSES)
async def test_no_class_of_special_addresses_is_dialled_neither_written_nor_named(kind: str, dials: list[Dial]) -> None:
    special = ip_address(CLASSES[kind])
    host = f"[{special}]" if special.version == 6 else str(special)
    assert reason(await ask(f"http://{host}/")) is Refusal.ADDRESS
    for answers in ((special,), (*PUBLIC, special), (special, *PUBLIC), (PUBLIC[0], *[special] * 30)):
        assert reason(await ask("http://feeds.example/", resolve=always(*answers))) is Refusal.ADDRESS
    assert dials == []


async def test_a_name_without_answers_is_not_dialled(dials: list[Dial]) -> None:
    assert reason(await ask("http://feeds.example/", resolve=always())) is Refusal.DNS
    assert dials == []


@pytest.mark.parametrize("status", REDIRECTS)
async def test_no_redirect_leads_to_any_spelling_or_class_or_scheme(
    status: int, allowed: HttpServer, inner: Inner, dials: list[Dial]
) -> None:
    hosts = [f"[{each}]" if ":" in each else each for each in CLASSES.values()]
    targets = [
        *inner.addresses(),
        *(each.format(port=inner.port) for each in OTHER_SCHEMES),
        *(f"http://{host}:{inner.port}/" for host in hosts),
        f"//127.0.0.1:{inner.port}/",
    ]
    for n, target in enumerate(targets):
        location = target.encode().decode("latin-1")
        if "\t" in location:  # no header holds one
            continue
        hop = allowed.reply(f"/{n}", Reply(status=status, headers={"Location": location}))
        answer = await ask(hop, allow=[OWNERS])
        here = isinstance(answer, Refused) or answer.status == 404  # "no slashes" is a path of the same server
        assert here, target
    assert inner.connections == 0
    assert {host for host, _ in dials} == {OWNERS}


@pytest.mark.parametrize("hops", range(1, 6))
async def test_a_chain_of_redirects_is_checked_at_its_end_too(
    hops: int, allowed: HttpServer, inner: Inner, dials: list[Dial]
) -> None:
    for n, status in zip(range(hops), itertools.cycle(REDIRECTS), strict=False):
        after = f"/{n + 1}" if n + 1 < hops else f"http://127.0.0.1:{inner.port}/"
        allowed.reply(f"/{n}", Reply(status=status, headers={"Location": after}))
    assert reason(await ask(allowed.url("/0"), allow=[OWNERS])) is Refusal.ADDRESS
    assert (inner.connections, len(dials), allowed.connections) == (0, hops, hops)


async def test_of_a_name_that_changes_its_answer_the_address_that_was_checked_is_dialled(
    allowed: HttpServer, dials: list[Dial]
) -> None:
    allowed.reply("/", Reply(body=b"here"))
    told = iter([IPv4Address(OWNERS), *[IPv4Address("127.0.0.1")] * 10])
    asked = []

    def changing(host: str) -> Sequence[Address]:
        asked.append(host)
        return [next(told)]

    door = Network(user_agent="t", allow=(ip_network(OWNERS),), resolve=changing)
    with HttpServer(port=allowed.port) as behind:
        first, second = [
            await door.exchange(Request(url=f"http://feeds.example:{allowed.port}/", headers={}, limit=99))
            for _ in range(2)
        ]
        await door.aclose()
        assert behind.connections == 0
    assert isinstance(first, Response)
    assert first.body == b"here"
    assert reason(second) is Refusal.ADDRESS
    assert (asked, dials) == (["feeds.example"] * 2, [(OWNERS, allowed.port)])


@pytest.mark.parametrize(
    ("allow", "opens"),
    [
        ("127.0.0.2/32", {"127.0.0.2", "::ffff:127.0.0.2", "64:ff9b::7f00:2"}),
        ("127.0.0.0/30", {"127.0.0.1", "127.0.0.2", "127.0.0.3", "::ffff:127.0.0.2", "64:ff9b::7f00:2"}),
        ("::1/128", {"::1"}),
        ("10.0.0.0/8", set[str]()),
        ("::ffff:0:0/96", set[str]()),
    ],
)
async def test_a_range_that_is_allowed_opens_what_lies_in_it_and_nothing_else(
    allow: str, opens: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = (
        "127.0.0.1",
        "127.0.0.2",
        "127.0.0.3",
        "127.0.0.4",
        "::1",
        "::ffff:127.0.0.2",
        "64:ff9b::7f00:2",
        "fe80::1",
    )
    dialled: list[str] = []

    async def dial(address: Address, _: int) -> Never:
        dialled.append(str(address))
        raise OSError

    monkeypatch.setattr(dialler._Line, "to", dial)
    for address in tried:
        answer = await ask("http://feeds.example/", allow=[allow], resolve=always(ip_address(address)))
        assert reason(answer) is (Refusal.CONNECT if address in opens else Refusal.ADDRESS)
    assert {str(ip_address(each)) for each in dialled} == {str(ip_address(each)) for each in opens}


# --- the whole house --------------------------------------------------------------------------------------------------


def configure(
    house: House, allowed: HttpServer, receiver: HttpServer, bad: list[str], *, allow: str = f"{OWNERS}/32"
) -> None:
    listed = "\n".join(f'feeds.bad{n} = {{ url = {json.dumps(url)}, interval = "5m" }}' for n, url in enumerate(bad))
    house.configure(
        f"""feeds.good = {{ url = "{allowed.url("/rss")}", interval = "5m", full_text = "always" }}
        {listed}
        rules.road = "glacier"
        channels.desk = {{ webhook = "{receiver.reply("/hook", Reply(status=204))}", burst = false }}
        network.allow = ["{allow}"]
        polling.per_host = 100"""
    )


def states(house: House) -> list[tuple[State, str]]:
    return [
        (state.state, state.reason)
        for state in house.database.read_now(feeds.all_states)
        if state.name.startswith("bad")
    ]


def unguarded(receiver: HttpServer) -> list[Dial]:
    """Return what was dialled but for the owner's servers."""
    return [(host, port) for host, port in _DIALS if host != OWNERS and port != receiver.port]


def not_told(reasons: Sequence[str]) -> list[str]:
    """Return reasons that do not say why nothing was asked."""
    words = ("address is not public", "address cannot be used", "Invalid URL in location header", "no link")
    return [each for each in reasons if not any(word in each for word in words)]


@pytest.mark.usefixtures("hostile_names", "dials")
@pytest.mark.parametrize("way", ["feed", "redirect"])
async def test_neither_a_feed_nor_its_redirect_leads_into_this_machine(
    house: House, allowed: HttpServer, inner: Inner, receiver: HttpServer, way: str
) -> None:
    allowed.reply("/rss", Reply(body=rss([])), Reply(body=rss([GOOD])))
    bad = inner.writable() if way == "feed" else inner.hops(allowed, 302)
    configure(house, allowed, receiver, bad)
    await house.work()
    await house.after(minutes=5)
    assert inner.connections == 0
    assert unguarded(receiver) == []
    assert [state for state, _ in states(house)] == [State.FAILING] * len(bad)
    assert not_told([reason for _, reason in states(house)]) == []
    assert [alert["headline"] for alert in payloads(request.body for request in receiver.received)] == [GOOD["title"]]
    proving.figures(f"guard, {way}", spellings=len(bad), connections=inner.connections)


@pytest.mark.usefixtures("hostile_names", "dials")
@pytest.mark.parametrize("way", ["link", "redirect"])
async def test_no_article_leads_into_this_machine_and_its_item_rings_all_the_same(
    house: House, allowed: HttpServer, inner: Inner, receiver: HttpServer, way: str
) -> None:
    links = inner.absolute() if way == "link" else inner.hops(allowed, 301)
    news = [{"guid": url, "title": f"Glacier report {n}", "link": url} for n, url in enumerate(links)]
    allowed.reply("/rss", Reply(body=rss([])), Reply(body=rss(news)))
    configure(house, allowed, receiver, [])
    await house.work()
    for _ in range(4):
        await house.after(minutes=5)
    assert inner.connections == 0
    assert unguarded(receiver) == []
    read = "SELECT reading_reason FROM item WHERE reading != 'not_wanted'"
    reasons = house.database.read_now(lambda tx: tx.exec_driver_sql(read).scalars().all())
    assert len(reasons) > len(links) * 0.8  # some are no link at all once the feed is read
    assert not_told(reasons) == []
    rung = payloads(request.body for request in receiver.received)
    assert {alert["headline"] for alert in rung} == {entry["title"] for entry in news}
    proving.figures(f"guard, article by {way}", links=len(links), connections=inner.connections)


async def test_where_a_feed_has_moved_for_good_is_checked_again_at_every_poll(
    house: House, allowed: HttpServer, inner: Inner, receiver: HttpServer
) -> None:
    allowed.reply("/rss", Reply(body=rss([])))
    moved = allowed.reply("/moved", Reply(status=301, headers={"Location": f"http://127.0.0.1:{inner.port}/"}))
    configure(house, allowed, receiver, [moved], allow="127.0.0.0/8")
    await house.work()
    assert inner.connections == 1
    (kept,) = [each for each in house.database.read_now(feeds.all_states) if each.name == "bad0"]
    assert kept.moved_to == f"http://127.0.0.1:{inner.port}/"
    configure(house, allowed, receiver, [moved])
    await house.after(minutes=5)
    await house.after(hours=2)
    assert inner.connections == 1
    ((state, said),) = states(house)
    assert (state, not_told([said])) == (State.FAILING, [])


async def test_a_feed_that_has_moved_to_a_name_does_not_follow_that_name_into_this_machine(
    house: House, allowed: HttpServer, receiver: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"new.example": OWNERS}
    monkeypatch.setattr(dialler, "_resolve", lambda host: [ip_address(told.get(host) or host)])
    allowed.reply("/rss", Reply(body=rss([])))
    new = f"http://new.example:{allowed.port}/"
    allowed.reply("/", Reply(body=rss([GOOD])))
    configure(house, allowed, receiver, [allowed.reply("/moved", Reply(status=308, headers={"Location": new}))])
    await house.work()
    assert len(allowed.asked("/")) == 1
    told["new.example"] = "127.0.0.1"
    with HttpServer(port=allowed.port) as behind:
        await house.after(minutes=5)
        assert behind.connections == 0
    ((state, said),) = states(house)
    assert (state, not_told([said])) == (State.FAILING, [])


# --- files of this machine --------------------------------------------------------------------------------------------


def naming(path: Path) -> dict[str, bytes]:
    """Return documents that name a file of this machine, each in its own way."""
    item = rss([{"guid": "{}", "title": "Glacier {}", "link": "https://wire.example/"}]).decode()
    inside = item[: item.index("<item>")], item[item.index("<item>") :]
    named = path.as_uri()
    return {
        "the whole body": str(path).encode(),
        "the whole body as an address": named.encode(),
        "an enclosure": item.replace("</item>", f'<enclosure url="{named}" length="9" type="a/b"/></item>').encode(),
        "xml:base": item.replace('version="2.0"', f'version="2.0" xml:base="{named}"')
        .replace("https://wire.example/", path.name)
        .encode(),
        "a link": item.replace("https://wire.example/", named).encode(),
        "an external entity": item.replace("<rss", f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{named}">]><rss')
        .replace("Glacier {}", "Glacier &x;")
        .encode(),
        "an external DTD": item.replace("<rss", f'<!DOCTYPE rss SYSTEM "{named}"><rss').encode(),
        "a style sheet": item.replace("<rss", f'<?xml-stylesheet type="text/xsl" href="{named}"?><rss').encode(),
        "an image": f"{inside[0]}<image><url>{named}</url></image>{inside[1]}".encode(),
        "an inclusion": item.replace(
            "<item>", f'<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="{named}" parse="text"/><item>'
        ).encode(),
        "content elsewhere": (
            '<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><id>1</id><title>Glacier</title>'
            f'<content src="{named}"/><link href="{named}"/></entry></feed>'
        ).encode(),
    }


def page_naming(path: Path) -> bytes:
    """Return an article that names the file wherever a page can."""
    named = path.as_uri()
    return (
        f'<!DOCTYPE html SYSTEM "{named}"><html><head><base href="{named}"><link rel="canonical" href="{named}">'
        f'<meta http-equiv="refresh" content="0;url={named}"><script src="{named}"></script></head><body><article>'
        f'<p>{"The road is closed. " * 30}</p><img src="{named}"><iframe src="{named}">'
        "</iframe></article></body></html>"
    ).encode()


@pytest.mark.slow
def test_no_document_makes_wirebell_open_a_file_of_this_machine(
    tmp_path: Path, wire: HttpServer, tool: Callable[[str], str]
) -> None:
    secret = tmp_path / "elsewhere" / "canary-4f1b9d.txt"
    secret.parent.mkdir()
    secret.write_text("canary-words-77aa", encoding="utf-8")
    home = tmp_path / "home"
    home.mkdir()
    documents = {f"f{n}": body for n, body in enumerate(naming(secret).values())}
    urls = {name: wire.reply(f"/{name}", Reply(body=body)) for name, body in documents.items()}
    urls["jump"] = wire.reply("/jump", Reply(status=302, headers={"Location": secret.as_uri()}))
    page = wire.reply("/page", Reply(body=page_naming(secret), headers={"Content-Type": "text/html"}))
    news = [{"guid": "page", "title": "Glacier page", "link": page}]
    urls["paged"] = wire.reply("/paged", Reply(body=rss(news, at=datetime.now(UTC))))
    listed = "\n".join(f'{name} = {{ url = "{url}", full_text = "always" }}' for name, url in urls.items())
    (home / "config.toml").write_text(
        f'timezone = "UTC"\n[feeds]\n{listed}\n[rules]\nroad = "glacier"\n[channels]\ndesk = "console:"\n'
        '[network]\nallow = ["127.0.0.0/8"]\n[polling]\nper_host = 50\ncatch_up = "1h"\n',
        encoding="utf-8",
    )
    trace = tmp_path / "trace"
    calls = "trace=open,openat,openat2,execve,stat,statx,newfstatat,readlink"
    ran = subprocess.run(
        [tool("strace"), "-f", "-qq", "-e", calls, "-o", trace, sys.executable, "-m", "monitor", "run", "--once"],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert {request.path for request in wire.received} >= {f"/{name}" for name in urls} | {"/page"}
    traced = trace.read_text(encoding="utf-8", errors="replace")
    assert 'config.toml"' in traced
    assert [line for line in traced.splitlines() if secret.name in line or "elsewhere" in line] == []
    kept = b"".join(path.read_bytes() for path in home.glob("wirebell.db*"))
    assert b"canary-words" not in kept + ran.stdout + ran.stderr
    proving.figures("local files", documents=len(urls) + 1, opened=0)


# --- what it costs ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_guard_costs_less_than_the_third_part_of_a_millisecond_a_request() -> None:
    """Interleaved, so that a noisy neighbour slows all alike; ``./dev bench guarding`` tells more."""
    ran = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "guarding.py", str(proving.sized(1500, 150))],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    figures = json.loads(ran.stdout.splitlines()[-1])
    proving.figures("guard", **figures)
    assert figures["guard_cpu_ms"] <= (0.3 if proving.WHOLE else 3)
