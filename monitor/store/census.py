"""What a database holds: how much of everything, from when to when, and from which feed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, func, select

from monitor.alert import DeliveryState
from monitor.store.database import Tx
from monitor.store.retention import Pages, pages
from monitor.store.tables import alert, attempt, config, delivery, feed, item, seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """How many rows of a kind there are, and how old they are."""

    count: int
    oldest: datetime | None
    newest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """What a database holds."""

    pages: Pages
    items: Holding
    #: Entries that are known again by their key.
    seen: Holding
    #: Notices and digests among them.
    alerts: Holding
    deliveries: Mapping[DeliveryState, int]
    attempts: Holding
    configs: Holding
    #: Items by feed, also of feeds that are declared no more; those with the most first.
    feeds: Mapping[str, int]


def census(tx: Tx) -> Census:
    """Return what the database holds, without reading any text: a second for some million items."""
    states: dict[str, int] = dict(iter(tx.execute(select(delivery.c.state, func.count()).group_by(delivery.c.state))))
    return Census(
        pages=pages(tx),
        items=_holding(tx, item, item.c.seen_at),
        seen=_holding(tx, seen, seen.c.at),
        alerts=_holding(tx, alert, alert.c.made_at),
        deliveries={state: states.get(state, 0) for state in DeliveryState},
        attempts=_holding(tx, attempt, attempt.c.at),
        configs=_holding(tx, config, config.c.loaded_at),
        feeds=_by_feed(tx),
    )


def _holding(tx: Tx, table: Table, at: ColumnElement[Any]) -> Holding:
    # One by one: asked for both ends at once, SQLite does not look them up in the index but walks through it.
    count, oldest, newest = (
        tx.execute(select(what).select_from(table)).scalar_one() for what in (func.count(), func.min(at), func.max(at))
    )
    return Holding(count=count, oldest=oldest, newest=newest)


def _by_feed(tx: Tx) -> Mapping[str, int]:
    counts: dict[int, int] = dict(iter(tx.execute(select(item.c.feed_id, func.count()).group_by(item.c.feed_id))))
    names: dict[int, str] = dict(iter(tx.execute(select(feed.c.id, feed.c.name))))
    known = {name: counts.get(number, 0) for number, name in names.items()}
    return dict(sorted(known.items(), key=lambda pair: (-pair[1], pair[0])))
