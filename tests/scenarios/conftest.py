"""A house to live in, and servers on loopback for its feeds and receivers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor import delivering, reading
from monitor.feed import rhythm
from monitor.sandbox import Sandbox
from tests.http_server import HttpServer
from tests.scenarios.day import Day
from tests.scenarios.house import Clock, House


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox, whose workers start with the first document."""
    box = Sandbox()
    yield box
    box.close()


@pytest.fixture
def clock() -> Clock:
    """A clock that stands at 08:00 UTC until a test moves it."""
    return Clock()


@pytest.fixture
async def house(
    tmp_path: Path, empty_database: bytes, sandbox: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """A house without a config yet; hosts and receivers are not spared, since all are this machine."""
    monkeypatch.setattr(reading, "HOST_PAUSE", timedelta(0))
    monkeypatch.setattr(delivering, "PACE", timedelta(0))
    monkeypatch.setattr(rhythm, "MOST_SPACING", timedelta(0))
    (tmp_path / "wirebell.db").write_bytes(empty_database)
    built = House(tmp_path, sandbox, clock)
    yield built
    await built.close()


@pytest.fixture
def wire() -> Iterator[HttpServer]:
    """The server of the feeds and their articles."""
    with HttpServer() as server:
        yield server


@pytest.fixture
def receiver() -> Iterator[HttpServer]:
    """The server that webhooks are posted to."""
    with HttpServer() as server:
        yield server


@pytest.fixture
def day(house: House, wire: HttpServer, receiver: HttpServer) -> Day:
    """A day that begins when a test says so."""
    return Day(house, wire, receiver)
