"""What feeds say never makes wirebell ask a server that is not public, unless its owner allows that one."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from monitor.feed import State
from monitor.store import feeds
from tests.http_server import HttpServer, Reply
from tests.scenarios.house import House, payloads, rss

#: Ways to write this machine or its neighbours; ``{port}`` is where the server listens that must not be asked.
FORBIDDEN = (
    "http://127.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f.1:{port}/",
    "http://0.0.0.0:{port}/",
    "http://localhost:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://169.254.169.254/latest/meta-data/",
)
GOOD = {"guid": "2", "title": "Glacier road closed", "description": "A slide blocks the pass."}


@pytest.fixture
def allowed() -> Iterator[HttpServer]:
    """The only server that the owner allows, on a loopback address of its own."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.2", 0))
        except OSError:
            pytest.skip("this system has a single loopback address")
    with HttpServer(host="127.0.0.2") as server:
        yield server


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """Servers of this machine that must not be asked, at one port of IPv4 and IPv6, with a feed at every address."""

    servers: tuple[HttpServer, ...]

    @property
    def connections(self) -> int:
        return sum(server.connections for server in self.servers)

    def addresses(self) -> list[str]:
        return [each.format(port=self.servers[0].port) for each in FORBIDDEN]


@pytest.fixture
def inner() -> Iterator[Inner]:
    with HttpServer() as four, HttpServer(host="::1", port=four.port) as six:
        for server in (four, six):
            server.reply("/", Reply(body=rss([GOOD])))
        yield Inner(servers=(four, six))


def configure(house: House, allowed: HttpServer, receiver: HttpServer, bad: list[str]) -> None:
    listed = "\n".join(f'feeds.bad{n} = {{ url = "{url}", interval = "5m" }}' for n, url in enumerate(bad))
    house.configure(
        f"""feeds.good = {{ url = "{allowed.url("/rss")}", interval = "5m", full_text = "always" }}
        {listed}
        rules.road = "glacier"
        channels.desk = {{ webhook = "{receiver.reply("/hook", Reply(status=204))}" }}
        network.allow = ["127.0.0.2/32"]
        polling.per_host = 20"""
    )


def states(house: House) -> list[tuple[State, str]]:
    return [
        (state.state, state.reason)
        for state in house.database.read_now(feeds.all_states)
        if state.name.startswith("bad")
    ]


@pytest.mark.parametrize("way", ["feed", "redirect"])
async def test_neither_a_feed_nor_its_redirect_leads_into_this_machine(
    house: House, allowed: HttpServer, inner: Inner, receiver: HttpServer, way: str
) -> None:
    allowed.reply("/rss", Reply(body=rss([])), Reply(body=rss([GOOD])))
    bad = inner.addresses()
    if way == "redirect":
        bad = [allowed.reply(f"/hop{n}", Reply(status=302, headers={"Location": url})) for n, url in enumerate(bad)]
    configure(house, allowed, receiver, bad)
    await house.work()
    await house.after(minutes=5)
    assert inner.connections == 0
    assert [state for state, _ in states(house)] == [State.FAILING] * len(bad)
    assert [reason for _, reason in states(house) if "address is not public" not in reason] == []
    assert [alert["headline"] for alert in payloads(request.body for request in receiver.received)] == [GOOD["title"]]


@pytest.mark.parametrize("way", ["link", "redirect"])
async def test_no_article_leads_into_this_machine_and_its_item_rings_all_the_same(
    house: House, allowed: HttpServer, inner: Inner, receiver: HttpServer, way: str
) -> None:
    links = [*inner.addresses(), f"http://news.example@127.0.0.1:{inner.servers[0].port}/"]
    if way == "redirect":
        links = [allowed.reply(f"/hop{n}", Reply(status=301, headers={"Location": url})) for n, url in enumerate(links)]
    news = [{"guid": url, "title": f"Glacier report {n}", "link": url} for n, url in enumerate(links)]
    allowed.reply("/rss", Reply(body=rss([])), Reply(body=rss(news)))
    configure(house, allowed, receiver, [])
    await house.work()
    await house.after(minutes=5)
    await house.after(minutes=5)
    assert inner.connections == 0
    reasons = house.database.read_now(lambda tx: tx.exec_driver_sql("SELECT reading_reason FROM item").scalars().all())
    assert len(reasons) == len(links)
    assert [reason for reason in reasons if "address is not public" not in reason] == []
    rung = payloads(request.body for request in receiver.received)
    assert {alert["headline"] for alert in rung} == {entry["title"] for entry in news}
