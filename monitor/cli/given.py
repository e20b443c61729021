"""Items that commands try rules on: from a file, or from what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from monitor.backtest import BadLine, Given
    from monitor.config import Config

#: How many bad lines of a file are named one by one.
_NAMED = 20


class Complaints:
    """Lines that are no items, each named on stderr up to a number of them."""

    def __init__(self) -> None:
        self._count = 0

    def sift(self, lines: Iterator[Given | BadLine]) -> Iterator[Given]:
        """Yield the items, and complain about the rest."""
        from monitor.backtest import BadLine

        for line in lines:
            if not isinstance(line, BadLine):
                yield line
                continue
            self._count += 1
            if self._count <= _NAMED:
                click.echo(str(line), err=True)
        if self._count > _NAMED:
            click.echo(f"{self._count - _NAMED} more lines are no items", err=True)

    @property
    def code(self) -> int:
        """Return the exit code that follows."""
        from monitor.cli.invocation import USAGE

        return USAGE if self._count else 0


def from_file(file: Path, config: Config, now: datetime) -> Iterator[Given | BadLine]:
    """Yield the items of a file, and what is wrong with lines that are none."""
    from monitor.backtest import read

    return read(file, {feed.name: feed for feed in config.feeds}, now)


def newest(config: Config, since: datetime, most: int) -> list[Given]:
    """Return so many of the stored items that were seen since then; raise StoreError."""
    from monitor import backtest
    from monitor.cli import invocation
    from monitor.store import items

    kept = invocation.read(config, lambda tx: () if tx is None else items.since(tx, since, most))
    return list(backtest.stored(kept, {feed.name: feed for feed in config.feeds}))


def stored(config: Config, since: datetime, *, newest_first: bool) -> list[Given]:
    """Return the stored items that were seen since then."""
    from monitor import backtest
    from monitor.cli import invocation

    kept = invocation.kept_items(config, since)
    ordered = kept if newest_first else reversed(kept)
    return list(backtest.stored(ordered, {feed.name: feed for feed in config.feeds}))
