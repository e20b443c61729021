"""The forms that one word may take: two words with a common stem are forms of one.

Russian and Ukrainian words go by their dictionary forms, the others by Snowball's stems, those of languages without a
Snowball stemmer by a light rule.
"""

from __future__ import annotations

from functools import cache, lru_cache

import Stemmer

from monitor.language import light, morphology
from monitor.language.compounds import parts
from monitor.language.families import apart, families
from monitor.language.words import FUNCTION_WORDS
from monitor.letters import fold

_STEMMERS = (
    "ca:catalan cs:czech da:danish de:german en:english eo:esperanto es:spanish et:estonian eu:basque fi:finnish "
    "fr:french ga:irish hu:hungarian id:indonesian it:italian lt:lithuanian nl:dutch no:norwegian pl:polish "
    "pt:portuguese ro:romanian st:sesotho sv:swedish tr:turkish ru:russian sr:serbian el:greek ar:arabic "
    "fa:persian hy:armenian hi:hindi ne:nepali ta:tamil "
    "hr:serbian gl:portuguese af:dutch ms:indonesian mr:hindi"  # close enough to share a stemmer
)
_SNOWBALL = dict(pair.split(":") for pair in _STEMMERS.split())
#: Words remembered over all languages; the memo of a set of rules has each word of its texts once more.
_REMEMBERED = 1 << 14


@lru_cache(maxsize=_REMEMBERED)
def stems(word: str, language: str) -> tuple[str, ...]:
    """Return the folded stems of a lower-case word in a language; two words with a common one are forms of one word.

    The word is stemmed as written and without accents, so that "SECURITE" meets "sécurité". No stems where the
    language has no stemmer: the folded word itself must then be equal. None for a function word either: the German
    "sich" has the stem of "Sicherheit".
    """
    if fold(word) in FUNCTION_WORDS.get(language, ()):
        return ()
    heads = _heads(language)
    return tuple(dict.fromkeys(heads.get(stem, stem) for stem in _stems(word, language)))


@lru_cache(maxsize=_REMEMBERED)
def inner_stems(written: str, language: str) -> tuple[str, ...]:
    """Return the stems of the words that a compound of a text is made of, "Gas" and "Preis" of "Gaspreise".

    A rule that names the compound means it as a whole, and has none of these.
    """
    return tuple(dict.fromkeys(stem for part in parts(written, language) for stem in stems(part, language)))


def _stems(word: str, language: str) -> tuple[str, ...]:
    return tuple(stem for spelling in dict.fromkeys((word, fold(word))) for stem in _stem(spelling, language))


def _stem(word: str, language: str) -> tuple[str, ...]:
    found = morphology.lemmas(word, language) if language in morphology.LANGUAGES else None
    if found is None:
        return _cut(word, language)
    forms = tuple(dict.fromkeys(fold(form).replace("ґ", "г") for form in found.forms))
    return forms if found.known else (*forms, *_cut(word, language))


def _cut(word: str, language: str) -> tuple[str, ...]:
    if word in (own := apart(language)):
        return (own[word],)
    if language in light.LANGUAGES:
        return light.cut(fold(word), language)
    stemmer = _stemmer(language)
    return (fold(stemmer.stemWord(word)),) if stemmer else ()


@cache
def _stemmer(language: str) -> Stemmer.Stemmer | None:
    return Stemmer.Stemmer(_SNOWBALL[language]) if language in _SNOWBALL else None


@cache
def _heads(language: str) -> dict[str, str]:
    """Return the stem that stands for a whole family, by each stem of its members; families that meet are one."""
    heads = dict[str, str]()
    for family in families(language):
        members = [stem for word in family for stem in _stems(word, language) if _telling(stem, word)]
        met = {heads[stem] for stem in members if stem in heads}
        if not members:
            continue
        head = min(met or members)
        heads.update({stem: head for stem, old in heads.items() if old in met})
        heads.update(dict.fromkeys(members, head))
    return heads


#: The Italian "Libano" and "Libia" have the stem "lib"; families joined by such would be one.
_SHORTEST_TELLING = 4


def _telling(stem: str, word: str) -> bool:
    return len(stem) >= _SHORTEST_TELLING or len(stem) >= len(word) - 1
