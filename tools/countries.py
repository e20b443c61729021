"""Make the shipped lists of countries: names from CLDR, people and capitals from ``countries.txt`` beside this file.

    python tools/countries.py

It needs Babel, which carries CLDR (Unicode License V3); the table it writes, ``monitor/lists/countries.tsv``, does not.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from babel import Locale

from monitor.letters import Script, fold, script
from monitor.lists import LANGUAGES

PHRASE = re.compile("[ -]")
SOURCE = Path(__file__).with_name("countries.txt")
TARGET = Path(__file__).parents[1] / "monitor" / "lists" / "countries.tsv"
HEAD = """\
# Made by tools/countries.py from CLDR's names of territories and from tools/countries.txt.
# The names: Copyright © 2004-2026 Unicode, Inc., Unicode License V3, SPDX: Unicode-3.0, https://unicode.org/copyright.html
# name, other names of the list; what it finds; then, for each language, words that mean the country and its people
"""

#: Portuguese names its countries in two ways: Irã and Irão.
LOCALES = {language: (language,) for language in LANGUAGES} | {"pt": ("pt", "pt_PT")}
#: Names that CLDR writes for a list to choose from, and no wire does: "Congo - Kinshasa", "Hong Kong SAR China".
ODD = re.compile(r"[(),]|\s[-–]\s|SAR|RAE|RAS|R\.A\.S|Sonderverwaltung")
SPELLED_OUT = {"о-ва": "острова", "о-в": "остров", "ʼ": "'", "’": "'", "Св.": "Святой", " — ": "-"}
AND = {"en": "and", "de": "und", "fr": "et", "es": "y", "it": "e", "ru": "и", "uk": "і", "pt": "e"}

#: A beginning with fewer letters would be that of other words: Mali and malign, Чили and чилить.
SHORTEST = {Script.LATIN: 5, Script.CYRILLIC: 4}
#: What a word of a language loses when it changes its form.
PEOPLE_END = {"es": "[aeo]", "it": "[aeio]", "pt": "[aeo]", "ru": "(ий|ин|[ыаея])", "uk": "(ий|ин|[иіяа])"}
#: What a people in -o ends in where its beginning is too short: suizo, suiza.
GENDERS = {"es": ("o", "a", "os", "as"), "pt": ("o", "a", "os", "as"), "it": ("o", "a", "i", "e")}
#: German names that take an s: Irans.
GENITIVE = re.compile(r"^[A-Z][a-z]+[^sxz]$")
NAME_END = {"ru": "[аяйьы]", "uk": "[аяйьи]"}


@dataclass(slots=True)
class Spoken:
    """What one language calls a country."""

    names: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    capitals: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Country:
    """A country as its block in the source says it."""

    key: str
    code: str
    synonyms: tuple[str, ...]
    spoken: dict[str, Spoken]


def read(source: str) -> Iterator[Country]:
    """Yield the countries of the source, with CLDR's names added."""
    for block in re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", source, flags=re.MULTILINE).strip()):
        head, *lines = block.splitlines()
        key, code, *synonyms = head.split()
        spoken = {language: Spoken() for language in LANGUAGES}
        for line in lines:
            language, _, said = line.strip().partition(" ")
            parts = [[word.strip() for word in part.split(",") if word.strip()] for part in said.split(";")]
            people, capitals, names = (*parts, [], [])[:3]
            spoken[language] = Spoken(names=names, people=people, capitals=capitals)
        for language, said in spoken.items():
            said.names = _named(code, language, said.names)
        yield Country(key=key, code=code, synonyms=tuple(synonyms), spoken=spoken)


def _named(code: str, language: str, ours: list[str]) -> list[str]:
    """Return CLDR's names and ours; ``=`` stands for a mark on a name of CLDR, ``-`` for one to be left out."""
    theirs = [name for locale in LOCALES[language] for name in _theirs(Locale.parse(locale), code)]
    marked = {name.lstrip("=-") for name in ours if name[0] in "=-"}
    kept = [name for name in theirs if name not in marked]
    return list(dict.fromkeys([*kept, *(name for name in ours if name[0] != "-")]))


