"""Feeds as they come, old and odd ones: each through the whole pipeline to alerts with headline, link and time."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from datetime import timedelta

import pytest

from monitor.feed import State
from monitor.store import feeds
from tests.http_server import HttpServer, Reply
from tests.scenarios.house import MORNING, House, payloads, rss

#: When the second poll sees what is new: what bears no date of its own is published then.
SEEN = MORNING + timedelta(minutes=5)
NOW = f"{SEEN:%Y-%m-%dT%H:%M:%SZ}"
XML = {"Content-Type": "application/xml"}

Told = tuple[str, str, str]


async def published(
    house: House, wire: HttpServer, receiver: HttpServer, *bodies: bytes, headers: Mapping[str, str] = XML
) -> list[Told]:
    """Poll an empty feed, then each body, and return headline, path of the link, and time of each alert in order."""
    receiver.reply("/hook", Reply(status=204))
    wire.reply("/feed/rss", Reply(body=rss([])), *(Reply(body=body, headers=headers) for body in bodies))
    house.configure(f"""
        timezone = "UTC"
        feeds.wire = {{ url = "{wire.url("/feed/rss")}", interval = "5m", full_text = "never" }}
        rules.everything = "feed:wire"
        channels.desk = {{ webhook = "{receiver.url("/hook")}", burst = false }}
        network.allow = ["127.0.0.0/8"]
    """)
    await house.work()
    for _ in bodies:
        await house.after(minutes=5)
    alerts = payloads(request.body for request in receiver.asked("/hook"))
    here = wire.url("/").removesuffix("/")
    return [(str(a["headline"]), str(a["link"]).removeprefix(here), str(a["published"])) for a in alerts]


def rss2(*items: str, before: str = "") -> bytes:
    listed = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0"><channel><title>Wire</title>{before}{listed}</channel></rss>'.encode()


def atom(*entries: str, more: str = "") -> bytes:
    listed = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f'<feed xmlns="http://www.w3.org/2005/Atom"{more}><title>Wire</title><id>w</id>{listed}</feed>'.encode()


RSS_091 = b"""<?xml version="1.0"?>
<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">
<rss version="0.91"><channel><title>Old</title><link>https://old.example/</link><language>en</language>
<description>An old wire</description>
<item><title>Pier reopens</title><link>https://old.example/pier</link><description>After a year.</description></item>
</channel></rss>"""

RSS_10 = b"""<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://rdf.example/"><title>RDF</title><link>https://rdf.example/</link></channel>
<item rdf:about="https://rdf.example/pier"><title>Pier reopens</title><link>https://rdf.example/pier</link>
<dc:date>2026-11-24T07:30:00+01:00</dc:date></item></rdf:RDF>"""

KINDS = [
    pytest.param(RSS_091, [("Pier reopens", "https://old.example/pier", NOW)], id="RSS 0.91"),
    pytest.param(RSS_10, [("Pier reopens", "https://rdf.example/pier", "2026-11-24T06:30:00Z")], id="RSS 1.0"),
    pytest.param(
        rss2("<title>Pier</title><link>https://a.example/1</link><pubDate>Tue, 24 Nov 2026 07:00:00 EST</pubDate>"),
        [("Pier", "https://a.example/1", NOW)],
        id="RSS 2.0, a zone by its letters and in the future",
    ),
    pytest.param(
        rss2("<title>Pier</title><link>https://a.example/1</link><pubDate>Mon, 23 Nov 2026 19:00:00 -0500</pubDate>"),
        [("Pier", "https://a.example/1", "2026-11-24T00:00:00Z")],
        id="RSS 2.0",
    ),
    pytest.param(
        atom(
            "<title>Pier</title><id>tag:a,1</id><updated>2026-11-24T07:59:00Z</updated>"
            "<published>2026-11-24T06:00:00Z</published><link rel='self' href='https://a.example/1.atom'/>"
            "<link rel='alternate' href='https://a.example/1'/>"
        ),
        [("Pier", "https://a.example/1", "2026-11-24T06:00:00Z")],
        id="Atom",
    ),
    pytest.param(
        atom("<title>Pier</title><id>tag:a,1</id><updated>2026-11-24T07:59:00Z</updated><link href='/1'/>"),
        [("Pier", "/1", "2026-11-24T07:59:00Z")],
        id="Atom with no date but updated",
    ),
    pytest.param(
        atom("<title>Pier</title><id>1</id><link href='news/1'/>", more=' xml:base="https://base.example/a/"'),
        [("Pier", "https://base.example/a/news/1", NOW)],
        id="Atom with a base of its own",
    ),
    pytest.param(
        rss2("<title>Pier</title><link>/news/1</link><guid>1</guid>"),
        [("Pier", "/news/1", NOW)],
        id="link from the root",
    ),
    pytest.param(
        rss2("<title>Pier</title><link>../news/1?a=1&amp;b=2</link><guid>1</guid>"),
        [("Pier", "/news/1?a=1&b=2", NOW)],
        id="link from here",
    ),
    pytest.param(
        rss2("<title>Pier</title><link>//cdn.example/1</link>"), [("Pier", "http://cdn.example/1", NOW)], id="no scheme"
    ),
    pytest.param(
        rss2("<title>Pier</title><guid isPermaLink='true'>https://a.example/1</guid>"),
        [("Pier", "https://a.example/1", NOW)],
        id="the guid is the link",
    ),
    pytest.param(rss2("<title>Pier</title><guid>x-1</guid>"), [("Pier", "", NOW)], id="no link at all"),
    pytest.param(
        rss2("<title>Pier</title><link>javascript:alert(1)</link><guid>1</guid>"),
        [("Pier", "", NOW)],
        id="a link to run",
    ),
    pytest.param(
        rss2("<title><![CDATA[Pier & <b>promenade</b> reopen]]></title><guid>1</guid>"),
        [("Pier & promenade reopen", "", NOW)],
        id="CDATA and HTML",
    ),
    pytest.param(
        rss2("<title>Pier &amp;amp; promenade: &amp;quot;open&amp;quot; &amp;#8211; at last</title><guid>1</guid>"),
        [('Pier & promenade: "open" – at last', "", NOW)],
        id="references twice over",
    ),
    pytest.param(
        atom("<title type='html'>Pier &lt;em&gt;reopens&lt;/em&gt;</title><id>1</id>"),
        [("Pier reopens", "", NOW)],
        id="HTML in Atom",
    ),
    pytest.param(
        rss2("<title>\n   Pier\n   reopens  </title><guid>1</guid>"), [("Pier reopens", "", NOW)], id="over two lines"
    ),
    pytest.param(
        rss2("<description>The pier reopens. Nobody expected it so soon.</description><guid>1</guid>"),
        [("The pier reopens. Nobody expected it so soon.", "", NOW)],
        id="no headline",
    ),
    pytest.param(
        rss2("<title>Pier &nbsp;reopens &copy; &hellip;</title><guid>1</guid>"),
        [("Pier reopens © …", "", NOW)],
        id="names of characters that XML does not know",
    ),
    pytest.param(
        rss2("<title>Pier &\x03 promenade</title><guid>1</guid>"), [("Pier & promenade", "", NOW)], id="not well formed"
    ),
    pytest.param(
        b"\n\n  " + rss2("<title>Pier</title><guid>1</guid>"), [("Pier", "", NOW)], id="empty lines before it"
    ),
    pytest.param(
        rss2("<title>Pier</title><guid>1</guid>", "<title>Quay</title><guid>2</guid>").removesuffix(
            b"<item><title>Quay</title><guid>2</guid></item></channel></rss>"
        )
        + b"<item><title>Qu",
        [("Pier", "", NOW)],
        id="broken off",
    ),
    pytest.param(rss2(), [], id="empty"),
]


@pytest.mark.parametrize(("body", "told"), KINDS)
async def test_a_feed_of_any_kind_rings_with_headline_link_and_time(
    house: House, wire: HttpServer, receiver: HttpServer, body: bytes, told: list[Told]
) -> None:
    assert await published(house, wire, receiver, body) == told
    (state,) = house.database.read_now(feeds.all_states)
    assert state.state is State.OK


# --- identity ------------------------------------------------------------------------------------------------------


async def test_entries_without_a_guid_ring_once_each_by_their_link(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    first = rss2("<title>Pier</title><link>https://a.example/1</link>")
    tracked = rss2(
        "<title>Quay</title><link>https://a.example/2</link>",
        "<title>Pier</title><link>https://a.example/1/?utm_source=rss#top</link>",
    )
    assert await published(house, wire, receiver, first, tracked) == [
        ("Pier", "https://a.example/1", NOW),
        ("Quay", "https://a.example/2", "2026-11-24T08:10:00Z"),
    ]


async def test_entries_with_neither_guid_nor_link_ring_once_each_by_their_words(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    first, second = rss2("<title>Pier</title>"), rss2("<title>Quay</title>", "<title>Pier</title>")
    assert [headline for headline, *_ in await published(house, wire, receiver, first, second)] == ["Pier", "Quay"]


async def test_entries_that_share_a_guid_are_still_told_apart(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    body = rss2(*(f"<title>{n}</title><guid>same</guid><link>https://a.example/{n}</link>" for n in ("Pier", "Quay")))
    told = await published(house, wire, receiver, body, body.replace(b"Wire", b"Wired"))
    assert sorted(headline for headline, *_ in told) == ["Pier", "Quay"]


async def test_an_entry_that_stands_in_the_feed_twice_rings_once(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    entry = "<title>Pier</title><guid>1</guid><link>https://a.example/1</link>"
    assert len(await published(house, wire, receiver, rss2(entry, entry))) == 1


async def test_a_guid_that_is_a_number_stays_the_same_when_the_feed_moves(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    """A reader that takes it for an address would resolve it against the feed's own, and ring anew."""
    body = rss2("<title>Pier</title><guid>123</guid><link>https://a.example/1</link>")
    wire.reply("/elsewhere/rss", Reply(body=body.replace(b"Wire", b"Wired")))
    assert len(await published(house, wire, receiver, body)) == 1
    house.configure((house.folder / "config.toml").read_text(encoding="utf-8").replace("/feed/rss", "/elsewhere/rss"))
    await house.after(minutes=5)
    assert len(wire.asked("/elsewhere/rss")) == 1
    assert len(receiver.asked("/hook")) == 1


