"""Feeds, items, alerts and deliveries for the tests of the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy.event import listen, remove

from monitor import item as items
from monitor.alert import Alert, Attempt, Delivery, Kind, Notice, Priority, alert_id, owed
from monitor.feed import Feed, FeedState
from monitor.item import Entry, Item, Reading
from monitor.rule import Evidence
from monitor.store import deliveries as delivery_rows
from monitor.store import feeds as feed_rows
from monitor.store import items as item_rows
from monitor.store import prepared
from monitor.store import rulings as ruling_rows
from monitor.store.database import Database, Tx, driver
from monitor.store.items import Arrival

NOW = datetime(2026, 11, 24, 10, 11, 12, 345678, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))


def declared(name: str = "tass", *, url: str = "", interval: timedelta = 5 * MINUTE, enabled: bool = True) -> Feed:
    return Feed(name=name, url=url or f"https://{name}.example/rss", interval=interval, enabled=enabled)


def synced(database: Database, *feeds: Feed, now: datetime = NOW) -> feed_rows.Synced:
    return database.write_now(partial(feed_rows.sync, declared=feeds, now=now))


def states(database: Database) -> dict[str, FeedState]:
    return {state.name: state for state in database.read_now(feed_rows.all_states)}


def known_feed(database: Database, name: str = "tass") -> FeedState:
    """Return the state of a feed that the config declares."""
    if name not in states(database):
        synced(database, *(declared(each) for each in (*states(database), name)))
    return states(database)[name]


def claimed(database: Database, *, now: datetime = NOW, lease: str = "mine") -> tuple[FeedState, ...]:
    return database.write_now(partial(feed_rows.claim, now=now, limit=100, lease=lease, until=now + 5 * MINUTE))


def entry(number: int = 1, *, link: str = "", headline: str = "", published: datetime | None = NOW) -> Entry:
    return Entry(
        guid=f"urn:news:{number}",
        link=link or f"https://news.example/{number}",
        headline=headline or f"Headline number {number}",
        lead="Ministers met on Tuesday.",
        body="They met behind closed doors.",
        author="A. Writer",
        categories=("world", "минфин"),
        published=published,
    )


def arrival(
    published: Entry | None = None,
    *,
    seen_at: datetime = NOW,
    baseline: bool = False,
    reading: Reading = Reading.NOT_WANTED,
) -> Arrival:
    published = published or entry()
    return Arrival(
        key=items.key(published),
        entry=published,
        digest=items.digest(published),
        seen_at=seen_at,
        baseline=baseline,
        reading=reading,
    )


def added(database: Database, *arrivals: Arrival, feed: str = "tass") -> tuple[int, ...]:
    state = known_feed(database, feed)
    return database.write_now(partial(item_rows.add, feed_id=state.id, new=arrivals))


def get(database: Database, ref: int | str) -> Item:
    found = database.read_now(partial(item_rows.get, ref=ref))
    assert found is not None
    return found


def to_judge(database: Database, now: datetime = NOW, limit: int = 50) -> tuple[Item, ...]:
    return database.read_now(partial(item_rows.judge_due, now=now, limit=limit))


def alert(item: Item, rule: str = "nato") -> Alert:
    return Alert(
        id=alert_id(rule, item.feed, item.key, Kind.NEW),
        kind=Kind.NEW,
        rule=rule,
        priority=Priority.HIGH,
        item_id=item.id,
        version=item.version,
        feed=item.feed,
        source=item.source,
        headline=item.entry.headline,
        link=item.entry.link,
        published=item.published,
        seen=item.seen_at,
        language=None,
        read=item.depth,
        read_reason="",
        strength=0.75,
        place="one sentence, paragraph 3",
        evidence=evidence(),
        made_at=NOW,
    )


def evidence() -> tuple[Evidence, ...]:
    return (Evidence(field="lead", sentence="Министры НАТО met.", spans=((9, 13, "НАТО"),)),)


def notice(name: str = "hello", subject: str = "wirebell is watching") -> Notice:
    return Notice(id=f"{name:a<16}", kind=Kind.HELLO, subject=subject, message="Watching 2 feeds.", made_at=NOW)


def told(database: Database, *channels: str, name: str = "hello", receivers: Sequence[str] = ("",)) -> list[Delivery]:
    """Owe a notice to channels and return the deliveries."""
    what = notice(name)
    due = [each for channel in channels for each in owed(what.id, channel, tuple(receivers), NOW)]
    database.write_now(partial(ruling_rows.add_notice, notice=what, deliveries=due))
    return due


def line(database: Database, channel: str = "desk", now: datetime = NOW) -> Delivery | None:
    """Return the head of the channel's line."""
    found = database.write_now(partial(delivery_rows.head, name=channel, now=now))
    return found[0] if found else None


def started(database: Database, delivery: Delivery, now: datetime = NOW) -> None:
    database.write_now(partial(delivery_rows.start, delivery_id=delivery.id, until=now + 5 * MINUTE))


def finished(database: Database, after: Delivery, outcome: str = "sent", *, at: datetime = NOW) -> bool:
    after = replace(after, attempts=after.attempts + 1)
    tried = Attempt(delivery_id=after.id, n=after.attempts, at=at, outcome=outcome, reason="")
    return database.write_now(partial(delivery_rows.finish, after=after, tried=tried))


@dataclass(frozen=True, slots=True)
class Noting:
    """A connection of the driver's that notes what it is asked."""

    driver: sqlite3.Connection
    noted: list[tuple[str, Any]]

    def execute(self, statement: str, parameters: Sequence[Any]) -> sqlite3.Cursor:
        self.noted.append((statement, parameters))
        return self.driver.execute(statement, parameters)

    def executemany(self, statement: str, each: Iterable[Sequence[Any]]) -> sqlite3.Cursor:
        rows = list(each)
        self.noted.append((statement, rows[0]))
        return self.driver.executemany(statement, rows)


def plan(database: Database, fn: Callable[[Tx], object]) -> list[str]:
    """Return how SQLite carries out what the function asks of it, step by step."""
    statements: list[tuple[str, Any]] = []

    def note(*event: Any) -> None:  # noqa: ANN401 - as SQLAlchemy calls it
        _, _, statement, parameters, _, many = event
        statements.append((statement, parameters[0] if many else parameters))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepared, "driver", lambda tx: Noting(driver(tx), statements))
        listen(database._writing, "before_cursor_execute", note)
        database.write_now(fn)
        remove(database._writing, "before_cursor_execute", note)

    def explain(tx: Tx) -> list[str]:
        return [
            row.detail
            for statement, parameters in statements
            for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(parameters))
        ]

    return database.read_now(explain)
