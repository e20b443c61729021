"""A day on which nobody answers, and one on which somebody does."""

from __future__ import annotations

from datetime import timedelta

from monitor.alert import DeliveryState
from monitor.store import schedule
from tests.http_server import Reply
from tests.scenarios.day import DEFAULT, Day

SENT, QUEUED, WITHHELD = DeliveryState.SENT, DeliveryState.QUEUED, DeliveryState.WITHHELD


def chain(day: Day) -> str:
    return (
        day.webhook("desk", more=f'{DEFAULT}, escalate = "boss"')
        + day.webhook("boss", more='escalate = "chief", escalate_after = "5m"')
        + day.webhook("chief", more='escalate = "desk"')
    )


async def test_what_nobody_acknowledges_within_ten_minutes_goes_to_the_next_channel_and_on(day: Day) -> None:
    await day.begin(chain(day))
    await day.ring("Flood in the valley", "Ferry is late")
    await day.until("09:09")
    assert (len(day.told("desk")), day.told("boss")) == (2, [])
    assert [(each.state, each.reason) for each in day.owed("boss")] == [(QUEUED, "waits for an acknowledgement")]
    await day.until("09:10")
    assert (day.told("boss"), day.told("chief")) == (["Flood in the valley"], [])
    assert day.got("boss")[0]["escalated_from"] == "desk"
    await day.until("09:15")
    assert day.told("chief") == ["Flood in the valley"]
    await day.until("10:00")
    assert [len(day.told(name)) for name in ("desk", "boss", "chief")] == [2, 1, 1]


async def test_what_somebody_acknowledges_goes_no_further(day: Day) -> None:
    await day.begin(chain(day))
    await day.ring("Flood in the valley")
    await day.until("09:04")
    number = day.owed("desk")[0].alert_id
    assert (
        day.call("alerts", "ack", number[:8], "--who", "Anna").stdout == f"a-{number} is acknowledged by Anna 09:04.\n"
    )
    await day.until("09:30")
    assert (day.told("boss"), day.told("chief")) == ([], [])
    assert [each.reason for each in day.owed("boss")] == ["acknowledged by Anna 09:04"]
    assert day.states("chief") == [WITHHELD]
    assert day.status() == 0


async def test_an_acknowledgement_between_two_steps_stops_the_second(day: Day) -> None:
    await day.begin(chain(day))
    await day.ring("Flood in the valley")
    await day.until("09:12")
    day.call("alerts", "ack", day.owed("desk")[0].alert_id, "--who", "Ben")
    await day.until("09:30")
    assert (len(day.told("boss")), day.told("chief")) == (1, [])


async def test_neither_a_reload_nor_a_mute_of_something_else_nor_a_restart_escalates_early(day: Day) -> None:
    channels = chain(day)
    await day.begin(channels)
    await day.ring("Flood in the valley")
    await day.reload(channels)
    day.call("mute", "add", "--rule", "sea", "--for", "2h")
    await day.house.database.write(lambda tx: schedule.settle(tx, day.house.clock()))
    await day.until("09:09")
    assert day.told("boss") == []
    await day.until("09:10")
    assert day.told("boss") == ["Flood in the valley"]


async def test_a_clock_that_is_set_leaves_people_as_long_as_they_had(day: Day) -> None:
    await day.begin(chain(day))
    await day.ring("Flood in the valley")
    jump = timedelta(hours=3)
    await day.house.database.write(lambda tx: schedule.shift(tx, jump, day.house.clock() + jump))
    day.house.clock.at += jump
    await day.until("12:09")
    assert day.told("boss") == []
    await day.until("12:10")
    assert day.told("boss") == ["Flood in the valley"]


async def test_what_is_muted_is_not_escalated(day: Day) -> None:
    await day.begin(chain(day))
    await day.ring("Flood in the valley")
    day.call("mute", "add", "--rule", "water", "--for", "2h")
    await day.until("09:30")
    assert (day.told("boss"), day.states("boss")) == ([], [WITHHELD])


async def test_a_channel_that_cannot_be_reached_is_no_acknowledgement(day: Day) -> None:
    desk = day.webhook("desk", Reply(status=503), more=f'{DEFAULT}, escalate = "boss", fallback = false')
    await day.begin(desk + day.webhook("boss"))
    await day.ring("Flood in the valley")
    await day.until("09:10")
    assert day.told("boss") == ["Flood in the valley"]


async def test_people_say_from_which_priority_on_alerts_are_escalated(day: Day) -> None:
    await day.begin(day.webhook("desk", more=f'{DEFAULT}, escalate = "boss", wake = "normal"') + day.webhook("boss"))
    await day.ring("Ferry is late")
    await day.until("09:10")
    assert day.told("boss") == ["Ferry is late"]


async def test_who_acknowledges_a_digest_acknowledges_all_that_it_brought(day: Day) -> None:
    await day.begin(day.webhook("desk", more=f'{DEFAULT}, escalate = "boss"') + day.webhook("boss"))
    await day.ring_unheard("Flood in the valley", "Flood in the town")
    assert day.house.pipeline
    day.house.clock.at = day.at("10:30")
    await day.house.pipeline.deliveries.drain()
    (brought,) = day.got("desk", "digest.v1")
    said = day.call("alerts", "ack", str(brought["id"]), "--who", "Anna").stdout
    assert said.count("is acknowledged by Anna 10:30.") == 2
