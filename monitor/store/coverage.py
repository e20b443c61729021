"""How each feed was watched, day by day: counted in the transaction that ends a poll."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Integer, and_, bindparam, case, delete, func, literal, null, or_, select, type_coerce, update
from sqlalchemy.dialects.sqlite import insert

from monitor.feed import FeedState
from monitor.record import Fact, Sort
from monitor.store import records
from monitor.store.database import AnyRow, Tx
from monitor.store.prepared import Statement
from monitor.store.tables import coverage, feed

_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
#: Ten years, in microseconds.
_LONGEST = 3650 * 86_400 * 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOW = bindparam("now", type_=Integer)
_ANSWERED = bindparam("answered", type_=Integer)

_before = coverage.alias("before")
_LAST_ANSWER = (
    select(_before.c.answered_at)
    .where(_before.c.feed_id == feed.c.id, _before.c.day < bindparam("day"))
    .order_by(_before.c.day.desc())
    .limit(1)
    .scalar_subquery()
)


def _since(column: Any, now: Any = _NOW) -> Any:  # noqa: ANN401 - SQL
    """Return the microseconds from a time to this poll; 0 where there was none, or the clock was set back.

    A damaged time may lie so far back that the difference is no integer any more, which the column would refuse.
    """
    passed = func.coalesce(type_coerce(now, Integer) - type_coerce(column, Integer), 0)
    return func.min(_LONGEST, func.max(0, passed))


_FAILING = or_(_ANSWERED == 0, feed.c.failures > 0)
_FIRST = select(
    feed.c.id,
    bindparam("day", type_=Integer),
    literal(1),
    _ANSWERED,
    case((feed.c.body_hash == bindparam("hash"), _ANSWERED), else_=0),
    1 - _ANSWERED,
    _NOW,
    _NOW,
    case((_ANSWERED == 1, _NOW), else_=_LAST_ANSWER),
    _since(feed.c.polled_at),
    feed.c.polled_at,
    case((_FAILING, _since(_LAST_ANSWER)), else_=0),
    case((_FAILING, _LAST_ANSWER), else_=null()),
    literal(0),
).where(feed.c.id == bindparam("feed_id"), feed.c.lease == bindparam("token"))
_NEW = insert(coverage).from_select([column.name for column in coverage.c], _FIRST)
_day, _poll = coverage.c, _NEW.excluded
_GAP, _SILENT = (_since(column, _poll.last_at) for column in (_day.last_at, _day.answered_at))
_UNANSWERED = or_(_poll.answers == 0, _day.answered_at < _day.last_at, _day.answered_at.is_(None))
_LONGER_OUTAGE = and_(_UNANSWERED, _day.outage < _SILENT)
_COUNT = Statement(
    _NEW.on_conflict_do_update(
        index_elements=[_day.feed_id, _day.day],
        set_={
            "polls": _day.polls + 1,
            "answers": _day.answers + _poll.answers,
            "unchanged": _day.unchanged + _poll.unchanged,
            "failures": _day.failures + _poll.failures,
            "last_at": _poll.last_at,
            "answered_at": case((_poll.answers == 1, _poll.last_at), else_=_day.answered_at),
            "gap": func.max(_day.gap, _GAP),
            "gap_from": case((_day.gap < _GAP, _day.last_at), else_=_day.gap_from),
            "outage": case((_LONGER_OUTAGE, _SILENT), else_=_day.outage),
            "outage_from": case((_LONGER_OUTAGE, _day.answered_at), else_=_day.outage_from),
        },
    )
)


def count(tx: Tx, states: Iterable[FeedState]) -> None:
    """Count polls by the states that they led to, before those take the place of the ones in the store."""
    rows = [
        {
            "feed_id": after.id,
            "token": after.lease,
            "now": (after.polled_at - _EPOCH) // _MICROSECOND,
            "day": _number(after.polled_at),
            "answered": int(after.failures == 0),
            "hash": after.body_hash,
        }
        for after in states
        if after.polled_at is not None
    ]
    if rows:
        _COUNT.run_each(tx, rows)


def _number(moment: datetime) -> int:
    return (moment - _EPOCH) // _DAY


# --- questions ---------------------------------------------------------------------------------------------------


def tell(tx: Tx, now: datetime, *, today: bool, most: int = -1) -> int:
    """Tell in the chain how feeds were watched on the days that are over, and so far ``today``, if not told yet.

    Returns how many days of feeds were told: ``most`` of them, where that is not negative.
    """
    until = _number(now) - (not today)
    untold = and_(coverage.c.polls != coverage.c.told, coverage.c.day <= until)
    named = select(coverage, feed.c.name).join_from(coverage, feed).where(untold)
    rows = tx.execute(named.order_by(coverage.c.day, feed.c.name).limit(most)).all()
    if rows:
        records.add(tx, [Fact(sort=Sort.COVERAGE, at=now, body=_body(row)) for row in rows])
        tx.execute(_TOLD, [{"of": row.feed_id, "on": row.day} for row in rows])
    return len(rows)


_TOLD = (
    update(coverage)
    .where(coverage.c.feed_id == bindparam("of"), coverage.c.day == bindparam("on"))
    .values(told=coverage.c.polls)
)


def drop(tx: Tx, before: datetime) -> int:
    """Drop the days before a time."""
    return tx.execute(delete(coverage).where(coverage.c.day < _number(before))).rowcount


def _body(row: AnyRow) -> Mapping[str, Any]:
    return {
        "feed": row.name,
        "day": (_EPOCH + row.day * _DAY).date().isoformat(),
        "polls": row.polls,
        "answers": row.answers,
        "unchanged": row.unchanged,
        "failures": row.failures,
        "first": _written(row.first_at),
        "last": _written(row.last_at),
        "answered": _written(row.answered_at),
        "gap": row.gap / 1e6,
        "gap_from": _written(row.gap_from),
        "outage": row.outage / 1e6,
        "outage_from": _written(row.outage_from),
    }


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
