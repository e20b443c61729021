"""Reads a feed out of bytes; runs in the sandbox, since no document can be trusted to be harmless to its parser.

bytes      packed, charset → a document in characters, or what it is instead of a feed
document   strict (expat) → found; where that one is in doubt, forgiving (feedparser) → found, or no feed
           json_feed, sitemap → found; a list of sitemaps → what is to be asked for next
found      entries: cleaned, each of an identity of its own
"""

from __future__ import annotations

import re

from monitor import charset, markup
from monitor.feed import Cause, Listed, NotAFeed, Parsed
from monitor.parse import entries, forgiving, instead, json_feed, references, sitemap, strict
from monitor.parse.packed import unpacked
from monitor.parse.raw import Doubt, Found
from monitor.parse.standing import Standing, taken_apart

#: Entries read of one document.
MOST_ENTRIES = 1_000

#: Some programs write a second one before the document of another.
_DECLARATIONS = re.compile(r"(?:<\?xml\b[^>]*>[\s\ufeff]*)+")


def feed(body: bytes, *, content_type: str, url: str, remembered: bytes = b"") -> Parsed | Listed | NotAFeed:
    """Return the feed that the body is, or what it seems to be instead.

    ``remembered`` is what it was said to be at the feed's last document that was kept: entries that are still the same
    are not read again.
    """
    document = _document(body, content_type)
    if isinstance(document, NotAFeed):
        return document
    context = f"{url} {instead.first_tag(document)}"
    if parsed := _news(taken_apart(document, context, remembered), url):
        return parsed
    found = _read(document, url)
    return _parsed(found, url, taken_apart(document, context)) if isinstance(found, Found) else found


def _news(standing: Standing, url: str) -> Parsed | None:
    """Return the feed with those of its entries alone that are not the same; None where it must be read whole."""
    found = _read(standing.news, url) if standing.same else None
    parsed = _parsed(found, url, standing) if isinstance(found, Found) else None
    return parsed if parsed and parsed.remembered else None


def _document(body: bytes, content_type: str) -> str | NotAFeed:
    if not body.strip():
        return NotAFeed(detail="the answer is empty", cause=Cause.EMPTY)
    plain = unpacked(body)
    if isinstance(plain, NotAFeed):
        return plain
    if known := instead.data(plain):
        return known
    document = charset.decode(plain, content_type=content_type).lstrip("\ufeff \t\r\n\0")
    declarations = _DECLARATIONS.match(document)
    return document[declarations.end() :] if declarations else document


def _read(document: str, url: str) -> Found | Listed | NotAFeed:
    if document.startswith(("{", "[")):
        return json_feed.read(document, MOST_ENTRIES)
    root = instead.root(document)
    if root in sitemap.ROOTS:
        return sitemap.read(document, url, MOST_ENTRIES)
    return instead.document(root, document, url) or _feed(document, url)


def _feed(document: str, url: str) -> Found | NotAFeed:
    """Return what the reader finds that reads the document fastest with nothing lost."""
    found = strict.read(references.heal(document), url, MOST_ENTRIES)
    if isinstance(found, Doubt):
        return forgiving.read(document, url, MOST_ENTRIES) or instead.unknown(document)
    return found


def _parsed(found: Found, url: str, standing: Standing) -> Parsed:
    read = [entries.entry(raw, url) for raw in found.entries]
    distinct = entries.distinct([entry for entry in read if entries.says_something(entry)])
    itself = not found.left_out and list(distinct) == read
    return Parsed(
        title=markup.headline(found.title),
        entries=distinct,
        language=markup.clean(found.language)[: entries.LONGEST_NAME] or None,
        left_out=found.left_out,
        same=b"".join(standing.same),
        remembered=standing.remembered(distinct) if itself else b"",
    )
