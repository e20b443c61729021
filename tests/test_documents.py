"""What was read of feeds is remembered, the latest first, up to a bound."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from monitor.documents import Documents
from monitor.exchange import ANYBODY
from monitor.feed import Document, FeedState, Parsed
from monitor.network import Network
from monitor.sandbox import Sandbox

NOW = datetime(2026, 11, 24, tzinfo=UTC)
BODY = b"<rss version='2.0'><channel><item><guid>1</guid></item></channel></rss>"
DOCUMENT = Document(
    url="https://news.example/", body=BODY, content_type="", body_hash=b"", etag=None, modified=None, moved_to=None
)
#: Of a feed with one entry.
MEMORY = 32


def state(number: int) -> FeedState:
    return FeedState(id=number, name=f"feed{number}", url="https://news.example/", next_poll_at=NOW)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    box = Sandbox()
    yield box
    box.close()


async def entries_read(documents: Documents, number: int) -> int:
    """Return how many entries of the feed are read, and remember them."""
    network = Network(user_agent="test", timeout=timedelta(seconds=1))
    read = await documents.read(network, state(number), ANYBODY, DOCUMENT, NOW)
    await network.aclose()
    assert isinstance(read.found, Parsed)
    documents.kept(state(number), read.found)
    return len(read.found.entries)


async def test_what_was_kept_is_not_read_again(sandbox: Sandbox) -> None:
    documents = Documents(sandbox)
    assert [await entries_read(documents, 1), await entries_read(documents, 1)] == [1, 0]


async def test_the_feed_that_was_read_longest_ago_is_forgotten_first(sandbox: Sandbox) -> None:
    documents = Documents(sandbox, memory=2 * MEMORY)
    for number in (1, 2, 1, 3):
        await entries_read(documents, number)
    assert [await entries_read(documents, number) for number in (1, 3, 2)] == [0, 0, 1]
