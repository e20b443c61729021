"""The page of all commands is made from the commands, and fresh."""

from __future__ import annotations

from pathlib import Path

from monitor.cli import reference

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "commands.md"


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference.page(), "python -m monitor.cli.reference > " + str(PAGE)


def test_every_command_has_its_section_with_its_options() -> None:
    page = reference.page()
    for command in ("run", "check", "feeds test", "rules try", "alerts show", "channels test", "backtest"):
        assert f"\n## wirebell {command}\n" in page
    assert "| `--catch-up SPAN` |" in page
