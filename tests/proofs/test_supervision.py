"""systemd is told what the daemon does, and its watchdog is fed as long as the daemon works, and no longer."""

from __future__ import annotations

import asyncio
import io
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from monitor import pipeline, service
from monitor.correction import Told
from monitor.errors import StoreError
from monitor.item import Item
from monitor.judge import Bench, Ruling
from monitor.service import Service, Settings
from tests.daemon import Daemon
from tests.http_server import HANG, HttpServer, Reply
from tests.proofs.newsroom import READY, Newsroom, stop, wait_until
from tests.proofs.proving import WHOLE, figures, sized
from tests.scenarios.house import rss

pytestmark = pytest.mark.slow

#: Seconds after which the supervisor would start the daemon again.
WATCHDOG = 4.0
#: Seconds for which it is watched while something is in its way.
WATCHED = sized(30, 5)
#: Seconds without food after which the daemon of a test that looks more often passes for starving its watchdog.
STARVED = 3.0


class Supervisor:
    """A bound datagram socket in the place of systemd's, which keeps each word with when it came."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.words: list[tuple[float, str]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._said = threading.Condition()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while words := self._socket.recv(4096):
            with self._said:
                self.words.append((time.monotonic(), words.decode()))
                self._said.notify_all()

    def close(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
            own.sendto(b"", str(self.path))
        self._thread.join()
        self._socket.close()

    @property
    def environment(self) -> dict[str, str]:
        return {"NOTIFY_SOCKET": str(self.path), "WATCHDOG_USEC": str(int(WATCHDOG * 1_000_000))}

    def wait_for(self, words: str, *, after: float = 0.0, seconds: float = 40.0) -> float:
        """Wait for the words, and return when they came."""
        with self._said:
            came = self._said.wait_for(
                lambda: [at for at, said in self.words if at > after and said.startswith(words)], seconds
            )
            assert came, f"{words} never came after {after}: {self.words}"
            return came[0]

    def fed(self, since: float) -> list[float]:
        """Return when the watchdog was fed."""
        with self._said:
            return [at for at, words in self.words if words == "WATCHDOG=1" and at >= since]

    def hunger(self, seconds: float) -> float:
        """Wait so long, and return the longest time without food from now on, the end included."""
        since = time.monotonic()
        with self._said:
            self._said.wait_for(lambda: time.monotonic() - since > seconds and self.words[-1][0] > since, seconds + 20)
        times = [since, *self.fed(since), time.monotonic()]
        return max(later - earlier for earlier, later in pairwise(times))


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    bound = Supervisor(tmp_path / "notify")
    yield bound
    bound.close()


@pytest.fixture
def room(tmp_path: Path, wire: HttpServer, receiver: HttpServer) -> Newsroom:
    return Newsroom(tmp_path, wire, receiver.reply("/hook", Reply(status=204)))


def test_systemd_hears_of_the_start_each_reload_and_the_end(
    room: Newsroom, supervisor: Supervisor, tmp_path: Path
) -> None:
    with Daemon(tmp_path, environment=supervisor.environment) as daemon:
        daemon.wait_until_it_says(READY)
        came = supervisor.wait_for("READY=1\nSTATUS=watching 1 feed")
        for faulty in (False, True):
            if faulty:
                (room.folder / "config.toml").write_text("[feeds", encoding="utf-8")
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            daemon.tell(signal.SIGHUP)
            began = supervisor.wait_for("RELOADING=1\nMONOTONIC_USEC=", after=came)
            came = supervisor.wait_for("READY=1\nSTATUS=watching 1 feed", after=began)
            (words,) = [words for at, words in supervisor.words if at == began]
            assert before <= int(words.rpartition("=")[2]) <= before + 30_000_000
        stop(daemon)
        supervisor.wait_for("STOPPING=1\nSTATUS=", after=came)
    order = [words.split("\n")[0] for _, words in supervisor.words if words != "WATCHDOG=1"]
    assert order == ["READY=1", "RELOADING=1", "READY=1", "RELOADING=1", "READY=1", "STOPPING=1"]


def nothing(_room: Newsroom, _receiver: HttpServer) -> None:
    """Nothing is new."""


def an_article(room: Newsroom, _receiver: HttpServer) -> None:
    link = room.wire.reply("/article", HANG)
    news = {"guid": "9", "title": "Ice moves", "link": link, "description": "More inside."}
    room.wire.reply("/rss", Reply(body=rss([news], at=room.began)))
    wait_until(lambda: room.wire.asked("/article"))


def a_channel(room: Newsroom, receiver: HttpServer) -> None:
    before = len(receiver.received)
    receiver.reply("/hook", HANG)
    room.publish(3)
    wait_until(lambda: len(receiver.received) > before)


def a_poll(room: Newsroom, _receiver: HttpServer) -> None:
    before = len(room.wire.asked("/rss"))
    room.wire.reply("/rss", HANG)
    wait_until(lambda: len(room.wire.asked("/rss")) > before)


def everything(room: Newsroom, receiver: HttpServer) -> None:
    for each in (an_article, a_channel, a_poll):
        each(room, receiver)


@pytest.mark.parametrize("hanging", [nothing, an_article, a_channel, a_poll] if WHOLE else [everything])
def test_what_hangs_elsewhere_is_no_hang_of_ours(
    room: Newsroom,
    supervisor: Supervisor,
    receiver: HttpServer,
    tmp_path: Path,
    hanging: Callable[[Newsroom, HttpServer], None],
) -> None:
    with Daemon(tmp_path, environment=supervisor.environment) as daemon:
        daemon.wait_until_it_says(READY)
        hanging(room, receiver)
        hunger = supervisor.hunger(WATCHED)
    figures(
        f"watchdog while {hanging.__name__.replace('_', ' ')} hangs",
        watched=f"{WATCHED} s",
        longest_without_food=f"{hunger:.1f} s of {WATCHDOG:g} s",
    )
    assert hunger < WATCHDOG


# --- true hangs ------------------------------------------------------------------------------------------------------


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch, supervisor: Supervisor) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(supervisor.path))
    monkeypatch.setattr(service, "SIGN_EVERY", timedelta(seconds=0.2))
    monkeypatch.setattr(service, "STATUS_EVERY", timedelta(seconds=0.2))
    monkeypatch.setattr(pipeline, "JUDGE_PATIENCE", timedelta(seconds=1))


def last_fed(supervisor: Supervisor) -> float:
    return supervisor.fed(0)[-1]


async def starves(supervisor: Supervisor) -> None:
    """Wait until the watchdog has had no food for longer than ever between two rounds."""
    async with asyncio.timeout(20):
        while time.monotonic() - last_fed(supervisor) < STARVED:
            await asyncio.sleep(0.05)


async def eats(supervisor: Supervisor) -> None:
    """Wait until the watchdog is fed."""
    await asyncio.to_thread(supervisor.wait_for, "WATCHDOG=1", after=time.monotonic())


@asynccontextmanager
async def at_work(room: Newsroom) -> AsyncIterator[Service]:
    """A daemon in this process, whose insides a test can hold up."""
    daemon = Service(Settings(path=room.folder / "config.toml", environment={}, console=io.StringIO()))
    running = asyncio.create_task(daemon.run())
    try:
        yield daemon
    finally:
        daemon.stop()
        await running


class Gate:
    """Holds a thread up until it is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def wait(self) -> None:
        self.reached.set()
        self.opened.wait(40)


