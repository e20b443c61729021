"""A sheet as Markdown, in the dialect of whoever reads it."""

from __future__ import annotations

from monitor.render.dialect import COMMONMARK, Dialect
from monitor.sheet import Line, Part, Run, Sheet


def markdown(sheet: Sheet, dialect: Dialect = COMMONMARK) -> str:
    """Return the sheet as Markdown."""
    return "\n\n".join(dialect.end.join(_line(line, dialect) for line in lines) for lines in sheet.paragraphs)


def _line(line: Line, dialect: Dialect) -> str:
    words = dialect.started("".join(_words(run, dialect) for run in line.runs))
    whole = dialect.quotation.format(words) if line.part is Part.QUOTE else words
    below = [dialect.shown(run.link) for run in line.runs if run.link and not run.is_address]
    return dialect.end.join((whole, *below))


def _words(run: Run, dialect: Dialect) -> str:
    if run.is_address:
        return dialect.shown(run.link)
    escaped = dialect.escaped(run.text)
    return f"**{escaped}**" if run.strong or run.marked else escaped
