"""Which languages a text may be of: its script first, then letters that few languages have, then function words.

Where nothing tells, nothing is returned, and a word is then tried in all languages of the rules: a wrong guess would
hide words, none hides nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

from monitor.language.scripts import NOT_LATIN, WRITTEN
from monitor.language.words import TELLING
from monitor.letters import Script, script

#: Languages that put no blank between words, by their letters; Japanese, which has Chinese ones too, first.
_UNSPACED = (
    ("ja", "\u3041", "\u30ff"),
    ("zh", "\u4e00", "\u9fff"),
    ("th", "\u0e01", "\u0e5b"),
    ("lo", "\u0e81", "\u0edf"),
    ("km", "\u1780", "\u17ff"),
    ("my", "\u1000", "\u109f"),
)
#: Of the languages that a word tells, those of Latin letters.
_TELLING_LATIN = {word: tuple(code for code in told if code not in NOT_LATIN) for word, told in TELLING.items()}
#: Enough characters to count function words in.
_SAMPLE = 2000
_WORD = re.compile(r"\w+")


def guess(words: Iterable[str], *, least: int) -> tuple[str, ...]:
    """Return the languages of Latin letters that the words point to; none below the weight of ``least`` of them.

    Languages that are close (Danish and Norwegian) are both returned: a word is then tried in both.
    """
    different = {*words}
    told = [*filter(None, map(_TELLING_LATIN.get, different))]
    told += [_by_alphabet(word) for word in different if not word.isascii() and word[0] < _BEYOND_LATIN]
    votes: dict[str, int] = {}
    for language in chain.from_iterable(told):
        votes[language] = votes.get(language, 0) + 1
    best = max(votes.values(), default=0)
    return tuple(sorted([k for k, count in votes.items() if count * 4 >= best * 3])) if best >= least else ()


#: Letters beyond a to z of languages of which they tell something. English, which has none, writes names with any.
_LETTERS = (
    "de:äöüß fr:àâæçéèêëîïôœùûü es:áéíóúüñ it:àèéìíòóùú pt:àáâãçéêíóôõú nl:éëïóèö sv:åäöé da:æøåé no:æøåéòô "
    "pl:ąćęłńóśźż cs:áčďéěíňóřšťúůýž sk:áäčďéíĺľňóôŕšťúýž hr:čćđšž sl:čšž ro:ăâîșşțţ hu:áéíóöőúüű fi:äöå "
    "tr:çğıöşüâ\u0307 lt:ąčęėįšųūž lv:āčēģīķļņšūž et:äöõüšž ca:àçèéíïòóúü"
)
_BEYOND_LATIN = "\u0250"
_ALPHABETS = {language: frozenset(own) for language, own in (pair.split(":") for pair in _LETTERS.split())}


@lru_cache(maxsize=1 << 12)
def _by_alphabet(word: str) -> tuple[str, ...]:
    """Return the languages that have all of the word's letters; none where all have."""
    letters = {char for char in word if char > "\x7f" and (char.isalpha() or char == "\u0307")}
    return tuple(language for language, own in _ALPHABETS.items() if letters <= own) if letters else ()


def by_letters(text: str, given: str | None = None) -> tuple[str, ...]:
    """Return the languages that other letters than Latin point to; of several, a given one."""
    if text.isascii():
        return ()
    there = set(text)
    hints = set(map(_hint, there))
    found: list[str] = []
    for letters in WRITTEN:
        if letters in hints:
            found += _told_apart(letters, there, text, given)
    found += [language for language, _, _ in _UNSPACED if language in hints][:1]
    return tuple(found)


@lru_cache(maxsize=1 << 12)
def _hint(char: str) -> Script | str | None:
    """Return the script of a letter that is not Latin, or its language where it puts no blank between words."""
    letters = script(char)
    if letters in WRITTEN:
        return letters
    return next((language for language, first, last in _UNSPACED if first <= char <= last), None)


def _told_apart(letters: Script, there: set[str], text: str, given: str | None) -> tuple[str, ...]:
    if letters is Script.CYRILLIC:
        return _cyrillic({char.lower() for char in there}, text, given)
    if given in WRITTEN[letters]:
        return (given,)
    if letters is Script.ARABIC:
        return next(((language,) for language, own in _ARABIC if not there.isdisjoint(own)), ("ar",))
    return WRITTEN[letters][:1]


_ARABIC = (("ur", frozenset("ٹڈڑںے")), ("fa", frozenset("پچژگ")))
#: Letters by which a language is known. What Kazakh and Belarusian share with Russian and Ukrainian comes behind.
_CYRILLIC = (
    ("kk", frozenset("әғқңұһ")),
    ("be", frozenset("ў")),
    ("sr", frozenset("ђћ")),
    ("mk", frozenset("ѓќѕ")),
    ("ru", frozenset("ыэё")),
    ("uk", frozenset("іїєґ")),
)
_OF_TWO = ("sr", "mk"), frozenset("јљњџ")
_MIXED = ("ru", "uk")


def _cyrillic(there: set[str], text: str, given: str | None) -> tuple[str, ...]:
    found = tuple(language for language, letters in _CYRILLIC if not there.isdisjoint(letters))
    if found:
        return found if found[0] in _MIXED else found[:1]
    known = given if given in WRITTEN[Script.CYRILLIC] else None
    if not there.isdisjoint(_OF_TWO[1]):
        return (known,) if known in _OF_TWO[0] else _OF_TWO[0]
    told = _by_function_words(text[:_SAMPLE].lower())
    if not told or known in told:
        return (known,) if known else _MIXED
    return told


def _by_function_words(text: str) -> tuple[str, ...]:
    """Return the languages that most of the Cyrillic function words are of."""
    words = set(_WORD.findall(text))
    votes = Counter(spoken for word in words for spoken in TELLING.get(word, ()) if spoken in WRITTEN[Script.CYRILLIC])
    best = max(votes.values(), default=0)
    told = [language for language in ("ru", "uk", "bg", "be", "mk", "sr") if votes[language] == best > 0]
    return tuple(told)
