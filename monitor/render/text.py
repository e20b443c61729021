"""A sheet as plain text."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from monitor.sheet import Form, Line, Part, Run, Sheet

_FRAMES = {Part.QUOTE: '  "{}"', Part.HEADING: "{}:", Part.ENTRY: "  {}"}


def text(sheet: Sheet, escape: Callable[[str], str] = str) -> str:
    """Return the sheet as text, whose words may be escaped for a reader that looks for more than text in it."""
    return "\n\n".join("\n".join(text_line(line, escape) for line in lines) for lines in sheet.paragraphs)


def text_line(line: Line, escape: Callable[[str], str] = str) -> str:
    """Return one line of text; in a list, where it leads stands at its end."""
    words = "".join(
        "".join(run.text for run in runs) if as_it_is else escape("".join(map(_words, runs)))
        for as_it_is, runs in groupby(line.runs, key=lambda run: run.is_address or run.own is Form.TEXT)
    )
    address = next((run.link for run in line.runs if run.link), "") if line.part is Part.ENTRY else ""
    return f"{_FRAMES.get(line.part, '{}').format(words)} {address}".rstrip()


def _words(run: Run) -> str:
    return f"[{run.text}]" if run.marked else run.text
