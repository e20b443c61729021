"""People see tables and colour where there is a terminal, scripts plain text and documents."""

from __future__ import annotations

import io
import sys

import pytest

from monitor.cli import screen
from monitor.rule import Evidence


class Terminal(io.StringIO):
    """A stream that people watch."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Let people watch; in the test itself, since each phase of a test captures anew."""
    made = Terminal()
    monkeypatch.setattr(sys, "stdout", made)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return made


EVIDENCE = Evidence(field="lead", sentence="A strike in the harbour.", spans=((2, 8, "strike"), (16, 23, "harbour")))


def test_a_document_is_one_line_in_its_own_letters(capsys: pytest.CaptureFixture[str]) -> None:
    screen.document({"rule": "НАТО"})
    assert capsys.readouterr().out == '{"rule": "НАТО"}\n'


def test_a_table_is_aligned_text_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    screen.table(("feed", "state"), [("coastwire", "ok"), ("un", "gone\nfor good")])
    assert capsys.readouterr().out == "feed       state\ncoastwire  ok\nun         gone for good\n"


def test_a_table_without_rows_is_its_headings(capsys: pytest.CaptureFixture[str]) -> None:
    screen.table(("feed", "state"), [])
    assert capsys.readouterr().out == "feed  state\n"


def test_a_table_is_drawn_on_a_terminal_and_reads_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = terminal(monkeypatch)
    screen.table(("headline",), [("[red]Talks[/red] end",)])
    assert "[red]Talks[/red] end" in watched.getvalue()
    assert "─" in watched.getvalue()


def test_what_matched_stands_in_brackets() -> None:
    assert screen.quote(EVIDENCE) == "A [strike] in the [harbour]."


def test_what_matched_is_coloured_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal(monkeypatch)
    assert screen.quote(EVIDENCE).startswith("A \x1b[1;33mstrike\x1b[0m in")


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colour_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    terminal(monkeypatch)
    monkeypatch.setenv(name, value)
    assert screen.quote(EVIDENCE) == "A [strike] in the [harbour]."


def test_overlapping_words_are_marked_once() -> None:
    evidence = Evidence(field="lead", sentence="harbour strike", spans=((0, 14, "a"), (8, 14, "b")))
    assert screen.quote(evidence) == "[harbour strike]"


def test_an_escape_in_a_sentence_does_not_reach_the_terminal() -> None:
    evidence = Evidence(field="lead", sentence="A\x1b[2J strike", spans=((6, 12, "strike"),))
    assert "\x1b" not in screen.quote(evidence)


def test_long_work_shows_its_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Terminal()
    monkeypatch.setattr(sys, "stderr", watched)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert list(screen.track([1, 2, 3], "judging", total=3)) == [1, 2, 3]
    assert "judging" in watched.getvalue()


def test_long_work_shows_nothing_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(screen.track([1, 2], "judging")) == [1, 2]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 entries"), (1, "1 entry"), (2, "2 entries"), (1234, "1,234 entries")]
)
def test_things_are_counted_in_words(number: int, words: str) -> None:
    assert screen.count(number, "entry", "entries") == words
