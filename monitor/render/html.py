"""A sheet as HTML, readable in light and dark and on a phone, without anything that is fetched."""

from __future__ import annotations

import re
from html import escape

from monitor.sheet import Form, Line, Part, Run, Sheet

#: Colours come from the reader's scheme; only the mark brings its own pair, readable on light and dark alike. It is
#: bold too, for services such as Telegram that keep little but bold, links and quotes. No title: they would show it.
_PAGE = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
</head>
<body style="margin:0;padding:24px;font:16px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif">
<div style="max-width:640px;margin:0 auto">
{content}
</div>
</body>
</html>
"""
_MARK = '<mark style="background:#ffe08a;color:#1a1a1a;padding:0 2px;border-radius:2px"><b>{}</b></mark>'
_SMALL = '<p style="margin:{};font-size:14px;opacity:.75">{{}}</p>'
_FRAMES = {
    Part.PREFACE: '<p style="margin:0 0 12px">{}</p>',
    Part.CHANGE: '<p dir="auto" style="margin:0 0 12px;padding:8px 12px;border:1px solid #d9a514;border-radius:4px">'
    "{}</p>",
    Part.HEADLINE: '<h1 dir="auto" style="margin:0 0 4px;font-size:22px;line-height:1.3">{}</h1>',
    Part.SOURCE: _SMALL.format("0 0 4px"),
    Part.LINK: '<p style="margin:0 0 16px;font-size:14px;word-break:break-all">{}</p>',
    Part.QUOTE: '<blockquote dir="auto" style="margin:0 0 16px;padding:2px 0 2px 16px;border-left:3px solid #d9a514">'
    "{}</blockquote>",
    Part.HEADING: '<h2 style="margin:16px 0 4px;font-size:16px">{}</h2>',
    Part.REPEATS: '<p style="margin:16px 0 0">{}</p>',
    Part.NAME: _SMALL.format("16px 0 0"),
    Part.MORE: _SMALL.format("16px 0 0"),
}
_PARAGRAPH = '<p dir="auto" style="margin:0 0 8px">{}</p>'


def page(sheet: Sheet) -> str:
    """Return the sheet as a page of HTML."""
    tag = sheet.language or ""
    language = tag if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", tag) else "en"
    return _PAGE.format(language=language, content="\n".join(map(_line, sheet.lines())))


def _line(line: Line) -> str:
    words = "".join(_words(run, line.part) for run in line.runs)
    has_frame = any(run.own is Form.HTML for run in line.runs)
    return words if has_frame else _FRAMES.get(line.part, _PARAGRAPH).format(words)


def _words(run: Run, part: Part) -> str:
    if run.own is Form.HTML:
        return run.text
    words = _MARK.format(html(run.text)) if run.marked else html(run.text)
    words = f"<b>{words}</b>" if run.strong and part is Part.CHANGE else words
    words = f'<span style="white-space:nowrap">{words}</span>' if run.whole else words
    address = escape(run.link)
    if run.is_address:
        return f'<a href="{address}">{address}</a>'
    style = ' style="color:inherit;text-decoration:none"' if part is Part.HEADLINE else ""
    return f'<a href="{address}"{style}>{words}</a>' if address else words


def fragment(sheet: Sheet) -> str:
    """Return the sheet in the few tags that chats take."""
    return "<br>\n<br>\n".join(_chat_lines(lines) for lines in sheet.paragraphs)


def _chat_lines(lines: tuple[Line, ...]) -> str:
    """A quotation is a block of its own; between other lines stands a break."""
    written = [_chat_line(line) for line in lines]
    return re.sub(r"<br>\n(?=<blockquote>)|(?<=</blockquote>)<br>", "", "<br>\n".join(written))


def _chat_line(line: Line) -> str:
    words = "".join(map(_chat_words, line.runs))
    return f"<blockquote>{words}</blockquote>" if line.part is Part.QUOTE else words


def _chat_words(run: Run) -> str:
    if run.own is Form.HTML:
        return run.text
    words = escape(run.link) if run.is_address else html(run.text)
    bold = f"<b>{words}</b>" if run.strong or run.marked else words
    return f'<a href="{escape(run.link)}">{bold}</a>' if run.link else bold


def html(text: str) -> str:
    """Return the text so that HTML shows it as it is, and no chat that takes HTML finds a mention in it."""
    return escape(re.sub(r"@(?!\s)", "@\u200b", text))
