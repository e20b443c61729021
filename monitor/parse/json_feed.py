"""Reads a JSON Feed, of version 1.0 or 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape

from monitor.feed import NotAFeed
from monitor.parse.forgiving import time
from monitor.parse.raw import Found, Raw

_VERSION = "jsonfeed.org/version/"


def read(document: str, most: int) -> Found | NotAFeed:
    """Return what a JSON document holds, or what it is instead; of a key that is written twice the last one counts."""
    try:
        # Numbers stay as they are written: an id is words, and one of 5,000 digits would cost a second.
        feed = json.loads(document, parse_int=str, parse_float=str)
    except RecursionError:
        return NotAFeed(detail="JSON that is nested too deeply, not a feed")
    except ValueError as fault:
        return NotAFeed(detail=f"broken JSON, not a feed ({fault})")
    if not isinstance(feed, dict) or _VERSION not in _words(feed, "version"):
        return NotAFeed(detail="JSON, not a feed")
    items = _objects(feed, "items")
    return Found(
        title=_words(feed, "title"),
        language=_words(feed, "language"),
        entries=tuple(map(_raw, items[:most])),
        left_out=max(0, len(items) - most),
    )


def _raw(item: Mapping[str, object]) -> Raw:
    content = _words(item, "content_html") or escape(_words(item, "content_text"), quote=False)
    authors = _objects(item, "authors") or _objects({"": [item.get("author")]}, "")  # as in 1.1, and in 1.0
    return Raw(
        guid=_words(item, "id"),
        link=_words(item, "url") or _words(item, "external_url"),
        title=_words(item, "title"),
        summary=_words(item, "summary"),
        contents=(content,) if content else (),
        author=", ".join(filter(None, (_words(author, "name") for author in authors))),
        categories=tuple(tag for tag in _list(item, "tags") if isinstance(tag, str)),
        published=time(_words(item, "date_published")) or time(_words(item, "date_modified")),
    )


def _words(found: Mapping[str, object], name: str) -> str:
    value = found.get(name)
    return value.strip() if isinstance(value, str) else ""


def _list(found: Mapping[str, object], name: str) -> Sequence[object]:
    value = found.get(name)
    return value if isinstance(value, list) else ()


def _objects(found: Mapping[str, object], name: str) -> Sequence[Mapping[str, object]]:
    return [each for each in _list(found, name) if isinstance(each, dict)]
