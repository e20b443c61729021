"""A query and a text: whether it holds there, how strongly, and by which words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import assert_never

from monitor.rule.query import And, In, Mention, Near, Not, OneOf, Or, Phrase, Query, Spoken, Topic, Word
from monitor.rule.topic import Precision, Shortfall, Span, measure
from monitor.text import Text, form


class Refusal(StrEnum):
    """Why a query does not hold; the values are the words shown to people."""

    ABSENT = "absent"
    REFUSED = "there, and the rule says NOT"
    LANGUAGE = "not the item's language"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All places of one thing that the rule names."""

    mention: Mention
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The query holds."""

    #: From 0 to 1.
    strength: float
    #: What was found, in the rule's order.
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """The query does not hold."""

    reason: Refusal | Shortfall
    #: The part of the rule that it is about.
    about: Query
    strength: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A text with the places of the rules' words in it, and how much of it a query reads."""

    text: Text
    #: Numbers of the text's words by the key of the rule's word; a word that is not there has no key here.
    places: Mapping[str, Sequence[int]]
    precision: Precision
    #: The range of words that is read.
    first: int
    end: int

    def within(self, field: str) -> Sight:
        """Return the same, reading no more than a field of it."""
        first, end = self.text.ranges[field]
        if end <= self.text.ranges["anywhere"][1]:
            first, end = max(first, self.first), min(end, self.end)
        return Sight(text=self.text, places=self.places, precision=self.precision, first=first, end=end)

    def seen(self, word: Word) -> Sequence[int]:
        """Return the word's places in what is read, without a look at the others: evidence asks so for each place."""
        places = self.places.get(word.key, ())
        return places[bisect_left(places, self.first) : bisect_left(places, self.end)]

    @property
    def length(self) -> int:
        """Return how many sentences after the first are read."""
        if (self.first, self.end) == self.text.ranges["anywhere"]:
            return self.text.length
        return self.text.sentence[self.end - 1] - self.text.sentence[self.first] if self.end > self.first else 0


def evaluate(query: Query, sight: Sight) -> Held | Missed:  # noqa: PLR0911 - one line for each kind of query
    """Return whether the query holds, and by what; else the first reason why not."""
    match query:
        case Word() | Phrase() | OneOf() | Near():
            spans = find(query, sight)
            return Held(strength=1.0, groups=(Group(mention=query, spans=spans),)) if spans else _absent(query)
        case Topic():
            return _topic(query, sight)
        case And():
            return _and(query, sight)
        case Or():
            return _or(query, sight)
        case Not():
            refused = isinstance(evaluate(query.query, sight), Held)
            return Missed(reason=Refusal.REFUSED, about=query.query) if refused else Held(strength=1.0, groups=())
        case In():
            return evaluate(query.query, sight.within(query.field))
        case Spoken():
            spoken = query.code in sight.text.languages
            return Held(strength=1.0, groups=()) if spoken else Missed(reason=Refusal.LANGUAGE, about=query)
        case _:
            assert_never(query)


def _absent(mention: Mention) -> Missed:
    return Missed(reason=Refusal.ABSENT, about=mention)


def _topic(topic: Topic, sight: Sight) -> Held | Missed:
    groups = []
    for part in topic.parts:
        spans = find(part, sight)
        if not spans:
            return _absent(part)
        groups.append(Group(mention=part, spans=spans))
    measured = measure(sight.text, [group.spans for group in groups], length=sight.length)
    shortfall = measured.shortfall(sight.precision)
    if shortfall:
        return Missed(reason=shortfall, about=topic, strength=measured.strength)
    return Held(strength=measured.strength, groups=tuple(groups))


def _and(query: And, sight: Sight) -> Held | Missed:
    strength, groups = 1.0, list[Group]()
    for part in query.parts:
        found = evaluate(part, sight)
        if isinstance(found, Missed):
            return found
        strength = min(strength, found.strength)
        groups += found.groups
    return Held(strength=strength, groups=tuple(groups))


def _or(query: Or, sight: Sight) -> Held | Missed:
    found = [evaluate(part, sight) for part in query.parts]
    held = [each for each in found if isinstance(each, Held)]
    missed = [each for each in found if isinstance(each, Missed)]
    return max(held, key=lambda each: each.strength) if held else max(missed, key=lambda each: each.strength)


def find(mention: Mention, sight: Sight) -> tuple[Span, ...]:
    """Return the places of a mention in what is read, in order."""
    match mention:
        case Word():
            return tuple(
                Span(i, i + 1) for i in sight.seen(mention) if not (mention.short and _begins_a_name(sight.text, i))
            )
        case Phrase():
            return tuple(_phrase(mention, sight))
        case OneOf():
            return tuple(_longest(span for option in mention.options for span in find(option, sight)))
        case Near():
            return tuple(_near(mention, sight))
        case _:
            assert_never(mention)


def _begins_a_name(text: Text, i: int) -> bool:
    """Return whether a name goes on behind a word, outside headlines, where all words may have capitals.

    "Alliance" beside "North Atlantic Alliance" is short for it; "Alliance Bank" is another's name.
    """
    after = i + 1
    goes_on = text.sentence[i] > 0 and after < len(text.words) and text.follows[after]
    return goes_on and form(text.words[i]).capitals > 0 and form(text.words[after]).capitals == 1


def _phrase(phrase: Phrase, sight: Sight) -> Iterator[Span]:
    places = [set(sight.seen(word)) for word in phrase.words]
    follows = sight.text.follows
    for first in sorted(places[0]):
        end = first + len(places)
        if (
            sight.first <= first
            and end <= sight.end
            and all(first + i in places[i] and follows[first + i] for i in range(1, len(places)))
        ):
            yield Span(first, end)


def _longest(spans: Iterator[Span]) -> Iterator[Span]:
    """Yield the spans in order; of alternatives at one place only the longest."""
    end = -1
    for span in sorted(spans, key=lambda span: (span.first, -span.end)):
        if span.first >= end:
            yield span
            end = span.end


def _near(near: Near, sight: Sight) -> Iterator[Span]:
    """Yield each left side with its nearest right side; or, apart, each left side that has none."""
    rights = sorted(find(near.right, sight))
    starts = [right.first for right in rights]
    widest = max((right.end - right.first for right in rights), default=0)
    for left in find(near.left, sight):
        low = bisect_left(starts, left.first - near.within - widest)
        at, high = bisect_left(starts, left.first), bisect_right(starts, left.end + near.within)
        behind, ahead = range(at - 1, low - 1, -1), range(at, high)  # outwards: the first of each is the nearest
        sides = (ahead,) if near.ordered else (behind, ahead)
        ways = ((rights[i] for i in side if _is_near(near, left, rights[i], sight.text)) for side in sides)
        partners = [right for way in ways for right in islice(way, 1)]
        if near.apart and not partners:
            yield left
        elif partners and not near.apart:
            nearest = min(partners, key=lambda right: abs(right.first - left.first))
            yield Span(min(left.first, nearest.first), max(left.end, nearest.end))


def _is_near(near: Near, left: Span, right: Span, text: Text) -> bool:
    before, after = (left, right) if near.ordered else sorted((left, right))
    same = text.sentence[before.first] == text.sentence[after.first]
    return same and 0 <= after.first - before.end <= near.within
