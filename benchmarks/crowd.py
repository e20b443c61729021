"""A crowd of feeds: 100,000 of them, each asked every five minutes by one daemon, and what that costs.

    python benchmarks/crowd.py [--feeds 100000] [--minutes 30] [--mix "not modified=1"] [--folder FOLDER]
    python benchmarks/crowd.py --idle

The daemon is the real one, ``wirebell run`` in a process of its own with its readers. What it asks is a server in
another process, which listens on all of 127.0.0.0/8, so that ten feeds each have a host of their own. Of the feeds

    not modified   answer 304 to who asks with their ETag          changed    have another entry each time
    unchanged      send the same body each time, without an ETag   redirect   send on, half of them for good
    slow           answer 304 after one to three seconds           dead       nothing listens at their port

The first round, in which every feed is asked for the first time, lasts as long as it takes to read and keep all that
they list; how long that was is printed. The minutes begin when it is over. The lag of a poll is measured at the server:
the time since the answer before, less the five minutes that were asked for. A feed that answers and is left alone for
two intervals was skipped. With ``--known`` the daemon is one that is started again: it knows those feeds already that
answer 304, and all are due one after another, so that the first round lasts one interval. ``--idle`` is a thousand
feeds that all answer 304, for five minutes, a minute after their first round.

Processor and memory are those of the daemon with all processes below it. Memory is told as the sum of what each holds,
where shared pages count for each, and with shared pages counted once.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import random
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from monitor.feed import Feed
from monitor.store import feeds as feed_rows
from monitor.store.database import Database

#: How many of a hundred feeds are of each kind.
MIX = {"not modified": 60, "unchanged": 15, "changed": 15, "slow": 4, "redirect": 3, "dead": 3}
#: Feeds of one host.
TOGETHER = 10
#: All of 127.0.0.0/8 among others.
EVERYWHERE = "0.0.0.0"  # noqa: S104 - for as long as it lasts
SLOW = (1.0, 3.0)
#: Longer than the daemon takes to start, and to read so many addresses a second.
READY, READS = timedelta(seconds=15), 1_500
#: Before idling counts.
REST = 60.0
#: A first round that lasts longer is given up.
LONGEST_START = 1800.0
HZ = os.sysconf("SC_CLK_TCK")
WORDS = (
    "minister", "talks", "border", "grain", "harvest", "port", "strike", "court", "ruling", "bank", "rate",
    "budget", "storm", "flood", "rescue", "vote", "coalition", "treaty", "pipeline", "refinery", "export",
    "tariff", "wheat", "copper", "gold", "index", "shares", "merger", "bid", "profit", "loss", "forecast",
    "inflation", "union", "wage", "protest", "police", "arrest", "trial", "appeal", "satellite", "launch",
    "orbit", "vaccine", "hospital", "school", "bridge", "railway", "airline", "airport", "ferry", "fire",
    "wildfire", "drought", "reservoir", "dam", "reactor", "grid", "blackout", "summit", "envoy", "ceasefire",
    "convoy",
)  # fmt: skip


# --- the server ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What the server has seen since it was asked last."""

    polls: Mapping[str, int]
    #: Of the polls that follow one after ``begin``, in seconds.
    lags: Sequence[float]
    #: Feeds that answer and were never asked, and those that were left alone for two intervals since ``begin``.
    never: int
    skipped: int
    #: Polls of the feed that was asked least since ``begin``, and of that which was asked most.
    least: int
    most: int
    processor: float


