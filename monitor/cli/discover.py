"""The search for the feeds of a site: what its page names, else where feeds usually lie."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from monitor import discovery
from monitor.cli.probe import Probe, Prober, newest, probing
from monitor.cli.shapes import Document, time
from monitor.config import Config
from monitor.exchange import Response
from monitor.feed import Failed, Feed
from monitor.render import clean


async def discover(config: Config, url: str, now: datetime) -> tuple[Probe, tuple[Probe, ...]]:
    """Return what the address itself answered, and the feeds that were found, each once."""
    async with probing(config) as prober:
        at_first = await prober.probe(_unknown(config, url), now)
        if not isinstance(at_first.result, Failed):
            return at_first, (at_first,)
        page = at_first.answer
        named = await prober.named(page) if page is not None and page.body else ()
        found = await _feeds(prober, config, named, now)
        where = page.url if page is not None else url
        return at_first, found or await _feeds(prober, config, discovery.usual(where) if page else (), now)


def _unknown(config: Config, url: str) -> Feed:
    return Feed(name=url, url=url, interval=timedelta(0), access=config.way)


async def _feeds(prober: Prober, config: Config, addresses: Iterable[str], now: datetime) -> tuple[Probe, ...]:
    """Return those of the addresses that are feeds; two that lead to the same are one."""
    found: dict[str, Probe] = {}
    for address in addresses:  # one after another: it is one server
        probe = await prober.probe(_unknown(config, address), now)
        if isinstance(probe.answer, Response) and not isinstance(probe.result, Failed):
            found.setdefault(probe.answer.url, probe)
    return tuple(found.values())


def shape(url: str, found: Iterable[Probe], now: datetime) -> Document:
    """Return ``discovered.v1``."""
    return {"schema": "discovered.v1", "url": url, "feeds": [_feed_shape(each, now) for each in found]}


def _feed_shape(probe: Probe, now: datetime) -> Document:
    assert not isinstance(probe.result, Failed)  # noqa: S101 - only feeds are found
    return {
        "url": probe.feed.url,
        "title": clean(probe.result.title),
        "entries": len(probe.result.entries),
        "newest": time(newest(probe.result, now)),
    }
