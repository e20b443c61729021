"""Alerts and notices as messages: what they say, and how that is written as text, Markdown, HTML or on one line.

What a publisher wrote is hostile until it is escaped for the form it stands in. ``message`` makes a sheet of words that
are clean, for no line may hold a control; whoever writes a form escapes them for it, and nobody else does.
"""

from __future__ import annotations

from monitor.render.alert import SHOWN
from monitor.render.brief import one_line
from monitor.render.dialect import dialect
from monitor.render.fitting import fitted
from monitor.render.html import fragment, page
from monitor.render.inert import clean, inert, link, short
from monitor.render.manner import Manner, best, takes
from monitor.render.markdown import markdown
from monitor.render.message import message
from monitor.render.moments import stamp
from monitor.render.payload import alert_json, document, notice_json
from monitor.render.terminal import block
from monitor.render.text import text

__all__ = [
    "SHOWN",
    "Manner",
    "alert_json",
    "best",
    "block",
    "clean",
    "dialect",
    "document",
    "fitted",
    "fragment",
    "inert",
    "link",
    "markdown",
    "message",
    "notice_json",
    "one_line",
    "page",
    "short",
    "stamp",
    "takes",
    "text",
]
