"""The terminal, or the journal that stands in its place."""

from __future__ import annotations

import os
from typing import TextIO

from monitor.alert import Outcome, Sent
from monitor.channel import Message
from monitor.render import block
from monitor.send.outcome import channel_fault


class ConsoleSender:
    """Writes to the terminal or the journal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def send(self, message: Message) -> Outcome:
        """Write the message's line and what belongs below it."""
        encoding = self._stream.encoding or "utf-8"
        try:
            shown = block(message, colour=self._stream.isatty() and not os.environ.get("NO_COLOR"))
            self._stream.write(shown.encode(encoding, "replace").decode(encoding))
            self._stream.flush()
        except (OSError, ValueError) as error:  # ValueError: the stream is closed
            return channel_fault(f"could not write: {getattr(error, 'strerror', None) or 'the stream is closed'}")
        return Sent()
