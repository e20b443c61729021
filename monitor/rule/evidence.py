"""What a match shows to people: where its words stand, and the sentences that hold them, as they were written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.rule.evaluate import Group, Sight, find
from monitor.rule.query import Mention, Near, OneOf
from monitor.rule.topic import Span
from monitor.text import OPENING, WRITTEN, Sentence, Text

#: More sentences than these are a reading, not evidence.
_MOST = 3
#: A longer sentence is cut to about this many characters around its words, with so many before the first.
_LONGEST = 300
_BEFORE = 80

_ABOUT = {
    "author": "in its author's name",
    "category": "in its category",
    "feed": "in its feed's name",
    "urgency": "in its urgency",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A sentence that holds words of the rule."""

    #: "headline", "lead" or "text".
    field: str
    #: The original characters.
    sentence: str
    #: Places in the sentence: first character, the one after the last, and the rule's term.
    spans: tuple[tuple[int, int, str], ...]


#: Places of one thing that evidence is chosen from, in order; marking all 25,000 in a page of one word took 10 s.
_LOOKED_AT = 100


@dataclass(slots=True)
class _Words:
    """The words of a sentence that stand for something of the rule."""

    #: One bit for each group.
    groups: int
    first: int
    end: int


def evidence(groups: Sequence[Group], sight: Sight) -> tuple[Evidence, ...]:
    """Return the fewest sentences that show each thing found, at most three, the one that shows most of them first."""
    sentences = _sentences(groups, sight.text)
    chosen: list[int] = []
    shown = 0
    while len(chosen) < _MOST and (best := _best(sentences, shown)) is not None:
        chosen.append(best)
        shown |= sentences[best].groups
    return tuple([_cut(index, groups, sight) for index in chosen])


def _sentences(groups: Sequence[Group], text: Text) -> dict[int, _Words]:
    """Return what the sentences hold, of those that were written."""
    written, sentence = text.ranges["anywhere"][1], text.layout.sentence
    found: dict[int, _Words] = {}
    for number, group in enumerate(groups):
        for first, end in group.spans[:_LOOKED_AT]:
            if first >= written:
                break
            index = sentence[first]
            if index in found:
                known = found[index]
                known.groups |= 1 << number
                known.first, known.end = min(known.first, first), max(known.end, end)
            else:
                found[index] = _Words(1 << number, first, end)
    return found


def _best(sentences: Mapping[int, _Words], shown: int) -> int | None:
    """Return the sentence that shows most that is not shown yet; of equals the one with its words closest together."""
    best, most, least = None, 0, 0
    for index, words in sentences.items():
        more, spread = (words.groups & ~shown).bit_count(), words.end - words.first
        if more > most or (more == most and best is not None and (spread, index) < (least, best)):
            best, most, least = index, more, spread
    return best


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


def _cut(index: int, groups: Sequence[Group], sight: Sight) -> Evidence:
    """Return a sentence with its marks, cut around them where it is very long."""
    text = sight.text
    sentence = text.layout.sentences[index]
    content = text.fields[sentence.field]
    of_word = text.layout.sentence
    spans = [(g.mention, span) for g in groups for span in g.spans[:_LOOKED_AT] if of_word[span[0]] == index]
    marks = sorted([mark for mention, span in spans for mark in _marks(mention, span, sight)])
    places = _merged([(*text.span(first, end - 1), term) for first, end, term in marks])
    start, end = _window(content, sentence, places[0][0])
    return Evidence(
        field=sentence.field,
        sentence=content[start:end],
        spans=tuple([(first - start, last - start, term) for first, last, term in places if last <= end]),
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
    sentences = ({text.layout.sentence[span.first] for span in group.spans} for group in groups)
    written = [kept for group in sentences if (kept := {i for i in group if text.layout.sentences[i].field in WRITTEN})]
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
    sentences, of_word = text.layout.sentences, text.layout.sentence
    fields = [sentences[of_word[span.first]].field for group in groups for span in group.spans[:1]]
    return _ABOUT[fields[0]] if fields else "in its language"


def _neighbours(groups: Sequence[set[int]]) -> int | None:
    """Return the first of two neighbouring sentences after the headline that hold a member of each group."""
    starts = sorted({start for i in min(groups, key=len) for start in (i - 1, i) if start > 0})
    return next((i for i in starts if all(i in group or i + 1 in group for group in groups)), None)


def _where(text: Text, index: int) -> str:
    sentence = text.layout.sentences[index]
    if sentence.field == "text" and _paragraphs(text) > 1:
        return f"in paragraph {sentence.paragraph}"
    return f"in the {sentence.field}"


def _of(text: Text, index: int) -> str:
    sentence = text.layout.sentences[index]
    if sentence.field == "text" and _paragraphs(text) > 1:
        return f", paragraph {sentence.paragraph}"
    return f" of the {sentence.field}"


def _paragraphs(text: Text) -> int:
    return max((sentence.paragraph for sentence in text.layout.sentences if sentence.field == "text"), default=0)
