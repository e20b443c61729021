"""Word forms by a light rule, for languages that have no stemmer: the longest ending that leaves a stem is cut."""

from __future__ import annotations

import re
from functools import cache

_SHORTEST_STEM = 3
#: Endings of folded words, in steps: an article behind the word, or a case, is cut before what stands within.
_ENDINGS = {
    "uk": (
        "ся сь | увати ували увало увала ував ування уванню уванням уватиму уватимеш уватиме уватимуть ую уєш ує уємо "
        "уєте ують ювати ювали ювало ювала ював ювання юю юєш ює юємо юєте юють ати али ало ала ав ання "
        "анню анням атиму атиме атимуть аю аєш ає аємо аєте ають яти яли яло яла яв яння янню янням ятиме ятимуть яю "
        "яєш яє яємо яєте яють ити или ило ила ив ить ять иш имо ите еш емо ете уть ють нув нула нули нути нуть "
        "іями іях іям ією ії ія ію ій ими ого ому ої ою ий им их ій ім ими ами ями ові еві єві ах ях ам ям ом ем єм "
        "ів їв ею єю еві а я о е є и і ї у ю ь й"
    ),
    "be": (
        "ыямі ыях ыям ыі ыю амі ямі ымі імі ага яга аму яму ыя ія ію аю яю ую юю ай яй ой ый ій ых іх ым ім ам ям ах "
        "ях ом ем аў яў оў еў ою ею ы і а я о е у ю ь й"
    ),
    "bg": "ът ят та то те | овци ове еве ища ия ии ие а я о е и у ъ ю й",
    "mk": "от та то те ов он ва на ве не | овци ови еви ища ија ии а о е и у",
    "sk": "ovia eho emu ami iami ymi imi och iach ach am iam ych ich ym im om ou ov ej ia ie iu ii a e i o u y",
    "sl": "ijama ijami ijah ega emu ami ima imi oma ama ijo ije iji ih im om em ov ev ah eh am oj a e i o u",
    "lv": "ajiem ajam ajas ajai iem ais ajs am em im um as es is us os ai ei ie a e i o s u",
    "kk": (
        "ның нің дың дің тың тің дан ден тан тен нан нен мен бен пен да де та те ға ге қа ке на не ны ні ды ді ты ті "
        "сы сі ы і | лары лері дары дері тары тері лар лер дар дер тар тер"
    ),
    "ka": "ებისთვის ებთან ებიდან ების ებმა ებით ებს ებში ებზე ები ისთვის თან იდან ში ზე მა ის ით ად ს ი ა ე ო",
}


LANGUAGES = frozenset(_ENDINGS) | {"he", "ko"}


@cache
def _steps(language: str) -> tuple[re.Pattern[str], ...]:
    steps = (step.split() for step in _ENDINGS[language].split("|"))
    return tuple(re.compile(f"(?:{'|'.join(sorted(step, key=len, reverse=True))})$") for step in steps)


def cut(word: str, language: str) -> tuple[str, ...]:
    """Return what is left of a folded word without its endings; several where it may be read in several ways."""
    if language == "he":
        return _hebrew(word)
    if language == "ko":
        return (_korean(word),)
    stem = word
    for endings in _steps(language):
        found = endings.search(stem, _SHORTEST_STEM)
        stem = stem[: found.start()] if found else stem
    if language == "uk":
        return _ukrainian(word, stem)
    return (stem,)


#: "безпека" becomes "безпеці" before this ending.
_SOFTENED = {"з": "г", "ц": "к", "с": "х"}


def _ukrainian(word: str, stem: str) -> tuple[str, ...]:
    """Return both readings where a softened consonant may stand before the ending; "ість" becomes "ості"."""
    stem = f"{stem[:-3]}ост" if stem.endswith("іст") else stem
    ending = word[len(stem) :]
    if ending in ("ові", "еві"):  # of a noun (президентові), or of an adjective (військові)
        return stem, stem + ending[:-1]
    hard = _SOFTENED.get(stem[-1]) if ending == "і" else None
    return (stem, stem[:-1] + hard) if hard else (stem,)


_HEBREW_ENDING = re.compile("(?:ים|ות)$")
_SHORTEST_HEBREW = 3


def _hebrew(word: str) -> tuple[str, ...]:
    """Return the word with and without what is written in one with it: and, the, in, to, from, that, as."""
    bare = word[1:] if word[:1] in "והבלמשכ" and len(word) > _SHORTEST_HEBREW else word
    cut_off = (_HEBREW_ENDING.sub("", each) for each in (word, bare))
    return tuple(dict.fromkeys(each for each in (word, bare, *cut_off) if len(each) >= _SHORTEST_HEBREW)) or (word,)


#: Particles by the sound before them: any, a consonant, a vowel.
_PARTICLES = re.compile("(?:에서는|에서도|에서|에게|까지|부터|의|에|도|만)$")
_AFTER_CONSONANT = re.compile("(?:으로|이라고|은|이|을|과)$")
_AFTER_VOWEL = re.compile("(?:로|라고|는|가|를|와)$")
_FIRST_SYLLABLE, _LAST_SYLLABLE, _FINALS = 0xAC00, 0xD7A3, 28
_SHORTEST_NOUN = 2


def _korean(word: str) -> str:
    """Cut a particle off a noun, of those that depend on the sound before only the one that fits it.

    전문가 (an expert) keeps its 가, which as a particle stands behind vowels alone.
    """
    for particles, consonant in ((_PARTICLES, None), (_AFTER_CONSONANT, True), (_AFTER_VOWEL, False)):
        found = particles.search(word, _SHORTEST_NOUN)
        before = ord(word[found.start() - 1]) if found else 0
        if found and _FIRST_SYLLABLE <= before <= _LAST_SYLLABLE:
            final = (before - _FIRST_SYLLABLE) % _FINALS > 0
            if consonant in (None, final):
                return word[: found.start()]
    return word
