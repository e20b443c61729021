"""Feeds as remembered: which are due, what a poll left behind, and how a changed config is taken in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from math import inf
from typing import Any

from sqlalchemy import bindparam, func, insert, or_, select, update

from monitor.feed import Feed, FeedState, State, host_of
from monitor.item import believable
from monitor.store import coverage
from monitor.store.database import AnyRow, Lease, Tx
from monitor.store.tables import feed, item

#: So many bytes of each key stand in a window: a thousand entries take 8 kB, and of a billion pairs of a stored and a
#: listed key less than one is taken for the same.
_SHORT_KEY = 8
#: How many of a feed's newest items tell its rhythm.
_RHYTHM = 50


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
        fresh = {"title": "", "failures": 0, "state": State.NEW, "reason": "", "slow": False, "next_poll_at": now}
        tx.execute(insert(feed), [{"name": f.name, "url": f.url, "enabled": f.enabled, **fresh} for f in new])


#: Of a feed at a new address; without its lease a poll under way at the old one leaves nothing behind.
_FORGOTTEN: Mapping[str, Any] = {
    "etag": None, "modified": None, "body_hash": None, "moved_to": None, "state": State.NEW, "failures": 0,
    "reason": "", "slow": False, "lease": None, "leased_until": None,
}  # fmt: skip


def _take_over(tx: Tx, before: FeedState, declared: Feed, now: datetime) -> None:
    values: dict[str, Any] = {"name": declared.name, "url": declared.url, "enabled": declared.enabled}
    if declared.url != before.url:
        values |= {**_FORGOTTEN, "next_poll_at": now}
    elif declared.enabled and not before.enabled:
        values["next_poll_at"] = now
    elif before.state is State.OK:  # a shorter interval holds at once
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
    "failures", "state", "reason", "slow",
)  # fmt: skip
_SAVE = (
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
    coverage.count(tx, state)
    values = {f"new_{name}": getattr(state, name) for name in _LEARNT}
    return tx.execute(_SAVE, {"feed_id": state.id, "token": state.lease, **values}).rowcount == 1


_LISTS = (
    update(feed)
    .where(feed.c.id == bindparam("feed_id"), feed.c.window.is_distinct_from(bindparam("listed")))
    .values(window=bindparam("listed"))
)


def lists(tx: Tx, feed_id: int, keys: Iterable[bytes]) -> None:
    """Note which keys the feed's answer listed; one that lists none does not take back what the one before did."""
    if listed := b"".join(key[:_SHORT_KEY] for key in keys):
        tx.execute(_LISTS, {"feed_id": feed_id, "listed": listed})


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


# --- questions ---------------------------------------------------------------------------------------------------


def all_states(tx: Tx) -> tuple[FeedState, ...]:
    """Return every feed ever declared, by name."""
    return tuple(map(_state, tx.execute(select(feed).order_by(feed.c.name))))


def facts(tx: Tx) -> tuple[Facts, ...]:
    """Return every feed ever declared, by name, with what has come from it."""
    counts: dict[int, int] = dict(iter(tx.execute(select(item.c.feed_id, func.count()).group_by(item.c.feed_id))))
    return tuple(
        Facts(state=state, items=counts.get(state.id, 0), published=_published(tx, state.id))
        for state in all_states(tx)
    )


def _published(tx: Tx, feed_id: int) -> tuple[datetime, ...]:
    newest = (
        select(item.c.published, item.c.seen_at)
        .where(item.c.feed_id == feed_id)
        .order_by(item.c.id.desc())
        .limit(_RHYTHM)
    )
    times = (believable(row.published, row.seen_at) or row.seen_at for row in tx.execute(newest))
    return tuple(sorted(times, reverse=True))


def _state(row: AnyRow) -> FeedState:
    known = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    del known["leased_until"], known["window"]
    return FeedState(**known | {"state": State(row.state), "lease": row.lease or ""})