class Crowd:
    """The feeds, and when each was asked."""

    def __init__(self, kinds: Sequence[str], interval: float, entries: int) -> None:
        self._kinds, self._interval, self._entries = kinds, interval, entries
        count = len(kinds)
        self._answered = array("d", bytes(8 * count))
        self._begun = 0.0
        self._asked = array("L", bytes(8 * count))
        self._version = array("L", bytes(8 * count))
        self._sent_on = bytearray(count)
        self._skipped: set[int] = set()
        self._polls: Counter[str] = Counter()
        self._lags = array("d")
        self._alive = [number for number, kind in enumerate(kinds) if kind != "dead"]
        self._never = len(self._alive)
        chance = random.Random(7)  # noqa: S311 - the same words each time
        self._leads = [" ".join(chance.choices(WORDS, k=60)).encode() for _ in range(2_000)]
        self._leads[0] = b"earthquake " + self._leads[0]  # so much rings
        self._epoch = time.time()

    def begin(self) -> None:
        self._begun = time.monotonic()
        self._asked = array("L", bytes(8 * len(self._kinds)))
        self._lags = array("d")
        self._polls.clear()
        self._skipped.clear()

    def tally(self) -> Tally:
        now = time.monotonic()
        late = {
            n for n in self._alive if self._begun and now - max(self._answered[n], self._begun) > 2 * self._interval
        }
        asked = [self._asked[number] for number in self._alive]
        found = Tally(
            polls=dict(self._polls),
            lags=self._lags.tolist(),
            never=self._never,
            skipped=len(self._skipped | late),
            least=min(asked, default=0),
            most=max(asked, default=0),
            processor=time.process_time(),
        )
        self._polls.clear()
        self._lags = array("d")
        return found

    def ask(self, number: int, head: bytes, *, there: bool) -> tuple[bytes, float]:
        """Return what to answer to who asks for a feed, and after how long; ``there`` is where one is sent on to."""
        kind = self._kinds[number]
        if there and self._sent_on[number]:
            self._sent_on[number] = 0
        else:
            self._count(number, kind)
        if kind == "redirect" and not there:
            self._sent_on[number] = 1
            return b"HTTP/1.1 %b\r\nLocation: /there/%d\r\nConnection: close\r\n\r\n" % (
                b"301 Moved" if number % 2 else b"302 Found",
                number,
            ), 0.0
        delay = random.uniform(*SLOW) if kind == "slow" else 0.0  # noqa: S311 - no secret
        if kind not in {"unchanged", "changed"} and b"if-none-match" in head.lower():
            return b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nConnection: close\r\n\r\n', delay
        if kind == "changed":
            self._version[number] += 1
        tag = b"" if kind in {"unchanged", "changed"} else b'ETag: "1"\r\n'
        body = self._body(number)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: %d\r\n" % len(body)
        return b"%b%bConnection: close\r\n\r\n%b" % (head, tag, body), delay

    def _count(self, number: int, kind: str) -> None:
        self._polls[kind] += 1
        self._asked[number] += 1
        before = self._answered[number]
        if not before:
            self._never -= 1
        elif self._begun and before >= self._begun:
            lag = time.monotonic() - before - self._interval
            self._lags.append(lag)
            if lag >= self._interval:
                self._skipped.add(number)

    def answered(self, number: int) -> None:
        self._answered[number] = time.monotonic()

    def _body(self, number: int) -> bytes:
        newest = self._version[number] + self._entries
        return b"<?xml version='1.0'?><rss version='2.0'><channel><title>Feed %d</title>%b</channel></rss>" % (
            number,
            b"".join(self._item(number, each) for each in range(newest, newest - self._entries, -1)),
        )

    def _item(self, number: int, which: int) -> bytes:
        lead = self._leads[(number * 31 + which) % len(self._leads)]
        when = formatdate(self._epoch - (self._entries + 1 - which) * self._interval).encode()
        return (
            b"<item><title>%b (%d of %d)</title><link>http://feed%d.example/%d</link><guid>%d-%d</guid>"
            b"<description>%b</description><pubDate>%b</pubDate></item>"
        ) % (lead[:50], which, number, number, which, number, which, lead, when)


class Answering(asyncio.Protocol):
    """Answers one request and hangs up."""

    __slots__ = ("_crowd", "_head", "_transport")

    def __init__(self, crowd: Crowd) -> None:
        self._crowd, self._head = crowd, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._head += data
        if not self._head.endswith(b"\r\n\r\n"):
            return
        _, place, number = self._head.partition(b" HTTP/")[0].split(b"/")
        answer, delay = self._crowd.ask(int(number), self._head, there=place == b"there")
        if delay:
            asyncio.get_running_loop().call_later(delay, self._answer, int(number), answer)
        else:
            self._answer(int(number), answer)

    def _answer(self, number: int, answer: bytes) -> None:
        self._crowd.answered(number)
        self._transport.write(answer)
        self._transport.close()


