"""A day with a mute: what it covers is kept and told to nobody, and everything else goes on."""

from __future__ import annotations

from monitor.alert import DeliveryState
from tests.scenarios.day import DEFAULT, Day

WITHHELD, SENT, QUEUED = DeliveryState.WITHHELD, DeliveryState.SENT, DeliveryState.QUEUED


async def test_a_mute_is_placed_before_a_drill_and_ended_after_it(day: Day) -> None:
    await day.begin(day.webhook("desk", more=DEFAULT))
    await day.ring("Ferry leaves")
    muted = day.call("mute", "add", "--rule", "sea", "--for", "2h", "--who", "Anna", "--why", "a drill")
    assert muted.stdout.startswith("rule sea is muted until 11:00.")
    await day.until("09:10")
    await day.ring("Ferry sinks in a drill", "Flood in the valley")
    await day.until("09:30")
    assert day.call("mute", "end", muted.stdout.split()[-1]).exit_code == 0
    await day.ring("Ferry sinks in earnest")
    assert day.told("desk") == ["Ferry leaves", "Flood in the valley", "Ferry sinks in earnest"]
    assert day.states("desk") == [SENT, WITHHELD, SENT, SENT]
    assert day.owed("desk")[1].reason == "muted: rule sea, until 11:00 by Anna: a drill"


async def test_a_mute_ends_by_itself(day: Day) -> None:
    await day.begin(day.webhook("desk", more=DEFAULT))
    day.call("mute", "add", "--feed", "wire", "--for", "30m")
    await day.ring("Ferry is early")
    await day.until("09:30")
    await day.ring("Ferry is late")
    assert day.told("desk") == ["Ferry is late"]


async def test_what_waits_for_the_morning_is_muted_at_once(day: Day) -> None:
    await day.begin(day.webhook("desk", more=f'{DEFAULT}, quiet = "08:00-12:00"'))
    await day.ring("Ferry is late")
    assert day.states("desk") == [QUEUED]
    day.call("mute", "add", "--text", "ferry late", "--for", "5m")
    await day.until("09:01")
    assert day.states("desk") == [WITHHELD]
    await day.until("12:01", step=day.at("10:00") - day.at("09:00"))
    assert day.told("desk") == []


async def test_what_is_muted_is_taken_out_of_a_summary_that_waits_for_its_channel(day: Day) -> None:
    await day.begin(day.webhook("desk", more=DEFAULT))
    await day.ring_unheard("Ferry is late", "Flood in the valley", "Flood in the town")
    day.house.clock.at = day.at("11:00")
    day.call("mute", "add", "--rule", "sea", "--for", "2h")
    await day.house.work()
    assert day.digests("desk") == [["Flood in the valley", "Flood in the town"]]
    assert day.states("desk") == [WITHHELD, SENT, SENT]


async def test_a_summary_of_which_everything_is_muted_is_not_sent(day: Day) -> None:
    await day.begin(day.webhook("desk", more=DEFAULT))
    await day.ring_unheard("Ferry is late", "Ferry is lost")
    day.house.clock.at = day.at("11:00")
    day.call("mute", "add", "--rule", "sea", "--for", "2h")
    await day.house.work()
    assert (day.digests("desk"), day.told("desk")) == ([], [])
    assert day.states("desk") == [WITHHELD, WITHHELD]
    assert day.status() == 0
