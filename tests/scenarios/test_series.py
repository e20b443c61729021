"""Three weeks of a busy wire, poll by poll: each item is stored once, and rings once where a broad rule matches."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

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


#: Of 250 versions about an hour apart; the window holds four days, so that none is missed between those left.
EVERY = proving.sized(1, 10)


async def test_every_guid_is_stored_once_and_rings_once(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    polls = list(versions())[::EVERY]
    read = [entries(poll) for poll in polls]
    baseline, seen = read[0], {guid: words for each in reversed(read) for guid, words in each.items()}
    expected = {guid for guid, words in seen.items() if guid not in baseline and BROAD.search(words)}
    assert len(seen) >= proving.sized(2913, 2887)

    house.clock.at = datetime(2026, 7, 5, 20, tzinfo=UTC)
    wire.reply("/rss", *(Reply(body=poll) for poll in polls))
    receiver.reply("/hook", Reply(status=204))
    house.configure(f"""
        timezone = "UTC"
        feeds.reuters = {{ url = "{wire.url("/rss")}", interval = "5m", full_text = "never" }}
        rules.broad = "{" OR ".join(f"={name}" for name in NAMES)}"
        channels.desk = {{ webhook = "{receiver.url("/hook")}", burst = false }}
        network.allow = ["127.0.0.0/8"]
    """)
    for _ in polls:
        await house.after(minutes=5)

    stored = house.database.read_now(lambda tx: tx.exec_driver_sql("SELECT guid FROM item").scalars().all())
    assert sorted(stored) == sorted(seen)
    alerts = payloads(request.body for request in receiver.asked("/hook"))
    ids = [alert["id"] for alert in alerts]
    assert len(ids) == len(set(ids))
    rung = house.database.read_now(
        lambda tx: tx.exec_driver_sql("SELECT i.guid FROM alert a JOIN item i ON i.id = a.item_id").scalars().all()
    )
    assert sorted(rung) == sorted(expected)
    assert len(alerts) == len(expected)
