"""Marks as they are kept, and what they make due."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

from sqlalchemy import select

from monitor import alert as nouns
from monitor.alert import Mark, Sign
from monitor.policy import Reason
from monitor.store import deliveries, marks
from monitor.store.database import Database
from monitor.store.tables import record
from tests.store.samples import HOUR, NOW, line, notice, told


def acknowledged(database: Database, who: str = "Anna") -> Mark:
    return database.write_now(partial(marks.acknowledge, alert_id=notice().id, who=who, now=NOW))


def test_who_acknowledged_first_stands(database: Database) -> None:
    told(database, "desk")
    mark = Mark(alert_id=notice().id, sign=Sign.ACKNOWLEDGED, who="Anna", at=NOW)
    assert (acknowledged(database), acknowledged(database, "Ben")) == (mark, mark)
    assert database.read_now(partial(marks.acknowledged, alert_id=notice().id)) == mark
    assert database.read_now(partial(marks.acknowledged, alert_id="other")) is None


def test_an_acknowledgement_is_evidence_once(database: Database) -> None:
    told(database, "desk")
    for who in ("Anna", "Ben"):
        acknowledged(database, who)
    written = database.read_now(
        lambda tx: tx.execute(select(record.c.body).where(record.c.sort == "mark")).scalars().all()
    )
    assert [json.loads(body) for body in written] == [{"alert": notice().id, "mark": "ack", "who": "Anna"}]


def test_what_waits_for_an_acknowledgement_is_due_when_it_comes_and_nothing_else_is(database: Database) -> None:
    told(database, "mail")
    due = nouns.owed(notice().id, "boss", ("",), NOW)
    (later,) = nouns.escalated(due, "desk", HOUR, Reason.UNACKNOWLEDGED)
    database.write_now(partial(deliveries.add, owed=[later]))
    assert line(database, "boss") is None
    acknowledged(database)
    assert line(database, "boss") == replace(later, due_at=NOW)
