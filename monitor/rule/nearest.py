"""What a text has instead of what a rule asks for: the nearest miss, in words for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import islice, pairwise, takewhile
from typing import Any

from monitor.rule import number
from monitor.rule.evaluate import Group, Sight, find
from monitor.rule.evidence import place
from monitor.rule.query import Mention, Near, Number, OneOf, Phrase, Topic, Way, Word, write
from monitor.rule.topic import Span
from monitor.text import Text, form

#: Different words of a text that are compared with one that is absent; more take longer than a person waits.
_COMPARED = 5_000
#: Two words are alike that begin alike over so many letters, or over so much of the word that is asked for.
_BEGINNING, _SHARE = 4, 0.6
#: Else they are alike by this ratio of difflib's, which lets a slip of the pen pass in words of five letters and more;
#: of shorter ones each is like many others (oil, soil).
_ALIKE, _SLIPS = 0.79, 5
#: A slip of the pen leaves out or adds no more letters than these.
_LETTERS = 2
#: Of alternatives so many are compared: of a list of a hundred names none is meant more than another.
_OPTIONS = 6
#: Places of one thing that are looked at, as for evidence.
_LOOKED_AT = 100
#: A longer run of words is counted, not shown.
_SHOWN = 12


def where(span: Span, sight: Sight, mention: Mention) -> str:
    """Return in words where something stands: "in the headline", "in paragraph 9"."""
    return place((Group(mention=mention, spans=(span,)),), sight.text)


def nearest(mention: Mention, sight: Sight) -> str:
    """Return what the text has that comes nearest to what it lacks; empty where nothing does."""
    finder = _FINDERS.get(type(mention))
    return finder(mention, sight) if finder else ""


def _one_of(group: OneOf, sight: Sight) -> str:
    words_first = sorted(group.options, key=lambda option: not isinstance(option, Word))[:_OPTIONS]
    return next((found for option in words_first if (found := nearest(option, sight))), "")


# --- words -------------------------------------------------------------------------------------------------------


def _word(word: Word, sight: Sight) -> str:
    if word.short and (seen := sight.seen(word)):  # it is there, and was not taken for it
        return f"“{_written(sight.text, Span(seen[0], seen[0] + 2))}” is another name"
    if elsewhere := sight.places.get(word.key, ()):
        return f"it stands {where(Span(elsewhere[0], elsewhere[0] + 1), sight, word)}, which is not read here"
    asked = {Way.EXACT: "exact spelling asked", Way.NAME: "capitals asked"}.get(word.way, "")
    same = next((written for written in _words(sight) if set(form(written).folded) & set(word.folded)), None)
    if same and asked:
        return f"the text writes {same} ({asked})"
    alike = _alike(word, sight)
    return f"nearest word in the text: {alike}{f' ({asked})' if asked else ''}" if alike else ""


def _words(sight: Sight) -> Iterator[str]:
    """Yield the different words of what is read, in their order."""
    yield from islice(dict.fromkeys(sight.text.words[sight.first : sight.end]), _COMPARED)


def _alike(word: Word, sight: Sight) -> str:
    """Return the word of the text that is most like the one asked for; empty where none is."""
    asked = word.folded[0]
    if len(asked) < _BEGINNING - 1 or not asked.isalpha():
        return ""
    ranked = (
        (likeness, written) for written in _words(sight) if (likeness := _likeness(asked, form(written).folded[0]))
    )
    best = max(ranked, key=lambda pair: pair[0], default=None)
    return best[1] if best else ""


def _likeness(asked: str, found: str) -> float:
    """Return how much alike two words are; 0 where they are not."""
    begins = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(asked, found, strict=False)))
    if begins == len(asked) or begins >= max(_BEGINNING, _SHARE * len(asked)):
        return 1 + begins / max(len(asked), len(found))
    if len(asked) < _SLIPS or abs(len(asked) - len(found)) > _LETTERS:
        return 0.0
    matcher = SequenceMatcher(None, asked, found, autojunk=False)
    if matcher.real_quick_ratio() < _ALIKE or matcher.quick_ratio() < _ALIKE:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= _ALIKE else 0.0


# --- words together ----------------------------------------------------------------------------------------------


def _phrase(phrase: Phrase, sight: Sight) -> str:
    found = [_spans(word, sight) for word in phrase.words]
    if not all(found):
        absent = [word.spelled for word, spans in zip(phrase.words, found, strict=True) if not spans]
        return f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not there" if any(found) else ""
    window = _tightest(found, sight.text)
    if sight.text.layout.sentence[window.first] != sight.text.layout.sentence[window.end - 1]:
        return "its words never stand in one sentence"
    return f"its words are not next to each other: {_shown(sight.text, window)}, {where(window, sight, phrase)}"


def _near(near: Near, sight: Sight) -> str:
    lefts, rights = _spans(near.left, sight), _spans(near.right, sight)
    if not lefts or not rights:
        return ""
    left, right = write(near.left), write(near.right)
    if near.apart:
        return f"each {left} has {right} within {_words_apart(near.within)}"
    gaps = sorted(_gaps(sight.text, lefts, rights))
    ahead = [gap for gap, forward in gaps if forward or not near.ordered]
    if ahead:
        return f"{left} and {right} {_words_apart(ahead[0])} apart, the rule allows {near.within}"
    if gaps:
        return f"{right} stands before {left}, the rule asks for it behind"
    return f"{left} and {right} never stand in one sentence"


def _gaps(text: Text, lefts: Sequence[Span], rights: Sequence[Span]) -> Iterator[tuple[int, bool]]:
    """Yield the words between each two in one sentence, and whether the left one comes first."""
    for left in lefts:
        for right in rights:
            before, after = sorted((left, right))
            if after.first >= before.end and text.layout.sentence[before.first] == text.layout.sentence[after.first]:
                yield after.first - before.end, left.first < right.first


def _words_apart(count: int) -> str:
    return "1 word" if count == 1 else f"{count} words"


def _number(wanted: Number, sight: Sight) -> str:
    """Return the number of the text that lies nearest to the bounds."""
    figures = ((i, number.read(sight.text, i)) for i in sight.seen(wanted.figures)[:_LOOKED_AT])
    read = [(max(wanted.least - found.value, found.value - wanted.most), i, found) for i, found in figures if found]
    if not read:
        return ""
    _, i, found = min(read)
    return f"nearest number in the text: {_written(sight.text, Span(i, i + found.words))}"


#: By the kind of mention; of one that is not here, nothing comes near.
_FINDERS: Mapping[type[Mention], Callable[[Any, Sight], str]] = {
    Word: _word,
    Phrase: _phrase,
    Near: _near,
    OneOf: _one_of,
    Number: _number,
}


# --- topics ------------------------------------------------------------------------------------------------------


def weakest(topic: Topic, sight: Sight) -> str:
    """Return what keeps a text that holds all parts of a topic from being about it, as far as their places tell."""
    found = [(part, find(part, sight)) for part in topic.parts]
    sentence = sight.text.layout.sentence
    part, spans = max(found, key=lambda pair: (sentence[pair[1][0].first], -len(pair[1])))
    said = []
    if sentence[spans[0].first] > 0:
        only = "only" if len({where(span, sight, part) for span in spans[:_LOOKED_AT]}) == 1 else "first"
        said.append(f"{write(part)} is {only} {where(spans[0], sight, part)}")
    if apart := _apart(topic, sight):
        said.append(apart)
    return "; ".join(said)


def _apart(topic: Topic, sight: Sight) -> str:
    """Return how far from each other the closest neighbours of the rule stand; empty where they touch."""
    pairs = [(_closest(sight, one, other), write(one), write(other)) for one, other in pairwise(topic.parts)]
    close = [(gap, one, other) for gap, one, other in pairs if gap is not None]
    if not close:
        names = " and ".join(map(write, topic.parts)) if len(pairs) == 1 else "two neighbours of the rule"
        return f"{names} never stand in one sentence"
    gap, one, other = min(close)
    return f"{one} and {other} stand {_words_apart(gap)} apart" if gap else ""


def _closest(sight: Sight, one: Mention, other: Mention) -> int | None:
    return min((gap for gap, _ in _gaps(sight.text, _spans(one, sight), _spans(other, sight))), default=None)


# --- places ------------------------------------------------------------------------------------------------------


def _spans(mention: Mention, sight: Sight) -> Sequence[Span]:
    return find(mention, sight)[:_LOOKED_AT]


def _tightest(groups: Sequence[Sequence[Span]], text: Text) -> Span:
    """Return the shortest run of words that holds one place of each group, in one sentence where there is one."""

    def rank(run: Span) -> tuple[bool, int]:
        return text.layout.sentence[run.first] != text.layout.sentence[run.end - 1], run.end - run.first

    return min(_runs(groups), key=rank)


def _runs(groups: Sequence[Sequence[Span]]) -> Iterator[Span]:
    """Yield, for each place of a group, the run of words from the last ones of the others to it."""
    last: dict[int, Span] = {}
    for span, which in sorted((span, which) for which, group in enumerate(groups) for span in group):
        last[which] = span
        if len(last) == len(groups):
            yield Span(min(each.first for each in last.values()), max(each.end for each in last.values()))


def _shown(text: Text, run: Span) -> str:
    """Return a run of words as it is written, or how long it is."""
    length = run.end - run.first
    return f"spread over {length} words" if length > _SHOWN else f"“{_written(text, run)}”"


def _written(text: Text, run: Span) -> str:
    field = text.layout.sentences[text.layout.sentence[run.first]].field
    start, end = text.span(run.first, run.end - 1)
    return " ".join(text.fields[field][start:end].split())
