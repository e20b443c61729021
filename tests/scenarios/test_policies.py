"""Days with digests and limits: nothing is dropped, what is held says why, and people get few messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.alert import DeliveryState
from tests.http_server import Reply
from tests.scenarios.day import DEFAULT, Day, ferries

HOUR = timedelta(hours=1)
BROKEN = Reply(status=503)
SENT, QUEUED = DeliveryState.SENT, DeliveryState.QUEUED


# --- digests ---------------------------------------------------------------------------------------------------------


async def test_a_channel_brings_its_digest_at_seven_and_what_matters_at_once(day: Day) -> None:
    await day.begin(day.webhook("desk", more=f'{DEFAULT}, digest = "07:00"'))
    await day.ring("Ferry is late")
    await day.until("18:00", step=HOUR)
    await day.ring("Flood in the valley", "Ferry is lost")
    assert day.told("desk") == ["Flood in the valley"]
    assert [each.reason for each in day.owed("desk") if each.state is QUEUED] == ["held for the digest"] * 2
    await day.until("+06:59", step=HOUR)
    assert day.digests("desk") == []
    await day.until("+07:00")
    assert day.digests("desk") == [["Ferry is late", "Ferry is lost"]]
    assert day.states("desk") == [SENT, SENT, SENT]
    assert [each["reason"] for each in day.got("desk", "digest.v1")] == ["digest"]


async def test_two_digests_a_day_bring_each_alert_once(day: Day) -> None:
    await day.begin(day.webhook("desk", more=f'{DEFAULT}, digest = ["12:00", "18:00"]'))
    await day.ring(*ferries(1, 2))
    await day.until("12:00", step=HOUR)
    await day.ring(*ferries(3, 4))
    await day.until("18:00", step=HOUR)
    assert day.digests("desk") == [ferries(1, 2), ferries(3, 4)]


async def test_a_digest_of_one_is_the_alert_itself_and_one_of_none_is_not_sent(day: Day) -> None:
    await day.begin(day.webhook("desk", more=f'{DEFAULT}, digest = ["10:00", "11:00"]'))
    await day.ring("Ferry is late")
    await day.until("11:01")
    assert (day.told("desk"), day.digests("desk")) == (["Ferry is late"], [])


async def test_a_reload_at_night_brings_no_digest_early(day: Day) -> None:
    desk = day.webhook("desk", more=f'{DEFAULT}, digest = "12:00"')
    await day.begin(desk)
    await day.ring(*ferries(1, 2))
    await day.reload(desk)
    assert day.states("desk") == [QUEUED, QUEUED]
    await day.until("12:00", step=HOUR)
    assert day.digests("desk") == [ferries(1, 2)]


async def test_without_its_digest_time_a_channel_brings_at_once_what_it_held(day: Day) -> None:
    await day.begin(day.webhook("desk", more=f'{DEFAULT}, digest = "12:00"'))
    await day.ring(*ferries(1, 2))
    await day.reload(day.webhook("desk", more=DEFAULT))
    assert day.digests("desk") == [ferries(1, 2)]


async def test_a_channel_whose_digest_nobody_takes_hands_its_alerts_on(day: Day) -> None:
    await day.begin(day.webhook("desk", BROKEN, more=f'{DEFAULT}, digest = "10:00"') + day.webhook("mail"))
    await day.ring(*ferries(1, 2))
    await day.until("09:59")
    assert day.told("mail") == []
    await day.until("10:10")
    assert day.told("mail") == ferries(1, 2)


async def test_what_stands_in_does_not_wait_for_its_own_digest(day: Day) -> None:
    await day.begin(day.webhook("desk", BROKEN, more=DEFAULT) + day.webhook("mail", more='digest = "12:00"'))
    await day.ring("Ferry is late")
    await day.until("09:10")
    assert day.told("mail") == ["Ferry is late"]


#: In the local night each alert comes at 23:00 and 02:30; the next morning at seven brings both.
NIGHTS = [
    ("2027-03-27 22:00", "2027-03-28 00:30", "2027-03-28 05:00"),
    ("2026-10-24 21:00", "2026-10-25 01:30", "2026-10-25 06:00"),
    ("2026-11-24 22:00", "2026-11-25 01:30", "2026-11-25 06:00"),
]


@pytest.mark.parametrize("kept", ['quiet = "22:00-07:00"', 'digest = "07:00"'])
@pytest.mark.parametrize(("evening", "night", "seven"), NIGHTS, ids=["spring", "autumn", "any night"])
async def test_at_seven_by_the_clock_on_the_wall_the_night_comes_in_one_digest(
    day: Day, kept: str, evening: str, night: str, seven: str
) -> None:
    day.zone = "Europe/Berlin"
    moments = [datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (evening, night, seven)]
    await day.begin(day.webhook("desk", more=f"{DEFAULT}, {kept}"))
    for moment, headline in zip(moments, ferries(1, 2), strict=False):
        day.house.clock.at = moment
        await day.ring(headline)
    day.house.clock.at = moments[-1] - timedelta(seconds=1)
    await day.house.work()
    assert (day.digests("desk"), day.told("desk")) == ([], [])
    day.house.clock.at = moments[-1]
    await day.house.work()
    assert day.digests("desk") == [ferries(1, 2)]


# --- bursts ----------------------------------------------------------------------------------------------------------


async def test_of_four_hundred_alerts_in_ten_minutes_five_come_at_once_and_the_rest_as_one(day: Day) -> None:
    await day.begin(day.webhook("desk", more=DEFAULT))
    for number in range(10):
        await day.ring(*ferries(number * 40 + 1, number * 40 + 40))
        await day.until(f"09:{number + 1:02}")
    assert day.told("desk") == ferries(1, 5)
    await day.until("09:30")
    assert day.told("desk") == ferries(1, 5)
    assert day.digests("desk") == [ferries(6, 400)]
    assert [each["reason"] for each in day.got("desk", "digest.v1")] == ["bundle"]
    assert set(day.states("desk")) == {SENT}


async def test_a_rule_that_rings_on_and_on_gets_five_messages_in_any_ten_minutes(day: Day) -> None:
    await day.begin(day.webhook("desk", more=DEFAULT))
    for minute in range(30):
        await day.ring(*ferries(minute * 2 + 1, minute * 2 + 2))
        await day.until(f"09:{minute + 1:02}")
    sent = sorted({each.sent_at for each in day.owed("desk") if each.sent_at})
    assert max(sum(start <= at < start + timedelta(minutes=10) for at in sent) for start in sent) <= 5
    await day.until("09:50")
    assert set(day.states("desk")) == {SENT}


async def test_each_rule_and_each_channel_has_its_own_burst_and_urgent_ones_have_none(day: Day) -> None:
    once, free = 'burst = "1 in 5m"', "burst = false"
    day.rules += "\nrules.lost = '\"lost\"'\n"
    await day.begin(day.webhook("desk", more=f"{DEFAULT}, {once}") + day.webhook("mail", more=f"{DEFAULT}, {free}"))
    await day.ring("Ferry is late", "Ferry is later", "Dog lost", "Flood here", "Flood there")
    assert day.told("desk") == ["Ferry is late", "Dog lost", "Flood here", "Flood there"]
    assert len(day.told("mail")) == 5
    await day.until("09:05")
    assert day.told("desk")[4:] == ["Ferry is later"]


# --- the daily number ------------------------------------------------------------------------------------------------


async def test_a_rule_that_explodes_comes_by_the_hour_and_alone_again_tomorrow(day: Day) -> None:
    day.rules = 'rules.sea = { match = \'"ferry"\', at_most = "2/day" }'
    await day.begin(day.webhook("desk", more=DEFAULT))
    await day.ring(*ferries(1, 20))
    assert day.told("desk") == ferries(1, 2)
    assert {each.reason for each in day.owed("desk") if each.state is QUEUED} == {
        "held, its rule rang often enough today"
    }
    await day.until("10:30", step=timedelta(minutes=10))
    await day.ring(*ferries(21, 30))
    await day.until("11:00", step=timedelta(minutes=10))
    assert day.told("desk") == ferries(1, 2)
    assert day.digests("desk") == [ferries(3, 20), ferries(21, 30)]
    await day.until("+00:30", step=HOUR)
    await day.ring("Ferry is early")
    assert day.told("desk") == [*ferries(1, 2), "Ferry is early"]
    assert set(day.states("desk")) == {SENT}


# --- the last day ----------------------------------------------------------------------------------------------------


async def test_a_rule_rings_up_to_its_last_day_and_says_afterwards_why_it_did_not(day: Day) -> None:
    day.zone = "Europe/Berlin"
    day.rules = "rules.sea = { match = '\"ferry\"', until = 2026-11-24 }"
    await day.begin(day.webhook("desk", more=DEFAULT))
    day.house.clock.at = day.at("22:59")
    await day.ring("Ferry is late")
    day.house.clock.at = day.at("23:00")  # midnight in Berlin
    await day.ring("Ferry is lost")
    assert day.told("desk") == ["Ferry is late"]
    why = day.call("rules", "why", "sea", "2").stdout
    assert "alert     no    the rule had ended Wed 25 Nov 00:00" in why or "the rule had ended 00:00" in why
    assert "nobody: it has ended" in day.call("rules", "list").stdout
