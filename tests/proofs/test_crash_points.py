"""A daemon that is killed at any of its system calls loses nothing, doubles nothing, and marks what may repeat."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Self

import pytest

from tests.http_server import HttpServer, Reply
from tests.proofs import proving
from tests.proofs.newsroom import (
    OUR_TRACEBACK,
    READY,
    Copy,
    Newsroom,
    comes_to_hold,
    copies,
    letters,
    muted,
    repeats,
    rung,
    wait_until,
)
from tests.proofs.nursery import Nursery
from tests.proofs.tracer import Report
from tests.scenarios.house import rss
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.slow

#: Points of a life that are tried where not all of them are.
SAMPLE, SAMPLE_OF_START = 12, 6
AT_ONCE = proving.sized(3, 2)
#: More than so many of the points that are tried must be reached: threads meet in another order each time, and some
#: lives have fewer points. A sample takes many of the last ones, where files are shortened and removed: rare calls.
REACHED = 0.9 if proving.WHOLE else 0.5
OLD = [f"Glacier report of old {n}" for n in range(1, 6)]
#: What the life that is killed has to ring: two by their headlines, one by its article.
NEWS = ["Glacier road closed", "Wardens close a path", "Glacier road open again"]
CHANNELS = ("desk", "post")
ARTICLE = "The glacier above the valley moved by four metres in one night, the wardens say. " * 12


class Stage(Enum):
    """What the life that is killed does."""

    START = "first start"
    CYCLE = "cycle"

    @property
    def kind(self) -> str:
        """Return the kind of what it brings to each channel."""
        return "hello" if self is Stage.START else "new"

    @property
    def messages(self) -> int:
        """Return how many of them."""
        return 1 if self is Stage.START else len(NEWS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What came of a life that was to be killed at a point, and of the one after it."""

    stage: Stage
    point: int
    report: Report
    #: By channel, in order of arrival.
    arrived: dict[str, list[Copy]]
    #: Messages that are none of those that the stage brings.
    others: int
    said: str
    said_after: str
    integrity: str
    headlines: list[str]
    states: list[tuple[str, str]]

    def __str__(self) -> str:
        """Return where it was killed."""
        return f"{self.point} ({self.report.calls[-1] if self.report.killed else 'no kill'})"

    @property
    def repeats(self) -> list[Copy]:
        """Return every message after the first of its kind on its channel."""
        return [again for arrived in self.arrived.values() for again in repeats(arrived)]


