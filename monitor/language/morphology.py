"""Dictionary forms of Russian and Ukrainian words, by pymorphy3.

A dictionary takes 25 MB and 0.1 s, and is loaded for the first word that asks for it. The Russian one is OpenCorpora's
(CC BY-SA 3.0). The Ukrainian one is not installed with wirebell, for its data may not be used commercially.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer

LANGUAGES = frozenset({"ru", "uk"})
#: A reading that fewer uses of a form have is left out: "стали" is "стать" (became) in 98 of 100, "сталь" (steel) in 2.
_LIKELY = 0.3


class Lemmas(NamedTuple):
    """The dictionary forms that a word may be of."""

    forms: tuple[str, ...]
    #: Whether the dictionary has the word; else they are guessed by its ending.
    known: bool


def lemmas(word: str, language: str) -> Lemmas | None:
    """Return the dictionary forms of a lower-case word, the likeliest first; None where no dictionary is installed."""
    analyzer = _analyzer(language)
    if analyzer is None:
        return None
    readings = analyzer.parse(word)
    shares = dict[str, float]()
    for reading in readings:
        shares[reading.normal_form] = shares.get(reading.normal_form, 0.0) + reading.score
    best = max(shares.values(), default=0.0)
    known = analyzer.word_is_known(word)
    likely = [form for form, share in shares.items() if share >= (_LIKELY if known else best)]
    if known and word in shares:  # "Газа" is a rare reading of its own letters, and the one that a rule means
        likely.append(word)
    return Lemmas(forms=tuple(dict.fromkeys(likely)), known=known)


@cache
def _analyzer(language: str) -> MorphAnalyzer | None:
    from pymorphy3 import MorphAnalyzer  # noqa: PLC0415 - 6 MB and 0.06 s, which those who read no Russian do not pay

    try:
        return MorphAnalyzer(lang=language)
    except ValueError:
        return None
