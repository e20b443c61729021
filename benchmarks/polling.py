"""What a poll costs: reading the feed, a whole poll with news, an unchanged one, and the question which ids are known.

    python benchmarks/polling.py [--part reading,polling,asking,knowing] [--rounds 15] [--polls 400] [--ids 1000000]

reading   a wire of 100 entries, and real feeds as a mix, beside feedparser: ``raw`` gives what feedparser gives, the
          entries with their markup; ``first sight`` cleans them all as well; ``5 new`` is the poll after, with 95
          entries as they were.
polling   a changed poll whole, with 5 new of 100 entries and 1,000 rules: sandbox, parse, known ids, store, match,
          judged; of eight feeds that answer at once, whose entries are kept and judged together, and of one at a time.
          Beside it what the libraries suggest: feedparser, a session of SQLModel, a loop of ``re``.
asking    processor time of a poll answered by 304 over a new TLS connection, beside aiohttp's (left out, with a word,
          where it is not installed), 10 to 200 at once.
knowing   which of 100 ids are known, of so many.

All take turns, so that a noisy neighbour meets each of them; ratios are of the medians. What is counted is processor
time, that of the sandbox's worker included; databases lie in memory, where there is a folder in it.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import gc
import importlib.util
import io
import multiprocessing
import sqlite3
import ssl
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from hashlib import blake2b
from html import escape
from http import HTTPStatus
from ipaddress import ip_network
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import feedparser
from sqlalchemy import Engine, event
from sqlmodel import Field, Session, SQLModel, UniqueConstraint, col, create_engine, select

from benchmarks.matching import Corpus, Drawn, Loop, documents
from monitor import feed, parse, text
from monitor.documents import Documents
from monitor.exchange import ANYBODY, Response
from monitor.feed import Document, Feed, FeedState, Parsed, Unchanged
from monitor.intake import Answered, Rules, Taken
from monitor.network import Network
from monitor.parse import forgiving, references, strict
from monitor.parse.raw import Doubt
from monitor.pipeline import BATCH
from monitor.rule import RuleSet, compile_rule
from monitor.runtime import SAVES_APART
from monitor.sandbox import Lane, Sandbox
from monitor.saving import Saving
from monitor.store import configs
from monitor.store import feeds as feed_rows
from monitor.store import items as item_rows
from monitor.store.database import Database

SHARED = Path(__file__).parents[2] / "shared"
NOW = datetime(2026, 11, 24, 10, 11, tzinfo=UTC)
URL = "https://wire.example/rss"
ENTRIES, NEW, RULES = 100, 5, 1_000
#: Feeds that are polled in turn, or at once, as by a daemon that has many to ask.
FEEDS = 50
#: So many documents are what the feeds list.
POLLED = 2_000
#: Number of the newest entry at the first poll.
FIRST = 1_000
#: Characters of a wire's lead.
LEAD = 400
#: On a disk both wait for it, and the one with more transactions longer.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder of our own is made in it


def compare(ways: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float]) -> Mapping[str, float]:
    """Return the median seconds of each way, taken in turns."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    gc.freeze()  # what this program holds is no burden of a reader's process
    for _ in range(rounds):
        for name, way in ways.items():
            gc.collect()
            began = clock()
            way()
            taken[name].append(clock() - began)
    return {name: median(each) for name, each in taken.items()}


def tell(title: str, taken: Mapping[str, float], unit: float = 1e3, name_of_unit: str = "ms") -> None:
    """Print medians and how many times quicker than the first each is."""
    print(f"\n{title}")
    first = next(iter(taken.values()))
    for name, each in taken.items():
        print(f"  {name:<42} {each * unit:9.3f} {name_of_unit}   x{first / each:.1f}")


# --- reading ---------------------------------------------------------------------------------------------------------


