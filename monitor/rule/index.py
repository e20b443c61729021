"""Which words of many rules stand in a text, and which rules could therefore match it.

A word of a text is looked up once, by the characters it is written with: a memo knows which rules' words it is. A rule
is looked at only where its rarest word is there, and then all others that it needs. The result is the same as looking
at every rule. Both the words and the rules can grow from those that were there before, which stay as they are.
"""
# ruff: noqa: SLF001 - what grows out of its like reads its like

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TypeAlias

from monitor import language
from monitor.letters import Script
from monitor.rule.number import has_figures
from monitor.rule.query import (
    FIGURES,
    And,
    In,
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
    Way,
    Word,
)
from monitor.text import Form, Text, form

#: Different words remembered for each set of languages; a year of one feed has about as many.
_REMEMBERED = 200_000

_Groups = dict[str, tuple[Word, ...]]


class Lexicon:
    """The words of rules, and how to find them in a text."""

    def __init__(self, words: Iterable[Word], before: Lexicon | None = None) -> None:
        """Take the words, and those of the lexicon before."""
        self._words: dict[str, Word] = dict(before._words) if before else {}
        self._exact: _Groups = dict(before._exact) if before else {}
        self._folded: _Groups = dict(before._folded) if before else {}
        self._beginnings: _Groups = dict(before._beginnings) if before else {}
        # Copied whole first: a text may bring the lexicon before a new language meanwhile, in another thread.
        stems = dict(before._stems) if before else {}
        self._stems: dict[str, _Groups] = {code: dict(known) for code, known in stems.items()}
        for word in words:
            if word.key not in self._words:
                self._words[word.key] = word
                self._add(word)
        #: What each word of a text is, by the text's languages; none of it stands once there are new words.
        self._memos: defaultdict[tuple[str, ...], dict[str, tuple[str, ...]]] = defaultdict(dict)
        if before and len(self._words) == len(before._words):
            self._memos = before._memos
        self._lengths = sorted({len(beginning) for beginning in self._beginnings})

    def _add(self, word: Word) -> None:
        if word.way is Way.EXACT:
            _put(self._exact, word.spelled, word)
            return
        for spelling in word.folded:
            _put(self._beginnings if word.way is Way.PREFIX else self._folded, spelling, word)
        if word.way is Way.FORMS:
            for spoken, known in self._stems.items():
                _put_stems(known, word, spoken)

    @cached_property
    def _unsure(self) -> tuple[str, ...]:
        """Languages to try where that of a Latin text is not known."""
        return tuple({spoken: None for word in self._words.values() for spoken in word.languages})

    def places(self, text: Text) -> dict[str, list[int]]:
        """Return the numbers of the text's words under the key of each rule's word that they are."""
        memo = self._memos[text.languages]
        found: dict[str, list[int]] = {}
        for i, keys in enumerate(map(memo.get, text.words)):
            if keys is None:
                keys = self._learn(text.words[i], text, memo)  # noqa: PLW2901 - what was looked for
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
        if FIGURES.key in self._words and has_figures(read.spelled):
            yield FIGURES
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
        known = self._stems.get(spoken)
        if known is None:
            known = {}
            for word in self._words.values():
                if word.way is Way.FORMS:
                    _put_stems(known, word, spoken)
            self._stems[spoken] = known
        for stem in (*language.stems(read.lower, spoken), *language.inner_stems(read.spelled, spoken)):
            yield from known.get(stem, ())


def _put(groups: _Groups, key: str, word: Word) -> None:
    groups[key] = (*groups.get(key, ()), word)


def _put_stems(groups: _Groups, word: Word, spoken: str) -> None:
    if language.written_in(word.script, (spoken,)):
        for stem in language.stems(word.lower, spoken):
            _put(groups, stem, word)


#: Keys of words of which at least one must be there.
Need = tuple[str, ...]


def needs(query: Query) -> tuple[Need, ...]:  # noqa: PLR0911 - one line for each kind of query
    """Return what must be in a text for the query to hold; nothing for one that may hold by what is not there."""
    match query:
        case Word():
            return ((query.key,),)
        case Number():
            return needs(query.figures)
        case Phrase():
            return tuple((word.key,) for word in query.words)
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
        case Not() | Spoken() | Pattern():
            return ()


