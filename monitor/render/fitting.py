"""Messages that are too long for a service: what is given up, and in which order."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace

from monitor.render.digest import more
from monitor.render.inert import short
from monitor.sheet import Line, Part, Sheet

#: What is given up first; of several the last. Address and id stay: a message without them cannot be followed up.
_GIVEN_UP = (
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
    while size(written := write(sheet)) > limit:
        victim = _victim(sheet)
        if victim is None:
            return _cut(sheet, write, limit, size)
        sheet = _without(sheet, victim)
    return written


def _victim(sheet: Sheet) -> Line | None:
    """Return the line to give up next; None where only what must stay is left."""
    lines = list(sheet.lines())
    return next((line for part in _GIVEN_UP for line in reversed(lines) if line.part is part), None)


def _without(sheet: Sheet, victim: Line) -> Sheet:
    left = sheet.without(victim)
    return _counted(left) if victim.part is Part.ENTRY else left


def _counted(left: Sheet) -> Sheet:
    """Return a digest that lacks one more alert, and the heading of a list of which none is left."""
    paragraphs = tuple(lines for lines in left.paragraphs if {line.part for line in lines} != {Part.HEADING})
    left = replace(left, paragraphs=paragraphs, omitted=left.omitted + 1)
    old = next((line for line in left.lines() if line.part is Part.MORE), None)
    return left if old is None else left.having(more(left.omitted), in_place_of=old)


def _cut(sheet: Sheet, write: Callable[[Sheet], str], limit: int, size: Callable[[str], int]) -> str:
    """Cut the headline, so that what is written of it, with its escapes, fits; without any, where none of it does."""
    headline = next((line for line in sheet.lines() if line.part is Part.HEADLINE), None)
    if headline is None:
        return write(sheet)

    def taken(width: int) -> int:
        return size(write(sheet.having(_shortened(headline, width), in_place_of=headline)))

    width = bisect_right(range(1, len(headline.runs[0].text)), limit, key=taken)
    cut = sheet.having(_shortened(headline, width), in_place_of=headline) if width > 1 else sheet.without(headline)
    return write(cut)


def _shortened(headline: Line, width: int) -> Line:
    """Return the headline within so many characters, and nothing else on its line."""
    return replace(headline, runs=(replace(headline.runs[0], text=short(headline.runs[0].text, width)),))