@pytest.mark.usefixtures("_quick")
async def test_a_writer_that_hangs_starves_the_watchdog_until_it_goes_on(
    room: Newsroom, supervisor: Supervisor
) -> None:
    gate = Gate()
    async with at_work(room) as daemon:
        await eats(supervisor)
        writing = asyncio.ensure_future(daemon._database.write(lambda _: gate.wait()))
        try:
            await starves(supervisor)
            assert gate.reached.is_set()
        finally:
            gate.opened.set()
        await writing
        await eats(supervisor)


@pytest.mark.usefixtures("_quick")
async def test_a_judgement_that_hangs_starves_the_watchdog_though_feeds_are_still_polled(
    room: Newsroom, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, judge = Gate(), Bench.judge

    def hang(bench: Bench, item: Item, *, now: datetime, told: tuple[Told, ...]) -> Ruling:
        gate.wait()
        return judge(bench, item, now=now, told=told)

    monkeypatch.setattr(Bench, "judge", hang)
    async with at_work(room):
        await eats(supervisor)
        room.publish()
        try:
            await starves(supervisor)
            assert gate.reached.is_set()
            await room.wire.arrived(len(room.wire.received) + 1)
        finally:
            gate.opened.set()
        await eats(supervisor)


@pytest.mark.usefixtures("_quick")
async def test_a_reload_that_the_database_cannot_take_has_an_end_all_the_same(
    room: Newsroom, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(Service, "_apply", fail)
    async with at_work(room) as daemon:
        started = await asyncio.to_thread(supervisor.wait_for, "READY=1")
        daemon._edited.set()
        began = await asyncio.to_thread(supervisor.wait_for, "RELOADING=1", after=started)
        await asyncio.to_thread(supervisor.wait_for, "READY=1", after=began)


@pytest.mark.usefixtures("_quick")
async def test_the_status_tells_what_fails_and_what_waits(
    room: Newsroom, supervisor: Supervisor, receiver: HttpServer
) -> None:
    receiver.reply("/hook", Reply(status=503))
    room.publish(2)
    async with at_work(room):
        await asyncio.to_thread(supervisor.wait_for, "STATUS=watching 1 feed; 3 messages waiting")
        room.wire.reply("/rss", Reply(status=500))
        await asyncio.to_thread(supervisor.wait_for, "STATUS=watching 1 feed, 1 failing; 3 messages waiting")
