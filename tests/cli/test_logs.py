"""The log says the same in the form that each reader takes, and no headline can forge a line of it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone

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


def written(
    message: str,
    *args: object,
    level: int = logging.INFO,
    stream: io.StringIO | None = None,
    environment: dict[str, str] | None = None,
    as_json: bool = False,
) -> str:
    stream = stream or io.StringIO()
    handler = logs.begin(level="info", as_json=as_json, zone=BERLIN, stream=stream, environment=environment or {})
    record = logging.getLogger("monitor.pipeline").makeRecord("monitor.pipeline", level, "f", 1, message, args, None)
    record.created = MOMENT.timestamp()
    handler.handle(record)
    return stream.getvalue()


def test_a_file_gets_time_level_and_module() -> None:
    line = written("%s polled: %d new", "tass", 2)
    assert line == "2026-11-24T09:21:07.250+00:00 INFO monitor.pipeline: tass polled: 2 new\n"


def test_a_terminal_gets_the_local_time_of_day_alone() -> None:
    assert written("tass polled", stream=Terminal()) == "10:21:07 tass polled\n"


def test_a_terminal_gets_the_level_of_what_is_worth_a_look() -> None:
    assert written("tass fails", level=logging.WARNING, stream=Terminal()) == "10:21:07 WARNING: tass fails\n"


@pytest.mark.parametrize(
    ("level", "mark"),
    [(logging.DEBUG, "<7>"), (logging.INFO, "<6>"), (logging.WARNING, "<4>"), (logging.ERROR, "<3>")],
)
def test_the_journal_gets_priorities(level: int, mark: str) -> None:
    assert written("said", level=level, environment={"JOURNAL_STREAM": "8:1"}) == f"{mark}said\n"


def test_each_line_for_the_journal_has_its_priority() -> None:
    assert written("first\nsecond", environment={"JOURNAL_STREAM": "8:1"}) == "<6>first\n<6>    second\n"


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
