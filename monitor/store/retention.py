"""What has been kept long enough: it goes in small steps, and never while it is due, owed or listed.

    seen       its feed lists it no more, it was first seen 180 days ago, and its item is gone
    alerts     older than they are kept, nothing of them is owed, and their item is gone
    items      older than they are kept; and, while the database is too large, the oldest of the others
    records    older than items are kept, and days of coverage; the oldest first, so that what is left is one chain
    configs    the text of those that judged no item that is left, but of the newest 20
    pages      that are free go back to the disk

Keys go before items, so that one whose feed forgot it for a moment has a day to come back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    delete,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
    tuple_,
    type_coerce,
    update,
)

from monitor.alert import OPEN, DeliveryState, Kind
from monitor.keep import Keep, Pruned
from monitor.store import coverage, records
from monitor.store.database import Tx
from monitor.store.tables import alert, attempt, channel, config, delivery, feed, item, record, seen

#: A key that its feed lists no more is known for so long: some feeds list an entry again after months.
SEEN = timedelta(days=180)
#: What came within this time stays, however large the database is.
FRESH = timedelta(days=1)
#: So many of the newest configs keep their text.
CONFIGS = 20
_DAY = timedelta(days=1)

#: Rows and pages of one step. A hundred items of 4 kB, or a hundred pages, take 5 ms of a processor, and then the disk.
_KEYS, _ALERTS, _ITEMS, _RECORDS, _PAGES = 2000, 100, 100, 1000, 100
#: Bytes of a key that stand in the window of its feed.
_SHORT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """The room that a database takes, in bytes."""

    page: int
    file: int
    free: int

    @property
    def used(self) -> int:
        """Return how many bytes are in use."""
        return self.file - self.free


def pages(tx: Tx) -> Pages:
    """Return the room that the database takes, without what waits beside it in the WAL."""
    size, count, free = (
        tx.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_size", "page_count", "freelist_count")
    )
    return Pages(page=size, file=size * count, free=size * free)


# --- what may go -------------------------------------------------------------------------------------------------


# Built once: making an alias of a table takes longer than a step's statement.
_carrier, _part, _rang, _newest, _config = (each.alias() for each in (delivery, delivery, alert, item, config))


def _listed(feed_id: ColumnElement[Any], key: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return whether the feed listed the key when it last listed anything; NULL, as good as no, where none is known."""
    at = func.instr(feed.c.window, func.substr(key, 1, _SHORT))
    return select(at > 0).where(feed.c.id == feed_id).correlate_except(feed).scalar_subquery()


