"""What may stand in the tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError, StatementError

from monitor.store import tables
from monitor.store.database import Database, Tx
from tests.store.samples import NOW, added, arrival, told


@pytest.mark.parametrize(
    "moment",
    [
        NOW,
        datetime(2026, 11, 24, 12, 0, tzinfo=timezone(timedelta(hours=3))),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
    ids=["now", "another zone", "first", "last", "before 1970"],
)
def test_a_time_comes_back_aware_to_the_microsecond(database: Database, moment: datetime) -> None:
    def keep(tx: Tx) -> datetime | None:
        tx.execute(insert(tables.channel).values(name="desk", failures=0, paused_until=moment))
        kept: datetime | None = tx.execute(select(tables.channel.c.paused_until)).scalar_one()
        return kept

    kept = database.write_now(keep)
    assert kept == moment
    assert kept is not None
    assert kept.tzinfo is UTC


def test_a_time_without_zone_is_refused(database: Database) -> None:
    naive = insert(tables.channel).values(name="desk", failures=0, paused_until=NOW.replace(tzinfo=None))
    with pytest.raises(StatementError, match="offset-naive and offset-aware"):
        database.write_now(lambda tx: tx.execute(naive))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE feed SET state = 'fine'", "state_known"),
        ("UPDATE feed SET failures = 'notint'", "cannot store TEXT value in INTEGER column feed.failures"),
        ("UPDATE feed SET name = NULL", "NOT NULL constraint failed: feed.name"),
        ("UPDATE seen SET key = x'00'", "key_size"),
        ("UPDATE seen SET digest = x'00'", "digest_size"),
        ("UPDATE item SET key = x'00'", "key_size"),
        ("UPDATE item SET reading = 'maybe'", "reading_known"),
        ("UPDATE item SET judged_by = 7", "FOREIGN KEY constraint failed"),
        ("UPDATE item SET feed_id = 7", "FOREIGN KEY constraint failed"),
        ("UPDATE alert SET priority = 'odd'", "priority_known"),
        ("UPDATE delivery SET state = 'odd'", "state_known"),
        ("UPDATE delivery SET alert_id = 'odd'", "FOREIGN KEY constraint failed"),
        ("UPDATE delivery SET bundle = 'odd'", "FOREIGN KEY constraint failed"),
    ],
)
def test_what_cannot_be_is_refused_by_the_tables(database: Database, change: str, fault: str) -> None:
    added(database, arrival())
    told(database, "desk")
    with pytest.raises(IntegrityError, match=fault):
        database.write_now(lambda tx: tx.exec_driver_sql(change))


def test_every_table_is_strict(database: Database) -> None:
    def loose(tx: Connection) -> list[str]:
        rows = tx.exec_driver_sql("PRAGMA table_list").all()
        return [row.name for row in rows if not row.strict and not row.name.startswith(("sqlite_", "alembic_"))]

    assert database.read_now(loose) == []
