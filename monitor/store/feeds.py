"""Feeds as remembered: which are due, what a poll left behind, and how a changed config is taken in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from math import inf
from statistics import median
from typing import Any

from sqlalchemy import bindparam, func, insert, not_, or_, select, text, update
from sqlalchemy.dialects import sqlite

from monitor.feed import LASTING, UNREAD, Cause, Feed, FeedState, State, host_of
from monitor.feed.listing import Loss
from monitor.item import believable
from monitor.store import coverage
from monitor.store.database import AnyRow, Lease, Tx
from monitor.store.prepared import Statement
from monitor.store.tables import TO_TELL, feed, item, loss

#: How many of a feed's newest items tell its rhythm.
_RHYTHM = 50
#: So many losses of a feed are shown.
_LOSSES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What a config changed among the feeds, by their names."""

    added: tuple[str, ...] = ()
    #: Old and new name.
    renamed: tuple[tuple[str, str], ...] = ()
    #: Under another address than before.
    moved: tuple[str, ...] = ()
    #: No longer polled; what is known of them is kept.
    removed: tuple[str, ...] = ()
    #: Polled again.
    resumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A feed with what has come from it."""

    state: FeedState
    items: int
    #: Published times of its newest items, newest first.
    published: tuple[datetime, ...]
    #: How long its news usually wait from being published to being seen; None where nothing dated came yet.
    delay: timedelta | None = None
    #: When something may have been lost, newest first.
    losses: tuple[Loss, ...] = ()


# --- config ------------------------------------------------------------------------------------------------------


def sync(tx: Tx, declared: Sequence[Feed], now: datetime) -> Synced:
    """Take in the feeds that a config declares.

    They are known again by name, else by address among feeds whose name is gone. A feed under a new address keeps its
    history, but its validators are forgotten: ``baseline_at`` without ``body_hash`` tells that the next answer is its
    first from there. One that is declared no more is kept, off.
    """
    known = {state.name: state for state in all_states(tx)}
    names = {each.name for each in declared}
    nameless = {state.url: state for state in known.values() if state.name not in names}
    pairs = [(known.get(each.name) or nameless.pop(each.url, None), each) for each in declared]
    met = [(before, after) for before, after in pairs if before is not None]
    kept = {before.id for before, _ in met}
    gone = [state for state in known.values() if state.id not in kept and state.enabled]
    for before, after in met:
        _take_over(tx, before, after, now)
    new = [after for before, after in pairs if before is None]
    _add(tx, new, now)
    _switch_off(tx, gone)
    return Synced(
        added=tuple(each.name for each in new),
        renamed=tuple((before.name, after.name) for before, after in met if before.name != after.name),
        moved=tuple(after.name for before, after in met if before.url != after.url),
        removed=tuple(state.name for state in gone)
        + tuple(after.name for before, after in met if before.enabled and not after.enabled),
        resumed=tuple(after.name for before, after in met if after.enabled and not before.enabled),
    )


def _add(tx: Tx, new: Sequence[Feed], now: datetime) -> None:
    if new:
        tx.execute(
            insert(feed),
            [{"name": f.name, "url": f.url, "enabled": f.enabled, "next_poll_at": now, **_FRESH} for f in new],
        )


#: Of a feed that was never polled.
_FRESH: Mapping[str, Any] = {
    "title": "", "failures": 0, "state": State.NEW, "reason": "", "slow": False, "told_network": False, "returns": 0,
    "ttl": timedelta(0), "news": 0.0, "watched": 0.0,
}  # fmt: skip


#: Of a feed at a new address; without its lease a poll under way at the old one leaves nothing behind.
_FORGOTTEN: Mapping[str, Any] = {
    "etag": None, "modified": None, "body_hash": None, "moved_to": None, "state": State.NEW, "failures": 0,
    "reason": "", "slow": False, "lease": None, "leased_until": None, "cause": None, "told": None,
    "told_since": None, "told_network": False, "told_move": None, "returns": 0, "within": None, "ttl": timedelta(0),
}  # fmt: skip


def _take_over(tx: Tx, before: FeedState, declared: Feed, now: datetime) -> None:
    values: dict[str, Any] = {"name": declared.name, "url": declared.url, "enabled": declared.enabled}
    if declared.url != before.url:
        values |= {**_FORGOTTEN, "next_poll_at": now}
    elif declared.enabled and not before.enabled:
        values["next_poll_at"] = now
    elif before.state in (State.OK, *LASTING) and declared.interval is not None:  # a shorter interval holds at once
        values["next_poll_at"] = min(before.next_poll_at, now + declared.interval)
    if any(getattr(before, name, None) != value for name, value in values.items()):
        tx.execute(update(feed).where(feed.c.id == before.id).values(values))


def _switch_off(tx: Tx, gone: Sequence[FeedState]) -> None:
    if gone:
        tx.execute(update(feed).where(feed.c.id.in_([state.id for state in gone])).values(enabled=False))


# --- polls -------------------------------------------------------------------------------------------------------

_FREE = or_(feed.c.leased_until.is_(None), feed.c.leased_until <= bindparam("now"))
_DUE = (
    select(feed.c.id, func.coalesce(feed.c.moved_to, feed.c.url))
    .where(feed.c.enabled, feed.c.next_poll_at <= bindparam("now"), _FREE)
    .order_by(feed.c.next_poll_at)
)
#: What a poll learns; name, address and enabled belong to the config.
_LEARNT = (
    "moved_to", "title", "language", "etag", "modified", "body_hash", "baseline_at", "polled_at", "next_poll_at",
    "failures", "state", "reason", "slow", "cause", "since", "read_at", "look_at", "changed_at", "returns", "within",
    "ttl", "news", "watched", "window",
)  # fmt: skip
_SAVE = Statement(
    update(feed)
    .where(feed.c.id == bindparam("feed_id"), feed.c.lease == bindparam("token"))
    .values(lease=None, leased_until=None, **{name: bindparam(f"new_{name}") for name in _LEARNT})
)


def claim(  # noqa: PLR0913 - all but the room are the claim's
    tx: Tx,
    *,
    now: datetime,
    limit: int,
    lease: str,
    until: datetime,
    room: Callable[[str], float] = lambda _host: inf,
) -> tuple[FeedState, ...]:
    """Lease the feeds that have been due longest, and return them; the due time stays.

    ``room`` tells how many more polls a host may have at once: feeds of one that hangs leave the way free for others.
    """
    chosen = _with_room(tx.execute(_DUE, {"now": now}), limit, room)
    if not chosen:
        return ()
    leased = update(feed).where(feed.c.id.in_(chosen)).values(lease=lease, leased_until=until).returning(feed)
    return tuple(sorted(map(_state, tx.execute(leased)), key=lambda state: state.next_poll_at))


def is_any_due(tx: Tx, now: datetime) -> bool:
    """Return whether a feed is due that nobody holds."""
    return tx.execute(_DUE.limit(1), {"now": now}).first() is not None


def is_any_unpolled(tx: Tx, since: datetime) -> bool:
    """Return whether a feed that was due then has not been polled, though somebody may hold it."""
    waits = select(feed.c.id).where(feed.c.enabled, feed.c.next_poll_at <= since)
    return tx.execute(waits.limit(1)).first() is not None


def count_unread(tx: Tx) -> int:
    """Return how many feeds should be read and are not."""
    unread = select(func.count()).select_from(feed).where(feed.c.enabled, feed.c.state.in_(UNREAD))
    return tx.execute(unread).scalar_one()


def _with_room(due: Iterable[AnyRow], limit: int, room: Callable[[str], float]) -> list[int]:
    chosen: list[int] = []
    taken: Counter[str] = Counter()
    for number, address in due:
        if len(chosen) == limit:
            break
        host = host_of(address)
        if taken[host] < room(host):
            taken[host] += 1
            chosen.append(number)
    return chosen


def save(tx: Tx, state: FeedState) -> bool:
    """Keep the state after a poll and end its lease; return False, and keep nothing, if that lease holds no more."""
    coverage.count(tx, [state])
    return _SAVE.run(tx, _learnt(state)) == 1


def save_all(tx: Tx, states: Sequence[FeedState]) -> frozenset[tuple[int, str]]:
    """Keep the states after polls as ``save`` does; return number and lease of each feed whose lease holds."""
    numbers = [state.id for state in states]
    leases = tx.execute(select(feed.c.id, feed.c.lease).where(feed.c.id.in_(numbers), feed.c.lease.is_not(None)))
    held = frozenset((number, lease) for number, lease in leases)
    kept = [state for state in states if (state.id, state.lease) in held]
    if kept:
        coverage.count(tx, kept)
        _SAVE.run_each(tx, map(_learnt, kept))
    return held


def _learnt(state: FeedState) -> Mapping[str, Any]:
    values = {f"new_{name}": getattr(state, name) for name in _LEARNT}
    values["new_window"] = state.window or None  # nobody knows what it lists
    return {"feed_id": state.id, "token": state.lease, **values}


_LOSE = sqlite.insert(loss).on_conflict_do_nothing()


def lose(tx: Tx, lost: Loss) -> None:
    """Keep in the feed's record when something may have been lost."""
    tx.execute(_LOSE, {**asdict(lost), "told": False})


