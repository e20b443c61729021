"""From a rule's tokens to its tree, or to every fault in it.

::

    rule    = any ;
    any     = all , { "OR" , all } ;
    all     = clause , { [ "AND" ] , clause } ;         (AND may be left out before NOT)
    clause  = "NOT" , clause | near ;
    near    = topic , { [ "NOT" ] , ( "NEAR" | "BEFORE" ) , "/" , number , topic } ;
    topic   = part , { part } ;
    part    = [ "-" ] , [ field , ":" ] , ( name | number | regex | "(" , any , ")" ) ;
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from monitor import language, lists
from monitor.errors import RuleFault
from monitor.letters import DOUBLE_QUOTES, Script
from monitor.rule import habits
from monitor.rule.cures import as_mention, faults, likely_end, parted, without_operators
from monitor.rule.naming import mention, shipped, unmarked
from monitor.rule.number import bounds
from monitor.rule.query import (
    FIGURES,
    And,
    In,
    Mention,
    Near,
    Not,
    Number,
    OneOf,
    Or,
    Pattern,
    Query,
    Spoken,
    Topic,
    is_function_word,
    one_of,
    write,
)
from monitor.rule.scan import FIELDS, NAMES, NEARS, Kind, Scanner, Token, wrong_with_phrase
from monitor.text import pieces

_LANGUAGE_CODE = re.compile("[A-Za-z]{2,3}")
#: Words that may tell the language of a rule; the code behind ``lang:`` is none.
_PLAIN_WORD = re.compile(r"(?<!lang:)\b\w+")
#: What stands before a part and takes the whole of it.
_SIGNS = (Kind.NOT, Kind.MINUS, Kind.FIELD)
#: Function words that are acronyms when written in capitals, and what the writer may have meant.
_ACRONYMS = ("who", "it", "un", "eu")

#: Characters of a query at most: reading a phrase of 160,000 takes 3 s.
LONGEST = 20_000
#: Parentheses, NOTs and fields inside one another at most: the parser takes seven calls for each, of Python's 1,000.
DEEPEST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A query's tree, with what its writer should know of it; None where there are faults."""

    query: Query | None
    faults: tuple[RuleFault, ...]
    remarks: tuple[str, ...]


def parse(source: str, *, terms: Mapping[str, tuple[str, ...]], languages: tuple[str, ...]) -> Parsed:
    """Return the tree of one query, or its faults with what may be meant."""
    parser = _Parser(source, terms, languages)
    query = parser.rule()
    found = faults(source, parser.scanner.noted, lambda whole: _reads(whole, terms, languages))
    return Parsed(query=None if found else query, faults=found, remarks=tuple(parser.remarks))


def _reads(source: str, terms: Mapping[str, tuple[str, ...]], languages: tuple[str, ...]) -> bool:
    """Return whether a query has no fault."""
    parser = _Parser(source, terms, languages)
    return parser.rule() is not None and not parser.scanner.noted


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceptions:
    """What ``except`` lists; None for nothing, and where there are faults."""

    mention: Mention | None
    faults: tuple[RuleFault, ...]


def parse_exceptions(source: str, *, terms: Mapping[str, tuple[str, ...]], languages: tuple[str, ...]) -> Exceptions:
    """Return the alternatives of ``except``: words, phrases and lists with commas between."""
    parser = _Parser(source, terms, languages)
    mention = parser.exceptions()
    return Exceptions(mention=mention, faults=faults(source, parser.scanner.noted, lambda _: False))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dropped:
    """A function word, which no topic looks for."""

    token: Token


_Part = Query | _Dropped | None


@lru_cache(maxsize=1 << 10)
def _tried(languages: tuple[str, ...], spoken: tuple[str, ...]) -> tuple[str, ...]:
    """Return the languages to try for a Latin word, the same tuple for all words that share them."""
    return tuple(dict.fromkeys((*language.written_in(Script.LATIN, languages), *spoken, "en")))


