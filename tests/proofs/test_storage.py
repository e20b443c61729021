"""A disk that is full, fails or is held by another program costs time, and no alert."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.alert import DeliveryState
from monitor.cli.health import SILENCE
from monitor.errors import AlreadyRunning
from monitor.service import Service, Settings
from monitor.store.database import Database
from tests.conftest import ROOT
from tests.daemon import Daemon
from tests.http_server import HttpServer, Reply
from tests.proofs.newsroom import READY, Newsroom, copies, stop, wait_until
from tests.proofs.proving import figures, sized

pytestmark = pytest.mark.slow

#: Bytes of a disk that a new database fits on, with some space to spare.
SPACE = 2_000_000
#: Seconds within which a daemon must go on after its disk took writes again.
SOON = 60.0


@pytest.fixture
def room(tmp_path: Path, wire: HttpServer, receiver: HttpServer) -> Newsroom:
    return Newsroom(tmp_path, wire, receiver.reply("/hook", Reply(status=204)))


def lost(room: Newsroom, receiver: HttpServer) -> set[str]:
    return set(room.published) - {each.headline for each in copies(receiver.received)}


def check_nothing_was_lost(room: Newsroom, receiver: HttpServer) -> int:
    """Check that all that was published rang, once but for what says that it may repeat; return how much repeated."""
    arrived = copies(receiver.received)
    assert not lost(room, receiver)
    assert len({each.id for each in arrived}) == len(room.published)
    certain = Counter(each.headline for each in arrived if not each.may_repeat)
    assert max(certain.values()) == 1
    with closing(sqlite3.connect(room.folder / "wirebell.db")) as kept:
        assert kept.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert [each.state for each in room.deliveries()] == [DeliveryState.SENT] * len(room.published)
    return len(arrived) - len(room.published)


def errors(said: str) -> list[str]:
    return [line for line in said.splitlines() if re.search(r"\b(ERROR|Traceback)\b", line)]


def ask(folder: Path, *arguments: str, under: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Call a command beside the daemon."""
    return subprocess.run(
        [*under, sys.executable, "-m", "monitor", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


# --- a disk without space ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """A small file system, which only those see who come under it."""

    holder: int
    folder: Path

    @property
    def under(self) -> tuple[str, ...]:
        """Return the command that runs another where the disk is seen."""
        return ("nsenter", f"--target={self.holder}", "--mount", f"--wdns={self.folder.parent}")

    @property
    def seen(self) -> Path:
        """Return the path by which those see it who are not under it."""
        return Path(f"/proc/{self.holder}/root{self.folder}")

    def fill(self) -> None:
        with (self.seen / "filler").open("wb", buffering=0) as filler:
            filler.write(bytes(SPACE))  # as much of it as there is space for
            with pytest.raises(OSError, match="No space left"):
                filler.write(b"\0")

    def free(self) -> None:
        (self.seen / "filler").unlink()


@pytest.fixture
def disk(tmp_path: Path, tool: Callable[[str], str]) -> Iterator[Disk]:
    """A disk in a name space of its own, which ends with its last process."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = f'mount -t tmpfs -o size={SPACE},mode=700 tmpfs "$1" && echo ready && exec cat'
    command = [tool("unshare"), "--mount", "--propagation=private", "sh", "-c", mounted, "sh", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        if holder.stdout.readline() != "ready\n":
            pytest.skip("this user may not mount a file system")
        yield Disk(holder=holder.pid, folder=folder)
        holder.kill()


def keep_on(room: Newsroom, disk: Disk) -> None:
    """Have the room's database on the disk."""
    file = room.folder / "config.toml"
    config = file.read_text(encoding="utf-8")
    file.write_text(f'database = "sqlite:///{disk.folder.name}/wirebell.db"\n{config}', encoding="utf-8")


def test_a_full_disk_loses_nothing_and_is_gone_on_from_without_a_restart(
    room: Newsroom, receiver: HttpServer, disk: Disk
) -> None:
    keep_on(room, disk)
    receiver.reply("/hook", Reply(status=204, delay=0.3))
    room.publish(3)
    with Daemon(room.folder, under=disk.under) as daemon:
        wait_until(lambda: copies(receiver.received))
        disk.fill()  # while the others are being sent
        room.publish(20)
        daemon.wait_until_it_says("the disk is full; free some space")
        began = time.monotonic()
        wait_until(lambda: ask(room.folder, "status", "--live", under=disk.under).stdout.count("the disk is full"))
        status = ask(room.folder, "status", under=disk.under)
        assert (status.returncode, "but cannot use it" in status.stdout) == (1, True)
        time.sleep(sized(150, 3))
        assert ask(room.folder, "status", "--live", under=disk.under).returncode == 0
        full, waited = time.monotonic() - began, len(lost(room, receiver))
        disk.free()
        freed = time.monotonic()
        wait_until(lambda: not lost(room, receiver))
        back = time.monotonic() - freed
        daemon.wait_until_it_says("the database can be used again")
        wait_until(lambda: ask(room.folder, "status", under=disk.under).returncode == 0)
        stop(daemon)
        said = errors(daemon.said)
    shutil.copy(disk.seen / "wirebell.db", room.folder)
    repeats = check_nothing_was_lost(room, receiver)
    figures(
        "a full disk", full_for=f"{full:.0f} s", lost=0, waited=waited, repeats=repeats,
        back_after=f"{back:.1f} s", lines_of_log=len(said),
    )  # fmt: skip
    assert waited >= 20
    assert back < SOON
    assert len(said) <= 4 + 2 * full / 60


# --- a disk that fails -------------------------------------------------------------------------------------------


@contextmanager
def failing(daemon: Daemon, strace: str, error: str) -> Iterator[None]:
    """Let whatever the daemon writes to a file fail with the error."""
    calls = "pwrite64,fdatasync,ftruncate"
    command = [strace, "-f", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:error={error}"]
    with subprocess.Popen([*command, "-p", str(daemon.number)], stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr
        if "attached" not in (said := tracer.stderr.readline()):
            pytest.skip(f"this system does not let a process trace another: {said}")
        try:
            yield
        finally:
            tracer.terminate()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("EROFS", "the disk does not read or write; check the disk"),
        ("EIO", "the disk does not read or write; check the disk"),
        ("ENOSPC", "the disk is full; free some space"),
    ][: sized(3, 1)],
)
def test_a_disk_that_takes_no_write_is_gone_on_from_when_it_does(
    room: Newsroom, receiver: HttpServer, tool: Callable[[str], str], error: str, words: str
) -> None:
    receiver.reply("/hook", Reply(status=204, delay=0.3))
    with room.run() as daemon:
        daemon.wait_until_it_says(READY)
        room.publish(3)
        wait_until(lambda: copies(receiver.received))
        with failing(daemon, tool("strace"), error):
            room.publish(10)
            daemon.wait_until_it_says("monitor.loop: ")
            time.sleep(sized(45, 1))
            assert words in daemon.said
            waited = len(lost(room, receiver))
        freed = time.monotonic()
        wait_until(lambda: not lost(room, receiver))
        back = time.monotonic() - freed
        daemon.wait_until_it_says("the database can be used again")
        stop(daemon)
        said = errors(daemon.said)
    repeats = check_nothing_was_lost(room, receiver)
    figures(
        f"a disk that answers {error}", lost=0, waited=waited, repeats=repeats,
        back_after=f"{back:.1f} s", lines_of_log=len(said),
    )  # fmt: skip
    assert waited >= 10
    assert back < SOON
    assert len(said) <= 6


# --- a database that another holds -------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [sized(4, 3), *[32] * sized(1, 0)])
def test_while_another_program_holds_the_write_lock_nothing_is_lost_and_readers_are_answered(
    room: Newsroom, receiver: HttpServer, seconds: int
) -> None:
    with room.run() as daemon:
        daemon.wait_until_it_says(READY)
        with closing(sqlite3.connect(room.folder / "wirebell.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            room.publish(3)
            assert room.deliveries() == ()
            answered = time.monotonic() - began
            time.sleep(seconds - answered)
            beat = Database.last_beat(f"sqlite:///{room.folder / 'wirebell.db'}")
            assert beat is not None
            silent = datetime.now(UTC) - beat
            assert copies(receiver.received) == []
            other.rollback()
            held = time.monotonic() - began
        freed = time.monotonic()
        wait_until(lambda: not lost(room, receiver))
        back = time.monotonic() - freed
        stop(daemon)
        said = errors(daemon.said)
    assert silent < SILENCE
    repeats = check_nothing_was_lost(room, receiver)
    figures(
        f"a write lock held for {seconds} s", lost=0, repeats=repeats, back_after=f"{back:.1f} s",
        lines_of_log=len(said), reader_answered_in=f"{1000 * answered:.0f} ms",
    )  # fmt: skip
    assert back < SOON
    assert [line for line in said if "write lock" not in line] == []
    assert len(said) <= (0 if held < 5 else 3)


def test_a_second_daemon_is_refused_at_once(room: Newsroom) -> None:
    with room.run() as first:
        first.wait_until_it_says(READY)
        began = time.monotonic()
        with pytest.raises(AlreadyRunning, match=f"process {first.number} is running on it; stop that one, or use"):
            Service(Settings(path=room.folder / "config.toml", environment={}))
        refused = time.monotonic() - began
        with room.run() as second:
            assert second.end() == 3
        stop(first)
    figures("a second daemon", refused_in=f"{1000 * refused:.0f} ms without Python's start")
    assert refused < sized(1, 3)
