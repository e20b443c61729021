"""Feeds, made from their tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from monitor.config.check import Entry
from monitor.config.kinds import exact, web_fault
from monitor.config.report import Report
from monitor.config.schema import FeedTable, PollingTable
from monitor.config.source import Place
from monitor.feed import Feed


def make_feeds(
    entries: Sequence[Entry[FeedTable]], names: Collection[str], polling: PollingTable, place: Place, report: Report
) -> tuple[Feed, ...]:
    """Return the feeds, of which at least one is polled."""
    if not names:
        report.missing(place, "there is no feed", 'add [feeds] with tass = "https://tass.com/rss/v2.xml"')
    elif len(entries) == len(names) and not any(entry.table.enabled for entry in entries):
        report.fault(place, "every feed is off", "remove enabled = false from one of them")
    _check_twins(entries, report)
    return tuple(_feed(entry, polling, report) for entry in entries)


def _feed(entry: Entry[FeedTable], polling: PollingTable, report: Report) -> Feed:
    table = entry.table
    if fault := _url_fault(table.url):
        report.fault(entry.place.at("url"), *fault)
    return Feed(
        name=entry.name,
        url=table.url,
        interval=_interval(entry, polling, report),
        silent_after=table.silent_after,
        window=table.window,
        tags=tuple(dict.fromkeys(table.tags)),
        full_text=table.full_text or polling.full_text,
        language=table.language,
        catch_up=polling.catch_up if table.catch_up is None else table.catch_up,
        enabled=table.enabled,
    )


def _interval(entry: Entry[FeedTable], polling: PollingTable, report: Report) -> timedelta | None:
    interval = entry.table.interval
    if interval is not None and interval < polling.min_interval:
        least = exact(polling.min_interval)
        cure = f'write "{least}" or more, or lower polling.min_interval'
        report.fault(entry.place.at("interval"), f"{exact(interval)} is under the least interval, {least}", cure)
    return interval


def _url_fault(url: str) -> tuple[str, str] | None:
    fault = web_fault(url)
    if fault is None and "@" in urlsplit(url).netloc:
        return "holds a user or a password", "take them out: feeds are read without a login"
    return fault


def _check_twins(entries: Sequence[Entry[FeedTable]], report: Report) -> None:
    """One address under two names would ring twice for each item."""
    first: dict[str, str] = {}
    for entry in entries:
        same = first.setdefault(_plain(entry.table.url), entry.name)
        if same != entry.name:
            report.fault(entry.place.at("url"), f"{same} has the same address", "remove one of the two")


def _plain(url: str) -> str:
    """Return the address without what makes no difference to the server: fragment, case of scheme and host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return parts._replace(fragment="", scheme=parts.scheme.lower(), netloc=parts.netloc.lower()).geturl().rstrip("/")
