"""How a message says that an earlier attempt may have arrived."""

from __future__ import annotations

from collections.abc import Mapping

from monitor import sheet
from monitor.sheet import Line, Part


def line(*, again: bool) -> Line | None:
    """Return the line that says so; None where it is not so."""
    return sheet.line(Part.REPEATS, "May repeat: an earlier attempt may have arrived.") if again else None


def noted(words: str, *, again: bool) -> str:
    """Return a subject, or what a terminal shows, with a note of it."""
    return f"{words} (may repeat)" if again else words


def marked(document: Mapping[str, object], *, again: bool) -> dict[str, object]:
    """Return a document that says so."""
    return {**document, "may_repeat": True} if again else {**document}
