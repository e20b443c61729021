"""What commands print: documents for scripts, tables and marked sentences for people."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, TextIO, TypeVar

import click

if TYPE_CHECKING:
    from monitor.rule import Evidence

T = TypeVar("T")
_BOLD, _END = "\x1b[1;33m", "\x1b[0m"


def colourful(stream: TextIO) -> bool:
    """Return whether the stream shows colour, and is wanted to (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


#: Characters that JSON lets stand though they steer a terminal (C1 controls), turn the direction of a line, end it, or
#: are seen by nobody, tags among them.
_STEERING = re.compile(
    "[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def document(fields: object) -> None:
    """Print one JSON document on one line, in its own letters; what could steer the terminal stands as an escape."""
    written = json.dumps(fields, ensure_ascii=False)
    click.echo(_STEERING.sub(lambda found: json.dumps(found[0])[1:-1], written))


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: drawn on a terminal, plain aligned text elsewhere, so that other commands can read it."""
    lines = [[" ".join(cell.split()) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _draw(headings, lines)
        return
    widths = [max(map(len, column)) for column in zip(headings, *lines, strict=True)]
    for row in (headings, *lines):
        click.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def _draw(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(*headings, box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for row in rows:
        drawn.add_row(*map(Text, row))  # as Text, or [brackets] in a headline would be read as markup
    Console().print(drawn)


def track(things: Iterable[T], words: str, total: int | None = None) -> Iterator[T]:
    """Yield the things, with a progress bar where people watch and the results do not show the progress already."""
    if not sys.stderr.isatty():
        yield from things
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield from progress.track(things, total=total, description=words)


def quote(evidence: Evidence) -> str:
    """Return the sentence with what matched marked: in colour where there is colour, in brackets elsewhere."""
    begin, end = (_BOLD, _END) if colourful(sys.stdout) else ("[", "]")
    parts, at = [], 0
    for start, stop, *_ in sorted(evidence.spans):
        if start >= at:
            parts += [_part(evidence.sentence[at:start]), begin, _part(evidence.sentence[start:stop]), end]
            at = stop
    return "".join([*parts, _part(evidence.sentence[at:])]).strip()


def plain(text: str) -> str:
    """Return a publisher's text on one line, with nothing in it that could steer the terminal."""
    from monitor.render import clean

    return clean(text)


def _part(text: str) -> str:
    """Return a part of a line as plain text that keeps its spaces at both ends."""
    lead, tail = text[:1].isspace(), text[-1:].isspace()
    return f"{' ' * lead}{plain(text)}{' ' * (tail and len(text) > 1)}"


def when(moment: datetime | None, now: datetime, zone: tzinfo) -> str:
    """Return the local time, with the day where it is not today's; a dash where there is none."""
    from monitor.greeting import clock

    return clock(moment, now, zone) if moment else "-"


def count(number: int, noun: str, plural: str = "") -> str:
    """Return the number and the noun: ``1 feed``, ``2 feeds``."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
