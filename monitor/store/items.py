"""Items: what is known of entries, what is to be judged, whose article is to be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Integer,
    LargeBinary,
    Select,
    and_,
    bindparam,
    column,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
    values,
)

from monitor.feed import host_of
from monitor.item import READING_RETRY, READING_TRIES, ArticleText, Entry, Item, Known, NoText, Reading
from monitor.store.database import AnyRow, Lease, Tx
from monitor.store.prepared import Query, Statement
from monitor.store.tables import feed, item, revision, seen

#: A feed lists at most so many entries that are read.
MOST_LISTED = 1_000
#: So many earlier versions of an item are kept.
_REVISIONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A new item on its way in."""

    key: bytes
    entry: Entry
    digest: bytes
    seen_at: datetime
    baseline: bool
    #: ``DUE`` where the article is to be read.
    reading: Reading


# --- polls -------------------------------------------------------------------------------------------------------

_KEY, _KEYS_AT_ONCE = 16, 128
_KEYS = bindparam("keys", type_=LargeBinary)
_PLACE = (
    values(column("at", Integer), literal_binds=True)
    .data([(1 + _KEY * number,) for number in range(_KEYS_AT_ONCE)])
    .cte("place")
)
#: Takes the keys as one string of bytes and cuts it up itself: half the time of a hundred values bound one by one. The
#: join is an outer one, so that SQLite counts the places as it goes, and does not keep them in a table first.
_KNOWN = Query(
    select(seen.c.key, seen.c.item_id, seen.c.digest)
    .join_from(
        _PLACE,
        seen,
        and_(seen.c.feed_id == bindparam("feed"), seen.c.key == func.substr(_KEYS, _PLACE.c.at, _KEY)),
        isouter=True,
    )
    .where(_PLACE.c.at < func.length(_KEYS)),
    Known,
)
_NEWEST = Query(select(func.coalesce(func.max(item.c.id), 0).label("id")))
_ADD = Statement(
    insert(item),
    ("id", "feed_id", "key", "version", "seen_at", "baseline", "judge_due_at", "reading", "reading_reason",
     "reading_tries", "read_due_at", "guid", "link", "headline", "lead", "body", "author", "categories", "published"),
)  # fmt: skip
_SEE = Statement(insert(seen), ("feed_id", "key", "item_id", "digest", "at"))


def known(tx: Tx, feed_id: int, keys: Sequence[bytes]) -> Mapping[bytes, Known]:
    """Return what is known of the feed's entries with these keys; a key that was never seen is left out."""
    found = dict[bytes, Known]()
    for first in range(0, len(keys), _KEYS_AT_ONCE):
        some = b"".join(keys[first : first + _KEYS_AT_ONCE])
        found.update({each.key: each for each in _KNOWN.rows(tx, {"feed": feed_id, "keys": some}) if each.key})
    return found


def add(tx: Tx, feed_id: int, new: Sequence[Arrival]) -> tuple[int, ...]:
    """Keep the new items, due to be judged, and return their ids, which follow the order given."""
    if not new:
        return ()
    (newest,) = _NEWEST.rows(tx, {})
    first = newest.id + 1
    ids = tuple(range(first, first + len(new)))
    _ADD.run_each(tx, [_arriving(number, feed_id, each) for number, each in zip(ids, new, strict=True)])
    _SEE.run_each(
        tx,
        [
            {"feed_id": feed_id, "key": each.key, "item_id": number, "digest": each.digest, "at": each.seen_at}
            for number, each in zip(ids, new, strict=True)
        ],
    )
    return ids


def _arriving(number: int, feed_id: int, new: Arrival) -> dict[str, Any]:
    return {
        "id": number,
        "feed_id": feed_id,
        "key": new.key,
        "version": 1,
        "seen_at": new.seen_at,
        "baseline": new.baseline,
        "judge_due_at": None if new.baseline else new.seen_at,
        "reading": new.reading,
        "reading_reason": "",
        "reading_tries": 0,
        "read_due_at": new.seen_at if new.reading is Reading.DUE else None,
        **_words(new.entry),
    }


def _words(entry: Entry) -> dict[str, Any]:
    return {
        "guid": entry.guid,
        "link": entry.link,
        "headline": entry.headline,
        "lead": entry.lead,
        "body": entry.body,
        "author": entry.author,
        "categories": entry.categories,
        "published": entry.published,
    }


_LATEST = (
    select(item.c.id, item.c.link, item.c.headline)
    .where(item.c.feed_id == bindparam("feed"))
    .order_by(item.c.id.desc())
    .limit(2 * MOST_LISTED)
)


def latest(tx: Tx, feed_id: int) -> Sequence[tuple[int, str, str]]:
    """Return number, link and headline of the feed's newest items: twice as many as it may list."""
    return [(number, link, headline) for number, link, headline in tx.execute(_LATEST, {"feed": feed_id})]


