"""What a publisher's edit of a headline or lead means to those who were told the words before it.

Most edits mean nothing to them: a typo, "UPDATE 2", other words for the same. One corrects if it says so itself, or if
what the headline told no longer stands: a yes or no, a number, a name, or a word that the rule rang for. What is added
takes nothing back, and a headline that is written anew is compared by numbers and matched words alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from monitor import language as languages
from monitor import lists, text
from monitor.alert import CORRECTING, Alert, Change, Kind, alert_id
from monitor.item import Item
from monitor.letters import fold
from monitor.rule import Evidence, Match
from monitor.rule.number import read as read_number
from monitor.signals import CORRECTED, LIVE, NEGATIONS, OPPOSITES, PACKAGING, SPELLED, WITHDRAWN
from monitor.text import Text

#: An item's corrections are told once in this time.
PAUSE = timedelta(hours=1)
#: Two headlines that share less of their words are two ways to write one, not one with a word changed.
_ALIKE = 0.5
#: A longer exchange of words is another sentence, not another word; one that is added or left out sooner.
_LONGEST_SWAP, _LONGEST_INSERTION = 4, 2
#: Names that share so much of their letters are two spellings of one.
_SPELLING = 0.75
#: Titles leave shorter words small even where all others have capitals.
_TELLING = 4
#: Characters of a headline and of a lead that are compared; what is longer is none, and takes long.
_HEADLINE, _LEAD = 600, 3000
#: Within so many of them a mark stands, if there is one.
_MARK = 200
#: So many changes are named, each of no more characters.
_MOST, _LONGEST = 5, 160


class Reason(StrEnum):
    """Why an edit is told; the values are the words shown to people."""

    WITHDRAWN = "withdrawn by its publisher"
    CORRECTED = "marked by its publisher as corrected"
    OPPOSITE = "the headline now says the opposite"
    NUMBER = "a number in the headline changed"
    NAME = "a name in the headline changed"
    MATCHED = "a word that this rang for is no longer there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """An item's headline and lead, as they stood at one time."""

    headline: str
    lead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What is told to those who know the words before."""

    kind: Kind
    reason: Reason
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What people were told last of an item, for one rule."""

    alert: Alert
    #: The lead as it stood then; None where that is not known any more.
    lead: str | None

    def rests_until(self, following: Alert, now: datetime) -> datetime | None:
        """Return until when a correction that follows has to wait; None if it may be told now.

        A withdrawal never waits for a correction, since what was told is then not to be relied on at all.
        """
        until = self.alert.made_at + PAUSE
        waits = self.alert.kind in CORRECTING and following.kind in {Kind.CORRECTION, self.alert.kind}
        return until if waits and self.alert.made_at <= now < until else None


class _Swap(NamedTuple):
    """A few words in a row, and those that stand in their place; either may be none."""

    before: range
    after: range


def find(
    before: Words,
    after: Words,
    evidence: Sequence[Evidence] = (),
    *,
    now: Sequence[Evidence] = (),
    language: str | None = None,
) -> Correction | None:
    """Return what an edit corrects; None for one that corrects nothing.

    Args:
        before: the words that were told.
        after: those that stand there now.
        evidence: what the rule had found in the words before.
        now: what it finds in those that stand there now.
        language: what they are written in, if that is known.
    """
    before, after = _begun(before), _begun(after)
    if _marked(WITHDRAWN, before, after):
        return Correction(kind=Kind.RETRACTION, reason=Reason.WITHDRAWN, changes=_changes(before, after))
    if _marked(CORRECTED, before, after):
        return Correction(kind=Kind.CORRECTION, reason=Reason.CORRECTED, changes=_changes(before, after))
    reason = _Comparison(before, after, language).reason(evidence, now)
    if reason is None:
        return None
    return Correction(kind=Kind.CORRECTION, reason=reason, changes=_changes(before, after))


def _begun(words: Words) -> Words:
    return Words(headline=words.headline[:_HEADLINE], lead=words.lead[:_LEAD])


def of_item(item: Item, told: Told, match: Match | None, now: datetime) -> Alert | None:
    """Return the alert that corrects what was told of an item; None where its edits correct nothing.

    ``match`` is what the rule finds in the item now; None where it is not met any more.
    """
    last, evidence = told.alert, match.evidence if match else ()
    before = Words(headline=last.headline, lead=item.entry.lead if told.lead is None else told.lead)
    after = Words(headline=item.entry.headline, lead=item.entry.lead)
    found = find(before, after, last.evidence, now=evidence, language=last.language)
    if found is None or item.version <= last.version:
        return None
    return replace(
        last,
        id=alert_id(last.rule, last.feed, item.key, found.kind, item.version),
        kind=found.kind,
        version=item.version,
        headline=after.headline,
        link=item.entry.link or last.link,
        read=item.depth,
        read_reason=item.reading_reason,
        strength=match.strength if match else 0.0,
        place=found.reason,
        evidence=evidence,
        made_at=now,
        changes=found.changes,
    )


