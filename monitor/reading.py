"""The reading of articles: politely, one of a host at a time, and only where it gains something."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import TypeVar
from uuid import uuid4

from monitor import article, feed, gain, item, robots
from monitor.exchange import Access, Request, Response
from monitor.feed import FullText
from monitor.gain import Gain
from monitor.item import ArticleText, Item, NoText, Unreadable
from monitor.robots import Robots
from monitor.runtime import LEASE, USER_AGENT, Runtime, Tools
from monitor.sandbox import Killed, Lane
from monitor.store import items as item_rows
from monitor.unkept import Unkept

K = TypeVar("K")
V = TypeVar("V")
log = logging.getLogger(__name__)

#: Longest that a reader may take over an article.
ARTICLE_DEADLINE = timedelta(seconds=5)
#: A host is asked for one page at a time, and then left alone this long.
HOST_PAUSE = timedelta(seconds=2)
#: What a site asks of programs is asked anew after so long (RFC 9309, section 2.4).
ROBOTS_LAST = timedelta(days=1)
#: So many hosts are remembered; 10,000 of them take some 5 MB.
_HOSTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a site asked of programs, and when."""

    robots: Robots
    at: datetime


class ArticleReading:
    """Reads the articles of items whose feed says too little.

    What a host gave and what it asks of programs is remembered until the end of the process: to learn it anew takes a
    handful of requests.
    """

    def __init__(self, runtime: Callable[[], Runtime], tools: Tools, read: Callable[[], None]) -> None:
        """Build it; ``read`` is called after each item that is ready to be judged again."""
        self._runtime, self._tools, self._told = runtime, tools, read
        self._unkept = Unkept(tools, item_rows.cut_leases)
        #: Hosts that are being asked, or were asked a moment ago.
        self._busy: set[str] = set()
        self._gains: dict[str, Gain] = {}
        #: By the place of the robots.txt, and who asks.
        self._robots: dict[tuple[str, str], _Asked] = {}

    async def claim(self, limit: int) -> Sequence[Item]:
        """Return items whose article is due, leased, each from another host that is not busy."""
        now = self._tools.now()
        claimed = await self._unkept.claim(
            partial(
                item_rows.claim_reading,
                now=now,
                limit=limit,
                lease=uuid4().hex,
                until=now + LEASE,
                busy_hosts=frozenset(self._busy),
            )
        )
        self._busy.update(feed.host_of(each.entry.link) for each in claimed)
        return claimed

    async def give_up(self, wanted: Item, error: Exception) -> None:
        """Have an article read again soon whose text could not be kept."""
        self._unkept.add(wanted.id, wanted.lease, error)

    async def read(self, wanted: Item) -> None:
        """Read one article, and keep its text or the reason why there is none."""
        try:
            result = await self._text(wanted)
            log.debug("%s article: %s", wanted.feed, "read" if isinstance(result, ArticleText) else result)
            now = self._tools.now()
            await self._tools.database.write(partial(item_rows.read, item=wanted, result=result, now=now))
            self._told()
            if not (isinstance(result, NoText) and result.reason is Unreadable.FRUITLESS):
                await asyncio.sleep(HOST_PAUSE.total_seconds())
        finally:
            self._busy.discard(feed.host_of(wanted.entry.link))

    async def _text(self, wanted: Item) -> ArticleText | NoText:
        runtime, host = self._runtime(), feed.host_of(wanted.entry.link)
        declared = runtime.feeds.get(wanted.feed)  # None where it was removed meanwhile
        learns = declared is None or declared.full_text is FullText.AUTO
        seen = self._gains.get(host)
        if learns and not gain.worth_asking(seen, self._tools.now()):
            return NoText(reason=Unreadable.FRUITLESS)
        result = await self._ask(wanted.entry.link, declared.access if declared else runtime.config.way)
        if known := gain.after(seen, wanted.entry, result, self._tools.now()):
            _remember(self._gains, host, known)
        return result

    async def _ask(self, link: str, access: Access) -> ArticleText | NoText:
        """Return the text at an address, once its site lets programs read it."""
        allowed = await self._allowed(link, access)
        if isinstance(allowed, NoText):
            return allowed
        if not allowed:
            return NoText(reason=Unreadable.ROBOTS)
        async with self._runtime().network.answering(replace(item.article_request(link), access=access)) as answer:
            match item.page(answer):
                case NoText() as reason:
                    return reason
                case page:
                    return await self._extract(page)

    async def _extract(self, page: Response) -> ArticleText | NoText:
        result = await self._tools.sandbox.run(
            article.text,
            page.body,
            content_type=page.headers.get("content-type", ""),
            url=page.url,
            lane=Lane.SLOW,
            deadline=ARTICLE_DEADLINE,
        )
        match result:
            case Killed():
                return NoText(reason=Unreadable.DAMAGED, detail=str(result))
        return result.value

    async def _allowed(self, link: str, access: Access) -> bool | NoText:
        """Return whether the site lets programs read the page, or why that cannot be known now."""
        place, program = robots.place(link), (access.user_agent or USER_AGENT).partition("/")[0]
        known = self._robots.get((place, program))
        if known is None or not known.at <= self._tools.now() < known.at + ROBOTS_LAST:
            asked = await self._ask_robots(place, program, access)
            if isinstance(asked, NoText):
                return asked
            known = _Asked(robots=asked, at=self._tools.now())
            _remember(self._robots, (place, program), known)
            await asyncio.sleep(HOST_PAUSE.total_seconds())
        return known.robots.allow(link)

    async def _ask_robots(self, place: str, program: str, access: Access) -> Robots | NoText:
        """Return the rules of a site: none where it has no such file, or one that is too large to be meant."""
        answer = await self._runtime().network.exchange(Request(url=place, access=access, limit=robots.LIMIT))
        if isinstance(answer, Response) and answer.status == HTTPStatus.OK:
            # In a thread: of half a megabyte of escapes a second is made.
            return await asyncio.to_thread(robots.read, answer.body.decode("utf-8", "replace"), program)
        refused = item.page(answer)
        return refused if isinstance(refused, NoText) and refused.passing else Robots()


def _remember(known: dict[K, V], key: K, value: V) -> None:
    """Keep a value; of too many, what was learned first goes."""
    known.pop(key, None)
    if len(known) >= _HOSTS:
        del known[next(iter(known))]
    known[key] = value
