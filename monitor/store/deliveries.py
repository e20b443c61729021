"""Deliveries: the line before each channel, and what became of every attempt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, insert, literal_column, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or_ignore

from monitor import alert as alerts
from monitor.alert import Alert, Attempt, Delivery, DeliveryState, Notice
from monitor.store import snapshot
from monitor.store.database import AnyRow, Tx
from monitor.store.tables import alert, attempt, channel, delivery

#: A delivery goes behind the others of its channel after so many pauses that its failures caused.
_PAUSES_A_TURN = 3
_FIELDS = tuple(field.name for field in fields(Delivery))

#: Written out, not bound: only so does SQLite see that its partial indexes hold the rows.
_QUEUED = delivery.c.state == literal_column("'queued'")
_SENDING = delivery.c.state == literal_column("'sending'")


# --- the line ----------------------------------------------------------------------------------------------------

_PAUSED = select(channel.c.name).where(channel.c.paused_until > bindparam("now"))
_LATE = and_(_SENDING, delivery.c.leased_until <= bindparam("now"))
_DUE = and_(_QUEUED, delivery.c.due_at <= bindparam("now"), delivery.c.channel.not_in(_PAUSED))
_DUE_CHANNELS = select(delivery.c.channel).where(_DUE).union(select(delivery.c.channel).where(_LATE))
_HEAD = (
    select(delivery, alert.c.body)
    .join_from(delivery, alert, delivery.c.alert_id == alert.c.id)
    .where(_DUE, delivery.c.channel == bindparam("name"))
    .order_by(delivery.c.turn, delivery.c.seq)
    .limit(1)
)


def add(tx: Tx, owed: Sequence[Delivery]) -> None:
    """Put deliveries into the lines of their channels; one that is there already stays as it is."""
    if owed:
        tx.execute(insert_or_ignore(delivery).on_conflict_do_nothing(), [_row(each) for each in owed])


def due_channels(tx: Tx, now: datetime) -> frozenset[str]:
    """Return the names of channels that are not paused and have something due."""
    return frozenset(tx.execute(_DUE_CHANNELS, {"now": now}).scalars())


def head(tx: Tx, name: str, now: datetime) -> tuple[Delivery, Alert | Notice] | None:
    """Return the first delivery in the channel's line that is due, with what it brings; None while it is paused.

    A delivery that waits for its own time, such as the end of quiet hours, lets those behind it pass. One that waits
    because the channel failed has paused the whole line, so order holds; after three such pauses it goes behind.
    """
    for late in tx.execute(select(delivery).where(_LATE, delivery.c.channel == name), {"now": now}).all():
        put_back(tx, alerts.interrupted(_delivery(late), now))
    row = tx.execute(_HEAD, {"now": now, "name": name}).first()
    return (_delivery(row), snapshot.what(row.body)) if row else None


def start(tx: Tx, delivery_id: str, *, until: datetime) -> None:
    """Mark a delivery as being sent, before a byte of it leaves."""
    this = and_(delivery.c.id == delivery_id, _QUEUED)
    tx.execute(update(delivery).where(this).values(state=DeliveryState.SENDING, leased_until=until))


def hold(tx: Tx, delivery_id: str, until: datetime, reason: str) -> None:
    """Let a delivery wait, and those behind it pass."""
    this = and_(delivery.c.id == delivery_id, _QUEUED)
    tx.execute(update(delivery).where(this).values(due_at=until, reason=reason))


def finish(tx: Tx, after: Delivery, tried: Attempt) -> bool:
    """Keep what an attempt made of its delivery; return False, and keep nothing, if it was not the one under way.

    The number of the attempt is its token: each is started once.
    """
    under_way = and_(delivery.c.id == after.id, _SENDING, delivery.c.attempts == tried.n - 1)
    if tx.execute(update(delivery).where(under_way).values(leased_until=None, **_changed(after))).rowcount == 0:
        return False
    tx.execute(
        insert(attempt).values(
            delivery_id=tried.delivery_id, n=tried.n, at=tried.at, outcome=tried.outcome, reason=tried.reason
        )
    )
    return True


# --- start and reload --------------------------------------------------------------------------------------------


def interrupted(tx: Tx) -> tuple[Delivery, ...]:
    """Return the deliveries that are being sent; at the start, by nobody."""
    return tuple(map(_delivery, tx.execute(select(delivery).where(_SENDING).order_by(delivery.c.seq))))


def put_back(tx: Tx, again: Delivery) -> None:
    """Keep a delivery as it stands now that nobody sends it."""
    tx.execute(update(delivery).where(delivery.c.id == again.id).values(leased_until=None, **_changed(again)))


def withhold_removed(tx: Tx, channels: Sequence[str]) -> int:
    """Withhold what is queued for a channel that is none of these; return how many deliveries that are."""
    orphaned = and_(_QUEUED, delivery.c.channel.not_in(channels))
    withheld = update(delivery).where(orphaned).values(state=DeliveryState.WITHHELD, reason="channel removed")
    return tx.execute(withheld).rowcount


def release_held(tx: Tx, now: datetime) -> None:
    """Make everything that waits due, and lift the pauses: under another config another answer may follow."""
    tx.execute(update(delivery).where(_QUEUED, delivery.c.due_at > now).values(due_at=now))
    tx.execute(update(channel).where(channel.c.paused_until.is_not(None)).values(paused_until=None))


# --- questions ---------------------------------------------------------------------------------------------------


def failed_since(tx: Tx, when: datetime) -> int:
    """Return how many deliveries were tried since then and have not been sent."""
    tried = select(attempt.c.delivery_id).where(attempt.c.at >= when)
    missed = and_(delivery.c.id.in_(tried), delivery.c.state != DeliveryState.SENT)
    return tx.execute(select(func.count()).select_from(delivery).where(missed)).scalar_one()


def counts(tx: Tx) -> Mapping[str, Mapping[DeliveryState, int]]:
    """Return, by channel and state, how many deliveries there are."""
    rows = tx.execute(
        select(delivery.c.channel, delivery.c.state, func.count()).group_by(delivery.c.channel, delivery.c.state)
    )
    counted: defaultdict[str, dict[DeliveryState, int]] = defaultdict(dict)
    for name, state, count in rows:
        counted[name][DeliveryState(state)] = count
    return counted


def of_alerts(tx: Tx, ids: Sequence[str]) -> Mapping[str, tuple[Delivery, ...]]:
    """Return the deliveries of each of these alerts and notices, in the order in which they were owed."""
    rows = tx.execute(select(delivery).where(delivery.c.alert_id.in_(ids)).order_by(delivery.c.seq))
    owed: dict[str, tuple[Delivery, ...]] = dict.fromkeys(ids, ())
    for each in map(_delivery, rows):
        owed[each.alert_id] += (each,)
    return owed


def attempts(tx: Tx, delivery_id: str) -> tuple[Attempt, ...]:
    """Return every attempt at a delivery, in order."""
    rows = tx.execute(select(attempt).where(attempt.c.delivery_id == delivery_id).order_by(attempt.c.n))
    return tuple(Attempt(**row._mapping) for row in rows)  # noqa: SLF001 - SQLAlchemy's public name for it


# --- rows --------------------------------------------------------------------------------------------------------


def _changed(after: Delivery) -> dict[str, Any]:
    """Return what an attempt or an interruption may change."""
    return {
        "state": after.state,
        "reason": after.reason,
        "due_at": after.due_at,
        "attempts": after.attempts,
        "unknown": after.unknown,
        "pauses": after.pauses,
        "turn": after.pauses // _PAUSES_A_TURN,
        "first_tried_at": after.first_tried_at,
        "sent_at": after.sent_at,
    }


def _row(owed: Delivery) -> dict[str, Any]:
    return {
        "id": owed.id,
        "alert_id": owed.alert_id,
        "channel": owed.channel,
        "receiver": owed.receiver,
        "made_at": owed.made_at,
        **_changed(owed),
    }


def _delivery(row: AnyRow) -> Delivery:
    known = {name: getattr(row, name) for name in _FIELDS}
    return Delivery(**known | {"state": DeliveryState(row.state)})
