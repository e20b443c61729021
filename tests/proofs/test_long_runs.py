"""A daemon that has polled for weeks takes no more of its machine than one that has just begun."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression

import pytest

from tests.conftest import SHARED, needs_shared
from tests.daemon import Daemon
from tests.http_server import HttpServer, Received, Reply
from tests.proofs import process, proving
from tests.proofs.newsroom import READY, stop, wait_until
from tests.scenarios.house import rss

pytestmark = pytest.mark.slow

#: Daemons are measured as people run them, without the tests' count of lines.
PLAIN = {"COVERAGE_PROCESS_CONFIG": ""}
MB = 1024 * 1024

POLLS = proving.sized(100_000, 1_500)
#: Until every feed was read in both lanes, every worker has been busy, and caches are full.
WARM = proving.sized(20_000, 500)
#: One poll in so many finds a document that was edited.
CHANGES = 4
SAMPLE = proving.sized(500, 50)


class Corpus(HttpServer):
    """Serves documents at one path each; every fourth answer differs from the one before, so that it is read."""

    def __init__(self, documents: tuple[bytes, ...]) -> None:
        super().__init__()
        self._documents = {f"/{n}": document for n, document in enumerate(documents)}
        self._asked: Counter[str] = Counter()

    def urls(self) -> list[str]:
        return [self.url(path) for path in self._documents]

    @property
    def polls(self) -> int:
        return self._asked.total()

    def _note(self, request: Received) -> Reply:
        if request.method == "POST":
            return Reply(status=204)
        self._asked[request.path] += 1
        count = self._asked[request.path]
        document = self._documents[request.path]
        edition = count // CHANGES
        if request.headers.get("if-none-match") == f'"{edition}"' and count % 2:
            return Reply(status=304)
        return Reply(body=document + b"\n" * (edition % 50), headers={"ETag": f'"{edition}"'})


def configure(folder: Path, server: HttpServer, urls: list[str], *, interval: str) -> None:
    feeds = "\n".join(
        f'f{n} = {{ url = "{url}", interval = "{interval}", full_text = "never" }}' for n, url in enumerate(urls)
    )
    (folder / "config.toml").write_text(
        f"""timezone = "UTC"
rules.nato = ["NATO security guarantees", "гарантии безопасности НАТО"]
rules.world = "election OR earthquake OR выборы"
channels.desk = {{ webhook = "{server.url("/hook")}", burst = false }}
polling = {{ min_interval = "1s", per_host = 100 }}
network.allow = ["127.0.0.0/8"]
log.level = "warning"
[feeds]
{feeds}
""",
        encoding="utf-8",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What the daemon held after so many polls."""

    polls: int
    memory: int
    workers: int
    descriptors: int


def sampled(daemon: Daemon, corpus: Corpus) -> list[Sample]:
    """Return what the daemon holds, from time to time, until it has polled enough from now on."""
    samples: list[Sample] = []
    before = corpus.polls
    deadline = time.monotonic() + proving.sized(7200, 180)
    while not samples or samples[-1].polls < POLLS:
        assert time.monotonic() < deadline, samples[-1:]
        time.sleep(0.05)
        polls = corpus.polls - before
        if polls >= (len(samples) + 1) * SAMPLE:
            main, *others = process.family(daemon.number)
            samples.append(
                Sample(
                    polls=polls,
                    memory=process.memory(main),
                    workers=sum(map(process.own_memory, others)),
                    descriptors=process.descriptors(main),
                )
            )
    return samples


@needs_shared
def test_memory_and_descriptors_stay_flat_over_many_polls(tmp_path: Path) -> None:
    documents = tuple(path.read_bytes() for path in sorted((SHARED / "corpus" / "real").iterdir()))
    with Corpus(documents) as corpus:
        configure(tmp_path, corpus, corpus.urls(), interval="1s")
        began = time.monotonic()
        with Daemon(tmp_path, environment=PLAIN) as daemon:
            daemon.wait_until_it_says(READY)
            samples = sampled(daemon, corpus)
            stop(daemon)
            assert "Traceback" not in daemon.said
        took = time.monotonic() - began
    warm = [sample for sample in samples if sample.polls >= WARM]
    polls = [sample.polls for sample in warm]
    slope = linear_regression(polls, [sample.memory for sample in warm]).slope * 10_000 / MB
    workers = linear_regression(polls, [sample.workers for sample in warm]).slope * 10_000 / MB
    proving.figures(
        "polls of the corpus",
        polls=corpus.polls,
        a_second=f"{corpus.polls / took:.0f}",
        memory_at_the_end=f"{warm[-1].memory / MB:.0f} MB",
        growth_in_10_000_polls=f"{slope:+.2f} MB",
        growth_of_the_workers=f"{workers:+.2f} MB",
        descriptors=f"{min(s.descriptors for s in warm)} to {max(s.descriptors for s in warm)}",
    )
    assert max(sample.descriptors for sample in warm) <= 64 + 50  # what is polled at once, and what is always open
    middle = len(warm) // 2
    assert warm[-1].memory < warm[middle].memory + 64 * MB
    if proving.WHOLE:
        assert slope < 1


FEEDS, ENTRIES = 1_000, 10
IDLE = proving.sized(120, 5)


def test_a_daemon_with_a_thousand_feeds_that_has_nothing_to_do_takes_next_to_nothing(tmp_path: Path) -> None:
    entries = [{"guid": str(n), "title": f"Report {n}", "description": "Nothing happened."} for n in range(ENTRIES)]
    with Corpus((rss(entries),) * FEEDS) as corpus:
        configure(tmp_path, corpus, corpus.urls(), interval="1h")
        with Daemon(tmp_path, environment=PLAIN) as daemon:
            daemon.wait_until_it_says(READY)
            wait_for_rest(tmp_path)
            before, began = process_seconds(daemon), time.monotonic()
            time.sleep(IDLE)
            share = (process_seconds(daemon) - before) / (time.monotonic() - began)
            held = sum(map(process.own_memory, process.family(daemon.number)))
            main = process.memory(daemon.number)
            stop(daemon)
    proving.figures(
        "a thousand idle feeds",
        share_of_a_core=f"{share:.2%}",
        memory=f"{held / MB:.0f} MB with all workers",
        memory_of_the_daemon_itself=f"{main / MB:.0f} MB",
    )
    assert corpus.polls == FEEDS
    assert share < 0.02
    assert held < 150 * MB


def wait_for_rest(folder: Path) -> None:
    """Wait until every feed was polled and every item judged."""
    with closing(sqlite3.connect(folder / "wirebell.db")) as database:
        wait_until(lambda: database.execute("SELECT count(*) FROM seen").fetchone() == (FEEDS * ENTRIES,))
        wait_until(lambda: database.execute("SELECT count(judge_due_at) FROM item").fetchone() == (0,))


def process_seconds(daemon: Daemon) -> float:
    return sum(map(process.seconds, process.family(daemon.number)))
