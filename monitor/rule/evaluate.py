"""A query and a text: whether it holds there, how strongly, and by which words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice
from typing import assert_never

from monitor.rule import number
from monitor.rule.pattern import search
from monitor.rule.query import (
    And,
    In,
    Mention,
    Near,
    Not,
    Number,
    OneOf,
    Or,
    Pattern,
    Phrase,
    Query,
    Spoken,
    Topic,
    Word,
)
from monitor.rule.topic import Precision, Shortfall, Span, measure
from monitor.text import Text, form


class Refusal(StrEnum):
    """Why a query does not hold; the values are the words shown to people."""

    ABSENT = "absent"
    REFUSED = "there, and the rule says NOT"
    LANGUAGE = "not the item's language"
    UNJUDGED = "not judged, since it ran out of time"


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
    #: What each pattern found in the text so far, since to look takes time; None for one that ran out of it.
    found: dict[Pattern, tuple[Span, ...] | None] = field(default_factory=dict)
    #: The spans of words that were asked for, by the word's key and the range: many rules name the same words.
    known: dict[tuple[str, int, int], tuple[Span, ...]] = field(default_factory=dict, compare=False, repr=False)

    def within(self, name: str) -> Sight:
        """Return the same, reading no more than a field of it."""
        first, end = self.text.ranges[name]
        if end <= self.text.ranges["anywhere"][1]:
            first, end = max(first, self.first), min(end, self.end)
        return replace(self, first=first, end=end)

    def matched(self, pattern: Pattern) -> tuple[Span, ...]:
        """Return the words in what is read that hold a place of the pattern."""
        if pattern not in self.found:
            self.found[pattern] = _search(pattern, self.text)
        return tuple(span for span in self.found[pattern] or () if self.first <= span.first and span.end <= self.end)

    def seen(self, word: Word) -> Sequence[int]:
        """Return the word's places in what is read, without a look at the others: evidence asks so for each place."""
        places = self.places.get(word.key, ())
        return places[bisect_left(places, self.first) : bisect_left(places, self.end)]

    def spans(self, word: Word) -> tuple[Span, ...]:
        """Return the word's places in what is read as spans."""
        key = word.key, self.first, self.end
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = tuple([Span(i, i + 1) for i in self.seen(word)])
        return found

    @property
    def length(self) -> int:
        """Return how many sentences after the first are read."""
        if (self.first, self.end) == self.text.ranges["anywhere"]:
            return self.text.layout.length
        sentence = self.text.layout.sentence
        return sentence[self.end - 1] - sentence[self.first] if self.end > self.first else 0


def evaluate(query: Query, sight: Sight) -> Held | Missed:  # noqa: PLR0911 - one line for each kind of query
    """Return whether the query holds, and by what; else the first reason why not."""
    match query:
        case Word() | Phrase() | OneOf() | Near() | Number() | Pattern():
            spans = find(query, sight)
            return Held(strength=1.0, groups=(Group(mention=query, spans=spans),)) if spans else _absent(query, sight)
        case Topic():
            return _topic(query, sight)
        case And():
            return _and(query, sight)
        case Or():
            return _or(query, sight)
        case Not():
            return _not(query, sight)
        case In():
            return evaluate(query.query, sight.within(query.field))
        case Spoken():
            spoken = query.code in sight.text.languages
            return Held(strength=1.0, groups=()) if spoken else Missed(reason=Refusal.LANGUAGE, about=query)
        case _:
            assert_never(query)


def _absent(mention: Mention, sight: Sight) -> Missed:
    late = unjudged(mention, sight)
    return Missed(reason=Refusal.UNJUDGED, about=late) if late else Missed(reason=Refusal.ABSENT, about=mention)


def unjudged(mention: Mention, sight: Sight) -> Pattern | None:
    """Return a pattern in the mention that ran out of time, so that what it would have found is not known."""
    match mention:
        case Pattern():
            return mention if sight.found.get(mention, ()) is None else None
        case OneOf():
            return next(filter(None, (unjudged(option, sight) for option in mention.options)), None)
        case Near():
            return unjudged(mention.left, sight) or unjudged(mention.right, sight)
        case _:
            return None


def _not(query: Not, sight: Sight) -> Held | Missed:
    found = evaluate(query.query, sight)
    if isinstance(found, Held):
        return Missed(reason=Refusal.REFUSED, about=query.query)
    return found if found.reason is Refusal.UNJUDGED else Held(strength=1.0, groups=())


