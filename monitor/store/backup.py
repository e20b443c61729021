"""A copy of the database in one file, looked through before it counts as one."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from monitor.errors import StoreError
from monitor.store.database import Database, Tx
from monitor.store.tables import metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A copy that was made."""

    bytes: int
    #: Rows by table.
    rows: Mapping[str, int]


def backup(database: Database, to: Path) -> Backup:
    """Copy the database to a file, in the place of one that is there; the file is whole, or as it was before.

    A daemon may be writing meanwhile. Raises StoreError where the copy could not be made, or is no good.
    """
    part = to.with_name(f"{to.name}.{os.getpid()}.part")
    try:
        before = database.read_now(_rows)
        database.copy_to(part)
        rows = _checked(part, before, database.read_now(_rows))
        size = part.stat().st_size
        _synced(part)
        part.replace(to)
        _synced(to.parent)
    except OSError as error:
        raise StoreError(f"{to}: {error.strerror}; nothing was written") from error
    except sqlite3.DatabaseError as error:
        raise _strange(str(error)) from error
    finally:
        part.unlink(missing_ok=True)
    return Backup(bytes=size, rows=rows)


def _rows(tx: Tx) -> Mapping[str, int]:
    counts = {name: select(func.count()).select_from(table) for name, table in metadata.tables.items()}
    return {name: tx.execute(count).scalar_one() for name, count in counts.items()}


def _checked(copy: Path, before: Mapping[str, int], after: Mapping[str, int]) -> Mapping[str, int]:
    """Return the rows of the copy; raise StoreError if it is damaged, or lacks what the database has."""
    # Immutable: nothing is to be written beside it, such as a -wal.
    with closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as link:
        found = link.execute("PRAGMA quick_check(1)").fetchone()[0]
        rows = {name: link.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in before}  # noqa: S608 - ours
    # What a daemon adds or drops meanwhile may be in the copy or not.
    others = [
        name
        for name, count in rows.items()
        if not min(before[name], after[name]) <= count <= max(before[name], after[name])
    ]
    if found != "ok":
        raise _strange(found)
    if others:
        raise _strange(f"other rows in {', '.join(others)}")
    return rows


def _strange(detail: str) -> StoreError:
    return StoreError(f"the copy is damaged ({detail}), and was removed; check disk and memory, and try again")


def _synced(path: Path) -> None:
    """Have what was written of a file or a folder on the disk, also if the power fails now."""
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
