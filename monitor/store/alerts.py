"""Alerts and notices as people look them up, with their deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from monitor.alert import Delivery, What
from monitor.store import deliveries as delivery_rows
from monitor.store.database import Tx
from monitor.store.tables import alert

#: So many are named when a prefix fits more than one.
_CANDIDATES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An alert, a notice or a digest with every delivery owed for it."""

    what: What
    deliveries: tuple[Delivery, ...]


def listing(tx: Tx, *, limit: int, rule: str | None = None, notices: bool = True) -> tuple[Kept, ...]:
    """Return the newest alerts of a rule, or the newest alerts of all, with the notices or without, newest first."""
    wanted = select(alert.c.body).order_by(alert.c.seq.desc()).limit(limit)
    if not notices:
        wanted = wanted.where(alert.c.rule.is_not(None))
    return _kept(tx, wanted if rule is None else wanted.where(alert.c.rule == rule))


def by_prefix(tx: Tx, prefix: str) -> tuple[Kept, ...]:
    """Return those whose id begins so: one where the prefix is unique, some of them where it is not."""
    typed = prefix.lower()
    # A range, which the index answers; "~" sorts behind every character of an id.
    begins = alert.c.id.between(typed, f"{typed}~")
    return _kept(tx, select(alert.c.body).where(begins).order_by(alert.c.id).limit(_CANDIDATES))


def _kept(tx: Tx, wanted: Select[Any]) -> tuple[Kept, ...]:
    found = [delivery_rows.what(tx, body) for body in tx.execute(wanted).scalars().all()]
    owed = delivery_rows.of_alerts(tx, [each.id for each in found])
    return tuple(Kept(what=each, deliveries=owed[each.id]) for each in found)
