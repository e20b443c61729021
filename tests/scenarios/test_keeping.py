"""Over a hundred days old items go; what the feeds list stays known, and nothing rings twice."""

from __future__ import annotations

import asyncio
import io
import logging
from collections import Counter
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from monitor import service as services
from monitor.service import Service, Settings
from monitor.store import items
from monitor.store.database import Database
from monitor.store.retention import Pruning
from tests.http_server import HttpServer, Reply
from tests.scenarios.house import House, payloads, rss
from tests.store.samples import DAY, NOW, added, arrival, entry

Entry = dict[str, str]
EVERGREEN = {"guid": "rules", "title": "Harbour strike: the story so far"}


def strike(day: int, title: str = "") -> Entry:
    return {"guid": f"day-{day}", "title": title or f"Harbour strike, day {day}"}


def config(wire: HttpServer, receiver: HttpServer) -> str:
    receiver.reply("/hook", Reply(status=204))
    return f"""
        timezone = "UTC"
        keep = {{ items = "30d" }}
        feeds.wire = {{ url = "{wire.url("/rss")}", interval = "5m" }}
        rules.dock = '"harbour strike"'
        channels.desk = {{ webhook = "{receiver.url("/hook")}" }}
        network.allow = ["127.0.0.0/8", "::1/128"]
    """


def rung(receiver: HttpServer) -> Counter[object]:
    return Counter(alert["headline"] for alert in payloads(request.body for request in receiver.asked("/hook")))


def prune(house: House) -> None:
    assert house.pipeline
    pruning = Pruning(house.pipeline.runtime.config.keep, house.clock())
    while house.database.write_now(pruning.step):
        pass


async def after_a_day(house: House, wire: HttpServer, *entries: Entry) -> None:
    """Poll the feed a day later, and then prune."""
    wire.reply("/rss", Reply(body=rss([*entries])))
    await house.after(days=1)
    prune(house)


def headlines(house: House) -> list[str]:
    return [each.entry.headline for each in house.database.read_now(partial(items.newest, limit=1000))]


@pytest.mark.slow
async def test_in_a_hundred_days_everything_rings_once_and_only_a_month_of_it_is_kept(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([])))
    house.configure(config(wire, receiver))
    await house.work()
    again: list[Entry] = []
    for day in range(1, 101):
        if day == 60:
            again = [strike(3), strike(5)]
        if day == 70:
            again = [strike(3, "Harbour strike, day 3: corrected"), strike(5)]
        newest = [strike(each) for each in range(day, max(0, day - 10), -1)]
        await after_a_day(house, wire, *newest, EVERGREEN, *again)
        kept = headlines(house)
        assert {each["title"] for each in newest} | {EVERGREEN["title"]} <= set(kept)
        assert len(kept) <= 32
    assert rung(receiver) == Counter([EVERGREEN["title"], *(f"Harbour strike, day {day}" for day in range(1, 101))])
    keys = house.database.read_now(lambda tx: tx.exec_driver_sql("SELECT count(*) FROM seen").scalar_one())
    assert keys == 101


async def test_an_edit_of_an_entry_whose_item_is_gone_is_no_news_at_the_next_poll(
    house: House, wire: HttpServer, receiver: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "monitor.pipeline")
    wire.reply("/rss", Reply(body=rss([])))
    house.configure(config(wire, receiver))
    await house.work()
    await after_a_day(house, wire, strike(1))
    house.clock.forward(days=40)
    await after_a_day(house, wire, strike(2))
    assert headlines(house) == ["Harbour strike, day 2"]
    edited = strike(1, "Harbour strike, day 1: corrected")
    for other in ("a", "b"):
        await after_a_day(house, wire, edited, strike(2), {"guid": other, "title": "Weather"})
    counted = [record.getMessage() for record in caplog.records if "changed of" in record.getMessage()][-2:]
    assert counted == ["wire polled: 1 new, 1 changed of 3", "wire polled: 1 new, 0 changed of 3"]
    assert rung(receiver) == Counter(["Harbour strike, day 1", "Harbour strike, day 2"])


async def test_an_entry_whose_key_is_forgotten_does_not_ring_again_while_its_alert_is_kept(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([])))
    house.configure(config(wire, receiver))
    await house.work()
    await after_a_day(house, wire, strike(1))
    house.clock.forward(days=200)
    for _ in range(2):  # the item, and a day later the key
        await after_a_day(house, wire, strike(2))
    keys = house.database.read_now(lambda tx: tx.exec_driver_sql("SELECT count(*) FROM seen").scalar_one())
    assert keys == 1
    await after_a_day(house, wire, strike(1), strike(2))
    assert headlines(house)[0] == "Harbour strike, day 1"
    assert rung(receiver) == Counter(["Harbour strike, day 1", "Harbour strike, day 2"])


# --- the daemon --------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a config, and a database of 300 old items and a new one."""
    (tmp_path / "config.toml").write_text(
        'timezone = "UTC"\nfeeds.tass = { url = "http://127.0.0.1:9/" }\nrules.a = "Norvik"\n'
        'channels.desk = "console:"\n'
    )
    database = Database.open(f"sqlite:///{tmp_path}/wirebell.db")
    old = [arrival(entry(number), seen_at=NOW - 200 * DAY) for number in range(300)]
    added(database, *old, arrival(entry(999), seen_at=NOW))
    database.write_now(lambda tx: tx.exec_driver_sql("UPDATE item SET judge_due_at = NULL"))
    database.close()
    return tmp_path


async def test_the_daemon_prunes_once_it_has_run_for_a_while_and_says_what_went(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(services, "FIRST_PRUNING", timedelta(0))
    caplog.set_level(logging.INFO, "monitor.service")
    running = Service(Settings(path=folder / "config.toml", environment={}, console=io.StringIO()))
    ended = asyncio.create_task(running.run())
    async with asyncio.timeout(30):
        while not any("dropped" in record.getMessage() for record in caplog.records):
            await asyncio.sleep(0.02)
    running.stop()
    await ended
    assert "kept long enough, and dropped: 300 items" in [record.getMessage() for record in caplog.records]


async def test_a_fault_in_pruning_ends_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def faulty(*_: object) -> Pruning:
        raise ZeroDivisionError

    monkeypatch.setattr(services, "FIRST_PRUNING", timedelta(0))
    monkeypatch.setattr(services, "Pruning", faulty)
    running = Service(Settings(path=folder / "config.toml", environment={}, console=io.StringIO()))
    ended = asyncio.create_task(running.run())
    async with asyncio.timeout(30):
        while not any(record.exc_info for record in caplog.records):
            await asyncio.sleep(0.02)
    assert not ended.done()
    running.stop()
    await ended
