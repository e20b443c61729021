"""A feed that grows and a receiver that keeps what it gets, on either side of a real daemon."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from monitor.alert import Delivery
from monitor.store import alerts
from monitor.store.database import Database
from tests.daemon import PATIENCE, Daemon
from tests.http_server import HttpServer, Received, Reply
from tests.scenarios.house import rss

READY = "The next match rings at once."


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One arrival of an alert."""

    headline: str
    id: str
    may_repeat: bool


class Newsroom:
    """The folder of a daemon, its only feed, and its only receiver."""

    def __init__(self, folder: Path, wire: HttpServer, hook: str, *, catch_up: str = "1h") -> None:
        self.folder, self.wire = folder, wire
        self.published: list[str] = []
        #: When its entries were published; an undated one would be history at the first poll.
        self.began = datetime.now(UTC)
        self._serve()
        (folder / "config.toml").write_text(
            f"""timezone = "UTC"
feeds.wire = {{ url = "{wire.url("/rss")}", interval = "1s" }}
rules.road = "glacier"
channels.desk = {{ webhook = "{hook}" }}
polling = {{ min_interval = "1s", catch_up = "{catch_up}" }}
network.allow = ["127.0.0.0/8"]
""",
            encoding="utf-8",
        )

    def publish(self, count: int = 1) -> None:
        """Put new entries into the feed, each of which the rule matches."""
        first = len(self.published) + 1
        self.published += [f"Glacier report {n}" for n in range(first, first + count)]
        self._serve()

    def _serve(self) -> None:
        self.wire.reply("/rss", Reply(body=self.document))

    @property
    def document(self) -> bytes:
        """Return the feed as it stands, newest first."""
        entries = [{"guid": title, "title": title, "description": "Ice moves."} for title in reversed(self.published)]
        return rss(entries, at=self.began)

    def run(self, *arguments: str) -> Daemon:
        """Return a daemon to start."""
        return Daemon(self.folder, *arguments)

    def deliveries(self) -> tuple[Delivery, ...]:
        """Return what the database says of every alert's delivery."""
        database = Database.open(f"sqlite:///{self.folder / 'wirebell.db'}", migrate=False)
        try:
            kept = database.read_now(lambda tx: alerts.listing(tx, limit=1000, notices=False))
        finally:
            database.close()
        return tuple(delivery for each in kept for delivery in each.deliveries)


def copies(received: tuple[Received, ...]) -> list[Copy]:
    """Return the alerts among what a receiver got, in order of arrival."""
    documents = [(request, json.loads(request.body)) for request in received if request.method == "POST"]
    return [
        Copy(
            headline=document["headline"],
            id=request.headers["webhook-id"],
            may_repeat=document.get("may_repeat", False),
        )
        for request, document in documents
        if document["schema"] == "alert.v1"
    ]


def kill(daemon: Daemon) -> None:
    """Kill the daemon and wait until it is gone."""
    daemon.tell(signal.SIGKILL)
    assert daemon.end() == -signal.SIGKILL


def stop(daemon: Daemon) -> None:
    """Stop the daemon as systemd does."""
    daemon.tell(signal.SIGTERM)
    assert daemon.end() == 0


def wait_until(held: Callable[[], object]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not held():
        assert time.monotonic() < deadline, f"it never came to hold: {held}"
        time.sleep(0.01)
