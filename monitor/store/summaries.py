"""What a span of time brought, counted for its summary."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Integer, and_, func, not_, select, type_coerce

from monitor.alert import FIRST, DeliveryState
from monitor.feed import UNREAD, State
from monitor.item import Reading
from monitor.store import feeds, records
from monitor.store.database import Tx
from monitor.store.tables import alert, config, delivery, feed, item
from monitor.summary import CANARY, Day


def born(tx: Tx) -> datetime | None:
    """Return when the first config came into force."""
    return tx.execute(select(func.min(config.c.loaded_at))).scalar()


def canary_feed(tx: Tx) -> int:
    """Return the number of the feed that the canary comes from, which the config in force declares."""
    return int(tx.execute(select(feed.c.id).where(feed.c.name == CANARY)).scalar_one())


def day(tx: Tx, since: datetime, until: datetime) -> Day:
    """Return what there was of everything."""
    states = [state for state in feeds.all_states(tx) if state.enabled]
    seen = and_(item.c.seen_at > since, item.c.seen_at <= until, not_(item.c.baseline))
    made = and_(alert.c.made_at > since, alert.c.made_at <= until)
    rang = and_(made, alert.c.rule != CANARY, alert.c.kind.in_(FIRST))
    lost = select(func.count()).select_from(delivery).join(alert, delivery.c.alert_id == alert.c.id)
    by_reading = select(item.c.reading, func.count()).where(seen).group_by(item.c.reading)
    readings: dict[str, int] = dict(iter(tx.execute(by_reading)))
    return Day(
        since=since,
        until=until,
        feeds=len(states),
        items=sum(readings.values()),
        read=readings.get(Reading.READ, 0),
        unreadable=readings.get(Reading.FAILED, 0),
        alerts=tx.execute(select(func.count()).select_from(alert).where(rang)).scalar_one(),
        undelivered=tx.execute(lost.where(made, delivery.c.state == DeliveryState.UNDELIVERED)).scalar_one(),
        silent=tuple(state.name for state in states if state.state is State.SILENT),
        failing=tuple(state.name for state in states if state.state in UNREAD),
        delay=_delay(tx, since, until),
        head=records.head(tx),
    )


def _delay(tx: Tx, since: datetime, until: datetime) -> timedelta | None:
    """Return the time within which 95 % of the dated items were seen after their publication."""
    dated = and_(
        item.c.seen_at > since,
        item.c.seen_at <= until,
        not_(item.c.baseline),
        item.c.published.is_not(None),
        item.c.published > since - timedelta(days=2),  # older ones were dated long before they stood in the feed
    )
    number = tx.execute(select(func.count()).select_from(item).where(dated)).scalar_one()
    if not number:
        return None
    waits = func.max(0, type_coerce(item.c.seen_at, Integer) - type_coerce(item.c.published, Integer))
    found = select(waits).where(dated).order_by(waits).limit(1).offset((number * 95 - 1) // 100)
    return timedelta(microseconds=tx.execute(found).scalar_one())
