"""Articles are asked for as their sites wish it, and where that gains something."""

from __future__ import annotations

import pytest

from tests.http_server import HttpServer, Reply
from tests.scenarios.house import House, payloads, rss

WORDS = "Divers found cracks in the spillway of the old reservoir, the engineer said in the town hall on Tuesday."
PAGE = f"""<!doctype html><html><head><title>Dam</title></head><body><nav>Home News Sport</nav><article><h1>Dam</h1>
<p>{WORDS}</p>
<p>Work begins in the spring, when the water is low, and takes a year according to the plans of the district.</p>
<p>People below the reservoir were told in the evening, and asked for a meeting with those who run the dam.</p>
</article></body></html>""".encode()
ARTICLE = Reply(body=PAGE, headers={"Content-Type": "text/html; charset=utf-8"})
REFUSED = Reply(status=403)


@pytest.fixture
def day(house: House, wire: HttpServer, receiver: HttpServer) -> House:
    """A house that has polled once, before anything was listed."""
    receiver.reply("/hook", Reply(status=204))
    wire.reply("/rss", Reply(body=rss([])))
    return house


async def begin(day: House, wire: HttpServer, receiver: HttpServer, *, full_text: str = "auto") -> None:
    day.configure(f"""
        timezone = "UTC"
        feeds.wire = {{ url = "{wire.url("/rss")}", interval = "5m", full_text = "{full_text}" }}
        rules.dam = "dam"
        channels.desk = {{ webhook = "{receiver.url("/hook")}" }}
        network.allow = ["127.0.0.0/8"]
    """)
    await day.work()


def list_articles(wire: HttpServer, count: int, *replies: Reply) -> None:
    """Have the feed list so many articles, each answered so."""
    entries = [{"guid": str(n), "title": f"Dam {n}", "link": wire.url(f"/a{n}")} for n in range(count)]
    wire.reply("/rss", Reply(body=rss(entries)))
    for n in range(count):
        wire.reply(f"/a{n}", *replies)


def asked(wire: HttpServer) -> int:
    """Return how many articles were asked for."""
    return sum(request.path.startswith("/a") for request in wire.received)


def reasons(house: House) -> set[str]:
    """Return why items have no text."""
    query = "SELECT DISTINCT reading_reason FROM item"
    return {*house.database.read_now(lambda tx: tx.exec_driver_sql(query).scalars().all())}


def read(receiver: HttpServer) -> list[object]:
    """Return how far each alert could be read."""
    return [alert.get("read") for alert in payloads(request.body for request in receiver.asked("/hook"))]


# --- robots.txt ----------------------------------------------------------------------------------------------------


