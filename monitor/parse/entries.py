"""Entries out of what readers found: cleaned, with lead and body told apart, each of an identity of its own."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

from monitor import item, markup
from monitor.item import Entry
from monitor.letters import spaced
from monitor.parse.raw import Raw

_Key = TypeVar("_Key")

#: A feed's only text is a lead up to this length; what is longer is a body, and the lead its opening.
LONGEST_LEAD = item.SHORT
#: An address that is longer is none that leads anywhere.
LONGEST_LINK = 2_048
#: A headline made of the lead's words has at most so many characters.
MADE_HEADLINE = 100
LONGEST_NAME = 200
MOST_CATEGORIES = 50

_SENTENCE_END = re.compile(r"[.!?…。！？]['\"»”’)]*\s")
#: Addresses that are absolute as they stand, so that resolving them would change nothing.
_ABSOLUTE = re.compile(
    r"https?://[a-z0-9.-]+(?::\d{1,5})?/[\w/.~%+,:@!$'()*&=-]*(?:\?[\w/.~%+,:@!$'()*&=-]+)?", re.ASCII
)


def entry(raw: Raw, url: str) -> Entry:
    """Return the entry of a document from that address."""
    lead, body = _texts(raw)
    headline = markup.headline(raw.title) or _opening(lead, MADE_HEADLINE).replace("\n", " ")
    return Entry(
        guid=_guid(raw.guid),
        link=link(raw.link, url) or link(raw.guid, ""),
        headline=headline,
        lead=lead,
        body=body,
        author=_name(raw.author),
        categories=_names(raw.categories),
        published=raw.published,
    )


def says_something(entry: Entry) -> bool:
    """Return whether there is anything by which the entry could be known again."""
    return bool(entry.guid or entry.link or entry.headline)


def distinct(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Return the entries with the first of each identity.

    What several entries share is no identity: a guid with several links counts as none, and a link (or a guid) with
    several headlines tells entries apart only together with the headline.
    """
    if len(guids := {entry.guid for entry in entries}) == len(entries) and "" not in guids:
        return tuple(entries)
    links = _gather((entry.guid, entry.link) for entry in entries)
    entries = [replace(entry, guid="") if len(links[entry.guid]) > 1 else entry for entry in entries]
    keys = [item.key(entry) for entry in entries]
    headlines = _gather((key, entry.headline) for key, entry in zip(keys, entries, strict=True))
    found: dict[bytes, Entry] = {}
    for key, each in zip(keys, entries, strict=True):
        if len(headlines[key]) > 1:
            own = replace(each, guid=f"{each.guid or each.link} {each.headline}")
            found.setdefault(item.key(own), own)
        else:
            found.setdefault(key, each)
    return tuple(found.values())


def _gather(pairs: Iterable[tuple[_Key, str]]) -> Mapping[_Key, set[str]]:
    """Return all that goes with each key."""
    gathered: dict[_Key, set[str]] = defaultdict(set)
    for key, value in pairs:
        gathered[key].add(value)
    return gathered


def _guid(found: str) -> str:
    """Return the guid, or what stands for one that is longer than any address."""
    guid = markup.clean(found)
    return guid if len(guid) <= LONGEST_LINK else f"blake2b:{blake2b(guid.encode(), digest_size=16).hexdigest()}"


def _texts(raw: Raw) -> tuple[str, str]:
    """Return lead and body: the summary and what the contents say more, or the opening and the whole of the only text.

    No word is left out: of a picture's caption beside a summary that is longer, the body has both.
    """
    summary = markup.text(raw.summary)
    said = spaced(summary) if raw.contents else ""
    contents: list[str] = []
    for content in sorted(map(markup.text, dict.fromkeys(raw.contents)), key=len, reverse=True):
        if spaced(content) not in said:
            contents.append(content)
            said = f"{said} {spaced(content)}"
    if summary and contents:
        return summary, "\n".join(contents if len(contents[0]) > len(summary) else (summary, *contents))
    only = "\n".join(contents) or summary
    return (only, "") if len(only) <= LONGEST_LEAD else (_opening(only, LONGEST_LEAD), only)


def _opening(words: str, limit: int) -> str:
    """Return the beginning of a text, up to the last paragraph, else sentence, else word that ends within the limit."""
    if len(words) <= limit:
        return words
    head = words[: limit + 1]
    sentences = [match.end() for match in _SENTENCE_END.finditer(head)]
    end = max(head.rfind("\n"), *sentences, 0) or head.rfind(" ")
    return words[: end if end > 0 else limit].rstrip()


def link(found: str, base: str) -> str:
    """Return the absolute http(s) address, empty for any other scheme and for what is no address."""
    if len(found) <= LONGEST_LINK and _ABSOLUTE.fullmatch(found):
        return found
    address = markup.clean(found)
    try:
        absolute = urljoin(base, address) if address else ""
        sound = urlsplit(absolute).scheme in {"http", "https"} and urlsplit(absolute).hostname
    except ValueError:
        return ""
    return absolute if sound and len(absolute) <= LONGEST_LINK else ""


@lru_cache(maxsize=1_000)  # an author writes often
def _name(name: str) -> str:
    return markup.headline(name)[:LONGEST_NAME]


def _names(names: Iterable[str]) -> tuple[str, ...]:
    distinct = dict.fromkeys(filter(None, map(_name, names)))
    return tuple(distinct)[:MOST_CATEGORIES]
