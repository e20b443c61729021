"""Letters: one folded form for all the ways to write a word, the script it is written in, and look-alikes."""

from __future__ import annotations

import re
from enum import StrEnum
from unicodedata import normalize

#: Characters that are not seen: soft hyphen, zero-width ones, joiners, direction marks, byte order mark, tatweel.
HIDDEN = "\u00ad\u034f\u061c\u0640\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff"
#: Marks that belong to the letter before them, which ``\w`` of the re module does not know.
MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e"
APOSTROPHES = "'’ʼ‘‛`´′＇"
DOUBLE_QUOTES = '"“”„‟«»″＂'
HYPHENS = "-‐‑‒–−﹣－"

#: What a character is seen as; a table for ``str.translate`` takes four times as long, as it asks for each one.
_SEEN_AS = {
    **dict.fromkeys(APOSTROPHES, "'"),
    **dict.fromkeys(DOUBLE_QUOTES, '"'),
    **dict.fromkeys(HYPHENS + "—―", "-"),
}
_UNLIKE_SEEN = re.compile(f"[{HIDDEN}{re.escape(''.join(_SEEN_AS))}]")
#: Letters with a stroke or a twin, which no decomposition takes apart.
_PLAIN = dict(zip("łøđħıðŧё", "lodhidtе", strict=True)) | {"þ": "th", "æ": "ae", "œ": "oe"}
_NOT_PLAIN = re.compile(f"[{''.join(_PLAIN)}]")
#: Accents, and the letters that one of them makes another letter of: the breve й and ў, the dots ї.
_ACCENT = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u0591-\u05c7]")
_OTHER_LETTERS = frozenset({"и\u0306", "у\u0306", "і\u0308"})


class Script(StrEnum):
    """The letters a word is written in, as far as stemmers care."""

    LATIN = "Latin"
    CYRILLIC = "Cyrillic"
    GREEK = "Greek"
    ARABIC = "Arabic"
    ARMENIAN = "Armenian"
    DEVANAGARI = "Devanagari"
    TAMIL = "Tamil"
    HEBREW = "Hebrew"
    GEORGIAN = "Georgian"
    HANGUL = "Hangul"
    OTHER = "other"


#: First and last code point of each script's letters.
_RANGES = (
    (0x0041, 0x024F, Script.LATIN),
    (0x1E00, 0x1EFF, Script.LATIN),
    (0x0370, 0x03FF, Script.GREEK),
    (0x0400, 0x052F, Script.CYRILLIC),
    (0x0531, 0x058F, Script.ARMENIAN),
    (0x0590, 0x05FF, Script.HEBREW),
    (0x0620, 0x06FF, Script.ARABIC),
    (0x0900, 0x097F, Script.DEVANAGARI),
    (0x0B80, 0x0BFF, Script.TAMIL),
    (0x10A0, 0x10FF, Script.GEORGIAN),
    (0xAC00, 0xD7A3, Script.HANGUL),
)

#: Latin letters and the Cyrillic ones that look the same.
_LATIN_TWINS = "aceiopxysjABCEHIKMOPTXYSJ"
_CYRILLIC_TWINS = "асеіорхуѕјАВСЕНІКМОРТХУЅЈ"
_TO_CYRILLIC = str.maketrans(_LATIN_TWINS, _CYRILLIC_TWINS)
_TO_LATIN = str.maketrans(_CYRILLIC_TWINS, _LATIN_TWINS)
_LATIN = re.compile("[A-Za-z]")
_CYRILLIC = re.compile("[\u0400-\u052f]")


def script(word: str) -> Script:
    """Return the script of the word's first letter."""
    first = next((char for char in word if char.isalpha()), "")
    point = ord(first or "\0")
    return next((name for low, high, name in _RANGES if low <= point <= high), Script.OTHER)


def visible(text: str) -> str:
    """Return the text as it is seen: without hidden characters, full-width letters and ligatures; one apostrophe."""
    if text.isascii():
        return text.replace("`", "'")
    return normalize("NFKC", _UNLIKE_SEEN.sub(_seen_as, text))


def _seen_as(found: re.Match[str]) -> str:
    return _SEEN_AS.get(found[0], "")


def fold(text: str) -> str:
    """Return the form in which texts are compared: case, accents, kinds of quotes and hyphens, and spacing are gone."""
    if text.isascii():
        return spaced(text.lower().replace("`", "'"))
    lower = _NOT_PLAIN.sub(_plain, visible(text).casefold())
    bare = _ACCENT.sub(_unaccented, normalize("NFD", lower))
    return spaced(normalize("NFC", bare))


def _plain(found: re.Match[str]) -> str:
    return _PLAIN[found[0]]


def _unaccented(found: re.Match[str]) -> str:
    """Return an accent that makes another letter of the one before it, and nothing for any other."""
    end = found.end()
    return found[0] if found.string[max(0, end - 2) : end] in _OTHER_LETTERS else ""


def spaced(words: str) -> str:
    """Return the words with one blank between each two and none around them, as most are written already."""
    if words.isprintable() and "  " not in words:  # so the blank is the only white space there is
        return words.strip()
    return " ".join(words.split())


def unmixed(word: str) -> tuple[str, ...]:
    """Return a word of Latin and Cyrillic letters as written in one script alone, each way that is possible."""
    if word.isascii() or not (_LATIN.search(word) and _CYRILLIC.search(word)):
        return (word,)
    cyrillic, latin = word.translate(_TO_CYRILLIC), word.translate(_TO_LATIN)
    readings = [cyrillic] if not _LATIN.search(cyrillic) else []
    readings += [latin] if not _CYRILLIC.search(latin) else []
    return tuple(readings) or (word,)


def disguised(word: str) -> str:
    """Return a word of Latin capitals as the Cyrillic one that looks the same ("HATO"); empty where there is none."""
    if len(word) < 2 or not word.isascii() or not word.isupper():  # noqa: PLR2004 - a lone capital is an initial
        return ""
    twin = word.translate(_TO_CYRILLIC)
    return "" if _LATIN.search(twin) else twin
