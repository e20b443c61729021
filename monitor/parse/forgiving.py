"""Reads a feed that is broken, old or odd: by feedparser, which knows them all and takes its time."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any

from monitor.parse import references
from monitor.parse.raw import Found, Raw
from monitor.parse.times import usual

_START_OF_ENTRY = re.compile(r"<(?:[\w.-]+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_END_OF_ENTRY = re.compile(r"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
#: Without this attribute feedparser takes a guid, and an id of Atom too, for an address and resolves "123" against the
#: feed's own: when the feed moved, all its items would be new.
_GUID = re.compile(r"<((?:[\w.-]+:)?(?:guid|id))(?:\s[^<>]*?)?(/?)>", re.IGNORECASE)
_PLAIN_GUID = r'<\1 isPermaLink="false"\2>'
#: Characters that XML cannot hold (XML 1.0, production 2): one of them sends the whole document to the loose parser.
_NOT_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TEXT_TYPES = ("text/plain", "text/html", "application/xhtml+xml")


def read(document: str, url: str, most: int) -> Found | None:
    """Return what feedparser finds, None where it finds no feed; only the first so many entries are read."""
    document, left_out = _shorten(_heal(document), most)
    # A stream, since feedparser opens what looks like a path and fetches what looks like an address.
    found = _feedparser().parse(
        io.BytesIO(document.encode()),
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": url},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not found.get("version") and not found.entries:
        return None
    return Found(
        title=_words(found.feed, "title"),
        language=_words(found.feed, "language"),
        entries=tuple(map(_raw, found.entries)),
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


# --- before feedparser -------------------------------------------------------------------------------------------


def _heal(document: str) -> str:
    """Return the document without characters that break its parser, and with plain guids."""
    return _GUID.sub(_PLAIN_GUID, references.heal(_NOT_XML.sub("", document)))


def _shorten(document: str, most: int) -> tuple[str, int]:
    """Return the document with its first entries only, and how many were left out.

    Before it is parsed: 10,000 entries take feedparser 4 s, so such a feed could never be read. Where the document
    breaks off within an entry, that one is gone too: half of it would pass for another than the whole of it.
    """
    starts = [match.start() for match in _START_OF_ENTRY.finditer(document)]
    ends = [match.end() for match in _END_OF_ENTRY.finditer(document)]
    if starts and ends and starts[-1] >= ends[-1]:
        document = document[: starts.pop()]
    if len(starts) <= most:
        return document, 0
    rest = document[ends[-1] :] if ends else ""
    return document[: starts[most]] + rest, len(starts) - most


# --- after it ----------------------------------------------------------------------------------------------------


def _raw(found: Mapping[str, Any]) -> Raw:
    contents = (content for content in found.get("content", ()) if content.get("type") in _TEXT_TYPES)
    return Raw(
        guid=_words(found, "id"),
        link=_words(found, "link"),
        title=_words(found, "title"),
        summary=_words(found, "summary"),
        contents=tuple(_words(content, "value") for content in contents),
        author=_words(found, "author"),
        categories=tuple(_words(tag, "term") or _words(tag, "label") for tag in found.get("tags", ())),
        published=_time(found, "published_parsed") or _time(found, "updated_parsed"),
    )


def _words(found: Mapping[str, Any], name: str) -> str:
    """Return the element's words; feedparser gives None for some empty elements, and a mapping for unknown ones."""
    value = found.get(name)
    return value if isinstance(value, str) else ""


def _time(found: Mapping[str, Any], key: str) -> datetime | None:
    # Asked first, since feedparser answers with the other date and a warning where one is missing.
    return _moment(found[key] if key in found else None)  # noqa: SIM401


def _moment(parts: tuple[int, ...] | None) -> datetime | None:
    if not parts:
        return None
    year, month, day, hour, minute, second = parts[:6]
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:  # feedparser makes the year -1 of "0000-00-00"
        return None


def time(words: str) -> datetime | None:
    """Return the time that the words name in any of the ways that feedparser knows, None where they name none."""
    return usual(words) or (_moment(_feedparser().datetimes._parse_date(words)) if words else None)  # noqa: SLF001