def published_since(tx: Tx, when: datetime, most: int = 20_000) -> Sequence[datetime]:
    """Return when items were published that were seen since then, of the latest so many."""
    seen_lately = select(item.c.published).where(item.c.seen_at >= when, item.c.published.is_not(None))
    return tx.execute(seen_lately.order_by(item.c.seen_at.desc()).limit(most)).scalars().all()


def same(tx: Tx, feed_id: int, twins: Sequence[Known], now: datetime) -> None:
    """Note that these keys are of items that were known under others."""
    if twins:
        _SEE.run_each(tx, [{"feed_id": feed_id, "at": now, **twin._asdict()} for twin in twins])


def revise(tx: Tx, item_id: int, entry: Entry, digest: bytes, now: datetime) -> bool:
    """Keep the changed words of an item and, as a revision, those they replace; it is due to be judged again.

    Returns False, and keeps nothing, if the item was dropped.
    """
    old = select(item.c.id, item.c.version, literal(now, revision.c.at.type), item.c.headline, item.c.lead, item.c.body)
    if not tx.execute(insert(revision).from_select(list(revision.c), old.where(item.c.id == item_id))).rowcount:
        return False
    tx.execute(
        update(item).where(item.c.id == item_id).values(version=item.c.version + 1, judge_due_at=now, **_words(entry))
    )
    oldest_kept = select(item.c.version - _REVISIONS).where(item.c.id == item_id).scalar_subquery()
    tx.execute(delete(revision).where(revision.c.item_id == item_id, revision.c.version < oldest_kept))
    of_item = select(item.c.feed_id, item.c.key).where(item.c.id == item_id).subquery()
    tx.execute(
        update(seen).where(seen.c.feed_id == of_item.c.feed_id, seen.c.key == of_item.c.key).values(digest=digest)
    )
    return True


def changed(tx: Tx, feed_id: int, key: bytes, digest: bytes) -> None:
    """Note that the words of an entry changed whose item was dropped, so that they are not taken for news each time."""
    tx.execute(update(seen).where(seen.c.feed_id == feed_id, seen.c.key == key).values(digest=digest))


# --- judging -----------------------------------------------------------------------------------------------------

_WHOLE: Select[*tuple[Any, ...]] = select(
    *item.c, feed.c.name.label("feed_name"), feed.c.title.label("feed_title"), feed.c.language.label("feed_language")
).join_from(item, feed)
_TO_JUDGE = Query(
    _WHOLE.where(item.c.judge_due_at <= bindparam("now"))
    .order_by(item.c.judge_due_at, item.c.id)
    .limit(bindparam("most"))
)
_JUDGED = Statement(
    update(item)
    .where(
        item.c.id == bindparam("item_id"),
        item.c.version == bindparam("judged_version"),
        item.c.reading == bindparam("judged_reading"),
    )
    .values(judge_due_at=None, judged_by=bindparam("config"))
)


def judge_due(tx: Tx, now: datetime, limit: int) -> tuple[Item, ...]:
    """Return items that are due to be judged, those that have been due longest first."""
    return tuple(map(_item, _TO_JUDGE.rows(tx, {"now": now, "most": limit})))


def judged(tx: Tx, items: Iterable[Item], config: int) -> None:
    """Note that the items were judged by that version of the config, as they stood when they were read.

    One whose words changed or whose article came meanwhile stays due.
    """
    rows = [
        {"item_id": each.id, "judged_version": each.version, "judged_reading": each.reading, "config": config}
        for each in items
    ]
    if rows:
        _JUDGED.run_each(tx, rows)


def judge_again(tx: Tx, item_id: int, at: datetime) -> None:
    """Have an item judged once more at a time, if it is not due before."""
    rests = and_(item.c.id == item_id, item.c.judge_due_at.is_(None))
    tx.execute(update(item).where(rests).values(judge_due_at=at))


def postpone_judging(tx: Tx, item_id: int, until: datetime) -> None:
    """Put the judging of an item off."""
    due = and_(item.c.id == item_id, item.c.judge_due_at.is_not(None))
    tx.execute(update(item).where(due).values(judge_due_at=until))


def release_baseline(tx: Tx, since: datetime, now: datetime) -> int:
    """Let history that was published since then ring after all; return how many items are judged again for it."""
    history = and_(item.c.baseline, item.c.published >= since)
    return tx.execute(update(item).where(history).values(baseline=False, judge_due_at=now)).rowcount


# --- articles ----------------------------------------------------------------------------------------------------

_TO_READ = (
    select(item.c.id, item.c.link)
    .where(
        item.c.read_due_at <= bindparam("now"),
        or_(item.c.leased_until.is_(None), item.c.leased_until <= bindparam("now")),
    )
    .order_by(item.c.read_due_at, item.c.id)
)