def _topic(topic: Topic, sight: Sight) -> Held | Missed:
    groups, late = [], list[Missed]()
    for part in topic.parts:
        spans = find(part, sight)
        if not spans:
            missed = _absent(part, sight)
            if missed.reason is not Refusal.UNJUDGED:  # which decides nothing where something else does
                return missed
            late.append(missed)
        groups.append(Group(mention=part, spans=spans))
    if late:
        return late[0]
    measured = measure(sight.text, [group.spans for group in groups], length=sight.length)
    shortfall = measured.shortfall(sight.precision)
    if shortfall:
        return Missed(reason=shortfall, about=topic, strength=measured.strength)
    return Held(strength=measured.strength, groups=tuple(groups))


def _and(query: And, sight: Sight) -> Held | Missed:
    strength, groups, late = 1.0, list[Group](), list[Missed]()
    for part in query.parts:
        found = evaluate(part, sight)
        if isinstance(found, Held):
            strength = min(strength, found.strength)
            groups += found.groups
        elif found.reason is Refusal.UNJUDGED:
            late.append(found)
        else:
            return found
    return late[0] if late else Held(strength=strength, groups=tuple(groups))


def _or(query: Or, sight: Sight) -> Held | Missed:
    found = [evaluate(part, sight) for part in query.parts]
    held = [each for each in found if isinstance(each, Held)]
    missed = [each for each in found if isinstance(each, Missed)]
    if held:
        return max(held, key=lambda each: each.strength)
    late = next((each for each in missed if each.reason is Refusal.UNJUDGED), None)
    return late or max(missed, key=lambda each: each.strength)


def find(mention: Mention, sight: Sight) -> tuple[Span, ...]:  # noqa: PLR0911 - one line for each kind of mention
    """Return the places of a mention in what is read, in order."""
    match mention:
        case Word(short=False):
            return sight.spans(mention)
        case Word():
            return tuple(span for span in sight.spans(mention) if not _begins_a_name(sight.text, span.first))
        case Phrase():
            return tuple(_phrase(mention, sight))
        case OneOf():
            return tuple(_longest(span for option in mention.options for span in find(option, sight)))
        case Near():
            return tuple(_near(mention, sight))
        case Number():
            return tuple(_numbers(mention, sight))
        case Pattern():
            return sight.matched(mention)
        case _:
            assert_never(mention)


def _numbers(wanted: Number, sight: Sight) -> Iterator[Span]:
    """Yield the numbers within the bounds, each with its scale ("6 million")."""
    for i in sight.seen(wanted.figures):
        found = number.read(sight.text, i)
        if found and wanted.least <= found.value <= wanted.most:
            yield Span(i, i + found.words)


def _search(pattern: Pattern, text: Text) -> tuple[Span, ...] | None:
    """Return the words that each place of the pattern touches; None where the time did not suffice for all fields."""
    made, spans = search(pattern.source, exact=pattern.exact), list[Span]()
    for name, content in text.fields.items():
        first, end = text.ranges[name]
        if first == end:
            continue
        places = made.places(content, name)
        if places is None:
            return None
        starts = text.layout.starts[first:end]
        spans += (_words(first, starts, place) for place in places)
    return tuple(dict.fromkeys(spans))


def _words(first: int, starts: Sequence[int], place: tuple[int, int]) -> Span:
    """Return the words of a field that some characters touch; where those are signs alone, the word before them."""
    low = max(0, bisect_right(starts, place[0]) - 1)
    high = max(low + 1, bisect_left(starts, place[1]))
    return Span(first + low, first + high)


def _begins_a_name(text: Text, i: int) -> bool:
    """Return whether a name goes on behind a word, outside headlines, where all words may have capitals.

    "Alliance" beside "North Atlantic Alliance" is short for it; "Alliance Bank" is another's name.
    """
    after = i + 1
    goes_on = text.layout.sentence[i] > 0 and after < len(text.words) and text.layout.follows[after]
    return goes_on and form(text.words[i]).capitals > 0 and form(text.words[after]).capitals == 1


def _phrase(phrase: Phrase, sight: Sight) -> Iterator[Span]:
    places = [sight.seen(phrase.words[0]), *(set(sight.seen(word)) for word in phrase.words[1:])]
    follows = sight.text.layout.follows
    for first in places[0]:
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
    """Yield each left side with its nearest right side; or, apart, each left side that is known to have none."""
    rights = sorted(find(near.right, sight))
    if near.apart and unjudged(near.right, sight):
        return
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
    same = text.layout.sentence[before.first] == text.layout.sentence[after.first]
    return same and 0 <= after.first - before.end <= near.within
