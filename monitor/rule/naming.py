"""From a name as a rule or a list writes it to the words that are looked for."""

from __future__ import annotations

import re
from functools import lru_cache

from monitor import lists
from monitor.letters import HYPHENS
from monitor.rule.query import Mention, OneOf, Phrase, Way, Word, one_of, word
from monitor.text import pieces


def mention(written: str, *, exact: bool, label: str, tried: tuple[str, ...], cyrillic: bool) -> Mention:
    """Return a name as what is looked for; one word with a hyphen or without it is both.

    Args:
        written: the name without its marks.
        exact: whether it is meant in just this spelling.
        label: what people are shown.
        tried: languages to try where that of a text in Latin letters is not known.
        cyrillic: whether the rule is written in Cyrillic, see ``query.word``.
    """

    def name(spelling: str) -> Mention:
        found = [piece for chunk in spelling.split() for piece in _words(chunk, exact, label, tried, cyrillic)]
        return found[0] if len(found) == 1 else Phrase(label=label, words=tuple(found))

    other = "" if exact else _otherwise(written)
    return one_of(label, [name(written), name(other)]) if other else name(written)


def _words(chunk: str, exact: bool, label: str, tried: tuple[str, ...], cyrillic: bool) -> list[Word]:  # noqa: FBT001 - as of the name
    """Return the words of something written without a blank; a compound is a phrase of its pieces."""
    bare = chunk.rstrip("*")
    cut = pieces(bare)
    begins = bare != chunk and bare[-1:].isalnum()
    way = Way.EXACT if exact else Way.FORMS
    ways = [Way.PREFIX if begins and i == len(cut) - 1 else way for i in range(len(cut))]
    return [
        word(piece, ways[i], label=label, languages=tried, cyrillic=cyrillic, inner=i > 0)
        for i, piece in enumerate(cut)
    ]


def unmarked(value: str) -> tuple[str, bool]:
    """Return a value of a list without its marks, and whether it is meant in just this spelling."""
    written = value.strip()
    return written.removeprefix("=").strip('"“”„«»'), written.startswith("=")


@lru_cache(maxsize=512)
def shipped(name: str, tried: tuple[str, ...], cyrillic: bool) -> OneOf | None:  # noqa: FBT001 - a key of the cache
    """Return a shipped list as its alternatives; None where there is no such list.

    Rules share it: made for each of 1,000 rules that name a country and a verb it would take 52 MB.
    """
    values = lists.shipped(name)
    if values is None:
        return None
    label = f"@{name}"
    options = [
        mention(written, exact=exact, label=label, tried=tried, cyrillic=cyrillic)
        for written, exact in map(unmarked, values)
    ]
    return one_of(label, options)


_HYPHENATED = re.compile(rf"[^\W_]+[{re.escape(HYPHENS)}][^\W_]+")
_RUN_TOGETHER = re.compile(r"([A-Z][a-z]+)([A-Z][a-z]+)|([A-Za-z]{1,5})(\d{2,4})")


def _otherwise(written: str) -> str:
    """Return the other way to write one word, with or without its hyphen: Wi-Fi and WiFi, F-16 and F16; or nothing."""
    if _HYPHENATED.fullmatch(written):
        return "".join(char for char in written if char not in HYPHENS)
    run_together = _RUN_TOGETHER.fullmatch(written)
    return "-".join(filter(None, run_together.groups())) if run_together else ""
