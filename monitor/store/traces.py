"""What is left of an item's way: what judged it, what a rule found, what was told; and of a link that never came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import func, or_, select

from monitor import item as items
from monitor.alert import Alert
from monitor.feed import FeedState
from monitor.item import Entry, Item
from monitor.stages import Absence, Listing, Trace
from monitor.store import alerts as alert_rows
from monitor.store import feeds as feed_rows
from monitor.store import items as item_rows
from monitor.store.alerts import Kept
from monitor.store.database import Tx
from monitor.store.tables import alert, config, item, match, seen

#: Items of one page that are looked at; feeds list the same address with a few other tails.
_ALIKE = 200


def find(tx: Tx, ref: str) -> tuple[Item, ...]:
    """Return the items that are meant by an item's id, an alert's id or a link, the newest first."""
    if ref.isdecimal():
        found = item_rows.get(tx, int(ref)) if len(ref) <= len(str(2**62)) else None
        return (found,) if found else ()
    if "://" in ref:
        return tuple(_linked(tx, ref))
    kept = alert_rows.by_prefix(tx, ref.removeprefix("a-")) if ref.removeprefix("a-") else ()
    numbers = dict.fromkeys(each.what.item_id for each in kept if isinstance(each.what, Alert))
    return tuple(each for number in numbers if (each := item_rows.get(tx, number)))


def _linked(tx: Tx, link: str) -> Iterator[Item]:
    """Yield the items whose address names the same page, whatever its scheme and where its readers came from."""
    wanted = items.canonical_link(link)
    for number, known in _begin_alike(tx, link):
        if items.canonical_link(known) == wanted and (found := item_rows.get(tx, number)):
            yield found


def _begin_alike(tx: Tx, link: str) -> list[tuple[int, str]]:
    """Return the items whose address differs at most in scheme, query and fragment; ranges, which the index answers."""
    try:
        parts = urlsplit(link.strip())
    except ValueError:
        return []
    path = parts.path.rstrip("/")
    pages = [
        f"{scheme}://{host}{path}{end}"
        for host in dict.fromkeys((parts.netloc, parts.netloc.lower()))
        for scheme in ("https", "http")
        for end in ("", "/")
    ]
    tails = [item.c.link.between(f"{page}{mark}", f"{page}{mark}\U0010ffff") for page in pages for mark in "?#"]
    # Ordered here: asked for the newest first, SQLite walks through all items by number.
    wanted = select(item.c.id, item.c.link).where(or_(item.c.link.in_(pages), *tails)).limit(_ALIKE)
    return sorted(((number, known) for number, known in tx.execute(wanted)), reverse=True)


def trace(tx: Tx, of: Item, rule: str) -> Trace:
    """Return what was kept of an item for a rule."""
    loaded_at = select(config.c.loaded_at).join(item, item.c.judged_by == config.c.version).where(item.c.id == of.id)
    found = tx.execute(
        select(match.c.at, match.c.strength).where(match.c.item_id == of.id, match.c.rule == rule)
    ).first()
    kept = _alert(tx, of, rule)
    made = kept.what if kept and isinstance(kept.what, Alert) else None
    return Trace(
        item=of,
        judged_by=tx.execute(loaded_at).scalar(),
        judge_due=tx.execute(select(item.c.judge_due_at).where(item.c.id == of.id)).scalar() is not None,
        matched_at=found.at if found else None,
        strength=found.strength if found else None,
        alert=made,
        deliveries=kept.deliveries if kept and made else (),
    )


def _alert(tx: Tx, of: Item, rule: str) -> Kept | None:
    named = select(alert.c.id).where(alert.c.item_id == of.id, alert.c.rule == rule).order_by(alert.c.seq)
    first = tx.execute(named.limit(1)).scalar()
    return next(iter(alert_rows.by_prefix(tx, first)), None) if first else None


def absence(tx: Tx, link: str) -> Absence:
    """Return what is known of a link that no item has."""
    states = feed_rows.all_states(tx)
    # By number, which is the order of arrival and stands in the index: by time, every row would be read.
    ends = (func.min(item.c.id).label("first"), func.max(item.c.id).label("last"))
    span = select(item.c.feed_id, *ends).group_by(item.c.feed_id).subquery()
    first, last = item.alias("first"), item.alias("last")
    seen_at = (
        select(span.c.feed_id, first.c.seen_at, last.c.seen_at.label("last_at"))
        .join(first, first.c.id == span.c.first)
        .join(last, last.c.id == span.c.last)
    )
    spans = {number: (oldest, newest) for number, oldest, newest in tx.execute(seen_at)}
    gone: dict[int, datetime] = dict(_dropped(tx, link, states))
    return Absence(
        link=link,
        feeds=tuple(
            Listing(state=state, oldest=oldest, newest=newest, dropped=gone.get(state.id))
            for state in states
            for oldest, newest in [spans.get(state.id, (None, None))]
        ),
    )


def _dropped(tx: Tx, link: str, states: Sequence[FeedState]) -> Iterator[tuple[int, datetime]]:
    """Yield feeds that listed the link as an entry's identity, which outlives the item, and when."""
    keys = {items.key(entry) for entry in (Entry(link=link), Entry(guid=link))}
    known = select(seen.c.feed_id, seen.c.at)
    yield from iter(tx.execute(known.where(seen.c.feed_id.in_([each.id for each in states]), seen.c.key.in_(keys))))
