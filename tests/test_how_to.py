"""What a how-to says a command prints is what it prints."""

from __future__ import annotations

import re
import shlex
import shutil
from fnmatch import fnmatchcase
from itertools import groupby
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli import wirebell
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "how-to" / "write-a-rule.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder that holds what the page speaks of."""
    (config,) = (block for kind, block in BLOCKS if kind == "toml")
    (article,) = (block for kind, block in BLOCKS if kind == "text")
    (tmp_path / "config.toml").write_text(config, encoding="utf-8")
    (tmp_path / "article.txt").write_text(article, encoding="utf-8")
    shutil.copy(ROOT / "monitor" / "demo" / "day.jsonl", tmp_path)
    monkeypatch.chdir(tmp_path)


def examples() -> list[tuple[str, str]]:
    """Return each command of the page with what it is said to print."""
    found: list[tuple[str, str]] = []
    for kind, block in BLOCKS:
        if kind == "console":
            for said, lines in groupby(block.splitlines(), lambda line: line.startswith("$ ")):
                if said:
                    found += [(line.removeprefix("$ wirebell "), "") for line in lines]
                else:
                    found[-1] = (found[-1][0], "\n".join(lines))
    return found


def alike(said: str) -> str:
    """Return a pattern of fnmatch for an output in which lines of dots stand for any."""
    literal = said.replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")
    return re.sub(r"^…$", "*", literal, flags=re.MULTILINE)


@pytest.mark.parametrize(("command", "said"), examples(), ids=[command for command, _ in examples()])
def test_a_command_prints_what_the_page_shows(command: str, said: str) -> None:
    assert said
    result = CliRunner().invoke(wirebell, shlex.split(command))
    assert result.exit_code == 0, result.output
    assert fnmatchcase(result.stdout.strip(), alike(said).strip()), result.stdout


def test_the_page_shows_every_way_to_look_at_a_rule() -> None:
    assert {" ".join(command.split()[:2]) for command, _ in examples()} >= {"rules try", "rules why", "rules test"}
    assert {command.split()[0] for command, _ in examples()} >= {"check", "backtest"}
