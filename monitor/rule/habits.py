"""What people type who know another search: what it is there, and how wirebell writes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple


class Habit(NamedTuple):
    """Something that is written otherwise here."""

    message: str
    #: In words for people.
    cure: str
    #: What to write in its place.
    instead: str


_LETTER = r"[^\W\d_]"
_USUAL = 8


def _near(found: re.Match[str]) -> Habit:
    name = "BEFORE" if found["name"].lower() in ("pre", "before") else "NEAR"
    words = found["words"] if (found["words"] or "").isdecimal() else _USUAL
    return Habit(f"{found[0]} is no operator here", f"write {name}/{words}, with blanks around it", f"{name}/{words}")


def _alternatives(found: re.Match[str]) -> Habit:
    parts = [part for part in re.split(r"\|+", found[0]) if part]
    return Habit("| stands for no operator here", "write OR, and brackets around", f"({' OR '.join(parts)})")


def _ampersands(found: re.Match[str]) -> Habit:
    return Habit("&& is no operator here", "write AND", found[0].replace("&&", " AND "))


def _commas(found: re.Match[str]) -> Habit:
    apart = " ".join(part for part in re.split("[,;]+", found[0]) if part)
    return Habit(f"{found[0]}: words with a comma between never touch", "write a blank, or OR in brackets", apart)


def _fuzzy(found: re.Match[str]) -> Habit:
    cure = "leave ~ out: a word is found in all its forms; or write its beginning and *"
    return Habit(f"{found[0]}: words that are only similar are not looked for", cure, found["word"])


def _boosted(found: re.Match[str]) -> Habit:
    return Habit(f"{found[0]}: words have no weights", "leave ^ out", found["word"])


def _one_letter(found: re.Match[str]) -> Habit:
    pattern = "".join(r"\w" if char == "?" else re.escape(char) for char in found[0])
    message = f"{found[0]}: ? does not stand for a letter"
    return Habit(message, "write the alternatives (a OR b), or a regular expression", rf"/\b{pattern}\b/")


def _star(found: re.Match[str]) -> Habit:
    written = found[0]
    bare = written.strip("*")
    message = f"{written}: * stands once, at the end of a word"
    if "*" not in bare and written.startswith("*"):
        edge = "" if written.endswith("*") else r"\b"
        return Habit(message, "write the beginning of the word and *, or a regular expression", f"/{bare}{edge}/")
    if "*" not in bare:
        return Habit(message, "write the beginning of the word and *", f"{bare}*")
    pattern = r"\w*".join(map(re.escape, filter(None, bare.split("*"))))
    edge = "" if written.endswith("*") else r"\b"
    return Habit(message, "write the beginning of the word and *, or a regular expression", rf"/\b{pattern}{edge}/")


def _flags(found: re.Match[str]) -> Habit:
    return Habit(
        f"{found['flags']} behind a regular expression is not understood",
        "leave it out: capitals do not count, except in =/…/",
        found["pattern"],
    )


def _slash(found: re.Match[str]) -> Habit:
    message = f"{found[0]} begins with /, and no / ends it"
    cure = "write / behind it for a regular expression, or leave the first one out"
    return Habit(message, cure, found[0].removeprefix("/"))


def of_open_pattern(written: str) -> Habit:
    """Return how a regular expression is written that no slash ends."""
    return Habit(f"{written} begins with /, and no / ends it", "write / behind it", f"{written}/")


def _bare_pattern(found: re.Match[str]) -> Habit:
    message = f"{found[0]} looks like a regular expression"
    return Habit(message, "write it between slashes: /…/", f"/{found[0]}/")


#: What one word that stands between blanks may be, and what is made of it.
_WORDS: tuple[tuple[str, Callable[[re.Match[str]], Habit]], ...] = (
    (r"(?P<name>(?i:near|before|adj|within))[/:~](?P<words>\w*)", _near),
    (r"(?P<name>(?i:pre|w))/(?P<words>\d+)", _near),
    (r"(?P<name>NEAR|BEFORE|ADJ|near|adj)(?P<words>\d+)", _near),
    (r"(?P<pattern>=?/.+/)(?P<flags>[a-z]{1,4})", _flags),
    (r"/[^/\s]+", _slash),
    (r".*(?:\.[*+]|\\[wdsbWDSB]|\{\d+,?\d*\}|\[\^?\w-\w\]).*", _bare_pattern),
    (rf"(?P<word>[\w'-]*{_LETTER})~[\d.]*", _fuzzy),
    (rf"~(?P<word>{_LETTER}[\w'-]*)", _fuzzy),
    (r"(?P<word>[\w'-]*\w\*?)\^[\d.]+", _boosted),
    (rf"[\w-]*{_LETTER}\?+[\w?-]*\w", _one_letter),
    (r"\*[\w*-]*\w\*?|\w[\w-]*\*[\w*-]*\w\*?|\w[\w-]+\*\*+", _star),
    (r"[^|]*\w\|+\w.*", _alternatives),
    (r"[^&]*\w&&\w.*", _ampersands),
    (rf"[\w'-]*{_LETTER}[,;]+{_LETTER}[\w'-]*(?:[,;]+[\w'-]+)*", _commas),
)
_KNOWN = tuple((re.compile(pattern), make) for pattern, make in _WORDS)


def of_word(written: str) -> Habit | None:
    """Return what a word is in another search; None for an ordinary word."""
    for pattern, make in _KNOWN:
        if found := pattern.fullmatch(written):
            return make(found)
    return None


#: Operators in other languages; in small letters they are words.
_FOREIGN = {
    **dict.fromkeys(("UND", "ET", "И", "ТА"), "AND"),
    **dict.fromkeys(("ODER", "OU", "ИЛИ", "АБО"), "OR"),
    **dict.fromkeys(("NICHT", "SAUF", "НЕ"), "NOT"),
}


def of_operator(written: str) -> Habit | None:
    """Return how an operator of another language is written; None for a word."""
    name = _FOREIGN.get(written)
    return Habit(f"{written} in capitals could be an operator or a word", f"write {name}", name) if name else None


#: Signs that stand between blanks.
SIGNS = {"|": "OR", "||": "OR", "&": "AND", "&&": "AND", "+": "AND"}


def of_phrase(quoted: str) -> Habit | None:
    """Return how words with a gap between ("a * b") are written; None for an ordinary phrase."""
    parts = [" ".join(part.split()) for part in re.split(r"(?:(?<=\s)\*(?=\s)\s*)+", quoted)]
    gaps = [len(re.findall(r"\*", gap)) for gap in re.findall(r"(?:(?<=\s)\*(?=\s)\s*)+", quoted)]
    if not gaps or not all(parts):
        return None
    names = [part if " " not in part else f'"{part}"' for part in parts]
    written = names[0] + "".join(f" BEFORE/{gap} {name}" for gap, name in zip(gaps, names[1:], strict=True))
    return Habit("* stands for no word in a phrase", f"write BEFORE/{gaps[0]} between the words", f"({written})")


def of_near_phrase(quoted: str, within: int) -> Habit:
    """Return how the words of Lucene's "a b"~5 are written."""
    names = quoted.split()
    written = f" NEAR/{within} ".join(names)
    message = f"~{within} behind a phrase is not understood"
    return Habit(message, f"write NEAR/{within} between the words", f"({written})")


