"""A real wirebell process for tests: started, watched, told by signals, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

#: Seconds that no wait outlasts.
PATIENCE = 60.0


class Daemon:
    """``wirebell run`` in a folder of its own; a context manager that kills it at the end if it still runs."""

    def __init__(
        self, folder: Path, *arguments: str, environment: dict[str, str] | None = None, under: Sequence[str] = ()
    ) -> None:
        """Start it; ``under`` is a command that runs it, such as a tracer."""
        self._process = subprocess.Popen(
            [*under, sys.executable, "-m", "monitor", "run", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "NO_COLOR": "1", **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        """Begin to read what it says."""
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Kill it if it still runs."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            with self._changed:
                self._lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    @property
    def said(self) -> str:
        """Return all that it has printed."""
        with self._changed:
            return "\n".join(self._lines)

    def wait_until_it_says(self, words: str) -> None:
        """Wait for the words; fail with all that was said."""
        with self._changed:
            if not self._changed.wait_for(lambda: any(words in line for line in self._lines), PATIENCE):
                message = f"it never said {words!r}:\n" + "\n".join(self._lines)
                raise AssertionError(message)

    @property
    def number(self) -> int:
        """Return the number of its process."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Return whether it runs no more."""
        return self._process.poll() is not None

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def end(self) -> int:
        """Wait until it has ended and return its exit code."""
        code = self._process.wait(PATIENCE)
        self._reader.join()
        return code