# --- order and time ------------------------------------------------------------------------------------------------


async def test_entries_ring_in_the_order_of_their_publication_as_the_feed_lists_newest_first(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    body = rss2(*(f"<title>{n} o'clock</title><guid>{n}</guid>" for n in (8, 7, 6)))
    told = [headline for headline, *_ in await published(house, wire, receiver, body)]
    assert told == ["6 o'clock", "7 o'clock", "8 o'clock"]


async def test_a_feed_that_lists_its_oldest_first_loses_nothing(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    hours = [f"<title>{n} o'clock</title><guid>{n}</guid>" for n in (5, 6, 7, 8)]
    told = await published(house, wire, receiver, rss2(*hours[:2]), rss2(*hours[:3]), rss2(*hours[1:]))
    assert sorted(headline for headline, *_ in told) == ["5 o'clock", "6 o'clock", "7 o'clock", "8 o'clock"]


@pytest.mark.parametrize(
    ("date", "told"),
    [
        pytest.param("Tue, 24 Nov 2026 07:45:00 GMT", "2026-11-24T07:45:00Z", id="as it should be"),
        pytest.param("24 Nov 2026 07:45 +0000", "2026-11-24T07:45:00Z", id="without day and seconds"),
        pytest.param("2026-11-24T09:45:00+02:00", "2026-11-24T07:45:00Z", id="as Atom writes it"),
        pytest.param("Wed, 25 Nov 2026 07:45:00 GMT", NOW, id="tomorrow"),
        pytest.param("Fri, 01 Jan 2100 00:00:00 GMT", NOW, id="far in the future"),
        pytest.param("Thu, 01 Jan 1970 00:00:00 GMT", NOW, id="the beginning of time"),
        pytest.param("0000-00-00 00:00:00", NOW, id="all zeros"),
        pytest.param("yesterday, at tea", NOW, id="words"),
        pytest.param("Tue, 99 Nov 2026 77:88:99 GMT", NOW, id="no such day"),
        pytest.param("", NOW, id="none"),
    ],
)
async def test_a_date_is_believed_as_far_as_it_can_be_and_none_keeps_an_item_from_ringing(
    house: House, wire: HttpServer, receiver: HttpServer, date: str, told: str
) -> None:
    body = rss2(f"<title>Pier</title><guid>1</guid><pubDate>{date}</pubDate>")
    assert await published(house, wire, receiver, body) == [("Pier", "", told)]


async def test_an_entry_whose_date_alone_changes_does_not_ring_again(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    entry = "<title>Pier</title><id>1</id><updated>2026-11-24T0{}:00:00Z</updated>"
    bodies = [atom(entry.format(hour)) for hour in (6, 7, 8)]
    assert len(await published(house, wire, receiver, *bodies)) == 1
    versions = house.database.read_now(lambda tx: tx.exec_driver_sql("SELECT version FROM item").scalars().all())
    assert versions == [1]


# --- bytes ---------------------------------------------------------------------------------------------------------

RUSSIAN, FRENCH = "Мост открыт: «Ёлка» — 5 €", "Élection à Nîmes"


def written(headline: str, encoding: str, *, declared: bool) -> bytes:
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>' if declared else '<?xml version="1.0"?>'
    return (declaration + rss2(f"<title>{headline}</title><guid>1</guid>").decode()).encode(encoding)


@pytest.mark.parametrize(
    ("headline", "body", "served_as"),
    [
        pytest.param(RUSSIAN, written(RUSSIAN, "windows-1251", declared=True), "text/xml", id="windows-1251"),
        pytest.param(
            "Мост открыт", written("Мост открыт", "koi8-r", declared=True), "application/rss+xml", id="koi8-r"
        ),
        pytest.param(
            "Мост открыт",
            written("Мост открыт", "koi8-r", declared=False),
            "text/xml; charset=koi8-r",
            id="said by HTTP",
        ),
        pytest.param(RUSSIAN, written(RUSSIAN, "utf-16", declared=True), "application/xml", id="utf-16 with its mark"),
        pytest.param(
            RUSSIAN, b"\xef\xbb\xbf" + written(RUSSIAN, "utf-8", declared=False), "text/xml", id="utf-8, mark"
        ),
        pytest.param(FRENCH, written(FRENCH, "iso-8859-1", declared=True), "text/xml", id="latin-1"),
        pytest.param(
            FRENCH, written(FRENCH, "utf-8", declared=True), "text/xml; charset=iso-8859-1", id="HTTP is wrong"
        ),
        pytest.param(
            FRENCH,
            written(FRENCH, "utf-8", declared=True).replace(b"utf-8", b"iso-8859-1"),
            "text/xml",
            id="XML is wrong",
        ),
    ],
)
async def test_letters_arrive_as_written_whatever_the_encoding(  # noqa: PLR0913, PLR0917
    house: House, wire: HttpServer, receiver: HttpServer, headline: str, body: bytes, served_as: str
) -> None:
    told = await published(house, wire, receiver, body, headers={"Content-Type": served_as})
    assert told == [(headline, "", NOW)]


@pytest.mark.parametrize(
    "served_as", ["text/html; charset=utf-8", "text/plain", "application/octet-stream", "image/png", ""]
)
async def test_a_feed_is_known_by_what_it_says_not_by_what_it_is_served_as(
    house: House, wire: HttpServer, receiver: HttpServer, served_as: str
) -> None:
    told = await published(
        house, wire, receiver, rss2("<title>Pier</title><guid>1</guid>"), headers={"Content-Type": served_as}
    )
    assert told == [("Pier", "", NOW)]


async def test_a_feed_may_come_compressed(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    packed = gzip.compress(rss2("<title>Pier</title><guid>1</guid>"))
    told = await published(house, wire, receiver, packed, headers={**XML, "Content-Encoding": "gzip"})
    assert told == [("Pier", "", NOW)]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the answer is empty"),
        (b"   \n", "the answer is empty"),
        (b"<!doctype html><html><head><title>Log in</title></head></html>", "a web page, not a feed"),
        (b'{"error": 1}', "JSON, not a feed"),
        (b"%PDF-1.7 ...", "a PDF document, not a feed"),
        (b"Service unavailable", "neither RSS nor Atom; it begins with “Service unavailable”"),
    ],
    ids=["empty", "blank", "page", "JSON", "PDF", "words"],
)
async def test_what_is_no_feed_is_named_and_the_feed_goes_on_when_it_is_back(
    house: House, wire: HttpServer, receiver: HttpServer, body: bytes, reason: str
) -> None:
    assert await published(house, wire, receiver, body) == []
    (state,) = house.database.read_now(feeds.all_states)
    assert (state.state, state.reason) == (State.FAILING, f"the answer is not a feed: {reason}")
    wire.reply("/feed/rss", Reply(body=rss2("<title>Pier</title><guid>1</guid>")))
    await house.after(minutes=10)
    (state,) = house.database.read_now(feeds.all_states)
    assert (state.state, state.reason) == (State.OK, "")
    assert len(receiver.asked("/hook")) == 1


async def test_every_entry_of_a_long_first_answer_after_an_empty_one_rings(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    body = rss2(*(f"<title>Pier {n}</title><guid>{n}</guid>" for n in range(60)))
    assert len(await published(house, wire, receiver, body)) == 60
