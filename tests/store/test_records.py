"""The chain of evidence in the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from monitor import chain
from monitor.chain import Record
from monitor.record import Fact, Sort
from monitor.store import records
from monitor.store.database import Database
from tests.store.samples import DAY, HOUR, NOW


def add(database: Database, *moments: datetime) -> None:
    for at in moments:
        database.write_now(partial(records.add, facts=[Fact(sort=Sort.MARK, at=at, body={"who": "Анна", "n": 0.5})]))


def between(database: Database, since: datetime, until: datetime) -> Sequence[Record]:
    return database.read_now(partial(records.between, since=since, until=until))


def test_what_is_added_is_one_chain(database: Database) -> None:
    add(database, NOW, NOW + HOUR, NOW + 2 * HOUR)
    found = between(database, NOW, NOW + DAY)
    assert [record.seq for record in found] == [1, 2, 3]
    assert chain.verify(chain.text(found, NOW, NOW)).faults == ()
    assert database.read_now(records.head) == found[-1].hash


def test_without_records_there_is_no_head(database: Database) -> None:
    add(database)
    database.write_now(partial(records.add, facts=[]))
    assert database.read_now(records.head) is None
    assert between(database, NOW, NOW + DAY) == ()


def test_a_time_is_cut_out_of_the_chain(database: Database) -> None:
    add(database, NOW, NOW + HOUR, NOW + 2 * HOUR)
    assert [record.seq for record in between(database, NOW + HOUR, NOW + HOUR)] == [2]


def test_records_of_a_clock_that_was_set_back_leave_no_gap(database: Database) -> None:
    add(database, NOW, NOW - 5 * DAY, NOW + HOUR)
    found = between(database, NOW, NOW + DAY)
    assert [record.seq for record in found] == [1, 2, 3]


def test_the_oldest_go_and_what_is_left_is_still_a_chain(database: Database) -> None:
    add(database, NOW, NOW + HOUR, NOW + 2 * HOUR, NOW + 3 * HOUR)
    assert database.write_now(partial(records.drop, before=NOW + 2 * HOUR, most=100)) == 2
    found = between(database, NOW, NOW + DAY)
    assert [record.seq for record in found] == [3, 4]
    assert chain.verify(chain.text(found, NOW, NOW)).faults == ()


def test_none_go_that_are_young(database: Database) -> None:
    add(database, NOW)
    assert database.write_now(partial(records.drop, before=NOW, most=100)) == 0


def test_a_record_that_is_changed_in_the_database_is_found(database: Database) -> None:
    add(database, NOW, NOW + HOUR, NOW + 2 * HOUR)
    database.write_now(lambda tx: tx.exec_driver_sql("UPDATE record SET body = '{\"n\":0}' WHERE seq = 2"))
    found = between(database, NOW, NOW + DAY)
    assert [fault.line for fault in chain.verify(chain.text(found, NOW, NOW)).faults] == [3, 4]