def wire(texts: Sequence[tuple[str, str]], first: int) -> bytes:
    """Return a wire's feed whose newest entry has that number, as RSS 2.0."""
    items = (
        f"<item><title>{escape(title)}</title><link>https://wire.example/world/{n}</link>"
        f'<guid isPermaLink="true">https://wire.example/world/{n}</guid>'
        f"<pubDate>{format_datetime(NOW + timedelta(seconds=n - FIRST))}</pubDate><category>World</category>"
        f"<description><![CDATA[<p>{body[:LEAD]}</p> &amp; more]]></description></item>"
        for n in range(first, first - ENTRIES, -1)
        for title, body in (texts[n % len(texts)],)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Wire</title>'
        f"<link>https://wire.example/</link><description>d</description>{''.join(items)}</channel></rss>"
    ).encode()


def raw(body: bytes) -> object:
    """Read a feed as far as feedparser does, by whichever reader the document is for."""
    document = parse._document(body, "")
    assert isinstance(document, str)
    found = strict.read(references.heal(document), URL, parse.MOST_ENTRIES)
    return forgiving.read(document, URL, parse.MOST_ENTRIES) if isinstance(found, Doubt) else found


def sight(body: bytes, remembered: bytes = b"") -> Parsed:
    """Read a feed as the daemon does."""
    parsed = parse.feed(body, content_type="", url=URL, remembered=remembered)
    assert isinstance(parsed, Parsed)
    return parsed


