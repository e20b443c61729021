"""Entries as they stand in a document, whichever reader found them: nothing cleaned, nothing decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class Raw:
    """One entry's own words, markup and all; neither frozen nor by keywords alone, since many are made at once."""

    guid: str = ""
    link: str = ""
    title: str = ""
    summary: str = ""
    #: Texts beside the summary.
    contents: tuple[str, ...] = ()
    author: str = ""
    categories: tuple[str, ...] = ()
    published: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a reader found in a document."""

    title: str = ""
    language: str = ""
    #: In the order of the document.
    entries: tuple[Raw, ...]
    #: How many more the document held.
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A document that another reader may understand better, and what gave rise to it."""

    reason: str
