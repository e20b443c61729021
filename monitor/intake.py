"""Takes in what a feed lists, all at once: what is new or changed, what may be lost, and when to ask again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor import feed, item
from monitor.feed import FeedState, listing, poll, rhythm, same
from monitor.item import Change, Entry, Known, Reading
from monitor.store import feeds as feed_rows
from monitor.store import items as item_rows
from monitor.store.database import Tx

#: The number of an item that is not kept any more.
_DROPPED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A document that is a feed, as it came."""

    state: FeedState
    declared: feed.Feed
    document: feed.Document
    parsed: feed.Parsed
    #: Its parse took long.
    slow: bool
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the config in force says of it."""

    #: How long to wait after a poll that left the state so.
    wait: Callable[[FeedState, timedelta], timedelta]
    #: Whether the article of a new entry, which is history or is not, is to be read.
    wants_article: Callable[[Entry, bool], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a poll left behind."""

    after: FeedState
    #: How many entries it listed.
    listed: int
    new: int
    changed: int
    #: The address is another, and so are the items: all of them are history.
    starts_over: bool
    loss: listing.Loss | None


def take(tx: Tx, answered: Answered, rules: Rules) -> Taken | None:
    """Keep what came and the state after it; None, and nothing is kept, where another holds the feed now."""
    parsed = answered.parsed
    keyed = {item.key(entry): entry for entry in reversed(parsed.entries)}  # oldest first: ids follow arrival
    as_before, earliest = same.unpacked(parsed.same)
    listed = (*as_before, *keyed)
    found = item_rows.known(tx, answered.state.id, tuple(keyed))
    forgotten = listing.listed_before(answered.state, keyed.keys() - found.keys())
    known = {**found, **{key: item.remembered(keyed[key], _DROPPED) for key in forgotten}}
    news = {key: entry for key, entry in keyed.items() if key not in known}
    starts_over = poll.starts_over(answered.state, known=len(known) + len(as_before), listed=len(listed))
    twins = {} if starts_over else _twins(tx, answered.state, news, len(listed))
    shown = listing.Listing(
        keys=listed,
        dates=[earliest, *(entry.published for entry in keyed.values())],
        known={*as_before, *known, *twins},
        newest_before=_newest_before(tx, answered.state, listed),
    )
    lost = None if starts_over else listing.loss(answered.state, shown, answered.declared.window, answered.now)
    after = _after(answered, rules, shown, new=len(news) - len(twins), renamed=len(twins), lost=lost)
    if not feed_rows.save(tx, after):
        return None
    if lost:
        feed_rows.lose(tx, lost)
    again = [known[key] for key in forgotten]
    again += [item.remembered(news[key], number) for key, number in twins.items()]
    item_rows.same(tx, answered.state.id, again, answered.now)
    fresh = {key: entry for key, entry in news.items() if key not in twins}
    _add(tx, answered, rules, fresh, starts_over=starts_over)
    changed = {key: entry for key, entry in keyed.items() if item.compare(entry, known.get(key)) is Change.CHANGED}
    _revise(tx, answered, changed, known)
    return Taken(
        after=after,
        listed=len(listed),
        new=len(fresh),
        changed=len(changed),
        starts_over=starts_over,
        loss=lost,
    )


def _twins(tx: Tx, state: FeedState, news: Mapping[bytes, Entry], listed: int) -> Mapping[bytes, int]:
    if state.baseline_at is None or not listing.may_be_renamed(len(news), listed):
        return {}
    return listing.renamed(news, item_rows.latest(tx, state.id))


def _newest_before(tx: Tx, state: FeedState, listed: Sequence[bytes]) -> datetime | None:
    if not listing.is_apart(state, listed):
        return None
    return feed_rows.newest(tx, state.id)


def _after(  # noqa: PLR0913 - all that a state depends on
    answered: Answered, rules: Rules, shown: listing.Listing, *, new: int, renamed: int, lost: listing.Loss | None
) -> FeedState:
    state, now = answered.state, answered.now
    brought = poll.Brought(new=new, odd=listing.odd(state, shown, renamed=renamed, now=now))
    news, watched = rhythm.after(state, brought, shown.dates, now)
    learned = replace(
        state,
        slow=answered.slow,
        news=news,
        watched=watched,
        returns=listing.returns(state, shown),
        within=listing.within(state, new, len(shown.keys), lost=lost is not None, now=now),
        ttl=answered.document.ttl,
        # An answer that lists nothing does not take back what the one before did.
        window=listing.short_keys(shown.keys) or state.window,
    )
    wait = rules.wait(learned, answered.document.fresh)
    return poll.arrived(learned, answered.document, answered.parsed, brought, wait=wait, now=now)


def _add(tx: Tx, answered: Answered, rules: Rules, fresh: Mapping[bytes, Entry], *, starts_over: bool) -> None:
    baseline_at = None if starts_over else answered.state.baseline_at
    arrivals = [_arrival(answered, rules, key, entry, baseline_at) for key, entry in fresh.items()]
    item_rows.add(tx, answered.state.id, arrivals)


def _arrival(
    answered: Answered, rules: Rules, key: bytes, entry: Entry, baseline_at: datetime | None
) -> item_rows.Arrival:
    catch_up, now = answered.declared.catch_up, answered.now
    baseline = item.is_baseline(entry, baseline_at=baseline_at, catch_up=catch_up, now=now)
    return item_rows.Arrival(
        key=key,
        entry=entry,
        digest=item.digest(entry),
        seen_at=now,
        baseline=baseline,
        reading=Reading.DUE if rules.wants_article(entry, baseline) else Reading.NOT_WANTED,
    )


def _revise(tx: Tx, answered: Answered, changed: Mapping[bytes, Entry], known: Mapping[bytes, Known]) -> None:
    for key, entry in changed.items():
        digest = item.digest(entry)
        if not item_rows.revise(tx, known[key].item_id, entry, digest, answered.now):
            item_rows.changed(tx, answered.state.id, key, digest)