def compare_reading(texts: Sequence[tuple[str, str]], rounds: int) -> None:
    """Print what reading costs."""
    before, body = wire(texts, 1_000), wire(texts, 1_000 + NEW)
    remembered = sight(before).remembered
    assert len(sight(body, remembered).entries) == NEW
    ways: dict[str, Callable[[], object]] = {
        "feedparser": lambda: feedparser.parse(io.BytesIO(body)),
        "feedparser without sanitising": lambda: feedparser.parse(
            io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False
        ),
        **_peer(body),
        "raw": lambda: raw(body),
        "first sight": lambda: sight(body),
        "5 new": lambda: sight(body, remembered),
    }
    tell(f"a wire of {ENTRIES} entries, {len(body) // 1024} kB", compare(ways, rounds, time.process_time))
    if not (SHARED / "corpus").is_dir():
        print("real feeds are left out: they are not beside this project")
        return
    bodies = [*real_feeds()]
    memories = [sight(each).remembered for each in bodies]
    mix: dict[str, Callable[[], object]] = {
        "feedparser": lambda: [feedparser.parse(io.BytesIO(each)) for each in bodies],
        "raw": lambda: [raw(each) for each in bodies],
        "first sight": lambda: [sight(each) for each in bodies],
        "nothing new": lambda: [sight(each, memory) for each, memory in zip(bodies, memories, strict=True)],
    }
    size = sum(map(len, bodies)) / 1e6
    tell(f"{len(bodies)} real feeds, {size:.1f} MB", compare(mix, max(1, rounds // 5), time.process_time))


def _peer(body: bytes) -> Mapping[str, Callable[[], object]]:
    if importlib.util.find_spec("fastfeedparser") is None:
        print("fastfeedparser is left out: it is not installed")
        return {}
    import fastfeedparser  # noqa: PLC0415 - as said

    return {"fastfeedparser, which checks nothing": lambda: fastfeedparser.parse(body)}


def real_feeds() -> Iterator[bytes]:
    """Yield the real feeds of RSS and Atom."""
    with (SHARED / "corpus/real/index.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["kind"] not in {"json", "sitemap"}:
                yield (SHARED / "corpus" / row["file"]).read_bytes()


# --- a whole poll with news ------------------------------------------------------------------------------------------


class Entry(SQLModel, table=True):
    """An entry as the plain way keeps it."""

    __tablename__ = "entry"
    __table_args__ = (UniqueConstraint("feed_id", "guid"),)
    id: int | None = Field(default=None, primary_key=True)
    feed_id: int
    guid: str
    title: str
    summary: str


#: Its table, which is none of the daemon's.
PLAIN = SQLModel.metadata.tables["entry"]
SQLModel.metadata.remove(PLAIN)


class Plain:
    """What the libraries' own pages suggest, for one feed after another."""

    def __init__(self, file: Path, corpus: Corpus, drawn: Sequence[Drawn]) -> None:
        self._engine: Engine = create_engine(f"sqlite:///{file}")

        @event.listens_for(self._engine, "connect")
        def _(link: sqlite3.Connection, _record: object) -> None:
            for pragma in ("journal_mode=WAL", "synchronous=FULL"):
                link.execute(f"PRAGMA {pragma}")

        PLAIN.create(self._engine)
        self._rules = Loop(corpus)
        self._rules.take(drawn)

    async def poll(self, bodies: Sequence[bytes]) -> int:
        """Take in an answer of each feed, and return how many entries are new."""
        return sum(self._poll(number, body) for number, body in enumerate(bodies))

    def _poll(self, number: int, body: bytes) -> int:
        found = feedparser.parse(io.BytesIO(body)).entries
        with Session(self._engine) as session:
            guids = [each.id for each in found]
            known = set(session.exec(select(Entry.guid).where(Entry.feed_id == number, col(Entry.guid).in_(guids))))
            new = [each for each in found if each.id not in known]
            session.add_all(Entry(feed_id=number, guid=each.id, title=each.title, summary=each.summary) for each in new)
            session.commit()
        self._rules._items = [(each.title, each.summary) for each in new]
        self._rules.turn()
        return len(new)

    def claim(self) -> None:
        """Hold the feeds, which this way leaves out."""

    def spent(self) -> float:
        """Return the processor's seconds."""
        return time.process_time()

    async def close(self) -> None:
        self._engine.dispose()


class Ours:
    """Polls from their answers to the items that are judged, as the daemon's loops do it."""

    def __init__(self, file: Path, corpus: Corpus, drawn: Sequence[Drawn], at_once: int) -> None:
        self._at_once = at_once
        self._database = Database.open(f"sqlite:///{file}")
        urls = [f"https://wire{number}.example/rss" for number in range(FEEDS)]
        self._feeds = [Feed(name=url, url=url, interval=timedelta(minutes=5)) for url in urls]
        self._database.write_now(partial(feed_rows.sync, declared=self._feeds, now=NOW))
        self._version = self._database.write_now(partial(configs.record, sha256="", toml="", now=NOW))
        self._sandbox = Sandbox()
        self._documents = Documents(self._sandbox)
        self._saving = Saving(self._database, apart=SAVES_APART)
        self._network = Network(user_agent="benchmark")
        rules = (rule.source(corpus.written) for rule in drawn)
        self._rules = RuleSet(compile_rule(str(n), (source,)) for n, source in enumerate(rules))
        for headline, body in corpus.documents:  # each word was met before, as by a daemon after some weeks
            self._rules.match(text.read(headline=headline, text=body, language="en"))

    def claim(self) -> None:
        """Hold the feeds, as the daemon does of fifty at once before it asks any."""
        self._database.write_now(partial(feed_rows.poll_all_now, now=NOW))
        until = NOW + timedelta(days=1)
        claim = partial(feed_rows.claim, now=NOW, limit=len(self._feeds), lease="mine", until=until)
        self._states = self._database.write_now(claim)

    async def poll(self, bodies: Sequence[bytes]) -> int:
        """Take in an answer of each feed, and return how many entries are new."""
        new = judged = 0
        for first in range(0, FEEDS, self._at_once):
            some = slice(first, first + self._at_once)
            taken = await asyncio.gather(*map(self._take, self._states[some], self._feeds[some], bodies[some]))
            new += sum(each.new for each in taken)
            judged += self._judge()
        assert judged == new or not self._states[0].baseline_at, "history is not judged, news is"
        return new

    async def _take(self, state: FeedState, declared: Feed, body: bytes) -> Taken:
        document = feed.outcome(state, Response(url=state.url, status=HTTPStatus.OK, headers={}, body=body), NOW)
        assert isinstance(document, Document)
        read = await self._documents.read(self._network, state, ANYBODY, document, NOW)
        assert isinstance(read.found, Parsed)
        answered = Answered(
            state=state, declared=declared, document=document, parsed=read.found, slow=read.slow, now=NOW
        )
        rules = Rules(wait=lambda _state, _fresh: timedelta(minutes=5), wants_article=lambda _entry, _baseline: False)
        taken = await self._saving.take(answered, rules)
        assert taken
        self._documents.kept(state, read.found)
        return taken

    def _judge(self) -> int:
        judged = 0
        while due := self._database.read_now(partial(item_rows.judge_due, now=NOW, limit=BATCH)):
            for each in due:
                self._rules.match(text.read(headline=each.entry.headline, text=each.entry.lead, language="en"))
            self._database.write_now(partial(item_rows.judged, items=due, config=self._version))
            judged += len(due)
        return judged

    def spent(self) -> float:
        """Return the processor's seconds of this process and of the sandbox's worker."""
        worker = self._sandbox._lanes[Lane.CLEAN]._worker
        if worker is None:
            return time.process_time()
        on_processor, *_ = Path(f"/proc/{worker._process.pid}/schedstat").read_text().split()
        return time.process_time() + int(on_processor) / 1e9

    async def close(self) -> None:
        await self._network.aclose()
        self._sandbox.close()
        self._database.close()


async def compare_polling(corpus: Corpus, rounds: int) -> None:
    """Print what a changed poll costs."""
    drawn = corpus.rules(RULES)
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        place = Path(folder)
        ways: dict[str, Plain | Ours] = {
            "feedparser + SQLModel + re": Plain(place / "plain.db", corpus, drawn),
            f"wirebell, {FEEDS} feeds at once": Ours(place / "crowd.db", corpus, drawn, at_once=FEEDS),
            "wirebell, one feed at a time": Ours(place / "alone.db", corpus, drawn, at_once=1),
        }
        taken: dict[str, list[float]] = {name: [] for name in ways}
        gc.freeze()  # as the daemon does with what it begins with
        for turn in range(rounds + 2):
            bodies = [wire(corpus.documents[:POLLED], FIRST + ENTRIES * number + NEW * turn) for number in range(FEEDS)]
            for name, way in ways.items():
                way.claim()
                gc.collect()
                began = way.spent()
                news = await way.poll(bodies)
                if turn > 1:  # the first poll is history, and with the second a worker may begin
                    assert news == NEW * FEEDS, (name, news)
                    taken[name].append((way.spent() - began) / FEEDS)
        for way in ways.values():
            await way.close()
    title = f"a changed poll whole: {ENTRIES} entries, {NEW} new, {RULES:,} rules"
    tell(title, {name: median(each) for name, each in taken.items()})


# --- asking ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the server listens, and who vouches for it."""

    port: int
    authority: bytes


class _Answering(asyncio.Protocol):
    """Answers everything with 304 and hangs up."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            self._transport.write(b'HTTP/1.1 304 Not Modified\r\nETag: "abc"\r\nConnection: close\r\n\r\n')
            self._transport.close()


def serve(pipe: Connection) -> None:
    """Serve until the pipe is closed."""
    import trustme  # noqa: PLC0415 - a tool of development, in this part alone

    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(_Answering, "127.0.0.1", 0, ssl=context, backlog=4096)
        place = Place(port=server.sockets[0].getsockname()[1], authority=authority.cert_pem.bytes())
        pipe.send(place)
        await loop.run_in_executor(None, lambda: pipe.poll(None))

    asyncio.run(run())


@contextmanager
def server() -> Iterator[Place]:
    """Yield a server in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe()
    process = context.Process(target=serve, args=(its,))
    process.start()
    its.close()
    try:
        yield ours.recv()
    finally:
        ours.close()
        process.terminate()
        process.join()


async def at_once(ask: Callable[[], Awaitable[None]], polls: int, many: int) -> float:
    """Return the processor's seconds of one poll, so many at a time."""
    numbers = iter(range(polls))

    async def work() -> None:
        for _ in numbers:
            await ask()

    began = time.process_time()
    await asyncio.gather(*(work() for _ in range(many)))
    return (time.process_time() - began) / polls


@contextmanager
def _nothing() -> Iterator[None]:
    yield


async def compare_asking(place: Place, polls: int, rounds: int) -> None:
    """Print what an unchanged poll costs."""
    trusting = ssl.create_default_context(cadata=place.authority.decode())
    url = f"https://127.0.0.1:{place.port}/rss"
    state = FeedState(id=1, name="wire", url=url, etag='"abc"', next_poll_at=NOW)
    network = Network(user_agent="benchmark", allow=(ip_network("127.0.0.0/8"),), ssl_context=trusting)

    async def ours() -> None:
        async with network.answering(feed.request(state)) as answer:
            assert isinstance(feed.outcome(state, answer, NOW), Unchanged), answer

    ways: dict[str, Callable[[], Awaitable[None]]] = {}
    session: Any = None
    if importlib.util.find_spec("aiohttp") is None:
        print("aiohttp is left out: it is not installed")
    else:
        import aiohttp  # noqa: PLC0415 - as said

        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=trusting, force_close=True),
            headers={"If-None-Match": '"abc"', "User-Agent": "benchmark"},
        )

        async def theirs() -> None:
            async with session.get(url) as answer:
                await answer.read()
                assert answer.status == 304

        ways["aiohttp"] = theirs
    ways["wirebell"] = ours
    taken: dict[tuple[str, int], list[float]] = {}
    for _ in range(rounds):
        for many in (10, 50, 200):
            for name, ask in ways.items():
                taken.setdefault((name, many), []).append(await at_once(ask, polls, many))
    await network.aclose()
    if session:
        await session.close()
    print("\na poll answered by 304, over a new TLS connection")
    for (name, many), each in sorted(taken.items()):
        beside = median(taken["aiohttp", many]) if session else median(each)
        print(f"  {name:<12} {many:>4} at once {median(each) * 1e3:9.3f} ms   {median(each) / beside:.2f} of aiohttp's")
    flat = [median(taken["wirebell", many]) for many in (10, 50, 200)]
    print(f"  wirebell: the dearest of these is {max(flat) / min(flat):.2f} of the cheapest")


# --- knowing ---------------------------------------------------------------------------------------------------------


def compare_knowing(ids: int, rounds: int) -> None:
    """Print what it costs to ask which ids are known, among so many."""
    feeds = max(1, ids // 2_000)
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        file = Path(folder) / "known.db"
        database = Database.open(f"sqlite:///{file}")
        with sqlite3.connect(file) as link:
            for pragma in ("foreign_keys=OFF", "synchronous=OFF"):
                link.execute(f"PRAGMA {pragma}")
            for number in range(feeds):  # each feed's keys together, as they lie in the table
                rows = [(number + 1, _key(number, n), 1, b"12345678", 0) for n in range(ids // feeds)]
                link.executemany("INSERT INTO seen(feed_id, key, item_id, digest, at) VALUES (?,?,?,?,?)", rows)
        link.close()
        turns = rounds * 20
        questions = [
            partial(item_rows.known, feed_id=number + 1, keys=[_key(number, n * 17 % 2_100) for n in range(ENTRIES)])
            for number in (turn * 7919 % feeds for turn in range(turns + 1))
        ]
        taken = compare({"known": lambda: database.read_now(questions.pop())}, turns, time.process_time)
        database.close()
    tell(f"which of {ENTRIES} ids are known, of {ids:,} in {feeds:,} feeds", taken)


def _key(feed_number: int, number: int) -> bytes:
    return blake2b(f"{feed_number} {number}".encode(), digest_size=16).digest()


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--part", default="reading,polling,asking,knowing")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--polls", type=int, default=400, help="unchanged polls of a turn")
    parser.add_argument("--ids", type=int, default=1_000_000)
    parser.add_argument("--documents", type=Path, default=SHARED / "eval" / "docs.jsonl.gz")
    given = parser.parse_args()
    parts = given.part.split(",")
    if {"reading", "polling"}.intersection(parts):
        if not given.documents.exists():
            sys.exit(f"{given.documents} is not here: name a file of documents with title and text")
        texts = documents(given.documents)
        if "reading" in parts:
            compare_reading(texts, given.rounds)
        if "polling" in parts:
            asyncio.run(compare_polling(Corpus(texts, "en"), given.rounds))
    if "asking" in parts:
        with server() as place:
            asyncio.run(compare_asking(place, given.polls, max(3, given.rounds // 3)))
    if "knowing" in parts:
        compare_knowing(given.ids, given.rounds)


if __name__ == "__main__":
    main()
