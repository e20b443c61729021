"""What 200 feeds of a hundred entries cost here, and other programs that poll feeds, all in one run.

    python benchmarks/peers.py [--rounds 3] [--only wirebell,sfeed] [--peers FOLDER]

first      the first poll: 200 bodies of 65 kB, 20,000 entries that nobody knows
unchanged  a poll after it, which the server answers by 304 where it is told the ETag
5 new      a poll with five new entries in each feed

Counted is processor time, user and system, of the whole tree of processes. The peers are run as their own pages say:
reader and rss2email from PyPI, in an environment of their own that is made where it is missing; newsboat and sfeed
where the machine has them. What they do is store; rss2email also writes the thousand new entries into a maildir.
wirebell stores, judges each entry by a hundred topics, and posts its alerts to a webhook.

wirebell is measured both ways: as a process for each poll, as the peers are, its start included; and as the daemon
that it is, from when its feeds are due until nothing is owed any more. The daemon's first poll begins with the reload
that tells it of the feeds.

All take turns, poll by poll, so that a noisy neighbour meets each of them; ratios are of the medians. Each feed has a
host of its own. All that is stored lies in memory, where there is a folder in it.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gzip
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Protocol

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.matching import Corpus, documents
from monitor.store import deliveries, feeds, items
from monitor.store.database import Database, Tx

HOUSE = Path(__file__).parents[1]
SHARED = HOUSE.parent / "shared"
FEEDS, ENTRIES, NEW, RULES = 200, 100, 5, 100
#: Number of a feed's newest entry at the first poll, and characters of a lead.
FIRST, LEAD = 1_000, 400
#: Between two entries of the first poll, and two of those after it.
APART, SOON = timedelta(minutes=4), timedelta(seconds=1)
#: Texts that entries are made of, and that words of rules are drawn from.
TEXTS = 4_000
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder of our own is made in it
#: Seconds that no poll outlasts.
PATIENCE = 120.0
POLLS = ("first", "unchanged", "5 new")
#: The number in <sys/prctl.h>.
SET_CHILD_SUBREAPER = 36
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What something took, in seconds."""

    processor: float
    wall: float


# --- the server ------------------------------------------------------------------------------------------------------


def wire(texts: Sequence[tuple[str, str]], number: int, newest: int, began: datetime) -> bytes:
    """Return a feed whose newest entry has that number, as RSS 2.0; what is new was published after the beginning."""
    site = f"https://wire{number}.example"
    entries = (
        f"<item><title>{escape(title)}</title><link>{site}/world/{n}</link>"
        f'<guid isPermaLink="true">{site}/world/{n}</guid>'
        f"<pubDate>{format_datetime(began + (n - FIRST) * (APART if n <= FIRST else SOON))}</pubDate>"
        f"<category>World</category><description><![CDATA[<p>{body[:LEAD]}</p> &amp; more]]></description></item>"
        for n in range(newest, newest - ENTRIES, -1)
        for title, body in (texts[(n + number * 149) % len(texts)],)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Wire {number}</title>'
        f"<link>{site}/</link><description>d</description>{''.join(entries)}</channel></rss>"
    ).encode()


class Wires:
    """The feeds as they stand, and what was asked of them."""

    def __init__(self, texts: Sequence[tuple[str, str]]) -> None:
        self._texts, self._began = texts, datetime.now(UTC)
        self.told = Counter[str]()
        self.publish(FIRST)

    def publish(self, newest: int) -> None:
        """Have each feed list the entries up to that one."""
        self._etag = f'"{newest}"'.encode()
        self._plain = [wire(self._texts, number, newest, self._began) for number in range(FEEDS)]
        self._packed = [gzip.compress(body, 6) for body in self._plain]

    def answer(self, head: bytes) -> bytes:
        """Return the answer to a request, all but the end of its head where it has no body."""
        method, path, _ = head.split(b" ", 2)
        head = head.lower()
        hangs_up = b"\r\nconnection: close" in head
        more = b"ETag: %b\r\n%b\r\n" % (self._etag, b"Connection: close\r\n" if hangs_up else b"")
        if method == b"POST":
            self.told["posts"] += 1
            return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + more
        if b"\r\nif-none-match: %b\r\n" % self._etag in head:
            self.told["304"] += 1
            return b"HTTP/1.1 304 Not Modified\r\n" + more
        self.told["200"] += 1
        packs = b"gzip" in head.partition(b"\r\naccept-encoding:")[2].partition(b"\r\n")[0]
        body = (self._packed if packs else self._plain)[int(path.rpartition(b"/")[2])]
        coding = b"Content-Encoding: gzip\r\n" if packs else b""
        kind = b"Content-Type: application/rss+xml\r\n"
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b%b%b%b" % (len(body), kind, coding, more, body)


