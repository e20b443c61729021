"""``wirebell db``: what is stored, a copy of it, and what was kept long enough."""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.options import config_option, json_option

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from monitor.config import Config
    from monitor.keep import Keep, Pruned
    from monitor.store.backup import Backup
    from monitor.store.census import Census, Holding
    from monitor.store.database import Database


@click.group()
def db() -> None:
    """Back the database up, see what it holds, and drop what was kept long enough; a daemon may be running."""


def _opened(config: Config) -> Database:
    """Return the database; raise StoreError where there is none, or one of another version."""
    from monitor.store.database import Database

    return Database.open(config.database, migrate=False, check=False)


# --- backup ------------------------------------------------------------------------------------------------------


@db.command()
@config_option()
@click.option("--force", is_flag=True, help="Replace FILE if there is one.")
@json_option
@click.argument("file", type=click.Path(path_type=Path))
def backup(*, file: Path, force: bool, as_json: bool) -> None:
    """Copy the database to FILE, look the copy through, and say how to put it back.

    Only its owner may read the copy. Nothing stands under the name FILE before the copy is whole and on the disk.

    Exit codes: 0 copied; 2 FILE cannot be written or is there already, or the config or the database cannot be used.
    """
    from monitor.cli import invocation
    from monitor.store.backup import backup as copy

    config, began = invocation.config(), time.monotonic()
    database = _opened(config)
    try:
        _check(file, database, force=force)
        made = copy(database, file)
    finally:
        database.close()
    _print_backup(made, file, database.file, time.monotonic() - began, as_json=as_json)


def _check(file: Path, database: Database, *, force: bool) -> None:
    """End the command where the copy must not have that name."""
    from monitor.cli import invocation

    beside = [
        database.file.with_name(f"{database.file.name}{end}") for end in ("", "-wal", "-shm", "-journal", ".lock")
    ]
    if file.resolve() in [each.resolve() for each in beside]:
        invocation.fail(f"{file} belongs to the database itself; name another file")
    if file.is_dir():
        invocation.fail(f"{file} is a folder; name a file in it")
    if file.exists() and not force:
        invocation.fail(f"{file} is there already; name another file, or give --force to replace it")
    if not file.parent.is_dir():
        invocation.fail(f"{file.parent} is no folder; create it: mkdir -p {file.parent}")


def _print_backup(made: Backup, file: Path, database: Path, took: float, *, as_json: bool) -> None:
    from monitor.cli import screen
    from monitor.keep import Size
    from monitor.store.database import restoring

    restore = restoring(database.name, str(file.absolute()))
    if as_json:
        screen.document(
            {
                "schema": "backup.v1",
                "file": str(file),
                "bytes": made.bytes,
                "seconds": round(took, 3),
                "rows": dict(made.rows),
                "restore": restore,
            }
        )
        return
    held = f"{screen.count(made.rows['item'], 'item')}, {screen.count(made.rows['alert'], 'alert')}"
    click.echo(f"{file}: {Size(made.bytes)} in {took:.1f} s, looked through and whole: {held}")
    click.echo(
        f"To put it back: stop wirebell, go to {database.absolute().parent}, then\n  {restore}\nand start wirebell."
    )


# --- stats -------------------------------------------------------------------------------------------------------


@db.command()
@config_option()
@json_option
def stats(*, as_json: bool) -> None:
    """Show what the database holds, how old it is, which feeds it comes from, and what would be dropped next.

    Exit codes: 0 shown; 2 the config or the database cannot be used.
    """
    from monitor.cli import invocation
    from monitor.store.census import census
    from monitor.store.retention import would_go

    config, now = invocation.config(), invocation.now()
    database = _opened(config)
    try:
        held = database.read_now(census)
        going = database.read_now(partial(would_go, keep=config.keep, now=now))
    finally:
        database.close()
    wal = database.file.with_name(f"{database.file.name}-wal")
    waiting = wal.stat().st_size if wal.exists() else 0
    if as_json:
        _print_document(held, going, waiting, config)
    else:
        _print_stats(held, going, waiting, config, now)


def _print_document(held: Census, going: Pruned, waiting: int, config: Config) -> None:
    from monitor.cli import screen

    screen.document(
        {
            "schema": "db.v1",
            "file": config.database_name,
            "bytes": held.pages.file,
            "free": held.pages.free,
            "wal": waiting,
            "items": _holding(held.items),
            "seen": _holding(held.seen),
            "alerts": _holding(held.alerts),
            "attempts": _holding(held.attempts),
            "configs": _holding(held.configs),
            "deliveries": {state.value: number for state, number in held.deliveries.items()},
            "feeds": [
                {"name": name, "items": number, "share": _share(number, held)} for name, number in held.feeds.items()
            ],
            "keep": _keep(config.keep),
            "next": _gone(going),
        }
    )


