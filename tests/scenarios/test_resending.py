"""What reached nobody goes once more when people want it to."""

from __future__ import annotations

import pytest

from monitor.alert import DeliveryState
from monitor.store import deliveries as delivery_rows
from tests.http_server import Reply
from tests.scenarios.day import DEFAULT, TAKEN, Day, ferries

NO = Reply(status=422)
SENT, UNDELIVERED = DeliveryState.SENT, DeliveryState.UNDELIVERED


def ids(day: Day, channel: str = "desk") -> list[str]:
    return [each.alert_id for each in day.owed(channel)]


async def resent(day: Day, *arguments: str) -> tuple[int, str]:
    """Call the command, let the daemon work, and return exit code and words."""
    result = day.call("alerts", "resend", *arguments)
    await day.house.work()
    return result.exit_code, result.output


async def test_a_muted_alert_is_told_after_all_though_the_mute_lasts_and_the_channel_rests(day: Day) -> None:
    await day.begin(day.webhook("desk", more=f'{DEFAULT}, quiet = "12:00-14:00"'))
    day.call("mute", "add", "--rule", "sea", "--for", "8h")
    await day.ring("Ferry is late")
    day.house.clock.at = day.at("13:00")
    (number,) = ids(day)
    assert await resent(day, number[:8]) == (0, f"a-{number[:6]}: goes to desk\n")
    assert (day.told("desk"), day.states("desk")) == (["Ferry is late"], [SENT])
    await day.until("13:10")
    assert day.told("desk") == ["Ferry is late"]


async def test_what_a_receiver_refused_is_sent_again_to_it(day: Day) -> None:
    await day.begin(day.webhook("desk", NO, more=f"{DEFAULT}, fallback = false"))
    await day.ring("Ferry is late")
    assert day.states("desk") == [UNDELIVERED]
    day.turns("desk", TAKEN)
    assert (await resent(day, *ids(day)))[0] == 0
    assert (day.states("desk"), day.owed("desk")[0].attempts) == ([SENT], 2)


async def test_another_channel_tells_it(day: Day) -> None:
    await day.begin(day.webhook("desk", NO, more=f"{DEFAULT}, fallback = false") + day.webhook("mail"))
    await day.ring("Ferry is late")
    (number,) = ids(day)
    assert await resent(day, "--to", "mail", number) == (0, f"a-{number[:6]}: goes to mail\n")
    assert day.told("mail") == ["Ferry is late"]
    assert await resent(day, "--to", "mail", number) == (1, f"a-{number[:6]}: mail is sent already\n")
    assert await resent(day, "--to", "post", number) == (
        2,
        "Error: no channel is called 'post'; known are desk, mail\n",
    )


async def test_what_a_digest_could_not_bring_is_sent_again_alert_by_alert_or_whole(day: Day) -> None:
    await day.begin(day.webhook("desk", NO, more=f"{DEFAULT}, fallback = false"))
    await day.ring_unheard(*ferries(1, 3))
    day.house.clock.at = day.at("12:00")
    await day.house.work()
    assert day.states("desk") == [UNDELIVERED] * 3
    day.turns("desk", TAKEN)
    before = len(day.digests("desk"))
    await resent(day, ids(day)[1])
    assert day.told("desk") == ["Ferry number 2 is late"]
    await resent(day, str(day.got("desk", "digest.v1")[0]["id"]))
    assert day.digests("desk")[before:] == [["Ferry number 1 is late", "Ferry number 3 is late"]]
    assert day.states("desk") == [SENT] * 3


async def test_a_channel_that_was_removed_tells_nothing_and_another_one_does(day: Day) -> None:
    await day.begin(day.webhook("desk", NO, more=f"{DEFAULT}, fallback = false") + day.webhook("mail"))
    await day.ring("Ferry is late")
    (number,) = ids(day)
    await day.reload(day.webhook("mail", more=DEFAULT))
    code, words = await resent(day, number)
    assert (code, words) == (1, f"a-{number[:6]}: there is no channel desk any more; name another one with --to\n")
    assert (await resent(day, number, "--to", "mail"))[0] == 0


async def test_of_several_some_may_go(day: Day) -> None:
    await day.begin(day.webhook("desk", NO, more=f"{DEFAULT}, fallback = false"))
    await day.ring("Ferry is late")
    day.turns("desk", TAKEN)
    await day.ring("Ferry is lost")
    code, words = await resent(day, *ids(day), "zzzzzz")
    assert code == 4
    assert "nothing to send again (desk sent); name another channel with --to" in words
    assert "no alert has an id that begins with zzzzzz" in words


@pytest.mark.parametrize(("reply", "kept"), [(TAKEN, True), (NO, False)])
async def test_the_message_is_kept_as_it_was_sent(day: Day, reply: Reply, *, kept: bool) -> None:
    await day.begin(day.webhook("desk", reply, more=f"{DEFAULT}, fallback = false"))
    await day.ring("Ferry is late")
    (owed,) = day.owed("desk")
    message = day.house.database.read_now(lambda tx: delivery_rows.message(tx, owed.id))
    assert ("Ferry is late" in (message or "")) is kept
