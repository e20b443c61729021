"""wirebell watches itself: a summary each day, a daily test of a channel, and a sign of life to elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.store import records
from tests.http_server import HttpServer, Reply
from tests.scenarios.house import MORNING, House, payloads, rss

OLD = {"guid": "1", "title": "Canal lock repaired", "description": "Barges pass again."}
NEW = {"guid": "2", "title": "Canal freezes", "description": "Ice stops the barges."}


def config(wire: HttpServer, receiver: HttpServer, health: str, *, desk: str = "") -> str:
    for path in ("/desk", "/office"):
        receiver.reply(path, Reply(status=204))
    return f"""
        timezone = "Europe/Berlin"
        feeds.wire = {{ url = "{wire.url("/rss")}", interval = "5m" }}
        rules.canal = "canal"
        channels.desk = {{ webhook = "{receiver.url("/desk")}", default = true{desk} }}
        channels.office = {{ webhook = "{receiver.url("/office")}", fallback = false }}
        health = {{ {health} }}
        polling.full_text = "never"
        network.allow = ["127.0.0.0/8"]
    """


def notices(receiver: HttpServer, path: str, kind: str) -> list[str]:
    told = payloads((request.body for request in receiver.asked(path)), "notice.v1")
    return [f"{each['subject']}\n{each['message']}" for each in told if each["kind"] == kind]


def alerts(receiver: HttpServer, path: str) -> list[str]:
    return [str(each["headline"]) for each in payloads(request.body for request in receiver.asked(path))]


async def until(house: House, moment: datetime, *, step: timedelta = timedelta(minutes=30)) -> None:
    """Let the time pass up to a moment, and keep the vigil."""
    while house.clock() < moment:
        house.clock.at = min(moment, house.clock() + step)
        await house.work()
        await house.vigil.round()
        await house.work()


# --- the clock -------------------------------------------------------------------------------------------------------


async def test_how_far_the_clock_is_off_is_kept_as_evidence_after_a_start_and_each_day(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])))
    house.configure(config(wire, receiver, 'notify = "office"'))
    await until(house, MORNING + timedelta(days=2), step=timedelta(hours=6))
    kept = await house.database.read(lambda tx: records.between(tx, MORNING, house.clock()))
    off = [record.body for record in kept if record.sort == "offset"]
    assert off == [{"synchronised": True, "offset": -0.002, "most": 0.016}] * 3


# --- the summary -----------------------------------------------------------------------------------------------------


async def test_a_summary_comes_each_day_at_its_local_time_with_the_head_of_the_evidence(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])), Reply(body=rss([NEW, OLD], at=MORNING + timedelta(minutes=29))))
    house.configure(config(wire, receiver, 'notify = "office", summary = "17:30"'))
    await house.work()
    await until(house, datetime(2026, 11, 24, 16, 29, tzinfo=UTC))
    assert notices(receiver, "/office", "summary") == []
    head = house.database.read_now(records.head)
    await until(house, datetime(2026, 11, 24, 16, 30, tzinfo=UTC))
    (summary,) = notices(receiver, "/office", "summary")
    assert summary.startswith("Tue 24 Nov: 1 item, 0 silent feeds, p95 delay 60 s\n")
    assert "Watched since Tue 24 Nov 09:00: 1 feed, 1 item, 0 articles read, 0 not readable, 1 alert." in summary
    assert head
    assert f"Head of the evidence: {head[:16]}" in summary
    await until(house, datetime(2026, 11, 25, 16, 31, tzinfo=UTC), step=timedelta(hours=6))
    assert [each.split(":")[0] for each in notices(receiver, "/office", "summary")] == ["Tue 24 Nov", "Wed 25 Nov"]


async def test_what_is_wrong_stands_in_the_summary(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    wire.reply("/rss", Reply(status=410))
    house.configure(config(wire, receiver, 'notify = "office", summary = "17:30"'))
    await house.work()
    await until(house, datetime(2026, 11, 24, 16, 30, tzinfo=UTC))
    (summary,) = notices(receiver, "/office", "summary")
    assert summary.startswith("Tue 24 Nov: 0 items, 0 silent feeds, 1 failing\n")
    assert "Cannot be read: wire." in summary


async def test_a_first_start_does_not_sum_up_a_day_that_it_has_not_seen(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])))
    house.configure(config(wire, receiver, 'summary = "08:30"'))
    await until(house, MORNING + timedelta(hours=2))
    assert notices(receiver, "/desk", "summary") == []


async def test_a_summary_that_was_missed_by_half_a_day_is_left_to_the_next(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])))
    house.configure(config(wire, receiver, 'summary = "17:30"'))
    await house.work()
    house.clock.at = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
    await until(house, datetime(2026, 11, 25, 16, 30, tzinfo=UTC), step=timedelta(hours=5))
    (summary,) = notices(receiver, "/desk", "summary")
    assert summary.startswith("Wed 25 Nov")


async def test_days_that_are_over_join_the_chain_also_without_a_summary(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])))
    house.configure(config(wire, receiver, 'notify = "desk"'))
    await house.work()
    await until(house, MORNING + timedelta(hours=17), step=timedelta(hours=17))
    found = house.database.read_now(lambda tx: records.between(tx, MORNING, house.clock()))
    assert [record.body["day"] for record in found if record.sort == "coverage"] == ["2026-11-24"]


# --- the canary ------------------------------------------------------------------------------------------------------


async def test_a_canary_goes_the_way_of_an_alert_each_day_to_its_channel_alone(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])))
    house.configure(config(wire, receiver, 'canary = "office", summary = "12:00"'))
    await house.work()
    await until(house, MORNING + timedelta(hours=28))
    told = [
        "Daily test of wirebell: alerts reach you (Tue 24 Nov)",
        "Daily test of wirebell: alerts reach you (Wed 25 Nov)",
    ]
    assert (alerts(receiver, "/office"), alerts(receiver, "/desk")) == (told, [])
    assert notices(receiver, "/desk", "canary") == []


async def test_a_canary_that_stays_away_is_told_once_on_another_channel_with_the_reason(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])))
    house.configure(config(wire, receiver, 'canary = "office", summary = "12:00"'))
    receiver.reply("/office", Reply(status=503))
    await house.work()
    await until(house, MORNING + timedelta(hours=10))
    (told,) = notices(receiver, "/desk", "canary")
    assert told.startswith(
        "The daily test did not reach office\nThe one of Tue 24 Nov 12:00 has not arrived: server answered 503"
    )


async def test_where_nothing_is_judged_the_canary_is_missed_too(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])))
    house.configure(config(wire, receiver, 'canary = "office"', desk=', quiet = "01:00-02:00"'))
    await house.work()
    house.clock.at = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)
    await house.vigil.round()
    house.clock.forward(minutes=31)
    await house.vigil.round()
    assert house.pipeline
    await house.pipeline.deliveries.drain()
    (told,) = notices(receiver, "/desk", "canary")
    assert "it was never matched" in told


async def test_a_canary_that_is_switched_on_in_the_day_sets_out_at_once_and_is_not_missing(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])))
    house.configure(config(wire, receiver, 'summary = "12:00"'))
    await house.work()
    house.clock.forward(hours=7)
    house.configure(config(wire, receiver, 'canary = "office", summary = "12:00"'))
    await house.vigil.round()
    await house.work()
    await until(house, house.clock() + timedelta(hours=2))
    assert len(alerts(receiver, "/office")) == 1
    assert notices(receiver, "/desk", "canary") == []


async def test_a_canary_that_quiet_hours_hold_is_not_missing(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])))
    house.configure(
        config(wire, receiver, 'canary = "desk", notify = "office", summary = "12:00"', desk=', quiet = "11:00-15:00"')
    )
    await house.work()
    await until(house, MORNING + timedelta(hours=8))
    assert [each[:10] for each in alerts(receiver, "/desk")] == ["Daily test"]
    assert notices(receiver, "/office", "canary") == []


# --- signs of life ---------------------------------------------------------------------------------------------------


async def test_the_sign_of_life_is_given_while_every_loop_goes_round(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])))
    receiver.reply("/alive", Reply(status=200))
    house.configure(config(wire, receiver, f'ping = "{receiver.url("/alive")}"'))
    await house.work()
    await house.vigil.ping()
    await house.work()
    await house.vigil.ping()
    assert len(receiver.asked("/alive")) == 2
    await house.vigil.ping()
    assert len(receiver.asked("/alive")) == 2


async def test_no_sign_is_given_when_no_channel_can_be_reached(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])), Reply(body=rss([NEW, OLD])))
    receiver.reply("/alive", Reply(status=200))
    alone = config(wire, receiver, f'ping = "{receiver.url("/alive")}"').replace("channels.office", "# ")
    house.configure(alone)
    receiver.reply("/desk", Reply(status=503))
    await house.work()
    for _ in range(12):
        await house.after(minutes=5)
    await house.vigil.ping()
    assert receiver.asked("/alive") == ()


async def test_a_sign_that_is_not_heard_is_said_once_and_when_it_is_heard_again(
    house: House, wire: HttpServer, receiver: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])))
    receiver.reply("/alive", Reply(status=500), Reply(status=500), Reply(status=200))
    house.configure(config(wire, receiver, f'ping = "{receiver.url("/alive")}"'))
    caplog.set_level("INFO", "monitor.vigil")
    for _ in range(4):
        await house.work()
        await house.vigil.ping()
    told = [record for record in caplog.records if record.name == "monitor.vigil"]
    assert [record.getMessage().rpartition("life ")[2] for record in told] == [
        "is not heard: server answered 500 (Internal Server Error)", "is heard again",
    ]  # fmt: skip
