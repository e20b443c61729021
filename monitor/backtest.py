"""Rules on a file of items, or on what is stored: which would have matched, and which would have rung.

Items come from ``read`` or ``stored``, ``judge`` says what becomes of each, ``Tally`` counts, and ``Comparison`` holds
two configs against each other.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import combinations
from pathlib import Path

from monitor import item
from monitor.feed import Feed
from monitor.item import Entry, Item, Reading
from monitor.judge import Bench, Watch
from monitor.rule import Match
from monitor.rule.passing import by_words

#: A longer line is no item: the largest article that is ever read has 2 MiB.
LINE_LIMIT = 16 * 1024 * 1024
#: How many of a rule's newest items are kept to be shown.
SAMPLES = 3
#: Before the name of a rule, that of the same rule asking for its words alone; no rule's own name holds a colon.
_PASSING = "passing:"


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line of a file that is no item."""

    file: str
    #: From 1.
    line: int
    message: str

    def __str__(self) -> str:
        """Return ``items.jsonl:12: what is wrong``."""
        return f"{self.file}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An item with the feed it came from, which the config may not declare."""

    #: The name under which results speak of it.
    name: str
    item: Item
    feed: Feed


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An item and what became of it."""

    name: str
    item: Item
    matches: tuple[Match, ...]
    #: Rules that would have rung.
    rings: tuple[str, ...]
    #: Rules all of whose words are there, and that it is not about.
    passing: tuple[str, ...] = ()
    #: Rules of which it is not known, since a regular expression ran out of time.
    unjudged: tuple[str, ...] = ()


def read(path: Path, feeds: Mapping[str, Feed], now: datetime) -> Iterator[Given | BadLine]:
    """Yield the items of a file of JSON lines, plain or compressed with gzip, in their order; raise OSError.

    An item is ``{"id", "title", "summary"?, "text"?, "feed"?, "link"?, "time"?, "lang"?}``; other keys are ignored.
    """
    strangers: dict[tuple[str, str], Feed] = {}
    for number, line in _lines(path):
        match line if isinstance(line, str) else _fields(line):
            case str() as message:
                yield BadLine(file=path.name, line=number, message=message)
            case fields:
                which = (fields["feed"], fields["lang"])
                if which not in strangers:
                    strangers[which] = _feed(feeds, *which)
                yield Given(name=fields["id"], item=_item(number, fields, now), feed=strangers[which])


def _lines(path: Path) -> Iterator[tuple[int, bytes | str]]:
    """Yield each line that is not blank with its number, or what is wrong with it."""
    number = 0
    with _open(path) as file:
        try:
            while line := file.readline(LINE_LIMIT + 1):
                number += 1
                if len(line) > LINE_LIMIT:
                    yield number, f"line is longer than {LINE_LIMIT >> 20} MiB"
                    while line and not line.endswith(b"\n"):
                        line = file.readline(LINE_LIMIT)
                elif line.strip():
                    yield number, line
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            yield number + 1, f"compressed data is damaged: {error}"


def _open(path: Path) -> gzip.GzipFile | io.BufferedReader:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else path.open("rb")


_STRINGS = ("title", "summary", "text", "feed", "link", "time", "lang")


def _fields(line: bytes) -> dict[str, str] | str:
    """Return the item's fields, absent ones empty, or what is wrong with the line."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"is not JSON: {error}"
    if not isinstance(found, dict):
        return "is no JSON object"
    if not isinstance(found.get("id"), str | int) or isinstance(found["id"], bool):
        return '"id" is missing, or neither text nor a number'
    if "title" not in found:
        return '"title" is missing'
    fields: dict[str, object] = {"id": str(found["id"]), **{name: found.get(name) or "" for name in _STRINGS}}
    texts = {name: _sound(value) for name, value in fields.items() if isinstance(value, str)}
    wrong = [name for name in fields if name not in texts]
    return f'"{wrong[0]}" is not text' if wrong else texts


def _sound(value: str) -> str:
    """Return the text without halves of surrogate pairs, which JSON can write and no output can."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _feed(feeds: Mapping[str, Feed], name: str, language: str) -> Feed:
    declared = feeds.get(name) or Feed(name=name, url="")
    return replace(declared, language=language) if language else declared


def _item(number: int, fields: Mapping[str, str], now: datetime) -> Item:
    published = _time(fields["time"])
    entry = Entry(
        guid=fields["id"],
        link=fields["link"],
        headline=fields["title"],
        lead=fields["summary"],
        published=published,
    )
    return _kept(number, entry, text=fields["text"], feed=fields["feed"], now=published or now)


def _kept(number: int, entry: Entry, *, text: str, feed: str, now: datetime) -> Item:
    return Item(
        id=number,
        feed_id=0,
        feed=feed,
        source=feed,
        key=item.key(entry),
        version=1,
        entry=entry,
        seen_at=now,
        baseline=False,
        reading=Reading.NOT_WANTED,
        text=text or None,
    )


def _time(text: str) -> datetime | None:
    """Return the time written by ISO 8601 or as feeds write it (RFC 2822), without a zone in UTC.

    None where it is no date: an item is judged by its words, and those are there.
    """
    if not text:
        return None
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = parse(text)
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            continue
    return None


def stored(items: Iterable[Item], feeds: Mapping[str, Feed]) -> Iterator[Given]:
    """Yield items of the store, as new ones, with their feeds; that of a feed which was removed has its name alone."""
    for kept in items:
        fresh = replace(kept, baseline=False, reading=Reading.NOT_WANTED)
        yield Given(name=str(kept.id), item=fresh, feed=_feed(feeds, kept.feed, ""))


def article(name: str, words: str, now: datetime) -> Given:
    """Return an article in hand as an item: its first line is the headline, the rest the text."""
    headline, _, text = words.strip().partition("\n")
    entry = Entry(guid=name, headline=headline.strip(), published=now)
    return Given(name=name, item=_kept(0, entry, text=text.strip(), feed="", now=now), feed=_feed({}, "", ""))


def of_feeds(given: Given, feeds: Mapping[str, Feed], others: Mapping[str, Feed]) -> Given:
    """Return an item that came by one config's feeds as it comes by those of another."""
    declared = others.get(given.item.feed)
    if declared is None or given.feed == feeds.get(given.item.feed):
        return replace(given, feed=declared or _feed({}, given.item.feed, given.feed.language or ""))
    return replace(given, feed=replace(declared, language=given.feed.language))


