"""The lock that one daemon holds on its database."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path


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
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        self._held = file
        return True

    def drop(self) -> None:
        """Give the lock back. The file stays: removing it would let two processes lock two files of one name."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def beat(self) -> None:
        """Leave a sign of life: the time of the file is that of the last one."""
        if self._held is not None:
            os.utime(self._held)

    def last_beat(self) -> datetime | None:
        """Return when its holder, or the one before, left the last sign of life; None if there was never one."""
        with suppress(FileNotFoundError):
            return datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
        return None

    def holder(self) -> int | None:
        """Return the number of the process that holds the lock, 0 if it cannot be told, None if there is none."""
        with suppress(FileNotFoundError):
            file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(os.read(file, 20) or 0)
            finally:
                os.close(file)
        return None