class _Parser:
    """Descends through the grammar; a part that cannot be read is None, and its fault is noted."""

    def __init__(self, source: str, terms: Mapping[str, tuple[str, ...]], languages: tuple[str, ...]) -> None:
        self.scanner = Scanner(source)
        self.remarks: list[str] = []
        self._tokens: list[Token] = []
        self._at = 0
        self._terms = terms
        written = [found.lower() for found in _PLAIN_WORD.findall(source) if found not in _OPERATORS]
        spoken = language.guess(written, least=1)
        letters = language.by_letters(source)
        self._languages = (*spoken, *letters)
        self._tried = _tried(languages, spoken)
        self._cyrillic = bool(language.written_in(Script.CYRILLIC, letters))

    # tokens

    def _kind(self, ahead: int = 0) -> Kind | None:
        position = self._at + ahead
        return self._tokens[position].kind if position < len(self._tokens) else None

    def _take(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _fault(  # noqa: PLR0913 - as in the scanner
        self,
        token: Token,
        message: str,
        cure: str = "",
        *,
        instead: str | None = None,
        at: tuple[int, int] | None = None,
        also: str = "",
    ) -> None:
        self.scanner.fault(token.start, token.end, message, cure, instead=instead, at=at, also=also)

    # the grammar, from loose to tight

    def rule(self) -> Query | None:
        """Return the tree of the whole source."""
        if len(self.scanner.source) > LONGEST:
            cure = 'make it a list, match = ["…", "…"], or name the words in a list of [terms]'
            self.scanner.fault(LONGEST, LONGEST + 1, f"it is longer than {LONGEST:,} characters", cure)
            return None
        self._tokens = list(self.scanner.tokens())
        if deepest := self._too_deep():
            self._fault(deepest, f"more than {DEEPEST} parts are inside one another", "make several rules of it")
            return None
        if not self._tokens:
            if not self.scanner.noted:
                cure = 'write a word, several, or a phrase: Siemens, NATO guarantees, "Deutsche Bank"'
                self.scanner.fault(0, len(self.scanner.source), "there is nothing to look for", cure)
            return None
        query = self._any()
        while self._kind() is Kind.CLOSE:
            self._fault(self._take(), "this ) closes nothing", "take it away, or put a ( before", instead="")
            if self._kind():
                self._any()
        return query

    def _too_deep(self) -> Token | None:
        """Return where the source is nested deeper than can be read."""
        groups = signs = 0
        for token in self._tokens:
            signs = signs + 1 if token.kind in _SIGNS else 0
            groups = max(0, groups + (token.kind is Kind.OPEN) - (token.kind is Kind.CLOSE))
            if groups + signs > DEEPEST:
                return token
        return None

    def _any(self) -> Query | None:
        starts, parts = [self._at], [self._all()]
        while self._kind() is Kind.OR:
            self._take()
            starts.append(self._at)
            parts.append(self._all())
        known = [part for part in parts if part]
        if len(known) < len(parts):
            return None
        mentions = [part for part in known if isinstance(part, Mention)]
        if len(known) == 1:
            return known[0]
        if len(mentions) == len(known):
            return _one_of(mentions)
        bracketed = [self._tokens[start].kind is Kind.OPEN for start in starts]
        self.remarks += parted(known, bracketed)
        return Or(parts=tuple(known))

    def _all(self) -> Query | None:
        parts = [self._clause()]
        while self._kind() in (Kind.AND, Kind.NOT):
            if self._kind() is Kind.AND:
                self._take()
            parts.append(self._clause())
        return _and(parts)

    def _clause(self) -> Query | None:
        if self._kind() is not Kind.NOT:
            return self._near()
        self._take()
        inner = self._clause()
        return _not(inner)

    def _near(self) -> Query | None:
        start = self._at
        left = self._topic()
        while (apart := self._kind() is Kind.NOT and self._kind(1) in NEARS) or self._kind() in NEARS:
            end = self._at
            self._at += apart
            operator = self._take()
            middle = self._at
            right = self._topic()
            if isinstance(left, Mention) and isinstance(right, And) and not apart:
                self._spread(left, right, operator, (start, middle))
                left = None
                continue
            sides = self._side(left, start, end, operator), self._side(right, middle, self._at, operator)
            left = _near(*sides, operator, apart=apart)
        return left

    def _spread(self, left: Mention, right: And, operator: Token, at: tuple[int, int]) -> None:
        """Note that what shall be near is several things that each shall be."""
        first, start = self._tokens[at[0]].start, self._tokens[at[1]].start
        end = self._tokens[self._at - 1].end
        message = f"{operator.kind} takes words, phrases, lists and groups (a OR b) of them"
        simple = all(isinstance(part, Mention) for part in right.parts)
        instead = " AND ".join(f"{write(left)} {operator.text} {write(part)}" for part in right.parts)
        cure = f"write {operator.text} once for each, with AND between"
        self.scanner.fault(start, end, message, cure, instead=instead if simple else None, at=(first, end))

    def _side(self, query: Query | None, first: int, last: int, operator: Token) -> Mention | None:
        """Return one side of NEAR, which must be something that stands at a place."""
        if query is None or isinstance(query, Mention):
            return query
        start, end = self._tokens[first].start, self._tokens[last - 1].end
        meant = as_mention(query)
        cure = f"write {meant}" if meant else f"write AND in place of {operator.text}, for what may stand farther away"
        at = None if meant else (operator.start, operator.end)
        message = f"{operator.kind} takes words, phrases, lists and groups (a OR b) of them"
        self.scanner.fault(start, end, message, cure, instead=meant or "AND", at=at)
        return None

    def _topic(self) -> Query | None:
        """Return parts that stand side by side: a topic, and beside it fields and what is taken away."""
        start = self._at
        parts: list[_Part] = []
        while self._kind() in _BEGIN_A_PART:
            parts.append(self._part())
        if not parts:
            self._missing()
            return None
        if None in parts:
            return None
        dropped = [part.token for part in parts if isinstance(part, _Dropped)]
        found = [part for part in parts if part and not isinstance(part, _Dropped)]
        if not found:
            self._only_function_words(dropped)
            return None
        self._remark_dropped(dropped)
        return self._joined(found, start)

    def _missing(self) -> None:
        """Note that a part is missing here; a bracket that closes nothing is noted where the rule ends."""
        if self._kind() in (Kind.CLOSE, None):
            if not self._at:
                return
            before, message = self._tokens[self._at - 1], f"something must follow {self._tokens[self._at - 1].text}"
            at, cure = without_operators(self._tokens, self._at), "write a word or a phrase behind it"
            also = f"or {cure.removeprefix('write ')}"
            self._fault(before, message, cure, instead="" if at else None, at=at, also=also)
        else:
            token = self._tokens[self._at]
            cure = "write a word or a phrase before it"
            self._fault(token, f"something must stand before {token.text}", cure, instead="")

    def _joined(self, parts: list[Query], start: int) -> Query | None:
        mentions: list[Mention] = []
        beside: list[Query] = []
        for part in parts:
            if isinstance(part, Mention):
                mentions.append(part)
            elif isinstance(part, Topic):
                mentions += part.parts
            elif isinstance(part, In | Not | Spoken) or len(parts) == 1:
                beside.append(part)
            else:
                self._not_side_by_side(parts, start)
                return None
        if any(isinstance(part, In) for part in beside) and mentions:
            fields = ", ".join(f"{part.field}:" for part in beside if isinstance(part, In))
            self.remarks.append(f"{fields} holds for one part only; brackets make it hold for several: {fields}(…)")
        about = mentions[:1] if len(mentions) == 1 else [Topic(parts=tuple(mentions))] if mentions else []
        return _and([*about, *beside])

    def _not_side_by_side(self, parts: list[Query], start: int) -> None:
        start, end = self._tokens[start].start, self._tokens[self._at - 1].end
        message = "only words, phrases, lists and groups (a OR b) stand side by side"
        cure = 'write AND between them; put several words of an alternative in quotes: (a OR "b c")'
        joined, meant = _and(list(parts)), [as_mention(part) for part in parts]
        also = f"for phrases: {' '.join(meant)}" if all(meant) else ""
        self.scanner.fault(start, end, message, cure, instead=write(joined) if joined else None, also=also)

    def _part(self) -> _Part:  # noqa: PLR0911 - one line for each kind of part
        token = self._take()
        match token.kind:
            case Kind.MINUS:
                return self._taken_away()
            case Kind.FIELD:
                return self._in_field(token)
            case Kind.OPEN:
                return self._group(token)
            case Kind.LIST:
                return self._list(token)
            case Kind.NUMBER:
                return self._number(token)
            case Kind.PATTERN:
                mark = "=" if token.exact else ""
                return Pattern(label=f"{mark}/{token.text}/", source=token.text, exact=token.exact)
            case Kind.FAULTY:
                return None
            case _:
                return self._name(token)

    def _taken_away(self) -> Query | None:
        part = self._part() if self._kind() in _BEGIN_A_PART else None
        if isinstance(part, _Dropped):
            self._only_function_words([part.token])
            return None
        return _not(part)

    def _in_field(self, field: Token) -> Query | None:
        if self._kind() not in _BEGIN_A_PART:
            self._fault(field, f"something must follow {field.text}:", f"write {field.text}:word")
            return None
        token = self._tokens[self._at]
        part = self._part()
        if field.text == "lang":
            return self._spoken(token)
        if isinstance(part, _Dropped):
            self._only_function_words([part.token])
            return None
        return In(field=field.text, query=part) if part else None

    def _spoken(self, token: Token) -> Query | None:
        if token.kind is Kind.WORD and _LANGUAGE_CODE.fullmatch(token.text):
            return Spoken(code=language.code(token.text) or "")
        meant = habits.LANGUAGES.get(token.text.lower())
        cure = f"write lang:{meant}" if meant else "write such as lang:en, lang:de or lang:ru"
        self._fault(token, "lang: takes the two letters of a language", cure, instead=meant)
        return None

    def _group(self, opened: Token) -> Query | None:
        start = self._at
        query = self._any()
        if self._kind() is not Kind.CLOSE:
            end = likely_end(self._tokens, start, len(self.scanner.source))
            self._fault(opened, "this ( is not closed", "put ) where the group ends", instead=")", at=(end, end))
            return None
        self._take()
        return query

    # names

    def _number(self, token: Token) -> Number:
        least, most = bounds(token.text) or (0.0, 0.0)
        return Number(label="".join(token.text.split()), least=least, most=most, figures=FIGURES)

    def _name(self, token: Token) -> Mention | _Dropped | None:
        if token.kind is Kind.WORD and token.text.lower() == "near":
            self.remarks.append(f"{token.text} is looked for as a word; write NEAR/8 for words that stand close")
        if token.kind is Kind.WORD and not token.exact and is_function_word(token.text, self._languages):
            return _Dropped(token=token)
        mark = "=" if token.exact else ""
        label = f"{mark}{token.text}" if token.kind is Kind.WORD else f'{mark}"{" ".join(token.text.split())}"'
        return self._mention(token.text, exact=token.exact, label=label)

    def _mention(self, written: str, *, exact: bool, label: str) -> Mention:
        return mention(written, exact=exact, label=label, tried=self._tried, cyrillic=self._cyrillic)

    def _list(self, token: Token) -> Mention | None:
        values = self._terms.get(token.text)
        if values is None:
            known = shipped(token.text, self._tried, self._cyrillic)
            if known is None:
                self._unknown_list(token)
            return known
        if not values:
            self._fault(token, f"the list @{token.text} is empty", f'give it a word in [terms]: {token.text} = ["…"]')
            return None
        options = [self._listed(token, value) for value in values]
        return one_of(f"@{token.text}", [option for option in options if option])

    def _unknown_list(self, token: Token) -> None:
        meant = next(iter(get_close_matches(token.text, self._terms, 1)), None) or lists.likely(token.text)
        cure = f"did you mean @{meant}?" if meant else f'give it words in [terms]: {token.text} = ["…", "…"]'
        self._fault(token, f"there is no list @{token.text}", cure, instead=f"@{meant}" if meant else None)

    def _listed(self, token: Token, value: str) -> Mention | None:
        return self._value(value, token.start, token.end, label=f"@{token.text}", place=f" in the list @{token.text}")

    def _value(self, value: str, start: int, end: int, *, label: str, place: str) -> Mention | None:
        """Return a word or phrase that stands outside the grammar: in a list of [terms], in ``except``."""
        written, exact = unmarked(value)
        wrong = wrong_with_phrase(written)
        if not wrong and _IN_RULES_ALONE.match(written):
            cure = f"write {value.strip()} in the rule itself"
            wrong = f"{value.strip()}{place}: numbers and regular expressions stand in rules alone", cure
        if not wrong and not exact and len(pieces(written)) == 1 and is_function_word(written, ("en",)):
            wrong = f"{value}{place} is a word that nearly every text holds", f"write ={written} to look for exactly it"
        if wrong:
            self.scanner.fault(start, end, *wrong)
            return None
        return self._mention(written, exact=exact, label=label)

    def exceptions(self) -> Mention | None:
        """Return the alternatives between the commas of the whole source."""
        options = [self._exception(found) for found in re.finditer(r"[^,\s][^,]*", self.scanner.source)]
        known = [option for option in options if option]
        return _one_of(known) if known else None

    def _exception(self, found: re.Match[str]) -> Mention | None:
        written = found[0].strip()
        start, end = found.start(), found.start() + len(written)
        if written.startswith("@"):
            return self._list(Token(kind=Kind.LIST, text=written[1:], start=start, end=end))
        if odd := _NOT_PLAIN.search(_QUOTED.sub(lambda quoted: " " * len(quoted[0]), written)):
            message = f"{odd[0]}: exceptions are words and phrases with commas between, without operators"
            cure = "write NOT in the rule itself, or put it in quotes to look for the word"
            self.scanner.fault(start + odd.start(), start + odd.end(), message, cure)
            return None
        return self._value(written, start, end, label=written, place="")

    # faults and remarks

    def _only_function_words(self, tokens: list[Token]) -> None:
        first, last = tokens[0], tokens[-1]
        written = self.scanner.source[first.start : last.end]
        many = len(tokens) > 1
        message = f"{written}: {'words' if many else 'a word'} that nearly every text holds"
        cure = f'put {"them" if many else "it"} in quotes: "{written}"'
        self.scanner.fault(first.start, last.end, message, cure, instead=f'"{written}"')

    def _remark_dropped(self, dropped: list[Token]) -> None:
        self.remarks += [
            f"{token.text} is read as the ordinary word and not looked for; write {token.text.upper()} for the name"
            for token in dropped
            if token.text.lower() in _ACRONYMS
        ]


#: What is more than a word in an exception, once its quotes are blanked.
_QUOTED = re.compile(f"[{re.escape(DOUBLE_QUOTES)}][^{re.escape(DOUBLE_QUOTES)}]*[{re.escape(DOUBLE_QUOTES)}]")
_NOT_PLAIN = re.compile(
    rf"\b(?:AND|OR|NOT|(?:NEAR|BEFORE)(?:/\d+)?)(?!\S)|[()]|\b(?:{'|'.join(FIELDS)}):|[{re.escape(DOUBLE_QUOTES)}]"
)
#: A number that is compared, and a regular expression.
_IN_RULES_ALONE = re.compile(r"[<>≤≥]|/.*/$|\d[\d.,]*\.\.\d")
_OPERATORS = frozenset({"AND", "OR", "NOT", "NEAR", "BEFORE"})
_BEGIN_A_PART = (Kind.MINUS, Kind.FIELD, Kind.OPEN, *NAMES)


def _one_of(mentions: list[Mention]) -> Mention:
    """Return alternatives as one mention; groups within groups are one group."""
    if len(mentions) == 1:
        return mentions[0]
    options = [
        option
        for mention in mentions
        for option in (mention.options if isinstance(mention, OneOf) and mention.label.startswith("(") else (mention,))
    ]
    return one_of(f"({' OR '.join(option.label for option in options)})", options)


def _and(parts: list[Query | None]) -> Query | None:
    if None in parts:
        return None
    flat = [inner for part in parts if part for inner in (part.parts if isinstance(part, And) else (part,))]
    return flat[0] if len(flat) == 1 else And(parts=tuple(flat))


def _not(query: Query | None) -> Query | None:
    if isinstance(query, Not):
        return query.query
    return Not(query=query) if query else None


def _near(left: Mention | None, right: Mention | None, operator: Token, *, apart: bool) -> Mention | None:
    if left is None or right is None:
        return None
    return Near(left=left, right=right, within=operator.within, ordered=operator.kind is Kind.BEFORE, apart=apart)