class Answering(asyncio.Protocol):
    """A connection to the wires, or to the receiver of alerts."""

    def __init__(self, wires: Wires) -> None:
        self._wires, self._heard = wires, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of where to answer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that has come whole."""
        self._heard += data
        while b"\r\n\r\n" in self._heard:
            head, _, rest = self._heard.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0] or 0)
            if len(rest) < length:
                return
            self._heard = rest[length:]
            self._transport.write(self._wires.answer(head + b"\r\n"))
            if b"\r\nconnection: close" in head.lower():
                self._transport.close()


def serve(pipe: Connection, texts: Sequence[tuple[str, str]]) -> None:
    """Serve until the pipe is closed; a number that comes through it publishes, and what was asked is told."""
    wires = Wires(texts)

    def obey() -> None:
        try:
            while True:
                newest = pipe.recv()
                if newest is not None:
                    wires.publish(newest)
                pipe.send(wires.told)
                wires.told = Counter()
        except EOFError:
            pass

    async def run() -> None:
        loop = asyncio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as first:
            port = first.getsockname()[1]
        hosts = ["127.0.0.1", *map(host, range(FEEDS))]
        async with await loop.create_server(lambda: Answering(wires), hosts, port, backlog=1024):
            pipe.send(port)
            await loop.run_in_executor(None, obey)

    asyncio.run(run())


def host(number: int) -> str:
    """Return the address that a feed has to itself."""
    return f"127.0.1.{number + 1}"


class Bed:
    """The server in a process of its own."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.port: int = pipe.recv()
        self.urls = [f"http://{host(number)}:{self.port}/{number}" for number in range(FEEDS)]

    def publish(self, newest: int) -> None:
        """Have each feed list the entries up to that one."""
        self._pipe.send(newest)
        self._pipe.recv()

    def told(self) -> Counter[str]:
        """Return how many answers of each kind were given since this was asked last."""
        self._pipe.send(None)
        told: Counter[str] = self._pipe.recv()
        return told


@contextmanager
def bed(texts: Sequence[tuple[str, str]]) -> Iterator[Bed]:
    """Yield the server."""
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe()
    process = context.Process(target=serve, args=(its, texts))
    process.start()
    its.close()
    try:
        yield Bed(ours)
    finally:
        ours.close()
        process.join()


