"""A day that an auditor asks about: what the records of it prove, to somebody who has nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from monitor import account, chain
from monitor.account import What
from monitor.alert import Sign
from monitor.chain import Record
from monitor.store import coverage, marks, records
from monitor.store.database import Tx
from tests.http_server import HttpServer, Reply
from tests.scenarios.house import MORNING, House, rss

AUDITOR = Path(__file__).parents[1] / "auditor.py"
OLD = {"guid": "1", "title": "Canal lock repaired", "description": "Barges pass again."}
NEW = {"guid": "2", "title": "Canal freezes", "description": "Ice stops the barges."}
EDITED = {**NEW, "title": "Canal freezes over"}


def config(wire: HttpServer, receiver: HttpServer, more: str = "") -> str:
    receiver.reply("/hook", Reply(status=204))
    return f"""
        timezone = "UTC"
        feeds.wire = {{ url = "{wire.url("/rss")}", interval = "5m" }}
        rules.canal = {{ match = "canal", except = "holiday" }}
        channels.desk = {{ webhook = "{receiver.url("/hook")}", default = true }}
        {more}
        polling = {{ full_text = "never", max_interval = "5m" }}
        network.allow = ["127.0.0.0/8"]
    """


def exported(house: House) -> Sequence[Record]:
    """Return the day's records, with what was counted of it so far."""

    def told(tx: Tx) -> Sequence[Record]:
        coverage.tell(tx, house.clock(), today=True)
        return records.between(tx, MORNING - timedelta(hours=8), house.clock())

    return house.database.write_now(told)


def bodies(found: Sequence[Record], sort: str) -> list[dict[str, Any]]:
    return [dict(record.body) for record in found if record.sort == sort]


def audited(file: Path) -> dict[str, Any]:
    """Return what the auditor's own program says of an export."""
    run = subprocess.run([sys.executable, "-I", AUDITOR, file], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(run.stdout)
    return found


async def a_day(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    """Poll for two hours, with an outage of the feed, a machine that sleeps, and an edit of the config."""
    down = [Reply(status=503)] * 3
    wire.reply("/rss", *[Reply(body=rss([OLD]))] * 3, *down, Reply(body=rss([NEW, OLD])))
    house.configure(config(wire, receiver))
    await house.work()
    for _ in range(12):
        await house.after(minutes=5)
    house.configure(config(wire, receiver, more='rules.ice = "ice"'))
    await house.after(minutes=70)
    await house.after(minutes=5)


async def test_the_export_alone_shows_the_gap_the_outage_and_the_edit_of_the_config(
    house: House, wire: HttpServer, receiver: HttpServer, tmp_path: Path
) -> None:
    await a_day(house, wire, receiver)
    file = tmp_path / "evidence.jsonl"
    file.write_text(chain.text(exported(house), MORNING, house.clock()), encoding="ascii")
    found = audited(file)
    asleep = MORNING + timedelta(minutes=60)
    assert found["holds"]
    assert found["gaps"] == [["wire", asleep.isoformat(), 70 * 60.0]]
    assert [(feed, failures) for feed, failures, _ in found["outages"]] == [("wire", 3)]
    assert [datetime.fromisoformat(at) for at in found["configs"]] == [asleep]


async def test_the_commands_own_check_finds_the_same(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    await a_day(house, wire, receiver)
    verdict = chain.verify(chain.text(exported(house), MORNING, house.clock()))
    assert verdict.faults == ()
    found = {each.what: each for each in account.findings(verdict.records)}
    assert found.keys() == {What.GAP, What.OUTAGE, What.CONFIG}
    gap, outage = found[What.GAP], found[What.OUTAGE]
    assert (gap.since, gap.until - gap.since) == (MORNING + timedelta(minutes=60), timedelta(minutes=70))
    assert outage.since == MORNING + timedelta(minutes=10)
    assert timedelta(minutes=15) <= outage.until - outage.since <= timedelta(minutes=25)


async def test_what_was_seen_judged_and_sent_is_there_with_the_rules_text(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])), Reply(body=rss([NEW, OLD])), Reply(body=rss([EDITED, OLD])))
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=5)
    await house.after(minutes=5)
    found = exported(house)
    items = [(each["headline"], each["version"], each["read"], each["rules"]) for each in bodies(found, "item")]
    assert items == [
        (NEW["title"], 1, "lead", ["canal"]),
        (EDITED["title"], 2, "lead", ["canal"]),
    ]
    (alert,) = bodies(found, "alert")
    assert (alert["rule"]["match"], alert["rule"]["except"], alert["config"]) == (["canal"], "holiday", 1)
    (attempt,) = bodies(found, "attempt")
    told = json.loads(receiver.asked("/hook")[-1].body)
    assert (attempt["outcome"], attempt["channel"], attempt["message"]) == ("sent", "desk", told)
    assert attempt["text"].startswith(NEW["title"])
    (in_force,) = bodies(found, "config")
    assert "rules.canal" in in_force["toml"]


async def test_each_try_to_deliver_is_a_record(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])), Reply(body=rss([NEW, OLD])))
    house.configure(config(wire, receiver))
    receiver.reply("/hook", Reply(status=503), Reply(status=204))
    await house.work()
    await house.after(minutes=5)
    await house.after(minutes=1)
    tries = [(each["attempt"], each["outcome"], each["state"]) for each in bodies(exported(house), "attempt")]
    assert tries == [(1, "failed", "queued"), (2, "sent", "sent")]


async def test_what_was_told_of_a_day_is_not_told_twice(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])))
    house.configure(config(wire, receiver))
    await house.work()
    first = exported(house)
    assert [each["polls"] for each in bodies(first, "coverage")] == [1]
    assert exported(house) == first
    await house.after(days=1)
    assert [(each["day"], each["polls"]) for each in bodies(exported(house), "coverage")] == [
        ("2026-11-24", 1), ("2026-11-25", 1),
    ]  # fmt: skip


async def test_who_acknowledged_an_alert_stands_there_once(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])), Reply(body=rss([NEW, OLD])))
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=5)
    (alert,) = bodies(exported(house), "alert")
    for who in ("Anna", "Ben"):
        said = partial(marks.acknowledge, alert_id=alert["alert"]["id"], who=who, now=house.clock())
        house.database.write_now(said)
    assert [(each["mark"], each["who"]) for each in bodies(exported(house), "mark")] == [(Sign.ACKNOWLEDGED, "Anna")]
