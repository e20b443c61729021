"""An item that judging fails on delays no other, and is not forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from monitor.correction import Told
from monitor.feed import Feed
from monitor.item import Item
from monitor.judge import Bench, Ruling
from tests.http_server import HttpServer, Reply
from tests.scenarios.house import House, payloads, rss


class Poisoned(Bench):
    """A bench that breaks on one headline until it is cured."""

    poison = "Ferry number 3 is late"

    def judge(self, item: Item, *, now: datetime, feed: Feed | None = None, told: tuple[Told, ...] = ()) -> Ruling:
        if item.entry.headline == self.poison:
            raise ZeroDivisionError
        return super().judge(item, now=now, feed=feed, told=told)


@pytest.fixture
def poisoned(house: House, wire: HttpServer, receiver: HttpServer) -> Iterator[House]:
    """A house whose judge breaks on the third of five items."""
    entries = [{"guid": str(n), "title": f"Ferry number {n} is late"} for n in range(5)]
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss(reversed(entries))))
    house.configure(f"""
        timezone = "UTC"
        feeds.wire = {{ url = "{wire.url("/rss")}", interval = "5m" }}
        rules.sea = "ferry"
        channels.desk = {{ webhook = "{receiver.reply("/hook", Reply())}" }}
        network.allow = ["127.0.0.0/8"]
    """)
    assert house.pipeline
    loaded = house.pipeline.runtime.config
    house.pipeline.runtime.bench = Poisoned(watches=loaded.watches, feeds=loaded.feeds, channels=loaded.channels)
    yield house
    Poisoned.poison = "Ferry number 3 is late"


def rung(receiver: HttpServer) -> list[str]:
    return [str(alert["headline"])[13] for alert in payloads(request.body for request in receiver.asked("/hook"))]


async def test_the_others_ring_at_once(poisoned: House, receiver: HttpServer) -> None:
    await poisoned.work()
    await poisoned.after(minutes=5)
    assert sorted(rung(receiver)) == ["0", "1", "2", "4"]


async def test_the_culprit_is_tried_again_later(poisoned: House, receiver: HttpServer) -> None:
    await poisoned.work()
    await poisoned.after(minutes=5)
    Poisoned.poison = ""
    await poisoned.after(minutes=10)
    assert sorted(rung(receiver)) == ["0", "1", "2", "3", "4"]