# --- processes -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is run, where, and with which variables besides our own."""

    words: Sequence[str | Path]
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> subprocess.Popen[bytes]:
        """Begin to run it, as the first of a group of processes."""
        with (self.folder / "said").open("ab") as said:
            return subprocess.Popen(
                self.words,
                cwd=self.folder,
                env={**os.environ, "HOME": str(self.folder), **self.variables},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def run(self) -> Spent:
        """Run it, and return what it and all that it started took."""
        began = time.perf_counter()
        process = self.start()
        processor, wall = 0.0, 0.0
        while True:  # what outlives it becomes ours, since we are a subreaper
            try:
                ended, status, used = os.wait4(-process.pid, 0)
            except ChildProcessError:
                break
            processor += used.ru_utime + used.ru_stime
            if ended == process.pid:
                process.returncode, wall = os.waitstatus_to_exitcode(status), time.perf_counter() - began
        if process.returncode:
            sys.exit(f"{self.words[0]} failed:\n{(self.folder / 'said').read_text(errors='replace')[-2000:]}")
        return Spent(processor=processor, wall=wall)


def spent_by(process: int) -> float:
    """Return the processor's seconds of a process that runs and of all that it started."""
    place = Path(f"/proc/{process}")
    fields = (place / "stat").read_text().rpartition(")")[2].split()
    children = [int(child) for each in place.glob("task/*/children") for child in each.read_text().split()]
    return sum(map(int, fields[11:15])) / TICKS + sum(map(spent_by, children))


# --- the ways --------------------------------------------------------------------------------------------------------


class Way(Protocol):
    """A program over a store of its own that polls all feeds when it is told to."""

    #: Polls after the first until it tells the server the ETag; where it never does, None.
    learns: int | None
    #: How many feeds it asks at least.
    asks: int

    def poll(self, which: str) -> Spent:
        """Poll all feeds, and return what that took."""

    def close(self) -> None:
        """End what runs."""


class Peer:
    """A program that polls all feeds and ends."""

    def __init__(
        self, first: Command, again: Command | None = None, *, learns: int | None = 1, asks: int = FEEDS
    ) -> None:
        self._first, self._again = first, again or first
        self.learns, self.asks = learns, asks

    def poll(self, which: str) -> Spent:
        """Poll all feeds, and return what that took."""
        return (self._first if which == "first" else self._again).run()

    def close(self) -> None:
        """End what runs: nothing does."""


def reader(folder: Path, found: Path, bed: Bed) -> Way:
    """Return lemon24/reader; it asks no feed twice within the hour, unless it is told to."""
    python, database = found.with_name("python"), folder / "reader.db"
    add = f"import reader; r = reader.make_reader({str(database)!r}); [r.add_feed(each) for each in {bed.urls!r}]"
    Command(words=[python, "-c", add], folder=folder).run()
    words: list[str | Path] = [python, "-m", "reader", "--db", database, "update", "--no-scheduled"]
    return Peer(Command(words=words, folder=folder))


def rss2email(folder: Path, found: Path, bed: Bed) -> Way:
    """Return rss2email, which is kept from mailing the history of all feeds."""
    listed = "".join(f"[feed.wire{n}]\nurl = {url}\n" for n, url in enumerate(bed.urls))
    common = f"from = a@wire.example\nto = a@wire.example\nemail-protocol = maildir\nmaildir-path = {folder}\n"
    (folder / "r2e.cfg").write_text(f"[DEFAULT]\n{common}{listed}", encoding="utf-8")
    words: list[str | Path] = [found.with_name("r2e"), "-c", folder / "r2e.cfg", "-d", folder / "r2e.json", "run"]
    return Peer(Command(words=[*words, "--no-send"], folder=folder), Command(words=words, folder=folder))


def newsboat(folder: Path, found: Path, bed: Bed) -> Way:
    """Return newsboat, which reloads with ten threads here, and tells the ETag only from the third poll on."""
    (folder / "urls").write_text("\n".join(bed.urls), encoding="utf-8")
    (folder / "config").write_text("reload-threads 10\n", encoding="utf-8")
    words: list[str | Path] = [
        found,
        "-u",
        folder / "urls",
        "-c",
        folder / "cache.db",
        "-C",
        folder / "config",
        "-x",
        "reload",
    ]
    return Peer(Command(words=words, folder=folder), learns=2)


def sfeed(folder: Path, found: Path, bed: Bed) -> Way:
    """Return sfeed, which fetches by curl, sixteen feeds at a time here, and knows no ETag."""
    listed = "".join(f"feed wire{n} {url}\n" for n, url in enumerate(bed.urls))
    (folder / "sfeedrc").write_text(f"sfeedpath={folder}/feeds\nmaxjobs=16\nfeeds() {{\n{listed}}}\n", encoding="utf-8")
    return Peer(Command(words=[found, folder / "sfeedrc"], folder=folder), learns=None)


# --- wirebell --------------------------------------------------------------------------------------------------------


def config(bed: Bed, rules: Sequence[str], urls: Sequence[str]) -> str:
    """Return the config that watches these feeds; each is polled only when it is told to."""
    watched = "\n".join(f'feeds.wire{n} = {{ url = "{url}", interval = "12h" }}' for n, url in enumerate(urls))
    topics = "\n".join(f"rules.topic{n} = '{rule}'" for n, rule in enumerate(rules))
    return f"""timezone = "UTC"
polling = {{ full_text = "never", max_interval = "12h" }}
network.allow = ["127.0.0.0/8"]
channels.desk = {{ webhook = "http://127.0.0.1:{bed.port}/hook", burst = false }}
{topics}
{watched}
"""


def _command(folder: Path, *more: str) -> Command:
    words: list[str | Path] = [sys.executable, "-m", "monitor", "run", *more]
    return Command(words=words, folder=folder, variables={"PYTHONPATH": str(HOUSE), "NO_COLOR": "1"})


def once(folder: Path, bed: Bed, rules: Sequence[str], urls: Sequence[str]) -> Way:
    """Return wirebell as a process for each poll."""
    (folder / "config.toml").write_text(config(bed, rules, urls), encoding="utf-8")
    return Peer(_command(folder, "--once"), asks=len(urls))


class Daemon:
    """The daemon, which knows one feed when it starts."""

    learns: int | None = 1
    asks = FEEDS - 1

    def __init__(self, folder: Path, bed: Bed, rules: Sequence[str]) -> None:
        self._config, self._all = folder / "config.toml", config(bed, rules, bed.urls)
        self._config.write_text(config(bed, rules, bed.urls[:1]), encoding="utf-8")
        self._process = _command(folder).start()
        deadline = time.monotonic() + PATIENCE
        while not (file := folder / "wirebell.db").exists() or not _has_lock(file):
            assert time.monotonic() < deadline, "the daemon did not start"
            time.sleep(0.1)
        time.sleep(1)
        self._database = Database.open(f"sqlite:///{file}", migrate=False, check=False)
        self._wait(0)

    def poll(self, which: str) -> Spent:
        """Poll all feeds, and return what that took."""
        before, began = spent_by(self._process.pid), time.perf_counter()
        if which == "first":
            ready = self._config.with_suffix(".new")
            ready.write_text(self._all, encoding="utf-8")
            ready.replace(self._config)
            self._process.send_signal(signal.SIGHUP)
        else:
            self._database.write_now(lambda tx: feeds.poll_all_now(tx, datetime.now(UTC)))
        self._wait(FEEDS)
        return Spent(processor=spent_by(self._process.pid) - before, wall=time.perf_counter() - began)

    def _wait(self, many: int) -> None:
        """Wait until at least so many feeds are watched, and nothing is owed."""
        deadline = time.monotonic() + PATIENCE

        def is_done(tx: Tx) -> bool:
            now, states = datetime.now(UTC), feeds.all_states(tx)
            asked = all(state.polled_at and state.next_poll_at > now for state in states)
            return asked and len(states) >= many and not items.judge_due(tx, now, 1) and not deliveries.count_queued(tx)

        while not self._database.read_now(is_done):
            assert time.monotonic() < deadline, "the daemon did not end a poll"
            time.sleep(0.2)

    def close(self) -> None:
        """End the daemon."""
        self._database.close()
        self._process.terminate()
        self._process.wait()


def _has_lock(file: Path) -> bool:
    return Database.is_locked(f"sqlite:///{file}") is not None


# --- the run ---------------------------------------------------------------------------------------------------------

#: What each peer is called where it is installed, how to get it, and how it is made ready.
PEERS: Mapping[str, tuple[str, str, Callable[[Path, Path, Bed], Way]]] = {
    "sfeed": ("sfeed_update", "apt-get install sfeed curl", sfeed),
    "newsboat": ("newsboat", "apt-get install newsboat", newsboat),
    "reader": ("python", "pip install 'reader[cli]', which needs the network once", reader),
    "rss2email": ("r2e", "pip install rss2email, which needs the network once", rss2email),
}
#: reader needs sgmllib3k and does not say so.
FROM_PYPI = ("reader[cli]==3.26", "sgmllib3k==1.0.0", "rss2email==3.14")


def environment(folder: Path) -> str:
    """Return where the peers from PyPI are, and fetch them where they are not there yet."""
    if not (folder / "bin" / "r2e").exists():
        venv.create(folder, with_pip=True)
        subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "-q", *FROM_PYPI], check=False)
    return str(folder / "bin")


