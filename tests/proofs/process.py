"""What a process takes of its machine, as Linux counts it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def family(number: int) -> tuple[int, ...]:
    """Return a process and all that it started, itself first."""
    return (number, *(below for child in _children(number) for below in family(child)))


def _children(number: int) -> Iterator[int]:
    for task in Path(f"/proc/{number}/task").glob("*/children"):
        yield from map(int, _read(task).split())


def memory(number: int) -> int:
    """Return the bytes that a process holds in memory, of which some may be shared with others."""
    fields = _read(Path(f"/proc/{number}/statm")).split()
    return int(fields[1]) * _PAGE if fields else 0


def own_memory(number: int) -> int:
    """Return the bytes of a process, those that it shares counted in parts."""
    lines = _read(Path(f"/proc/{number}/smaps_rollup")).splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def seconds(number: int) -> float:
    """Return the seconds of a core that a process has taken."""
    fields = _read(Path(f"/proc/{number}/stat")).rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS if fields else 0.0


def descriptors(number: int) -> int:
    """Return how many files and sockets a process holds open."""
    return len(os.listdir(f"/proc/{number}/fd"))  # noqa: PTH208 - counted, not walked


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:  # it has ended
        return ""
