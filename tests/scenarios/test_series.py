"""Three weeks of a busy wire, poll by poll: each item is stored once, and rings once where a broad rule matches."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from monitor import documents
from monitor.store import feeds
from tests.conftest import SHARED, needs_shared
from tests.http_server import HttpServer, Reply
from tests.proofs import proving
from tests.scenarios.house import House, payloads

pytestmark = [needs_shared, pytest.mark.slow]

NAMES = ("Trump", "Iran", "Ukraine", "China")
#: Plain pattern matching, so that the expectation does not come from the code under test.
BROAD = re.compile(r"\b(?:" + "|".join(NAMES) + r")\b")


def versions() -> Iterator[bytes]:
    with tarfile.open(SHARED / "corpus" / "series" / "reuters.tar.xz") as archive:
        for member in sorted(archive.getnames()):
            found = archive.extractfile(member)
            if found:
                yield found.read()


def entries(document: bytes) -> dict[str, str]:
    """Return headline and lead of each entry by its guid."""
    root = ET.fromstring(document)  # noqa: S314 - a file of our own evaluation data
    return {
        item.findtext("guid", ""): f"{item.findtext('title')} . {item.findtext('description') or ''}"
        for item in root.iter("item")
    }


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that does something else besides, five hundred entries may take their reader some seconds."""
    monkeypatch.setattr(documents, "DEADLINE", timedelta(seconds=30))


#: Of 250 versions about an hour apart, at a window of four days: at every 40th and 60th something rolls off unseen.
GAPS = {1: 0, 10: 0, 40: 1, 60: 3}
EVERY = [proving.sized(1, 10), 40, 60]


def configured(house: House, wire: HttpServer, receiver: HttpServer, bodies: Sequence[bytes]) -> None:
    house.clock.at = datetime(2026, 7, 5, 20, tzinfo=UTC)
    wire.reply("/rss", *(Reply(body=body) for body in bodies))
    receiver.reply("/hook", Reply(status=204))
    house.configure(f"""
        timezone = "UTC"
        feeds.reuters = {{ url = "{wire.url("/rss")}", interval = "5m", full_text = "never" }}
        rules.broad = "{" OR ".join(f"={name}" for name in NAMES)}"
        channels.desk = {{ webhook = "{receiver.url("/hook")}", burst = false }}
        network.allow = ["127.0.0.0/8"]
    """)


async def replay(house: House, count: int, *, hours: int) -> Sequence[datetime]:
    """Poll so many times, looking after the feeds each time; return when."""
    assert house.pipeline
    times = []
    for number in range(count):
        await house.after(hours=hours if number else 0)
        times.append(house.clock.at)
        house.clock.forward(minutes=5)
        await house.tending.round()
        await house.pipeline.deliveries.drain()
        house.clock.forward(minutes=-5)
    return times


def rung(house: House, receiver: HttpServer) -> list[str]:
    """Return the guid of the item of each alert that arrived."""
    guids = "SELECT a.id, i.guid FROM alert a JOIN item i ON i.id = a.item_id"
    by_alert: dict[object, str] = dict(iter(house.database.read_now(lambda tx: tx.exec_driver_sql(guids).all())))
    return [by_alert[alert["id"]] for alert in payloads(request.body for request in receiver.asked("/hook"))]


def notices(receiver: HttpServer, kind: str) -> list[dict[str, object]]:
    bodies = (request.body for request in receiver.asked("/hook"))
    return [notice for notice in payloads(bodies, "notice.v1") if notice["kind"] == kind]


@pytest.mark.parametrize("every", EVERY)
async def test_every_guid_is_stored_once_and_rings_once_and_every_gap_is_named(
    house: House, wire: HttpServer, receiver: HttpServer, every: int
) -> None:
    polls = list(versions())[::every]
    read = [entries(poll) for poll in polls]
    baseline, seen = read[0], {guid: words for each in reversed(read) for guid, words in each.items()}
    expected = {guid for guid, words in seen.items() if guid not in baseline and BROAD.search(words)}
    apart = [number for number, (one, next_) in enumerate(pairwise(read)) if not one.keys() & next_.keys()]
    assert len(apart) == GAPS[every]

    configured(house, wire, receiver, polls)
    times = await replay(house, len(polls), hours=2 * every)

    stored = house.database.read_now(lambda tx: tx.exec_driver_sql("SELECT guid FROM item").scalars().all())
    assert sorted(stored) == sorted(seen)
    assert sorted(rung(house, receiver)) == sorted(expected)
    lost = house.database.read_now(lambda tx: feeds.losses(tx, 1))
    assert [(each.since, each.until) for each in reversed(lost)] == [(times[n], times[n + 1]) for n in apart]
    assert len(notices(receiver, "loss")) == len(apart)


async def test_ids_made_anew_at_each_poll_ring_nobody_and_hide_no_news(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    polls = list(versions())[::25]
    read = [entries(poll) for poll in polls]
    baseline, seen = read[0], {guid: words for each in reversed(read) for guid, words in each.items()}
    churned = [poll.replace(b"</guid>", b"#%d</guid>" % number) for number, poll in enumerate(polls)]
    configured(house, wire, receiver, churned)
    await replay(house, len(polls), hours=50)
    news = {guid for guid, words in seen.items() if guid not in baseline and BROAD.search(words)}
    assert sorted(guid.partition("#")[0] for guid in rung(house, receiver)) == sorted(news)
    assert house.database.read_now(lambda tx: feeds.losses(tx, 1)) == ()
    (notice,) = notices(receiver, "health")
    assert str(notice["subject"]).startswith("reuters is odd: ")
