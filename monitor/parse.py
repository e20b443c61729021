"""Reads a feed out of bytes; runs in the sandbox, since no document can be trusted to be harmless to its parser."""

from __future__ import annotations

import html
import io
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from hashlib import blake2b
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from monitor import charset, item, markup
from monitor.feed import Cause, NotAFeed, Parsed
from monitor.item import Entry

_Key = TypeVar("_Key")

#: Entries read of one document.
MOST_ENTRIES = 1_000
#: A feed's only text is a lead up to this length; what is longer is a body, and the lead its opening.
LONGEST_LEAD = item.SHORT
#: An address that is longer is none that leads anywhere.
LONGEST_LINK = 2_048
#: A headline made of the lead's words has at most so many characters.
MADE_HEADLINE = 100
LONGEST_NAME = 200
MOST_CATEGORIES = 50

#: What a document is that has such a root element.
_OTHER_ROOTS = {
    "html": "a web page",
    "opml": "a list of feeds (OPML)",
    "urlset": "a sitemap",
    "sitemapindex": "a sitemap",
}
#: What a document is that begins like this.
_OTHER_STARTS = (
    (b"\x1f\x8b", "compressed data (gzip)"),
    (b"PK\x03\x04", "compressed data (zip)"),
    (b"%PDF", "a PDF document"),
)
_DECLARATION = re.compile(r"\s*<\?xml\b[^>]*>")
#: The first element behind declarations, comments and white space; atomic, so that it cannot backtrack.
_ROOT = re.compile(
    r"(?>\s+|<\?.*?\?>|<!--.*?-->|<!doctype[^>\[]*(?:\[.*?\]\s*)?>)*+<([a-z][\w:.-]*)", re.IGNORECASE | re.DOTALL
)
_START_OF_ENTRY = re.compile(r"<(?:[\w.-]+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_END_OF_ENTRY = re.compile(r"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
#: Without this attribute feedparser takes a guid, and an id of Atom too, for an address and resolves "123" against the
#: feed's own: when the feed moved, all its items would be new.
_GUID = re.compile(r"<((?:[\w.-]+:)?(?:guid|id))(?:\s[^<>]*?)?(/?)>", re.IGNORECASE)
_PLAIN_GUID = r'<\1 isPermaLink="false"\2>'
_REFERENCE = re.compile(r"&#(x[0-9a-f]+|\d+);?", re.IGNORECASE)
#: References with more digits than the last character has are none (and int() refuses over 4,300).
_MOST_DIGITS = 8
#: Characters that XML cannot hold (XML 1.0, production 2): one of them sends the whole document to the loose parser.
_NOT_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: Stands where such a reference was, until the text is cleaned: "&#xD8&#0;00;" must not become another one.
_NOTHING = "\u200b"
_LINK_TAG = re.compile(r"<link\b[^>]{0,1000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_FEED_TYPES = ("application/rss+xml", "application/atom+xml")
#: Links to feeds stand in a page's head.
_HEAD = 200_000
_TEXT_TYPES = ("text/plain", "text/html", "application/xhtml+xml")
_SENTENCE_END = re.compile(r"[.!?…。！？]['\"»”’)]*\s")


def feed(body: bytes, *, content_type: str, url: str) -> Parsed | NotAFeed:
    """Return the feed that the body is, or what it seems to be instead."""
    if not body.strip():
        return NotAFeed(detail="the answer is empty", cause=Cause.EMPTY)
    if kind := next((kind for start, kind in _OTHER_STARTS if body.startswith(start)), ""):
        return NotAFeed(detail=f"{kind}, not a feed")
    document = charset.decode(body, content_type=content_type).lstrip("\ufeff \t\r\n\0")
    return _not_a_feed(document, url) or _feed(document, url)


# --- what it is instead ------------------------------------------------------------------------------------------


def _not_a_feed(document: str, url: str) -> NotAFeed | None:
    """Return what the document is when that can be seen at its beginning."""
    if document.startswith(("{", "[")):
        json_feed = "jsonfeed.org/version" in document[:1000]
        return NotAFeed(detail="a JSON Feed; only RSS and Atom can be read" if json_feed else "JSON, not a feed")
    root = _ROOT.match(document)
    kind = _OTHER_ROOTS.get(root[1].lower()) if root else None
    if kind is None:
        return None
    linked = _linked_feed(document, url)
    said = f"{kind}, not a feed" + (f"; it links to the feed {linked}" if linked else "")
    return NotAFeed(detail=said, cause=Cause.PAGE)


def _attributes(tag: str) -> Mapping[str, str]:
    return {name.lower(): html.unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(tag)}


def _linked_feed(page: str, url: str) -> str:
    """Return the address of the first feed that a web page links to, empty where it links to none."""
    for tag in _LINK_TAG.findall(page, 0, _HEAD):
        attributes = _attributes(tag)
        relations = attributes.get("rel", "").lower().split()
        if "alternate" in relations and attributes.get("type", "").lower() in _FEED_TYPES:
            return _link(attributes.get("href", ""), url)
    return ""


# --- the feed ----------------------------------------------------------------------------------------------------


def _feed(document: str, url: str) -> Parsed | NotAFeed:
    document, left_out = _shorten(_heal(document))
    # A stream, since feedparser opens what looks like a path and fetches what looks like an address.
    found = _feedparser().parse(
        io.BytesIO(document.encode()),
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": url},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not found.get("version") and not found.entries:
        return NotAFeed(detail=f"neither RSS nor Atom; it begins with “{markup.clean(document[:200])[:40]}”")
    entries = [_entry(entry, url) for entry in found.entries]
    return Parsed(
        title=markup.headline(_words(found.feed, "title")),
        entries=_distinct([entry for entry in entries if _says_something(entry)]),
        language=markup.clean(_words(found.feed, "language"))[:LONGEST_NAME] or None,
        left_out=left_out,
    )


@cache
def _feedparser() -> Any:  # noqa: ANN401 - it has no types
    """Return feedparser, made to lose no more than the element that it stumbles over.

    Of 24,000 documents with a few bytes changed, 39 made one of its handlers raise, mostly over what is never read
    here: a picture without a width, a place without a position. It forgives an AttributeError there, and nothing else.
    """
    import feedparser  # noqa: PLC0415 - only workers pay for it

    feedparser.api.StrictFeedParser = _forgiving(feedparser.api.StrictFeedParser)
    feedparser.api.LooseFeedParser = _forgiving(feedparser.api.LooseFeedParser)
    return feedparser


def _forgiving(parser: type) -> type:
    handlers = (name for name in dir(parser) if name.startswith(("_start_", "_end_")))
    return type(parser.__name__, (parser,), {name: _never_raising(getattr(parser, name)) for name in handlers})


def _never_raising(handler: Callable[..., None]) -> Callable[..., None]:
    def handle(parser: object, *attributes: object) -> None:
        with suppress(LookupError, TypeError, ValueError):
            handler(parser, *attributes)

    return handle


def _heal(document: str) -> str:
    """Return the document without its declaration, without characters that break its parser, and with plain guids."""
    document = _DECLARATION.sub("", document, count=1) if document.startswith("<?xml") else document
    return _GUID.sub(_PLAIN_GUID, _REFERENCE.sub(_reference, _NOT_XML.sub("", document)))


def _reference(match: re.Match[str]) -> str:
    """Return the reference to a character, unless there can be no such character."""
    digits = match[1].lower()
    if len(digits) > _MOST_DIGITS:
        return _NOTHING
    code = int(digits[1:], 16) if digits.startswith("x") else int(digits)
    if 0x80 <= code < 0xA0:  # noqa: PLR2004 - Windows characters, as HTML reads these numbers
        return html.unescape(f"&#{code};")
    # feedparser 6.0.14 raises on a surrogate and on what lies beyond the last character.
    return _NOTHING if code > sys.maxunicode or _NOT_XML.match(chr(code)) else match[0]


def _shorten(document: str) -> tuple[str, int]:
    """Return the document with its first entries only, and how many were left out.

    Before it is parsed: 10,000 entries take feedparser 4 s, so such a feed could never be read. Where the document
    breaks off within an entry, that one is gone too: half of it would pass for another than the whole of it.
    """
    starts = [match.start() for match in _START_OF_ENTRY.finditer(document)]
    ends = [match.end() for match in _END_OF_ENTRY.finditer(document)]
    if starts and ends and starts[-1] >= ends[-1]:
        document = document[: starts.pop()]
    if len(starts) <= MOST_ENTRIES:
        return document, 0
    rest = document[ends[-1] :] if ends else ""
    return document[: starts[MOST_ENTRIES]] + rest, len(starts) - MOST_ENTRIES


def _says_something(entry: Entry) -> bool:
    return bool(entry.guid or entry.link or entry.headline)


def _distinct(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Return the entries with the first of each identity.

    What several entries share is no identity: a guid with several links counts as none, and a link (or a guid) with
    several headlines tells entries apart only together with the headline.
    """
    links = _gather((entry.guid, entry.link) for entry in entries)
    entries = [replace(entry, guid="") if len(links[entry.guid]) > 1 else entry for entry in entries]
    headlines = _gather((item.key(entry), entry.headline) for entry in entries)
    distinct: dict[bytes, Entry] = {}
    for entry in entries:
        shared = len(headlines[item.key(entry)]) > 1
        own = replace(entry, guid=f"{entry.guid or entry.link} {entry.headline}") if shared else entry
        distinct.setdefault(item.key(own), own)
    return tuple(distinct.values())


def _gather(pairs: Iterable[tuple[_Key, str]]) -> Mapping[_Key, set[str]]:
    """Return all that goes with each key."""
    gathered: dict[_Key, set[str]] = defaultdict(set)
    for key, value in pairs:
        gathered[key].add(value)
    return gathered


# --- one entry ---------------------------------------------------------------------------------------------------


def _entry(found: Mapping[str, Any], url: str) -> Entry:
    lead, body = _texts(found)
    headline = markup.headline(_words(found, "title")) or _opening(lead, MADE_HEADLINE).replace("\n", " ")
    return Entry(
        guid=_guid(_words(found, "id")),
        link=_link(_words(found, "link"), url) or _link(_words(found, "id"), ""),
        headline=headline,
        lead=lead,
        body=body,
        author=_name(_words(found, "author")),
        categories=_names(_words(tag, "term") or _words(tag, "label") for tag in found.get("tags", ())),
        published=_time(found, "published_parsed") or _time(found, "updated_parsed"),
    )


def _guid(found: str) -> str:
    """Return the guid, or what stands for one that is longer than any address."""
    guid = markup.clean(found)
    return guid if len(guid) <= LONGEST_LINK else f"blake2b:{blake2b(guid.encode(), digest_size=16).hexdigest()}"


def _texts(found: Mapping[str, Any]) -> tuple[str, str]:
    """Return lead and body: the summary and the content, or the opening and the whole of the only text there is."""
    summary = markup.text(_words(found, "summary"))
    contents = (_words(content, "value") for content in found.get("content", ()) if content.get("type") in _TEXT_TYPES)
    content = max(map(markup.text, contents), key=len, default="")
    if summary and len(content) > len(summary):
        return summary, content
    only = summary or content
    return (only, "") if len(only) <= LONGEST_LEAD else (_opening(only, LONGEST_LEAD), only)


def _opening(words: str, limit: int) -> str:
    """Return the beginning of a text, up to the last paragraph, else sentence, else word that ends within the limit."""
    if len(words) <= limit:
        return words
    head = words[: limit + 1]
    sentences = [match.end() for match in _SENTENCE_END.finditer(head)]
    end = max(head.rfind("\n"), *sentences, 0) or head.rfind(" ")
    return words[: end if end > 0 else limit].rstrip()


def _link(link: str, base: str) -> str:
    """Return the absolute http(s) address, empty for any other scheme and for what is no address."""
    link = markup.clean(link)
    try:
        absolute = urljoin(base, link) if link else ""
        sound = urlsplit(absolute).scheme in {"http", "https"} and urlsplit(absolute).hostname
    except ValueError:
        return ""
    return absolute if sound and len(absolute) <= LONGEST_LINK else ""


def _words(found: Mapping[str, Any], name: str) -> str:
    """Return the element's words; feedparser gives None for some empty elements, and a mapping for unknown ones."""
    value = found.get(name)
    return value if isinstance(value, str) else ""


def _name(name: str) -> str:
    return markup.headline(name)[:LONGEST_NAME]


def _names(names: Iterable[str]) -> tuple[str, ...]:
    distinct = dict.fromkeys(filter(None, map(_name, names)))
    return tuple(distinct)[:MOST_CATEGORIES]


def _time(found: Mapping[str, Any], key: str) -> datetime | None:
    # Asked first, since feedparser answers with the other date and a warning where one is missing.
    parts = found[key] if key in found else None  # noqa: SIM401
    if not parts:
        return None
    year, month, day, hour, minute, second = parts[:6]
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:  # feedparser makes the year -1 of "0000-00-00"
        return None
