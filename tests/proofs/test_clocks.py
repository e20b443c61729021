"""Clocks that are set, nights in which they change, a machine that slept: nothing is lost, repeated or late for it."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.daemon import Daemon
from tests.http_server import HANG, HttpServer, Received, Reply
from tests.proofs.newsroom import READY, Newsroom, copies, kill, repeats, stop, wait_until
from tests.proofs.proving import WHOLE, figures, sized
from tests.scenarios.house import rss

pytestmark = pytest.mark.slow

LIBRARIES, SHARED_MEMORY = Path("/usr/lib"), Path("/dev/shm")  # noqa: S108 - not ours, the system's
INTERVAL = 2.0
#: The daemon looks at the clock each second, and at what is due each second.
NOTICED = 2.0
#: What a busy machine may add to any of it.
BUSY = sized(1, 15)
JUMPED = "the clock jumped"


class FakeTime:
    """The clock of the machine as one daemon sees it, by a library that stands between it and the system."""

    def __init__(self, file: Path, library: Path) -> None:
        self._file, self._library = file, library
        self.ahead = timedelta(0)
        self._write()

    def _write(self) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(f"{self.ahead.total_seconds():+.6f}\n", encoding="ascii")
        new.replace(self._file)  # at once: it is read at each look at the clock

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def step(self, by: timedelta) -> None:
        self.ahead += by
        self._write()

    def show(self, moment: str) -> None:
        self.step(utc(moment) - self.now())

    def steady(self, moment: str) -> float:
        """Return what the monotonic clock shows at a moment of this one."""
        return time.monotonic() + (utc(moment) - self.now()).total_seconds()

    def environment(self, *, steady: bool = True) -> dict[str, str]:
        """Return what puts a daemon under this clock; unless ``steady``, its monotonic clock moves along."""
        settings = {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "NO_FAKE_STAT": "1",  # the config would seem edited
            # Otherwise each wait for Python's lock ends at once and is begun anew: 100,000 times a second.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "COVERAGE_PROCESS_CONFIG": "",  # beside a count of lines a faked clock slows the daemon a hundred times
        }
        return settings | ({"FAKETIME_DONT_FAKE_MONOTONIC": "1"} if steady else {})


@pytest.fixture
def fake(tmp_path: Path, tool: Callable[[str], str]) -> Iterator[FakeTime]:
    tool("faketime")
    before = {*SHARED_MEMORY.glob("*faketime_*")}
    yield FakeTime(tmp_path / "clock", next(LIBRARIES.glob("*/faketime/libfaketimeMT.so.1")))
    for left in {*SHARED_MEMORY.glob("*faketime_*")} - before:  # by a daemon that was killed, under its number
        if not Path(f"/proc/{left.name.rpartition('_')[2]}").exists():
            left.unlink(missing_ok=True)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def furnish(folder: Path, wire: HttpServer, receiver: HttpServer, channels: str, *, zone: str = "UTC") -> Newsroom:
    """Return a newsroom whose feed is empty yet and whose receivers take anything."""
    for name in ("desk", "slow", "night"):
        receiver.reply(f"/{name}", Reply(status=204))
    room = Newsroom(folder, wire, receiver.url("/desk"))
    (folder / "config.toml").write_text(
        f"""timezone = "{zone}"
