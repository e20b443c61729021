"""The container image's recipe: free of known faults, and apt for the program."""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.conftest import ROOT

RECIPE = ROOT / "Dockerfile"
#: hadolint comes with the development lock, beside the interpreter that runs the tests.
HADOLINT = Path(sysconfig.get_path("scripts")) / "hadolint"


def lint(recipe: Path) -> subprocess.CompletedProcess[str]:
    command = (HADOLINT, "--no-color", recipe)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def instructions(kind: str) -> list[str]:
    lines = RECIPE.read_text().replace("\\\n", "").splitlines()
    return [line.removeprefix(f"{kind} ") for line in lines if line.startswith(f"{kind} ")]


def test_the_recipe_has_no_known_fault() -> None:
    done = lint(RECIPE)
    assert (done.stdout, done.returncode) == ("", 0)


def test_a_known_fault_would_be_seen(tmp_path: Path) -> None:
    recipe = tmp_path / "Dockerfile"
    recipe.write_text("FROM debian\nRUN cd /tmp\n")
    assert "DL3003" in lint(recipe).stdout


def test_it_runs_as_a_numbered_user_without_rights() -> None:
    assert instructions("USER") == ["10001:10001"]


@pytest.mark.parametrize(("kind", "expected"), [("ENTRYPOINT", '["wirebell"]'), ("CMD", '["run"]')])
def test_the_daemon_is_the_first_process_and_gets_the_signals(kind: str, expected: str) -> None:
    assert instructions(kind) == [expected]


def test_its_health_is_the_progress_of_the_daemon() -> None:
    (check,) = instructions("HEALTHCHECK")
    assert check.endswith('CMD ["wirebell", "status", "--live"]')


def test_nothing_but_what_it_copies_is_sent_to_the_builder() -> None:
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        word.rstrip("/") for line in instructions("COPY") if not line.startswith("--from") for word in line.split()[:-1]
    }
    assert sent == copied
