"""The command line imports what it calls and no more, and says in one way what wirebell cannot do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli import main, wirebell
from tests.cli.home import Home

ROOT = Path(__file__).parents[2]
HEAVY = {"apprise", "trafilatura", "feedparser", "sqlalchemy", "httpx", "rich"}
_COMMANDS = ["run", "check", "init", "demo", "backtest", "status", "feeds", "rules", "alerts", "channels"]
_COMMANDS += ["mute", "evidence", "db"]


def imported(*arguments: str, folder: Path) -> set[str]:
    code = (
        "import sys; from click.testing import CliRunner; from monitor.cli import main, wirebell;"
        f"result = CliRunner().invoke(wirebell, {list(arguments)!r}); assert result.exit_code == 0, result.output;"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_help_names_every_command() -> None:
    result = CliRunner().invoke(wirebell, ["--help"])
    assert result.exit_code == 0
    shown = result.output.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in shown if line.strip()] == _COMMANDS


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["alerts", "list", "--help"]])
def test_help_imports_nothing_heavy(tmp_path: Path, arguments: list[str]) -> None:
    assert not imported(*arguments, folder=tmp_path) & (HEAVY | {"pydantic"})


def test_a_check_imports_nothing_heavy(home: Home) -> None:
    assert not imported("check", folder=home.path.parent) & (HEAVY - {"httpx"})


def test_a_command_that_there_is_not_is_a_fault_of_usage() -> None:
    result = CliRunner().invoke(wirebell, ["ring"])
    assert result.exit_code == 2
    assert "No such command 'ring'" in result.output


@pytest.mark.parametrize(
    "command", [["status"], ["feeds", "list"], ["alerts", "list"], ["backtest"], ["run", "--once"]]
)
def test_a_faulty_config_ends_every_command_with_its_faults(home: Home, command: list[str]) -> None:
    home.write('[feeds]\nwire = "ftp://wire.example"\n')
    result = home.call(*command)
    assert result.exit_code == 2
    assert "config.toml:2: feeds.wire" in result.stderr
    assert "Traceback" not in result.output


def test_a_database_that_cannot_be_used_ends_a_command_with_the_cure(home: Home) -> None:
    (home.path.parent / "wirebell.db").write_bytes(b"this is no database" * 100)
    result = home.call("alerts", "list")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert "wirebell.db" in result.stderr


def test_the_entry_point_is_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["wirebell", "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("Usage: wirebell [OPTIONS] COMMAND")


def test_the_package_is_the_command(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "check"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "config.toml: there is no such file" in done.stderr
