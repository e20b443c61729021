"""A feed's whole life, and exactly the messages that a person wants of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from monitor.feed import State
from monitor.store import feeds
from tests.http_server import HttpServer, Reply
from tests.scenarios.house import House, payloads, rss

#: A Monday, 00:00.
MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
NOON_TUESDAY = MONDAY + timedelta(days=22, hours=12)
#: In office hours, Monday to Friday.
OFFICE = range(8, 18)


def published(until: datetime, every: timedelta = timedelta(hours=1)) -> list[datetime]:
    """Return when a newsroom that works in office hours has published, from three weeks before."""
    moments, at = [], (until - timedelta(days=21)).replace(minute=0)
    while at <= until:
        if at.hour in OFFICE and at.weekday() < 5:
            moments.append(at)
        at += every
    return moments


def listing(moments: list[datetime], most: int = 200) -> bytes:
    items = "".join(
        f"<item><guid>{at:%d-%H%M}</guid><title>Item of {at:%d %H:%M}</title><link>https://wire.example/{at:%d%H%M}</link>"
        f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for at in sorted(moments, reverse=True)[:most]
    )
    return f'<rss version="2.0"><channel><title>Wire</title>{items}</channel></rss>'.encode()


def configure(house: House, wire: HttpServer, receiver: HttpServer, *, feed: str = "") -> None:
    receiver.reply("/hook", Reply(status=204))
    house.configure(f"""
        timezone = "Europe/Berlin"
        feeds.un = {{ url = "{wire.url("/rss")}", interval = "30m", full_text = "never"{feed} }}
        rules.nato = "NATO security guarantees"
        channels.desk = {{ webhook = "{receiver.url("/hook")}" }}
        network.allow = ["127.0.0.0/8"]
    """)


def told(receiver: HttpServer) -> list[str]:
    bodies = (request.body for request in receiver.asked("/hook"))
    return [str(notice["subject"]) for notice in payloads(bodies, "notice.v1")]


def last_message(receiver: HttpServer) -> str:
    return str(payloads((request.body for request in receiver.asked("/hook")), "notice.v1")[-1]["message"])


def state(house: House) -> State:
    return house.database.read_now(feeds.all_states)[0].state


async def living(house: House, wire: HttpServer, until: datetime, published: Callable[[datetime], bytes]) -> None:
    """Let the feed publish, and the house poll, each half an hour."""
    half = timedelta(minutes=30)
    while house.clock() < until:
        wire.reply("/rss", Reply(body=published(house.clock() + half)))
        await house.pass_by(step=half, minutes=30)


def office(now: datetime) -> bytes:
    return listing(published(now))


@pytest.fixture
def begun(house: House, wire: HttpServer, receiver: HttpServer) -> House:
    """Return a house that begins to watch on the morning before the Tuesday."""
    house.clock.at = NOON_TUESDAY - timedelta(days=1, hours=3)
    wire.reply("/rss", Reply(body=office(house.clock())))
    configure(house, wire, receiver)
    return house


async def test_a_night_is_no_silence(begun: House, wire: HttpServer, receiver: HttpServer) -> None:
    await living(begun, wire, NOON_TUESDAY, office)
    assert told(receiver) == []
    assert state(begun) is State.OK


async def test_a_weekend_is_no_silence(begun: House, wire: HttpServer, receiver: HttpServer) -> None:
    begun.clock.at = NOON_TUESDAY + timedelta(days=3, hours=3)
    await living(begun, wire, NOON_TUESDAY + timedelta(days=6), office)
    assert told(receiver) == []


async def test_a_feed_that_falls_silent_on_a_tuesday_is_told_once_and_once_when_it_speaks_again(
    begun: House, wire: HttpServer, receiver: HttpServer
) -> None:
    nine = NOON_TUESDAY - timedelta(hours=3)
    await living(begun, wire, nine, office)
    await living(begun, wire, NOON_TUESDAY + timedelta(hours=8), lambda _now: office(nine))
    assert len(told(receiver)) == 1
    assert told(receiver)[0].startswith("un is silent: nothing new for ")
    assert told(receiver)[0].endswith(", usually every 1 h")
    message = last_message(receiver)
    assert "Last item 10:00. By this hour on a Tuesday it has usually brought " in message
    assert "One rule watches it: nato." in message
    assert 'Too strict? feeds.un.silent_after = "24h"' in message
    await living(begun, wire, NOON_TUESDAY + timedelta(days=1), office)
    assert told(receiver)[1:] == ["un speaks again"]
    assert state(begun) is State.OK


async def test_silence_may_be_given_a_time(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    wire.reply("/rss", Reply(body=rss([{"guid": "1", "title": "One"}])))
    configure(house, wire, receiver, feed=', silent_after = "2h"')
    await house.pass_by(hours=1)
    assert told(receiver) == []
    await house.pass_by(hours=2)
    assert told(receiver) == ["un is silent: nothing new for 2 h"]


async def test_a_server_that_restarts_is_nobodys_business(begun: House, wire: HttpServer, receiver: HttpServer) -> None:
    wire.reply("/rss", Reply(body=office(begun.clock())), Reply(status=503), Reply(body=office(begun.clock())))
    await begun.pass_by(minutes=90)
    assert told(receiver) == []


async def test_a_dead_feed_is_told_once_with_what_to_do_and_once_when_it_is_back(
    begun: House, wire: HttpServer, receiver: HttpServer
) -> None:
    await begun.work()
    wire.reply("/rss", Reply(status=403, headers={"Server": "cloudflare"}))
    await begun.pass_by(hours=8)
    assert told(receiver) == ["un fails: server answered: 403 Forbidden"]
    assert "A wall against programs stands before it" in last_message(receiver)
    await living(begun, wire, begun.clock() + timedelta(hours=3), office)
    assert told(receiver)[1:] == ["un works again"]


async def test_a_feed_that_has_moved_is_told_once(begun: House, wire: HttpServer, receiver: HttpServer) -> None:
    await begun.work()
    wire.reply("/rss", Reply(status=308, headers={"Location": wire.url("/new")}))
    wire.reply("/new", Reply(body=office(begun.clock())))
    await begun.pass_by(hours=2)
    assert told(receiver) == ["un has moved"]
    assert f'feeds.un.url = "{wire.url("/new")}"' in last_message(receiver)


async def test_a_feed_that_is_gone_is_told_at_once_and_once_when_it_is_back(
    begun: House, wire: HttpServer, receiver: HttpServer
) -> None:
    await begun.work()
    wire.reply("/rss", Reply(status=410))
    await begun.pass_by(hours=1)
    assert told(receiver) == ["un is gone: the server says the feed is gone (410)"]
    await living(begun, wire, begun.clock() + timedelta(hours=25), office)
    assert told(receiver)[1:] == ["un works again"]


async def test_a_feed_that_lists_nothing_any_more_is_odd_until_it_lists_again(
    begun: House, wire: HttpServer, receiver: HttpServer
) -> None:
    await begun.work()
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss([])), Reply(body=office(begun.clock())))
    await begun.pass_by(hours=3)
    assert told(receiver) == ["un is odd: it lists nothing any more, after 151 entries", "un works again"]
