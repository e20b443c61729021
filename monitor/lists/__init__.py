"""The lists that are shipped: ``@c/iran`` for every country, ``@w/resigns`` for forty news verbs, in eight languages.

Nothing is read until a rule names a list; a list is read once. The tables are plain text beside this file.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import MappingProxyType

#: What the lists are written in.
LANGUAGES = ("en", "de", "fr", "es", "it", "ru", "uk", "pt")
COUNTRY, VERB = "c/", "w/"


def shipped(name: str) -> tuple[str, ...] | None:
    """Return the words of a list, each written as in a list of ``[terms]``; None where there is no such list."""
    if name.startswith(COUNTRY):
        row = _countries().get(name.removeprefix(COUNTRY))
        return _words(row[1]) if row else None
    if name.startswith(VERB):
        spoken = verbs().get(name.removeprefix(VERB))
        return tuple(dict.fromkeys(word for words in spoken.values() for word in words)) if spoken else None
    return None


def names() -> tuple[str, ...]:
    """Return the name of every list, in order."""
    return tuple(sorted([COUNTRY + name for name in _countries()] + [VERB + name for name in verbs()]))


def likely(name: str) -> str | None:
    """Return the list that a name of none may stand for: the one it is a word of, or one that is spelled almost so."""
    wanted = name.lower()
    word = wanted.removeprefix(COUNTRY)
    known = {
        said.lower(): row[0].split()[0]
        for row in _countries().values()
        for column in row[2:]
        for said in _words(column)
    }
    if word in known or word in _countries():
        return COUNTRY + known.get(word, word)
    if wanted.startswith((COUNTRY, VERB)):
        return next(iter(get_close_matches(wanted, names(), 1)), None)
    return VERB + wanted if wanted in verbs() else None


def demonyms(language: str) -> tuple[tuple[str, ...], ...]:
    """Return, for each country, the words of a language that mean it or its people; everyday words are left out."""
    if language not in LANGUAGES:
        return ()
    column = 2 + LANGUAGES.index(language)
    return tuple(_words(row[column]) for row in dict.fromkeys(_countries().values()) if row[column])


def synonyms() -> dict[str, tuple[str, ...]]:
    """Return the other names of each country's list, by the one it is shown under."""
    heads = (row[0].split() for row in dict.fromkeys(_countries().values()))
    return {head: tuple(others) for head, *others in heads}


@cache
def verbs() -> MappingProxyType[str, MappingProxyType[str, tuple[str, ...]]]:
    """Return the words of each news verb, by language."""
    table: dict[str, MappingProxyType[str, tuple[str, ...]]] = {}
    for block in _text("verbs.txt").split("\n\n"):
        name, *lines = block.split("\n")
        spoken = (line.strip().partition(" ") for line in lines)
        table[name] = MappingProxyType({language: _words(words) for language, _, words in spoken})
    return MappingProxyType(table)


def opposites() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """Return pairs of opposites: words that say yes, in all languages, and those that say no; a star is any ending."""
    blocks = (block.split("\n") for block in _text("opposites.txt").split("\n\n"))
    return tuple((tuple(yes.split()[1:]), tuple(no.split()[1:])) for yes, no in blocks)


@cache
def _countries() -> dict[str, tuple[str, ...]]:
    """Return the row of each country, by every name of its list."""
    rows = (tuple(line.split("\t")) for line in _text("countries.tsv").split("\n"))
    return {name: row for row in rows for name in row[0].split()}


def _text(table: str) -> str:
    """Return a table without its head."""
    text = Path(__file__).with_name(table).read_text(encoding="utf-8").strip()
    while text.startswith("#"):
        text = text.partition("\n")[2].lstrip("\n")
    return text


def _words(listed: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in listed.split(", "))
