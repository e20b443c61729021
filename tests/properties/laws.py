"""How much is tried of each law: the same examples in every run, so that a failure stays until it is mended."""

from __future__ import annotations

import unicodedata

from hypothesis import settings
from hypothesis import strategies as st

law = settings(derandomize=True, deadline=None, max_examples=100)
short_law = settings(law, max_examples=40)

#: Words of several scripts, with what markup and XML could take for their own.
words = st.text("abcxyzABCXYZ0189äößéñжзиЖЗИ日本ابت👍&<>\"'-.,", min_size=1, max_size=8)
#: Any text that can be stored: no halves of surrogate pairs.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.text(
    "ab \n\t\x00\x07\x1b[31m\x7f\x85\x9b\u061c\u200b\u200e\u202e\u2028\u2066\ufeff\U000e0041👍<b>&amp;*_`@![](",
    max_size=60,
)

#: Characters that turn the direction of writing.
_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def steering(text: str) -> set[str]:
    """Return the characters of a text that could steer a terminal or turn a line."""
    return {
        letter
        for letter in text
        if letter != "\n" and (unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} or letter in _TURNS)
    }