def _marked(mark: re.Pattern[str], before: Words, after: Words) -> bool:
    """Return whether the mark is at the head of headline or lead now, and was at neither."""
    heads = ((words.headline[:_MARK], words.lead[:_MARK]) for words in (before, after))
    was, stands = (any(map(mark.match, each)) for each in heads)
    return stands and not was


# --- two headlines -----------------------------------------------------------------------------------------------


class _Comparison:
    """Two headlines, word by word; words that are forms of one have one number."""

    def __init__(self, before: Words, after: Words, language: str | None) -> None:
        self._leads = before.lead, after.lead
        self._live = any(LIVE.search(words.headline) for words in (before, after))
        self._before, self._after = (_bare(words.headline, language) for words in (before, after))
        spoken = dict.fromkeys((*self._before.languages, *self._after.languages))
        self._spoken = tuple(spoken) or ("en",)
        numbers: dict[str, int] = {}
        self._old = [self._number(word, numbers) for word in self._before.words]
        self._new = [self._number(word, numbers) for word in self._after.words]
        matcher = SequenceMatcher(None, self._old, self._new, autojunk=False)
        self._alike = matcher.ratio() >= _ALIKE
        self._swaps = [
            _Swap(range(i, j), range(k, m))
            for what, i, j, k, m in matcher.get_opcodes()
            if what != "equal" and max(j - i, m - k) <= (_LONGEST_SWAP if what == "replace" else _LONGEST_INSERTION)
        ]

    def _number(self, word: str, known: dict[str, int]) -> int:
        keys = _keys(word, self._spoken)
        number = next((known[key] for key in keys if key in known), len(known))
        for key in keys:
            known.setdefault(key, number)
        return number

    def reason(self, evidence: Sequence[Evidence], now: Sequence[Evidence]) -> Reason | None:
        """Return in what way the later headline takes back what the earlier one said."""
        if self._live or self._old == self._new:  # a live page moves on all day
            return None
        checks = {
            Reason.OPPOSITE: self._says_the_opposite(),
            Reason.NUMBER: self._has_another_number(),
            Reason.NAME: self._has_another_name(),
            Reason.MATCHED: self._lost_a_match(evidence, now),
        }
        return next((reason for reason, holds in checks.items() if holds), None)

    # --- yes and no ---

    def _says_the_opposite(self) -> bool:
        """Return whether few words turn the headline around; "rejects" and "does not accept" are the same."""
        if not self._alike:
            return False
        before = [self._before.words[i] for swap in self._swaps for i in swap.before]
        after = [self._after.words[i] for swap in self._swaps for i in swap.after]
        old, new = _poles(before), _poles(after)
        turned = any((pair, not yes) in new - old for pair, yes in old - new)
        return turned != (self._negations(before) % 2 != self._negations(after) % 2)

    def _negations(self, words: Sequence[str]) -> int:
        negating = frozenset[str]().union(*(NEGATIONS.get(language, frozenset()) for language in self._spoken))
        return sum(fold(word) in negating or fold(word).endswith("n't") for word in words)

    # --- numbers ---

    def _has_another_number(self) -> bool:
        before, after = _numbers(self._before), _numbers(self._after)
        return bool(before - after and after - before) and self._is_of_the_same()

    def _is_of_the_same(self) -> bool:
        """Return whether half of the words that say what it is about stand in both, in whatever order."""
        old, new = (
            {number for word, number in zip(headline.words, numbers, strict=True) if _tells(word)}
            for headline, numbers in ((self._before, self._old), (self._after, self._new))
        )
        return len(old & new) >= _ALIKE * min(len(old), len(new))

    # --- names ---

    def _has_another_name(self) -> bool:
        return self._alike and any(map(self._renames, self._swaps))

    def _renames(self, swap: _Swap) -> bool:
        gone = self._names(self._before, swap.before, self._old, self._new)
        come = self._names(self._after, swap.after, self._new, self._old)
        if not gone or not come or any(_one(old, new) for old in gone for new in come):
            return False
        if all(map(_countries_of, gone)) != all(map(_countries_of, come)):  # "Trump" and "US" are no two persons
            return False
        old_lead, new_lead = (self._words_of(lead) for lead in self._leads)
        # Both names were in the story before and are now: the headline only calls another of them.
        return not (self._stand(gone, new_lead) and self._stand(come, old_lead))

    def _names(self, headline: Text, places: Sequence[int], own: list[int], other: list[int]) -> list[str]:
        """Return the names among the words at these places that the other headline does not have."""
        prose = _is_prose(headline)
        missing = [i for i in places if own[i] not in other]
        return [
            headline.words[i]
            for i in missing
            if _countries_of(headline.words[i])
            or (_capital(headline.words[i]) and (self._in_prose(headline.words[i]) or (prose and _inside(headline, i))))
        ]

    def _in_prose(self, word: str) -> bool:
        """Return whether the word stands in a lead with its capital and does not begin a sentence there."""
        inside = rf"(?<=[\w,]\s){re.escape(word)}\b"
        return any(re.search(inside, lead) for lead in self._leads)

    def _words_of(self, lead: str) -> frozenset[str]:
        return frozenset(key for word in text.read(headline=lead).words for key in _keys(word, self._spoken))

    def _stand(self, names: Iterable[str], words: frozenset[str]) -> bool:
        return all(not words.isdisjoint(_keys(name, self._spoken)) for name in names)

    # --- what the rule found ---

    def _lost_a_match(self, evidence: Sequence[Evidence], now: Sequence[Evidence]) -> bool:
        there = {term for found in now if found.field != "text" for _, _, term in found.spans}
        said = self._words_of(f"{self._after.fields['headline']}\n{self._leads[1]}")
        return any(
            term not in there and not self._stand(text.pieces(found.sentence[start:end]), said)
            for found in evidence
            if found.field == "headline"
            for start, end, term in found.spans
        )