def serve(pipe: Connection, kinds: Sequence[str], interval: float, entries: int) -> None:
    """Serve until the pipe is closed, and tell what was seen when asked."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    crowd = Crowd(kinds, interval, entries)

    async def run() -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        server = await loop.create_server(lambda: Answering(crowd), EVERYWHERE, 0, backlog=4096)
        pipe.send(server.sockets[0].getsockname()[1])

        def hear() -> None:
            try:
                if pipe.recv() == "begin":
                    crowd.begin()
                else:
                    pipe.send(crowd.tally())
            except (EOFError, OSError):
                loop.remove_reader(pipe.fileno())
                over.set()

        loop.add_reader(pipe.fileno(), hear)
        await over.wait()

    asyncio.run(run())


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The server, as seen from here."""

    port: int
    pipe: Connection

    def begin(self) -> None:
        self.pipe.send("begin")

    def tally(self) -> Tally:
        self.pipe.send("tally")
        if not self.pipe.poll(60):
            sys.exit("the server says nothing any more")
        found = self.pipe.recv()
        assert isinstance(found, Tally)
        return found


@contextmanager
def server(kinds: Sequence[str], interval: float, entries: int) -> Iterator[Server]:
    """Yield the server, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe()
    process = context.Process(target=serve, args=(its, kinds, interval, entries), daemon=True)
    process.start()
    its.close()
    try:
        yield Server(port=ours.recv(), pipe=ours)
    finally:
        ours.close()
        process.join(10)


@contextmanager
def dead_port() -> Iterator[int]:
    """Yield a port that is taken, and at which nothing listens."""
    with socket.socket() as taken:
        taken.bind((EVERYWHERE, 0))
        yield taken.getsockname()[1]


# --- the daemon ------------------------------------------------------------------------------------------------------


def addresses(kinds: Sequence[str], port: int, dead: int) -> Sequence[str]:
    """Return where each feed is."""
    return [f"http://{_host(n)}:{dead if kind == 'dead' else port}/here/{n}" for n, kind in enumerate(kinds)]


def write_config(folder: Path, places: Sequence[str], given: argparse.Namespace) -> Path:
    """Write a configuration of all feeds, and return its path."""
    every = f'interval = "{given.interval:.0f}s"'
    feeds = (f'f{n} = {{ url = "{place}", {every} }}\n' for n, place in enumerate(places))
    (folder / "feeds.toml").write_text("[feeds]\n" + "".join(feeds))
    rules = "".join(f'{word} = {{ match = "earthquake {word}", where = "lead" }}\n' for word in WORDS)
    config = folder / "config.toml"
    config.write_text(
        f'timezone = "Europe/Berlin"\ndatabase = "sqlite:///crowd.db"\ninclude = "feeds.toml"\n'
        f'[polling]\nconcurrency = {given.at_once}\nfull_text = "never"\n'
        f'[network]\nallow = ["127.0.0.0/8"]\n[rules]\n{rules}[channels]\ndesk = "console:"\n'
    )
    return config


def know(folder: Path, kinds: Sequence[str], places: Sequence[str], interval: float) -> None:
    """Make a database in which the feeds that answer 304 are known, and all are due one after another."""
    file = folder / "crowd.db"
    begin = datetime.now(UTC) + READY + timedelta(seconds=len(kinds) / READS)
    declared = [Feed(name=f"f{number}", url=place) for number, place in enumerate(places)]
    database = Database.open(f"sqlite:///{file}")
    database.write_now(partial(feed_rows.sync, declared=declared, now=begin))
    database.close()
    order = random.Random(5).sample(range(len(kinds)), len(kinds))  # noqa: S311 - the same each time
    first, apart = begin.timestamp() * 1e6, interval * 1e6 / len(kinds)
    due = [(int(first + apart * turn), f"f{number}") for turn, number in enumerate(order)]
    long_ago = int(first - interval * 1e6)
    known = [
        (long_ago,) * 4 + (f"f{n}",) for n, kind in enumerate(kinds) if kind in {"not modified", "slow", "redirect"}
    ]
    with sqlite3.connect(file) as link:
        link.executemany("UPDATE feed SET next_poll_at = ? WHERE name = ?", due)
        link.executemany(
            "UPDATE feed SET state = 'ok', etag = '\"1\"', baseline_at = ?, polled_at = ?, read_at = ?, since = ?"
            " WHERE name = ?",
            known,
        )
    link.close()


def _host(number: int) -> str:
    host = number // TOGETHER + 256
    return f"127.{host >> 16}.{host >> 8 & 255}.{host & 255}"


@contextmanager
def daemon(config: Path) -> Iterator[int]:
    """Yield the number of the daemon's process."""
    program = Path(sys.executable).with_name("wirebell")
    with (config.parent / "daemon.log").open("wb") as said:
        command: Sequence[str | Path] = [program, "run", "-c", config]
        process = subprocess.Popen(command, cwd=config.parent, stdout=said, stderr=subprocess.STDOUT)
        try:
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                print("the daemon did not end within 30 s and was killed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a process and all below it use."""

    #: Seconds, those of ended processes included.
    processor: float
    #: In MB: what each process holds, and the same with shared pages counted once.
    resident: float
    proportional: float


def use(process: int) -> Use:
    """Return what a process and all below it use."""
    numbers = [process]
    for number in numbers:
        numbers += _children(number)
    fields = [Path(f"/proc/{n}/stat").read_text().rpartition(")")[2].split() for n in numbers if _lives(n)]
    return Use(
        processor=sum(int(each) for stat in fields for each in stat[11:15]) / HZ,
        resident=sum(int(stat[21]) for stat in fields) * resource.getpagesize() / 1e6,
        proportional=sum(map(_proportional, numbers)) / 1e3,
    )


def _lives(number: int) -> bool:
    return Path(f"/proc/{number}").exists()


def _children(number: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [
            int(n) for each in Path(f"/proc/{number}/task").iterdir() for n in (each / "children").read_text().split()
        ]
    return []


def _proportional(number: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{number}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1.024
    return 0.0


# --- the run ---------------------------------------------------------------------------------------------------------


def _memory(held: Use | Watch) -> str:
    return f"memory {held.resident:.0f} MB, {held.proportional:.0f} MB with shared pages once"


@dataclass(slots=True)
class Watch:
    """What was seen in the minutes that count."""

    lags: list[float] = field(default_factory=list)
    polls: Counter[str] = field(default_factory=Counter)
    resident: float = 0.0
    proportional: float = 0.0


def first_round(crowd: Server, process: int, kinds: Sequence[str]) -> None:
    """Wait until every feed that answers has been asked once, and print how long that took."""
    began, asked, polls = time.monotonic(), False, 0
    alive = sum(kind != "dead" for kind in kinds)
    told = began
    while (seen := crowd.tally()).never:
        now, polls = time.monotonic(), polls + sum(seen.polls.values())
        if not _lives(process) or now - began > LONGEST_START:
            sys.exit("the first round did not come to its end; the daemon's log is in daemon.log (see --folder)")
        if not asked and seen.never < alive:
            asked = True
            print(f"the first poll came {now - began:.1f} s after the start ({_cost(use(process))})", flush=True)
        elif now - told >= 60:
            told = now
            asked_once = f"{alive - seen.never:,} of {alive:,}, {polls:,} polls"
            print(f"  first round: {asked_once} ({_cost(use(process))})", flush=True)
        time.sleep(0.2)
    print(f"every feed was asked once after {time.monotonic() - began:.1f} s ({_cost(use(process))})", flush=True)


def _cost(used: Use) -> str:
    return f"processor {used.processor:.1f} s, {_memory(used)}"


def watch(crowd: Server, process: int, minutes: float) -> Watch:
    """Print each minute how the daemon does, and return all of it."""
    seen, end = Watch(), time.monotonic() + minutes * 60
    before, since = use(process), time.monotonic()
    served = crowd.tally().processor
    while (now := time.monotonic()) < end:
        time.sleep(min(60.0, end - now))
        used, tally, until = use(process), crowd.tally(), time.monotonic()
        seen.lags += tally.lags
        seen.polls.update(tally.polls)
        seen.resident, seen.proportional = max(seen.resident, used.resident), max(seen.proportional, used.proportional)
        span, polls = until - since, sum(tally.polls.values())
        spent = used.processor - before.processor
        print(
            f"  {polls / span:6.1f} polls/s   lag {_lag(tally.lags)}   processor {spent / span:7.2%} of a core"
            f" ({spent / max(polls, 1) * 1e3:.2f} ms a poll; server {(tally.processor - served) / span:.1%})"
            f"   {_memory(used)}",
            flush=True,
        )
        before, since, served = used, until, tally.processor
    return seen


def _lag(lags: Sequence[float]) -> str:
    if not lags:
        return "     -"
    ordered = sorted(lags)
    middle, late = (ordered[int(len(ordered) * part)] for part in (0.5, 0.99))
    return f"p50 {middle:.2f} s, p99 {late:.2f} s, most {ordered[-1]:.2f} s"


def run(kinds: Sequence[str], minutes: float, given: argparse.Namespace, folder: Path) -> None:
    """Run the crowd and print what came of it."""
    with server(kinds, given.interval, given.entries) as crowd, dead_port() as dead:
        places = addresses(kinds, crowd.port, dead)
        config = write_config(folder, places, given)
        if given.known:
            know(folder, kinds, places, given.interval)
        with daemon(config) as process:
            first_round(crowd, process, kinds)
            if given.idle:
                time.sleep(REST)  # what came is judged meanwhile
            start = use(process)
            crowd.begin()
            began = time.monotonic()
            seen = watch(crowd, process, minutes)
            span, end, last = time.monotonic() - began, use(process), crowd.tally()
    spent, polls = end.processor - start.processor, sum(seen.polls.values())
    size = sum(each.stat().st_size for each in folder.glob("crowd.db*")) / 1e6
    print(f"\n{len(kinds):,} feeds, {span / 60:.1f} min: {polls:,} polls, {polls / span:.1f} a second")
    print(f"  of these {', '.join(f'{count:,} {kind}' for kind, count in seen.polls.most_common())}")
    print(f"  lag        {_lag(seen.lags)}, of {len(seen.lags):,} polls")
    print(f"  skipped    {last.skipped:,} feeds; each was asked {last.least} to {last.most} times")
    print(f"  processor  {spent / span:.2%} of a core, {spent / max(polls, 1) * 1e3:.2f} ms a poll")
    print(f"  at most    {_memory(seen)}")
    print(f"  database   {size:,.0f} MB")
    words = (folder / "daemon.log").read_text(errors="replace").splitlines()
    levels = Counter(level for line in words for level in ("WARNING", "ERROR") if f" {level} " in f" {line[:60]} ")
    print(f"  log        {len(words):,} lines, {levels['WARNING']:,} warnings, {levels['ERROR']:,} errors")


def drawn(feeds: int, mix: Mapping[str, float]) -> Sequence[str]:
    """Return the kind of each feed."""
    return random.Random(11).choices(list(mix), list(mix.values()), k=feeds)  # noqa: S311 - the same each time


def _mix(words: str) -> Mapping[str, float]:
    return {kind.strip(): float(share) for kind, share in (part.split("=") for part in words.split(","))}


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--feeds", type=int)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--interval", type=float, default=300.0, help="seconds between two polls of a feed")
    parser.add_argument("--entries", type=int, default=10, help="of each feed")
    parser.add_argument("--known", action="store_true", help="a daemon that knows its feeds from before")
    parser.add_argument("--idle", action="store_true", help="a thousand feeds that all answer 304")
    parser.add_argument("--mix", type=_mix, help='shares of the kinds, such as "changed=1,dead=1"')
    parser.add_argument("--at-once", type=int, default=500, help="polling.concurrency")
    parser.add_argument("--folder", type=Path, help="where the database lies and stays; a passing one when absent")
    given = parser.parse_args()
    mix = given.mix or ({"not modified": 1.0} if given.idle else MIX)
    feeds = given.feeds or (1_000 if given.idle else 100_000)
    minutes = given.minutes or (5.0 if given.idle else 30.0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))  # so that the daemon ends as well
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as passing:
        folder = given.folder or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        run(drawn(feeds, mix), minutes, given, folder)


if __name__ == "__main__":
    main()
