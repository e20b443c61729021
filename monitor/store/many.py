"""Many rows at once, bound by the types of their columns alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.dialects import sqlite

from monitor.store.database import Tx

_DIALECT = sqlite.dialect()


class Insert:
    """An insert of rows that all have the same columns.

    SQLAlchemy compiles it, once. Its own way makes the parameters of each row through a mapping of all of them, which
    took as long as SQLite takes for the row.
    """

    def __init__(self, into: Table, columns: Sequence[str]) -> None:
        """Prepare it for rows of these columns."""
        self._sql = str(insert(into).compile(dialect=_DIALECT, column_keys=columns))
        self._binds = [(name, _bind(into, name)) for name in into.c.keys() if name in columns]  # noqa: SIM118 - no dict

    def into(self, tx: Tx, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add the rows, of which there is at least one."""
        binds = self._binds
        bound = [tuple([bind(row[name]) if bind else row[name] for name, bind in binds]) for row in rows]
        tx.exec_driver_sql(self._sql, bound)


def _bind(table: Table, name: str) -> Callable[[Any], Any] | None:
    """Return what makes a value of the column one that the driver takes; None where it takes it as it is."""
    return table.c[name].type.dialect_impl(_DIALECT).bind_processor(_DIALECT)
