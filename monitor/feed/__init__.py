"""Feeds: as declared and remembered, what to ask of them, and what their answers mean.

state     Feed, FeedState; why it stands so        answer    request, outcome: unchanged, a document, or failed
poll      the state after a poll                   listing   what it lists: overlap, loss, ids made anew
same      what it lists as it did the time before
rhythm    when to ask again, by the hours of the   week      silence   whether it has been silent for too long
health    what of it is worth a message            bulletin  that message in words
"""

from __future__ import annotations

from monitor.feed.answer import (
    LIMIT,
    MOST_PATIENCE,
    Document,
    Failed,
    Listed,
    NotAFeed,
    Outcome,
    Parsed,
    Trouble,
    Unchanged,
    fresh,
    gathered,
    outcome,
    part_request,
    provisional,
    request,
    retry_at,
    ttl,
)
from monitor.feed.state import (
    LASTING,
    UNREAD,
    Cause,
    Feed,
    FeedState,
    FullText,
    Pace,
    State,
    Window,
    host_of,
)

__all__ = [
    "LASTING",
    "LIMIT",
    "MOST_PATIENCE",
    "UNREAD",
    "Cause",
    "Document",
    "Failed",
    "Feed",
    "FeedState",
    "FullText",
    "Listed",
    "NotAFeed",
    "Outcome",
    "Pace",
    "Parsed",
    "State",
    "Trouble",
    "Unchanged",
    "Window",
    "fresh",
    "gathered",
    "host_of",
    "outcome",
    "part_request",
    "provisional",
    "request",
    "retry_at",
    "ttl",
]