def _theirs(locale: Locale, code: str) -> list[str]:
    name = locale.territories.get(code, "")
    for short, long in SPELLED_OUT.items():
        name = name.replace(short, long)
    name = name.replace("&", AND[locale.language])
    if not name or ODD.search(name):
        return []
    return [name, name.replace("St. ", "Saint ")] if "St. " in name else [name]


def values(country: Country) -> list[str]:
    """Return what the list finds, each value in the form of a list in a config."""
    exact = {
        word.lstrip("=")
        for said in country.spoken.values()
        for word in said.names + said.people + said.capitals
        if word[0] == "="
    }
    found = []
    for language, said in country.spoken.items():
        ending = NAME_END.get(language, "")
        found += [value for word in said.names for value in _values(word, ending, exact)]
        found += [value for word in said.people for value in _people(word, language, exact)]
        found += [value for word in said.capitals for value in _values(word, ending, exact)]
        if language == "de":
            found += [f"={name}s" for name in said.names if f"={name}" in found and GENITIVE.search(name)]
    return _without_longer(list(dict.fromkeys(found)))


def _values(word: str, ending: str, exact: set[str]) -> list[str]:
    bare = word.lstrip("=")
    if word.endswith("*"):
        return [word]
    if word[0] == "=" or bare in exact:
        return _as_written(bare)
    if PHRASE.search(bare):
        return [bare] if script(bare) is not Script.LATIN or bare[0].islower() else _as_written(bare)
    begins = re.sub(f"{ending}$", "", bare) if ending else bare
    if len(fold(begins)) < SHORTEST[script(bare)]:
        return _as_written(bare)
    return [f"{begins}*"]


def _people(word: str, language: str, exact: set[str]) -> list[str]:
    """Return what finds a people; of several words the last changes: South Koreans."""
    ending = PEOPLE_END.get(language, "")
    if word[0] != "=" and PHRASE.search(word):
        return [re.sub(f"{ending}$", "", word) + "*"]
    found = _values(word, ending, exact)
    if word[0] == "=" or found[0][0] != "=" or not re.search("[^ã]o$", word):
        return found
    return [f"={word[:-1]}{gender}" for gender in GENDERS.get(language, ("o",))]


def _as_written(word: str) -> list[str]:
    """Return the word for itself alone; a name also in capitals, a Cyrillic word also where it begins a sentence."""
    if word[0].isupper():
        forms = [word, word.upper()]
    else:
        forms = [word, word.capitalize()] if script(word) is Script.CYRILLIC else [word]
    return [f"={form}" for form in dict.fromkeys(forms)]


def _without_longer(found: list[str]) -> list[str]:
    """Leave out what another value finds as well: longer beginnings, and phrases that hold a word of the list."""
    begins = {fold(value.rstrip("*")) for value in found if value.endswith("*")}
    words = {value[1:] for value in found if value[0] == "=" and not PHRASE.search(value)}
    kept: dict[str, str] = {}
    for value in found:
        pieces = PHRASE.split(value.strip("=*"))
        own = fold(value.rstrip("*")) if value.endswith("*") else ""
        longer = any(fold(piece).startswith(start) for piece in pieces for start in begins - {own})
        if not longer and not (len(pieces) > 1 and words.intersection(pieces)):
            kept.setdefault(value if value[0] == "=" else fold(value), value)
    return list(kept.values())


def family(said: Spoken) -> list[str]:
    """Return the words of a language that are one to a reader: its names of the country and of its people."""
    written = [word.removeprefix("=") for word in (*said.names, *said.people)]
    single = [word for word in written if not re.search(r"[= \-*]", word)]
    words = list({fold(word): word for word in reversed(single)}.values())[::-1]
    return words if len(words) > 1 else []


def rows(countries: Iterable[Country]) -> Iterator[str]:
    """Yield the lines of the table."""
    for country in sorted(countries, key=lambda country: country.key):
        families = [", ".join(family(country.spoken[language])) for language in LANGUAGES]
        names = " ".join((country.key, *country.synonyms))
        yield "\t".join((names, ", ".join(values(country)), *families))


def table() -> str:
    """Return what the table should hold."""
    return HEAD + "\n".join(rows(read(SOURCE.read_text(encoding="utf-8")))) + "\n"


if __name__ == "__main__":
    TARGET.write_text(table(), encoding="utf-8")
    sys.stdout.write(f"{TARGET}\n")