def with_passing(watches: Iterable[Watch]) -> Iterator[Watch]:
    """Yield the rules, and each that asks for more than its words also as one that does not."""
    for watch in watches:
        yield watch
        if words := by_words(watch.rule, f"{_PASSING}{watch.name}"):
            yield replace(watch, rule=words)


def judge(bench: Bench, given: Given, now: datetime) -> Judged:
    """Return what the rules make of the item."""
    ruling = bench.judge(given.item, now=now, feed=given.feed)
    matches = tuple(match for match in ruling.matches if not match.rule.startswith(_PASSING))
    met = {match.rule for match in matches}
    named = (match.rule.removeprefix(_PASSING) for match in ruling.matches if match.rule.startswith(_PASSING))
    return Judged(
        name=given.name,
        item=given.item,
        matches=matches,
        rings=tuple(alert.rule for alert in ruling.alerts if not alert.rule.startswith(_PASSING)),
        passing=tuple(name for name in named if name not in met),
        unjudged=tuple(late.rule for late in ruling.unjudged if not late.rule.startswith(_PASSING)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """An item for which a rule would have rung."""

    name: str
    item: Item
    match: Match


@dataclass(slots=True, kw_only=True)
class RuleTally:
    """What one rule would have done."""

    hits: int = 0
    #: Items that name all it asks for, and are not about it.
    passing: int = 0
    #: Items of which it is not known, since a regular expression ran out of time.
    unjudged: int = 0
    #: Hits of each day, in UTC, of the items that carry a time.
    days: Counter[str] = field(default_factory=Counter)
    #: The newest, in the order of the items.
    samples: deque[Sample] = field(default_factory=lambda: deque(maxlen=SAMPLES))

    def add(self, sample: Sample) -> None:
        """Count one hit."""
        self.hits += 1
        self.samples.append(sample)
        if sample.item.entry.published:
            self.days[sample.item.published.date().isoformat()] += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Two rules that ring for the same items."""

    rules: tuple[str, str]
    shared: int
    #: Of the items of the one that rings less, as a part of 1.
    share: float


class Tally:
    """What all rules would have done with all items."""

    def __init__(self, rules: Iterable[str]) -> None:
        self.items = 0
        #: Times of the oldest and the newest item that carry one.
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.rules = {name: RuleTally() for name in rules if not name.startswith(_PASSING)}
        self._together: Counter[tuple[str, str]] = Counter()

    def add(self, judged: Judged) -> None:
        """Count one item."""
        self.items += 1
        if judged.item.entry.published:
            when = judged.item.published
            self.first = min(self.first or when, when)
            self.last = max(self.last or when, when)
        for match in judged.matches:
            if match.rule in judged.rings:
                self.rules[match.rule].add(Sample(name=judged.name, item=judged.item, match=match))
        for name in judged.passing:
            self.rules[name].passing += 1
        for name in judged.unjudged:
            self.rules[name].unjudged += 1
        self._together.update(combinations(judged.rings, 2))

    @property
    def days(self) -> float | None:
        """Return how many days the items span, at least one; None where they carry no time."""
        if self.first is None or self.last is None:
            return None
        return max(1.0, (self.last - self.first) / timedelta(days=1))

    def a_day(self, rule: str) -> float | None:
        """Return how often the rule would have rung on a usual day; None where the items carry no time."""
        return self.rules[rule].hits / self.days if self.days else None

    @property
    def overlaps(self) -> tuple[Overlap, ...]:
        """Return each two rules that rang for the same items, those that share most first."""
        found = (
            Overlap(rules=pair, shared=shared, share=shared / min(self.rules[name].hits for name in pair))
            for pair, shared in self._together.items()
        )
        return tuple(sorted(found, key=lambda each: (-each.share, -each.shared, each.rules)))


class Comparison:
    """Which alerts would appear or vanish if another config were in force."""

    def __init__(self) -> None:
        self.appear: list[Sample] = []
        self.vanish: list[Sample] = []

    def add(self, judged: Judged, other: Judged) -> None:
        """Hold what becomes of an item against what the other config would make of it."""
        self.appear += _rung(other, besides=judged.rings)
        self.vanish += _rung(judged, besides=other.rings)


def _rung(judged: Judged, *, besides: Iterable[str]) -> Iterator[Sample]:
    wanted = set(judged.rings) - set(besides)
    for match in judged.matches:
        if match.rule in wanted:
            yield Sample(name=judged.name, item=judged.item, match=match)
