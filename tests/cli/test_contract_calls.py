"""How commands are called, by scripts and by people: the config named, the exit code, the output to a pipe."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.home import Home, entry
from tests.conftest import ROOT

COMMANDS = (
    [],
    *(
        [name]
        for name in ("run", "check", "init", "demo", "backtest", "status", "feeds", "rules", "alerts", "channels", "db")
    ),
    *(["feeds", name] for name in ("list", "test")),
    *(["rules", name] for name in ("list", "test", "try", "why")),
    *(["alerts", name] for name in ("list", "show")),
    *(["channels", name] for name in ("list", "test")),
    *(["db", name] for name in ("backup", "stats", "prune")),
)


def called(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Call wirebell as a script does: in a folder, its output a pipe."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WIREBELL")}
    return subprocess.run(
        [sys.executable, "-m", "monitor", *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_help_of_every_command_works_and_imports_nothing_heavy(tmp_path: Path) -> None:
    """All in one process: each start takes a tenth of a second."""
    code = (
        "import sys; from click.testing import CliRunner; from monitor.cli import wirebell\n"
        f"for command in {COMMANDS!r}:\n"
        "    result = CliRunner().invoke(wirebell, [*command, '--help'])\n"
        "    assert result.exit_code == 0 and result.output.startswith('Usage: '), (command, result.output)\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "click" in loaded
    assert not loaded & {"apprise", "trafilatura", "feedparser", "sqlalchemy", "sqlmodel", "httpx", "pydantic", "rich"}


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["-c", "other.toml", "check"], {}),
        (["check", "-c", "other.toml"], {}),
        (["check", "--config=other.toml"], {}),
        (["check"], {"WIREBELL_CONFIG": "other.toml"}),
        (["check", "-c", "other.toml"], {"WIREBELL_CONFIG": "none.toml"}),
    ],
)
def test_a_config_is_named_in_any_of_these_ways(home: Home, arguments: list[str], environment: dict[str, str]) -> None:
    home.path.rename(home.path.with_name("other.toml"))
    done = called(home.path.parent, *arguments, **environment)
    assert (done.returncode, done.stdout) == (0, "other.toml is fine: 2 feeds, 2 rules, 1 channel\n")


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}, {"TERM": "xterm-256color"}])
def test_output_to_a_pipe_has_no_colour(home: Home, environment: dict[str, str]) -> None:
    home.store(entry("Norvik opens a plant"))
    for command in (["rules", "try", "Norvik"], ["alerts", "list"]):
        done = called(home.path.parent, *command, **environment)
        assert done.returncode == 0, done.stderr
        assert "Norvik" in done.stdout
        assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["check"], 0),
        (["feeds", "list"], 0),
        (["rules", "list"], 0),
        (["rules", "try", "Norvik"], 1),
        (["rules", "try", "Norvik AND"], 2),
        (["rules", "try", "Norvik", "--since", "soon"], 2),
        (["rules", "try", "Norvik", "--items", "none.jsonl"], 2),
        (["rules", "try", "Norvik", "--precision", "sharp"], 2),
        (["rules", "test"], 1),
        (["rules", "test", "nobody"], 2),
        (["rules", "why", "norvik", "1"], 1),
        (["rules", "why", "norvik", "https://wire.example/a"], 1),
        (["rules", "why", "nobody", "1"], 2),
        (["alerts", "list"], 0),
        (["alerts", "list", "--limit", "0"], 2),
        (["alerts", "show", "zzzz"], 1),
        (["alerts", "show"], 2),
        (["channels", "list"], 0),
        (["channels", "test", "desk"], 0),
        (["channels", "test", "nobody"], 2),
        (["feeds", "test", "nobody"], 2),
        (["feeds", "test", "http://127.0.0.1:9/rss"], 1),
        (["backtest"], 0),
        (["backtest", "--items", "none.jsonl"], 2),
        (["backtest", "--rule", "nobody"], 2),
        (["backtest", "--against", "none.toml"], 2),
        (["db", "stats"], 2),
        (["db", "prune"], 2),
        (["db", "backup", "copy.db"], 2),
        (["db", "backup"], 2),
        (["init"], 2),
        (["status"], 3),
        (["status", "--live"], 3),
        (["run", "--catch-up", "soon"], 2),
        (["ring"], 2),
        (["--nonsense"], 2),
        (["check", "-c", "none.toml"], 2),
        (["run", "--once", "-c", "none.toml"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_the_exit_code_says_what_came_of_it_before_anything_is_stored(
    home: Home, arguments: list[str], code: int
) -> None:
    result = home.call(*arguments)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert code != 0 or not result.stderr


@pytest.mark.parametrize("packed", [False, True])
def test_a_long_file_is_judged_whole_and_its_bad_line_named(home: Home, tmp_path: Path, packed: bool) -> None:  # noqa: FBT001 - a table
    file = tmp_path / "items.jsonl"
    lines = "".join(f"{json.dumps({'id': n, 'title': 'Norvik opens a plant'})}\n" for n in range(2000)) + "no item\n"
    file.write_bytes(gzip.compress(lines.encode()) if packed else lines.encode())
    done = called(home.path.parent, "backtest", "--items", str(file), "--jsonl")
    assert done.returncode == 2
    assert done.stderr.startswith("items.jsonl:2001: is not JSON")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["item"] for each in found] == [str(n) for n in range(2000)]
    assert all(each["alerts"] == ["norvik"] for each in found)
