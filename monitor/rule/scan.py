"""From a rule's text to its tokens, with a fault for whatever is none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from monitor.letters import DOUBLE_QUOTES
from monitor.rule import habits
from monitor.rule.habits import Habit
from monitor.rule.number import bounds
from monitor.rule.pattern import flaw
from monitor.text import pieces

FIELDS = ("headline", "lead", "text", "author", "category", "feed", "urgency", "lang")
_SYNONYMS = {"title": "headline"}
#: With more words between, two words are not near.
_FARTHEST = 100
#: A shorter beginning would be half the dictionary.
_SHORTEST_BEGINNING = 2


class Kind(StrEnum):
    """What a token is; the values are the words shown to people."""

    OPEN = "("
    CLOSE = ")"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    NEAR = "NEAR"
    BEFORE = "BEFORE"
    MINUS = "-"
    FIELD = "a field"
    WORD = "a word"
    PHRASE = "a phrase"
    LIST = "a list"
    NUMBER = "a number"
    PATTERN = "a regular expression"
    #: A part that has a fault, kept so that what stands beside it is read as it is meant.
    FAULTY = "a fault"


NEARS = (Kind.NEAR, Kind.BEFORE)
OPERATORS = (Kind.AND, Kind.OR, Kind.NOT, Kind.MINUS, *NEARS)
#: What can be looked for, or was meant to be.
NAMES = (Kind.LIST, Kind.WORD, Kind.PHRASE, Kind.NUMBER, Kind.PATTERN, Kind.FAULTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token of a rule, and where it stands."""

    kind: Kind
    #: What it says without its marks: the words of a phrase, the name of a list.
    text: str
    start: int
    end: int
    exact: bool = False
    #: Words between, for NEAR and BEFORE.
    within: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """What to write in place of some characters of a rule."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A fault as it is found, before it is known what the whole rule could be instead."""

    start: int
    end: int
    message: str
    #: What to do, in words.
    cure: str
    fix: Fix | None
    #: What else may have been meant.
    also: str


_EDGE = r"(?=[\s()]|$)"
_QUOTE = f"[{re.escape(DOUBLE_QUOTES)}‹›]"
_PLAIN = f"[^{re.escape(DOUBLE_QUOTES)}‹›]"
_BODY = r"(?=[^\s/])(?:\\.|[^/\\])+(?<!\s)"
#: Everything that may stand in a rule; the first that fits is taken.
_SCAN = re.compile(
    rf"""
      (?P<blank>\s+)
    | (?P<bracket>[()])
    | (?P<near>(?i:NEAR|BEFORE)/(?P<within>\d+)){_EDGE}
    | (?P<operator>(?i:AND|OR|NOT)|NEAR|BEFORE){_EDGE}
    | (?P<range>[\[{{][^\[\]{{}}]*\sTO\s[^\[\]{{}}]*[\]}}])
    | (?P<number>=?[<>≤≥]=?\s*[^\s()]*|\d[\d.,]*\.\.\d[^\s()]*)
    | (?P<regex>=?/(?P<pattern>{_BODY})/){_EDGE}
    | (?P<open>=?/(?=\S*[\\\[(*+?{{|])(?!\S*/[a-z]{{1,4}}{_EDGE})\S+)
    | (?P<loose>{_QUOTE}(?P<words>{_PLAIN}*){_QUOTE}~(?P<distance>\d+)){_EDGE}
    | (?P<phrase>=?(?:{_QUOTE}(?P<quoted>{_PLAIN}*){_QUOTE}|['‘‚’](?P<single>[^'‘‚’]+)['‘’]{_EDGE}))
    | (?P<unclosed>=?{_QUOTE}{_PLAIN}*)
    | (?P<list>@(?P<listed>(?:(?![\s()]){_PLAIN})*))
    | (?P<minus>-(?=[^\s)-]))
    | (?P<bang>!(?=[^\s)!?]))
    | (?P<field>(?P<named>[A-Za-z_]+):(?=[^\s/)]|/[^/\s]))
    | (?P<word>=?(?:(?![\s()]){_PLAIN})+)
    """,
    re.VERBOSE,
)


