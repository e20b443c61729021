"""A site's page names its feeds, or they lie where feeds usually lie."""

from __future__ import annotations

import pytest

from monitor import discovery
from monitor.discovery import MOST

URL = "https://site.example/news/today.html"


def named(page: str, url: str = URL) -> tuple[str, ...]:
    return discovery.named(page.encode(), content_type="text/html; charset=utf-8", url=url)


@pytest.mark.parametrize(
    "kind",
    ["application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json", "Application/JSON",
     "text/xml; charset=utf-8"],
)  # fmt: skip
def test_a_page_announces_feeds_in_its_head(kind: str) -> None:
    assert named(f'<link rel="alternate" type="{kind}" href="/a">') == ("https://site.example/a",)


@pytest.mark.parametrize(
    "element",
    [
        '<link rel="stylesheet" type="text/xml" href="/a">',
        '<link rel="alternate" type="text/html" hreflang="de" href="/de">',
        '<link rel="alternate" type="application/rss+xml">',
        '<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">',
        '<link rel="alternate" type="application/rss+xml" href="http://[::1">',
        '<a href="/about">About</a>',
        '<a href="/buffet/feeding-cats">Cats</a>',
        '<a href="mailto:rss@site.example">Mail</a>',
    ],
)
def test_what_is_no_feed_is_not_taken_for_one(element: str) -> None:
    assert named(element) == ()


@pytest.mark.parametrize(
    "address",
    ["/rss", "/rss/", "/feed", "/feeds/all", "/news.rss", "/atom.xml", "/world-rss.php", "/feed.json", "/rss2"],
)
def test_a_link_that_looks_like_a_feed_is_a_hint(address: str) -> None:
    assert named(f'<a href="{address}">x</a>') == (f"https://site.example{address}",)


def test_the_announced_ones_come_first_and_each_once() -> None:
    page = '<a href="/rss#top">x</a><a href="/feed">y</a><link rel="alternate" type="application/rss+xml" href="/rss">'
    assert named(page) == ("https://site.example/rss", "https://site.example/feed")


def test_addresses_count_from_the_base_that_a_page_names() -> None:
    page = '<base href="https://cdn.example/x/"><link rel="alternate feed" type="application/rss+xml" href="rss">'
    assert named(page) == ("https://cdn.example/x/rss",)


def test_a_page_of_a_thousand_feeds_is_not_followed_to_its_end() -> None:
    assert len(named("".join(f'<a href="/{n}/rss">x</a>' for n in range(1000)))) == MOST


def test_feeds_usually_lie_beside_the_page_or_at_the_top_of_its_host() -> None:
    found = discovery.usual(URL)
    assert found[0] == "https://site.example/news/feed"
    assert {"https://site.example/rss.xml", "https://site.example/?feed=rss2", "https://site.example/feed.json"} <= {
        *found
    }
    assert len({*discovery.usual("https://site.example")}) == len(discovery.USUAL)
