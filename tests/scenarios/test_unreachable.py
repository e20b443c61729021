"""This machine's network goes and comes back: one message each, and no feed is blamed."""

from __future__ import annotations

from datetime import timedelta

from tests.http_server import HttpServer, Reply
from tests.scenarios.house import House, payloads, rss

MINUTE = timedelta(minutes=1)
NAMES = ("a", "b", "c", "dead")


def served(port: int = 0) -> HttpServer:
    wire = HttpServer(host="0.0.0.0", port=port)  # noqa: S104 - several addresses of loopback, as if they were servers
    for name in NAMES[:3]:
        wire.reply(f"/{name}", Reply(body=rss([{"guid": "1", "title": "An item"}])))
    return wire


def told(receiver: HttpServer) -> list[tuple[str, str]]:
    notices = payloads((request.body for request in receiver.asked("/hook")), "notice.v1")
    return [(str(notice["subject"]), str(notice["message"])) for notice in notices]


def configure(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    receiver.reply("/hook", Reply(status=204))
    urls = {name: wire.url(f"/{name}", host=f"127.0.0.{n}") for n, name in enumerate(NAMES, 1)}
    urls["dead"] = "http://127.0.0.9:9/"
    feeds = "\n".join(f'{name} = {{ url = "{url}", interval = "5m" }}' for name, url in urls.items())
    house.configure(f"""
        timezone = "UTC"
        rules.nato = "NATO security guarantees"
        channels.desk = {{ webhook = "{receiver.url("/hook")}" }}
        network.allow = ["127.0.0.0/8"]
        [feeds]
        {feeds}
    """)


async def test_an_outage_is_one_message_and_its_end_another(house: House, receiver: HttpServer) -> None:
    with served() as wire:
        configure(house, wire, receiver)
        await house.work()
        await house.pass_by(step=MINUTE, minutes=4)
    await house.pass_by(step=MINUTE, minutes=20)
    assert told(receiver)[0][0] == "4 of 4 feeds unreachable: this machine's network"
    with served(wire.port):
        await house.pass_by(step=MINUTE, minutes=25)
        asked = {request.path for request in wire.received}
    assert asked == {"/a", "/b", "/c"}
    (_, _), (subject, message) = told(receiver)
    assert subject == "This machine's network is back"
    assert "Still out of reach: dead." in message


async def test_after_an_outage_a_feed_that_stays_dead_is_told_of_by_itself(house: House, receiver: HttpServer) -> None:
    with served() as wire:
        configure(house, wire, receiver)
        await house.work()
    await house.pass_by(step=MINUTE, minutes=20)
    with served(wire.port):
        await house.pass_by(hours=2)
    assert [subject for subject, _ in told(receiver)][2:] == [
        "dead fails: no answer: connection failed (127.0.0.9 port 9: Connection refused)"
    ]
