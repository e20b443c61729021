"""Daemons that start in a tenth of a second, forked from a process that has imported all of wirebell already.

Of a daemon's second to start most are imports, and proofs that kill thousands would spend their time on them.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Self

from tests.daemon import PATIENCE
from tests.proofs import tracer
from tests.proofs.tracer import Report

_ROOT = Path(__file__).parents[2]


class Nursery:
    """The process that daemons are forked from, one at a time."""

    def __init__(self) -> None:
        self._started = 0

    def __enter__(self) -> Self:
        """Start it; it imports while the test goes on."""
        hidden = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")  # a coverage of the killed is lost anyway
        kept = {name: value for name, value in os.environ.items() if name not in hidden}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.proofs.nursery"],
            cwd=_ROOT,
            env={**kept, "PYTHONPATH": str(_ROOT), "NO_COLOR": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # what waits to be read is seen
        )
        return self

    def __exit__(self, *_: object) -> None:
        """End it, and the daemon that still runs."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.terminate()
        self._process.wait(PATIENCE)
        self._process.stdout.close()

    def start(self, folder: Path, *arguments: str, point: int | None = None) -> Infant:
        """Start ``wirebell run``; with a point it is followed, and killed there unless that is 0."""
        self._started += 1
        said = folder / f"said-{self._started}.txt"  # readers of one that was killed may have words left for its own
        said.touch()
        order = {"folder": str(folder), "said": str(said), "arguments": ["run", *arguments], "point": point}
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return Infant(said, int(self.hear()), self)

    @property
    def has_word(self) -> bool:
        """Return whether it has something to say."""
        assert self._process.stdout
        return bool(select.select([self._process.stdout], [], [], 0)[0])

    def hear(self) -> str:
        """Return the next line that it says."""
        assert self._process.stdout
        assert select.select([self._process.stdout], [], [], PATIENCE)[0], "the nursery is silent"
        return self._process.stdout.readline().decode()


class Infant:
    """A daemon of the nursery."""

    def __init__(self, said: Path, number: int, nursery: Nursery) -> None:
        self._said, self._nursery = said, nursery
        self.number = number

    @property
    def said(self) -> str:
        """Return all that it has printed."""
        return self._said.read_text(encoding="utf-8", errors="replace")

    @property
    def has_ended(self) -> bool:
        """Return whether it runs no more."""
        return self._nursery.has_word

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.number, number)

    def end(self) -> Report:
        """Wait until it has ended, and return what was seen of it."""
        return Report(**json.loads(self._nursery.hear()))


# --- in the nursery ----------------------------------------------------------------------------------------------


def _become(folder: str, said: str, arguments: Sequence[str], point: int | None) -> None:
    """Be ``wirebell`` with the arguments, in the folder."""
    os.chdir(folder)
    silence, words = os.open(os.devnull, os.O_RDONLY), os.open(said, os.O_WRONLY | os.O_APPEND)
    for ours, standard in ((silence, 0), (words, 1), (words, 2)):
        os.dup2(ours, standard)
    sys.argv = ["wirebell", *arguments]
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if point is not None:
        tracer.offer()
    from monitor import __main__, cli  # noqa: PLC0415 - imported before the fork

    sys.modules["__main__"] = __main__  # a reader's process imports the main module of the daemon's
    cli.main()


def _raise(folder: str, said: str, arguments: Sequence[str], point: int | None) -> None:
    """Fork a daemon, tell its number, and at its end what was seen of it."""
    pid = os.fork()
    if pid == 0:
        _become(folder, said, arguments, point)
        sys.exit()

    def end(*_: object) -> None:
        os.kill(pid, signal.SIGKILL)
        sys.exit()

    signal.signal(signal.SIGTERM, end)
    print(pid, flush=True)
    if point is None:
        report = Report(code=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    else:
        report = tracer.follow(pid, point)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    print(json.dumps(asdict(report)), flush=True)


def _main() -> None:
    for shared in ("monitor.__main__", "monitor.cli.run", "monitor.service"):
        import_module(shared)

    for line in sys.stdin:
        _raise(**json.loads(line))


if __name__ == "__main__":
    _main()
