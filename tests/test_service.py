"""The daemon as a process: its first screen, its signals, its reload, its end."""

from __future__ import annotations

import asyncio
import io
import signal
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.service import EachSecond, Service, Settings
from monitor.store import feeds, records
from monitor.store.database import Database
from tests.daemon import Daemon
from tests.http_server import HttpServer, Reply
from tests.scenarios.house import payloads, rss

ENTRY = {"guid": "2", "title": "Glacier road closed", "description": "A slide blocks the pass."}
OTHER = {"guid": "3", "title": "Lighthouse sold", "description": "An artist buys it."}

pytestmark = pytest.mark.slow


@pytest.fixture
def wire() -> Iterator[HttpServer]:
    with HttpServer() as server:
        server.reply("/rss", Reply(body=rss([{"guid": "1", "title": "Glacier retreats"}])))
        server.reply("/hook", Reply(status=204))
        yield server


def write(folder: Path, wire: HttpServer, *, rules: str = 'road = "glacier"', more: str = "") -> None:
    (folder / "config.toml").write_text(
        f"""timezone = "UTC"
[feeds]
wire = {{ url = "{wire.url("/rss")}", interval = "1s" }}
[rules]
{rules}
[channels]
desk = {{ webhook = "{wire.url("/hook")}", default = true }}
screen = {{ url = "console:", default = true }}
[polling]
min_interval = "1s"
[network]
allow = ["127.0.0.0/8"]
{more}""",
        encoding="utf-8",
    )


def hooked(wire: HttpServer, schema: str) -> list[dict[str, object]]:
    return payloads((request.body for request in wire.asked("/hook")), schema)


