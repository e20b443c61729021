"""Reads a sitemap of news, or a list of sitemaps (https://www.sitemaps.org/protocol.html, Google's news extension)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from monitor.feed import Listed, NotAFeed
from monitor.parse.entries import link
from monitor.parse.forgiving import time
from monitor.parse.raw import Doubt, Found, Raw
from monitor.parse.xml import tree

#: Roots of sitemaps and of lists of them.
ROOTS = ("urlset", "sitemapindex")
#: So many sitemaps of a list are read, the newest of them: those before hold what has been read.
MOST_LISTED = 3
_NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"
#: Before any time that a sitemap may carry.
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


def read(document: str, url: str, most: int) -> Found | Listed | NotAFeed:
    """Return the news that a sitemap holds, the newest sitemaps that it lists, or why there are none."""
    found = tree(document.encode())
    if isinstance(found, Doubt):
        return NotAFeed(detail=f"a sitemap that cannot be read ({found.reason})")
    root = found.root
    if _name(root) == "sitemapindex":
        return _listed(root, url)
    return _found(root, most)


def _listed(root: Element, url: str) -> Listed | NotAFeed:
    places = [(time(_words(each, "lastmod")), link(_words(each, "loc"), url)) for each in root]
    newest = sorted((place for place in places if place[1]), key=lambda place: place[0] or _LONG_AGO, reverse=True)
    chosen = newest[:MOST_LISTED]
    if not chosen:
        return NotAFeed(detail="a list of sitemaps that lists none")
    return Listed(places=tuple(place for _, place in chosen), dated=all(changed for changed, _ in chosen))


def _found(root: Element, most: int) -> Found | NotAFeed:
    news = [(each, story) for each in root if (story := each.find(f"{_NEWS}news")) is not None]
    if not news:
        return NotAFeed(detail="a sitemap without news, not a feed")
    entries = sorted(
        (_raw(each, story) for each, story in news), key=lambda raw: raw.published or _LONG_AGO, reverse=True
    )
    _, first = news[0]
    return Found(
        title=first.findtext(f"{_NEWS}publication/{_NEWS}name", ""),
        language=_only(story.findtext(f"{_NEWS}publication/{_NEWS}language", "").strip() for _, story in news),
        entries=tuple(entries[:most]),
        left_out=max(0, len(entries) - most),
    )


def _raw(place: Element, story: Element) -> Raw:
    return Raw(
        link=_words(place, "loc"),
        title=story.findtext(f"{_NEWS}title", ""),
        categories=tuple(story.findtext(f"{_NEWS}keywords", "").split(",")),
        published=time(story.findtext(f"{_NEWS}publication_date", "").strip()),
    )


def _words(element: Element, name: str) -> str:
    """Return the words of a child, which may be in any namespace: many sitemaps name a wrong one."""
    return next(((child.text or "").strip() for child in element if _name(child) == name), "")


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2].lower()


def _only(values: Iterable[str]) -> str:
    """Return the one value that all have, empty where they differ."""
    found = set(values)
    return found.pop() if len(found) == 1 else ""