async def test_a_page_that_robots_txt_closes_is_not_asked_for(
    day: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/robots.txt", Reply(body=b"User-agent: *\nAllow: /\nUser-agent: wirebell\nDisallow: /a0\n"))
    await begin(day, wire, receiver)
    list_articles(wire, 2, ARTICLE)
    await day.after(minutes=5)
    assert ([request.path for request in wire.received if request.path != "/rss"]) == ["/robots.txt", "/a1"]
    assert reasons(day) == {"robots.txt asks not to read it", ""}


async def test_what_a_site_asks_is_asked_once_a_day(day: House, wire: HttpServer, receiver: HttpServer) -> None:
    await begin(day, wire, receiver)
    for count, hours in ((1, 1), (2, 1), (3, 24)):
        list_articles(wire, count, ARTICLE)
        await day.after(hours=hours)
    assert [request.path for request in wire.received if request.path != "/rss"] == [
        *("/robots.txt", "/a0", "/a1"),
        *("/robots.txt", "/a2"),
    ]


@pytest.mark.parametrize("reply", [Reply(status=404), Reply(status=403), Reply(body=b"x" * 600_000), Reply(status=301)])
async def test_a_site_that_has_no_robots_txt_asks_nothing(
    day: House, wire: HttpServer, receiver: HttpServer, reply: Reply
) -> None:
    wire.reply("/robots.txt", reply)
    await begin(day, wire, receiver)
    list_articles(wire, 1, ARTICLE)
    await day.after(minutes=5)
    assert read(receiver) == ["article"]


async def test_while_a_robots_txt_cannot_be_had_the_article_waits(
    day: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/robots.txt", Reply(status=503), Reply(status=404))
    await begin(day, wire, receiver)
    list_articles(wire, 1, ARTICLE)
    await day.after(minutes=5)
    assert (asked(wire), reasons(day)) == (0, {"server answered 503"})
    await day.after(minutes=1)
    assert (asked(wire), reasons(day)) == (1, {""})


# --- where it pays -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("full_text", "reply", "requests"), [("auto", REFUSED, 5), ("always", REFUSED, 8), ("auto", ARTICLE, 8)]
)
async def test_a_host_whose_articles_give_nothing_is_left_alone_after_five(  # noqa: PLR0913, PLR0917 - fixtures
    day: House, wire: HttpServer, receiver: HttpServer, full_text: str, reply: Reply, requests: int
) -> None:
    await begin(day, wire, receiver, full_text=full_text)
    list_articles(wire, 8, reply)
    await day.after(minutes=5)
    assert asked(wire) == requests


async def test_what_is_not_read_rings_on_headline_and_lead_with_the_reason(
    day: House, wire: HttpServer, receiver: HttpServer
) -> None:
    await begin(day, wire, receiver)
    list_articles(wire, 6, REFUSED)
    await day.after(minutes=5)
    await day.after(minutes=1)
    assert reasons(day) == {"server answered 403", "articles of this host give no more than the feed"}
    assert {*read(receiver)} == {"headline"}


async def test_a_host_that_gave_nothing_is_asked_again_the_next_day(
    day: House, wire: HttpServer, receiver: HttpServer
) -> None:
    await begin(day, wire, receiver)
    counts = []
    for listed, reply in ((7, REFUSED), (8, ARTICLE), (11, ARTICLE)):
        list_articles(wire, listed, reply)
        await day.after(hours=24 if listed == 8 else 2)
        counts.append(asked(wire))
    assert counts == [5, 6, 9]


# --- what lets a feed in -------------------------------------------------------------------------------------------


async def test_what_lets_a_feed_in_opens_its_articles_on_its_own_origin_alone(
    day: House, wire: HttpServer, receiver: HttpServer
) -> None:
    with HttpServer() as other:
        other.reply("/a", ARTICLE)
        wire.reply("/a", ARTICLE)
        wire.reply("/rss", Reply(body=rss([])))
        (day.folder / "key").write_text("X-Key: hunter2")
        day.configure(f"""
            timezone = "UTC"
            feeds.wire = {{ url = "{wire.url("/rss")}", interval = "5m", headers_file = "key" }}
            rules.dam = "dam"
            channels.desk = {{ webhook = "{receiver.url("/hook")}" }}
            network.allow = ["127.0.0.0/8"]
        """)
        await day.work()
        entries = [{"guid": each.url(), "title": "Dam", "link": each.url("/a")} for each in (wire, other)]
        wire.reply("/rss", Reply(body=rss(entries)))
        await day.after(minutes=5)
        assert {request.headers.get("x-key") for request in wire.received} == {"hunter2"}
        assert [request.path for request in other.received] == ["/robots.txt", "/a"]
        assert {request.headers.get("x-key") for request in other.received} == {None}


async def test_a_list_of_feeds_that_changes_is_watched_as_it_is_now(
    day: House, wire: HttpServer, receiver: HttpServer
) -> None:
    """A feed that leaves the list is polled no more, and one that comes into it is."""
    config = f"""
        opml = "feeds.opml"
        timezone = "UTC"
        rules.dam = {{ match = "dam", feeds = "tag:water" }}
        channels.desk = {{ webhook = "{receiver.url("/hook")}" }}
        polling.full_text = "never"
        network.allow = ["127.0.0.0/8"]
    """
    wire.reply("/b", Reply(body=rss([])), Reply(body=rss([{"guid": "1", "title": "Dam opened"}])))
    for name in ("rss", "b"):
        outline = f'<outline text="water"><outline text="{name}" xmlUrl="{wire.url(f"/{name}")}"/></outline>'
        (day.folder / "feeds.opml").write_text(f"<opml><body>{outline}</body></opml>")
        day.configure(config)
        await day.work()
    await day.after(hours=2)
    assert [len(wire.asked(path)) for path in ("/rss", "/b")] == [1, 2]
    assert len(receiver.asked("/hook")) == 1
