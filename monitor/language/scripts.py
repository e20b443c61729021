"""Languages and the letters they are written in."""

from __future__ import annotations

import re
from collections.abc import Iterable

from monitor.letters import Script

#: Languages written in other letters than Latin; the first is taken where nothing tells which it is.
WRITTEN = {
    Script.CYRILLIC: ("ru", "uk", "sr", "be", "bg", "mk", "kk", "ky", "mn", "tg"),
    Script.GREEK: ("el",),
    Script.ARABIC: ("ar", "fa", "ur", "ps", "ckb"),
    Script.ARMENIAN: ("hy",),
    Script.DEVANAGARI: ("hi", "ne", "mr"),
    Script.TAMIL: ("ta",),
    Script.HEBREW: ("he", "yi"),
    Script.GEORGIAN: ("ka",),
    Script.HANGUL: ("ko",),
}
NOT_LATIN = frozenset(code for codes in WRITTEN.values() for code in codes) | {"zh", "ja", "th", "km", "lo", "my"}


def code(tag: str | None) -> str | None:
    """Return the language of a tag such as ``en-US``; None for no language."""
    primary = re.split("[-_]", (tag or "").strip().lower(), maxsplit=1)[0]
    return _SAME.get(primary, primary) or None


#: Norwegian's two written forms, and old codes.
_SAME = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "sh": "sr", "bs": "hr"}


def written_in(letters: Script, languages: Iterable[str]) -> tuple[str, ...]:
    """Return those of the languages that are written in these letters."""
    if letters is Script.LATIN:
        return tuple(language for language in languages if language not in NOT_LATIN)
    ours = WRITTEN.get(letters, ())
    return tuple(language for language in languages if language in ours)
