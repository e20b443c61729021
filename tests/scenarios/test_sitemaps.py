"""A newspaper without feeds: its sitemaps for Google tell the news."""

from __future__ import annotations

import gzip

import pytest

from monitor.feed import State
from monitor.store import feeds
from tests.http_server import HttpServer, Reply
from tests.scenarios.house import House, payloads


def news(*numbers: int) -> bytes:
    places = "".join(
        f"<url><loc>https://news.example/{n}</loc><news:news><news:publication><news:name>Daily</news:name>"
        f"</news:publication><news:title>NATO {n}</news:title></news:news></url>"
        for n in numbers
    )
    return f'<urlset xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{places}</urlset>'.encode()


def listing(wire: HttpServer, *places: tuple[str, str]) -> Reply:
    rows = "".join(
        f"<sitemap><loc>{wire.url(path)}</loc>{f'<lastmod>{date}</lastmod>' if date else ''}</sitemap>"
        for path, date in places
    )
    return Reply(body=f"<sitemapindex>{rows}</sitemapindex>".encode(), headers={"ETag": '"1"'})


@pytest.fixture
def told(house: House, wire: HttpServer, receiver: HttpServer) -> House:
    """A house that listens to the list of sitemaps."""
    receiver.reply("/hook", Reply(status=204))
    house.configure(f"""
        timezone = "UTC"
        feeds.daily = {{ url = "{wire.url("/index.xml")}", interval = "5m", full_text = "never" }}
        rules.nato = "nato"
        channels.desk = {{ webhook = "{receiver.url("/hook")}" }}
        network.allow = ["127.0.0.0/8"]
    """)
    return house


def rung(receiver: HttpServer) -> list[str]:
    return [str(each["headline"]) for each in payloads(request.body for request in receiver.asked("/hook"))]


async def test_the_newest_sitemaps_of_a_list_make_one_feed(told: House, wire: HttpServer, receiver: HttpServer) -> None:
    wire.reply("/index.xml", listing(wire, ("/a.xml.gz", "2026-11-23"), ("/b.xml", "2026-11-24")))
    wire.reply("/a.xml.gz", Reply(body=gzip.compress(news(1))))
    wire.reply("/b.xml", Reply(body=news(2)))
    await told.work()
    wire.reply("/index.xml", listing(wire, ("/a.xml.gz", "2026-11-23"), ("/b.xml", "2026-11-24T10:00:00Z")))
    wire.reply("/b.xml", Reply(body=news(3, 2)))
    await told.after(minutes=5)
    assert rung(receiver) == ["NATO 3"]


async def test_a_list_that_does_not_say_what_changed_is_followed_each_time(
    told: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/index.xml", listing(wire, ("/a.xml", "")))
    wire.reply("/a.xml", Reply(body=news(1)))
    await told.work()
    wire.reply("/a.xml", Reply(body=news(2, 1)))
    await told.after(minutes=5)
    assert rung(receiver) == ["NATO 2"]


async def test_a_list_whose_sitemaps_changed_with_it_is_not_followed_while_it_is_the_same(
    told: House, wire: HttpServer
) -> None:
    wire.reply("/index.xml", listing(wire, ("/a.xml", "2026-11-24")))
    wire.reply("/a.xml", Reply(body=news(1)))
    await told.work()
    await told.after(minutes=5)
    assert (len(wire.asked("/index.xml")), len(wire.asked("/a.xml"))) == (2, 1)


async def test_a_sitemap_that_cannot_be_had_costs_none_of_the_others(
    told: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/index.xml", listing(wire, ("/gone.xml", "2026-11-24"), ("/a.xml", "2026-11-23")))
    wire.reply("/a.xml", Reply(body=news(1)))
    await told.work()
    wire.reply("/gone.xml", Reply(body=news(2)))
    await told.after(minutes=5)
    assert rung(receiver) == ["NATO 2"]


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (Reply(status=404), "server answered: 404 Not Found"),
        (Reply(status=304), "server answered: 304 without having been asked before"),
        (Reply(body=b"<html/>"), "the answer is not a feed: a web page, not a feed"),
        (
            Reply(body=b"<sitemapindex><sitemap><loc>/a.xml</loc></sitemap></sitemapindex>"),
            "the answer is not a feed: a list of sitemaps within another",
        ),
    ],
    ids=["missing", "not modified", "page", "list"],
)
async def test_a_list_of_which_nothing_can_be_read_fails_with_the_reason(
    told: House, wire: HttpServer, part: Reply, reason: str
) -> None:
    wire.reply("/index.xml", listing(wire, ("/a.xml", "")))
    wire.reply("/a.xml", part)
    await told.work()
    (state,) = told.database.read_now(feeds.all_states)
    assert (state.state, state.reason) == (State.FAILING, reason)