_CUT = (
    update(feed)
    .where(feed.c.id == bindparam("number"), feed.c.lease == bindparam("token"))
    .values(leased_until=bindparam("until"))
)


def cut_leases(tx: Tx, leases: Sequence[Lease]) -> None:
    """Let leases that are still held end as given."""
    if leases:
        tx.execute(_CUT, [asdict(each) for each in leases])


def poll_all_now(tx: Tx, now: datetime) -> None:
    """Make every feed due."""
    tx.execute(update(feed).where(feed.c.enabled).values(next_poll_at=now))


def void_leases(tx: Tx) -> None:
    """Free what a daemon that was killed had claimed; only the holder of the lock may say so."""
    tx.execute(update(feed).where(feed.c.lease.is_not(None)).values(lease=None, leased_until=None))


def clamp(tx: Tx, latest: datetime) -> None:
    """Bring feeds forward that are due later than that, as after a clock that ran far ahead."""
    tx.execute(update(feed).where(feed.c.next_poll_at > latest).values(next_poll_at=latest))


# --- health ------------------------------------------------------------------------------------------------------

_TO_LOOK_AT = (
    select(feed)
    .where(feed.c.enabled, feed.c.look_at <= bindparam("now"), feed.c.state == State.OK)
    .order_by(feed.c.look_at)
    .limit(bindparam("most"))
)