def wait_for_alert(wire: HttpServer, headline: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if headline in [alert["headline"] for alert in hooked(wire, "alert.v1")]:
            return
        wire_count = len(wire.received)
        wire.wait_for(wire_count + 1, 30)
    pytest.fail(f"no alert for {headline!r}")


def test_the_first_start_shows_the_screen_greets_once_and_ends_on_a_signal(tmp_path: Path, wire: HttpServer) -> None:
    write(tmp_path, wire)
    with Daemon(tmp_path) as daemon:
        daemon.wait_until_it_says("The next match rings at once.")
        daemon.tell(signal.SIGTERM)
        assert daemon.end() == 0
        lines = daemon.said.split("\n")
    assert any(line.startswith("config.toml is fine. Data: wirebell.db. Times are UTC") for line in lines)
    assert any(line.split()[:4] == ["wire", "ok,", "1", "item,"] for line in lines)
    assert any(line.split()[:5] == ["road", "would", "have", "rung", "once"] for line in lines)
    with Daemon(tmp_path) as daemon:
        daemon.wait_until_it_says("The next match rings at once.")
        daemon.tell(signal.SIGINT)
        assert daemon.end() == 0
    (hello,) = hooked(wire, "notice.v1")
    assert hello["kind"] == "hello"
    assert "road would have rung once" in str(hello["message"])


def test_a_new_rule_is_taken_up_on_hangup_and_matches_the_next_item(tmp_path: Path, wire: HttpServer) -> None:
    write(tmp_path, wire)
    with Daemon(tmp_path) as daemon:
        daemon.wait_until_it_says("The next match rings at once.")
        write(tmp_path, wire, rules='road = "glacier"\nlights = "lighthouse"')
        daemon.tell(signal.SIGHUP)
        daemon.wait_until_it_says("config.toml applied")
        wire.reply("/rss", Reply(body=rss([OTHER])))
        wait_for_alert(wire, "Lighthouse sold")
        daemon.tell(signal.SIGTERM)
        assert daemon.end() == 0
    answers = [str(notice["message"]) for notice in hooked(wire, "notice.v1") if notice["kind"] == "reload"]
    assert len(answers) == 1
    assert "1 rule added" in answers[0]
    assert "In the last seven days lights would not have rung." in answers[0]


def test_an_edit_is_seen_without_a_signal(tmp_path: Path, wire: HttpServer) -> None:
    write(tmp_path, wire)
    with Daemon(tmp_path) as daemon:
        daemon.wait_until_it_says("The next match rings at once.")
        write(tmp_path, wire, rules='road = "glacier"\nlights = "lighthouse"')
        daemon.wait_until_it_says("config.toml applied: 1 rule added")


def test_a_broken_edit_changes_nothing_and_is_answered_with_every_fault(tmp_path: Path, wire: HttpServer) -> None:
    write(tmp_path, wire)
    with Daemon(tmp_path) as daemon:
        daemon.wait_until_it_says("The next match rings at once.")
        write(tmp_path, wire, rules='road = "glacier"\nlights = { mach = "x" }', more="[pollng]\nx = 1")
        daemon.tell(signal.SIGHUP)
        daemon.wait_until_it_says("NOT applied")
        wire.reply("/rss", Reply(body=rss([ENTRY])))
        wait_for_alert(wire, "Glacier road closed")
        daemon.tell(signal.SIGTERM)
        assert daemon.end() == 0
    (answer,) = [str(notice["message"]) for notice in hooked(wire, "notice.v1") if notice["kind"] == "reload"]
    assert "config.toml:6: rules.lights" in answer
    assert "pollng" in answer
    assert "Still running the version of" in answer


def test_a_second_daemon_on_the_same_database_is_refused(tmp_path: Path, wire: HttpServer) -> None:
    write(tmp_path, wire)
    with Daemon(tmp_path) as first:
        first.wait_until_it_says("The next match rings at once.")
        with Daemon(tmp_path) as second:
            assert second.end() == 3
            assert "is running on it" in second.said


def test_a_broken_config_at_the_start_is_refused_with_every_fault(tmp_path: Path, wire: HttpServer) -> None:
    write(tmp_path, wire, rules='road = { match = "a NOT a" }', more="[pollng]\nx = 1")
    with Daemon(tmp_path) as daemon:
        assert daemon.end() == 2
        assert "config.toml:5: rules.road" in daemon.said
        assert "pollng" in daemon.said
    assert not (tmp_path / "wirebell.db").exists()


def test_a_broken_config_at_a_later_start_leaves_the_last_good_one_in_force(tmp_path: Path, wire: HttpServer) -> None:
    write(tmp_path, wire)
    with Daemon(tmp_path, "--once") as daemon:
        assert daemon.end() == 0
    write(tmp_path, wire, rules='road = "glacier', more="[pollng]")
    wire.reply("/rss", Reply(body=rss([ENTRY])))
    with Daemon(tmp_path, "--once") as daemon:
        assert daemon.end() == 0
        assert "config.toml NOT applied" in daemon.said
    assert [alert["headline"] for alert in hooked(wire, "alert.v1")] == ["Glacier road closed"]
    (answer,) = [str(notice["message"]) for notice in hooked(wire, "notice.v1") if notice["kind"] == "reload"]
    assert "config.toml:5" in answer
    assert "Still running the version of" in answer


def test_once_tells_by_its_exit_code_whether_all_worked(tmp_path: Path, wire: HttpServer) -> None:
    write(tmp_path, wire)
    with Daemon(tmp_path, "--once") as daemon:
        assert daemon.end() == 0
    wire.reply("/rss", Reply(status=500))
    with Daemon(tmp_path, "--once") as daemon:
        assert daemon.end() == 4


async def test_a_start_and_a_stop_are_records_and_so_is_a_clock_that_was_set(tmp_path: Path, wire: HttpServer) -> None:
    write(tmp_path, wire)
    clock = SteppedClock()
    service = Service(Settings(path=tmp_path / "config.toml", environment={}, console=io.StringIO()), now=clock)
    await service._recover()
    clock.ahead = timedelta(hours=2)
    await service._jump(service._now.jump())
    await service._close()
    database = Database.open(f"sqlite:///{tmp_path / 'wirebell.db'}")
    begin, end = datetime.now(UTC) - timedelta(minutes=5), datetime.now(UTC) + timedelta(hours=3)
    found = database.read_now(lambda tx: records.between(tx, begin, end))
    database.close()
    assert [record.sort for record in found] == ["config", "run", "clock", "run"]
    assert [record.body["event"] for record in found if record.sort == "run"] == ["started", "stopped"]
    assert round(found[2].body["step"]) == 7200


def test_history_can_be_rung_after_the_first_start(tmp_path: Path, wire: HttpServer) -> None:
    write(tmp_path, wire)
    for arguments in (["--once"], ["--once", "--catch-up", "24h"]):
        with Daemon(tmp_path, *arguments) as daemon:
            assert daemon.end() == 0
    wire.reply("/rss", Reply(body=rss([ENTRY])))
    with Daemon(tmp_path, "--once") as daemon:
        assert daemon.end() == 0
    assert [alert["headline"] for alert in hooked(wire, "alert.v1")] == ["Glacier road closed"]


class SteppedClock:
    """The machine's clock, which a test may set."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.mark.parametrize("hours", [-1, 3])
async def test_a_clock_that_is_set_moves_what_is_due_with_it(tmp_path: Path, wire: HttpServer, hours: int) -> None:
    write(tmp_path, wire)
    path = tmp_path / "config.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('interval = "1s"', 'interval = "10m"'), encoding="utf-8")
    clock = SteppedClock()
    service = Service(Settings(path=path, environment={}, console=io.StringIO()), now=clock)
    running = asyncio.create_task(service.run())
    try:
        before = await due(service)
        clock.ahead = timedelta(hours=hours)
        async with asyncio.timeout(30):
            while abs(await due(service) - before - clock.ahead) > timedelta(seconds=5):
                await asyncio.sleep(0.1)
    finally:
        service.stop()
        await running


def test_a_clock_that_goes_from_1970_to_now_does_not_make_up_for_every_second_of_it() -> None:
    now, tick = datetime.now(UTC), EachSecond()
    assert tick.get_next_fire_time(datetime(1970, 1, 1, tzinfo=UTC), now) == now + timedelta(seconds=1)


async def due(service: Service) -> datetime:
    """Return when the one feed is due, once it has been polled."""
    async with asyncio.timeout(30):
        while True:
            (state,) = await service._database.read(feeds.all_states)
            if state.polled_at is not None:
                return state.next_poll_at
            await asyncio.sleep(0.05)


def test_systemd_is_told_when_it_is_ready_and_when_it_stops(tmp_path: Path, wire: HttpServer) -> None:
    write(tmp_path, wire)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(tmp_path / "notify"))
        bound.settimeout(30)
        with Daemon(tmp_path, environment={"NOTIFY_SOCKET": str(tmp_path / "notify")}) as daemon:
            assert bound.recv(200).startswith(b"READY=1")
            daemon.tell(signal.SIGTERM)
            words = bound.recv(200)
            while not words.startswith(b"STOPPING=1"):
                words = bound.recv(200)
            assert daemon.end() == 0