def claim_reading(  # noqa: PLR0913 - all but the hosts are the claim's
    tx: Tx, *, now: datetime, limit: int, lease: str, until: datetime, busy_hosts: AbstractSet[str] = frozenset()
) -> tuple[Item, ...]:
    """Lease items whose article is due, each from another host and none from a busy one, and return them."""
    chosen = _one_for_each_host(tx.execute(_TO_READ, {"now": now}), limit, busy_hosts)
    if not chosen:
        return ()
    tx.execute(update(item).where(item.c.id.in_(chosen)).values(lease=lease, leased_until=until))
    return tuple(map(_item, tx.execute(_WHOLE.where(item.c.id.in_(chosen)).order_by(item.c.read_due_at, item.c.id))))


def _one_for_each_host(due: Iterable[AnyRow], limit: int, busy: AbstractSet[str]) -> list[int]:
    chosen: dict[str, int] = {}
    for number, link in due:
        if len(chosen) >= limit:
            break
        host = host_of(link)
        if host not in busy:
            chosen.setdefault(host, number)
    return list(chosen.values())


def read(tx: Tx, item: Item, result: ArticleText | NoText, now: datetime) -> bool:
    """Keep the article's text, or the reason why there is none, and end the lease; the item is due to be judged again.

    What may pass is tried once more before that. Returns False, and keeps nothing, if the lease is no longer its own.
    """
    return _finish_reading(tx, item, _read_outcome(item, result, now))


def _read_outcome(item: Item, result: ArticleText | NoText, now: datetime) -> dict[str, Any]:
    tries = item.reading_tries + 1
    done = {"reading_tries": tries, "read_due_at": None, "judge_due_at": now}
    if isinstance(result, ArticleText):
        return done | {"reading": Reading.READ, "reading_reason": "", "text": result.text}
    if result.passing and tries < READING_TRIES:
        return {"reading_tries": tries, "read_due_at": now + READING_RETRY, "reading_reason": str(result)}
    return done | {"reading": Reading.FAILED, "reading_reason": str(result)}


def _finish_reading(tx: Tx, read: Item, outcome: Mapping[str, Any]) -> bool:
    held = and_(item.c.id == read.id, item.c.lease == read.lease)
    return tx.execute(update(item).where(held).values(lease=None, leased_until=None, **outcome)).rowcount == 1


_CUT = (
    update(item)
    .where(item.c.id == bindparam("number"), item.c.lease == bindparam("token"))
    .values(leased_until=bindparam("until"))
)


def cut_leases(tx: Tx, leases: Sequence[Lease]) -> None:
    """Let leases that are still held end as given."""
    if leases:
        tx.execute(_CUT, [asdict(each) for each in leases])


def void_leases(tx: Tx) -> None:
    """Free what a daemon that was killed had claimed; only the holder of the lock may say so."""
    held = and_(item.c.read_due_at.is_not(None), item.c.lease.is_not(None))
    tx.execute(update(item).where(held).values(lease=None, leased_until=None))


# --- questions ---------------------------------------------------------------------------------------------------


def get(tx: Tx, ref: int | str) -> Item | None:
    """Return the item with that id, or the newest with that link."""
    named = item.c.id == ref if isinstance(ref, int) else item.c.link == ref
    row = tx.execute(_WHOLE.where(named).order_by(item.c.id.desc()).limit(1)).first()
    return _item(row) if row else None


def newest(tx: Tx, limit: int, feed_id: int | None = None) -> tuple[Item, ...]:
    """Return the newest items, of one feed or of all, newest first."""
    wanted = _WHOLE if feed_id is None else _WHOLE.where(item.c.feed_id == feed_id)
    return tuple(map(_item, tx.execute(wanted.order_by(item.c.id.desc()).limit(limit))))


def since(tx: Tx, when: datetime, limit: int, *, history: bool = False) -> tuple[Item, ...]:
    """Return the newest items that were seen since then, newest first; of ``history`` those alone that are."""
    wanted = _WHOLE.where(item.c.seen_at >= when).order_by(item.c.seen_at.desc(), item.c.id.desc())
    if history:
        wanted = wanted.where(item.c.baseline)
    return tuple(map(_item, tx.execute(wanted.limit(limit))))


def _words_of(kept: object) -> tuple[str, ...]:
    """Return the categories that were kept; what is damaged has none."""
    return tuple(each for each in kept if isinstance(each, str)) if isinstance(kept, list) else ()


def _item(row: AnyRow) -> Item:
    return Item(
        id=row.id,
        feed_id=row.feed_id,
        feed=row.feed_name,
        source=row.feed_title or row.feed_name,
        language=row.feed_language,
        key=row.key,
        version=row.version,
        entry=Entry(
            guid=row.guid,
            link=row.link,
            headline=row.headline,
            lead=row.lead,
            body=row.body,
            author=row.author,
            categories=_words_of(row.categories),
            published=row.published,
        ),
        seen_at=row.seen_at,
        baseline=row.baseline,
        reading=Reading(row.reading),
        reading_reason=row.reading_reason,
        reading_tries=row.reading_tries,
        text=row.text,
        lease=row.lease or "",
    )