def to_look_at(tx: Tx, now: datetime, most: int) -> tuple[FeedState, ...]:
    """Return feeds that answer, and are to be looked at whether they have fallen silent."""
    return tuple(map(_state, tx.execute(_TO_LOOK_AT, {"now": now, "most": most})))


def came(tx: Tx, feed_id: int, most: int) -> Sequence[datetime]:
    """Return when the feed's latest items came: when they were published, or seen where they are undated.

    Of what was undated in its first listing nobody knows when it came.
    """
    latest = (
        select(item.c.published, item.c.seen_at, item.c.baseline)
        .where(item.c.feed_id == feed_id)
        .order_by(item.c.id.desc())
        .limit(most)
    )
    found = [(believable(row.published, row.seen_at), row) for row in tx.execute(latest)]
    return [moment or row.seen_at for moment, row in found if moment or not row.baseline]


def looked_at(tx: Tx, feed_id: int, again_at: datetime, silent_since: datetime | None, reason: str) -> None:
    """Note when to look at a feed again, and that it is silent where it is."""
    values: dict[str, Any] = {"look_at": again_at}
    if silent_since is not None:
        values |= {"state": State.SILENT, "reason": reason, "since": silent_since}
    tx.execute(update(feed).where(feed.c.id == feed_id, feed.c.state == State.OK).values(values))


#: By itself, SQLite takes the index of what is due, and with it every feed.
_TROUBLED = f"id IN (SELECT id FROM feed INDEXED BY feed_to_tell WHERE {TO_TELL})"  # noqa: S608 - words of ours
_TO_TELL = select(feed).where(text(_TROUBLED))


def to_tell(tx: Tx) -> tuple[FeedState, ...]:
    """Return the feeds of which people may have to be told something, by name."""
    found = map(_state, tx.execute(_TO_TELL))
    return tuple(sorted(found, key=lambda state: state.name))


_TOLD = ("told", "told_since", "told_network", "told_move")
_TELL = update(feed).where(feed.c.id == bindparam("feed_id")).values({name: bindparam(f"new_{name}") for name in _TOLD})


def tell(tx: Tx, states: Sequence[FeedState]) -> None:
    """Note what people know of the feeds."""
    if states:
        rows = [{f"new_{name}": getattr(state, name) for name in _TOLD} | {"feed_id": state.id} for state in states]
        tx.execute(_TELL, rows)


def untold_losses(tx: Tx) -> Mapping[str, tuple[tuple[Loss, ...], datetime | None]]:
    """Return the losses that people do not know of, newest first, by feed; and when they were told of one last."""
    found = select(feed.c.name, loss).join_from(loss, feed).where(text("NOT loss.told"), feed.c.enabled)
    untold: dict[str, list[Loss]] = {}
    for row in tx.execute(found.order_by(feed.c.name, loss.c.until.desc())):
        untold.setdefault(row.name, []).append(_loss(row))
    last = select(func.max(loss.c.until)).where(loss.c.told, loss.c.feed_id == bindparam("feed"))
    return {
        name: (tuple(losses), tx.execute(last, {"feed": losses[0].feed_id}).scalar()) for name, losses in untold.items()
    }


def tell_losses(tx: Tx, losses: Iterable[Loss]) -> None:
    """Note that people know of the losses."""
    for each in losses:
        tx.execute(update(loss).where(loss.c.feed_id == each.feed_id, loss.c.until == each.until).values(told=True))


