"""What judging decides: matches, alerts and the deliveries owed for them, in the transaction that ends the judging."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, select, tuple_
from sqlalchemy.dialects.sqlite import insert

from monitor import record as evidence
from monitor.alert import CORRECTING, FIRST, OPEN, Alert, Delivery, DeliveryState, Notice, owed
from monitor.correction import Told
from monitor.item import Item
from monitor.judge import Ruling
from monitor.rule import Match
from monitor.store import deliveries as delivery_rows
from monitor.store import records, snapshot
from monitor.store.database import Tx
from monitor.store.tables import alert, delivery, match, revision

_MATCH = insert(match)
_KEEP_MATCH = _MATCH.on_conflict_do_update(
    index_elements=[match.c.item_id, match.c.rule],
    set_={name: _MATCH.excluded[name] for name in ("version", "strength", "place", "evidence", "at")},
    where=_MATCH.excluded.version >= match.c.version,
)
_KEEP_ALERT = insert(alert).on_conflict_do_nothing()


def record(tx: Tx, rulings: Sequence[Ruling], now: datetime, *, channels: Collection[str] = ()) -> tuple[Alert, ...]:
    """Keep matches, alerts and deliveries, and return the alerts that were not there yet.

    Ids follow from the facts, so what is recorded twice is there once; and only a new alert owes deliveries: an item
    judged again under another config does not ring at a channel that came later. Corrections go to those of the
    ``channels`` that were told what they correct.
    """
    matches = [_match(ruling, found, now) for ruling in rulings for found in ruling.matches]
    if matches:
        tx.execute(_KEEP_MATCH, matches)
    fresh = tuple(each for ruling in rulings for each in ruling.alerts if _keep(tx, each))
    owing = {each.id for each in fresh}
    due = [each for ruling in rulings for each in ruling.deliveries if each.alert_id in owing]
    delivery_rows.add(tx, [replace(each, due_at=now + (each.due_at - each.made_at)) for each in due])
    corrections = tuple(each for ruling in rulings for each in ruling.corrections if _keep(tx, each))
    for each in corrections:
        _owe_correction(tx, each, channels, now)
    return fresh + corrections


def add_notice(tx: Tx, notice: Notice, deliveries: Sequence[Delivery]) -> bool:
    """Keep a notice and whom it is owed to; return whether it is a new one."""
    fresh = _keep(tx, notice)
    if fresh:
        records.add(tx, [evidence.noticed(snapshot.document(notice), notice.made_at)])
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
        if what.kind in FIRST and _rang(tx, what):
            return False
        row |= {"rule": what.rule, "item_id": what.item_id, "version": what.version, "priority": what.priority}
    return tx.execute(_KEEP_ALERT, row).rowcount == 1


def _rang(tx: Tx, made: Alert) -> bool:
    """Return whether the item rang for the rule before; the id alone does not tell when its feed was renamed since."""
    before = select(alert.c.id).where(
        alert.c.item_id == made.item_id, alert.c.rule == made.rule, alert.c.kind == made.kind
    )
    return tx.execute(before.limit(1)).first() is not None


# --- corrections -------------------------------------------------------------------------------------------------

_GIVEN_AWAY = (*OPEN, DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.BUNDLED)


def told(tx: Tx, items: Sequence[Item]) -> Mapping[int, tuple[Told, ...]]:
    """Return, by item, what people were told of it last, rule by rule; or are still to be told."""
    ids = [each.id for each in items]
    somebody = exists().where(delivery.c.alert_id == alert.c.id, delivery.c.state.in_(_GIVEN_AWAY))
    about = and_(alert.c.item_id.in_(ids), alert.c.rule.is_not(None), somebody)
    rows = tx.execute(select(alert.c.item_id, alert.c.rule, alert.c.body).where(about).order_by(alert.c.seq))
    kept = {(row.item_id, row.rule): snapshot.sound(row.body) for row in rows}
    last = [each for each in kept.values() if isinstance(each, Alert)]
    leads = _leads(tx, last)
    found: defaultdict[int, tuple[Told, ...]] = defaultdict(tuple)
    for each in last:
        found[each.item_id] += (Told(alert=each, lead=leads.get((each.item_id, each.version))),)
    return found


def _leads(tx: Tx, last: Sequence[Alert]) -> dict[tuple[int, int], str]:
    """Return the leads as they stood when the alerts were made, of those that are still kept."""
    versions = tuple_(revision.c.item_id, revision.c.version).in_([(each.item_id, each.version) for each in last])
    rows = tx.execute(select(revision.c.item_id, revision.c.version, revision.c.lead).where(versions))
    return {(row.item_id, row.version): row.lead for row in rows}


def _owe_correction(tx: Tx, made: Alert, channels: Collection[str], now: datetime) -> None:
    """Owe a correction to exactly those who got what it corrects."""
    got = select(delivery.c.channel, delivery.c.receiver).join_from(delivery, alert, delivery.c.alert_id == alert.c.id)
    first = and_(alert.c.item_id == made.item_id, alert.c.rule == made.rule, alert.c.kind.in_(FIRST))
    sent = got.where(first, delivery.c.state == DeliveryState.SENT, delivery.c.channel.in_(channels)).distinct()
    for channel, receiver in tx.execute(sent.order_by(delivery.c.seq)).all():
        delivery_rows.add(tx, owed(made.id, channel, (receiver,), now, rule=made.rule))


_first = alert.alias("first")
_FOLLOWING = (
    select(alert.c.id)
    .join_from(_first, alert, and_(alert.c.item_id == _first.c.item_id, alert.c.rule == _first.c.rule))
    .where(_first.c.kind.in_(FIRST), alert.c.kind.in_(CORRECTING), alert.c.seq > _first.c.seq)
    .order_by(alert.c.seq.desc())
    .limit(1)
)


def follow_up(tx: Tx, sent: Delivery, now: datetime) -> None:
    """Owe the newest correction of what was just sent to who got it: it was made while that still waited."""
    for each in delivery_rows.carried(tx, sent) or (sent,):
        following = tx.execute(_FOLLOWING.where(_first.c.id == each.alert_id)).scalar()
        if following is not None:
            delivery_rows.add(tx, owed(following, sent.channel, (sent.receiver,), now, rule=each.rule))
