"""Numbers as rules compare them: figures with their scale ("$5bn", "6 million", "тыс."), without sign and unit."""

from __future__ import annotations

import re
from math import inf, isfinite, nextafter
from typing import NamedTuple

from monitor.letters import fold
from monitor.text import Text, number

#: Words behind figures that multiply them, folded; those of other languages than English mostly begin alike.
_SCALES = (
    (1e3, r"k|thousands?|tsd|tausend|mille|mila|tysiac\w*|tys|тыс|тысяч[аи]?|тис|тисяч[аі]?"),
    (1e5, r"lakhs?"),
    (1e6, r"m|mln|mio|millions?|millionen|millones|milion[eiy]?|milioes|milhao|milhoes|miljoen|miljon\w*|milionow"),
    (1e6, r"mn|млн|миллион(?:а|ов)?|мільйон(?:а|и|ів)?"),
    (1e7, r"crores?"),
    (1e9, r"bn|mrd|mld|mdr?s|milliards?|milliarden|miliard\w*|miljard\w*|млрд|миллиард(?:а|ов)?|мільярд(?:а|и|ів)?"),
    (1e12, r"tn|trn|trillions?|billionen|billones|трлн|триллион(?:а|ов)?|трильйон(?:а|и|ів)?"),
)
#: A million millions, except in English.
_BILLION = re.compile(r"billions?|billon|bilion\w*|bilhao|bilhoes")
_SCALE = tuple((factor, re.compile(words)) for factor, words in _SCALES)
#: Of these languages the billion is that of English.
_SHORT = frozenset({"en", "pt", "tr"})
#: What may stand with the figures in one word: the M of magnitudes before, a scale behind.
_WORD = re.compile(r"M?(?P<figures>\d[\d.,'’\s]*)(?P<scale>[^\W\d]*)")
#: The same in a rule, where signs of money and percent may stand too.
_WRITTEN = re.compile(r"[$€£¥₽+]?(?P<figures>\d[\d.,]*)(?P<scale>[^\W\d]*)%?")
_COMPARED = re.compile(r"(?P<sign>=?[<>≤≥]=?)\s*(?P<bound>.+)")
_FROM_TO = re.compile(r"(?P<least>.+?)\.\.(?P<most>.+)")


class Read(NamedTuple):
    """A number of a text, and how many words it takes."""

    value: float
    words: int


def has_figures(word: str) -> bool:
    """Return whether a word of a text may be a number."""
    return word[:1].isdecimal() or (word[:1] == "M" and word[1:2].isdecimal())


def read(text: Text, i: int) -> Read | None:
    """Return the number that a text has at a word; None where figures are part of a name or a date."""
    found = _WORD.fullmatch(text.words[i])
    if not found or _touches(text, i - 1):
        return None
    if _touches(text, i):
        return Read(float(f"{text.words[i][1:]}.{text.words[i + 1]}"), 2)
    spoken = text.languages[0] if text.languages else None
    value = number(found["figures"].strip(), spoken)
    factor, count = (_factor(found["scale"], spoken), 1) if found["scale"] else _scale_behind(text, i, spoken)
    return None if value is None or factor is None else Read(value * factor, count)


def _scale_behind(text: Text, i: int, language: str | None) -> tuple[float, int]:
    """Return what the word behind figures multiplies them by, and how many words that makes."""
    after = i + 1
    if after >= len(text.words) or not text.layout.follows[after]:
        return 1, 1
    factor = _factor(text.words[after], language)
    short = len(text.words[after]) < 2  # noqa: PLR2004 - "1.2m" is a million, "100 m" is a length
    if not factor or (short and text.layout.starts[after] > text.layout.starts[i] + len(text.words[i])):
        return 1, 1
    return factor, 2


def _touches(text: Text, i: int) -> bool:
    """Return whether a word is the M6 of "M6.2", and the word behind it the 2."""
    word, after = text.words[i] if i >= 0 else "", i + 1
    if word[:1] != "M" or not word[1:].isdecimal() or after >= len(text.words):
        return False
    return text.layout.starts[i] + len(word) + 1 == text.layout.starts[after] and text.words[after].isdecimal()


def _factor(word: str, language: str | None) -> float | None:
    scale = fold(word)
    if _BILLION.fullmatch(scale):
        return 1e9 if language is None or language in _SHORT else 1e12
    return next((factor for factor, words in _SCALE if words.fullmatch(scale)), None)


def bounds(written: str) -> tuple[float, float] | None:
    """Return the least and the most of a rule's ``>=6``, ``<1.5m`` or ``6..7``; None for what is no number."""
    if compared := _COMPARED.fullmatch(written):
        sign, bound = compared["sign"], _written(compared["bound"])
        if bound is None:
            return None
        equal = "=" in sign or sign in "≤≥"
        if ">" in sign or "≥" in sign:
            return (bound if equal else nextafter(bound, inf)), inf
        return -inf, (bound if equal else nextafter(bound, -inf))
    between = _FROM_TO.fullmatch(written)
    least, most = (_written(between["least"]), _written(between["most"])) if between else (None, None)
    return None if least is None or most is None or least > most else (least, most)


def _written(written: str) -> float | None:
    found = _WRITTEN.fullmatch(written)
    value = number(found["figures"]) if found else None
    if found is None or value is None:
        return None
    factor = _factor(found["scale"], None) if found["scale"] else 1.0
    return value * factor if factor and isfinite(value * factor) else None
