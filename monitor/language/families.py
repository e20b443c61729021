"""Families of words that are one to a reader though their stems differ: verbs and nouns, countries and their people.

Our own stand in ``families/``, a file for each language and a family in each line; countries in the shipped lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from monitor.lists import demonyms


def families(language: str) -> tuple[tuple[str, ...], ...]:
    """Return the families of a language, each its words in lower case."""
    countries = (tuple(word.lower() for word in words if " " not in word) for words in demonyms(language))
    return tuple(family for family in (*ours(language), *countries) if len(family) > 1)


def ours(language: str) -> tuple[tuple[str, ...], ...]:
    """Return the families that stand in our own files."""
    return _listed(f"{language}.txt")


@cache
def apart(language: str) -> Mapping[str, str]:
    """Return the words that have the stem of others by chance alone, each with a stem of its own."""
    return {word: words[0] for words in _listed(f"{language}.apart.txt") for word in words}


def _listed(name: str) -> tuple[tuple[str, ...], ...]:
    listed = files("monitor.language").joinpath("families", name)
    if not listed.is_file():
        return ()
    lines = (line.partition("#")[0].lower().split() for line in listed.read_text(encoding="utf-8").splitlines())
    return tuple(tuple(words) for words in lines if words)
