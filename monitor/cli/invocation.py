"""What most commands begin with: the config, and the database that it names."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import click

from monitor.cli.options import config_path

if TYPE_CHECKING:
    from monitor.channel import Channel
    from monitor.config import Config
    from monitor.item import Item
    from monitor.judge import Watch
    from monitor.store.database import Tx

#: Stored items that a command takes at once; with their articles, 50,000 have some 200 MB.
MOST_ITEMS = 50_000
#: So many rules are named to one who named none of them.
_MOST_NAMED = 8
T = TypeVar("T")
#: Exit codes, the same everywhere; ``docs/reference/commands.md`` lists them.
FINDINGS, USAGE, NO_DAEMON, PARTLY_FAILED = 1, 2, 3, 4


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def config() -> Config:
    """Return the config that the command line names; raise ConfigError."""
    from monitor import config as configs

    return configs.load(config_path(), environment=os.environ, today=now().date())


def watch(loaded: Config, name: str) -> Watch:
    """Return the rule of that name; end the command where there is none."""
    found = next((watch for watch in loaded.watches if watch.name == name), None)
    if found is None:
        names = ", ".join(watch.name for watch in loaded.watches[:_MOST_NAMED])
        fail(f"no rule is called {name!r}; there are {names}{' …' if len(loaded.watches) > _MOST_NAMED else ''}")
    return found


def channel(loaded: Config, name: str) -> Channel:
    """Return the channel of that name; end the command where there is none."""
    found = next((channel for channel in loaded.channels if channel.name == name), None)
    if found is None:
        known = ", ".join(each.name for each in loaded.channels)
        fail(f"no channel is called {name!r}; known are {known}")
    return found


def has_database(loaded: Config) -> bool:
    """Return whether there is a database: one made by a mere question might belong to another user than the daemon."""
    return Path(loaded.database.removeprefix("sqlite:///")).exists()


def read(loaded: Config, question: Callable[[Tx | None], T]) -> T:
    """Return what the question finds in the database, None standing for one that is not there yet; raise StoreError.

    A daemon may be writing meanwhile.
    """
    from monitor.store.database import Database

    if not has_database(loaded):
        return question(None)
    database = Database.open(loaded.database, migrate=False, check=False)
    try:
        return database.read_now(question)
    finally:
        database.close()


def write(loaded: Config, change: Callable[[Tx], T]) -> T:
    """Return what the change of the database returns; a daemon may be running, and sees it; raise StoreError."""
    from monitor.store.database import Database

    database = Database.open(loaded.database, migrate=False, check=False)
    try:
        return database.write_now(change)
    finally:
        database.close()


def kept_items(loaded: Config, since: datetime) -> tuple[Item, ...]:
    """Return the stored items that were seen since then, newest first; say so where there are more than are taken."""
    from monitor.store import items

    def question(tx: Tx | None) -> tuple[Item, ...]:
        return () if tx is None else items.since(tx, since, MOST_ITEMS)

    found = read(loaded, question)
    if len(found) == MOST_ITEMS:
        click.echo(f"Only the newest {MOST_ITEMS:,} items are taken.", err=True)
    return found


def fail(message: str, code: int = USAGE) -> NoReturn:
    """End the command with a message."""
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)
