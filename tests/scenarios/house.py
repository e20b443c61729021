"""A whole wirebell in one process: database, sandbox, network and receivers are real, the clock is ours."""

from __future__ import annotations

import io
import json
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from html import escape
from pathlib import Path

from monitor.alert import Delivery
from monitor.loading import load
from monitor.pipeline import Pipeline
from monitor.record import Offset
from monitor.runtime import Runtime, Tools
from monitor.sandbox import Sandbox
from monitor.store import alerts, configs, feeds
from monitor.store.database import Database
from monitor.tending import Tending
from monitor.vigil import Vigil

#: A Tuesday morning.
MORNING = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
#: How far the machine's clock is off.
OFFSET = Offset(synchronised=True, offset=timedelta(milliseconds=-2), most=timedelta(milliseconds=16))


@cache
def _trust() -> ssl.SSLContext:
    """Return what this machine trusts, which takes 30 ms to read."""
    return ssl.create_default_context()


class Clock:
    """A wall clock that moves only when told to."""

    def __init__(self, at: datetime = MORNING) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


class House:
    """Feeds, rules and channels of one config, worked by the real loops."""

    def __init__(self, folder: Path, sandbox: Sandbox, clock: Clock) -> None:
        self.clock, self.folder = clock, folder
        self.console = io.StringIO()
        self._sandbox = sandbox
        self.database = Database.open(f"sqlite:///{folder / 'wirebell.db'}")
        self.pipeline: Pipeline | None = None
        #: Not at all, since how far is told by a clock that is not ours.
        self.saves_apart = timedelta(0)

    def configure(self, toml: str) -> None:
        """Put a config to work, in the place of the one before."""
        path = self.folder / "config.toml"
        path.write_text(toml, encoding="utf-8")
        loaded = load(path, {})
        now = self.clock()
        version = self.database.write_now(lambda tx: configs.record(tx, loaded.sha256, loaded.toml, now))
        self.database.write_now(lambda tx: feeds.sync(tx, loaded.feeds, now))
        runtime = Runtime(loaded, version=version, console=self.console, tls=_trust(), now=self.clock)
        if self.pipeline is None:
            tools = Tools(
                database=self.database,
                sandbox=self._sandbox,
                now=self.clock,
                jitter=lambda: 1.0,
                offset=lambda: OFFSET,
                saves_apart=self.saves_apart,
            )
            self.pipeline = Pipeline(tools, runtime)
            self.tending = Tending(lambda: self._runtime, tools)
            self.vigil = Vigil(self.pipeline, tools)
        self.pipeline.runtime = self._runtime = runtime

    async def work(self) -> None:
        """Let every loop do what is due at this moment, articles and what follows from them included."""
        assert self.pipeline
        await self.pipeline.drain()
        await self.pipeline.judgements.drain()
        await self.pipeline.deliveries.drain()

    async def pass_by(self, *, step: timedelta = timedelta(minutes=5), **span: float) -> None:
        """Let the time pass in steps, and look after the feeds in each."""
        end = self.clock() + timedelta(**span)
        while self.clock() < end:
            self.clock.at += step
            await self.work()
            if await self.tending.round():
                await self.work()

    async def after(self, **span: float) -> None:
        """Let the time pass, then work."""
        self.clock.forward(**span)
        await self.work()

    def deliveries(self) -> tuple[Delivery, ...]:
        """Return every delivery of every alert."""
        listed = self.database.read_now(lambda tx: alerts.listing(tx, limit=1000))
        return tuple(delivery for each in listed for delivery in each.deliveries)

    async def close(self) -> None:
        """Close what is open."""
        if self.pipeline is not None:
            await self.pipeline.runtime.network.aclose()
        self.database.close()


def rss(entries: Iterable[dict[str, str]], *, title: str = "Example Wire", at: datetime | None = None) -> bytes:
    """Return a feed of RSS 2.0 with the entries, each a dict of its elements; undated where ``at`` is None."""
    date = f"<pubDate>{format_datetime(at)}</pubDate>" if at else ""
    items = "".join(
        "<item>" + "".join(f"<{name}>{escape(value)}</{name}>" for name, value in entry.items()) + date + "</item>"
        for entry in entries
    )
    channel = f"<channel><title>{title}</title>{items}</channel>"
    return f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0">{channel}</rss>'.encode()


def payloads(bodies: Iterable[bytes], schema: str = "alert.v1") -> list[dict[str, object]]:
    """Return the documents of the schema among the bodies that a webhook received."""
    documents = [json.loads(body) for body in bodies]
    return [document for document in documents if document["schema"] == schema]
