"""From a rule's text to its tokens, with a fault for whatever is none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from monitor.errors import RuleFault
from monitor.letters import DOUBLE_QUOTES
from monitor.text import pieces

FIELDS = ("headline", "lead", "text", "author", "category", "feed", "lang")
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


_EDGE = r"(?=[\s()]|$)"
_QUOTE = f"[{re.escape(DOUBLE_QUOTES)}‹›]"
_PLAIN = f"[^{re.escape(DOUBLE_QUOTES)}‹›]"
#: Everything that may stand in a rule; the first that fits is taken.
_SCAN = re.compile(
    rf"""
      (?P<blank>\s+)
    | (?P<bracket>[()])
    | (?P<near>(?i:NEAR|BEFORE)/(?P<within>\d+)){_EDGE}
    | (?P<operator>(?i:AND|OR|NOT)|NEAR|BEFORE){_EDGE}
    | (?P<number>[<>]=?\s*\d\S*)
    | (?P<regex>/[^/\s](?:[^/]*[^/\s])?/{_EDGE})
    | (?P<phrase>=?(?:{_QUOTE}(?P<quoted>{_PLAIN}*){_QUOTE}|['‘‚’](?P<single>[^'‘‚’]+)['‘’]{_EDGE}))
    | (?P<unclosed>=?{_QUOTE}{_PLAIN}*)
    | (?P<list>@(?P<listed>(?:(?![\s()]){_PLAIN})*))
    | (?P<minus>-(?=[^\s)-]))
    | (?P<field>(?P<named>[A-Za-z_]+):(?=[^\s/)]))
    | (?P<word>=?(?:(?![\s()]){_PLAIN})+)
    """,
    re.VERBOSE,
)


class Scanner:
    """Cuts one rule's text into tokens and collects its faults, the parser's too."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.faults: list[RuleFault] = []

    def fault(self, start: int, end: int, message: str, cure: str = "") -> None:
        """Note a fault at these characters."""
        self.faults.append(RuleFault(source=self.source, start=start, end=end, message=message, cure=cure))

    def tokens(self) -> Iterator[Token]:
        """Yield the tokens; faulty ones are left out."""
        for found in _SCAN.finditer(self.source):
            token = self._token(found)
            if token:
                yield token

    def _token(self, found: re.Match[str]) -> Token | None:  # noqa: PLR0911 - one line for each kind of token
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
            case "number":
                self.fault(start, end, f"{found[0]}: numbers cannot be compared", "write the number itself")
            case "regex":
                cure = "write words, phrases in quotes, or a beginning such as guarant*"
                self.fault(start, end, f"{found[0]}: regular expressions are not understood", cure)
            case "unclosed":
                self.fault(start, end, "this quote is not closed", "close it where the phrase ends")
            case _:
                pass  # a blank
        return None

    def _operator(self, found: re.Match[str]) -> Token | None:
        written, (start, end) = found[0], found.span()
        if written != written.upper():
            cure = f'write {written.upper()}, or put it in quotes to look for the word: "{written}"'
            self.fault(start, end, f"{written} in small letters could be an operator or a word", cure)
            return None
        name, within = written.partition("/")[0], int(found["within"] or 0)
        if found["within"] is None and name in ("NEAR", "BEFORE"):
            self.fault(start, end, f"{name} without a distance", f"write {name}/8")
        if within > _FARTHEST:
            self.fault(start, end, f"{written} is farther than {_FARTHEST} words", "use AND")
        return Token(kind=Kind(name), text=written, start=start, end=end, within=within)

    def _field(self, found: re.Match[str]) -> Token | None:
        written = found["named"]
        name = _SYNONYMS.get(written.lower(), written.lower())
        if name in FIELDS:
            return Token(kind=Kind.FIELD, text=name, start=found.start(), end=found.end())
        close = get_close_matches(name, [*FIELDS, *_SYNONYMS], 1)
        cure = f"did you mean {close[0]}: ?" if close else f"fields are {', '.join(FIELDS)}; put other colons in quotes"
        self.fault(found.start(), found.end(), f"there is no field {written}:", cure)
        return None

    def _name(self, found: re.Match[str]) -> Token | None:
        exact = found[0].startswith("=")
        quoted = found["quoted"] if found["quoted"] is not None else found["single"]
        text = found[0].removeprefix("=") if quoted is None else quoted
        wrong = wrong_with(text) if quoted is None else wrong_with_phrase(text)
        if wrong:
            self.fault(found.start(), found.end(), *wrong)
            return None
        kind = Kind.WORD if quoted is None else Kind.PHRASE
        return Token(kind=kind, text=text, start=found.start(), end=found.end(), exact=exact)


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
        signs = {"|": "write OR", "&": "write AND", "-": "write -word, without a blank"}
        return f"{text or '='} holds no letter and no digit", signs.get(text[:1], "leave it out")
    if "*" in bare or len(text) - len(bare) > 1:
        return f"{text}: * stands once, at the end of a word", "write the beginning of the word and *"
    if bare != text and len(pieces(bare)[-1]) < _SHORTEST_BEGINNING:
        return f"{text}: too short a beginning", f"write {_SHORTEST_BEGINNING} letters or more before *"
    return None
