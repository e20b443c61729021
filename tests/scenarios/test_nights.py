"""Quiet hours, night by night: what is held, what wakes, and the order in which the morning brings the rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.alert import Delivery, DeliveryState
from tests.http_server import HttpServer, Reply
from tests.scenarios.house import House, payloads, rss

ENTRY = {"guid": "1", "title": "Ferry runs aground", "description": "Nobody is hurt."}
PRIORITIES = ("low", "normal", "high", "urgent")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def config(wire: HttpServer, channels: str, *, zone: str = "Europe/Berlin", rules: str = 'rules.sea = "ferry"') -> str:
    return f"""
        timezone = "{zone}"
        feeds.wire = {{ url = "{wire.url("/rss")}", interval = "5m", full_text = "never" }}
        network.allow = ["127.0.0.0/8"]
        {rules}
        {channels}
    """


def webhook(receiver: HttpServer, name: str, more: str = "") -> str:
    receiver.reply(f"/{name}", Reply(status=204))
    return f'channels.{name} = {{ webhook = "{receiver.url(f"/{name}")}", default = true{more} }}\n'


async def ring_at(house: House, wire: HttpServer, toml: str, moment: datetime, *entries: dict[str, str]) -> None:
    """Let the entries appear in the feed at this moment."""
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss(reversed(entries or (ENTRY,)))))
    house.clock.at = moment - timedelta(minutes=5)
    house.configure(toml)
    await house.work()
    await house.after(minutes=5)


async def work_at(house: House, moment: datetime) -> None:
    house.clock.at = moment
    await house.work()


def delivered(house: House, channel: str = "desk") -> list[Delivery]:
    return [each for each in house.deliveries() if each.channel == channel and each.state is DeliveryState.SENT]


def rung(receiver: HttpServer, name: str = "desk") -> list[object]:
    return [alert["headline"] for alert in payloads(request.body for request in receiver.asked(f"/{name}"))]


def digests(receiver: HttpServer, name: str = "desk") -> list[list[object]]:
    bodies = (request.body for request in receiver.asked(f"/{name}"))
    return [[alert["headline"] for alert in each["alerts"]] for each in payloads(bodies, "digest.v1")]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("zone", "quiet", "seen", "ends"),
    [
        pytest.param("Europe/Berlin", "22:00-07:00", "2026-11-24 21:00", "2026-11-25 06:00", id="its first minute"),
        pytest.param("Europe/Berlin", "22:00-07:00", "2026-11-25 05:55", "2026-11-25 06:00", id="its last minutes"),
        pytest.param("Europe/Berlin", "22:00-07:00", "2027-03-27 23:30", "2027-03-28 05:00", id="Berlin, short night"),
        pytest.param("Europe/Berlin", "22:00-07:00", "2026-10-24 23:30", "2026-10-25 06:00", id="Berlin, long night"),
        pytest.param(
            "America/New_York", "22:00-07:00", "2027-03-14 05:00", "2027-03-14 11:00", id="New York, short night"
        ),
        pytest.param(
            "America/New_York", "22:00-07:00", "2026-11-01 04:30", "2026-11-01 12:00", id="New York, long night"
        ),
        pytest.param(
            "Europe/Berlin", "22:00-02:30", "2027-03-27 23:30", "2027-03-28 01:30", id="ends in the lost hour"
        ),
        pytest.param(
            "Europe/Berlin", "22:00-02:30", "2026-10-24 23:30", "2026-10-25 00:30", id="ends in the hour twice"
        ),
        pytest.param("America/New_York", "12:30-13:30", "2026-11-24 17:45", "2026-11-24 18:30", id="a lunch break"),
    ],
)
async def test_what_comes_in_the_quiet_hours_arrives_on_the_minute_they_end(  # noqa: PLR0913, PLR0917
    house: House, wire: HttpServer, receiver: HttpServer, zone: str, quiet: str, seen: str, ends: str
) -> None:
    toml = config(wire, webhook(receiver, "desk", f', quiet = "{quiet}"'), zone=zone)
    await ring_at(house, wire, toml, utc(seen))
    await work_at(house, utc(ends) - timedelta(seconds=1))
    assert rung(receiver) == []
    await work_at(house, utc(ends))
    assert rung(receiver) == ["Ferry runs aground"]


@pytest.mark.parametrize(
    ("zone", "quiet", "seen"),
    [
        pytest.param("Europe/Berlin", "22:00-07:00", "2026-11-24 20:59", id="a minute before"),
        pytest.param("Europe/Berlin", "22:00-07:00", "2026-11-25 06:00", id="the minute they end"),
        pytest.param("Europe/Berlin", "22:00-02:30", "2026-10-25 00:45", id="02:45, the first time"),
        pytest.param("Europe/Berlin", "22:00-02:30", "2026-10-25 01:15", id="02:15, the second time"),
        pytest.param("America/New_York", "22:00-01:30", "2026-11-01 06:10", id="01:10, the second time"),
    ],
)
async def test_outside_the_quiet_hours_an_alert_rings_at_once(  # noqa: PLR0913, PLR0917
    house: House, wire: HttpServer, receiver: HttpServer, zone: str, quiet: str, seen: str
) -> None:
    """A clock that is set back shows hours again that are over: nobody is put to rest twice."""
    toml = config(wire, webhook(receiver, "desk", f', quiet = "{quiet}"'), zone=zone)
    await ring_at(house, wire, toml, utc(seen))
    assert [each.sent_at for each in delivered(house)] == [utc(seen)]


#: Nights in which clocks change, with the quiet hours of one channel each, a time within them and the time they end.
#: Local clocks go, in these nights: Berlin from 02:00 to 03:00, and from 03:00 to 02:00; Santiago from 24:00 to 23:00,
#: and from 00:00 to 01:00; Cairo from 00:00 to 01:00, and from 24:00 to 23:00; Lord Howe from 02:00 to 02:30, and from
#: 02:00 to 01:30; Troll from 01:00 to 03:00.
CHANGES = (
    ("Europe/Berlin", "22:00-02:00", "2026-03-29 00:00", "2026-03-29 01:00"),
    ("Europe/Berlin", "22:00-02:30", "2026-03-29 00:00", "2026-03-29 01:30"),
    ("Europe/Berlin", "22:00-03:00", "2026-03-29 00:00", "2026-03-29 01:00"),
    ("Europe/Berlin", "01:30-03:15", "2026-03-29 00:30", "2026-03-29 01:15"),
    ("Europe/Berlin", "02:30-04:00", "2026-03-29 01:30", "2026-03-29 02:00"),
    ("Europe/Berlin", "02:30-03:15", "2026-03-29 00:00", "2026-03-29 00:00"),
    ("Europe/Berlin", "22:00-02:00", "2026-10-24 23:00", "2026-10-25 00:00"),
    ("Europe/Berlin", "22:00-02:30", "2026-10-24 23:00", "2026-10-25 00:30"),
    ("Europe/Berlin", "22:00-03:00", "2026-10-24 23:00", "2026-10-25 02:00"),
    ("Europe/Berlin", "02:30-04:00", "2026-10-25 00:45", "2026-10-25 03:00"),
    ("Europe/Berlin", "02:15-02:45", "2026-10-25 00:15", "2026-10-25 00:45"),
    ("America/Santiago", "22:00-23:30", "2026-04-05 01:30", "2026-04-05 02:30"),
    ("America/Santiago", "22:00-00:00", "2026-04-05 01:30", "2026-04-05 04:00"),
    ("America/Santiago", "23:30-01:00", "2026-04-05 02:30", "2026-04-05 05:00"),
    ("America/Santiago", "22:00-00:00", "2026-09-06 02:30", "2026-09-06 04:00"),
    ("America/Santiago", "22:00-00:30", "2026-09-06 02:30", "2026-09-06 04:30"),
    ("America/Santiago", "00:00-02:00", "2026-09-06 04:00", "2026-09-06 05:00"),
    ("Africa/Cairo", "23:00-00:15", "2026-04-23 21:30", "2026-04-23 22:15"),
    ("Africa/Cairo", "22:00-23:59", "2026-10-29 19:30", "2026-10-29 20:59"),
    ("Africa/Cairo", "22:00-00:00", "2026-10-29 19:30", "2026-10-29 22:00"),
    ("Australia/Lord_Howe", "22:00-02:15", "2026-10-03 14:30", "2026-10-03 15:45"),
    ("Australia/Lord_Howe", "22:00-02:30", "2026-10-03 14:30", "2026-10-03 15:30"),
    ("Australia/Lord_Howe", "22:00-01:45", "2026-04-04 14:15", "2026-04-04 14:45"),
    ("Australia/Lord_Howe", "22:00-02:00", "2026-04-04 14:15", "2026-04-04 15:30"),
    ("Antarctica/Troll", "22:00-02:00", "2026-03-29 00:30", "2026-03-29 02:00"),
)


@pytest.mark.parametrize(("zone", "quiet", "seen", "ends"), CHANGES)
async def test_minute_by_minute_through_a_night_of_change_an_alert_is_held_until_the_moment_and_sent_once(  # noqa: PLR0913, PLR0917
    house: House, wire: HttpServer, receiver: HttpServer, zone: str, quiet: str, seen: str, ends: str
) -> None:
    await ring_at(house, wire, config(wire, webhook(receiver, "desk", f', quiet = "{quiet}"'), zone=zone), utc(seen))
    assert house.pipeline
    while house.clock.at < utc(ends) + timedelta(minutes=30):
        await house.pipeline.deliveries.drain()
        house.clock.forward(minutes=1)
    assert [each.sent_at for each in delivered(house)] == [utc(ends)]
    assert rung(receiver) == ["Ferry runs aground"]


async def test_each_channel_is_woken_by_its_own_priority_and_those_above_it(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    rules = "\n".join(f'rules.{each} = {{ match = "ferry", priority = "{each}" }}' for each in PRIORITIES)
    channels = "".join(webhook(receiver, each, f', quiet = "22:00-07:00", wake = "{each}"') for each in PRIORITIES)
    await ring_at(house, wire, config(wire, channels, rules=rules), utc("2026-11-24 23:00"))
    woken = {
        channel: {str(alert["rule"]) for alert in payloads(request.body for request in receiver.asked(f"/{channel}"))}
        for channel in PRIORITIES
    }
    assert woken == {
        "low": {"low", "normal", "high", "urgent"},
        "normal": {"normal", "high", "urgent"},
        "high": {"high", "urgent"},
        "urgent": {"urgent"},
    }


async def test_only_an_urgent_alert_wakes_a_channel_that_does_not_say(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    rules = 'rules.calm = { match = "ferry", priority = "high" }\nrules.loud = { match = "ferry", priority = "urgent" }'
    toml = config(wire, webhook(receiver, "desk", ', quiet = "22:00-07:00"'), rules=rules)
    await ring_at(house, wire, toml, utc("2026-11-24 23:00"))
    assert [alert["rule"] for alert in payloads(request.body for request in receiver.asked("/desk"))] == ["loud"]


async def test_channels_rest_each_by_their_own_hours(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    channels = (
        webhook(receiver, "desk", ', quiet = "22:00-07:00"')
        + webhook(receiver, "early", ', quiet = "20:00-05:30"')
        + webhook(receiver, "always")
    )
    await ring_at(house, wire, config(wire, channels), utc("2026-11-24 23:00"))
    for hours in range(9):  # on the half hour: 00:30 to 08:30 in Berlin
        await work_at(house, utc("2026-11-24 23:30") + timedelta(hours=hours))
    sent_at = {name: [each.sent_at for each in delivered(house, name)] for name in ("desk", "early", "always")}
    assert sent_at == {
        "always": [utc("2026-11-24 23:00")],
        "early": [utc("2026-11-25 04:30")],
        "desk": [utc("2026-11-25 06:30")],
    }


async def test_the_morning_brings_what_was_held_in_one_digest_in_the_order_of_the_night(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    """What is news only in that minute stands behind what the night brought, and nothing comes twice."""
    entries = [{"guid": str(n), "title": f"Ferry number {n} is late"} for n in range(5)]
    wire.reply("/rss", *(Reply(body=rss(reversed(entries[:known]))) for known in range(6)))
    house.clock.at = utc("2026-11-24 20:59")
    house.configure(config(wire, webhook(receiver, "desk", ', quiet = "22:00-07:00"')))
    await house.work()
    for moment in ("2026-11-24 21:30", "2026-11-24 23:59", "2026-11-25 03:00", "2026-11-25 05:59"):
        await work_at(house, utc(moment))
    assert rung(receiver) == []
    await work_at(house, utc("2026-11-25 06:04"))
    await house.after(hours=1)
    assert digests(receiver) == [[f"Ferry number {n} is late" for n in range(4)]]
    assert rung(receiver) == ["Ferry number 4 is late"]


async def test_what_wakes_the_channel_passes_what_is_held(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    rules = 'rules.sea = "ferry"\nrules.alarm = { match = "ferry sinks", priority = "urgent" }'
    sinking = {"guid": "2", "title": "Ferry sinks off the coast"}
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss([ENTRY])), Reply(body=rss([sinking, ENTRY])))
    house.clock.at = utc("2026-11-24 22:50")
    house.configure(config(wire, webhook(receiver, "desk", ', quiet = "22:00-07:00"'), rules=rules))
    for _ in range(3):
        await house.after(minutes=5)
    assert rung(receiver) == ["Ferry sinks off the coast"]
    await work_at(house, utc("2026-11-25 06:00"))
    assert digests(receiver) == [["Ferry runs aground", "Ferry sinks off the coast"]]
    assert [alert["rule"] for alert in payloads(r.body for r in receiver.asked("/desk"))] == ["alarm"]


async def test_a_retry_that_falls_into_the_quiet_hours_waits_for_their_end(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    toml = config(wire, webhook(receiver, "desk", ', quiet = "22:00-07:00"'))
    receiver.reply("/desk", Reply(status=503, headers={"Retry-After": "120"}), Reply(status=204))
    await ring_at(house, wire, toml, utc("2026-11-24 20:59"))
    await work_at(house, utc("2026-11-25 05:59"))
    assert len(receiver.asked("/desk")) == 1
    await work_at(house, utc("2026-11-25 06:00"))
    (delivery,) = delivered(house)
    assert (delivery.attempts, delivery.sent_at) == (2, utc("2026-11-25 06:00"))
