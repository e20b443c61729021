"""One poll of a feed that leaves no trace: what the server says, and what the rules make of it."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from monitor import discovery, feed, item
from monitor.cli import shapes
from monitor.cli.screen import count
from monitor.cli.shapes import Document
from monitor.config import Config
from monitor.documents import Documents
from monitor.exchange import Answer, Response
from monitor.feed import Failed, Feed, FeedState, FullText, Parsed, Trouble
from monitor.greeting import clock
from monitor.item import Entry, Item, Reading
from monitor.judge import Bench
from monitor.network import Network
from monitor.reading import ARTICLE_DEADLINE
from monitor.render import clean, link
from monitor.rule import Match
from monitor.runtime import USER_AGENT
from monitor.sandbox import Killed, Lane, Sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What one poll of a feed brought."""

    feed: Feed
    #: None where there was no answer.
    answer: Response | None
    seconds: float
    result: Parsed | Failed


async def probe(config: Config, declared: Feed, now: datetime) -> Probe:
    """Poll the feed once and keep nothing."""
    async with probing(config) as prober:
        return await prober.probe(declared, now)


@asynccontextmanager
async def probing(config: Config) -> AsyncIterator[Prober]:
    """Return what polls feeds without a trace, until the block ends."""
    network = Network(
        allow=config.allow,
        timeout=config.polling.timeout,
        ssl_context=ssl.create_default_context(),
        user_agent=USER_AGENT,
    )
    sandbox = Sandbox()
    try:
        yield Prober(network, sandbox)
    finally:
        sandbox.close()
        await network.aclose()


class Prober:
    """Polls feeds and keeps nothing."""

    def __init__(self, network: Network, sandbox: Sandbox) -> None:
        self._network, self._sandbox = network, sandbox
        self._documents = Documents(sandbox)

    async def probe(self, declared: Feed, now: datetime) -> Probe:
        """Return what one poll of the feed brings."""
        state = FeedState(id=0, name=declared.name, url=declared.url, next_poll_at=now)
        started = time.monotonic()
        answer = await self._network.exchange(replace(feed.request(state), access=declared.access))
        return Probe(
            feed=declared,
            answer=answer if isinstance(answer, Response) else None,
            seconds=time.monotonic() - started,
            result=await self._result(state, declared, answer, now),
        )

    async def _result(self, state: FeedState, declared: Feed, answer: Answer, now: datetime) -> Parsed | Failed:
        match feed.outcome(state, answer, now):
            case Failed() as failure:
                return failure
            case feed.Document() as document:
                read = await self._documents.read(self._network, state, declared.access, document, now)
                return read.found
            case feed.Unchanged():  # only for who asked before: 304, with nothing to compare it to
                return Failed(trouble=Trouble.STATUS, detail="304 without having been asked before")

    async def named(self, page: Response) -> tuple[str, ...]:
        """Return the addresses of feeds that a page names."""
        done = await self._sandbox.run(
            discovery.named,
            page.body,
            content_type=page.headers.get("content-type", ""),
            url=page.url,
            lane=Lane.CLEAN,
            deadline=ARTICLE_DEADLINE,
        )
        match done:
            case Killed():
                return ()
        return done.value


def found(config: Config, declared: Feed, parsed: Parsed, now: datetime) -> list[tuple[Entry, Match]]:
    """Return which rules match what stands in the feed, without its articles."""
    bench = Bench(watches=config.watches, feeds=config.feeds, channels=config.channels)
    return [
        (entry, match) for entry in parsed.entries for match in bench.match(_item(declared, entry, now), feed=declared)
    ]


def _item(declared: Feed, entry: Entry, now: datetime) -> Item:
    return Item(
        id=0,
        feed_id=0,
        feed=declared.name,
        source=declared.name,
        key=item.key(entry),
        version=1,
        entry=entry,
        seen_at=now,
        baseline=False,
        reading=Reading.NOT_WANTED,
    )


def _wanted(tested: Probe, config: Config) -> int:
    """Return of how many entries the article would be read, were they new."""
    if isinstance(tested.result, Failed) or tested.feed.full_text is FullText.NEVER:
        return 0
    useful = any(watch.reads_articles and watch.listens(tested.feed) for watch in config.watches)
    always = tested.feed.full_text is FullText.ALWAYS
    return sum(
        item.wants_article(entry, always=always, baseline=False, judged_by_text=useful)
        for entry in tested.result.entries
    )


def newest(parsed: Parsed, now: datetime) -> datetime | None:
    """Return when the newest entry was published, as far as that can be believed."""
    return max((d for e in parsed.entries if (d := item.believable(e.published, now))), default=None)


def access_words(tested: Probe) -> str:
    """Return how the server was asked, on one line, without what lets us in; empty where it was as anybody is."""
    access = tested.feed.access
    said = [f"with {', '.join(name for name, _ in access.headers)}"] if access.headers else []
    if access.proxy:
        said.append(f"through the proxy {clean(access.proxy.url)}")
    if access.authorities:
        said.append("trusting an authority of its own")
    if access.user_agent:
        said.append(f"as {clean(access.user_agent)}")
    return ", ".join(said)


def answer_words(tested: Probe) -> str:
    """Return what the server said, on one line."""
    answer = tested.answer
    if answer is None:
        return f"none, after {tested.seconds:.1f} s"
    said = [str(answer.status), clean(answer.headers.get("content-type", "")), f"{len(answer.body):,} bytes"]
    said.append(f"{tested.seconds:.1f} s")
    if answer.moved_to:
        said.append(f"moved for good to {clean(answer.moved_to)}")
    return ", ".join(part for part in said if part)


def content_words(tested: Probe, config: Config, now: datetime) -> str:
    """Return what the answer holds, on one line."""
    if isinstance(tested.result, Failed):
        return clean(str(tested.result))
    entries = tested.result.entries
    said = [f"{clean(tested.result.title) or 'without a title'}: {count(len(entries), 'entry', 'entries')}"]
    if moment := newest(tested.result, now):
        said.append(f"newest {clock(moment, now, config.zone)}")
    if undated := sum(entry.published is None for entry in entries):
        said.append(f"{undated} undated")
    if wanted := _wanted(tested, config):
        said.append(f"of {wanted} the article would be read")
    return ", ".join(said)


def shape(tested: Probe, matches: Sequence[tuple[Entry, Match]], config: Config, now: datetime) -> Document:
    """Return ``probe.v1``."""
    answer, result = tested.answer, tested.result
    parsed = None if isinstance(result, Failed) else result
    return {
        "schema": "probe.v1",
        "feed": tested.feed.name,
        "url": tested.feed.url,
        "ok": parsed is not None,
        "error": str(result) if parsed is None else None,
        "status": answer.status if answer else None,
        "content_type": answer.headers.get("content-type") if answer else None,
        "bytes": len(answer.body) if answer else None,
        "seconds": round(tested.seconds, 3),
        "moved_to": answer.moved_to if answer else None,
        "title": parsed.title if parsed else None,
        "entries": len(parsed.entries) if parsed else None,
        "newest": shapes.time(newest(parsed, now)) if parsed else None,
        "articles_wanted": _wanted(tested, config),
        "matches": [
            {"headline": clean(entry.headline), "link": link(entry.link)} | shapes.match(match)
            for entry, match in matches
        ],
    }
