"""Which words of many rules stand in a text, and which rules could therefore match it.

A word of a text is looked up once, by the characters it is written with: a memo knows which rules' words it is. A rule
is looked at only when one of its rarest words is there. The result is the same as looking at every rule.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from monitor import language
from monitor.letters import Script
from monitor.rule.query import And, In, Near, Not, OneOf, Or, Phrase, Query, Spoken, Topic, Way, Word
from monitor.text import Form, Text, form

#: Different words remembered for each set of languages; a year of one feed has about as many.
_REMEMBERED = 200_000


class Lexicon:
    """The words of rules, and how to find them in a text."""

    def __init__(self, words: Iterable[Word]) -> None:
        self._words = {word.key: word for word in words}
        self._exact = _grouped((word.spelled, word) for word in self._of(Way.EXACT))
        self._folded = _grouped((x, word) for word in self._of(Way.FORMS, Way.NAME) for x in word.folded)
        self._beginnings = _grouped((x, word) for word in self._of(Way.PREFIX) for x in word.folded)
        self._lengths = sorted({len(beginning) for beginning in self._beginnings})
        self._stems: dict[str, dict[str, list[Word]]] = {}
        self._memos: dict[tuple[str, ...], dict[str, tuple[str, ...]]] = defaultdict(dict)

    def _of(self, *ways: Way) -> list[Word]:
        return [word for word in self._words.values() if word.way in ways]

    @cached_property
    def _unsure(self) -> tuple[str, ...]:
        """Languages to try where that of a Latin text is not known."""
        return tuple({spoken: None for word in self._of(Way.FORMS) for spoken in word.languages})

    def places(self, text: Text) -> dict[str, list[int]]:
        """Return the numbers of the text's words under the key of each rule's word that they are."""
        memo = self._memos[text.languages]
        found: dict[str, list[int]] = {}
        for i, written in enumerate(text.words):
            keys = memo.get(written)
            if keys is None:
                keys = self._learn(written, text, memo)
            for key in keys:
                if key in found:
                    found[key].append(i)
                else:
                    found[key] = [i]
        return found

    def _learn(self, written: str, text: Text, memo: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
        if len(memo) >= _REMEMBERED:
            memo.clear()
        keys = memo[written] = tuple({word.key: None for word in self._meant(form(written), text)})
        return keys

    def _meant(self, read: Form, text: Text) -> Iterator[Word]:
        """Yield the rules' words that a word of a text is."""
        yield from self._exact.get(read.spelled, ())
        spellings = read.folded
        if read.disguised and language.written_in(Script.CYRILLIC, text.languages):
            spellings = (*spellings, read.disguised)
        for spelling in spellings:
            yield from (word for word in self._folded.get(spelling, ()) if read.capitals >= word.capitals)
            for length in self._lengths:
                yield from self._beginnings.get(spelling[:length], ()) if length <= len(spelling) else ()
        yield from self._by_stem(read, text)

    def _by_stem(self, read: Form, text: Text) -> Iterator[Word]:
        if read.script is not Script.LATIN:
            for spoken in language.written_in(read.script, text.languages):
                yield from self._stemmed(read, spoken)
        elif text.latin:
            for spoken in dict.fromkeys((*text.latin, "en")):
                yield from self._stemmed(read, spoken)
        else:
            for spoken in self._unsure:
                yield from (word for word in self._stemmed(read, spoken) if spoken in word.languages)

    def _stemmed(self, read: Form, spoken: str) -> Iterator[Word]:
        if spoken not in self._stems:
            words = [word for word in self._of(Way.FORMS) if language.written_in(word.script, (spoken,))]
            self._stems[spoken] = _grouped(
                (stem, word) for word in words for stem in language.stems(word.lower, spoken)
            )
        known = self._stems[spoken]
        for stem in language.stems(read.lower, spoken):
            yield from known.get(stem, ())


def _grouped(pairs: Iterable[tuple[str, Word]]) -> dict[str, list[Word]]:
    groups: dict[str, list[Word]] = defaultdict(list)
    for key, word in pairs:
        groups[key].append(word)
    return dict(groups)


#: Keys of words of which at least one must be there.
Need = frozenset[str]


def needs(query: Query) -> tuple[Need, ...]:  # noqa: PLR0911 - one line for each kind of query
    """Return what must be in a text for the query to hold; nothing for one that may hold by what is not there."""
    match query:
        case Word():
            return (frozenset({query.key}),)
        case Phrase():
            return tuple(need for word in query.words for need in needs(word))
        case Near():
            return needs(query.left) if query.apart else needs(query.left) + needs(query.right)
        case Topic() | And():
            return tuple(need for part in query.parts for need in needs(part))
        case OneOf():
            return _either([needs(option) for option in query.options])
        case Or():
            return _either([needs(part) for part in query.parts])
        case In():
            return needs(query.query)
        case Not() | Spoken():
            return ()


def _either(alternatives: Sequence[tuple[Need, ...]]) -> tuple[Need, ...]:
    """Return one need that whichever alternative holds must meet: of each, the one that the fewest words meet."""
    if not all(alternatives):
        return ()
    return (frozenset[str]().union(*(min(needed, key=_commonness) for needed in alternatives)),)


def _commonness(need: Need) -> tuple[int, int]:
    """Return what is small for rare words: few of them, and long ones."""
    return len(need), -min(map(len, need))


class Index:
    """Queries by a word that each needs."""

    def __init__(self, queries: Sequence[Query]) -> None:
        self._needs = [needs(query) for query in queries]
        used = Counter(key for needed in self._needs for need in needed for key in need)
        self._by_key: dict[str, list[int]] = defaultdict(list)
        self._always = [i for i, needed in enumerate(self._needs) if not needed]
        for i, needed in enumerate(self._needs):
            if needed:
                anchor = min(needed, key=lambda need: (sum(used[key] for key in need), _commonness(need)))
                for key in anchor:
                    self._by_key[key].append(i)

    def candidates(self, places: Mapping[str, Sequence[int]]) -> list[int]:
        """Return the numbers of the queries that these words could make hold, in order."""
        found = set(self._always)
        for key in places:
            found.update(self._by_key.get(key, ()))
        there = set(places)
        return sorted(i for i in found if all(not need.isdisjoint(there) for need in self._needs[i]))
