"""The tree of a rule: what may be mentioned in a text, and the queries that are made of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from monitor import language
from monitor.letters import Script, fold
from monitor.text import form


class Way(StrEnum):
    """How a word of a rule is compared with a word of a text."""

    #: Any of its forms, by stem; or the same letters, whatever their case and accents.
    FORMS = "forms"
    #: The same letters, in capitals as the rule writes them: a name that is an ordinary word too.
    NAME = "name"
    #: The same characters.
    EXACT = "exact"
    #: It begins with these letters.
    PREFIX = "prefix"
    #: It is written in figures, whatever number that is.
    NUMBER = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word; equal keys find equal places."""

    key: str
    #: As the rule writes it, for people.
    label: str
    way: Way
    #: The folded spellings it is found under.
    folded: tuple[str, ...]
    #: What is stemmed: lower case, with accents.
    lower: str
    spelled: str
    #: The least capitals a text's word needs: 0 none, 1 the first, 2 all.
    capitals: int
    script: Script
    #: Languages to try where that of a text in Latin letters is not known.
    languages: tuple[str, ...]
    #: The last word of a longer alternative beside it ("North Atlantic Alliance"): no part of another name.
    short: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words next to each other in this order, within a sentence."""

    label: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    """Alternatives: a group ``(a OR b)``, a list ``@name``, or the ways to write one word (Wi-Fi, WiFi)."""

    label: str
    options: tuple[Mention, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Two mentions in a sentence with few words between; or, ``apart``, one that has no such neighbour."""

    left: Mention
    right: Mention
    #: Words between, at the most.
    within: int
    #: The left one comes first.
    ordered: bool
    apart: bool

    @property
    def label(self) -> str:
        """Return it as a rule writes it."""
        operator = f"{'NOT ' if self.apart else ''}{'BEFORE' if self.ordered else 'NEAR'}/{self.within}"
        return f"{self.left.label} {operator} {self.right.label}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number within bounds, both of which belong to it."""

    label: str
    least: float
    most: float
    #: What stands for it among the words of rules: any word in figures.
    figures: Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """What a regular expression finds."""

    label: str
    source: str
    #: Whether its capitals count.
    exact: bool


Mention = Word | Phrase | OneOf | Near | Number | Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Several mentions that a text must be about together."""

    parts: tuple[Mention, ...]

    @property
    def label(self) -> str:
        """Return it as a rule writes it."""
        return " ".join(part.label for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    """All of the queries hold."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    """At least one of the queries holds."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The query does not hold."""

    query: Query


@dataclass(frozen=True, slots=True, kw_only=True)
class In:
    """The query holds in one field."""

    field: str
    query: Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """The item is in this language."""

    code: str


Query = Mention | Topic | And | Or | Not | In | Spoken

#: Function words that are no acronym even in a rule that is all in capitals.
_NEVER_NAMES = frozenset({"a", "an", "and", "by", "for", "from", "of", "or", "the", "to", "with"})


def word(  # noqa: PLR0913 - one caller, and each is needed
    written: str, way: Way, *, label: str, languages: tuple[str, ...], cyrillic: bool = False, inner: bool = False
) -> Word:
    """Return a rule's word.

    ``cyrillic`` tells that the rule is, so that HATO in Latin letters is meant as its look-alike; ``inner`` that it is
    not the first of a compound, so that its number may be the tail of an identifier.
    """
    read = form(written)
    twin = read.disguised if cyrillic else ""
    folded = (twin,) if twin else read.folded
    capitals = required_capitals(written) if way is Way.FORMS else 0
    if inner and folded[0].lstrip("-/").isdigit():
        digits = folded[0].lstrip("-/")
        folded = (digits, f"-{digits}", f"/{digits}")
    kind = Way.NAME if capitals else way
    compared = read.spelled if way is Way.EXACT else "|".join(folded)
    tried = languages if kind is Way.FORMS and read.script is Script.LATIN else ()
    return Word(
        key=" ".join((kind, str(capitals), compared, *tried)),
        label=read.spelled if label == read.spelled else label,  # one string for both, of as many words as there are
        way=kind,
        folded=folded,
        lower=twin or read.lower,
        spelled=read.spelled,
        capitals=capitals,
        script=Script.CYRILLIC if twin else read.script,
        languages=tried,
    )


