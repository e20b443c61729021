"""Alerts and notices as people look them up, with their deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from monitor.alert import Delivery, Kind, Mark, Notice, What
from monitor.errors import DamagedRow
from monitor.store import deliveries as delivery_rows
from monitor.store import marks as mark_rows
from monitor.store.database import AnyRow, Tx
from monitor.store.tables import alert

_WHOLE = select(alert.c.id, alert.c.kind, alert.c.rule, alert.c.made_at, alert.c.body)
#: So many are named when a prefix fits more than one.
_CANDIDATES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An alert, a notice or a digest with every delivery owed for it."""

    what: What
    deliveries: tuple[Delivery, ...]
    #: Who acknowledged it; None where nobody did.
    acknowledged: Mark | None = None


def listing(tx: Tx, *, limit: int, rule: str | None = None, notices: bool = True) -> tuple[Kept, ...]:
    """Return the newest alerts of a rule, or the newest alerts of all, with the notices or without, newest first."""
    wanted = _WHOLE.order_by(alert.c.seq.desc()).limit(limit)
    if not notices:
        wanted = wanted.where(alert.c.rule.is_not(None))
    return _kept(tx, wanted if rule is None else wanted.where(alert.c.rule == rule))


def by_prefix(tx: Tx, prefix: str) -> tuple[Kept, ...]:
    """Return those whose id begins so: one where the prefix is unique, some of them where it is not."""
    typed = prefix.lower()
    # A range, which the index answers; "~" sorts behind every character of an id.
    begins = alert.c.id.between(typed, f"{typed}~")
    return _kept(tx, _WHOLE.where(begins).order_by(alert.c.id).limit(_CANDIDATES))


def _kept(tx: Tx, wanted: Select[Any]) -> tuple[Kept, ...]:
    rows = tx.execute(wanted).all()
    ids = [row.id for row in rows]
    owed, marks = delivery_rows.of_alerts(tx, ids), mark_rows.of_alerts(tx, ids)
    return tuple(Kept(what=_what(tx, row), deliveries=owed[row.id], acknowledged=marks.get(row.id)) for row in rows)


def _what(tx: Tx, row: AnyRow) -> What:
    """Return what was kept; in the place of what is damaged, a notice that says so."""
    try:
        return delivery_rows.what(tx, row.body)
    except DamagedRow as error:
        kind = Kind(row.kind) if row.kind in list(Kind) else Kind.NEW
        subject = f"An alert of {row.rule}" if row.rule else "A notice"
        return Notice(id=row.id, kind=kind, subject=subject, message=f"{error}.".capitalize(), made_at=row.made_at)
