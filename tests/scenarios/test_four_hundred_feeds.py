"""Four hundred feeds, fifteen of them broken in different ways, and an outage of five minutes: what a person gets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from tests.http_server import DROP, HttpServer, Reply
from tests.proofs import proving
from tests.scenarios.house import House, payloads, rss

pytestmark = pytest.mark.slow

FEEDS, FEEDS_A_HOST = 400, 4
MINUTE = timedelta(minutes=1)
BROKEN = {
    "login": Reply(status=401),
    "forbidden": Reply(status=403),
    "walled": Reply(status=403, headers={"CF-Mitigated": "challenge"}),
    "missing": Reply(status=404),
    "gone": Reply(status=410),
    "down": Reply(status=500),
    "overloaded": Reply(status=503),
    "busy": Reply(status=429, headers={"Retry-After": "900"}),
    "page": Reply(body=b"<!doctype html><html><body>Our new site</body></html>"),
    "blank": Reply(body=b""),
    "torn": Reply(body=b"<rs\x00s version='2.0"),
    "json": Reply(body=b'{"error": "no such feed"}'),
    "drops": DROP,
    "circle": Reply(status=302, headers={"Location": "/circle"}),
}


def good() -> tuple[Reply, Reply]:
    """Return what a feed says at first and from then on."""
    stamp = {"ETag": '"1"'}
    return Reply(body=rss([{"guid": "1", "title": "An item"}]), headers=stamp), Reply(status=304, headers=stamp)


def addresses(wire: HttpServer) -> dict[str, str]:
    """Return where each feed is: four on a host, as if the hosts were a hundred servers."""
    names = [*BROKEN, "closed", *(f"feed{n:03}" for n in range(FEEDS - len(BROKEN) - 1))]
    hosts = [f"127.0.{n // FEEDS_A_HOST // 250}.{n // FEEDS_A_HOST % 250 + 1}" for n in range(FEEDS)]
    urls = {name: wire.url(f"/{name}", host=host) for name, host in zip(names, hosts, strict=True)}
    return urls | {"closed": urls["closed"].replace(f":{wire.port}/", ":9/")}


@contextmanager
def serving(port: int = 0) -> Iterator[HttpServer]:
    with HttpServer(host="0.0.0.0", port=port) as wire:  # noqa: S104 - every address of loopback
        for number in range(FEEDS):
            wire.reply(f"/feed{number:03}", *good())
        for name, reply in BROKEN.items():
            wire.reply(f"/{name}", reply)
        yield wire


async def test_a_person_gets_fewer_than_ten_messages_and_all_are_right(house: House, receiver: HttpServer) -> None:
    receiver.reply("/hook", Reply(status=204))
    with serving() as wire:
        feeds = "\n".join(f'{name} = {{ url = "{url}", interval = "5m" }}' for name, url in addresses(wire).items())
        house.configure(f"""
            timezone = "Europe/Berlin"
            rules.nato = "NATO security guarantees"
            channels.desk = {{ webhook = "{receiver.url("/hook")}" }}
            network.allow = ["127.0.0.0/8"]
            polling = {{ per_host = 4 }}
            [feeds]
            {feeds}
        """)
        await house.work()
        await house.pass_by(minutes=40)
        await house.pass_by(step=MINUTE, minutes=3)
    await house.pass_by(step=MINUTE, minutes=5)
    with serving(wire.port):
        await house.pass_by(step=MINUTE, minutes=10)
        await house.pass_by(minutes=20)

    bodies = [request.body for request in receiver.asked("/hook")]
    messages = payloads(bodies, "notice.v1")
    told = [f"{message['subject']}\n{message['message']}" for message in messages]
    proving.figures(
        "four hundred feeds", messages=len(told), **{str(n): f"\n{text}\n" for n, text in enumerate(told, 1)}
    )
    named = {name: sum(f"{name} " in text for text in told) for name in (*BROKEN, "closed")}
    assert named == dict.fromkeys(named, 1)
    assert "feed000 " not in "".join(told)
    network = [text.split("\n")[0] for text in told if "network" in text]
    assert len(network) == 2
    assert network[1] == "This machine's network is back"
    assert len(told) < 10
