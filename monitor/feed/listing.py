"""What a feed lists, poll after poll: whether something rolled off unseen, and whether the same returns as new."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from monitor.feed import FeedState, Window
from monitor.item import Entry, canonical_link
from monitor.text import fold

#: So many bytes of each key are kept of a listing: a thousand entries take 8 kB, and of a billion pairs of a kept and a
#: listed key less than one is taken for the same.
SHORT_KEY = 8
#: A feed that listed again what it had left out so many times lists a selection.
SELECTS = 3
#: More new entries than this at once, or half of what is listed, may be old ones under new ids.
MOST_AT_ONCE = 15
#: A listing may be renewed by a quarter from one poll to the next, so that a late poll still loses nothing.
SAFE_SHARE = 4
#: Polled at least so often after a loss; what is saved by less is not worth what it costs the publisher.
LEAST_WITHIN = timedelta(seconds=30)
#: Dates so far ahead are not of another zone.
AHEAD = timedelta(hours=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What one answer lists, beside what is known."""

    #: Of each of its entries.
    keys: Sequence[bytes]
    #: When they were published; of those that stand as they stood before, the earliest alone.
    dates: Sequence[datetime | None]
    #: Those of its keys that were seen before.
    known: Collection[bytes]
    #: When the newest entry that was seen before it was published; None where that is not known.
    newest_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A time in which entries may have come and rolled off unseen."""

    feed_id: int
    since: datetime
    until: datetime


def short_keys(keys: Iterable[bytes]) -> bytes:
    """Return a listing as it is kept."""
    return b"".join([key[:SHORT_KEY] for key in keys])


def left_out_before(state: FeedState, listing: Listing) -> int:
    """Return how many entries are listed again that the answer before had left out."""
    before = _kept(state.window)
    return len({key[:SHORT_KEY] for key in listing.known} - before) if before else 0


def returns(state: FeedState, listing: Listing) -> int:
    """Return how often the feed has listed again what it had left out, this answer included."""
    again = left_out_before(state, listing) * SAFE_SHARE > len(listing.keys)
    return min(state.returns + again, SELECTS)


def loss(state: FeedState, listing: Listing, declared: Window | None, now: datetime) -> Loss | None:
    """Return from when to when something may have rolled off unseen.

    A listing that shares an entry with the one before holds all that came in between. One that shares none, and lists
    what was seen long before or what is older than the newest known, is a selection, which proves nothing either way.
    """
    if not is_apart(state, listing.keys) or state.read_at is None or declared is Window.SELECTION:
        return None
    if declared is None and (state.returns >= SELECTS or listing.known or _reaches_back(listing)):
        return None
    return Loss(feed_id=state.id, since=state.read_at, until=now)


def is_apart(state: FeedState, keys: Collection[bytes]) -> bool:
    """Return whether a listing shares nothing with the one before."""
    before = _kept(state.window)
    return bool(before and keys) and not any(key[:SHORT_KEY] in before for key in keys)


def listed_before(state: FeedState, keys: Collection[bytes]) -> frozenset[bytes]:
    """Return which of the keys the answer before listed; one that is not known all the same was damaged since."""
    before = _kept(state.window) if keys else frozenset()
    return frozenset(key for key in keys if key[:SHORT_KEY] in before)


@lru_cache(maxsize=1)  # it is asked for again and again over one poll
def _kept(window: bytes) -> frozenset[bytes]:
    return frozenset(window[at : at + SHORT_KEY] for at in range(0, len(window), SHORT_KEY))


def _reaches_back(listing: Listing) -> bool:
    dates = [date for date in listing.dates if date]
    return bool(dates) and listing.newest_before is not None and min(dates) <= listing.newest_before


def within(state: FeedState, new: int, listed: int, *, lost: bool, now: datetime) -> timedelta | None:
    """Return how often the feed is to be polled at least, so that a quarter of its listing is renewed between polls.

    That begins with a loss, and ends bit by bit while little is renewed.
    """
    if state.read_at is None or not listed or (not lost and state.within is None):
        return state.within
    passed = max(now - state.read_at, timedelta(seconds=1))
    safe = passed * (listed / (SAFE_SHARE * max(new, 1)))
    if lost:
        return max(min(safe, state.within or safe), LEAST_WITHIN)
    assert state.within is not None  # noqa: S101 - asked above
    slower = state.within * 1.25
    return max(min(slower, safe), LEAST_WITHIN) if slower < timedelta(days=1) else None


# --- the same under new ids --------------------------------------------------------------------------------------


def may_be_renamed(new: int, listed: int) -> bool:
    """Return whether so many new entries at once may be old ones under new ids."""
    return new > MOST_AT_ONCE or (new > 1 and new * 2 > listed)


def renamed(new: Mapping[bytes, Entry], known: Sequence[tuple[int, str, str]]) -> Mapping[bytes, int]:
    """Return which new entries are known items under new ids, by their keys.

    They are told by number, link and headline of the known. Who shares both is the same. Who shares one of them may be
    another report, and is the same only where that holds for half of all that is new.
    """
    links = {canonical_link(link): number for number, link, _ in known if link}
    headlines = {fold(headline): number for number, _, headline in known if headline}
    like = {key: _likeness(entry, links, headlines) for key, entry in new.items()}
    alike = {key: found for key, found in like.items() if found}
    half = len(alike) * 2 >= len(new)
    return {key: found[0] for key, found in alike.items() if half or len(found) > 1}


def _likeness(entry: Entry, links: Mapping[str, int], headlines: Mapping[str, int]) -> Sequence[int]:
    """Return the known item with the entry's link, and the one with its headline."""
    by_link = links.get(canonical_link(entry.link)) if entry.link else None
    by_headline = headlines.get(fold(entry.headline)) if entry.headline else None
    return [number for number in (by_link, by_headline) if number is not None]


def odd(state: FeedState, listing: Listing, *, renamed: int, now: datetime) -> str:
    """Return what about a listing cannot be meant, in words for people; empty where nothing."""
    if not listing.keys:
        count = len(state.window) // SHORT_KEY
        return f"it lists nothing any more, after {count} {'entry' if count == 1 else 'entries'}" if count else ""
    if renamed:
        return f"{renamed} of its {len(listing.keys)} entries have come again under new ids"
    given = [date for date in listing.dates if date]
    if given and min(given) > now + AHEAD:
        return "all of its dates lie in the future"
    return ""
