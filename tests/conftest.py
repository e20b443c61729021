"""What all tests share: where the evaluation data lies, and tools that a machine may lack."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from monitor.store.database import Database
from tests.proofs import proving

ROOT = Path(__file__).parents[1]
#: Third-party texts to measure with; they lie beside the repository and are never part of it.
SHARED = ROOT.parent / "shared"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"no evaluation data at {SHARED}")


@pytest.fixture
def tool() -> Callable[[str], str]:
    """Return what finds a program; without it the test is skipped, or fails in CI, where ``./dev test`` installs it."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"this machine lacks {name}")
        return path

    return find


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database without a row; making one takes 50 ms, which is much for every test."""
    file = tmp_path_factory.mktemp("empty") / "wirebell.db"
    Database.open(f"sqlite:///{file}").close()
    return file.read_bytes()


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """Give the log back as it was: a command that ran in this process has begun one of its own."""
    root, ours = logging.getLogger(), logging.getLogger("monitor")
    handlers, level = [*root.handlers], ours.level
    yield
    root.handlers[:] = handlers
    ours.setLevel(level)


#: How the figures of a proof travel from the process that ran it.
FIGURES = "figures"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Give a report what the proof has found up to now."""
    report = yield
    report.user_properties += [(FIGURES, line) for line in proving.FOUND]
    proving.FOUND.clear()
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the proofs found."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, line in getattr(report, "user_properties", ()):
                if name == FIGURES:
                    terminalreporter.write_line(str(line))
