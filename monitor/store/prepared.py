"""Statements that every poll needs: written in SQLAlchemy and compiled once, then run by the driver itself.

SQLAlchemy's own way to run one takes ten times as long as SQLite. The transaction is the same.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Insert, Select, Update
from sqlalchemy.dialects import sqlite

from monitor.store.database import Tx, driver

_DIALECT = sqlite.dialect()


class _Compiled:
    """The words of a statement, and what is bound to its marks."""

    def __init__(self, statement: Insert | Update | Select[*tuple[Any, ...]], columns: Sequence[str] | None) -> None:
        compiled = statement.compile(dialect=_DIALECT, column_keys=columns)
        self._sql = str(compiled)
        self._bound: list[Any] = []
        self._open: list[tuple[int, str, Callable[[Any], Any] | None]] = []
        for place, name in enumerate(compiled.positiontup or ()):
            bind = compiled.binds[name]
            convert = bind.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)
            if bind.required:
                self._open.append((place, name, convert))
            self._bound.append(convert(bind.value) if convert and not bind.required else bind.value)

    def _with(self, values: Mapping[str, Any]) -> Sequence[Any]:
        bound = self._bound[:]
        for place, name, convert in self._open:
            bound[place] = convert(values[name]) if convert else values[name]
        return bound


class Statement(_Compiled):
    """An insert or update, whose parameters are given by name."""

    def __init__(self, statement: Insert | Update, columns: Sequence[str] | None = None) -> None:
        """Compile it; ``columns`` are those that an insert without values of its own is given."""
        super().__init__(statement, columns)

    def run(self, tx: Tx, values: Mapping[str, Any]) -> int:
        """Run it, and return how many rows it met."""
        return driver(tx).execute(self._sql, self._with(values)).rowcount

    def run_each(self, tx: Tx, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run it once with each of the values."""
        driver(tx).executemany(self._sql, map(self._with, rows))


class Query(_Compiled):
    """A question, whose parameters are given by name."""

    def __init__(self, question: Select[*tuple[Any, ...]], row: type[tuple[Any, ...]] | None = None) -> None:
        """Compile it; ``row`` is the named tuple of its columns that each row is given as, where there is one."""
        super().__init__(question, None)
        columns = question.selected_columns
        self._row: Any = row or namedtuple("Row", columns.keys())  # noqa: PYI024 - known when it runs
        reads = (column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None) for column in columns)
        self._reads = [(place, read) for place, read in enumerate(reads) if read]

    def rows(self, tx: Tx, values: Mapping[str, Any]) -> Sequence[Any]:
        """Return the rows, which have the columns as attributes."""
        found = driver(tx).execute(self._sql, self._with(values))
        return [*map(self._read if self._reads else self._row._make, found)]

    def _read(self, kept: Sequence[Any]) -> Any:  # noqa: ANN401 - a row of any columns
        row = list(kept)
        for place, read in self._reads:
            if row[place] is not None:  # which stands for itself in every column
                row[place] = read(row[place])
        return self._row._make(row)