#: Feeds that are asked all at once are spread out: one in so long a time, and all within this.
_APART, _ALL_WITHIN = timedelta(milliseconds=20), timedelta(minutes=1)


def hasten(tx: Tx, feed_ids: Sequence[int], now: datetime) -> None:
    """Make feeds due now, spread out over a time, unless they are due by then."""
    apart = min(_APART, _ALL_WITHIN / max(len(feed_ids), 1))
    for number, feed_id in enumerate(feed_ids):
        at = now + apart * number
        tx.execute(update(feed).where(feed.c.id == feed_id, feed.c.next_poll_at > at).values(next_poll_at=at))


def spread_out(tx: Tx, now: datetime) -> None:
    """Spread out what has become due while no daemon ran; what was never polled goes first."""
    due = select(feed.c.id).where(feed.c.enabled, feed.c.next_poll_at < now, feed.c.polled_at.is_not(None))
    late = tx.execute(due.order_by(feed.c.next_poll_at)).scalars().all()
    apart = min(_APART, _ALL_WITHIN / max(len(late), 1))
    rows = [{"feed_id": number, "at": now + apart * place} for place, number in enumerate(late)]
    if rows:
        moved = update(feed).where(feed.c.id == bindparam("feed_id")).values(next_poll_at=bindparam("at"))
        tx.execute(moved, rows)


# --- questions ---------------------------------------------------------------------------------------------------


def all_states(tx: Tx) -> tuple[FeedState, ...]:
    """Return every feed ever declared, by name."""
    return tuple(map(_state, tx.execute(select(feed).order_by(feed.c.name))))


def newest(tx: Tx, feed_id: int) -> datetime | None:
    """Return when the newest of a feed's latest items was published; None where it has none."""
    return max(_published(tx, feed_id), default=None)


def rates(tx: Tx) -> Sequence[tuple[str, float, float]]:
    """Return name, news and watched seconds of every feed that is polled."""
    found = tx.execute(select(feed.c.name, feed.c.news, feed.c.watched).where(feed.c.enabled))
    return [(name, news, watched) for name, news, watched in found]


def losses(tx: Tx, feed_id: int, most: int = 1_000) -> tuple[Loss, ...]:
    """Return when something of a feed may have been lost, newest first."""
    found = select(loss).where(loss.c.feed_id == feed_id).order_by(loss.c.until.desc()).limit(most)
    return tuple(map(_loss, tx.execute(found)))


def delay(tx: Tx, feed_id: int) -> timedelta | None:
    """Return the median of how long a feed's newest items waited to be seen, but for what stood there at first."""
    dated = select(item.c.published, item.c.seen_at).where(
        item.c.feed_id == feed_id, item.c.published.is_not(None), not_(item.c.baseline)
    )
    rows = tx.execute(dated.order_by(item.c.id.desc()).limit(_RHYTHM))
    waits = [
        (row.seen_at - moment).total_seconds() for row in rows if (moment := believable(row.published, row.seen_at))
    ]
    return timedelta(seconds=median(waits)) if waits else None


def _loss(row: AnyRow) -> Loss:
    return Loss(feed_id=row.feed_id, since=row.since, until=row.until)


def facts(tx: Tx, names: Sequence[str] | None = None) -> tuple[Facts, ...]:
    """Return every feed ever declared, or those of these names, by name, with what has come from it."""
    shown = select(feed).order_by(feed.c.name)
    counted = select(item.c.feed_id, func.count()).group_by(item.c.feed_id)
    if names is not None:
        shown = shown.where(feed.c.name.in_(names))
        counted = counted.where(item.c.feed_id.in_(select(feed.c.id).where(feed.c.name.in_(names))))
    counts: dict[int, int] = dict(iter(tx.execute(counted)))
    return tuple(
        Facts(
            state=state,
            items=counts.get(state.id, 0),
            published=_published(tx, state.id),
            delay=delay(tx, state.id),
            losses=losses(tx, state.id, most=_LOSSES),
        )
        for state in map(_state, tx.execute(shown))
    )


def _published(tx: Tx, feed_id: int, *, most: int = _RHYTHM) -> tuple[datetime, ...]:
    latest = (
        select(item.c.published, item.c.seen_at).where(item.c.feed_id == feed_id).order_by(item.c.id.desc()).limit(most)
    )
    times = (believable(row.published, row.seen_at) or row.seen_at for row in tx.execute(latest))
    return tuple(sorted(times, reverse=True))


def _state(row: AnyRow) -> FeedState:
    known = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    del known["leased_until"]
    told, cause = row.told and State(row.told), row.cause and Cause(row.cause)
    words = {
        "state": State(row.state),
        "told": told,
        "cause": cause,
        "lease": row.lease or "",
        "window": row.window or b"",
    }
    return FeedState(**known | words)
