"""Feeds, made from their tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from monitor.config.access import Accesses
from monitor.config.check import Entry
from monitor.config.kinds import exact, web_fault
from monitor.config.report import Report
from monitor.config.schema import FeedTable, PollingTable
from monitor.config.source import Place
from monitor.exchange import Access
from monitor.feed import Feed


class Feeds:
    """Makes feeds."""

    def __init__(self, polling: PollingTable, accesses: Accesses, way: Access, report: Report) -> None:
        """Begin; ``way`` leads to the servers of feeds that name no other."""
        self._polling, self._accesses, self._way, self._report = polling, accesses, way, report

    def make(self, entries: Sequence[Entry[FeedTable]], names: Collection[str], place: Place) -> tuple[Feed, ...]:
        """Return the feeds, of which at least one is polled."""
        if not names:
            example = 'add [feeds] with tass = "https://tass.com/rss/v2.xml"'
            self._report.missing(place, "there is no feed", example)
        elif len(entries) == len(names) and not any(entry.table.enabled for entry in entries):
            self._report.fault(place, "every feed is off", "remove enabled = false from one of them")
        _check_twins(entries, self._report)
        return tuple(map(self._feed, entries))

    def _feed(self, entry: Entry[FeedTable]) -> Feed:
        table = entry.table
        if fault := url_fault(table.url):
            self._report.fault(entry.place.at("url"), *fault)
        return Feed(
            name=entry.name,
            url=table.url,
            interval=self._interval(entry),
            silent_after=table.silent_after,
            window=table.window,
            wire=table.wire,
            tags=tuple(dict.fromkeys(table.tags)),
            full_text=table.full_text or self._polling.full_text,
            language=table.language,
            catch_up=self._polling.catch_up if table.catch_up is None else table.catch_up,
            enabled=table.enabled,
            access=self._way if fault else self._accesses.of(entry, self._way),
        )

    def _interval(self, entry: Entry[FeedTable]) -> timedelta | None:
        interval = entry.table.interval
        if interval is not None and interval < self._polling.min_interval:
            least = exact(self._polling.min_interval)
            cure = f'write "{least}" or more, or lower polling.min_interval'
            words = f"{exact(interval)} is under the least interval, {least}"
            self._report.fault(entry.place.at("interval"), words, cure)
        return interval


def url_fault(url: str) -> tuple[str, str] | None:
    """Return what is wrong with a feed's address, and the cure; None where nothing is."""
    fault = web_fault(url)
    if fault is None and "@" in urlsplit(url).netloc:
        return "holds a user or a password", 'take them out, and write auth = { user = "…", password_file = "…" }'
    return fault


def _check_twins(entries: Sequence[Entry[FeedTable]], report: Report) -> None:
    """One address under two names would ring twice for each item."""
    first: dict[str, str] = {}
    for entry in entries:
        same = first.setdefault(plain(entry.table.url), entry.name)
        if same != entry.name:
            report.fault(entry.place.at("url"), f"{same} has the same address", "remove one of the two")


def plain(url: str) -> str:
    """Return the address without what makes no difference to the server: fragment, case of scheme and host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return parts._replace(fragment="", scheme=parts.scheme.lower(), netloc=parts.netloc.lower()).geturl().rstrip("/")
