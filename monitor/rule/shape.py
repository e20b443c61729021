"""Rules of one shape: of each shape one is read, and the others are its tree with their own words.

A desk's rules are alike: ``a AND b``, ``"a b" NEAR/8 c``. To read one takes 150 µs; to find the words of another takes
10. Such a rule is kept as its shape and its words, which all rules share; its tree is made when somebody asks for it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, product, zip_longest

from monitor import language
from monitor.rule.checks import doubts, futile
from monitor.rule.glance import Glance, glance, is_sure
from monitor.rule.index import needs
from monitor.rule.parser import parse
from monitor.rule.query import (
    And,
    Mention,
    Near,
    Not,
    Number,
    OneOf,
    Or,
    Pattern,
    Phrase,
    Query,
    Topic,
    Word,
    inner,
    words,
)

#: A word between blanks, brackets and quotes, of letters alone; the rest of a rule is its shape.
_WORD = re.compile(r'(?<![^\s("])(?!(?:AND|OR|NOT|NEAR|BEFORE)(?![^\s()"]))([^\W\d_]+)(?![^\s)"])')
_PLACE = "\0"
#: The shapes that are kept; whatever else stands in a rule may be about its words.
_PLAIN = re.compile(rf'(?:[\s()"{_PLACE}]|(?:AND|OR|NOT|(?:NEAR|BEFORE)/\d\d?)(?=[\s()]|$))+')
#: Words remembered for each set of languages.
_REMEMBERED = 1 << 16

_words: defaultdict[tuple[str, ...], dict[str, Word | None]] = defaultdict(dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shape:
    """What rules have in common that differ in their words alone."""

    #: The tree, with words that stand in for others.
    model: Query
    #: Which of a rule's words must be in a text, by their places among them; of each group at least one.
    needs: tuple[tuple[int, ...], ...]
    glance: Glance
    #: Whether a rule holds for every text that the glance does not refuse.
    is_sure: bool

    def filled(self, words: Sequence[Word]) -> Query:
        """Return the tree with a rule's words."""
        return _filled(self.model, dict(zip(_STAND_INS, words, strict=False)))


def shaped(
    source: str, *, languages: tuple[str, ...], fields: tuple[str, ...]
) -> tuple[Shape, tuple[Word, ...]] | None:
    """Return the shape and the words of a query that has neither fault nor remark; None where it must be read for that.

    The words stand in the order in which the query has them.
    """
    parts = _WORD.split(source)
    shape = _shape(_PLACE.join(parts[::2]), languages, fields)
    if shape is None:
        return None
    known, found = _words[languages], []
    for written in parts[1::2]:
        word = known[written] if written in known else _learn(written, languages)
        if word is None:
            return None
        found.append(word)
    if len({word.key for word in found}) < len(found):  # asked for and refused, or short for another
        return None
    if not source.isascii() and len({word.script for word in found}) > 1:  # HATO
        return None
    return shape, tuple(found)


@lru_cache(maxsize=1 << 10)
def _shape(written: str, languages: tuple[str, ...], fields: tuple[str, ...]) -> Shape | None:
    """Return a shape, with words that stand in for others; None for one that has a fault or a remark."""
    model = _model(written, languages, fields)
    if model is None:
        return None
    order = {word.key: _STAND_INS.index(word.spelled) for word in words(model)}
    return Shape(
        model=model,
        needs=tuple(tuple(order[key] for key in need) for need in needs(model)),
        glance=glance(model, order),
        is_sure=is_sure(model),
    )


def _model(written: str, languages: tuple[str, ...], fields: tuple[str, ...]) -> Query | None:
    count = written.count(_PLACE)
    if not 0 < count <= len(_STAND_INS) or not _PLAIN.fullmatch(written):
        return None
    filled = "".join(chain.from_iterable(zip_longest(written.split(_PLACE), _STAND_INS[:count], fillvalue="")))
    parsed = parse(filled, terms={}, languages=languages)
    query = parsed.query
    if query is None or parsed.remarks or any(futile(query, fields)) or any(doubts(query)) or _quotes_a_word(query):
        return None
    return query


def _quotes_a_word(query: Query) -> bool:
    """Return whether a single word is in quotes, and so is shown otherwise than in other rules."""
    match query:
        case Word():
            return query.label != query.spelled
        case Phrase():
            return False
        case _:
            return any(map(_quotes_a_word, inner(query)))


#: Words that are none in any language.
_STAND_INS = tuple("qxq" + "".join(digits) for digits in product("abcd", repeat=3))
_STAND_IN = re.compile("qxq[a-d]{3}")


def _learn(written: str, languages: tuple[str, ...]) -> Word | None:
    """Return a word that means the same in every rule; None for one that does not, or that its writer must know of."""
    known = _words[languages]
    if len(known) >= _REMEMBERED:
        known.clear()
    parsed = parse(written, terms={}, languages=languages)
    word = parsed.query
    if parsed.remarks or not isinstance(word, Word) or word.capitals or language.guess([word.lower], least=1):
        word = None
    known[written] = word
    return word


def _filled(query: Query, words: Mapping[str, Word]) -> Query:
    """Return the tree with words in place of their stand-ins."""
    match query:
        case Word():
            return words.get(query.spelled, query)
        case And():
            return And(parts=tuple([_filled(part, words) for part in query.parts]))
        case Topic():
            return Topic(parts=tuple([_mention(part, words) for part in query.parts]))
        case Or():
            return Or(parts=tuple([_filled(part, words) for part in query.parts]))
        case Not():
            return Not(query=_filled(query.query, words))
        case Phrase() | OneOf() | Near():
            return _mention(query, words)
        case _:
            raise AssertionError(query)  # the shapes that are kept hold nothing else


def _mention(mention: Mention, words: Mapping[str, Word]) -> Mention:
    match mention:
        case Word():
            return words.get(mention.spelled, mention)
        case Phrase():
            inner = tuple([words.get(word.spelled, word) for word in mention.words])
            return Phrase(label=_label(mention.label, words), words=inner)
        case OneOf():
            options = tuple([_mention(option, words) for option in mention.options])
            return OneOf(label=_label(mention.label, words), options=options)
        case Near():
            left, right = _mention(mention.left, words), _mention(mention.right, words)
            return Near(left=left, right=right, within=mention.within, ordered=mention.ordered, apart=mention.apart)
        case Number() | Pattern():
            raise AssertionError(mention)  # nor these


def _label(label: str, words: Mapping[str, Word]) -> str:
    return _STAND_IN.sub(lambda found: words[found[0]].label, label)
