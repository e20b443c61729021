"""The log says the same in the form that each reader takes, and no headline can forge a line of it."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TextIO

import pytest

from monitor.cli import logs

MOMENT = datetime(2026, 11, 24, 9, 21, 7, 250_000, tzinfo=UTC)
BERLIN = timezone(timedelta(hours=1))
Write = Callable[..., str]


class Terminal(io.StringIO):
    """A stream that people watch."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _quiet_again() -> Iterator[None]:
    handlers = list(logging.getLogger().handlers)
    yield
    logging.getLogger().handlers = handlers
    logging.getLogger("monitor").setLevel(logging.NOTSET)


def written(  # noqa: PLR0913 - all that a line depends on
    message: str,
    *args: object,
    level: int = logging.INFO,
    stream: TextIO | None = None,
    environment: dict[str, str] | None = None,
    as_json: bool = False,
    fault: Any = None,  # noqa: ANN401 - as sys.exc_info() has it
) -> str:
    stream = stream or io.StringIO()
    handler = logs.begin(level="info", as_json=as_json, zone=BERLIN, stream=stream, environment=environment or {})
    record = logging.getLogger("monitor.pipeline").makeRecord("monitor.pipeline", level, "f", 1, message, args, fault)
    record.created = MOMENT.timestamp()
    handler.handle(record)
    handler.flush()
    return stream.getvalue() if isinstance(stream, io.StringIO) else ""


def test_a_file_gets_time_level_and_module() -> None:
    line = written("%s polled: %d new", "tass", 2)
    assert line == "2026-11-24T09:21:07.250+00:00 INFO monitor.pipeline: tass polled: 2 new\n"


def test_a_terminal_gets_the_local_time_of_day_alone() -> None:
    assert written("tass polled", stream=Terminal()) == "10:21:07 tass polled\n"


def test_a_terminal_gets_the_level_of_what_is_worth_a_look() -> None:
    assert written("tass fails", level=logging.WARNING, stream=Terminal()) == "10:21:07 WARNING: tass fails\n"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Return what writes into a stream that journald reads."""
    with (tmp_path / "stream").open("w+", encoding="utf-8") as stream:
        file = os.fstat(stream.fileno())

        def write(message: str, *args: object, **how: Any) -> str:  # noqa: ANN401 - as written
            environment = {"JOURNAL_STREAM": f"{file.st_dev}:{file.st_ino}"}
            written(message, *args, stream=stream, environment=environment, **how)
            stream.seek(0)
            return stream.read()

        yield write


@pytest.mark.parametrize(
    ("level", "mark"),
    [
        (logging.DEBUG, "<7>"),
        (logging.INFO, "<6>"),
        (logging.WARNING, "<4>"),
        (logging.ERROR, "<3>"),
        (logging.CRITICAL, "<2>"),
    ],
)
def test_the_journal_gets_priorities(journal: Write, level: int, mark: str) -> None:
    assert journal("said", level=level) == f"{mark}said\n"


def test_what_stands_on_several_lines_is_one_event_of_the_journal(journal: Write) -> None:
    said = "config.toml NOT applied:\nconfig.toml:3: unknown key\n\n<2>forged"
    assert journal(said) == "<6>config.toml NOT applied: | config.toml:3: unknown key | <2>forged\n"


def test_a_traceback_is_one_event_of_the_journal(journal: Write) -> None:
    try:
        raise OSError("disk\nfull")  # noqa: TRY301
    except OSError:
        line = journal("cannot claim work", level=logging.ERROR, fault=sys.exc_info())
    assert line.startswith("<3>cannot claim work | Traceback (most recent call last): | File ")
    assert line.endswith(" | OSError: disk | full\n")
    assert line.count("\n") == 1


@pytest.mark.parametrize("letter", ["a", "щ", "文", "𝄞"])
def test_no_event_is_longer_than_the_journal_takes_on_one_line(journal: Write, letter: str) -> None:
    line = journal("%s", letter * 60_000)
    assert 46 * 1024 < len(line.encode()) <= 48 * 1024
    assert line.endswith(f"{letter}…\n")


def test_a_stream_that_the_journal_does_not_read_gets_no_priorities(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w+", encoding="utf-8") as stream:
        written("said", stream=stream, environment={"JOURNAL_STREAM": "8:1"})
        stream.seek(0)
        assert stream.read() == "2026-11-24T09:21:07.250+00:00 INFO monitor.pipeline: said\n"


def test_json_is_one_document_per_line() -> None:
    line = written("first\nsecond", as_json=True)
    assert line.count("\n") == 1
    assert json.loads(line) == {
        "time": "2026-11-24T09:21:07.250+00:00",
        "level": "info",
        "logger": "monitor.pipeline",
        "message": "first\nsecond",
    }


def test_json_holds_what_was_raised() -> None:
    stream = io.StringIO()
    logs.begin(level="info", as_json=True, zone=UTC, stream=stream, environment={})
    try:
        raise OSError("disk full")  # noqa: TRY301
    except OSError:
        logging.getLogger("monitor.loop").exception("cannot claim work")
    assert "disk full" in json.loads(stream.getvalue())["exception"]


def test_a_line_end_in_a_headline_cannot_forge_a_line() -> None:
    lines = written('"%s"', "Quiet day\n10:21:08 all feeds are fine", stream=Terminal()).splitlines()
    assert lines[1] == '    10:21:08 all feeds are fine"'


@pytest.mark.parametrize("control", ["\x1b", "\r", "\x00", "\x07", "\x9b", "\u202e", "\u2028", "\x7f"])
def test_a_control_character_is_written_as_an_escape(control: str) -> None:
    line = written("%s", f"a{control}b")
    assert control not in line
    assert line.endswith(f"a{control.encode('unicode_escape').decode()}b\n")


def test_other_packages_are_heard_from_warnings_on() -> None:
    stream = io.StringIO()
    logs.begin(level="info", as_json=False, zone=UTC, stream=stream, environment={})
    logging.getLogger("httpx").info("HTTP Request: GET https://news.example/rss")
    logging.getLogger("httpx").warning("odd")
    logging.getLogger("monitor.service").info("applied")
    assert [line.split(": ", 1)[1] for line in stream.getvalue().splitlines()] == ["odd", "applied"]


def test_the_level_of_the_config_holds() -> None:
    stream = io.StringIO()
    logs.begin(level="warning", as_json=False, zone=UTC, stream=stream, environment={})
    logging.getLogger("monitor.service").info("applied")
    assert stream.getvalue() == ""
