"""A sheet as Markdown."""

from __future__ import annotations

import re

from monitor.sheet import Line, Part, Run, Sheet

_MARKUP = re.compile(r"[\\`*_\[\]<>~|]|&(?=#?\w+;)")
#: Where an escape alone does not do: mentions, and links in chats that drop the escapes (Google Chat).
_BREAKS = re.compile(r"@(?!\s)|(?<=<)!|\](?=\\?[(\[:])")
_BLOCK = re.compile(r"^(\s*)([#+=-]|\d+(?=[.)]))")


def markdown(sheet: Sheet) -> str:
    """Return the sheet as Markdown."""
    return "\n\n".join("\n".join(map(_line, lines)) for lines in sheet.paragraphs)


def _line(line: Line) -> str:
    words = _line_start("".join(map(_words, line.runs)))
    below = "".join(f"\n<{run.link}>" for run in line.runs if run.link and not run.is_address)
    return f"{'> ' if line.part is Part.QUOTE else ''}{words}{below}"


def _words(run: Run) -> str:
    if run.is_address:
        return f"<{run.link}>"
    escaped = _escape(run.text)
    return f"**{escaped}**" if run.strong or run.marked else escaped


def _escape(text: str) -> str:
    """Return the text so that CommonMark shows it as it is, and no chat takes part of it for a mention."""
    escaped = _MARKUP.sub(r"\\\g<0>", text)
    return _BREAKS.sub("\\g<0>\u200b", escaped)


def _line_start(text: str) -> str:
    """Keep a line from beginning a heading or a list."""
    return _BLOCK.sub(lambda found: f"{found[1]}{_escaped_start(found[2])}", text)


def _escaped_start(sign: str) -> str:
    return f"{sign}\\" if sign.isdigit() else f"\\{sign}"
