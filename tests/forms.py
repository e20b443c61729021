"""A message as its readers get it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from monitor import render
from monitor.channel import Message


@dataclass(frozen=True)
class Forms:
    """A message in every form."""

    message: Message
    subject: str
    text: str
    #: As a chat gets it that takes every text for Markdown.
    defused: str
    markdown: str
    html: str
    line: str
    terminal: str
    payload: Mapping[str, object]

    @property
    def all(self) -> tuple[str, ...]:
        return self.subject, self.text, self.defused, self.markdown, self.html, self.line, self.terminal


def forms(message: Message) -> Forms:
    """Return the message in every form."""
    return Forms(
        message=message,
        subject=message.subject,
        text=render.text(message.sheet),
        defused=render.text(message.sheet, render.inert),
        markdown=render.markdown(message.chat),
        html=render.page(message.sheet),
        line=message.line,
        terminal=render.block(message, colour=False),
        payload=message.payload,
    )