def _either(alternatives: Sequence[tuple[Need, ...]]) -> tuple[Need, ...]:
    """Return one need that whichever alternative holds must meet: of each, the one that the fewest words meet."""
    if not all(alternatives):
        return ()
    return (tuple({key: None for needed in alternatives for key in min(needed, key=_commonness)}),)


def _commonness(need: Need) -> tuple[int, int]:
    """Return what is small for rare words: few of them, and long ones."""
    return len(need), -min(map(len, need))


#: From so many words on, it pays to keep a need once.
_MANY = 8
#: What stands where a query needs nothing more: it is in every text.
_NOTHING = ""
#: The second and the third word that each query needs, and its number.
_Queries: TypeAlias = "tuple[list[str], list[str], array[int]]"


class Index:
    """Numbered queries by a word that each needs.

    Rare is what few queries need: rules are drawn to the same frequent words as texts are. A query whose rarest need
    several words meet stands under each of them.
    """

    def __init__(
        self,
        queries: Callable[[], Iterable[Sequence[Need]]],
        before: Index | None = None,
        without: Collection[int] = (),
    ) -> None:
        """Number queries, of which each is told by what it needs, on from those before, of which some are taken out.

        They are gone through twice, to count and to index, which is cheaper than to hold 100,000 of them meanwhile.
        """
        self._used: Counter[str] = Counter(before._used) if before else Counter()
        self._by_word: dict[str, _Queries] = dict(before._by_word) if before else {}
        #: What else some queries need: a fourth word, or any of several.
        self._more: dict[int, tuple[Need, ...]] = dict(before._more) if before else {}
        #: Each need that many words meet, once: those of a list are hundreds, and so are the rules that name it.
        self._many: dict[Need, Need] = dict(before._many) if before else {}
        self._count: int = before._count if before else 0
        if without:
            self._take_out(frozenset(without))
        self._used.update(key for needed in queries() for need in needed for key in need)
        self._add(queries())

    def __len__(self) -> int:
        """Return how many queries were ever numbered."""
        return self._count

    def _take_out(self, without: frozenset[int]) -> None:
        for key, (seconds, thirds, numbers) in self._by_word.items():
            if not without.isdisjoint(numbers):
                kept = [n for n, number in enumerate(numbers) if number not in without]
                left = array("I", [numbers[n] for n in kept])
                self._by_word[key] = [seconds[n] for n in kept], [thirds[n] for n in kept], left
        for number in without & self._more.keys():
            del self._more[number]

    def _once(self, need: Need) -> Need:
        return need if len(need) < _MANY else self._many.setdefault(need, need)

    def _add(self, queries: Iterable[Sequence[Need]]) -> None:
        own = set[str]()
        for number, needed in enumerate(queries, self._count):
            rarest, *others = sorted(dict.fromkeys(map(self._once, needed)), key=self._queries_under) or ((_NOTHING,),)
            words = [need[0] for need in others if len(need) == 1]
            second, third, *more = *words, *((_NOTHING,) * (2 - len(words)))
            also = *((word,) for word in more), *(need for need in others if len(need) > 1)
            if also:
                self._more[number] = also
            for key in rarest:
                if key not in own:  # not the lists that an index before has as well
                    own.add(key)
                    self._by_word[key] = _copied(self._by_word.get(key))
                seconds, thirds, numbers = self._by_word[key]
                seconds.append(second)
                thirds.append(third)
                numbers.append(number)
            self._count = number + 1

    def _queries_under(self, need: Need) -> int:
        return self._used[need[0]] if len(need) == 1 else sum(map(self._used.__getitem__, need))

    def candidates(self, keys: Collection[str]) -> list[int]:
        """Return the numbers of the queries that words with these keys could make hold, in order."""
        met = {_NOTHING, *keys}
        more = self._more
        found = {
            number
            for key in met & self._by_word.keys()
            for second, third, number in zip(*self._by_word[key])  # noqa: B905 - of one length, and the inmost loop
            if second in met and third in met and (number not in more or not any(map(met.isdisjoint, more[number])))
        }
        return sorted(found)


def _copied(queries: _Queries | None) -> _Queries:
    if queries is None:
        return [], [], array("I")
    seconds, thirds, numbers = queries
    return seconds[:], thirds[:], numbers[:]
