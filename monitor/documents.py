"""Reads what a poll brought: one document, or the few that it lists.

document   sandbox(parse.feed) → a feed, or why it is none
           → a list of sitemaps → network.answering, sandbox(parse.feed) of each → one feed
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from monitor import feed, parse
from monitor.exchange import Access
from monitor.feed import Cause, Document, Failed, FeedState, Listed, NotAFeed, Parsed, Trouble, Unchanged
from monitor.network import Network
from monitor.sandbox import Killed, Lane, Sandbox

#: Longest that a reader may take over one document.
DEADLINE = timedelta(seconds=2)
#: A parse that takes longer goes to the slow lane from then on.
SLOW = timedelta(seconds=0.5)
#: What is remembered of the entries of all feeds together: 24 bytes of each, so of 7,000 feeds with a hundred entries.
MEMORY = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was made of an answer."""

    found: Parsed | Failed
    #: What is to be remembered of the answer.
    document: Document
    #: It took long to read.
    slow: bool


class Documents:
    """Reads documents in the sandbox, and of each feed only what it did not list the time before."""

    def __init__(self, sandbox: Sandbox, *, memory: int = MEMORY) -> None:
        """Build it; ``memory`` is how many bytes may be remembered, of the feeds that were read last."""
        self._sandbox = sandbox
        self._room = memory
        self._remembered: OrderedDict[int, bytes] = OrderedDict()

    def kept(self, state: FeedState, parsed: Parsed) -> None:
        """Take note that all that a document holds is kept, so that it need not be read again.

        Only in memory, which costs no poll a write: after a start each feed is read whole once.
        """
        self._room += len(self._remembered.pop(state.id, b""))
        self._remembered[state.id] = parsed.remembered
        self._room -= len(parsed.remembered)
        while self._room < 0:
            _, forgotten = self._remembered.popitem(last=False)
            self._room += len(forgotten)

    async def read(self, network: Network, state: FeedState, access: Access, document: Document, now: datetime) -> Read:
        """Return what the document holds; what it lists is asked for with the same access."""
        lane = Lane.SLOW if state.slow else Lane.CLEAN
        found, slow = await self._parsed(document, lane, self._remembered.get(state.id, b""))
        if isinstance(found, Listed):
            ask = partial(self._part, network, replace(state, body_hash=None), access, now)
            return _gathered(found, document, [await ask(place) for place in found.places])
        return Read(found=found, document=document, slow=slow)

    async def _parsed(
        self, document: Document, lane: Lane, remembered: bytes = b""
    ) -> tuple[Parsed | Listed | Failed, bool]:
        result = await self._sandbox.run(
            parse.feed,
            document.body,
            content_type=document.content_type,
            url=document.url,
            remembered=remembered,
            lane=lane,
            deadline=DEADLINE,
        )
        match result:
            case Killed():
                return Failed(trouble=Trouble.UNREADABLE, detail=str(result), cause=Cause.BROKEN), True
        match result.value:
            case NotAFeed(detail=detail, cause=cause):
                return Failed(trouble=Trouble.NOT_A_FEED, detail=detail, cause=cause), False
            case found:
                return found, result.took > SLOW

    async def _part(
        self, network: Network, state: FeedState, access: Access, now: datetime, place: str
    ) -> Parsed | Failed:
        async with network.answering(replace(feed.part_request(place), access=access)) as answer:
            outcome = feed.outcome(state, answer, now)
            if isinstance(outcome, Unchanged):  # only for who asked before
                return Failed(trouble=Trouble.STATUS, detail="304 without having been asked before")
            found = (await self._parsed(outcome, Lane.SLOW))[0] if isinstance(outcome, Document) else outcome
        if isinstance(found, Listed):
            return Failed(trouble=Trouble.NOT_A_FEED, detail="a list of sitemaps within another", cause=Cause.PAGE)
        return found


def _gathered(listed: Listed, document: Document, parts: Sequence[Parsed | Failed]) -> Read:
    """Return what the listed documents hold together; where none can be read, why the newest cannot."""
    read = [part for part in parts if isinstance(part, Parsed)]
    failures = [part for part in parts if isinstance(part, Failed)]
    certain = listed.dated and not failures
    return Read(
        found=feed.gathered(read) if read else failures[0],
        document=document if certain else feed.provisional(document),
        slow=False,
    )