feeds.wire = {{ url = "{wire.url("/rss")}", interval = "{INTERVAL:.0f}s" }}
rules.road = "glacier"
{channels.replace("HOST", receiver.url("").removesuffix("/"))}
polling = {{ min_interval = "1s", max_interval = "4s", catch_up = "1h" }}
network.allow = ["127.0.0.0/8"]
""",
        encoding="utf-8",
    )
    return room


DESK = 'channels.desk = { webhook = "HOST/desk", default = true, burst = false }\n'
SLOW = 'channels.slow = { webhook = "HOST/slow", default = true, burst = false }\n'
NIGHT = 'channels.night = { webhook = "HOST/night", default = true, burst = false, quiet = "22:00-07:00" }\n'


def rung(receiver: HttpServer, name: str = "desk") -> list[str]:
    return [each.headline for each in copies(receiver.asked(f"/{name}"))]


def alerts(receiver: HttpServer, name: str) -> list[Received]:
    """Return the messages that brought alerts, one or, in the morning, several."""
    return [each for each in receiver.asked(f"/{name}") if json.loads(each.body)["schema"] != "notice.v1"]


def longest_gap(wire: HttpServer, since: float) -> float:
    """Return the longest time between two polls, from the last one before that moment on, up to now."""
    asked = [each.at for each in wire.asked("/rss")]
    first = max(n for n, at in enumerate(asked) if at <= since)
    return max(after - before for before, after in pairwise([*asked[first:], time.monotonic()]))


def jumps(daemon: Daemon) -> int:
    return daemon.said.count(JUMPED)


def wait_until_greeted(daemon: Daemon, receiver: HttpServer, *names: str) -> None:
    daemon.wait_until_it_says(READY)
    wait_until(lambda: all(receiver.asked(f"/{name}") for name in ("desk", *names)))


def wait_for_poll(wire: HttpServer) -> None:
    count = len(wire.asked("/rss"))
    wait_until(lambda: len(wire.asked("/rss")) > count)


def show(fake: FakeTime, daemon: Daemon, moment: str) -> None:
    """Set the clock and wait until the daemon has noticed."""
    seen = jumps(daemon)
    fake.show(moment)
    wait_until(lambda: jumps(daemon) > seen)


def step_and_publish(room: Newsroom, receiver: HttpServer, daemon: Daemon, fake: FakeTime, by: timedelta) -> float:
    """Set the clock while a poll is under way; return how long the alert took that was published at that moment."""
    seen = jumps(daemon)
    wait_for_poll(room.wire)
    fake.step(by)
    began = time.monotonic()
    room.publish()
    wait_until(lambda: room.published[-1] in rung(receiver))
    took = time.monotonic() - began
    wait_until(lambda: jumps(daemon) > seen)
    return took


#: The last is a machine that slept: its monotonic clock stood still.
STEPS = (timedelta(hours=-1), timedelta(hours=3), timedelta(hours=4))


def test_a_clock_that_is_set_loses_nothing_repeats_nothing_and_delays_nothing_by_more_than_an_interval(
    tmp_path: Path, wire: HttpServer, receiver: HttpServer, fake: FakeTime
) -> None:
    fake.show("2026-11-24 23:10")
    room = furnish(tmp_path, wire, receiver, DESK + SLOW + NIGHT)
    lags: list[float] = []
    waits: list[float] = []
    gaps: list[float] = []
    rounds = sized(10, 1)
    with Daemon(tmp_path, environment=fake.environment()) as daemon:
        wait_until_greeted(daemon, receiver, "slow")
        for _ in range(rounds):
            show(fake, daemon, "2026-11-24 23:20")
            seen = len(alerts(receiver, "slow"))
            receiver.reply("/slow", Reply(status=503, headers={"Retry-After": "9"}), Reply(status=204))
            room.publish()
            wait_until(lambda: len(alerts(receiver, "slow")) > seen)  # noqa: B023 - called here
            began = time.monotonic()
            lags += [step_and_publish(room, receiver, daemon, fake, by) for by in STEPS]
            wait_until(lambda: rung(receiver, "slow")[-1] == room.published[-1])
            first, again = alerts(receiver, "slow")[seen : seen + 2]
            waits.append(again.at - first.at)
            gaps.append(longest_gap(wire, began) - INTERVAL)
            assert rung(receiver, "night") == []
        show(fake, daemon, "2026-11-25 06:59:56")
        wait_until(lambda: len(rung(receiver, "night")) >= len(room.published))
        missed = alerts(receiver, "night")[0].at - fake.steady("2026-11-25 07:00")
        stop(daemon)
        assert jumps(daemon) == rounds * (1 + len(STEPS)) + 1
    figures(
        "clock set",
        steps=len(lags),
        lost=len(set(room.published) - set(rung(receiver))),
        longest_lag_of_a_poll=f"{max(gaps):.1f} s",
        longest_way_of_an_alert=f"{max(lags):.1f} s",
        retry_of_9_s_after=f"{min(waits):.1f} to {max(waits):.1f} s",
        end_of_quiet_hours_missed_by=f"{missed:.1f} s",
    )
    assert 0 <= missed <= NOTICED + BUSY
    for name in ("desk", "night"):
        assert rung(receiver, name) == room.published
    assert sorted(set(rung(receiver, "slow"))) == sorted(room.published)
    assert len(rung(receiver, "slow")) == len(room.published) + rounds  # the refused ones twice
    assert not any(each.may_repeat for each in copies(receiver.received))
    assert max(gaps) <= INTERVAL + BUSY
    assert max(lags) <= INTERVAL + NOTICED + BUSY
    assert min(waits) >= 9
    assert max(waits) <= 9 + NOTICED + BUSY


#: A night, the channel's quiet hours, when the daemon starts, the moments at which the alert is still held, and when it
#: arrives. Berlin's clocks go from 02:00 to 03:00 in the first, and in the second from 03:00 back to 02:00.
NIGHTS = (
    ("22:00-02:00", "2026-03-29 00:59:50", (), "2026-03-29 01:00"),
    ("22:00-03:00", "2026-10-25 00:59:50", ("2026-10-25 01:00:02", "2026-10-25 01:59:57"), "2026-10-25 02:00"),
    ("22:00-02:30", "2026-03-29 00:59:50", ("2026-03-29 01:00:02", "2026-03-29 01:29:57"), "2026-03-29 01:30"),
)


@pytest.mark.parametrize(("quiet", "start", "held", "ends"), NIGHTS[: sized(len(NIGHTS), 1)])
def test_in_a_night_in_which_clocks_change_an_alert_is_held_until_the_moment_and_sent_once(  # noqa: PLR0913, PLR0917
    tmp_path: Path,
    wire: HttpServer,
    receiver: HttpServer,
    fake: FakeTime,
    quiet: str,
    start: str,
    held: tuple[str, ...],
    ends: str,
) -> None:
    channels = DESK + NIGHT.replace("22:00-07:00", quiet)
    room = furnish(tmp_path, wire, receiver, channels, zone="Europe/Berlin")
    fake.show((datetime.fromisoformat(start) - timedelta(minutes=10)).isoformat())
    with Daemon(tmp_path, environment=fake.environment()) as daemon:
        wait_until_greeted(daemon, receiver)
        show(fake, daemon, (datetime.fromisoformat(ends) - timedelta(seconds=20)).isoformat() if not held else start)
        room.publish()
        wait_until(lambda: rung(receiver) == room.published)
        for moment in held:
            show(fake, daemon, moment)
            wait_for_poll(wire)
            assert rung(receiver, "night") == []
        if not held:
            fake.show((datetime.fromisoformat(ends) - timedelta(seconds=3)).isoformat())
        wait_until(lambda: rung(receiver, "night"))
        missed = alerts(receiver, "night")[0].at - fake.steady(ends)
        wait_for_poll(wire)
        wait_for_poll(wire)
        stop(daemon)
    figures(f"quiet hours {quiet} in the night of {ends}", missed_by=f"{missed:.1f} s")
    assert 0 <= missed <= NOTICED + BUSY
    assert rung(receiver, "night") == room.published


def stand_still(daemon: Daemon, fake: FakeTime) -> None:
    """Stop the daemon for ten minutes, or let all of its clocks go on by ten minutes while it is stopped."""
    daemon.tell(signal.SIGSTOP)
    if WHOLE:
        time.sleep(600)
    else:
        fake.step(timedelta(minutes=10))
    daemon.tell(signal.SIGCONT)


def test_after_ten_minutes_of_standing_still_polls_go_on_at_once_and_nothing_is_lost_or_repeated_unmarked(
    tmp_path: Path, wire: HttpServer, receiver: HttpServer, fake: FakeTime
) -> None:
    """All leases have ended when it wakes, with a message and a poll under way."""
    room = furnish(tmp_path, wire, receiver, DESK)
    with Daemon(tmp_path, environment={} if WHOLE else fake.environment(steady=False)) as daemon:
        wait_until_greeted(daemon, receiver)
        receiver.reply("/desk", Reply(status=204, delay=2))
        room.publish(3)
        wire.reply("/rss", Reply(body=room.document, delay=1))
        wait_until(lambda: alerts(receiver, "desk"))
        wait_for_poll(wire)
        stand_still(daemon, fake)
        woke = time.monotonic()
        room.publish(2)
        wait_for_poll(wire)
        lag = next(each.at for each in wire.asked("/rss") if each.at > woke) - woke
        wait_until(lambda: set(rung(receiver)) == set(room.published))
        stop(daemon)
        assert "Traceback" not in daemon.said
    arrived = copies(receiver.received)
    firsts = [each for n, each in enumerate(arrived) if each.headline not in rung(receiver)[:n]]
    repeats = [each for each in arrived if each not in firsts]
    figures("ten minutes still", lag_of_the_first_poll=f"{lag:.1f} s", lost=0, repeats=len(repeats))
    assert [each.headline for each in firsts] == room.published
    assert all(each.may_repeat for each in repeats)
    assert lag <= INTERVAL + BUSY


def test_after_a_start_with_a_clock_a_year_ahead_nothing_waits_for_that_year(
    tmp_path: Path, wire: HttpServer, receiver: HttpServer, fake: FakeTime
) -> None:
    """Killed with a retry, a read and a failed feed to come, it takes them up when the clock is right."""
    text = "The glacier above the valley moved by four metres in one night, the wardens say. " * 12
    page = Reply(body=f"<html><body><article><p>{text}</p></article></body></html>".encode())
    told = {"guid": "1", "title": "Glacier report 1", "description": "Ice moves."}
    read = {"guid": "2", "title": "Wardens close a path", "description": "More soon.", "link": wire.url("/article")}
    wire.reply("/article", HANG)
    furnish(tmp_path, wire, receiver, DESK + SLOW + f'feeds.gone = {{ url = "{wire.url("/gone")}", interval = "3s" }}')
    fake.show("2027-11-24 22:10")
    with Daemon(tmp_path, environment=fake.environment()) as daemon:
        wait_until_greeted(daemon, receiver, "slow")
        receiver.reply("/slow", Reply(status=503, headers={"Retry-After": "900"}))
        wire.reply("/rss", Reply(body=rss([read, told])))
        wait_until(lambda: alerts(receiver, "slow"))
        wait_until(lambda: wire.asked("/article"))
        kill(daemon)
    fake.show("2026-11-24 22:10")
    wire.reply("/article", page)
    receiver.reply("/slow", Reply(status=204))
    new = {"guid": "3", "title": "Glacier report 3", "description": "Ice moves."}
    asked = len(wire.asked("/gone"))
    began = time.monotonic()
    with Daemon(tmp_path, environment=fake.environment()) as daemon:
        wire.reply("/rss", Reply(body=rss([new, read, told], at=fake.now())))
        wanted = sorted(each["title"] for each in (told, read, new))
        wait_until(lambda: sorted(set(rung(receiver, "slow"))) == wanted)
        wait_until(lambda: sorted(set(rung(receiver))) == wanted)
        wait_until(lambda: len(wire.asked("/gone")) > asked + 1)
        took = time.monotonic() - began
        stop(daemon)
    figures("clock set right by a year at a start", everything_done_after=f"{took:.1f} s", lost=0)
    assert sorted(rung(receiver, "slow")) == sorted([told["title"], *wanted])  # refused once
    # What was on its way to the desk when the daemon was killed may have arrived, or not: it goes again, and says so.
    again = repeats(copies(receiver.asked("/desk")))
    assert [(each.headline, each.may_repeat) for each in again] in ([], [(told["title"], True)])


def test_with_a_clock_that_starts_in_1970_and_is_set_right_news_rings_and_history_does_not(
    tmp_path: Path, wire: HttpServer, receiver: HttpServer, fake: FakeTime
) -> None:
    """As on a small computer without a clock of its own, until it finds a time server."""
    room = furnish(tmp_path, wire, receiver, DESK + SLOW)
    history = [{"guid": f"old {n}", "title": f"Glacier history {n}", "description": "Ice moved."} for n in range(30)]

    def publish(number: int) -> None:
        room.published.append(f"Glacier report {number}")
        news = [{"guid": title, "title": title, "description": "Ice moves."} for title in reversed(room.published)]
        wire.reply("/rss", Reply(body=rss([*news, *history], at=room.began)))

    wire.reply("/rss", Reply(body=rss(history, at=room.began)))
    fake.show("1970-01-02")
    with Daemon(tmp_path, environment=fake.environment()) as daemon:
        wait_until_greeted(daemon, receiver, "slow")
        receiver.reply("/slow", Reply(status=503, headers={"Retry-After": "5"}), Reply(status=204))
        publish(1)
        wait_until(lambda: alerts(receiver, "slow"))
        show(fake, daemon, f"{room.began + timedelta(minutes=5):%Y-%m-%d %H:%M}")
        publish(2)
        wait_until(lambda: rung(receiver) == room.published)
        wait_until(lambda: sorted(set(rung(receiver, "slow"))) == sorted(room.published))
        stop(daemon)
    assert rung(receiver) == room.published
    assert len(rung(receiver, "slow")) == len(room.published) + 1  # refused once
    assert not any(each.may_repeat for each in copies(receiver.received))