def _owed(alert_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return whether a delivery of the alert is open, its own or that of a digest which carries it."""
    carried = exists().where(_carrier.c.alert_id == _part.c.bundle, _carrier.c.state.in_(OPEN))
    bundled = and_(_part.c.state == DeliveryState.BUNDLED, carried)
    return exists().where(_part.c.alert_id == alert_id, or_(_part.c.state.in_(OPEN), bundled)).correlate_except(_part)


def _forgettable(now: datetime) -> ColumnElement[bool]:
    return and_(seen.c.at < now - SEEN, _FORGOTTEN)


#: Whether an item may go, if it is old enough.
_DROPPABLE = and_(
    item.c.judge_due_at.is_(None),
    item.c.read_due_at.is_(None),
    # The newest stays, so that no id is given twice: a key may still name the item that had it.
    item.c.id < select(func.max(_newest.c.id)).scalar_subquery(),
    not_(func.coalesce(_listed(item.c.feed_id, item.c.key), false())),
    not_(exists().where(_rang.c.item_id == item.c.id, _owed(_rang.c.id)).correlate_except(_rang)),
)
_IS_OWED = _owed(alert.c.id)
_CARRIES = exists().where(_part.c.bundle == alert.c.id).correlate_except(_part)
_FORGOTTEN = and_(
    not_(exists().where(item.c.id == seen.c.item_id).correlate_except(item)),
    not_(_listed(seen.c.feed_id, seen.c.key)),
)


def _over(keep: Keep, now: datetime) -> ColumnElement[bool]:
    """Return whether an alert, notice or digest may go.

    A hello stays, or the channel would be greeted again; so does what was said of an outage that goes on, and an alert
    whose item is kept: it is what keeps that from ringing again.
    """
    failing_since = select(func.min(channel.c.failing_since)).scalar_subquery()
    ongoing = and_(alert.c.kind == Kind.CHANNEL, alert.c.made_at >= func.coalesce(failing_since, now))
    return and_(
        alert.c.made_at < now - keep.alerts,
        alert.c.item_id.is_(None),
        alert.c.kind != Kind.HELLO,
        not_(ongoing),
        not_(_IS_OWED),
    )


def _unread(now: datetime) -> ColumnElement[bool]:
    """Return whether the text of a config is needed no more: no item that is left was judged by it.

    An item is judged by the config in force then, or by the one before while that is being replaced; so those before
    the one of the day before the oldest item judged none that is left. That is told from indexes, whereas looking for
    the items themselves takes reading all of them.
    """
    oldest_item = select(func.min(item.c.seen_at)).scalar_subquery()
    a_day_before = type_coerce(func.coalesce(oldest_item, now), Integer) - _DAY // timedelta(microseconds=1)
    in_force = select(func.max(_config.c.version)).where(type_coerce(_config.c.loaded_at, Integer) < a_day_before)
    newest = select(func.max(_config.c.version)).scalar_subquery()
    return and_(
        config.c.version < in_force.scalar_subquery(), config.c.version <= newest - CONFIGS, config.c.toml != ""
    )


def would_go(tx: Tx, keep: Keep, now: datetime) -> Pruned:
    """Return what a round of pruning would drop at this moment; how many items for want of room is an estimate."""
    counted = {
        "seen": select(func.count()).select_from(seen).where(_forgettable(now)),
        "alerts": select(func.count()).select_from(alert).where(_over(keep, now)),
        "items": select(func.count()).select_from(item).where(item.c.seen_at < now - keep.items, _DROPPABLE),
        "records": select(func.count()).select_from(record).where(record.c.at < now - keep.items),
        "configs": select(func.count()).select_from(config).where(_unread(now)),
    }
    found = Pruned(**{name: tx.execute(query).scalar_one() for name, query in counted.items()})
    room = pages(tx)
    return replace(found, for_room=_too_many(tx, keep, now, room.used, found.items), before=room.used, after=room.used)


def _too_many(tx: Tx, keep: Keep, now: datetime, used: int, going: int) -> int:
    """Return about how many of the oldest items that are left would have to go for the database to fit."""
    if keep.size is None or used <= keep.size.bytes:
        return 0
    number = tx.execute(select(func.count()).select_from(item)).scalar_one()
    too_many = -(-number * (used - keep.size.bytes) // used)
    may_go = and_(item.c.seen_at < now - FRESH, _DROPPABLE)
    most = tx.execute(select(func.count()).select_from(item).where(may_go)).scalar_one()
    return max(0, min(too_many, most) - going)


# --- how it goes -------------------------------------------------------------------------------------------------

#: Where a stage has come to; None at its beginning.
_Place = Sequence[Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """A part of a round."""

    #: The field of ``Pruned`` that counts what goes.
    counts: str
    #: Takes one step from a place, and returns the next place, None at the end, and how many rows went.
    step: Callable[[Tx, _Place], tuple[_Place, int]]


class Pruning:
    """One round of pruning, in steps of some milliseconds, so that who else writes waits for one step at the most.

    Each step leaves a whole database. A round that ends in the middle is begun anew, and ends where it would have.
    """

    def __init__(self, keep: Keep, now: datetime) -> None:
        self._keep, self._now = keep, now
        self._stages = deque(
            _Stage(counts=name, step=step)
            for name, step in (
                ("seen", self._seen),
                ("alerts", self._alerts),
                ("items", self._items),
                ("for_room", self._for_room),
                ("records", self._records),
                ("configs", self._configs),
                ("freed", self._pages),
            )
        )
        self._place: _Place = None
        #: What went so far.
        self.pruned = Pruned()

    def step(self, tx: Tx) -> bool:
        """Take one step, in a transaction of its own; return whether there is another."""
        if not self.pruned.before:
            self.pruned = replace(self.pruned, before=pages(tx).used)
        stage = self._stages[0]
        place, gone = stage.step(tx, self._place)
        counted = {stage.counts: getattr(self.pruned, stage.counts) + gone}
        self.pruned = replace(self.pruned, after=pages(tx).used, **counted)
        self._place = place
        if place is None:
            self._stages.popleft()
        return bool(self._stages)

    def _seen(self, tx: Tx, place: _Place) -> tuple[_Place, int]:
        """Walk through all keys in the order in which they are stored: few are old enough, and no index knows them."""
        by_key = tuple_(seen.c.feed_id, seen.c.key)
        begin = true() if place is None else by_key > tuple(place)
        beyond = select(seen.c.feed_id, seen.c.key).where(begin).order_by(seen.c.feed_id, seen.c.key)
        last = tx.execute(beyond.limit(1).offset(_KEYS - 1)).first()
        end = true() if last is None else by_key <= tuple(last)
        gone = tx.execute(delete(seen).where(begin, end, _forgettable(self._now))).rowcount
        return last, gone

    def _alerts(self, tx: Tx, place: _Place) -> tuple[_Place, int]:
        than = self._now - self._keep.alerts
        chunk = _chunk(tx, alert.c.made_at, alert.c.seq, before=than, place=place, most=_ALERTS)
        numbers = [number for _, number in chunk]
        # A digest goes after the alerts that it carries; twice, since both may be in one chunk.
        gone = self._drop_alerts(tx, numbers) + self._drop_alerts(tx, numbers)
        return _end(chunk, _ALERTS), gone

    def _drop_alerts(self, tx: Tx, numbers: Sequence[int]) -> int:
        these = select(alert.c.id).where(alert.c.seq.in_(numbers), _over(self._keep, self._now), not_(_CARRIES))
        ids = tx.execute(these).scalars().all()
        if ids:
            of_these = delivery.c.alert_id.in_(ids)
            tx.execute(delete(attempt).where(attempt.c.delivery_id.in_(select(delivery.c.id).where(of_these))))
            tx.execute(delete(delivery).where(of_these))
            tx.execute(delete(alert).where(alert.c.id.in_(ids)))
        return len(ids)

    def _items(self, tx: Tx, place: _Place) -> tuple[_Place, int]:
        return self._older(tx, self._now - self._keep.items, place)

    def _for_room(self, tx: Tx, place: _Place) -> tuple[_Place, int]:
        if self._keep.size is None or pages(tx).used <= self._keep.size.bytes:
            return None, 0
        return self._older(tx, self._now - FRESH, place)

    def _older(self, tx: Tx, than: datetime, place: _Place) -> tuple[_Place, int]:
        chunk = _chunk(tx, item.c.seen_at, item.c.id, before=than, place=place, most=_ITEMS)
        these = item.c.id.in_([number for _, number in chunk])
        gone = tx.execute(delete(item).where(these, _DROPPABLE)).rowcount if chunk else 0
        return _end(chunk, _ITEMS), gone

    def _records(self, tx: Tx, _: _Place) -> tuple[_Place, int]:
        before = self._now - self._keep.items
        gone = records.drop(tx, before, _RECORDS)
        coverage.drop(tx, before)
        return ((0,) if gone == _RECORDS else None), gone

    def _configs(self, tx: Tx, _: _Place) -> tuple[_Place, int]:
        """Empty texts and leave the rows: to drop one, SQLite would look through all items for what refers to it."""
        return None, tx.execute(update(config).where(_unread(self._now)).values(toml="")).rowcount

    def _pages(self, tx: Tx, _: _Place) -> tuple[_Place, int]:
        before = pages(tx)
        link = tx.connection.driver_connection
        assert link is not None  # noqa: S101 - it is open
        for _page in range(min(_PAGES, before.free // before.page)):
            # The driver takes one step of a statement without columns, and this one frees a page with each step.
            link.execute("PRAGMA incremental_vacuum(1)")
        after = pages(tx)
        freed = before.file - after.file
        return ((0,) if freed and after.free else None), freed


def _chunk(  # noqa: PLR0913 - what to walk through, and from where to where
    tx: Tx, at: ColumnElement[Any], number: ColumnElement[int], *, before: datetime, place: _Place, most: int
) -> Sequence[Sequence[Any]]:
    """Return when and number of the next rows, oldest first."""
    begin = true() if place is None else tuple_(at, number) > tuple(place)
    return tx.execute(select(at, number).where(at < before, begin).order_by(at, number).limit(most)).all()


def _end(chunk: Sequence[Sequence[Any]], most: int) -> _Place:
    return chunk[-1] if len(chunk) == most else None
