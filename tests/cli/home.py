"""A folder with a config, a way to call commands there, and what they find: a store with items, feeds on loopback."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path

from click.testing import CliRunner, Result

from monitor import config, item
from monitor.cli import wirebell
from monitor.config import Config
from monitor.feed import State
from monitor.item import Entry, Reading
from monitor.judge import Bench
from monitor.store import configs, feeds, items, rulings
from monitor.store.database import Database, Tx

CONFIG = """
timezone = "UTC"

[feeds]
wire = "https://wire.example/rss.xml"
slow = { url = "https://slow.example/rss.xml", enabled = false }

[rules]
harbour = "harbour strike"
norvik = { match = "Norvik", except = "price target", priority = "high", note = "asked for by Anna" }

[channels]
desk = "console:"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A folder with a config."""

    path: Path

    def write(self, text: str) -> None:
        """Replace the config."""
        self.path.write_text(text, encoding="utf-8")

    def load(self) -> Config:
        """Return the config as it stands."""
        return config.load(self.path, environment={})

    def call(self, *arguments: str, environment: dict[str, str] | None = None) -> Result:
        """Call a command with the config."""
        return CliRunner().invoke(wirebell, ["-c", str(self.path), *arguments], env=environment)

    def store(self, *entries: Entry, feed: str = "wire", now: datetime | None = None) -> None:
        """Keep the entries as new items of a feed, judged, with what is owed for them."""
        loaded, now = self.load(), now or datetime.now(UTC)
        database = Database.open(loaded.database)
        try:
            database.write_now(partial(_store, loaded=loaded, name=feed, entries=entries, now=now))
        finally:
            database.close()

    def change(self, fn: Callable[[Tx], object]) -> None:
        """Run a function in a transaction of the store."""
        database = Database.open(self.load().database)
        try:
            database.write_now(fn)
        finally:
            database.close()


def _store(tx: Tx, *, loaded: Config, name: str, entries: Sequence[Entry], now: datetime) -> None:
    version = configs.record(tx, loaded.sha256, loaded.toml, now)
    feeds.sync(tx, loaded.feeds, now)
    state = next(state for state in feeds.all_states(tx) if state.name == name)
    arrivals = [
        items.Arrival(
            key=item.key(entry),
            entry=entry,
            digest=item.digest(entry),
            seen_at=now,
            baseline=False,
            reading=Reading.NOT_WANTED,
        )
        for entry in entries
    ]
    items.add(tx, state.id, arrivals)
    bench = Bench(watches=loaded.watches, feeds=loaded.feeds, channels=loaded.channels)
    due = items.judge_due(tx, now, 1000)
    rulings.record(tx, tuple(bench.judge(each, now=now) for each in due), now)
    items.judged(tx, due, version)


def entry(headline: str, lead: str = "", body: str = "") -> Entry:
    """Return an entry that is a minute old."""
    return Entry(
        link=f"https://wire.example/{headline.lower().replace(' ', '-')}",
        headline=headline,
        lead=lead,
        body=body,
        published=datetime.now(UTC) - timedelta(minutes=1),
    )


def fail(tx: Tx) -> None:
    """Let the feed that is due fail."""
    now = datetime.now(UTC)
    [claimed] = feeds.claim(tx, now=now, limit=1, lease="t", until=now)
    feeds.save(tx, replace(claimed, polled_at=now, state=State.FAILING, reason="server answered: 503", failures=3))


def rss(*headlines: str) -> bytes:
    """Return a feed whose entries are five minutes old."""
    moment = format_datetime(datetime.now(UTC) - timedelta(minutes=5))
    rows = "".join(
        f"<item><guid>{number}</guid><title>{headline}</title><pubDate>{moment}</pubDate></item>"
        for number, headline in enumerate(headlines)
    )
    return f'<rss version="2.0"><channel><title>Wire</title>{rows}</channel></rss>'.encode()