def of_range(written: str) -> Habit:
    """Return how Lucene's [a TO b] is written."""
    least, most = (part.strip() for part in written[1:-1].split(" TO "))
    cure = "write 6..7 for a number from 6 to 7, >=6 for one of 6 or more"
    bounds = {(True, True): f"{least}..{most}", (True, False): f">={least}", (False, True): f"<={most}"}
    instead = bounds.get((least[:1].isdecimal(), most[:1].isdecimal()), "")
    return Habit(f"{written} is not understood", cure, instead)


#: Names of fields in other searches, and ours.
FIELDS = {
    **dict.fromkeys(("intitle", "allintitle", "subject", "head", "hed", "heading", "hlead"), "headline"),
    **dict.fromkeys(("summary", "description", "intro", "abstract", "lede", "teaser"), "lead"),
    **dict.fromkeys(("body", "content", "intext", "inbody", "allintext", "article", "fulltext"), "text"),
    **dict.fromkeys(("site", "source", "from", "publisher", "inurl", "rst"), "feed"),
    **dict.fromkeys(("by", "byline", "creator", "writer"), "author"),
    **dict.fromkeys(("tag", "section", "topic", "subject_code", "keyword"), "category"),
    **dict.fromkeys(("language", "la"), "lang"),
}

#: Languages as people call them.
LANGUAGES = {
    **dict.fromkeys(("english", "eng"), "en"),
    **dict.fromkeys(("german", "deutsch", "deu", "ger"), "de"),
    **dict.fromkeys(("french", "français", "francais", "fra", "fre"), "fr"),
    **dict.fromkeys(("spanish", "español", "espanol", "spa"), "es"),
    **dict.fromkeys(("italian", "italiano", "ita"), "it"),
    **dict.fromkeys(("portuguese", "português", "portugues", "por"), "pt"),
    **dict.fromkeys(("dutch", "nederlands", "nld"), "nl"),
    **dict.fromkeys(("polish", "polski", "pol"), "pl"),
    **dict.fromkeys(("russian", "русский", "rus"), "ru"),
    **dict.fromkeys(("ukrainian", "українська", "ukr", "ua"), "uk"),
    **dict.fromkeys(("turkish", "türkçe", "tur"), "tr"),
    **dict.fromkeys(("arabic", "ara"), "ar"),
    **dict.fromkeys(("chinese", "zho"), "zh"),
    **dict.fromkeys(("japanese", "jpn"), "ja"),
}