def present(names: Sequence[str], folder: Path) -> Mapping[str, Callable[[Path, Bed], Way]]:
    """Return the peers that the machine has, and say how to get the others."""
    ways: dict[str, Callable[[Path, Bed], Way]] = {}
    for name in names:
        program, cure, make = PEERS[name]
        found = shutil.which(program, path=environment(folder) if "pip" in cure else None)
        if found is None:
            print(f"{name} is left out: it is not installed ({cure})")
        else:
            ways[name] = lambda place, bed, make=make, found=Path(found): make(place, found, bed)  # type: ignore[misc]
    return ways


Taken = dict[tuple[str, str], list[Spent]]


def measure(ways: Mapping[str, Callable[[Path, Bed], Way]], bed: Bed, taken: Taken) -> Counter[str]:
    """Let all ways poll in turns, each from nothing; return what the server told the last of them."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as place, ExitStack() as stack:
        bed.publish(FIRST)
        made: dict[str, Way] = {}
        for name, make in ways.items():
            folder = Path(place) / name.replace(" ", "-")
            folder.mkdir()
            made[name] = make(folder, bed)
            stack.callback(made[name].close)
        told = Counter[str]()
        for which in POLLS:
            if which == "5 new":
                bed.publish(FIRST + NEW)
            for name, way in made.items():
                for _ in range((way.learns or 1) - 1 if which == "unchanged" else 0):
                    way.poll(which)
                bed.told()
                taken.setdefault((name, which), []).append(way.poll(which))
                told = bed.told()
                asked = "304" if which == "unchanged" and way.learns is not None else "200"
                assert way.asks <= told[asked] <= FEEDS, (name, which, told)
    return told


def tell(names: Sequence[str], taken: Taken) -> None:
    """Print what each way took, and how it compares to the daemon and to the best peer."""
    ours, peers = [name for name in names if name.startswith("wirebell")], [name for name in names if name in PEERS]
    print(f"\n{'':<20}" + "".join(f"{which:>26}" for which in POLLS))
    print(f"{'':<20}" + f"{'CPU s':>10}{'wall s':>8}{'CPU':>8}" * len(POLLS))
    base = {which: median(each.processor for each in taken[ours[-1], which]) for which in POLLS}
    for name in names:
        cells = []
        for which in POLLS:
            processor = median(each.processor for each in taken[name, which])
            wall = median(each.wall for each in taken[name, which])
            cells.append(f"{processor:10.2f}{wall:8.2f}{f'x{processor / base[which]:.1f}':>8}")
        print(f"{name:<20}{''.join(cells)}")
    print(f"x: of what {ours[-1]} takes; the start is that of `run --once` over one feed")
    for which in POLLS if peers else ():
        best = min(peers, key=lambda name: median(each.processor for each in taken[name, which]))
        least = median(each.processor for each in taken[best, which])
        said = (f"{name} x{least / median(each.processor for each in taken[name, which]):.1f}" for name in ours)
        print(f"{which}: the best peer, {best}, takes {least:.2f} s; ahead of it: {', '.join(said)}")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--only", default=",".join(PEERS), help="which of the peers are run beside wirebell")
    options.add_argument("--peers", type=Path, default=Path(tempfile.gettempdir()) / "wirebell-peers")
    options.add_argument("--documents", type=Path, default=SHARED / "eval" / "docs.jsonl.gz")
    given = options.parse_args()
    if not given.documents.exists():
        sys.exit(f"{given.documents} is not here: name a file of documents with title and text")
    ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1)
    texts = documents(given.documents)[:TEXTS]
    corpus = Corpus(texts, "en")
    rules = [rule.source(corpus.written, conjunction=" ") for rule in corpus.rules(RULES)]
    ways = {
        **present([name for name in given.only.split(",") if name], given.peers),
        "start of wirebell": lambda folder, bed: once(folder, bed, rules, bed.urls[:1]),
        "wirebell run --once": lambda folder, bed: once(folder, bed, rules, bed.urls),
        "wirebell's daemon": lambda folder, bed: Daemon(folder, bed, rules),
    }
    taken: Taken = {}
    told = Counter[str]()
    with bed(texts) as served:
        for number in range(given.rounds):
            told = measure(ways, served, taken)
            print(f"round {number + 1} of {given.rounds} is over", file=sys.stderr)
    print(f"{FEEDS} feeds of {ENTRIES} entries, {RULES} topics; the last poll had {told['posts']} alerts posted")
    tell([*ways], taken)


if __name__ == "__main__":
    main()
