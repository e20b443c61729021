"""The lock that one daemon holds on its database."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

#: Bytes of the file: written anew in place, so that they can be where the disk has no space for more.
_SIZE = 1024


class Lock:
    """A flock(2) on a file beside the database: the kernel drops it when its holder ends, however that ends."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(f"{database.name}.lock")
        self._held: int | None = None

    def take(self) -> bool:
        """Take the lock and write this process's number into it; return whether that worked."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._held = file
        self._write("")
        return True

    def drop(self) -> None:
        """Give the lock back. The file stays: removing it would let two processes lock two files of one name."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def beat(self, trouble: str = "") -> None:
        """Leave a sign of life, and what is in the way of its holder: the time of the file is that of the last one.

        Where that cannot be written either, what is in the way shows in that the signs have ended.
        """
        if self._held is None:
            return
        self._write(trouble)
        with suppress(OSError):
            os.utime(self._held)

    def _write(self, trouble: str) -> None:
        assert self._held is not None  # noqa: S101 - only its holder writes
        signed = f"{os.getpid()}\n{' '.join(trouble.split())}".encode()
        whole = signed[:_SIZE].ljust(_SIZE)
        with suppress(OSError):
            if os.pread(self._held, _SIZE + 1, 0) != whole:
                os.pwrite(self._held, whole, 0)
                os.ftruncate(self._held, _SIZE)

    def last_beat(self) -> datetime | None:
        """Return when its holder, or the one before, left the last sign of life; None if there was never one."""
        with suppress(FileNotFoundError):
            return datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
        return None

    def holder(self) -> int | None:
        """Return the number of the process that holds the lock, 0 if it cannot be told, None if there is none."""
        signed = self._signed()
        if signed is None:
            return None
        number = signed.partition("\n")[0].strip()
        return int(number) if number.isdecimal() else 0

    def trouble(self) -> str:
        """Return what its holder says is in its way; empty where nothing is, or where there is none."""
        return (self._signed() or "").partition("\n")[2].strip()

    def _signed(self) -> str | None:
        """Return what the holder wrote, None if there is none."""
        with suppress(FileNotFoundError):
            file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return os.read(file, _SIZE).decode(errors="replace")
            finally:
                os.close(file)
        return None
