"""References to characters by number, of which there may be none: put right before any parser sees them."""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterable
from functools import lru_cache

_REFERENCE = re.compile(r"&#(x[0-9a-f]+|\d+);?", re.IGNORECASE)
#: The same, looked for by the rarer of its characters: one is found ten times faster than two in a row.
_NUMBER = re.compile(r"#(?<=&#)(x[0-9a-f]+|\d+)", re.IGNORECASE)
#: So few are sooner looked at one by one than found by a regular expression, which goes from character to character.
_FEW = 100
#: References with more digits than the last character has are none (and int() refuses over 4,300).
_MOST_DIGITS = 8
#: Characters that XML cannot hold (XML 1.0, production 2).
_NOT_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: Stands where such a reference was, until the text is cleaned: "&#xD8&#0;00;" must not become another one.
_NOTHING = "\u200b"


def heal(document: str) -> str:
    """Return the document with references to characters that there are, and to no others."""
    if not any(map(_instead, _numbers(document))):
        return document
    return _REFERENCE.sub(lambda found: _instead(found[1]) or found[0], document)


def _numbers(document: str) -> Iterable[str]:
    """Return the numbers of references that stand in the document, each once."""
    at, found = -1, set[str]()
    for _ in range(_FEW):
        if (at := document.find("#", at + 1)) < 0:
            return found
        if number := _NUMBER.match(document, at):
            found.add(number[1])
    return {*_NUMBER.findall(document)}


@lru_cache(maxsize=1024)
def _instead(digits: str) -> str | None:
    """Return what is to stand in the place of a reference that is read otherwise than it is meant, or not at all."""
    digits = digits.lower()
    if len(digits) > _MOST_DIGITS:
        return _NOTHING
    code = int(digits[1:], 16) if digits.startswith("x") else int(digits)
    if 0x80 <= code < 0xA0:  # noqa: PLR2004 - Windows characters, as HTML reads these numbers
        return html.unescape(f"&#{code};")
    # feedparser 6.0.14 raises on a surrogate and on what lies beyond the last character.
    return _NOTHING if code > sys.maxunicode or _NOT_XML.match(chr(code)) else None
