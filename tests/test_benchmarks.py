"""Benchmarks go with the program that they measure."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def test_a_benchmark_measures_the_store_of_today_beside_what_would_be_used_instead(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARKS / "storing.py"), "--polls=2", "--items=1000", f"--folder={tmp_path}"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (0, "")
    assert [line.split()[0] for line in told.stdout.splitlines()] == ["sqlite3", "store", "sqlmodel"]