class Scanner:
    """Cuts one rule's text into tokens and collects its faults, the parser's too."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.noted: list[Noted] = []

    def fault(  # noqa: PLR0913 - a fault has this many sides
        self,
        start: int,
        end: int,
        message: str,
        cure: str = "",
        *,
        instead: str | None = None,
        at: tuple[int, int] | None = None,
        also: str = "",
    ) -> None:
        """Note a fault at these characters, and what to write instead of them, or of others."""
        first, last = at or (start, end)
        fix = None if instead is None else Fix(start=first, end=last, text=instead)
        self.noted.append(Noted(start=start, end=end, message=message, cure=cure, fix=fix, also=also))

    def tokens(self) -> Iterator[Token]:
        """Yield the tokens; faulty ones are left out."""
        for found in _SCAN.finditer(self.source):
            token = self._token(found)
            if token:
                yield token

    def _token(self, found: re.Match[str]) -> Token | None:  # noqa: C901, PLR0911, PLR0912 - one line for each kind
        start, end = found.span()
        match found.lastgroup:
            case "bracket":
                return Token(kind=Kind(found[0]), text=found[0], start=start, end=end)
            case "list":
                return Token(kind=Kind.LIST, text=found["listed"], start=start, end=end)
            case "minus":
                return Token(kind=Kind.MINUS, text="-", start=start, end=end)
            case "near" | "operator":
                return self._operator(found)
            case "field":
                return self._field(found)
            case "phrase" | "word":
                return self._name(found)
            case "open":
                return self._habit(found, habits.of_open_pattern(found[0]))
            case "number":
                return self._number(found)
            case "regex":
                return self._pattern(found)
            case "range":
                return self._habit(found, habits.of_range(found[0]))
            case "loose":
                return self._habit(found, habits.of_near_phrase(found["words"], int(found["distance"])))
            case "unclosed":
                return self._unclosed(found)
            case "bang":
                self.fault(start, end, "! is no operator here", "write - or NOT", instead="-")
            case _:
                pass  # a blank
        return None

    def _faulty(self, found: re.Match[str]) -> Token:
        return Token(kind=Kind.FAULTY, text=found[0], start=found.start(), end=found.end())

    def _habit(self, found: re.Match[str], habit: Habit) -> Token:
        self.fault(*found.span(), habit.message, habit.cure, instead=habit.instead or None)
        return self._faulty(found)

    def _unclosed(self, found: re.Match[str]) -> Token | None:
        """Note a quote that is not closed; one that stands behind all words closes nothing."""
        bare = not found[0].strip(f"{DOUBLE_QUOTES}‹›= ")
        message = "this quote opens nothing" if bare else "this quote is not closed"
        instead = "" if bare else f'{found[0].rstrip()}"'
        self.fault(*found.span(), message, "close it where the phrase ends", instead=instead)
        return None if bare else self._faulty(found)

    def _operator(self, found: re.Match[str]) -> Token | None:
        written, (start, end) = found[0], found.span()
        if written != written.upper():
            cure, also = f"write {written.upper()}", "" if "/" in written else f'for the word itself: "{written}"'
            message = f"{written} in small letters could be an operator or a word"
            self.fault(start, end, message, "; ".join(filter(None, (cure, also))), instead=written.upper(), also=also)
            return None
        name, within = written.partition("/")[0], int(found["within"] or 0)
        if found["within"] is None and name in ("NEAR", "BEFORE"):
            self.fault(start, end, f"{name} without a distance", f"write {name}/8", instead=f"{name}/8")
        if within > _FARTHEST:
            self.fault(start, end, f"{written} is farther than {_FARTHEST} words", "write AND", instead="AND")
        return Token(kind=Kind(name), text=written, start=start, end=end, within=within)

    def _field(self, found: re.Match[str]) -> Token | None:
        written = found["named"]
        name = _SYNONYMS.get(written.lower(), written.lower())
        if name in FIELDS:
            return Token(kind=Kind.FIELD, text=name, start=found.start(), end=found.end())
        meant = habits.FIELDS.get(name) or next(iter(get_close_matches(name, [*FIELDS, *_SYNONYMS], 1)), "")
        message = f"there is no field {written}:"
        cure = f"write {meant}:" if meant else f'fields are {", ".join(FIELDS)}; put another colon in quotes: "a: b"'
        self.fault(found.start(), found.end(), message, cure, instead=f"{meant}:" if meant else None)
        return None

    def _number(self, found: re.Match[str]) -> Token | None:
        start, end = found.span()
        if bounds(found[0]):
            return Token(kind=Kind.NUMBER, text=found[0], start=start, end=end)
        turned = re.sub(r"^=([<>])=?", r"\1=", found[0])
        cure = "write >=6, >6, <=100, <100, or 6..7 for a number from 6 to 7"
        self.fault(start, end, f"{found[0]} is no number", cure, instead=turned if bounds(turned) else None)
        return self._faulty(found)

    def _pattern(self, found: re.Match[str]) -> Token | None:
        exact, start = found[0].startswith("="), found.start("pattern")
        wrong = flaw(found["pattern"], exact=exact)
        if wrong is None:
            return Token(kind=Kind.PATTERN, text=found["pattern"], start=found.start(), end=found.end(), exact=exact)
        message, instead = f"{_short(found[0])}: {wrong.message}", wrong.instead or None
        whole = (start, found.end("pattern"))
        self.fault(start + wrong.start, start + wrong.end, message, wrong.cure, instead=instead, at=whole)
        return self._faulty(found)

    def _name(self, found: re.Match[str]) -> Token | None:
        exact = found[0].startswith("=")
        quoted = found["quoted"] if found["quoted"] is not None else found["single"]
        text = found[0].removeprefix("=") if quoted is None else quoted
        operator = habits.of_operator(found[0])
        if operator:
            also = f'for the word itself: "{text}"'
            cure = f"{operator.cure}; {also}"
            self.fault(*found.span(), operator.message, cure, instead=operator.instead, also=also)
            return None
        habit = habits.of_word(text) if quoted is None else habits.of_phrase(text)
        if habit:
            return self._habit(found, habit)
        wrong = wrong_with(text) if quoted is None else wrong_with_phrase(text)
        if wrong:
            instead, at = _in_place(self.source, found) if quoted is None else (None, None)
            self.fault(*found.span(), *wrong, instead=instead, at=at)
            return None if quoted is None and not pieces(found[0]) else self._faulty(found)
        kind = Kind.WORD if quoted is None else Kind.PHRASE
        return Token(kind=kind, text=text, start=found.start(), end=found.end(), exact=exact)


def _in_place(source: str, found: re.Match[str]) -> tuple[str | None, tuple[int, int] | None]:
    """Return what to write for a sign that stands alone, and where; nothing for what must be thought about."""
    written, end = found[0], found.end()
    behind = end + len(source[end:]) - len(source[end:].lstrip())
    if written.endswith(":") or written == "-":  # what it is about stands behind a blank
        return (written, (found.start(), behind)) if behind < len(source) else (None, None)
    return (None if pieces(written) else habits.SIGNS.get(written, "")), None


def _short(pattern: str) -> str:
    """Return a regular expression as far as people read one."""
    return pattern if len(pattern) <= _LONGEST_SHOWN else f"{pattern[:_LONGEST_SHOWN]}…"


_LONGEST_SHOWN = 40


def wrong_with_phrase(text: str) -> tuple[str, str] | None:
    """Return what is wrong with words of which some may be signs alone ("salt & pepper"), and the cure."""
    chunks = [chunk for chunk in text.split() if pieces(chunk)]
    if not chunks:
        return f'"{text}" holds no letter and no digit', "write the words that are looked for"
    return next(filter(None, map(wrong_with, chunks)), None)


def wrong_with(text: str) -> tuple[str, str] | None:
    """Return what is wrong with a word, and the cure; None for a word that can be looked for."""
    bare = text.rstrip("*")
    if bare.lower() in {f"{name}:" for name in (*FIELDS, *_SYNONYMS)}:
        return f"{text} has a blank behind it", f"write {text}word, or {text}(several words)"
    if not pieces(bare):
        if text in habits.SIGNS:
            return f"{text} is no operator here", f"write {habits.SIGNS[text]}, with words on both sides"
        signs = {"-": "write -word, without a blank"}
        return f"{text or '='} holds no letter and no digit", signs.get(text[:1], "leave it out")
    if "*" in bare or len(text) - len(bare) > 1:
        return f"{text}: * stands once, at the end of a word", "write the beginning of the word and *"
    if bare != text and len(pieces(bare)[-1]) < _SHORTEST_BEGINNING:
        return f"{text}: too short a beginning", f"write {_SHORTEST_BEGINNING} letters or more before *"
    return None
