"""Compounds: the words that a long German or Dutch word is made of, so that "Gaspreise" is about gas and prices.

A word is split only into words that a list has. The lists are those of pyspellchecker (MIT), of which only a checksum
of each word is kept: 1.3 MB a language, loaded for the first long word that asks for it. One of 13,000 other words has
the checksum of a listed one.
"""

from __future__ import annotations

import gzip
import re
from array import array
from bisect import bisect_left
from functools import cache, lru_cache
from importlib.resources import files
from zlib import crc32

#: What may stand between two words, by language.
_LINKS = {"de": ("", "s", "es", "n", "en", "er", "e"), "nl": ("", "s", "en", "e")}
LANGUAGES = frozenset(_LINKS)
#: A shorter word is no compound, or one that nobody takes apart.
_SHORTEST = 7
#: Parts that are shorter are endings or prefixes of verbs more often than words ("hei" and "rat" are no "Heirat").
_SHORTEST_PART = 4


def _sets(table: dict[str, str]) -> dict[str, frozenset[str]]:
    return {language: frozenset(words.split()) for language, words in table.items()}


#: Short words that many compounds begin with.
_SHORT = _sets({"de": "bau bus eis erz gas kfz öko öl ost rad see tee uno zug", "nl": "gas ijs vis zee"})
#: Words that before others are prefixes, and make another meaning: "Überfall" is no "Fall".
_PREFIXES = _sets(
    {
        "de": (
            "auch auseinander dagegen dass dies durch eben empor entgegen fort gegen heran heraus herbei herein hervor "
            "hinaus hinein hinter hinweg hinzu kein mein mich miss nach nieder oder ohne sein sich sonder unter voll "
            "voraus vorbei weiter wider wieder wohl zurück zusammen zwischen über"
        ),
        "nl": "achter door mede mijn onder over samen tegen terug tussen voor",
    }
)
#: Words that behind others are endings, or the ends of names of people and places.
_ENDINGS = _sets(
    {
        "de": (
            "bach berg burg chen dorf ende enden eren erin fach furt haft heim heit igen iger iges isch ismus keit "
            "land lein leute lich ling linge mals mann mayer meier ration reich rung schaft schaften stein tion ungen "
            "weise wert zeug"
        ),
        "nl": (
            "baar berg burg dorp eerden elingen eren heid ieren iers innen king land lijk ling loos ment menten ming "
            "orde ping schap sing ster teren ting"
        ),
    }
)
#: "spezifisch" is no fish, "dramatische" no table, "wertvoll" neither worth nor full.
_ADJECTIVE = re.compile("(?:isch|voll|los|haft|bar|lich|sam|mäßig|eerd)(?:e|en|er|es|em)?$")


@lru_cache(maxsize=1 << 12)
def parts(written: str, language: str) -> tuple[str, ...]:
    """Return the words that a word is made of, and each run of them, in lower case; none for one that is no compound.

    German writes nouns with a capital, and only nouns are taken apart: "dachtest" is no test of a roof.
    """
    word = written.lower()
    if language not in LANGUAGES or len(word) < _SHORTEST or _ADJECTIVE.search(word):
        return ()
    if language == "de" and word[0] == written[0]:
        return ()
    cut = _split(word, language)
    runs = ((i, j) for i in range(len(cut)) for j in range(i + 1, len(cut) + 1) if j - i < len(cut))
    return tuple(dict.fromkeys(_joined(word, cut, i, j) for i, j in runs))


def _joined(word: str, cut: tuple[tuple[int, int], ...], first: int, end: int) -> str:
    return word[cut[first][0] : cut[end - 1][1]]


def _split(word: str, language: str, start: int = 0) -> tuple[tuple[int, int], ...]:
    """Return where the words that make up the rest of the word begin and end.

    The fewest words are taken; of as few, those whose shortest is the longest: Geisel-nahme, not Geiseln-ahme.
    """
    best: tuple[tuple[int, int], ...] = ()
    for end in range(len(word) - _SHORTEST_PART, start + 1, -1):
        if not _begins(word[start:end], language):
            continue
        for link in _LINKS[language]:
            after = end + len(link)
            if not word.startswith(link, end) or len(word) - after < _SHORTEST_PART:
                continue
            rest = ((after, len(word)),) if _ends(word[after:], language) else _split(word, language, after)
            if rest:
                best = max(best, ((start, end), *rest), key=_plausibility)
    return best


def _plausibility(cut: tuple[tuple[int, int], ...]) -> tuple[int, int]:
    return (-len(cut), min(end - start for start, end in cut)) if cut else (-99, 0)


def _begins(part: str, language: str) -> bool:
    if len(part) < _SHORTEST_PART:
        return part in _SHORT[language]
    return part not in _PREFIXES[language] and (_known(part, language) or _known(f"{part}e", language))


def _ends(part: str, language: str) -> bool:
    return len(part) >= _SHORTEST_PART and part not in _ENDINGS[language] and _known(part, language)


def _known(word: str, language: str) -> bool:
    words, wanted = _words(language), crc32(word.encode())
    at = bisect_left(words, wanted)
    return at < len(words) and words[at] == wanted


#: Characters of the list read at a time.
_CHUNK = 1 << 16


@cache
def _words(language: str) -> array[int]:
    """Return the checksum of each word of the list, in order: the words themselves would take 30 MB."""
    packed = files("spellchecker").joinpath("resources", f"{language}.json.gz")
    sums = array("I")
    with packed.open("rb") as raw, gzip.open(raw) as listed:
        left = b""
        while chunk := listed.read(_CHUNK):
            *whole, left = (left + chunk).split(b",")
            sums.extend(crc32(entry.partition(b'"')[2].partition(b'"')[0]) for entry in whole)
    return array("I", sorted(sums))
