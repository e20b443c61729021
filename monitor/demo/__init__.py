"""A day of three invented wires in a minute: the real daemon, a server inside the command, and no network beyond."""

from __future__ import annotations

import asyncio
import threading
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from monitor.alert import Alert
from monitor.demo.wires import TITLES, Wires, wires
from monitor.item import Reading
from monitor.service import Service, Settings
from monitor.store import alerts, items
from monitor.store.database import Database, Tx

#: Slow enough to read along, and over within a minute.
PACE = timedelta(seconds=1.4)
#: Time to read the first screen before the day begins.
SILENCE = timedelta(seconds=2)
#: Time for the last piece to be polled, read, judged and told.
REST = timedelta(seconds=5)

RULES = """\
[rules]
norvik = { match = "Norvik", except = "share price, price target" }
strike = "port strike"
grain  = { match = ["grain export quota", "экспортная квота на зерно"], priority = "high" }
"""
_CONFIG = """\
timezone = "UTC"

[feeds]
coastwire = {{ url = "{origin}/feeds/coastwire", interval = "1s" }}
ledger    = {{ url = "{origin}/feeds/ledger", interval = "1s", full_text = "never" }}
vestnik   = {{ url = "{origin}/feeds/vestnik", interval = "1s", full_text = "never", language = "ru" }}

{rules}
[channels]
screen = "console:"

[polling]
min_interval = "1s"

[network]
allow = ["127.0.0.0/8"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the day brought."""

    items: int
    #: Articles that were read.
    articles: int
    #: Alerts of each rule.
    alerts: Mapping[str, int]
    #: Alerts of what only the article said.
    by_article: int


@dataclass(slots=True, kw_only=True)
class Stage:
    """Where the day stands; it begins when every wire has been asked once."""

    wires: Wires
    asked: set[str] = field(default_factory=set)
    begins_at: datetime | None = None

    def feed(self, name: str) -> str:
        """Return the wire's feed now."""
        now = datetime.now(UTC)
        self.asked.add(name)
        if self.begins_at is None and self.asked == set(TITLES):
            self.begins_at = now + SILENCE
        return self.wires.feed(name, self.begins_at or now, now)


class _Desk(BaseHTTPRequestHandler):
    """Serves feeds and articles."""

    server: _Server

    def do_GET(self) -> None:  # the name is the standard library's
        """Answer one request."""
        match self.path.split("/"):
            case ["", "feeds", name] if name in TITLES:
                self._answer("application/rss+xml; charset=utf-8", self.server.stage.feed(name))
            case ["", "articles", piece]:
                self._answer("text/html; charset=utf-8", self.server.stage.wires.article(piece))
            case _:
                self._answer("", None)

    def _answer(self, content_type: str, body: str | None) -> None:
        if body is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        data = body.encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing: the screen belongs to the daemon."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, stage: Stage) -> None:
        super().__init__(("127.0.0.1", 0), _Desk)
        self.stage = stage


@contextmanager
def served(stage: Stage) -> Iterator[str]:
    """Serve the wires on a free port of this machine; yield the address."""
    with _Server(stage) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="demo wires", daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def play(console: TextIO, pace: timedelta = PACE) -> Told:
    """Run the daemon over the day until it is over or interrupted, and return what it brought.

    Everything is kept in a directory of its own, which is gone at the end.
    """
    stage = Stage(wires=wires(pace))
    with TemporaryDirectory(prefix="wirebell-demo-") as folder, served(stage) as origin:
        config = Path(folder) / "config.toml"
        config.write_text(_CONFIG.format(origin=origin, rules=RULES), encoding="utf-8")
        asyncio.run(_run(Settings(path=config, environment={}, console=console), stage))
        return _told(Path(folder) / "wirebell.db")


async def _run(settings: Settings, stage: Stage) -> None:
    service = Service(settings)
    clock = asyncio.create_task(_end_of_day(service, stage))
    await service.run()
    clock.cancel()
    with suppress(asyncio.CancelledError):
        await clock


async def _end_of_day(service: Service, stage: Stage) -> None:
    while stage.begins_at is None:  # noqa: ASYNC110 - another thread sets it
        await asyncio.sleep(0.1)
    await asyncio.sleep((SILENCE + stage.wires.length + REST).total_seconds())
    service.stop()


def _told(file: Path) -> Told:
    database = Database.open(f"sqlite:///{file}", migrate=False, check=False)
    try:
        return database.read_now(_count)
    finally:
        database.close()


def _count(tx: Tx) -> Told:
    kept = items.newest(tx, limit=1000)
    rang = [each.what for each in alerts.listing(tx, limit=1000) if isinstance(each.what, Alert)]
    counted = Counter(what.rule for what in rang)
    return Told(
        items=len(kept),
        articles=sum(each.reading is Reading.READ for each in kept),
        alerts={rule: counted[rule] for rule in tomllib.loads(RULES)["rules"]},
        by_article=sum(evidence.field == "text" for what in rang for evidence in what.evidence[:1]),
    )
