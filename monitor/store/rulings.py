"""What judging decides: matches, alerts and the deliveries owed for them, in the transaction that ends the judging."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from monitor.alert import Alert, Delivery, Notice
from monitor.greeting import RuleFacts, rung
from monitor.item import believable
from monitor.judge import Ruling
from monitor.rule import Match
from monitor.store import deliveries as delivery_rows
from monitor.store import snapshot
from monitor.store.database import Tx
from monitor.store.tables import alert, feed, item, match

_MATCH = insert(match)
_KEEP_MATCH = _MATCH.on_conflict_do_update(
    index_elements=[match.c.item_id, match.c.rule],
    set_={name: _MATCH.excluded[name] for name in ("version", "strength", "place", "evidence", "at")},
    where=_MATCH.excluded.version >= match.c.version,
)
_KEEP_ALERT = insert(alert).on_conflict_do_nothing()


def record(tx: Tx, rulings: Sequence[Ruling], now: datetime) -> tuple[Alert, ...]:
    """Keep matches, alerts and deliveries, and return the alerts that were not there yet.

    Ids follow from the facts, so what is recorded twice is there once; and only a new alert owes deliveries: an item
    judged again under another config does not ring at a channel that came later.
    """
    matches = [_match(ruling, found, now) for ruling in rulings for found in ruling.matches]
    if matches:
        tx.execute(_KEEP_MATCH, matches)
    fresh = tuple(each for ruling in rulings for each in ruling.alerts if _keep(tx, each))
    owing = {each.id for each in fresh}
    owed = [replace(each, due_at=now) for ruling in rulings for each in ruling.deliveries if each.alert_id in owing]
    delivery_rows.add(tx, owed)
    return fresh


def add_notice(tx: Tx, notice: Notice, deliveries: Sequence[Delivery]) -> bool:
    """Keep a notice and whom it is owed to; return whether it is a new one."""
    fresh = _keep(tx, notice)
    delivery_rows.add(tx, deliveries)
    return fresh


def is_kept(tx: Tx, alert_id: str) -> bool:
    """Return whether the alert or notice was made."""
    return tx.execute(select(alert.c.id).where(alert.c.id == alert_id)).first() is not None


def _match(ruling: Ruling, found: Match, now: datetime) -> dict[str, Any]:
    return {
        "item_id": ruling.item_id,
        "rule": found.rule,
        "version": ruling.version,
        "strength": found.strength,
        "place": found.place,
        "evidence": snapshot.evidence_document(found.evidence),
        "at": now,
    }


def _keep(tx: Tx, what: Alert | Notice) -> bool:
    row: dict[str, Any] = {
        "id": what.id,
        "kind": what.kind,
        "made_at": what.made_at,
        "body": snapshot.document(what),
    }
    if isinstance(what, Alert):
        if _rang(tx, what):
            return False
        row |= {"rule": what.rule, "item_id": what.item_id, "version": what.version, "priority": what.priority}
    return tx.execute(_KEEP_ALERT, row).rowcount == 1


def _rang(tx: Tx, made: Alert) -> bool:
    """Return whether the item rang for the rule before; the id alone does not tell when its feed was renamed since."""
    before = select(alert.c.id).where(
        alert.c.item_id == made.item_id, alert.c.rule == made.rule, alert.c.kind == made.kind
    )
    return tx.execute(before.limit(1)).first() is not None


def baseline_hits(tx: Tx) -> Mapping[str, RuleFacts]:
    """Return, by rule, what it would have rung for in the history that feeds held at their first poll."""
    rows = tx.execute(
        select(match.c.rule, item.c.published, item.c.seen_at, feed.c.title, feed.c.name)
        .join_from(match, item, match.c.item_id == item.c.id)
        .join(feed, item.c.feed_id == feed.c.id)
        .where(item.c.baseline)
    )
    hits: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for rule, published, seen_at, title, name in rows:
        hits[rule].append((believable(published, seen_at) or seen_at, title or name))
    return {rule: rung(rule, found) for rule, found in hits.items()}
