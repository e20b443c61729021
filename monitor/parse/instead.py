"""What a document is that is no feed, so that a person knows what to do about it."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from monitor import markup
from monitor.feed import Cause, NotAFeed
from monitor.parse.entries import link

#: What a document is that has such a root element.
_OTHER_ROOTS = {"html": "a web page", "opml": "a list of feeds (OPML)"}
#: What a document is that begins like this.
_OTHER_STARTS = (
    (b"\x1f\x8b", "compressed data (gzip, twice)"),
    (b"PK\x03\x04", "compressed data (zip)"),
    (b"%PDF", "a PDF document"),
)
#: The first element behind declarations, comments and white space; atomic, so that it cannot backtrack.
_ROOT = re.compile(
    r"(?>\s+|<\?.*?\?>|<!--.*?-->|<!doctype[^>\[]*(?:\[.*?\]\s*)?>)*+<([a-z][\w:.-]*)", re.IGNORECASE | re.DOTALL
)
_LINK_TAG = re.compile(r"<link\b[^>]{0,1000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
#: Links to feeds stand in a page's head.
_HEAD = 200_000


def data(body: bytes) -> NotAFeed | None:
    """Return what the bytes are when their beginning shows that they are no text."""
    kind = next((kind for start, kind in _OTHER_STARTS if body.startswith(start)), None)
    return NotAFeed(detail=f"{kind}, not a feed") if kind else None


def root(document: str) -> str:
    """Return the name of a document's first element in lower case, empty where there is none."""
    found = _ROOT.match(document)
    return found[1].lower() if found else ""


def first_tag(document: str) -> str:
    """Return a document's first tag as it is written, empty where there is none."""
    found = _ROOT.match(document)
    return document[found.start(1) : document.find(">", found.end())] if found else ""


def document(root: str, text: str, url: str) -> NotAFeed | None:
    """Return what a document is that has such a root; None where it may be a feed."""
    kind = _OTHER_ROOTS.get(root)
    if kind is None:
        return None
    linked = _linked_feed(text, url)
    said = f"{kind}, not a feed" + (f"; it links to the feed {linked}" if linked else "")
    return NotAFeed(detail=said, cause=Cause.PAGE)


def unknown(document: str) -> NotAFeed:
    """Return a document that nothing is known of, with its first words."""
    return NotAFeed(detail=f"neither RSS nor Atom; it begins with “{markup.clean(document[:200])[:40]}”")


def _linked_feed(page: str, url: str) -> str:
    """Return the address of the first feed that a web page links to, empty where it links to none."""
    for tag in _LINK_TAG.findall(page, 0, _HEAD):
        attributes = _attributes(tag)
        relations = attributes.get("rel", "").lower().split()
        if "alternate" in relations and attributes.get("type", "").lower() in _FEED_TYPES:
            return link(attributes.get("href", ""), url)
    return ""


def _attributes(tag: str) -> Mapping[str, str]:
    return {name.lower(): html.unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(tag)}
