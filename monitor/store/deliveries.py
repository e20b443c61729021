"""Deliveries: the line before each channel, and what became of every attempt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, exists, func, insert, literal_column, not_, or_, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or_ignore

from monitor import alert as alerts
from monitor.alert import LOST, OPEN, TOGETHER, Alert, Attempt, Delivery, DeliveryState, Digest, Kind, Priority, What
from monitor.errors import DamagedRow
from monitor.policy import HELD, Look, Reason, Together
from monitor.store import mutes, snapshot
from monitor.store.database import AnyRow, Tx
from monitor.store.tables import alert, attempt, channel, delivery, mute

#: A delivery goes behind the others of its channel after so many pauses that its failures caused.
PAUSES_A_TURN = 3
#: Before all that wait.
_FIRST_TURN = -1
#: So many are handed on in one transaction; a second later come the next.
_HANDED_AT_ONCE = 500
_FIELDS = tuple(field.name for field in fields(Delivery))
#: What is read of a row.
_READ = tuple(delivery.c[name] for name in _FIELDS)

#: The same table, beside the row that a question is about.
_other = delivery.alias("other")

#: Written out, not bound: only so does SQLite see that its partial indexes hold the rows.
_QUEUED = delivery.c.state == literal_column("'queued'")
_SENDING = delivery.c.state == literal_column("'sending'")


# --- the line ----------------------------------------------------------------------------------------------------

_PAUSED = select(channel.c.name).where(channel.c.paused_until > bindparam("now"))
_LATE = and_(_SENDING, delivery.c.leased_until <= bindparam("now"))
_DUE = and_(_QUEUED, delivery.c.due_at <= bindparam("now"), delivery.c.channel.not_in(_PAUSED))
_DUE_CHANNELS = select(delivery.c.channel).where(_DUE).union(select(delivery.c.channel).where(_LATE))
_MUTING = exists().select_from(mute).where(mutes.holds(bindparam("now")))
_HEAD = (
    select(*_READ, alert.c.body, _MUTING.label("muting"))
    .join_from(delivery, alert, delivery.c.alert_id == alert.c.id, isouter=True)
    .where(_DUE, delivery.c.channel == bindparam("name"))
    .order_by(delivery.c.turn, delivery.c.seq)
    .limit(1)
)


_CARRIED = (
    select(alert.c.body)
    .where(alert.c.id.in_(select(delivery.c.alert_id).where(delivery.c.bundle == bindparam("digest"))))
    .order_by(alert.c.seq)
)


def add(tx: Tx, owed: Sequence[Delivery]) -> None:
    """Put deliveries into the lines of their channels; one that is there already stays as it is."""
    if owed:
        tx.execute(insert_or_ignore(delivery).on_conflict_do_nothing(), [_row(each) for each in owed])


def due_channels(tx: Tx, now: datetime) -> frozenset[str]:
    """Return the names of channels that are not paused and have something due."""
    return frozenset(tx.execute(_DUE_CHANNELS, {"now": now}).scalars())


class Head(NamedTuple):
    """The first delivery in a line that is due."""

    delivery: Delivery
    what: What
    #: Whether any mute is in force, which might cover it.
    muting: bool


def head(tx: Tx, name: str, now: datetime) -> Head | None:
    """Return the first delivery in the channel's line that is due, with what it brings; None while it is paused.

    A delivery that waits for its own time, such as the end of quiet hours, lets those behind it pass. One that waits
    because the channel failed has paused the whole line, so order holds; after three such pauses the next is tried. One
    whose alert is damaged or gone is undelivered: at the head of its line it would hold up all others for ever.
    """
    for late in tx.execute(select(*_READ).where(_LATE, delivery.c.channel == name), {"now": now}).all():
        put_back(tx, alerts.interrupted(_delivery(late), now))
    while (row := tx.execute(_HEAD, {"now": now, "name": name}).first()) is not None:
        first = _delivery(row)
        try:
            return Head(first, what(tx, row.body), bool(row.muting))
        except DamagedRow as error:
            lost = replace(first, state=DeliveryState.UNDELIVERED, reason=str(error))
            put_back(tx, lost)
            _settle_carried(tx, lost)
    return None


def what(tx: Tx, body: Mapping[str, Any] | None) -> What:
    """Return what was kept of an alert, a notice, or a digest with the alerts that it carries; raise DamagedRow."""
    if not isinstance(body, Mapping):
        raise DamagedRow("what was kept of it is damaged or gone")
    if body.get("kind") not in TOGETHER:
        return snapshot.what(body)
    carried = tx.execute(_CARRIED, {"digest": body.get("id")}).scalars()
    return snapshot.digest(body, tuple(carried))


def start(tx: Tx, delivery_id: str, *, until: datetime) -> None:
    """Mark a delivery as being sent, before a byte of it leaves."""
    this = and_(delivery.c.id == delivery_id, _QUEUED)
    tx.execute(update(delivery).where(this).values(state=DeliveryState.SENDING, leased_until=until))


def hold(tx: Tx, delivery_id: str, until: datetime, reason: str) -> None:
    """Let a delivery wait, and those behind it pass."""
    this = and_(delivery.c.id == delivery_id, _QUEUED)
    tx.execute(update(delivery).where(this).values(due_at=until, reason=reason))


def withhold(tx: Tx, first: Delivery, reasons: Mapping[str, str]) -> None:
    """Do not tell what is named, and why: the delivery itself by what it brings, and what it carries if it is a digest.

    What is taken out of a digest is no part of it any more, and may be sent again by hand.
    """
    waits = or_(_QUEUED, delivery.c.state == DeliveryState.BUNDLED)
    of_this = or_(delivery.c.id == first.id, delivery.c.bundle == first.alert_id)
    for alert_id, reason in reasons.items():
        told = update(delivery).where(of_this, waits, delivery.c.alert_id == alert_id)
        tx.execute(told.values(state=DeliveryState.WITHHELD, reason=reason, bundle=None))
    if first.alert_id in reasons:  # a digest of which nothing is left but what is damaged
        _settle_carried(tx, replace(first, state=DeliveryState.WITHHELD, reason=reasons[first.alert_id]))


def under_way(tx: Tx, sent: Delivery) -> Delivery:
    """Return a delivery that is being sent with the time of its first attempt: a clock that is set moves that along."""
    first = tx.execute(select(delivery.c.first_tried_at).where(delivery.c.id == sent.id)).scalar()
    return replace(sent, first_tried_at=first)


def finish(tx: Tx, after: Delivery, tried: Attempt, message: str = "") -> bool:
    """Keep what an attempt made of its delivery; return False, and keep nothing, if it was not the one under way.

    The number of the attempt is its token: each is started once. The text of the message is kept where it arrived, or
    may have.
    """
    under_way = and_(delivery.c.id == after.id, _SENDING, delivery.c.attempts == tried.n - 1)
    arrived = {"message": message} if after.state in (DeliveryState.SENT, DeliveryState.UNKNOWN) else {}
    values = _changed(after) | arrived | {"leased_until": None}
    if tx.execute(update(delivery).where(under_way).values(**values)).rowcount == 0:
        return False
    if after.state not in OPEN:
        _settle_carried(tx, after)
    tx.execute(
        insert(attempt).values(
            delivery_id=tried.delivery_id, n=tried.n, at=tried.at, outcome=tried.outcome, reason=tried.reason
        )
    )
    return True


def let_back(tx: Tx, tried: Delivery, *, since: datetime) -> None:
    """Let those that went behind in an outage come before others again, but for the one that was tried last.

    The outage was not theirs, since the channel failed for others too. One that was tried before it failed while the
    channel worked, and stays behind.
    """
    behind = and_(_QUEUED, delivery.c.channel == tried.channel, delivery.c.turn > 0, delivery.c.id != tried.id)
    tx.execute(update(delivery).where(behind, delivery.c.first_tried_at >= since).values(turn=0))


def make_due(tx: Tx, name: str, *, since: datetime, now: datetime) -> None:
    """Let what was put off because the channel failed be due: it works again."""
    put_off = and_(_QUEUED, delivery.c.channel == name, delivery.c.due_at > now, delivery.c.pauses > 0)
    tx.execute(update(delivery).where(put_off, delivery.c.first_tried_at >= since).values(due_at=now))


# --- channels that are out ---------------------------------------------------------------------------------------


def stuck(tx: Tx) -> frozenset[str]:
    """Return the names of channels that fail while something waits for them."""
    waits = exists().where(_QUEUED, delivery.c.channel == channel.c.name)
    return frozenset(tx.execute(select(channel.c.name).where(channel.c.failing_since.is_not(None), waits)).scalars())


def to_hand_on(tx: Tx, name: str, priorities: Sequence[Priority], now: datetime) -> tuple[Delivery, ...]:
    """Return alerts that wait for a channel, singly or in a digest, matter so much, and were handed to no other yet.

    Those that policy holds wait for something else. Notices are about the moment, and stay with those who were to get
    them.
    """
    if not priorities:
        return ()
    digests = select(delivery.c.alert_id).where(_QUEUED, delivery.c.channel == name)
    carried = and_(delivery.c.state == DeliveryState.BUNDLED, delivery.c.bundle.in_(digests))
    owed = select(*_READ, delivery.c.seq).join_from(delivery, alert, delivery.c.alert_id == alert.c.id)
    these = owed.where(delivery.c.channel == name, ~delivery.c.handed_on, alert.c.priority.in_(priorities))
    held = and_(delivery.c.reason.in_((*HELD, Reason.UNACKNOWLEDGED)), delivery.c.due_at > now)
    singly, in_digests = these.where(_QUEUED, not_(held)), these.where(carried)
    rows = [*tx.execute(in_digests.limit(_HANDED_AT_ONCE)), *tx.execute(singly.limit(_HANDED_AT_ONCE))]
    return tuple(map(_delivery, sorted(rows, key=lambda row: row.seq)))


def carried(tx: Tx, digest: Delivery) -> tuple[Delivery, ...]:
    """Return the deliveries that a digest carries; none where the delivery is not one of a digest."""
    rows = tx.execute(select(*_READ).where(delivery.c.bundle == digest.alert_id).order_by(delivery.c.seq))
    return tuple(map(_delivery, rows))


def hand_on(tx: Tx, delivery_id: str) -> bool:
    """Note that another channel is owed what this delivery could not bring; return whether that is new."""
    this = and_(delivery.c.id == delivery_id, ~delivery.c.handed_on)
    return tx.execute(update(delivery).where(this).values(handed_on=True)).rowcount == 1


def last_reason(tx: Tx, name: str) -> str:
    """Return what was said of the newest attempt on the channel."""
    tried = select(attempt.c.reason).join_from(attempt, delivery, attempt.c.delivery_id == delivery.c.id)
    newest = tried.where(delivery.c.channel == name).order_by(attempt.c.at.desc(), attempt.c.n.desc()).limit(1)
    return str(tx.execute(newest).scalar() or "")


# --- what comes together ---------------------------------------------------------------------------------------------


def waiting(tx: Tx, name: str, now: datetime) -> tuple[Delivery, ...]:
    """Return the alerts that are due on a channel, in the order of its line."""
    line = select(*_READ).join_from(delivery, alert, delivery.c.alert_id == alert.c.id)
    due = and_(_QUEUED, delivery.c.channel == name, delivery.c.due_at <= now, alert.c.kind == Kind.NEW)
    due = and_(due, ~delivery.c.by_hand)
    return tuple(map(_delivery, tx.execute(line.where(due).order_by(delivery.c.turn, delivery.c.seq))))


def held_with(tx: Tx, first: Delivery, together: Together, *, now: datetime, most: int) -> tuple[Delivery, ...]:
    """Return the alerts that go in one message with a delivery, which is among them, in their order.

    They are due on its channel, and none of them may have arrived.
    """
    line = select(*_READ).join_from(delivery, alert, delivery.c.alert_id == alert.c.id)
    same = (delivery.c[name] == getattr(first, name) for name in ("channel", *together.alike))
    certain = and_(delivery.c.due_at <= now, delivery.c.unknown == 0, ~delivery.c.by_hand, alert.c.rule.is_not(None))
    held = or_(delivery.c.id == first.id, delivery.c.reason.in_(together.reasons))
    ordered = line.where(_QUEUED, *same, certain, held).order_by(delivery.c.turn, delivery.c.seq)
    return tuple(map(_delivery, tx.execute(ordered.limit(most))))


def told(tx: Tx, owed: Delivery, look: Look, now: datetime) -> tuple[datetime, ...]:
    """Return when the receiver of a delivery was told of its rule, a digest once, oldest first, as far as is looked."""
    alike = (delivery.c[name] == getattr(owed, name) for name in ("channel", "rule", "receiver"))
    lately = and_(delivery.c.bundle.is_(None), delivery.c.sent_at > look.since, delivery.c.sent_at <= now)
    newest = select(delivery.c.sent_at).where(*alike, lately).order_by(delivery.c.sent_at.desc()).limit(look.most)
    return tuple(tx.execute(newest).scalars())[::-1]


def count_waiting(tx: Tx, told: Delivery) -> int:
    """Return how many alerts, in digests or singly, wait for the receiver of a delivery, itself included."""
    line = select(delivery.c.alert_id).join_from(delivery, alert, delivery.c.alert_id == alert.c.id)
    mine = and_(delivery.c.channel == told.channel, delivery.c.receiver == told.receiver)
    waits = or_(_QUEUED, delivery.c.id == told.id)
    singly = select(func.count()).select_from(line.where(mine, waits, alert.c.kind == Kind.NEW).subquery())
    digests = line.where(mine, waits, alert.c.kind.in_(TOGETHER))
    carried = select(func.count()).select_from(delivery).where(delivery.c.bundle.in_(digests))
    return int(tx.execute(singly).scalar_one()) + int(tx.execute(carried).scalar_one())


def waiting_receivers(tx: Tx, name: str) -> frozenset[str]:
    """Return the receivers of a channel for whom something waits."""
    waits = select(delivery.c.receiver).where(_QUEUED, delivery.c.channel == name)
    return frozenset(tx.execute(waits).scalars())


def with_alerts(tx: Tx, owed: Sequence[Delivery]) -> tuple[tuple[Delivery, Alert], ...]:
    """Return each delivery of an alert with it."""
    ids = [each.alert_id for each in owed]
    rows = tx.execute(select(alert.c.id, alert.c.body).where(alert.c.id.in_(ids)))
    bodies = {row.id: snapshot.sound(row.body) for row in rows}
    return tuple((each, body) for each in owed if isinstance(body := bodies.get(each.alert_id), Alert))


def bundle(tx: Tx, digest: Digest, carrier: Delivery, parts: Sequence[tuple[Delivery, Alert]]) -> None:
    """Let a digest carry the deliveries, at the head of their line."""
    row = {"id": digest.id, "kind": digest.kind, "made_at": digest.made_at, "body": snapshot.digest_document(digest)}
    tx.execute(insert_or_ignore(alert).on_conflict_do_nothing(), row)
    tx.execute(insert_or_ignore(delivery).on_conflict_do_nothing(), _row(carrier) | {"turn": _FIRST_TURN})
    carried = update(delivery).values(state=DeliveryState.BUNDLED, bundle=digest.id)
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for (each, _), reason in zip(parts, digest.reasons or [digest.kind.value] * len(parts), strict=True):
        ids[reason].append(each.id)
    for reason, these in ids.items():
        tx.execute(carried.where(delivery.c.id.in_(these), _QUEUED).values(reason=f"{reason}, in a digest"))


def _settle_carried(tx: Tx, digest: Delivery) -> None:
    """Let the alerts that a digest carries share what became of it."""
    these = and_(delivery.c.bundle == digest.alert_id, delivery.c.state == DeliveryState.BUNDLED)
    why = f": {digest.reason}" if digest.reason else ""
    settled = {"state": digest.state, "sent_at": digest.sent_at, "reason": delivery.c.reason.concat(why)}
    tx.execute(update(delivery).where(these).values(**settled))


# --- once more, by hand --------------------------------------------------------------------------------------------


def resend(tx: Tx, lost: Delivery, now: datetime) -> None:
    """Let a delivery that told nobody be due again, held by no policy; a digest carries again what it carried."""
    again = alerts.by_hand(lost, now)
    this = and_(delivery.c.id == lost.id, delivery.c.state.in_(LOST))
    tx.execute(update(delivery).where(this).values(by_hand=True, bundle=None, handed_on=False, **_changed(again)))
    parts = and_(delivery.c.bundle == lost.alert_id, delivery.c.state.in_(LOST))
    tx.execute(update(delivery).where(parts).values(state=DeliveryState.BUNDLED))


def message(tx: Tx, delivery_id: str) -> str | None:
    """Return the text that a delivery brought; None where it brought none."""
    return tx.execute(select(delivery.c.message).where(delivery.c.id == delivery_id)).scalar()


# --- start and reload --------------------------------------------------------------------------------------------


def interrupted(tx: Tx) -> tuple[Delivery, ...]:
    """Return the deliveries that are being sent; at the start, by nobody."""
    return tuple(map(_delivery, tx.execute(select(*_READ).where(_SENDING).order_by(delivery.c.seq))))


def put_back(tx: Tx, again: Delivery) -> None:
    """Keep a delivery as it stands now that nobody sends it."""
    tx.execute(update(delivery).where(delivery.c.id == again.id).values(leased_until=None, **_changed(again)))


def withhold_removed(tx: Tx, channels: Sequence[str]) -> int:
    """Withhold what is queued for a channel that is none of these; return how many deliveries that are."""
    withheld = update(delivery).values(state=DeliveryState.WITHHELD, reason="channel removed")
    carried = and_(delivery.c.bundle.is_not(None), delivery.c.state == DeliveryState.BUNDLED)
    orphaned = and_(_QUEUED, delivery.c.channel.not_in(channels))
    tx.execute(withheld.where(carried, delivery.c.channel.not_in(channels)))
    return tx.execute(withheld.where(orphaned)).rowcount


def release_held(tx: Tx, now: datetime) -> None:
    """Make everything that waits due, and lift the pauses: under another config another answer may follow.

    What waits for people to acknowledge it goes on waiting.
    """
    waits = and_(_QUEUED, delivery.c.due_at > now, delivery.c.reason != Reason.UNACKNOWLEDGED)
    tx.execute(update(delivery).where(waits).values(due_at=now))
    tx.execute(update(channel).where(channel.c.paused_until.is_not(None)).values(paused_until=None))


# --- questions ---------------------------------------------------------------------------------------------------


def failed_since(tx: Tx, when: datetime) -> int:
    """Return how many deliveries were tried since then and have not been sent."""
    tried = select(attempt.c.delivery_id).where(attempt.c.at >= when)
    missed = and_(delivery.c.id.in_(tried), delivery.c.state != DeliveryState.SENT)
    return tx.execute(select(func.count()).select_from(delivery).where(missed)).scalar_one()


def counts(tx: Tx) -> Mapping[str, Mapping[DeliveryState, int]]:
    """Return, by channel and state, how many deliveries there are.

    One that was given up is not counted if it was handed on, and another channel told it or will; neither is a digest,
    but what it carried.
    """
    counting = select(delivery.c.channel, delivery.c.state, func.count())
    elsewhere = exists().where(
        _other.c.alert_id == delivery.c.alert_id, _other.c.channel != delivery.c.channel, _other.c.state.not_in(LOST)
    )
    stands_for_others = or_(
        and_(delivery.c.handed_on, elsewhere), exists().where(_other.c.bundle == delivery.c.alert_id)
    )
    own = or_(delivery.c.state != DeliveryState.UNDELIVERED, ~stands_for_others)
    rows = tx.execute(counting.where(own).group_by(delivery.c.channel, delivery.c.state))
    counted: defaultdict[str, dict[DeliveryState, int]] = defaultdict(dict)
    for name, state, count in rows:
        counted[name][DeliveryState(state)] = count
    return counted


def count_queued(tx: Tx) -> int:
    """Return how many deliveries wait, over all channels."""
    return tx.execute(select(func.count()).select_from(delivery).where(_QUEUED)).scalar_one()


def of_alerts(tx: Tx, ids: Sequence[str]) -> Mapping[str, tuple[Delivery, ...]]:
    """Return the deliveries of each of these alerts and notices, in the order in which they were owed."""
    rows = tx.execute(select(*_READ).where(delivery.c.alert_id.in_(ids)).order_by(delivery.c.seq))
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
        "turn": after.pauses // PAUSES_A_TURN,
        "first_tried_at": after.first_tried_at,
        "sent_at": after.sent_at,
    }


def _row(owed: Delivery) -> dict[str, Any]:
    return {
        "id": owed.id,
        "alert_id": owed.alert_id,
        "channel": owed.channel,
        "receiver": owed.receiver,
        "instead_of": owed.instead_of,
        "escalated_from": owed.escalated_from,
        "rule": owed.rule,
        "by_hand": owed.by_hand,
        "handed_on": False,
        "made_at": owed.made_at,
        **_changed(owed),
    }


def _delivery(row: AnyRow) -> Delivery:
    known = {name: getattr(row, name) for name in _FIELDS}
    return Delivery(**known | {"state": DeliveryState(row.state)})