#: What every word in figures is found as.
FIGURES = Word(
    key="#",
    label="a number",
    way=Way.NUMBER,
    folded=(),
    lower="",
    spelled="",
    capitals=0,
    script=Script.OTHER,
    languages=(),
)


def one_of(label: str, options: Sequence[Mention]) -> OneOf:
    """Return alternatives, a short name among them marked as such."""
    last = {option.words[-1].folded for option in options if isinstance(option, Phrase)}
    return OneOf(
        label=label,
        options=tuple(
            replace(option, short=True) if isinstance(option, Word) and option.folded in last else option
            for option in options
        ),
    )


def required_capitals(written: str) -> int:
    """Return the capitals by which a name is told from an ordinary word; 0 where the word is not both."""
    read = form(written)
    if read.folded[0] == "us":  # nobody looks for the pronoun
        return 2
    if read.capitals == 2 and read.folded[0] not in _NEVER_NAMES:  # noqa: PLR2004 - see Form.capitals
        ordinary = read.folded[0] in language.ANY_FUNCTION_WORD or read.folded[0] in language.NAMESAKES
        return 2 if ordinary else 0
    return 1 if read.capitals and read.folded[0] in language.NAMESAKES else 0


def is_function_word(written: str, languages: tuple[str, ...]) -> bool:
    """Return whether a rule's word carries no meaning in English or in one of the languages the rule is written in."""
    if required_capitals(written):
        return False
    folded = fold(written)
    return any(folded in language.FUNCTION_WORDS.get(spoken, ()) for spoken in ("en", *languages))


def inner(query: Query) -> Sequence[Query]:
    """Return the queries that a query is made of."""
    match query:
        case And() | Or() | Topic():
            return query.parts
        case OneOf():
            return query.options
        case Phrase():
            return query.words
        case Near():
            return query.left, query.right
        case Not() | In():
            return (query.query,)
        case _:
            return ()


def words(query: Query) -> Iterator[Word]:
    """Yield every word of the query."""
    match query:
        case Word():
            yield query
        case Number():
            yield query.figures
        case _:
            for part in inner(query):
                yield from words(part)


def show(query: Query) -> str:  # noqa: PLR0911 - one line for each kind of query
    """Return the tree as text: ``and(topic(a, b), not(c))``."""
    match query:
        case Word() | Phrase() | Number() | Pattern():
            return query.label
        case OneOf():
            return _call("any", query.options) if query.label.startswith("(") else query.label
        case Near():
            kind = ("not " if query.apart else "") + ("before" if query.ordered else "near")
            return f"{kind}/{query.within}({show(query.left)}, {show(query.right)})"
        case Topic():
            return _call("topic", query.parts)
        case And():
            return _call("and", query.parts)
        case Or():
            return _call("or", query.parts)
        case Not():
            return f"not({show(query.query)})"
        case In():
            return f"{query.field}({show(query.query)})"
        case Spoken():
            return f"lang({query.code})"


def _call(name: str, parts: tuple[Query, ...]) -> str:
    return f"{name}({', '.join(map(show, parts))})"


def write(query: Query) -> str:  # noqa: PLR0911 - one line for each kind of query
    """Return a rule's text that has this tree."""
    match query:
        case Near():
            operator = f"{'NOT ' if query.apart else ''}{'BEFORE' if query.ordered else 'NEAR'}/{query.within}"
            return f"{_within(query.left, Near)} {operator} {_within(query.right)}"
        case OneOf():
            return f"({' OR '.join(map(write, query.options))})" if query.label.startswith("(") else query.label
        case Topic():
            return " ".join(_within(part) for part in query.parts)
        case And():
            return " AND ".join(_within(part, Topic, Near, Not) for part in query.parts)
        case Or():
            return " OR ".join(_within(part, Topic, Near, Not, And) for part in query.parts)
        case Not():
            return f"NOT {_within(query.query, Topic, Near, Not)}"
        case In():
            return f"{query.field}:{_within(query.query)}"
        case Spoken():
            return f"lang:{query.code}"
        case _:
            return query.label


def _within(query: Query, *bound: type[Topic | Near | Not | And]) -> str:
    """Return a part as a rule's text, in brackets unless it is a name or one of the kinds that bind tighter."""
    written = write(query)
    return written if isinstance(query, (Word, Phrase, Number, Pattern, OneOf, In, Spoken, *bound)) else f"({written})"
