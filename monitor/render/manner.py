"""How a service wants its messages: in which form, in which dialect, and how much of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from monitor.channel import Message
from monitor.render.brief import BRIEF, one_line
from monitor.render.dialect import dialect
from monitor.render.fitting import fitted
from monitor.render.html import fragment, page
from monitor.render.inert import inert
from monitor.render.markdown import markdown
from monitor.render.text import text
from monitor.sheet import Form, Sheet

#: Chats that take HTML, and show what Markdown has as well as they do; other receivers of HTML take a page.
_HTML_CHATS = {"matrix", "matrixs", "tgram"}
#: Chats that take text by their own account, and read it as Markdown.
_MARKDOWN_CHATS = {"mmost", "mmosts", "zulip"}
#: IRC counts bytes (RFC 1459, 2.3).
_BYTES = {"irc", "ircs"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How one service wants its messages."""

    scheme: str
    form: Form
    #: The longest body that it takes, in its own count.
    limit: int
    #: What becomes of a body on its way, which counts for its length.
    sent: Callable[[str], str] = str

    def write(self, message: Message) -> str:
        """Return the body of a message for the service, as good as what it takes allows."""
        if self.limit <= BRIEF and message.brief is not None:
            return one_line(message.brief, self.limit, self._size)
        sheet, writer = self._writing(message)
        return fitted(sheet, writer, self.limit, self._size)

    def _writing(self, message: Message) -> tuple[Sheet, Callable[[Sheet], str]]:
        match self.form:
            case Form.HTML if self.scheme in _HTML_CHATS:
                return message.chat, fragment
            case Form.HTML:
                return message.sheet, page
            case Form.MARKDOWN:
                return message.chat, partial(markdown, dialect=dialect(self.scheme))
            case Form.TEXT:
                return message.sheet, partial(text, escape=inert)

    def _size(self, body: str) -> int:
        sent = self.sent(body)
        return len(sent.encode()) if self.scheme in _BYTES else len(sent)


def best(scheme: str, forms: tuple[Form, ...]) -> Form:
    """Return the form that a service reads best of those that it takes, which come in its own order."""
    for form, chats in ((Form.HTML, _HTML_CHATS), (Form.MARKDOWN, _MARKDOWN_CHATS)):
        if scheme in chats:
            return form
    return Form.MARKDOWN if forms[0] is Form.TEXT and Form.MARKDOWN in forms else forms[0]


def takes(scheme: str, forms: tuple[Form, ...]) -> tuple[Form, ...]:
    """Return every form that a service can be written to in."""
    return (*forms, Form.MARKDOWN) if scheme in _MARKDOWN_CHATS else forms
