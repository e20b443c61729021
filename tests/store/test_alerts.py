"""Alerts and notices as people look them up."""

from __future__ import annotations

from functools import partial

import pytest

from monitor.alert import Alert, owed
from monitor.judge import Ruling
from monitor.store import alerts, rulings
from monitor.store.alerts import Kept
from monitor.store.database import Database
from tests.store.samples import NOW, added, alert, arrival, entry, get, notice, plan, told


def rung(database: Database, number: int, rule: str = "nato") -> Alert:
    (item_id,) = added(database, arrival(entry(number)))
    made = alert(get(database, item_id), rule)
    due = owed(made.id, "desk", ("",), NOW)
    found = Ruling(item_id=item_id, version=1, alerts=(made,), deliveries=due)
    database.write_now(partial(rulings.record, rulings=[found], now=NOW))
    return made


def listing(database: Database, *, limit: int = 9, rule: str | None = None) -> list[object]:
    return [kept.what for kept in database.read_now(partial(alerts.listing, limit=limit, rule=rule))]


def by_prefix(database: Database, prefix: str) -> tuple[Kept, ...]:
    return database.read_now(partial(alerts.by_prefix, prefix=prefix))


def test_the_newest_alerts_and_notices_come_first(database: Database) -> None:
    first = rung(database, 1)
    told(database, "desk")
    last = rung(database, 2)
    assert listing(database) == [last, notice(), first]
    assert listing(database, limit=1) == [last]


def test_alerts_can_be_those_of_one_rule(database: Database) -> None:
    nato = rung(database, 1, "nato")
    rung(database, 2, "siemens")
    told(database, "desk")
    assert listing(database, rule="nato") == [nato]


def test_notices_can_be_left_out(database: Database) -> None:
    made = rung(database, 1)
    told(database, "desk")
    (kept,) = database.read_now(partial(alerts.listing, limit=1, notices=False))
    assert kept.what == made


def test_an_alert_is_told_with_its_deliveries(database: Database) -> None:
    made = rung(database, 1)
    (kept,) = database.read_now(partial(alerts.listing, limit=9))
    assert kept == Kept(what=made, deliveries=owed(made.id, "desk", ("",), NOW))


def test_a_unique_prefix_is_enough_of_an_id(database: Database) -> None:
    made = rung(database, 1)
    told(database, "desk")
    for typed in (made.id, made.id[:6], made.id[:6].upper()):
        assert [kept.what for kept in by_prefix(database, typed)] == [made]


def test_a_prefix_of_several_ids_names_them(database: Database) -> None:
    for name in ("abcx", "abdx", "bx"):
        told(database, "desk", name=name)
    assert [kept.what.id[:4] for kept in by_prefix(database, "ab")] == ["abcx", "abdx"]


def test_no_more_than_ten_are_named(database: Database) -> None:
    for number in range(12):
        told(database, "desk", name=f"a{number}")
    assert len(by_prefix(database, "a")) == 10


@pytest.mark.parametrize("typed", ["zzzz", "%", "*", "hello_"])
def test_a_prefix_of_no_id_finds_none(database: Database, typed: str) -> None:
    told(database, "desk")
    assert by_prefix(database, typed) == ()


def test_a_prefix_is_found_in_the_index(database: Database) -> None:
    told(database, "desk")
    steps = plan(database, partial(alerts.by_prefix, prefix="hel"))
    assert steps[0] == "SEARCH alert USING INDEX sqlite_autoindex_alert_1 (id>? AND id<?)"
