"""What people say of alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import literal_column, select, update
from sqlalchemy.dialects.sqlite import insert

from monitor import record as evidence
from monitor.alert import Mark, Sign
from monitor.policy import Reason
from monitor.store import records
from monitor.store.database import Tx
from monitor.store.tables import delivery, mark

_QUEUED = delivery.c.state == literal_column("'queued'")


def acknowledge(tx: Tx, alert_id: str, who: str, now: datetime) -> Mark:
    """Return who acknowledged an alert first, and have what waits for that asked about at once."""
    said = Mark(alert_id=alert_id, sign=Sign.ACKNOWLEDGED, who=who, at=now)
    if tx.execute(insert(mark).on_conflict_do_nothing(), asdict(said)).rowcount:
        records.add(tx, [evidence.marked(alert_id, said.sign, who, now)])
    waits = (_QUEUED, delivery.c.alert_id == alert_id, delivery.c.reason == Reason.UNACKNOWLEDGED)
    tx.execute(update(delivery).where(*waits).values(due_at=now))
    return acknowledged(tx, alert_id) or said


def acknowledged(tx: Tx, alert_id: str) -> Mark | None:
    """Return who acknowledged an alert, None where nobody did."""
    return of_alerts(tx, [alert_id]).get(alert_id)


def of_alerts(tx: Tx, ids: Sequence[str]) -> Mapping[str, Mark]:
    """Return, by alert, who acknowledged it."""
    rows = tx.execute(select(mark).where(mark.c.alert_id.in_(ids), mark.c.sign == Sign.ACKNOWLEDGED))
    return {
        row.alert_id: Mark(**{**row._mapping, "sign": Sign(row.sign)})  # noqa: SLF001 - SQLAlchemy's public name
        for row in rows
    }