def _holding(held: Holding) -> dict[str, object]:
    from monitor.cli.shapes import time as stamp

    return {"count": held.count, "oldest": stamp(held.oldest), "newest": stamp(held.newest)}


def _keep(keep: Keep) -> dict[str, object]:
    from monitor.keep import age_words

    size = keep.size.bytes if keep.size else None
    return {"items": age_words(keep.items), "alerts": age_words(keep.alerts), "size": size}


def _gone(pruned: Pruned) -> dict[str, object]:
    return {
        "items": pruned.items,
        "for_room": pruned.for_room,
        "alerts": pruned.alerts,
        "seen": pruned.seen,
        "records": pruned.records,
        "configs": pruned.configs,
    }


def _share(number: int, held: Census) -> float:
    return round(number / held.items.count, 4) if held.items.count else 0.0


def _print_stats(held: Census, going: Pruned, waiting: int, config: Config, now: datetime) -> None:
    from monitor.cli import screen
    from monitor.cli.screen import when
    from monitor.keep import Size, age_words

    pages, keep = held.pages, config.keep
    click.echo(
        f"{config.database_name}: {Size(pages.file)}, {Size(pages.free)} of it free; {Size(waiting)} in its WAL\n"
    )
    kinds = {
        "items": held.items,
        "keys of entries": held.seen,
        "alerts and notices": held.alerts,
        "attempts": held.attempts,
        "configs": held.configs,
    }
    rows = [
        (name, f"{each.count:,}", when(each.oldest, now, config.zone), when(each.newest, now, config.zone))
        for name, each in kinds.items()
    ]
    screen.table(("kind", "count", "oldest", "newest"), rows)
    states = ", ".join(f"{number:,} {state}" for state, number in held.deliveries.items() if number)
    click.echo(f"\nDeliveries: {states or 'none'}\n")
    screen.table(
        ("feed", "items", "share"),
        [(name, f"{number:,}", f"{_share(number, held):.1%}") for name, number in held.feeds.items()],
    )
    limit = f", size {keep.size}" if keep.size else ""
    click.echo(f"\nKept: items {age_words(keep.items)}, alerts {age_words(keep.alerts)}{limit}")
    click.echo(f"Next to go: {going.words or 'nothing'}")


# --- prune -------------------------------------------------------------------------------------------------------


@db.command()
@config_option()
@click.option("--dry-run", is_flag=True, help="Say what would go, and drop nothing.")
@json_option
def prune(*, dry_run: bool, as_json: bool) -> None:
    """Drop now what was kept long enough, as the daemon does once a day.

    What is due, owed to a channel or listed by its feed stays, however old. `keep` in the config says how long is
    enough.

    Exit codes: 0 done; 1 the database is still larger than `keep.size`; 2 the config or the database cannot be used.
    """
    from monitor.cli import invocation, screen

    config, now = invocation.config(), invocation.now()
    database = _opened(config)
    try:
        pruned = _would_go(database, config.keep, now) if dry_run else _prune(database, config.keep, now)
    finally:
        database.close()
    large = config.keep.size is not None and pruned.after > config.keep.size.bytes
    if as_json:
        sizes = {"before": pruned.before, "after": pruned.after, "freed": pruned.freed}
        screen.document({"schema": "prune.v1", "dry_run": dry_run} | _gone(pruned) | sizes)
    else:
        _print_pruned(pruned, config.keep, dry_run=dry_run)
    sys.exit(invocation.FINDINGS if large and not dry_run else 0)


def _would_go(database: Database, keep: Keep, now: datetime) -> Pruned:
    from monitor.store.retention import would_go

    return database.read_now(partial(would_go, keep=keep, now=now))


def _prune(database: Database, keep: Keep, now: datetime) -> Pruned:
    from monitor.cli import screen
    from monitor.store.retention import Pruning

    pruning = Pruning(keep, now)

    def steps() -> Iterator[None]:
        more = True
        while more:
            began = time.monotonic()
            more = database.write_now(pruning.step)
            yield
            # SQLite gives its lock to whoever happens to ask: a daemon that waits for it must find it free.
            time.sleep(max(0.005, time.monotonic() - began))

    for _ in screen.track(steps(), "pruning"):
        pass
    return pruning.pruned


def _print_pruned(pruned: Pruned, keep: Keep, *, dry_run: bool) -> None:
    from monitor.keep import Size

    if dry_run:
        about = f" (about {pruned.for_room:,} of the items to fit into keep.size)" if pruned.for_room else ""
        click.echo(f"Would go: {pruned.words or 'nothing'}{about}")
        return
    room = f"{Size(pruned.freed)} went back to the disk, {Size(pruned.after)} are in use"
    click.echo(f"Gone: {pruned.words or 'nothing'}; {room}")
    if short := pruned.short_of_room(keep):
        click.echo(f"{short[:1].upper()}{short[1:]}", err=True)
