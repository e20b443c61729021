"""JSON Feeds, sitemaps of news, and documents that are packed."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

import pytest

from monitor import parse
from monitor.feed import Listed, NotAFeed, Parsed
from monitor.item import Entry

URL = "https://news.example/feed.json"


def read(body: str | bytes) -> Parsed | Listed | NotAFeed:
    return parse.feed(body.encode() if isinstance(body, str) else body, content_type="", url=URL)


def parsed(body: str | bytes) -> Parsed:
    found = read(body)
    assert isinstance(found, Parsed), found
    return found


# --- JSON Feed -------------------------------------------------------------------------------------------------------


def feed(*items: object, version: str = "1.1", **more: object) -> str:
    return json.dumps({"version": f"https://jsonfeed.org/version/{version}", "title": "News", "items": items, **more})


def only(item: object) -> Entry:
    (entry,) = parsed(feed(item)).entries
    return entry


def test_an_item_of_a_json_feed_becomes_an_entry() -> None:
    entry = only(
        {
            "id": "1",
            "url": "/1",
            "title": "NATO meets",
            "summary": "It met.",
            "content_html": "<p>It met.</p><p>It talked.</p>",
            "authors": [{"name": "Anna"}, {"name": "Ben"}],
            "tags": ["World", None],
            "date_published": "2026-11-24T10:00:00+03:00",
        }
    )
    assert entry == Entry(
        guid="1",
        link="https://news.example/1",
        headline="NATO meets",
        lead="It met.",
        body="It met.\nIt talked.",
        author="Anna, Ben",
        categories=("World",),
        published=datetime(2026, 11, 24, 7, tzinfo=UTC),
    )


def test_a_feed_of_the_first_version_names_one_author() -> None:
    (entry,) = parsed(feed({"id": "1", "author": {"name": "Anna"}}, version="1")).entries
    assert entry.author == "Anna"


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"id": 17}, ("17", "", "", "")),
        ({"id": "1", "external_url": "https://other.example/1"}, ("1", "https://other.example/1", "", "")),
        ({"id": "1", "content_text": "a <b> & c"}, ("1", "", "a <b> & c", "a <b> & c")),
        ({"id": "1", "title": "Tom &#38; Ann"}, ("1", "", "Tom & Ann", "")),
        ({"id": "1", "title": ["x"], "url": 7, "tags": "a", "authors": "b", "summary": None}, ("1", "7", "", "")),
    ],
)
def test_of_an_item_what_is_words_is_read(item: object, said: tuple[str, str, str, str]) -> None:
    entry = only(item)
    link = entry.link.removeprefix("https://news.example/")
    assert (entry.guid, link, entry.headline, entry.lead) == said


def test_a_json_feed_says_its_language_and_is_cut() -> None:
    found = parsed(feed(*({"id": str(n)} for n in range(1_010)), "no item", language="de"))
    assert (found.title, found.language, len(found.entries), found.left_out) == ("News", "de", 1_000, 10)


# --- sitemaps --------------------------------------------------------------------------------------------------------


def sitemap(*places: str) -> str:
    return (
        '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        f' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{"".join(places)}</urlset>'
    )


def place(number: int, *, language: str = "en", date: str = "2026-11-24") -> str:
    return (
        f"<url><loc>https://news.example/{number}</loc><news:news><news:publication><news:name>Daily</news:name>"
        f"<news:language>{language}</news:language></news:publication><news:title>News {number}</news:title>"
        f"<news:publication_date>{date}</news:publication_date><news:keywords>NATO, Oslo</news:keywords>"
        "</news:news></url>"
    )


def test_a_page_of_a_news_sitemap_becomes_an_entry() -> None:
    found = parsed(sitemap(place(1), "<url><loc>https://news.example/imprint</loc></url>"))
    assert (found.title, found.language) == ("Daily", "en")
    assert found.entries == (
        Entry(
            link="https://news.example/1",
            headline="News 1",
            categories=("NATO", "Oslo"),
            published=datetime(2026, 11, 24, tzinfo=UTC),
        ),
    )


def test_the_newest_thousand_of_a_sitemap_are_read_whatever_their_order() -> None:
    found = parsed(sitemap(*(place(n, date=f"{1970 + n}-01-01") for n in range(1_001))))
    assert (found.entries[0].headline, found.entries[-1].headline, found.left_out) == ("News 1000", "News 1", 1)


def test_a_sitemap_in_two_languages_says_none() -> None:
    assert parsed(sitemap(place(1), place(2, language="fr"))).language is None


def listing(*places: str) -> Listed | Parsed | NotAFeed:
    return read(f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{"".join(places)}</sitemapindex>')


def test_a_list_of_sitemaps_names_the_three_that_changed_last() -> None:
    places = (
        f"<sitemap><loc>/{n}.xml</loc><lastmod>2026-11-{day:02}</lastmod></sitemap>"
        for n, day in enumerate((3, 24, 1, 20))
    )
    expected = tuple(f"https://news.example/{n}.xml" for n in (1, 3, 0))
    assert listing(*places) == Listed(places=expected, dated=True)


def test_a_list_without_dates_is_followed_in_its_order() -> None:
    places = (f"<sitemap><loc>https://news.example/{n}.xml</loc></sitemap>" for n in range(4))
    expected = tuple(f"https://news.example/{n}.xml" for n in range(3))
    assert listing(*places, "<sitemap><loc>file:///etc/x</loc></sitemap>") == Listed(places=expected, dated=False)


# --- packed ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(sitemap(place(1)).encode()),
        gzip.compress(sitemap(place(1)).encode()[:100]) + gzip.compress(sitemap(place(1)).encode()[100:]),
        gzip.compress(sitemap(place(1)).encode()) + b"\0padding",
    ],
    ids=["whole", "in two parts", "padded"],
)
def test_a_packed_document_is_unpacked(packed: bytes) -> None:
    assert [entry.headline for entry in parsed(packed).entries] == ["News 1"]
