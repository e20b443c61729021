"""A person at a terminal: a real command under a pseudo-terminal, read and typed to as people do."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Self

#: Seconds that no wait outlasts.
PATIENCE = 60.0
#: Makes the terminal the process's own, as a login does, so that passwords can be asked for without showing them.
_LOGIN = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"


class Terminal:
    """``wirebell`` in a folder of its own, at a terminal; a context manager that kills it if it still runs."""

    def __init__(self, folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> None:
        """Start it."""
        self._ours, theirs = os.openpty()
        root = str(Path(__file__).parents[1])
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LOGIN, sys.executable, "-m", "monitor", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": root, "NO_COLOR": "1", **(environment or {})},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._shown, self._read_up_to, self._ended = "", 0, False
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        """Begin to read what it shows."""
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Kill it if it still runs."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        os.close(self._ours)

    @property
    def shown(self) -> str:
        """Return all that stands on the screen."""
        with self._changed:
            return self._shown

    def answer(self, question: str, text: str) -> None:
        """Wait until the question stands on the screen below the last one, and type the answer."""
        with self._changed:
            if not self._changed.wait_for(lambda: question in self._shown[self._read_up_to :] or self._ended, PATIENCE):
                raise AssertionError(f"{question!r} was never asked:\n{self._shown}")
            assert question in self._shown[self._read_up_to :], self._shown
            self._read_up_to = len(self._shown)
        os.write(self._ours, f"{text}\n".encode())

    def end(self) -> int:
        """Wait until it has ended and return its exit code."""
        code = self._process.wait(PATIENCE)
        self._reader.join()
        return code

    def _read(self) -> None:
        while True:
            try:
                piece = os.read(self._ours, 4096)
            except OSError:  # how a terminal whose program has ended is read
                piece = b""
            with self._changed:
                self._shown += piece.decode("utf-8", "replace").replace("\r\n", "\n")
                self._ended = not piece
                self._changed.notify_all()
            if not piece:
                return
