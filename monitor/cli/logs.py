"""The log: where it goes and what a line of it looks like."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import TextIO

#: Priorities of syslog(3), by which journald sorts (sd-daemon(3)).
_PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
#: Bytes of an event: journald makes two of a line of more than 48 KiB (LineMax in journald.conf(5)).
_LONGEST = 47 * 1024
#: C0 and C1 controls, line and paragraph separators, marks that turn the direction of what follows, and characters that
#: nobody sees, tags among them; a line end and a tab are no harm where continued lines are indented.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def inert(text: str) -> str:
    """Return the text with every character that could steer a terminal written as an escape."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class _Lines(logging.Formatter):
    """Lines for people; what a message continues on stands indented, so no headline can forge a line of the log."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line, or as several of which only the first begins at the margin."""
        return f"{self.head(record)}{inert(super().format(record))}".replace("\n", "\n    ")

    def head(self, record: logging.LogRecord) -> str:
        """Return what the line begins with: time, level and module."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return f"{moment} {record.levelname} {record.name}: "


class _Terminal(_Lines):
    """Short lines in local time: ``10:21:07 tass polled: 2 new``."""

    def __init__(self, zone: tzinfo) -> None:
        super().__init__()
        self._zone = zone

    def head(self, record: logging.LogRecord) -> str:
        """Return the time of day, and the level where it is worth a look."""
        clock = datetime.fromtimestamp(record.created, self._zone).strftime("%H:%M:%S")
        return f"{clock} {record.levelname}: " if record.levelno >= logging.WARNING else f"{clock} "


class _Journal(_Lines):
    """One line for each event: journald has the time already, and makes an event of every line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record with its priority; what stands on several lines, such as a traceback, is joined to one."""
        said = " | ".join(line.strip() for line in super().format(record).split("\n") if line.strip())
        return f"<{_PRIORITIES.get(record.levelno, 6)}>{_cut(said)}"

    def head(self, record: logging.LogRecord) -> str:  # noqa: ARG002 - as its parent
        """Return nothing: journald keeps time, level and unit by itself."""
        return ""


def _cut(line: str) -> str:
    raw = line.encode(errors="backslashreplace")
    return line if len(raw) <= _LONGEST else f"{raw[:_LONGEST].decode(errors='ignore')}…"


class _Json(logging.Formatter):
    """One JSON document per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON."""
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=True)


def begin(
    *, level: str, as_json: bool, zone: tzinfo, stream: TextIO, environment: Mapping[str, str]
) -> logging.Handler:
    """Send the log to the stream, in the form that its reader takes; return the handler.

    Other packages are heard from warnings on: what they tell of each request and job is not about feeds.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(as_json=as_json, zone=zone, stream=stream, environment=environment))
    logging.getLogger().addHandler(handler)
    logging.getLogger("monitor").setLevel(level.upper())
    return handler


def _formatter(*, as_json: bool, zone: tzinfo, stream: TextIO, environment: Mapping[str, str]) -> logging.Formatter:
    if as_json:
        return _Json()
    if stream.isatty():
        return _Terminal(zone)
    return _Journal() if _is_journal(stream, environment) else _Lines()


def _is_journal(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Return whether journald reads the stream: the variable reaches every child, wherever its output goes.

    It names device and inode of the stream (systemd.exec(5)).
    """
    try:
        file = os.fstat(stream.fileno())
    except OSError:  # a stream that is no file
        return False
    return environment.get("JOURNAL_STREAM") == f"{file.st_dev}:{file.st_ino}"
