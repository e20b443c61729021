"""Days on which a channel cannot be reached: others tell in its place, nothing is lost, and what is late says so."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from monitor.alert import DeliveryState, interrupted
from monitor.render import stamp
from monitor.store import deliveries as delivery_rows
from tests.http_server import DROP, Reply
from tests.scenarios.day import DEFAULT, TAKEN, Day, ferries
from tests.smtp_server import Letter, SmtpServer

BROKEN, REFUSED = Reply(status=503), Reply(status=401)


# --- another tells in its place -----------------------------------------------------------------------------------


async def morning_without_desk(day: Day) -> None:
    """From 09:02 to 09:47 the desk answers 503; five usual alerts and an urgent one come meanwhile."""
    await day.begin(day.webhook("desk", more=DEFAULT) + day.webhook("mail"))
    day.turns("desk", BROKEN)
    await day.until("09:02")
    await day.ring("Ferry number 1 is late", "A flood in the port")
    await day.until("09:20")
    await day.ring("Ferry number 2 is late")
    await day.until("09:30")
    await day.ring("Ferry number 3 is late", "Ferry number 4 is late")
    await day.until("09:46")
    await day.ring("Ferry number 5 is late")
    day.turns("desk", TAKEN)


async def test_mail_tells_urgent_alerts_after_a_minute_and_the_others_after_five(day: Day) -> None:
    await day.begin(day.webhook("desk", BROKEN, more=DEFAULT) + day.webhook("mail"))
    await day.until("09:02")
    await day.ring("Ferry number 1 is late", "A flood in the port")
    assert day.told("mail") == []
    await day.until("09:03")
    assert day.told("mail") == ["A flood in the port"]
    await day.until("09:06")
    assert day.told("mail") == ["A flood in the port"]
    await day.until("09:07")
    assert day.told("mail") == ["A flood in the port", "Ferry number 1 is late"]
    await day.ring("Ferry number 2 is late")
    assert day.told("mail")[2:] == ["Ferry number 2 is late"]


async def test_what_comes_in_anothers_place_says_so(day: Day) -> None:
    await morning_without_desk(day)
    assert {document["instead_of"] for document in day.got("mail")} == {"desk"}


async def test_the_first_message_after_an_outage_begins_with_it(day: Day) -> None:
    await morning_without_desk(day)
    failed = len(day.got("desk"))
    await day.until("10:10")
    (again,) = {each.sent_at for each in day.owed("desk") if each.sent_at}
    first, *others = day.got("desk")[failed:]
    assert first["outage"] == {"since": "2026-11-24T09:02:00Z", "until": stamp(again), "waiting": 6}
    assert not any("outage" in each for each in others)


async def test_after_an_outage_everything_arrives_in_order_but_for_the_probe(day: Day) -> None:
    await morning_without_desk(day)
    await day.until("10:10")
    probe, *others = day.told("desk")[-6:]
    assert set(day.states("desk")) == {DeliveryState.SENT}
    assert [probe, *others] in (
        day.published,
        [day.published[1], day.published[0], *day.published[2:]],
    )


async def test_when_one_message_arrives_the_others_wait_no_longer(day: Day) -> None:
    await day.begin(day.webhook("desk", BROKEN, more=DEFAULT))
    await day.ring(*ferries(1, 3))
    await day.until("11:00")
    day.turns("desk", TAKEN)
    await day.until("11:20")
    assert day.states("desk") == [DeliveryState.SENT] * 3
    assert len({each.sent_at for each in day.owed("desk")}) == 1


async def test_what_the_fallback_told_it_is_not_asked_again(day: Day) -> None:
    await morning_without_desk(day)
    await day.until("12:00")
    assert sorted(map(str, day.told("mail"))) == sorted(day.published[:6])
    assert set(day.states("mail")) == {DeliveryState.SENT}


async def test_people_hear_once_that_a_channel_is_out_and_once_that_it_works_again(day: Day) -> None:
    await morning_without_desk(day)
    (out,) = day.notices("mail")
    assert str(out) == (
        "desk cannot be reached since 09:02: server answered 503 (Service Unavailable). "
        "Until it can be, its alerts go to mail as well."
    )
    await day.until("12:00")
    _, over = day.notices("mail")
    assert str(over).startswith("desk works again; it could not be reached 09:02–")
    assert day.notices("desk") == []


async def test_a_dead_channel_is_probed_ever_more_seldom_however_many_alerts_wait_for_it(day: Day) -> None:
    await day.begin(day.webhook("desk", BROKEN, more=DEFAULT))
    await day.ring(*ferries(1, 12))
    await day.until("11:00")
    probes = len(day.receiver.asked("/desk"))
    await day.until("12:00")
    assert probes <= 16
    assert len(day.receiver.asked("/desk")) - probes <= 4


async def test_a_trouble_that_passes_hands_nothing_on_and_needs_no_excuse(day: Day) -> None:
    await day.begin(day.webhook("desk", BROKEN, BROKEN, BROKEN, TAKEN, more=DEFAULT) + day.webhook("mail"))
    await day.ring("Ferry number 1 is late")
    await day.until("09:30")
    assert day.states("desk") == [DeliveryState.SENT]
    assert not any("outage" in each for each in day.got("desk"))
    assert (day.told("mail"), day.notices("mail")) == ([], [])


async def test_a_refused_login_hands_on_at_once_and_is_told_once(day: Day) -> None:
    await day.begin(day.webhook("desk", REFUSED, more=DEFAULT) + day.webhook("mail"))
    await day.ring("Ferry number 1 is late", "Ferry number 2 is late")
    assert day.told("mail") == ["Ferry number 1 is late", "Ferry number 2 is late"]
    assert [each.attempts for each in day.owed("desk")] == [1, 1]
    (notice,) = day.notices("mail")
    assert "desk cannot be reached since 09:00: server answered 401 (Unauthorized)" in str(notice)


async def test_a_refused_login_whose_cure_works_is_told_to_be_over(day: Day) -> None:
    await day.begin(day.webhook("desk", REFUSED, TAKEN, more=DEFAULT) + day.webhook("mail"))
    await day.ring("Ferry number 1 is late")
    await day.until("09:10")
    await day.ring("Ferry number 2 is late")
    assert day.told("desk") == ["Ferry number 1 is late", "Ferry number 2 is late"]
    assert len(day.notices("mail")) == 2
    assert day.status() == 0


async def test_a_refused_message_goes_to_the_fallback_and_says_nothing_of_the_channel(day: Day) -> None:
    await day.begin(day.webhook("desk", Reply(status=422), more=DEFAULT) + day.webhook("mail"))
    await day.ring("Ferry number 1 is late")
    assert day.told("mail") == ["Ferry number 1 is late"]
    assert day.notices("mail") == []
    assert day.status() == 0


async def test_a_receiver_that_hangs_up_without_an_answer_is_spared_and_its_alerts_are_told_elsewhere(day: Day) -> None:
    await day.begin(
        day.webhook("desk", DROP, more=f"{DEFAULT}, burst = false") + day.webhook("mail", more="burst = false")
    )
    await day.ring(*ferries(1, 12))
    await day.until("09:59")
    assert len(day.receiver.asked("/desk")) <= 12
    assert set(ferries(1, 12)) == {*map(str, day.told("mail"))} | {
        str(each["headline"]) for each in day.got("desk") if each.get("may_repeat")
    }
    day.turns("desk", TAKEN)
    await day.until("10:30")
    assert DeliveryState.QUEUED not in day.states("desk")
    assert day.states("desk").count(DeliveryState.SENT) >= 6


# --- who stands in ------------------------------------------------------------------------------------------------


async def test_a_single_channel_loses_nothing_and_the_status_says_so(day: Day) -> None:
    await day.begin(day.webhook("desk", more=DEFAULT))
    assert day.status() == 0
    day.turns("desk", BROKEN)
    await day.ring(*ferries(1, 3))
    await day.until("09:40")
    assert day.status() == 1
    day.turns("desk", TAKEN)
    await day.until("10:10")
    assert day.states("desk") == [DeliveryState.SENT] * 3
    assert day.status() == 0


async def test_while_both_channels_are_down_each_keeps_what_is_its_own(day: Day) -> None:
    await day.begin(day.webhook("desk", BROKEN, more=DEFAULT) + day.webhook("mail", BROKEN, more=DEFAULT))
    await day.ring(*ferries(1, 3))
    await day.until("09:50")
    day.turns("mail", TAKEN)
    day.turns("desk", TAKEN)
    await day.until("10:20")
    for channel in ("desk", "mail"):
        assert day.states(channel) == [DeliveryState.SENT] * 3
        assert set(day.told(channel)[-3:]) == set(ferries(1, 3))
        assert not any("instead_of" in each for each in day.got(channel))


async def test_the_fallback_that_is_named_stands_in_and_no_other(day: Day) -> None:
    named = f'{DEFAULT}, fallback = "pager"'
    await day.begin(day.webhook("desk", BROKEN, more=named) + day.webhook("mail") + day.webhook("pager"))
    await day.ring("Ferry number 1 is late")
    await day.until("09:10")
    assert (day.told("mail"), day.told("pager")) == ([], ["Ferry number 1 is late"])


async def test_without_a_fallback_alerts_wait_for_their_own_channel(day: Day) -> None:
    alone = f"{DEFAULT}, fallback = false"
    await day.begin(day.webhook("desk", BROKEN, more=alone) + day.webhook("mail"))
    await day.ring("Ferry number 1 is late")
    await day.until("09:40")
    assert day.told("mail") == []
    day.turns("desk", TAKEN)
    await day.until("10:10")
    assert day.states("desk") == [DeliveryState.SENT]


async def test_a_fallback_that_cannot_be_reached_either_hands_on_and_nothing_goes_to_and_fro(day: Day) -> None:
    await day.begin(
        day.webhook("desk", BROKEN, more=DEFAULT) + day.webhook("mail", BROKEN) + day.webhook("pager", TAKEN)
    )
    await day.ring("Ferry number 1 is late")
    await day.until("09:40")
    assert day.told("pager") == ["Ferry number 1 is late"]
    day.turns("desk", TAKEN)
    day.turns("mail", TAKEN)
    await day.until("11:00")
    for channel in ("desk", "mail", "pager"):
        assert day.states(channel) == [DeliveryState.SENT]
    assert len(day.told("pager")) == 1


async def test_a_message_that_every_channel_refuses_is_shown_as_undelivered(day: Day) -> None:
    no = Reply(status=422)
    await day.begin(day.webhook("desk", no, more=DEFAULT) + day.webhook("mail", no) + day.webhook("pager", no))
    await day.ring("Ferry number 1 is late")
    for channel in ("desk", "mail", "pager"):
        (owed,) = day.owed(channel)
        assert (owed.state, owed.attempts) == (DeliveryState.UNDELIVERED, 1)
        assert owed.reason == "server answered 422 (Unprocessable Entity)"
    assert day.status() == 1


async def test_an_alert_goes_to_the_third_when_the_second_cannot_take_it_for_good(day: Day) -> None:
    channels = day.webhook("desk", REFUSED, more=DEFAULT) + day.webhook("mail", REFUSED) + day.webhook("pager")
    await day.begin(channels)
    await day.ring("Ferry number 1 is late")
    assert day.told("pager") == ["Ferry number 1 is late"]
    assert [len(day.told(name)) for name in ("desk", "mail")] == [1, 1]


async def test_a_fallback_that_once_failed_and_has_nothing_to_be_tried_with_is_tried(day: Day) -> None:
    await day.begin(day.webhook("desk", more=DEFAULT) + day.webhook("mail", REFUSED, TAKEN))
    day.turns("desk", Reply(status=422), TAKEN)
    await day.ring("Ferry number 1 is late")  # refused here, and there
    assert day.states("mail") == [DeliveryState.UNDELIVERED]
    day.turns("desk", BROKEN)
    await day.ring("Ferry number 2 is late")
    await day.until("09:10")
    assert day.states("mail") == [DeliveryState.UNDELIVERED, DeliveryState.SENT]


async def test_the_fallback_keeps_its_own_quiet_hours(day: Day) -> None:
    resting = day.webhook("mail", more='quiet = "08:00-12:00"')
    await day.begin(day.webhook("desk", BROKEN, more=DEFAULT) + resting)
    await day.ring("Ferry number 1 is late", "A flood in the port")
    await day.until("11:59")
    assert day.told("mail") == ["A flood in the port"]
    await day.until("12:00")
    assert day.told("mail") == ["A flood in the port", "Ferry number 1 is late"]


async def test_what_a_channel_would_keep_for_the_morning_nobody_tells_in_its_place(day: Day) -> None:
    resting = day.webhook("desk", BROKEN, more=f'{DEFAULT}, quiet = "09:01-12:00"')
    await day.begin(resting + day.webhook("mail"))
    await day.ring("A flood in the port")
    await day.until("09:10")
    await day.ring("Ferry number 1 is late")
    await day.until("11:59")
    assert day.told("mail") == ["A flood in the port"]


async def test_a_channel_that_failed_before_a_night_without_the_daemon_is_tried_before_others_tell(day: Day) -> None:
    await day.begin(day.webhook("desk", BROKEN, TAKEN, more=DEFAULT) + day.webhook("mail"))
    await day.ring("Ferry number 1 is late")
    await day.until("13:00", step=timedelta(hours=4))
    assert day.states("desk") == [DeliveryState.SENT]
    assert (day.told("mail"), day.notices("mail")) == ([], [])


# --- what is late -------------------------------------------------------------------------------------------------


async def test_after_three_hours_what_is_over_an_hour_late_comes_in_one_digest_and_the_rest_singly(day: Day) -> None:
    await day.begin(day.webhook("desk", BROKEN, more=DEFAULT))
    await day.ring(*ferries(1, 4))
    await day.until("11:30")
    await day.ring(*ferries(5, 6))
    day.turns("desk", TAKEN)
    before = len(day.told("desk"))
    await day.until("12:05")
    probe, *others = day.told("desk")[before:]
    (late,) = day.digests("desk")
    assert probe in ferries(1, 2)
    assert [*late] == [each for each in ferries(1, 4) if each != probe]
    assert others == ferries(5, 6)
    assert day.states("desk") == [DeliveryState.SENT] * 6


async def test_after_half_an_hour_many_come_in_one_digest(day: Day) -> None:
    await day.begin(day.webhook("desk", BROKEN, more=DEFAULT))
    await day.ring(*ferries(1, 26))
    day.turns("desk", BROKEN, BROKEN, BROKEN, BROKEN, BROKEN, BROKEN, BROKEN, BROKEN, TAKEN)
    await day.until("09:50")
    (late,) = day.digests("desk")
    (probe,) = set(ferries(1, 26)) - set(late)
    assert day.told("desk")[-1] == probe
    assert late == [each for each in ferries(1, 26) if each != probe]


async def test_a_few_come_singly(day: Day) -> None:
    await day.begin(day.webhook("desk", BROKEN, more=f"{DEFAULT}, burst = false"))
    await day.ring(*ferries(1, 20))
    await day.until("09:30")
    day.turns("desk", TAKEN)
    await day.until("09:55")
    assert day.digests("desk") == []
    assert day.states("desk") == [DeliveryState.SENT] * 20


async def test_more_than_five_hundred_come_in_several_digests_of_much_the_same_size(day: Day) -> None:
    await day.begin(day.webhook("desk", BROKEN, more=DEFAULT))
    await day.ring(*ferries(1, 802))
    await day.until("10:30", step=timedelta(minutes=5))
    day.turns("desk", TAKEN)
    await day.until("11:00", step=timedelta(minutes=5))
    assert [len(each) for each in day.digests("desk")] == [400, 401]
    told = [headline for each in day.digests("desk") for headline in each]
    assert told == [each for each in day.published if each in told]


async def test_what_waited_for_a_daemon_that_was_down_comes_as_one_digest_for_each_channel_and_receiver(
    day: Day,
) -> None:
    with SmtpServer() as post:
        to = '["anna@x.example", "ben@x.example"]'
        mail = f'channels.post = {{ to = {to}, smtp = "127.0.0.1", port = {post.port}, security = "none", {DEFAULT} }}'
        await day.begin(day.webhook("desk", more=DEFAULT) + mail)
        await day.ring_unheard(*ferries(1, 3))
        await day.until("12:00", step=timedelta(hours=3))
        assert day.digests("desk") == [ferries(1, 3)]
        assert day.told("desk") == []
        subjects = [(letter.receivers, str(letter.message["Subject"])) for letter in post.letters]
        words = "3 alerts, late (Tue 24 Nov 09:00 to 09:00)"
        assert subjects == [(("anna@x.example",), words), (("ben@x.example",), words)]


async def test_one_alert_that_is_late_comes_singly(day: Day) -> None:
    await day.begin(day.webhook("desk", more=DEFAULT))
    await day.ring_unheard("Ferry number 1 is late")
    await day.until("12:00", step=timedelta(hours=3))
    assert (day.told("desk"), day.digests("desk")) == (["Ferry number 1 is late"], [])


async def test_an_alert_that_may_repeat_is_never_hidden_in_a_digest(day: Day) -> None:
    await day.begin(day.webhook("desk", more=DEFAULT))
    await day.ring_unheard(*ferries(1, 3))
    first = day.owed("desk")[0]
    await day.house.database.write(partial(delivery_rows.put_back, again=interrupted(first, day.house.clock())))
    await day.until("12:00", step=timedelta(hours=3))
    assert day.digests("desk") == [ferries(2, 3)]
    assert [(each["headline"], each["may_repeat"]) for each in day.got("desk")] == [(ferries(1, 1)[0], True)]


# --- digests ------------------------------------------------------------------------------------------------------


async def late_digest(day: Day, *replies: Reply, more: str = "") -> None:
    """At noon three alerts wait for the desk, which answers so then."""
    await day.begin(day.webhook("desk", *replies, more=DEFAULT) + day.webhook("mail") + more)
    await day.ring_unheard(*ferries(1, 3))
    await day.until("12:00", step=timedelta(hours=3))


async def test_a_digest_that_fails_is_tried_again(day: Day) -> None:
    await late_digest(day, BROKEN, BROKEN, TAKEN)
    assert day.states("desk") == [DeliveryState.BUNDLED] * 3
    await day.until("12:02")
    assert day.digests("desk") == [ferries(1, 3)] * 3
    assert day.states("desk") == [DeliveryState.SENT] * 3


async def test_what_a_digest_carries_is_handed_on_like_any_other(day: Day) -> None:
    await late_digest(day, BROKEN)
    await day.until("12:06")
    assert day.digests("mail") == [ferries(1, 3)]
    assert day.got("mail", "digest.v1")[0]["instead_of"] == "desk"
    day.turns("desk", TAKEN)
    await day.until("12:30")
    assert day.states("desk") == [DeliveryState.SENT] * 3
    assert day.states("mail") == [DeliveryState.SENT] * 3


async def test_what_the_fallback_told_before_the_digest_was_made_it_is_not_asked_again(day: Day) -> None:
    await day.begin(day.webhook("desk", BROKEN, more=DEFAULT) + day.webhook("mail"))
    await day.ring(*ferries(1, 4))
    await day.until("12:00", step=timedelta(minutes=5))
    assert day.told("mail") == ferries(1, 4)
    day.turns("desk", TAKEN, BROKEN)  # the probe, then the digest
    await day.until("12:40")
    assert len(day.digests("desk")) > 1
    assert (day.told("mail"), day.digests("mail")) == (ferries(1, 4), [])


async def test_alerts_share_what_became_of_their_digest(day: Day) -> None:
    no = Reply(status=413)
    await late_digest(day, no)
    assert day.states("desk") == [DeliveryState.UNDELIVERED] * 3
    assert {each.reason for each in day.owed("desk")} == {
        "late, in a digest: server answered 413 (Request Entity Too Large)"
    }
    assert day.digests("mail") == [ferries(1, 3)]
    assert day.status() == 0


async def test_a_digest_that_nobody_takes_shows_its_alerts_as_undelivered(day: Day) -> None:
    no = Reply(status=413)
    await day.begin(day.webhook("desk", no, more=DEFAULT))
    await day.ring_unheard(*ferries(1, 3))
    await day.until("12:00", step=timedelta(hours=3))
    assert day.states("desk") == [DeliveryState.UNDELIVERED] * 3
    assert day.status() == 1


async def test_a_digest_outlives_a_reload(day: Day) -> None:
    await late_digest(day, BROKEN)
    await day.reload(day.webhook("desk", TAKEN, more=DEFAULT) + day.webhook("mail"))
    assert day.digests("desk")[-1] == ferries(1, 3)
    assert day.states("desk") == [DeliveryState.SENT] * 3


async def test_a_digest_for_a_channel_that_was_removed_is_withheld_with_what_it_carries(day: Day) -> None:
    await late_digest(day, BROKEN)
    await day.reload(day.webhook("mail", more=DEFAULT))
    assert {(each.state, each.reason) for each in day.owed("desk")} == {(DeliveryState.WITHHELD, "channel removed")}


def opening(letter: Letter) -> str:
    plain = letter.message.get_body(("plain",))
    assert plain is not None
    return str(plain.get_content()).splitlines()[0]


async def test_each_receiver_of_a_mail_channel_hears_of_the_outage(day: Day) -> None:
    to = 'to = ["anna@x.example", "ben@x.example"], smtp = "127.0.0.1", security = "none"'
    with SmtpServer(says={"MAIL": "451 4.3.0 later"}) as dead, SmtpServer() as post:
        await day.begin(f"channels.post = {{ {to}, port = {dead.port} }}")
        await day.ring("Ferry number 1 is late", "Ferry number 2 is late")
        await day.until("09:20")
        await day.reload(f"channels.post = {{ {to}, port = {post.port} }}")
        begins = [(letter.receivers[0], opening(letter)) for letter in post.letters]
    sorry = "I could not reach you 09:00–09:20; 2 alerts follow."
    assert len(begins) == 4
    for receiver in ("anna@x.example", "ben@x.example"):
        first, second = [begin for to_whom, begin in begins if to_whom == receiver]
        assert first == sorry
        assert second.startswith("Ferry number")
