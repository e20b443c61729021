"""A poll: what it brought, and how its feed stands after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.feed import LASTING, Cause, Document, Failed, FeedState, Pace, Parsed, State, Trouble, Unchanged

#: A feed that says it is gone is asked once a day, since some come back.
GONE_INTERVAL = timedelta(days=1)
#: A server that could not be reached is asked once more this soon: mostly a line was lost, or it was starting.
SECOND_TRY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What came with a document that is a feed, measured by what was known."""

    #: How many entries are new.
    new: int = 0
    #: What about it cannot be meant, in words for people; empty where nothing.
    odd: str = ""


def unchanged(state: FeedState, seen: Unchanged, wait: timedelta, now: datetime) -> FeedState:
    """Return the state after an answer without news, to be asked again after the wait."""
    moved_to = seen.moved_to or state.moved_to
    return replace(_healthy(state, wait, now), etag=seen.etag, modified=seen.modified, moved_to=moved_to)


def arrived(  # noqa: PLR0913 - what arrived, what it brought, and when
    state: FeedState, document: Document, parsed: Parsed, brought: Brought, *, wait: timedelta, now: datetime
) -> FeedState:
    """Return the state after a document that is a feed.

    A permanent redirect is followed from here on, and only from here: a login page that answers with 301 is no feed.
    """
    return replace(
        _settled(_healthy(state, wait, now), brought, now),
        etag=document.etag,
        modified=document.modified,
        body_hash=document.body_hash,
        moved_to=document.moved_to or state.moved_to,
        title=parsed.title or state.title,
        language=parsed.language or state.language,
        baseline_at=state.baseline_at or now,
        changed_at=now,
        ttl=document.ttl,
        look_at=state.look_at or now,
    )


def starts_over(state: FeedState, *, known: int, listed: int) -> bool:
    """Return whether a feed's first answer from another address than before is a new history.

    It is where under half of the entries that it lists are known; validators are forgotten with the old address.
    """
    return state.baseline_at is not None and state.body_hash is None and known * 2 < listed


def _healthy(state: FeedState, wait: timedelta, now: datetime) -> FeedState:
    """An answer ends every failure; whether a feed is silent or odd is not told by its answering."""
    answered = replace(state, polled_at=now, read_at=now, next_poll_at=now + wait, failures=0, cause=None)
    if state.state in (State.OK, *LASTING):
        return answered
    return replace(answered, state=State.OK, reason="", since=now, look_at=now if state.baseline_at else None)


def _settled(state: FeedState, brought: Brought, now: datetime) -> FeedState:
    if brought.odd:
        since = state.since if state.state is State.ODD else now
        return replace(state, state=State.ODD, reason=brought.odd, since=since)
    if state.state is State.ODD or (state.state is State.SILENT and brought.new):
        return replace(state, state=State.OK, reason="", since=now, look_at=now)
    return state


def failed(state: FeedState, failure: Failed, wait: timedelta, pace: Pace, now: datetime) -> FeedState:
    """Return the state after a failed poll: the wait doubles up to the longest interval, or to what the server asks."""
    failures = state.failures + 1
    gone = failure.trouble is Trouble.GONE
    backed_off = min(wait * (1 << min(failures - 1, 20)), max(pace.max_interval, wait))
    if failures == 1 and failure.cause in (Cause.UNREACHABLE, Cause.NAME):
        backed_off = min(backed_off, SECOND_TRY)
    next_poll_at = now + (GONE_INTERVAL if gone else backed_off)
    return replace(
        state,
        polled_at=now,
        next_poll_at=max(next_poll_at, failure.retry_at) if failure.retry_at else next_poll_at,
        failures=failures,
        state=State.GONE if gone else State.FAILING,
        reason=str(failure),
        cause=failure.cause,
        since=state.since if state.failures and state.since else now,
    )