class Cycle:
    """A daemon whose first poll is done, and what it is about to find: copied for each life."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._open = folder, ExitStack()

    def __enter__(self) -> Self:
        self._wire, self._hook = self._open.enter_context(HttpServer()), self._open.enter_context(HttpServer())
        self._mail, self._nursery = self._open.enter_context(SmtpServer()), self._open.enter_context(Nursery())
        self._prepare()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _prepare(self) -> None:
        post = (
            f'channels.post = {{ to = "anna@bank.example", smtp = "127.0.0.1", port = {self._mail.port}, '
            'security = "none", from = "bot@bank.example", default = true }'
        )
        hook = self._hook.reply("/hook", Reply(status=204))
        first = self._folder / "first"
        first.mkdir()
        room = Newsroom(first, self._wire, hook, catch_up="0s", channels=[post])
        old = [{"guid": title, "title": title, "description": "Ice moves."} for title in OLD]
        self._wire.reply("/rss", Reply(body=rss(old, at=room.began)))
        with room.run("--once") as daemon:
            assert daemon.end() == 0, daemon.said
        assert (len(self._hook.received), len(self._mail.letters)) == (1, 1)  # each channel's hello
        muted(first)
        page = f"<html><body><article><p>{ARTICLE}</p></article></body></html>"
        link = self._wire.reply("/article", Reply(body=page.encode()))
        details = [{}, {"link": link}, {}]
        news = [
            {"guid": title, "title": title, "description": "Details follow."} | more
            for title, more in zip(NEWS, details, strict=True)
        ]
        self._wire.reply("/rss", Reply(body=rss([*news, *old], at=room.began)))
        config = first / "config.toml"
        once = config.read_text(encoding="utf-8").replace('interval = "1s"', 'interval = "10m"', 1)
        config.write_text(once, encoding="utf-8")

    def live(self, stage: Stage, point: int) -> Life:
        """Live until the kill at the point, then once more until all is done; without a kill, stop when all is done."""
        folder = self._folder / f"{stage.name}-{point}"
        folder.mkdir()
        for name in ("config.toml",) if stage is Stage.START else ("config.toml", "wirebell.db"):
            shutil.copy(self._folder / "first" / name, folder)
        hooked, mailed = len(self._hook.received), len(self._mail.letters)
        report, said = self._be_killed(folder, stage, point)
        said_after = self._live_on(folder, stage)
        requests, mail = self._hook.received[hooked:], self._mail.letters[mailed:]
        notices = stage is Stage.START
        schema = "notice.v1" if notices else "alert.v1"
        arrived = {"desk": copies(requests, schema), "post": letters(mail, notices=notices)}
        others = len(requests) + len(mail) - sum(map(len, arrived.values()))
        life = look(folder, stage, point)(
            report=report, arrived=arrived, others=others, said=said, said_after=said_after
        )
        shutil.rmtree(folder)
        print(f"{life}: {len(life.repeats)} repeats, {len(faults(life))} faults")
        if faults(life):
            print(f"{life.said}\n-- then\n{life.said_after}")
        return life

    def _be_killed(self, folder: Path, stage: Stage, point: int) -> tuple[Report, str]:
        daemon = self._nursery.start(folder, point=point)
        wait_until(lambda: daemon.has_ended or (READY in daemon.said and brought(daemon.said, stage)))
        if not daemon.has_ended:
            daemon.tell(signal.SIGTERM)
        report = daemon.end()
        assert report.refused or report.code == (-signal.SIGKILL if report.killed else 0), daemon.said
        return report, daemon.said

    def _live_on(self, folder: Path, stage: Stage) -> str:
        daemon = self._nursery.start(folder)
        comes_to_hold(lambda: daemon.has_ended or (READY in daemon.said and is_done(folder, stage)))  # or it is lost
        if not daemon.has_ended:
            daemon.tell(signal.SIGTERM)
        assert daemon.end().code == 0, daemon.said
        return daemon.said


def brought(said: str, stage: Stage) -> bool:
    return said.count(" delivered in ") == len(CHANNELS) * stage.messages


@contextmanager
def rows(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{folder / 'wirebell.db'}?mode=ro", uri=True)) as connection:
        yield connection


DELIVERIES = "SELECT channel, delivery.state FROM delivery JOIN alert ON alert.id = alert_id WHERE kind = ?"


def is_done(folder: Path, stage: Stage) -> bool:
    """Return whether all is stored, brought, and owed to nobody any more."""
    with rows(folder) as connection:
        connection.execute("BEGIN")  # one look: an alert that is made between two of them is owed in neither
        ((items, owed),) = connection.execute(
            "SELECT (SELECT count(*) FROM item), (SELECT count(*) FROM delivery WHERE state IN ('queued', 'sending'))"
        )
        deliveries = connection.execute(DELIVERIES, (stage.kind,)).fetchall()
    return (items, owed, len(deliveries)) == (len(OLD) + len(NEWS), 0, len(CHANNELS) * stage.messages)


def look(folder: Path, stage: Stage, point: int) -> partial[Life]:
    """Return of a life what SQLite says of the file, and the stored headlines and deliveries."""
    with rows(folder) as connection:
        ((integrity,),) = connection.execute("PRAGMA integrity_check(1)")
        headlines = [headline for (headline,) in connection.execute("SELECT headline FROM item")]
        states = connection.execute(DELIVERIES, (stage.kind,)).fetchall()
    return partial(Life, stage=stage, point=point, integrity=integrity, headlines=headlines, states=states)


@pytest.fixture(scope="module")
def cycles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Cycle]]:
    with ExitStack() as stack:
        yield [stack.enter_context(Cycle(tmp_path_factory.mktemp("cycle"))) for _ in range(AT_ONCE)]


def counted(cycle: Cycle, stage: Stage) -> list[str]:
    """Return the system calls of a life that nobody kills."""
    life = cycle.live(stage, 0)
    if life.report.refused:
        words = f"this system lets no test trace a program: {life.report.refused}"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(words)
    assert faults(life) == []
    assert life.repeats == []
    return life.report.calls


def drawn(calls: Sequence[str], count: int) -> list[int]:
    """Return so many points, each kind of call in its turn."""
    kinds: dict[str, list[int]] = defaultdict(list)
    for point, name in enumerate(calls, start=1):
        kinds[name].append(point)
    turns = [random.sample(points, len(points)) for points in kinds.values()]  # pytest-randomly seeds it
    random.shuffle(turns)
    chosen = [points[turn] for turn in range(len(calls)) for points in turns if turn < len(points)]
    return chosen[:count]


def in_turns(cycles: Sequence[Cycle], stage: Stage, points: Sequence[int]) -> list[Life]:
    """Live once for each point, some lives at once."""
    parts = [points[n :: len(cycles)] for n in range(len(cycles))]

    def work(cycle: Cycle, part: Sequence[int]) -> list[Life]:
        return [cycle.live(stage, each) for each in part]

    with ThreadPoolExecutor(len(cycles)) as threads:
        return [life for lives in threads.map(work, cycles, parts) for life in lives]


def faults(life: Life) -> list[str]:
    """Return all that is wrong about what came of a life."""
    channels = [life.arrived[name] for name in CHANNELS]
    count = life.stage.messages
    found = {
        "a message was lost": any(len(rung(one)) < count for one in channels),
        "what is no news was rung": life.stage is Stage.CYCLE and any(rung(one) - {*NEWS} for one in channels),
        "another message": life.others > 0,
        "more than one repeat on a channel": any(len(one) > count + 1 for one in channels),
        "a repeat without a mark": not all(each.may_repeat for each in life.repeats),
        "a repeat without a kill": bool(life.repeats) and not life.report.killed,
        "a message of two ids": any(len({each.id for each in one}) != count for one in channels),
        "a fault was said": "ERROR" in life.said + life.said_after or bool(OUR_TRACEBACK.search(life.said)),
        "a traceback after the kill": "Traceback" in life.said_after,
        f"the file: {life.integrity}": life.integrity != "ok",
        f"items stored: {life.headlines}": Counter(life.headlines) != Counter([*OLD, *NEWS]),
        f"deliveries: {life.states}": Counter(life.states) != {(name, "sent"): count for name in CHANNELS},
    }
    return [f"{life}: {words}" for words, is_so in found.items() if is_so]


def prove(cycles: list[Cycle], stage: Stage, sample: int) -> Counter[str]:
    """Kill at points of the stage, see that nothing is wrong, and return the calls that an unharmed life makes."""
    calls = counted(cycles[0], stage)
    lives = in_turns(cycles, stage, drawn(calls, proving.sized(len(calls), sample)))
    killed = [life.report.calls[-1] for life in lives if life.report.killed]
    proving.figures(
        f"kills at system calls of a {stage.value}",
        points=len(calls),
        tried=len(lives),
        killed=len(killed),
        at=", ".join(f"{name} {count}" for name, count in sorted(Counter(killed).items())),
        lives_with_a_fault=sum(bool(faults(life)) for life in lives),
        repeats=sum(len(life.repeats) for life in lives),
    )
    assert [fault for life in lives for fault in faults(life)] == []
    assert len(killed) > REACHED * len(lives)
    return Counter(calls)


def test_a_kill_at_any_system_call_of_a_cycle_loses_no_alert_and_marks_each_repeat(cycles: list[Cycle]) -> None:
    calls = prove(cycles, Stage.CYCLE, SAMPLE)
    assert calls.total() > 200
    assert {"connect", "fdatasync", "pwrite64", "recvfrom", "sendto", "unlink", "write"} <= {*calls}


def test_a_kill_at_any_system_call_of_the_first_start_lets_the_next_one_begin_and_ring_nothing_old(
    cycles: list[Cycle],
) -> None:
    calls = prove(cycles, Stage.START, SAMPLE_OF_START)
    assert calls.total() > 200
