"""Statements that are compiled once: what goes in and comes out is as by SQLAlchemy's own way."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import NamedTuple

import pytest
from sqlalchemy import bindparam, insert, select, update

from monitor.store.database import Database
from monitor.store.prepared import Query, Statement
from monitor.store.tables import feed, loss
from tests.store.samples import DAY, NOW, declared, synced

ADD = Statement(insert(loss), ("feed_id", "until", "since", "told"))
LOST = {"feed_id": 1, "until": NOW, "since": NOW - DAY, "told": False}


def test_what_is_kept_comes_back_as_it_was(database: Database) -> None:
    synced(database, declared())
    database.write_now(lambda tx: ADD.run_each(tx, [LOST]))
    (kept,) = database.read_now(lambda tx: Query(select(loss)).rows(tx, {}))
    assert kept._asdict() == LOST


def test_it_is_kept_as_by_sqlalchemys_own_way(database: Database) -> None:
    synced(database, declared())
    database.write_now(lambda tx: ADD.run(tx, LOST))
    database.write_now(lambda tx: tx.execute(insert(loss), {**LOST, "until": NOW + DAY}))
    first, second = database.read_now(
        lambda tx: tx.exec_driver_sql("SELECT typeof(since), since, told FROM loss").all()
    )
    assert first == second


class Lost(NamedTuple):
    until: datetime
    told: bool


def test_rows_are_given_as_what_they_are_said_to_be(database: Database) -> None:
    synced(database, declared())
    database.write_now(lambda tx: ADD.run_each(tx, [LOST, {**LOST, "until": NOW + DAY, "told": True}]))
    asked = Query(select(loss.c.until, loss.c.told).order_by(loss.c.until), Lost)
    first, second = database.read_now(lambda tx: asked.rows(tx, {}))
    assert (first, second) == (Lost(NOW, told=False), Lost(NOW + DAY, told=True))
    assert isinstance(first, Lost)


def test_values_of_the_statement_itself_need_not_be_given(database: Database) -> None:
    synced(database, declared("tass"), declared("afp"))
    off = Statement(update(feed).where(feed.c.name == bindparam("named")).values(enabled=False, etag=None, title="Off"))
    asked = Query(select(feed.c.title).where(feed.c.enabled.is_(False), feed.c.url != "").limit(5))
    assert database.write_now(lambda tx: off.run(tx, {"named": "afp"})) == 1
    assert [row.title for row in database.read_now(lambda tx: asked.rows(tx, {}))] == ["Off"]


def test_a_statement_that_meets_no_row_says_so(database: Database) -> None:
    off = Statement(update(feed).where(feed.c.name == bindparam("named")).values(enabled=False))
    assert database.write_now(lambda tx: off.run(tx, {"named": "nobody"})) == 0


def test_a_value_that_is_missing_is_a_fault_of_the_program(database: Database) -> None:
    with pytest.raises(KeyError, match="until"):
        database.write_now(lambda tx: ADD.run(tx, {"feed_id": 1}))


def test_a_row_that_the_tables_refuse_is_no_fault_of_the_file(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        database.write_now(lambda tx: ADD.run(tx, LOST))


def test_what_a_transaction_did_before_it_failed_is_undone(database: Database) -> None:
    synced(database, declared())
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        database.write_now(lambda tx: ADD.run_each(tx, [LOST, LOST]))
    assert database.read_now(lambda tx: Query(select(loss)).rows(tx, {})) == []
