"""A message as a terminal shows it."""

from __future__ import annotations

from monitor.channel import Message
from monitor.render.text import text_line
from monitor.sheet import Part

#: What the line at the top says already.
_SAID = (Part.PREFACE, Part.HEADLINE)


def block(what: Message, *, colour: bool) -> str:
    """Return what a terminal shows: the line, and below it what matched and where to read on."""
    below = [line for line in what.sheet.lines() if line.part not in _SAID]
    if what.payload["schema"] == "alert.v1":
        quotes = [line for line in below if line.part is Part.QUOTE]
        changes = [line for line in below if line.part is Part.CHANGE]
        below = [*changes, *quotes[:1], *(line for line in below if line.part is Part.LINK)]
    head = f"\x1b[{'1;31' if what.urgent else '1'}m{what.line}\x1b[0m" if colour else what.line
    return "".join(f"{shown}\n" for shown in (head, *(f"         {text_line(line).strip()}" for line in below)))
