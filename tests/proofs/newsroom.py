"""A feed that grows and a receiver that keeps what it gets, on either side of a real daemon."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from monitor.alert import Delivery
from monitor.mute import Mute, Scope
from monitor.store import alerts, mutes
from monitor.store.database import Database
from tests.daemon import PATIENCE, Daemon
from tests.http_server import HttpServer, Received, Reply
from tests.scenarios.house import rss
from tests.smtp_server import Letter

#: How a mail's subject ends when it may repeat, and before that.
REPEATING, SOURCE = " (may repeat)", " (Example Wire)"
#: A traceback of wirebell's own: a reader that is just born to a daemon when that one is killed leaves one of Python's.
OUR_TRACEBACK = re.compile(r'^ *File "[^"]*/monitor/', re.MULTILINE)
#: A channel that has a digest, but for which all matters too much to wait for it: each alert is asked about.
POLICIES = 'digest = "23:59", wake = "low"'
#: How many alerts a day the rule rings singly: more than any proof publishes, and each is counted.
DAILY = "99999/day"
READY = "The next match rings at once."


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One arrival of an alert."""

    headline: str
    id: str
    may_repeat: bool
    #: Which message of its channel brought it, alone or with others.
    message: int


class Newsroom:
    """The folder of a daemon, its only feed, and its only receiver."""

    def __init__(  # noqa: PLR0913 - all that a newsroom may differ in
        self,
        folder: Path,
        wire: HttpServer,
        hook: str,
        *,
        catch_up: str = "1h",
        channels: Sequence[str] = (),
        interval: str = "1s",
        lists: int | None = None,
        burst: str = "5000 in 1s",
    ) -> None:
        """Write the config; ``channels`` are lines of it, for receivers beside the hook, which takes such bursts.

        The feed lists so many entries at the most; None lets it list all.
        """
        self.folder, self.wire, self._lists = folder, wire, lists
        self.published: list[str] = []
        #: When its entries were published; an undated one would be history at the first poll.
        self.began = datetime.now(UTC)
        self._serve()
        more = "\n".join(channels)
        (folder / "config.toml").write_text(
            f"""timezone = "UTC"
feeds.wire = {{ url = "{wire.url("/rss")}", interval = "{interval}" }}
rules.road = {{ match = "glacier", at_most = "{DAILY}" }}
channels.desk = {{ webhook = "{hook}", default = true, {POLICIES}, burst = "{burst}" }}
polling = {{ min_interval = "1s", catch_up = "{catch_up}" }}
network.allow = ["127.0.0.0/8"]
{more}
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
        titles = self.published[: -self._lists - 1 : -1] if self._lists else self.published[::-1]
        entries = [{"guid": title, "title": title, "description": "Ice moves."} for title in titles]
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

    def states(self) -> list[tuple[str, str]]:
        """Return channel and state of every delivery of an alert, of which there may be many."""
        return self._ask(
            "SELECT channel, delivery.state FROM delivery JOIN alert ON alert.id = alert_id AND kind = 'new'"
        )

    def owes_nothing(self) -> bool:
        """Return whether all that was published has rung, and nothing is owed but a hello that waits for the night."""
        rung = "SELECT count(*) FROM alert WHERE kind = 'new'"
        owed = "SELECT count(*) FROM delivery WHERE state IN ('queued', 'sending') AND reason <> 'held, quiet hours'"
        return self._ask(f"SELECT ({rung}), ({owed})") == [(len(self.published), 0)]

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.folder / 'wirebell.db'}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()


def copies(received: tuple[Received, ...], schema: str = "alert.v1") -> list[Copy]:
    """Return the alerts among what a receiver got, alone or together, or what else is of the schema, as they came."""
    documents = [(request, json.loads(request.body)) for request in received if request.method == "POST"]
    return [
        Copy(
            headline=each["headline" if schema == "alert.v1" else "subject"],
            id=f"{request.headers['webhook-id']} {each['id']}",
            may_repeat=document.get("may_repeat", False),
            message=number,
        )
        for number, (request, document) in enumerate(documents)
        for each in document.get("alerts", [document])
        if each["schema"] == schema
    ]


def letters(received: tuple[Letter, ...], *, notices: bool = False) -> list[Copy]:
    """Return the alerts among the mail that a server took, or what is none, in order of arrival."""
    messages = [letter.message for letter in received if (b"In-Reply-To" in letter.raw) is not notices]
    return [
        Copy(
            headline=str(message["Subject"]).removesuffix(REPEATING).removeprefix("road: ").removesuffix(SOURCE),
            id=str(message["X-Wirebell-Delivery"]),
            may_repeat=str(message["Subject"]).endswith(REPEATING),
            message=number,
        )
        for number, message in enumerate(messages)
    ]


def muted(folder: Path) -> None:
    """Mute what nothing is about, in the database of a folder, which is made where there is none."""
    now = datetime.now(UTC)
    what = Mute(id="drill2", scope=Scope.TEXT, what="lighthouse", made_at=now, until=now + timedelta(days=1))
    database = Database.open(f"sqlite:///{folder / 'wirebell.db'}")
    try:
        database.write_now(partial(mutes.add, placed=what, now=now))
    finally:
        database.close()


def rung(arrived: Sequence[Copy]) -> set[str]:
    """Return the headlines of what arrived."""
    return {each.headline for each in arrived}


def repeats(arrived: Sequence[Copy]) -> list[Copy]:
    """Return every copy after the first."""
    known: set[str] = set()
    again = []
    for each in arrived:
        again += [each] if each.headline in known else []
        known.add(each.headline)
    return again


def kill(daemon: Daemon) -> None:
    """Kill the daemon and wait until it is gone."""
    daemon.tell(signal.SIGKILL)
    assert daemon.end() == -signal.SIGKILL


def stop(daemon: Daemon) -> None:
    """Stop the daemon as systemd does."""
    daemon.tell(signal.SIGTERM)
    assert daemon.end() == 0


def comes_to_hold(held: Callable[[], object]) -> bool:
    """Wait until something holds, and return whether it did in time."""
    deadline = time.monotonic() + PATIENCE
    while not held():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def wait_until(held: Callable[[], object]) -> None:
    """Wait until something holds."""
    assert comes_to_hold(held), f"it never came to hold: {held}"
