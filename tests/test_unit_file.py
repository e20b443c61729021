"""The systemd unit: understood by systemd, shut tight, explained."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import ROOT

UNIT = ROOT / "systemd" / "wirebell.service"
#: systemd's own measure of what a service could do to its machine, from 0 to 10; 9.6 is a unit without any care.
EXPOSURE = 1.5

Tool = Callable[[str], str]


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """Return the unit with a program that this machine has, for systemd looks whether it is there."""
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/wirebell/bin/wirebell", "/bin/true"))
    return copy


def test_systemd_understands_every_line(unit: Path, tool: Tool) -> None:
    done = run(tool("systemd-analyze"), "verify", "--man=no", unit)
    assert (done.stderr, done.returncode) == ("", 0)


def test_what_systemd_does_not_understand_would_be_seen(unit: Path, tool: Tool) -> None:
    unit.write_text(unit.read_text().replace("ProtectSystem=strict", "ProtectSystem=perhaps"))
    assert "perhaps" in run(tool("systemd-analyze"), "verify", "--man=no", unit).stderr


def test_the_service_is_shut_tight(unit: Path, tool: Tool) -> None:
    done = run(tool("systemd-analyze"), "security", "--offline=true", f"--threshold={EXPOSURE * 10:.0f}", unit)
    exposure = re.search(r"exposure level for .*: ([\d.]+)", done.stdout)
    assert exposure is not None
    assert float(exposure[1]) <= EXPOSURE
    assert done.returncode == 0


def test_each_line_is_explained() -> None:
    lines = UNIT.read_text().splitlines()
    unexplained = [
        line for above, line in pairwise(lines) if line and line[0] not in "#[" and not above.startswith("# ")
    ]
    assert unexplained == []


def test_a_reload_is_the_signal_that_the_daemon_listens_for() -> None:
    assert "ExecReload=/bin/kill -HUP $MAINPID" in UNIT.read_text().splitlines()