def _poles(words: Sequence[str]) -> set[tuple[int, bool]]:
    """Return the pairs of opposites of which one is among the words, and whether it is the one that says yes."""
    folded = [fold(word) for word in words]
    return {
        (pair, side == 0)
        for pair, sides in enumerate(OPPOSITES)
        for side, pole in enumerate(sides)
        if any(pole.fullmatch(word) for word in folded)
    }


def _bare(headline: str, language: str | None) -> Text:
    """Return a headline without what is packed around it: "UPDATE 2-", the time, the number of comments."""
    return text.read(headline=PACKAGING.sub(" ", headline).strip(), language=language)


def _keys(word: str, spoken: Iterable[str]) -> tuple[str, ...]:
    form = text.form(word)
    stems = (stem for language in spoken for stem in languages.stems(form.lower, language))
    return tuple(dict.fromkeys((*form.folded, *stems)))


def _numbers(headline: Text) -> set[float]:
    found = (read_number(headline, i) for i in range(len(headline.words)))
    figures = {number.value for number in found if number}
    return figures | {SPELLED[key] for word in headline.words if (key := fold(word)) in SPELLED}


def _tells(word: str) -> bool:
    folded = fold(word)
    return not (word[0].isdigit() or folded in SPELLED or folded in languages.ANY_FUNCTION_WORD)


def _capital(word: str) -> bool:
    return word[:1].isupper() and (len(word) > 1)


def _is_prose(headline: Text) -> bool:
    """Return whether a headline is written as sentences are, so that a capital tells a name.

    "Allies Weigh Guarantees for Kyiv" is not, and no German one: "Kanzler" is no name.
    """
    plain = (word for word in headline.words if word[:1].islower() and len(word) >= _TELLING)
    return "de" not in headline.languages and any(fold(word) not in languages.ANY_FUNCTION_WORD for word in plain)


def _inside(headline: Text, i: int) -> bool:
    """Return whether a word of a headline begins no sentence, quotation or line of its own."""
    before = headline.fields["headline"][: headline.layout.starts[i]].rstrip()
    return before[-1:].isalnum() or before[-1:] in (",", "-")


def _one(old: str, new: str) -> bool:
    """Return whether two names are of one country, or two spellings of one."""
    ours, theirs = _countries_of(old), _countries_of(new)
    if ours and theirs:
        return bool(ours & theirs)
    return SequenceMatcher(None, fold(old), fold(new), autojunk=False).ratio() >= _SPELLING


def _countries_of(word: str) -> frozenset[str]:
    """Return the countries that a word is a name, a people or a capital of."""
    folded = fold(word)
    whole, begun = _atlas()
    cut = (begun.get(folded[:length]) for length in range(3, len(folded) + 1))
    return whole.get(folded, frozenset()).union(*(found for found in cut if found)) if _capital(word) else frozenset()


@cache
def _atlas() -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """Return the countries by their words, and by what such words begin with."""
    whole: dict[str, frozenset[str]] = {}
    begun: dict[str, frozenset[str]] = {}
    for name in lists.names():
        head = name.removeprefix(lists.COUNTRY)
        for word in (lists.shipped(name) or ()) if head != name else ():
            kept, folded = (begun, fold(word[:-1])) if word.endswith("*") else (whole, fold(word.removeprefix("=")))
            if " " not in folded:
                kept[folded] = kept.get(folded, frozenset()) | {head}
    return whole, begun


# --- what changed ------------------------------------------------------------------------------------------------


def _changes(before: Words, after: Words) -> tuple[Change, ...]:
    """Return the words that changed: those of the headline, or else those of the lead."""
    return tuple(_differences(before.headline, after.headline)) or tuple(_differences(before.lead, after.lead))


def _differences(before: str, after: str) -> Iterator[Change]:
    old, new = before.split(), after.split()
    matcher = SequenceMatcher(None, [fold(word) for word in old], [fold(word) for word in new], autojunk=False)
    changed = [places for what, *places in matcher.get_opcodes() if what != "equal"]
    for i, j, k, m in changed[:_MOST]:
        yield Change(before=_cut(" ".join(old[i:j])), after=_cut(" ".join(new[k:m])))


def _cut(words: str) -> str:
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1].rstrip()}…"
