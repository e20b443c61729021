"""Messages that are too long for a service: what is given up, and in which order."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace

from monitor.render.digest import more
from monitor.render.inert import short
from monitor.sheet import Line, Part, Sheet

#: What is given up first; of several the last. Address and id stay: a message without them cannot be followed up.
_GIVEN_UP = (
    Part.OWN,
    Part.QUOTE,
    Part.WHY,
    Part.NOTE,
    Part.ENTRY,
    Part.REPEATS,
    Part.SOURCE,
    Part.PREFACE,
    Part.CHANGE,
)


def fitted(sheet: Sheet, write: Callable[[Sheet], str], limit: int, size: Callable[[str], int] = len) -> str:
    """Return the sheet as written within a size, as far as that can be; at last its headline is cut."""
    if size(whole := write(sheet)) <= limit:
        return whole
    spare = _spare(sheet)

    def room(count: int) -> int:
        return limit - size(write(_without(sheet, spare[:count])))

    fewest = bisect_left(range(len(spare) + 1), 0, key=room)
    left = _without(sheet, spare[:fewest])
    return write(left) if fewest <= len(spare) else _cut(left, write, limit, size)


def _spare(sheet: Sheet) -> list[Line]:
    """Return the lines that may be given up, in the order in which they are."""
    lines = list(sheet.lines())
    return [line for part in _GIVEN_UP for line in reversed(lines) if line.part is part and not _stays(line)]


def _stays(line: Line) -> bool:
    """Return whether a line of a template names what must stay, or is cut rather than given up."""
    return line.part is Part.OWN and any(run.link or run.whole or run.cut for run in line.runs)


def _without(sheet: Sheet, gone: Sequence[Line]) -> Sheet:
    """Return the sheet without the lines; a digest says how many alerts it does not show."""
    left = sheet.without(gone)
    omitted = sheet.omitted + sum(line.part is Part.ENTRY for line in gone)
    old = next((line for line in left.lines() if line.part is Part.MORE), None)
    return left if old is None else left.having(more(omitted), in_place_of=old)


def _cut(sheet: Sheet, write: Callable[[Sheet], str], limit: int, size: Callable[[str], int]) -> str:
    """Cut the headline, so that what is written of it, with its escapes, fits; without any, where none of it does."""
    line = next((line for line in sheet.lines() if any(run.cut for run in line.runs)), None)
    if line is None:
        return write(sheet)

    def taken(width: int) -> int:
        return size(write(sheet.having(_shortened(line, width), in_place_of=line)))

    longest = max(len(run.text) for run in line.runs if run.cut)
    width = bisect_right(range(1, longest), limit, key=taken)
    whole = width > 1 or line.part is not Part.HEADLINE
    return write(sheet.having(_shortened(line, width), in_place_of=line) if whole else sheet.without([line]))


def _shortened(line: Line, width: int) -> Line:
    """Return a line with its headline within so many characters; beside that, only a template's words stay."""
    runs = (replace(run, text=short(run.text, width)) if run.cut else run for run in line.runs)
    return replace(line, runs=tuple(run for run in runs if run.cut or line.part is Part.OWN))
