"""What it costs to keep five new items after a poll: by the store, by sqlite3 alone, and by SQLModel's sessions.

All three do the same on tables of the same kind, in one transaction each: look up which of the feed's hundred keys are
known, save the feed with what it listed, add five items and their five keys, count the poll. ``sqlite3`` does it in six
statements written by hand, and SQLModel as its documentation shows it: a session, ``add_all``, ``commit``. They take
turns, poll by poll, so that a noisy neighbour meets each of them; what counts are the ratios of the medians.

    python benchmarks/storing.py [--polls 300] [--folder FOLDER] [--items 20000]

A folder in memory (the default, where there is one) shows what the code costs; one on a disk adds the same wait for the
disk to all three.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import Engine, create_engine, event
from sqlmodel import Session, col, select

from monitor import item as items
from monitor.feed import Feed
from monitor.item import Entry, Reading
from monitor.store import feeds
from monitor.store import items as item_rows
from monitor.store.database import Database, Tx
from monitor.store.items import Arrival
from monitor.store.tables import CoverageRow, FeedRow, ItemRow, SeenRow

NOW = datetime(2026, 11, 24, 10, 11, tzinfo=UTC)
DAY = (NOW - datetime(1970, 1, 1, tzinfo=UTC)).days
FEEDS, WINDOW, NEW = 100, 100, 5


def arrival(number: int) -> Arrival:
    """Return an item of about 600 characters, as wires send them."""
    entry = Entry(
        guid=f"https://wire.example/{number}",
        link=f"https://wire.example/world/{number}",
        headline=f"Ministers meet for the {number}th time, and leave without a word to the press",
        lead="They met on Tuesday behind closed doors, three officials said. " * 4,
        body="Nothing was signed, and nobody expects that to change before the winter is over. " * 3,
        author="A. Writer",
        categories=("world", "politics"),
        published=NOW,
    )
    key, digest = items.key(entry), items.digest(entry)
    return Arrival(key=key, entry=entry, digest=digest, seen_at=NOW, baseline=False, reading=Reading.NOT_WANTED)


class Store:
    """The store as the pipeline uses it."""

    def __init__(self, file: Path) -> None:
        self.database = Database.open(f"sqlite:///{file}")
        declared = [
            Feed(name=f"feed{n}", url=f"https://{n}.example/", interval=timedelta(minutes=5)) for n in range(FEEDS)
        ]
        self.database.write_now(partial(feeds.sync, declared=declared, now=NOW))
        until = NOW + timedelta(days=1)
        self.database.write_now(partial(feeds.claim, now=NOW, limit=FEEDS, lease="mine", until=until))
        self.states = {state.id: state for state in self.database.read_now(feeds.all_states)}

    def lease_again(self) -> None:
        """Make every feed one that is being polled, which saving ends."""
        self.database.write_now(lambda tx: tx.exec_driver_sql("UPDATE feed SET lease = 'mine'"))

    def poll(self, feed_id: int, keys: Sequence[bytes], new: Sequence[Arrival]) -> None:
        """Keep what a poll found."""
        after = replace(self.states[feed_id], polled_at=NOW, etag='"1"', window=_listed(keys))

        def write(tx: Tx) -> None:
            assert feeds.save(tx, after)
            item_rows.known(tx, feed_id, keys)
            item_rows.add(tx, feed_id, new)

        self.database.write_now(write)

    def close(self) -> None:
        self.database.close()


def _listed(keys: Sequence[bytes]) -> bytes:
    return b"".join(key[:8] for key in keys)


#: What a poll learns of a feed, but for times and what it listed, and the values that all polls here find.
_LEARNT = (None, "", None, '"1"', None, None, 0, "ok", "", 0, None, None, None, None, 0, None, 0, 0.0, 0.0)
_SAVE = (
    "UPDATE feed SET moved_to=?, title=?, language=?, etag=?, modified=?, body_hash=?, failures=?, state=?, reason=?,"
    " slow=?, cause=?, since=?, look_at=?, changed_at=?, returns=?, within=?, ttl=?, news=?, watched=?, baseline_at=?,"
    " polled_at=?, next_poll_at=?, window=?, lease=NULL, leased_until=NULL WHERE id=? AND lease=?"
)
_COUNT = (
    "INSERT INTO coverage(feed_id, day, polls, answers, unchanged, failures, first_at, last_at, answered_at, gap,"
    " outage, told) VALUES (?, ?, 1, 1, 0, 0, ?, ?, ?, 0, 0, 0) ON CONFLICT(feed_id, day) DO UPDATE SET"
    " polls=polls+1, answers=answers+1, gap=max(gap, excluded.last_at-last_at), last_at=excluded.last_at,"
    " answered_at=excluded.last_at"
)


class Raw:
    """The same by statements written for it, on a connection of its own."""

    def __init__(self, file: Path) -> None:
        self._link = sqlite3.connect(file, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._link.execute(f"PRAGMA {pragma}")

    def poll(self, feed_id: int, keys: Sequence[bytes], new: Sequence[Arrival]) -> None:
        """Keep what a poll found."""
        link, now = self._link, int(NOW.timestamp() * 1_000_000)
        link.execute("BEGIN IMMEDIATE")
        link.execute(_COUNT, (feed_id, DAY, now, now, now))
        link.execute(_SAVE, (*_LEARNT, now, now, now, _listed(keys), feed_id, "mine"))
        marks = ",".join("?" * len(keys))
        known = f"SELECT key, item_id, digest FROM seen WHERE feed_id=? AND key IN ({marks})"  # noqa: S608 - marks
        link.execute(known, (feed_id, *keys)).fetchall()
        first = link.execute("SELECT coalesce(max(id), 0) + 1 FROM item").fetchone()[0]
        link.executemany(
            "INSERT INTO item(id, feed_id, key, version, seen_at, baseline, judge_due_at, reading, reading_reason,"
            " reading_tries, guid, link, headline, lead, body, author, categories, published)"
            " VALUES (?,?,?,1,?,0,?,'not wanted','',0,?,?,?,?,?,?,?,?)",
            [(first + n, feed_id, each.key, now, now, *_words(each.entry), now) for n, each in enumerate(new)],
        )
        link.executemany(
            "INSERT INTO seen VALUES (?,?,?,?,?)",
            [(feed_id, each.key, first + n, each.digest, now) for n, each in enumerate(new)],
        )
        link.execute("COMMIT")

    def close(self) -> None:
        self._link.close()


def _words(entry: Entry) -> tuple[str, ...]:
    return (
        entry.guid,
        entry.link,
        entry.headline,
        entry.lead,
        entry.body,
        entry.author,
        json.dumps(entry.categories),
    )


class Sessions:
    """The same by SQLModel: objects, a session, a commit."""

    def __init__(self, file: Path) -> None:
        self._engine: Engine = create_engine(f"sqlite:///{file}")

        @event.listens_for(self._engine, "connect")
        def _(link: sqlite3.Connection, _record: object) -> None:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                link.execute(f"PRAGMA {pragma}")

    def poll(self, feed_id: int, keys: Sequence[bytes], new: Sequence[Arrival]) -> None:
        """Keep what a poll found."""
        with Session(self._engine) as session:
            feed = session.get_one(FeedRow, feed_id)
            feed.polled_at, feed.etag, feed.lease, feed.window = NOW, '"1"', None, _listed(keys)
            if day := session.get(CoverageRow, (feed_id, DAY)):
                day.polls, day.answers, day.last_at, day.answered_at = day.polls + 1, day.answers + 1, NOW, NOW
            else:
                counts: dict[str, Any] = {"polls": 1, "answers": 1, "unchanged": 0, "failures": 0}
                session.add(CoverageRow(feed_id=feed_id, day=DAY, first_at=NOW, last_at=NOW, answered_at=NOW, **counts))
            session.exec(select(SeenRow).where(SeenRow.feed_id == feed_id, col(SeenRow.key).in_(keys))).all()
            rows = [_row(feed_id, each) for each in new]
            session.add_all(rows)
            session.flush()
            session.add_all(
                SeenRow(feed_id=feed_id, key=each.key, item_id=row.id or 0, digest=each.digest, at=each.seen_at)
                for row, each in zip(rows, new, strict=True)
            )
            session.commit()

    def close(self) -> None:
        self._engine.dispose()


def _row(feed_id: int, new: Arrival) -> ItemRow:
    entry = new.entry
    return ItemRow(
        feed_id=feed_id,
        key=new.key,
        seen_at=new.seen_at,
        baseline=False,
        judge_due_at=new.seen_at,
        reading=Reading.NOT_WANTED.value,
        guid=entry.guid,
        link=entry.link,
        headline=entry.headline,
        lead=entry.lead,
        body=entry.body,
        author=entry.author,
        categories=list(entry.categories),
        published=entry.published,
    )


Way = Store | Raw | Sessions


def measure(folder: Path, polls: int, stored: int) -> Mapping[str, Sequence[float]]:
    """Return, for each way, the seconds of every poll."""
    ways, leases = _open(folder, stored)
    taken: dict[str, list[float]] = {name: [] for name in ways}
    number = 10_000_000
    for poll in range(polls):
        for again in leases:
            again()
        keys = [items.key(Entry(guid=f"https://wire.example/{poll * WINDOW + n}")) for n in range(WINDOW - NEW)]
        for name, way in ways.items():
            new = [arrival(number + n) for n in range(NEW)]
            number += NEW
            began = time.perf_counter()
            way.poll(1 + poll % FEEDS, [*keys, *(each.key for each in new)], new)
            taken[name].append(time.perf_counter() - began)
    for way in ways.values():
        way.close()
    return taken


def _open(folder: Path, stored: int) -> tuple[Mapping[str, Way], Sequence[Callable[[], None]]]:
    """Return the three ways, each over a database of its own that holds so many items, and what renews the leases."""
    filled = {name: Store(folder / f"{name}.db") for name in ("sqlite3", "store", "sqlmodel")}
    for store in filled.values():
        for first in range(0, stored, 1000):
            new = [arrival(first + n) for n in range(1000)]
            store.database.write_now(partial(item_rows.add, feed_id=1 + first // 1000 % FEEDS, new=new))
    ways: dict[str, Way] = {
        "sqlite3": Raw(folder / "sqlite3.db"),
        "store": filled["store"],
        "sqlmodel": Sessions(folder / "sqlmodel.db"),
    }
    return ways, [store.lease_again for store in filled.values()]


def main() -> None:
    """Measure and print."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    options = argparse.ArgumentParser(description="What it costs to keep five new items after a poll.")
    options.add_argument("--polls", type=int, default=300)
    options.add_argument("--items", type=int, default=20_000, help="items that are there before")
    options.add_argument("--folder", type=Path, default=memory if memory.is_dir() else None)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        taken = measure(Path(folder), given.polls, given.items)
    base = median(taken["sqlite3"])
    for name, seconds in taken.items():
        middle, late = median(seconds), sorted(seconds)[int(len(seconds) * 0.95)]
        print(f"{name:<9} median {middle * 1e3:6.3f} ms   p95 {late * 1e3:6.3f} ms   x{middle / base:.2f} of sqlite3")


if __name__ == "__main__":
    main()
