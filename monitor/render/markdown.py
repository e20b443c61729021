"""A sheet as Markdown, in the dialect of whoever reads it."""

from __future__ import annotations

from monitor.render.dialect import COMMONMARK, Dialect
from monitor.sheet import Form, Line, Part, Run, Sheet


def markdown(sheet: Sheet, dialect: Dialect = COMMONMARK) -> str:
    """Return the sheet as Markdown."""
    return "\n\n".join(dialect.end.join(_line(line, dialect) for line in lines) for lines in sheet.paragraphs)


def _line(line: Line, dialect: Dialect) -> str:
    words = "".join(_words(run, dialect) for run in line.runs)
    words = words if _begins_as_meant(line) else dialect.started(words)
    whole = dialect.quotation.format(words) if line.part is Part.QUOTE else words
    below = [dialect.shown(run.link) for run in line.runs if run.link and not run.is_address]
    return dialect.end.join((whole, *below))


def _begins_as_meant(line: Line) -> bool:
    """Return whether a template begins the line with markup of its own."""
    return any(run.own is Form.MARKDOWN and run.text for run in line.runs[:1])


def _words(run: Run, dialect: Dialect) -> str:
    if run.is_address:
        return dialect.shown(run.link)
    if run.own is Form.MARKDOWN:
        return run.text
    escaped = dialect.escaped(run.text)
    return f"**{escaped}**" if run.strong or run.marked else escaped
