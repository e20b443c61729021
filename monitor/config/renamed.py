"""Keys that were renamed: an old name is understood for a year, with a warning, and is a fault afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from monitor.config.lines import Key
from monitor.config.report import Report
from monitor.config.source import Place, Source

#: How long an old name is understood.
GRACE = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """A key and its new name, both dotted; ``*`` stands for a name of the user's, such as that of a rule."""

    old: str
    new: str
    on: date

    @property
    def until(self) -> date:
        """Return the first day on which the old name is a fault."""
        return self.on + GRACE


#: Neither ``include`` nor ``database``: they are looked up before anything else is.
RENAMED: tuple[Renamed, ...] = ()


def understood(source: Source, today: date | None, report: Report) -> Source:
    """Return the file with every key under its present name; without ``today`` old names are understood for ever."""
    for each in RENAMED:
        for old, new in _found(source.table, each):
            _tell(Place(source=source, key=old), Place(source=source, key=new), each, today, report)
            if not _holds(source.table, new):
                value = _get(source.table, old)
                table = _with(_without(source.table, old), new, value)
                source = replace(source, table=table, written={**source.written, new: old})
            else:
                source = replace(source, table=_without(source.table, old))
    return source


def _tell(old: Place, new: Place, renamed: Renamed, today: date | None, report: Report) -> None:
    if _holds(old.source.table, new.key):
        report.fault(old, f"stands beside {new.dotted}, its new name", "keep one of the two")
    elif today is not None and today >= renamed.until:
        report.fault(old, f"is called {new.dotted} since {renamed.on}", "write that")
    else:
        report.warn(
            old, f"is called {new.dotted} since {renamed.on}", f"write that; until {renamed.until} both are understood"
        )


def _found(table: Mapping[str, Any], renamed: Renamed) -> Iterator[tuple[Key, Key]]:
    """Yield where the old name stands in the file, and where the new one would."""
    new = renamed.new.split(".")
    for old in _matching(table, tuple(renamed.old.split("."))):
        names = iter([name for name, part in zip(old, renamed.old.split("."), strict=True) if part == "*"])
        yield old, tuple(next(names) if part == "*" else part for part in new)


def _matching(table: Any, pattern: tuple[str, ...]) -> list[Key]:  # noqa: ANN401 - a value may be anything
    if not pattern:
        return [()]
    if not isinstance(table, dict):
        return []
    first, *rest = pattern
    names = list(table) if first == "*" else [first] * (first in table)
    return [(name, *key) for name in names for key in _matching(table[name], tuple(rest))]


def _get(table: Any, key: Key) -> Any:  # noqa: ANN401 - as above
    for part in key:
        table = table[part]
    return table


def _holds(table: Any, key: Key) -> bool:  # noqa: ANN401 - as above
    for part in key:
        if not isinstance(table, dict) or part not in table:
            return False
        table = table[part]
    return True


def _without(table: Mapping[str, Any], key: Key) -> dict[str, Any]:
    first, *rest = key
    if rest:
        return {**table, str(first): _without(table[str(first)], tuple(rest))}
    return {name: value for name, value in table.items() if name != first}


def _with(table: Mapping[str, Any], key: Key, value: object) -> dict[str, Any]:
    first, *rest = key
    if not rest:
        return {**table, str(first): value}
    inner = table.get(str(first), {})
    if not isinstance(inner, dict):  # a fault of its own, that will be told
        return dict(table)
    return {**table, str(first): _with(inner, tuple(rest), value)}
