"""What a match shows to people: where its words stand, and the sentences that hold them, as they were written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from monitor.rule.evaluate import Group, Sight, find
from monitor.rule.query import Mention, Near, OneOf
from monitor.rule.topic import Span
from monitor.text import OPENING, Sentence, Text

#: More sentences than these are a reading, not evidence.
_MOST = 3
#: A longer sentence is cut to about this many characters around its words, with so many before the first.
_LONGEST = 300
_BEFORE = 80
_WRITTEN = ("headline", "lead", "text")
_ABOUT = {"author": "in its author's name", "category": "in its category", "feed": "in its feed's name"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A sentence that holds words of the rule."""

    #: "headline", "lead" or "text".
    field: str
    #: The original characters.
    sentence: str
    #: Places in the sentence: first character, the one after the last, and the rule's term.
    spans: tuple[tuple[int, int, str], ...]


class _Mark(NamedTuple):
    """Words of a text that stand for a term of the rule."""

    first: int
    end: int
    term: str
    #: Which of the groups it belongs to.
    group: int


#: Places of one thing that evidence is chosen from, in order; marking all 25,000 in a page of one word took 10 s.
_LOOKED_AT = 100


def evidence(groups: Sequence[Group], sight: Sight) -> tuple[Evidence, ...]:
    """Return the fewest sentences that show each thing found, at most three, the one that shows most of them first."""
    by_sentence: dict[int, list[_Mark]] = {}
    for number, group in enumerate(groups):
        for span in group.spans[:_LOOKED_AT]:
            index = sight.text.sentence[span.first]
            if sight.text.sentences[index].field in _WRITTEN:
                marks = (_Mark(*mark, number) for mark in _marks(group.mention, span, sight))
                by_sentence.setdefault(index, []).extend(marks)
    chosen: list[int] = []
    shown: set[int] = set()
    while len(chosen) < _MOST and (best := _best(by_sentence, shown)) is not None:
        chosen.append(best)
        shown |= {mark.group for mark in by_sentence[best]}
    return tuple(_cut(sight.text, index, sorted(by_sentence[index])) for index in chosen)


def _marks(mention: Mention, span: Span, sight: Sight) -> Iterator[tuple[int, int, str]]:
    """Yield what to mark for a mention: both sides of NEAR, the alternative of a group that stands there."""
    match mention:
        case Near():
            sides = (mention.left,) if mention.apart else (mention.left, mention.right)
            narrow = replace(sight, first=span.first, end=span.end)
            for side in sides:
                for found in find(side, narrow):
                    yield from _marks(side, found, narrow)
        case OneOf() if mention.label.startswith("("):
            narrow = replace(sight, first=span.first, end=span.end)
            option = next(option for option in mention.options if span in find(option, narrow))
            yield from _marks(option, span, narrow)
        case _:
            yield span.first, span.end, mention.label


def _best(by_sentence: dict[int, list[_Mark]], shown: set[int]) -> int | None:
    """Return the sentence that shows most that is not shown yet; of equals the one with its words closest together."""

    def rank(index: int) -> tuple[int, int, int]:
        marks = by_sentence[index]
        spread = max(mark.end for mark in marks) - min(mark.first for mark in marks)
        return len({mark.group for mark in marks} - shown), -spread, -index

    best = max(by_sentence, key=rank, default=None)
    return best if best is not None and rank(best)[0] else None


def _cut(text: Text, index: int, marks: list[_Mark]) -> Evidence:
    """Return a sentence with its marks, cut around them where it is very long."""
    sentence = text.sentences[index]
    content = text.fields[sentence.field]
    places = _merged([(*text.span(mark.first, mark.end - 1), mark.term) for mark in marks])
    start, end = _window(content, sentence, places[0][0])
    return Evidence(
        field=sentence.field,
        sentence=content[start:end],
        spans=tuple((first - start, last - start, term) for first, last, term in places if last <= end),
    )


def _merged(places: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Return the places without those that begin inside an earlier one: one word may serve two terms."""
    kept: list[tuple[int, int, str]] = []
    for place in places:
        if not kept or place[0] >= kept[-1][1]:
            kept.append(place)
    return kept


def _window(content: str, sentence: Sentence, first: int) -> tuple[int, int]:
    """Return where the shown part of a sentence begins and ends; it begins and ends with a whole word."""
    written = content[sentence.start : sentence.end]
    start = sentence.start + len(written) - len(written.lstrip())
    end = start + len(written.strip())
    if end - start <= _LONGEST:
        return start, end
    if first - start > _BEFORE:
        blank = content.find(" ", first - _BEFORE, first)
        start = blank + 1 if blank >= 0 else first
    if end - start > _LONGEST:
        blank = content.rfind(" ", start + _LONGEST // 2, start + _LONGEST)
        end = blank if blank >= 0 else start + _LONGEST
    return start, end


def place(groups: Sequence[Group], text: Text) -> str:
    """Return in words where what was found stands: "all words in one sentence, paragraph 3"."""
    sentences = ({text.sentence[span.first] for span in group.spans} for group in groups)
    written = [kept for group in sentences if (kept := {i for i in group if text.sentences[i].field in _WRITTEN})]
    if not written:
        return _about(groups, text)
    if len(written) == 1:
        return _where(text, min(written[0]))
    together = set.intersection(*written)
    if together:
        first = min(together)
        return f"all words {_where(text, first)}" if first == 0 else f"all words in one sentence{_of(text, first)}"
    if all(min(group) <= OPENING for group in written):
        headline = any(0 in group for group in written)
        return f"all words in {'the headline and ' if headline else ''}the opening"
    pair = _neighbours(written)
    return f"all words in two neighbouring sentences{_of(text, pair)}" if pair else "all words, far apart"


def _about(groups: Sequence[Group], text: Text) -> str:
    fields = [text.sentences[text.sentence[span.first]].field for group in groups for span in group.spans[:1]]
    return _ABOUT[fields[0]] if fields else "in its language"


def _neighbours(groups: Sequence[set[int]]) -> int | None:
    """Return the first of two neighbouring sentences after the headline that hold a member of each group."""
    starts = sorted({start for i in min(groups, key=len) for start in (i - 1, i) if start > 0})
    return next((i for i in starts if all(i in group or i + 1 in group for group in groups)), None)


def _where(text: Text, index: int) -> str:
    sentence = text.sentences[index]
    if sentence.field == "text" and _paragraphs(text) > 1:
        return f"in paragraph {sentence.paragraph}"
    return f"in the {sentence.field}"


def _of(text: Text, index: int) -> str:
    sentence = text.sentences[index]
    if sentence.field == "text" and _paragraphs(text) > 1:
        return f", paragraph {sentence.paragraph}"
    return f" of the {sentence.field}"


def _paragraphs(text: Text) -> int:
    return max((sentence.paragraph for sentence in text.sentences if sentence.field == "text"), default=0)
