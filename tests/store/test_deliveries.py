"""The line before each channel."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import count

import pytest

from monitor import alert as nouns
from monitor.alert import Attempt, Delivery, DeliveryState, Digest, Kind, Priority, owed
from monitor.channel import ChannelState
from monitor.judge import Ruling
from monitor.policy import Look, Reason, Together
from monitor.store import channels, deliveries, rulings
from monitor.store.database import Database
from tests.store.samples import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    added,
    alert,
    arrival,
    entry,
    finished,
    get,
    line,
    notice,
    plan,
    started,
    told,
)

NUMBERS = count(1)


def kept(database: Database, delivery: Delivery) -> Delivery:
    (found,) = [
        each
        for each in database.read_now(partial(deliveries.of_alerts, ids=[delivery.alert_id]))[delivery.alert_id]
        if each.id == delivery.id
    ]
    return found


def due_channels(database: Database, now: datetime = NOW) -> frozenset[str]:
    return database.read_now(partial(deliveries.due_channels, now=now))


def paused(database: Database, until: datetime | None, name: str = "desk") -> None:
    database.write_now(partial(channels.put, state=ChannelState(name=name, paused_until=until)))


def failed(database: Database, delivery: Delivery, *, pauses: int, due_at: datetime) -> None:
    """Let an attempt fail by a fault of the channel, so often now."""
    started(database, delivery)
    assert finished(database, replace(delivery, pauses=pauses, due_at=due_at, reason="refused"), "failed")


# --- the line ----------------------------------------------------------------------------------------------------


def test_a_delivery_comes_back_as_it_was_owed(database: Database) -> None:
    (due,) = told(database, "mail", receivers=("anna@bank.example",))
    head = database.write_now(partial(deliveries.head, name="mail", now=NOW))
    assert head == (due, notice(), False)


def test_the_line_moves_in_the_order_in_which_deliveries_were_owed(database: Database) -> None:
    names = ("c", "a", "b")
    first, second, third = (told(database, "desk", name=name)[0] for name in names)
    for expected in (first, second, third):
        assert line(database) == expected
        started(database, expected)
        finished(database, replace(expected, state=DeliveryState.SENT, sent_at=NOW))
    assert line(database) is None


def test_channels_have_lines_of_their_own(database: Database) -> None:
    desk, mail = told(database, "desk", "mail")
    started(database, desk)
    assert (line(database, "desk"), line(database, "mail")) == (None, mail)


def test_only_what_is_due_leaves_the_line(database: Database) -> None:
    (due,) = told(database, "desk")
    assert (line(database, now=NOW - SECOND), due_channels(database, NOW - SECOND)) == (None, frozenset())
    assert (line(database), due_channels(database)) == (due, frozenset({"desk"}))


def test_a_paused_channel_waits_whole(database: Database) -> None:
    told(database, "desk", "mail")
    paused(database, NOW + MINUTE)
    assert (line(database), due_channels(database)) == (None, frozenset({"mail"}))
    later = NOW + MINUTE
    assert line(database, now=later) is not None
    assert due_channels(database, later) == {"desk", "mail"}


def test_what_is_held_lets_those_behind_it_pass(database: Database) -> None:
    (first,), (second,) = told(database, "desk", name="a"), told(database, "desk", name="b")
    hold = partial(deliveries.hold, delivery_id=first.id, until=NOW + HOUR, reason="held, quiet hours")
    database.write_now(hold)
    assert line(database) == second
    assert line(database, now=NOW + HOUR) == replace(first, due_at=NOW + HOUR, reason="held, quiet hours")


def test_what_is_being_sent_is_not_held(database: Database) -> None:
    (due,) = told(database, "desk")
    started(database, due)
    database.write_now(partial(deliveries.hold, delivery_id=due.id, until=NOW + HOUR, reason="held, quiet hours"))
    assert kept(database, due) == replace(due, state=DeliveryState.SENDING)


def test_the_head_that_a_fault_of_the_channel_sent_back_stays_the_head(database: Database) -> None:
    (first,), _ = told(database, "desk", name="a"), told(database, "desk", name="b")
    for pauses in (1, 2):
        later = NOW + pauses * MINUTE
        head = line(database, now=later)
        assert head is not None
        failed(database, head, pauses=pauses, due_at=later)
    again = line(database, now=NOW + HOUR)
    assert again is not None
    assert (again.id, again.attempts, again.pauses, again.reason) == (first.id, 2, 2, "refused")


def test_after_three_pauses_on_it_the_head_goes_behind(database: Database) -> None:
    (first,), (second,) = told(database, "desk", name="a"), told(database, "desk", name="b")
    failed(database, first, pauses=3, due_at=NOW)
    assert line(database) == second
    failed(database, second, pauses=3, due_at=NOW)
    again = line(database)
    assert again is not None
    assert again.id == first.id


def test_a_sent_delivery_is_kept_with_its_attempt(database: Database) -> None:
    (due,) = told(database, "desk")
    started(database, due)
    assert finished(database, replace(due, state=DeliveryState.SENT, sent_at=NOW, reason="250 ok"))
    assert kept(database, due) == replace(due, state=DeliveryState.SENT, sent_at=NOW, reason="250 ok", attempts=1)
    tries = database.read_now(partial(deliveries.attempts, delivery_id=due.id))
    assert tries == (Attempt(delivery_id=due.id, n=1, at=NOW, outcome="sent", reason=""),)


def test_a_delivery_being_sent_is_nobody_elses(database: Database) -> None:
    (due,) = told(database, "desk")
    started(database, due)
    assert (line(database), due_channels(database)) == (None, frozenset())


def test_an_attempt_ends_a_delivery_once(database: Database) -> None:
    (due,) = told(database, "desk")
    started(database, due)
    assert finished(database, replace(due, state=DeliveryState.SENT))
    assert not finished(database, replace(due, state=DeliveryState.UNDELIVERED), "failed")
    assert kept(database, due).state is DeliveryState.SENT
    assert len(database.read_now(partial(deliveries.attempts, delivery_id=due.id))) == 1


def test_a_sender_that_does_not_come_back_gives_the_delivery_up_as_one_that_may_repeat(database: Database) -> None:
    (due,) = told(database, "desk")
    started(database, due)
    late = NOW + 5 * MINUTE
    assert due_channels(database, late) == {"desk"}
    again = line(database, now=late)
    assert again is not None
    assert (again.state, again.may_repeat, again.reason) == (DeliveryState.QUEUED, True, "interrupted while sending")


def test_a_late_sender_does_not_end_the_attempt_that_followed_its_own(database: Database) -> None:
    (due,) = told(database, "desk")
    started(database, due)
    again = line(database, now=NOW + HOUR)
    assert again is not None
    started(database, again, now=NOW + HOUR)
    assert not finished(database, replace(due, state=DeliveryState.UNDELIVERED), "failed")
    assert finished(database, replace(again, state=DeliveryState.SENT))
    assert kept(database, due).state is DeliveryState.SENT


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (partial(deliveries.head, name="desk", now=NOW), "delivery_line (channel=?)"),
        (partial(deliveries.due_channels, now=NOW), "delivery_line"),
    ],
    ids=["head", "due channels"],
)
def test_the_line_is_read_off_its_index(database: Database, question: partial[object], index: str) -> None:
    steps = plan(database, question)
    assert any(f"USING COVERING INDEX {index}" in step or f"USING INDEX {index}" in step for step in steps)
    assert not any("TEMP B-TREE FOR ORDER BY" in step for step in steps)


# --- channels that are out ---------------------------------------------------------------------------------------


def rung(database: Database, *names: str, channel: str = "desk", receiver: str = "") -> list[Delivery]:
    """Owe an alert of each of the rules to a channel and return the deliveries."""
    owed_now = []
    for name in names:
        (number,) = added(database, arrival(entry(next(NUMBERS))))
        what = alert(get(database, number), rule=name)
        (due,) = owed(what.id, channel, (receiver,), NOW, rule=name)
        ruling = Ruling(item_id=number, version=1, matches=(), alerts=(what,), deliveries=(due,))
        database.write_now(partial(rulings.record, rulings=[ruling], now=NOW))
        owed_now.append(due)
    return owed_now


def bundled(database: Database, *parts: Delivery, kind: Kind = Kind.LATE) -> Delivery:
    """Put deliveries into a digest and return its delivery."""
    carried = database.read_now(partial(deliveries.with_alerts, owed=parts))
    what, carrier = nouns.bundled(carried, NOW, kind=kind)
    database.write_now(partial(deliveries.bundle, digest=what, carrier=carrier, parts=carried))
    return carrier


def to_hand_on(database: Database, *priorities: Priority) -> list[str]:
    wanted = partial(deliveries.to_hand_on, name="desk", priorities=priorities or tuple(Priority), now=NOW)
    found = database.read_now(wanted)
    return [each.id for each in found]


def failing(database: Database, name: str = "desk", since: datetime = NOW) -> None:
    state = ChannelState(name=name, failures=1, failing_since=since)
    database.write_now(partial(channels.put, state=state))


def test_alerts_are_handed_on_once_in_their_order_and_notices_never(database: Database) -> None:
    first, second = rung(database, "nato", "siemens")
    told(database, "desk")
    assert to_hand_on(database) == [first.id, second.id]
    assert database.write_now(partial(deliveries.hand_on, delivery_id=first.id))
    assert not database.write_now(partial(deliveries.hand_on, delivery_id=first.id))
    assert to_hand_on(database) == [second.id]


def test_what_policy_holds_is_not_handed_on_before_its_time(database: Database) -> None:
    held, over = rung(database, "nato", "siemens")
    for each, until in ((held, NOW + HOUR), (over, NOW)):
        database.write_now(partial(deliveries.hold, delivery_id=each.id, until=until, reason=Reason.DIGEST))
    assert to_hand_on(database) == [over.id]


def test_only_alerts_that_matter_so_much_are_handed_on(database: Database) -> None:
    (high,) = rung(database, "nato")
    assert (to_hand_on(database, Priority.URGENT), to_hand_on(database, Priority.HIGH)) == ([], [high.id])
    assert database.read_now(partial(deliveries.to_hand_on, name="desk", priorities=(), now=NOW)) == ()


def test_what_a_waiting_digest_carries_is_handed_on_alert_by_alert(database: Database) -> None:
    parts = rung(database, "nato", "siemens")
    digest = bundled(database, *parts)
    assert to_hand_on(database) == [each.id for each in parts]
    assert [each.id for each in database.read_now(partial(deliveries.carried, digest=digest))] == to_hand_on(database)
    started(database, digest)
    finished(database, replace(digest, state=DeliveryState.SENT, sent_at=NOW))
    assert to_hand_on(database) == []


def test_a_channel_is_stuck_while_it_fails_and_something_waits_for_it(database: Database) -> None:
    for name in ("desk", "mail"):
        failing(database, name)
    told(database, "desk", "pager")
    assert database.read_now(deliveries.stuck) == {"desk"}


def test_those_that_went_behind_in_an_outage_come_back_and_a_message_that_others_overtook_does_not(
    database: Database,
) -> None:
    old, victim, probe = (told(database, "desk", name=name)[0] for name in ("a", "b", "c"))
    for each, first in ((old, NOW - HOUR), (victim, NOW), (probe, NOW)):
        failed(database, replace(each, first_tried_at=first), pauses=3, due_at=NOW)
    database.write_now(partial(deliveries.let_back, tried=probe, since=NOW))
    head = line(database)
    assert head is not None
    assert head.id == victim.id
    started(database, head)
    finished(database, replace(head, state=DeliveryState.SENT))
    assert line(database) == kept(database, old)


def test_what_was_put_off_in_an_outage_is_due_when_it_ends(database: Database) -> None:
    victim, other = (told(database, "desk", name=name)[0] for name in ("a", "b"))
    for each, first in ((victim, NOW), (other, NOW - HOUR)):
        failed(database, replace(each, first_tried_at=first), pauses=1, due_at=NOW + HOUR)
    database.write_now(partial(deliveries.make_due, name="desk", since=NOW, now=NOW + SECOND))
    assert (kept(database, victim).due_at, kept(database, other).due_at) == (NOW + SECOND, NOW + HOUR)


# --- what comes late ---------------------------------------------------------------------------------------------


def test_a_digest_comes_before_all_that_waits_and_carries_alerts_in_their_order(database: Database) -> None:
    told(database, "desk")
    parts = rung(database, "nato", "siemens")
    digest = bundled(database, *reversed(parts))
    head = database.write_now(partial(deliveries.head, name="desk", now=NOW))
    assert head is not None
    assert head[0] == digest
    assert isinstance(head[1], Digest)
    assert [each.rule for each in head[1].alerts] == ["nato", "siemens"]
    assert {kept(database, each).state for each in parts} == {DeliveryState.BUNDLED}


@pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.UNDELIVERED])
def test_alerts_share_what_becomes_of_their_digest(database: Database, state: DeliveryState) -> None:
    parts = rung(database, "nato", "siemens")
    digest = bundled(database, *parts)
    started(database, digest)
    finished(database, replace(digest, state=state, reason="server answered", sent_at=NOW))
    for each in parts:
        share = kept(database, each)
        assert (share.state, share.reason, share.sent_at) == (state, "late, in a digest: server answered", NOW)


def test_a_digest_that_waits_again_keeps_its_alerts(database: Database) -> None:
    parts = rung(database, "nato", "siemens")
    digest = bundled(database, *parts)
    failed(database, digest, pauses=1, due_at=NOW)
    assert {kept(database, each).state for each in parts} == {DeliveryState.BUNDLED}


def test_the_alerts_that_wait_are_counted_in_digests_and_singly_for_one_receiver(database: Database) -> None:
    parts = rung(database, "nato", "siemens", receiver="anna")
    bundled(database, *parts)
    (single,) = rung(database, "deal", receiver="anna")
    rung(database, "strike", receiver="ben")
    told(database, "desk", receivers=["anna"])
    started(database, single)
    assert database.read_now(partial(deliveries.count_waiting, told=single)) == 3
    waiting = database.read_now(partial(deliveries.waiting_receivers, name="desk"))
    assert waiting == {"anna", "ben"}


def test_a_digest_for_a_channel_that_is_gone_is_withheld_with_its_alerts(database: Database) -> None:
    parts = rung(database, "nato", "siemens")
    digest = bundled(database, *parts)
    assert database.write_now(partial(deliveries.withhold_removed, channels=["mail"])) == 1
    assert {kept(database, each).state for each in (*parts, digest)} == {DeliveryState.WITHHELD}


def test_what_another_channel_tells_is_not_counted_as_undelivered(database: Database) -> None:
    lost, alone = rung(database, "nato", "siemens")
    for each in (lost, alone):
        started(database, each)
        finished(database, replace(each, state=DeliveryState.UNDELIVERED, reason="401"))
        database.write_now(partial(deliveries.hand_on, delivery_id=each.id))
    elsewhere = nouns.handed_on(lost, "mail", ("",), NOW)
    database.write_now(partial(deliveries.add, owed=elsewhere))
    counted = database.read_now(deliveries.counts)
    assert counted == {"desk": {DeliveryState.UNDELIVERED: 1}, "mail": {DeliveryState.QUEUED: 1}}
    started(database, elsewhere[0])
    finished(database, replace(elsewhere[0], state=DeliveryState.UNDELIVERED, reason="422"))
    counted = database.read_now(deliveries.counts)
    assert counted == {"desk": {DeliveryState.UNDELIVERED: 2}, "mail": {DeliveryState.UNDELIVERED: 1}}


def test_of_a_digest_that_was_given_up_its_alerts_are_counted(database: Database) -> None:
    digest = bundled(database, *rung(database, "nato", "siemens"))
    started(database, digest)
    finished(database, replace(digest, state=DeliveryState.UNDELIVERED, reason="413"))
    assert database.read_now(deliveries.counts) == {"desk": {DeliveryState.UNDELIVERED: 2}}


def sent(database: Database, delivery: Delivery, at: datetime) -> None:
    started(database, delivery)
    finished(database, replace(delivery, state=DeliveryState.SENT, sent_at=at), at=at)


def test_how_often_a_receiver_was_told_of_a_rule_counts_a_digest_once(database: Database) -> None:
    parts = rung(database, "nato", "nato")
    sent(database, bundled(database, *parts, kind=Kind.BUNDLE), NOW)
    (again,), (other,) = rung(database, "nato"), rung(database, "siemens")
    for each in (again, other):
        sent(database, each, NOW + MINUTE)
    told_of = partial(deliveries.told, owed=again, now=NOW + HOUR)
    assert database.read_now(partial(told_of, look=Look(since=NOW - SECOND, most=9))) == (NOW, NOW + MINUTE)
    assert database.read_now(partial(told_of, look=Look(since=NOW, most=9))) == (NOW + MINUTE,)
    assert database.read_now(partial(told_of, look=Look(since=NOW - SECOND, most=1))) == (NOW + MINUTE,)


def test_how_often_a_receiver_was_told_is_looked_up_in_an_index(database: Database) -> None:
    (each,) = rung(database, "nato")
    steps = plan(database, partial(deliveries.told, owed=each, look=Look(since=NOW, most=5), now=NOW))
    assert [step for step in steps if "delivery_told" in step]


BUNDLE = Together(
    kind=Kind.BUNDLE, reason=Reason.BURST, reasons=(Reason.BURST,), alike=("receiver", "instead_of", "rule")
)


def test_what_goes_together_is_alike_and_was_held_for_the_same(database: Database) -> None:
    first, second, elsewhere, free = rung(database, "nato", "nato", "siemens", "nato")
    for each in (first, second, elsewhere):
        database.write_now(partial(deliveries.hold, delivery_id=each.id, until=NOW, reason=Reason.BURST))
    held = partial(deliveries.held_with, first=free, together=BUNDLE, now=NOW)
    assert [each.id for each in database.read_now(partial(held, most=9))] == [first.id, second.id, free.id]
    assert [each.id for each in database.read_now(partial(held, most=1))] == [first.id]


# --- start and reload --------------------------------------------------------------------------------------------


def test_at_the_start_what_was_being_sent_goes_again_marked(database: Database) -> None:
    desk, mail = told(database, "desk", "mail")
    started(database, desk)
    (killed,) = database.read_now(deliveries.interrupted)
    assert killed == replace(desk, state=DeliveryState.SENDING)
    database.write_now(partial(deliveries.put_back, again=nouns.interrupted(killed, NOW + SECOND)))
    assert database.read_now(deliveries.interrupted) == ()
    again = line(database, now=NOW + SECOND)
    assert again is not None
    assert (again.id, again.may_repeat) == (desk.id, True)
    assert not kept(database, mail).may_repeat


def test_what_waits_for_a_channel_that_was_removed_is_withheld(database: Database) -> None:
    desk, mail = told(database, "desk", "mail")
    started(database, desk)
    finished(database, replace(desk, state=DeliveryState.SENT))
    told(database, "desk", name="later")
    assert database.write_now(partial(deliveries.withhold_removed, channels=("mail",))) == 1
    assert kept(database, mail).state is DeliveryState.QUEUED
    assert kept(database, desk).state is DeliveryState.SENT
    (later,) = owed("later".ljust(16, "a"), "desk", ("",), NOW)
    withheld = kept(database, later)
    assert (withheld.state, withheld.reason) == (DeliveryState.WITHHELD, "channel removed")
    assert line(database) is None


def test_without_any_channel_everything_is_withheld(database: Database) -> None:
    told(database, "desk", "mail")
    assert database.write_now(partial(deliveries.withhold_removed, channels=())) == 2


def test_after_a_reload_everything_that_waits_is_due(database: Database) -> None:
    held, done = told(database, "desk", "mail")
    started(database, done)
    finished(database, replace(done, state=DeliveryState.SENT, due_at=NOW + DAY))
    database.write_now(partial(deliveries.hold, delivery_id=held.id, until=NOW + DAY, reason="held, quiet hours"))
    paused(database, NOW + DAY)
    database.write_now(partial(deliveries.release_held, now=NOW + SECOND))
    assert due_channels(database, NOW + SECOND) == {"desk"}
    assert kept(database, done).due_at == NOW + DAY


# --- questions ---------------------------------------------------------------------------------------------------


def test_only_deliveries_that_were_tried_and_not_sent_have_failed(database: Database) -> None:
    sent, waiting, lost, early = told(database, "sent", "waiting", "lost", "early")
    told(database, "untried", name="untried")
    started(database, sent)
    finished(database, replace(sent, state=DeliveryState.SENT))
    started(database, waiting)
    finished(database, waiting, "failed")
    started(database, lost)
    finished(database, replace(lost, state=DeliveryState.UNKNOWN), "unknown")
    started(database, early)
    finished(database, early, "failed", at=NOW - HOUR)
    assert database.read_now(partial(deliveries.failed_since, when=NOW)) == 2


def test_deliveries_are_counted_by_channel_and_state(database: Database) -> None:
    desk, _ = told(database, "desk", "mail")
    told(database, "desk", name="second")
    started(database, desk)
    assert database.read_now(deliveries.counts) == {
        "desk": {DeliveryState.QUEUED: 1, DeliveryState.SENDING: 1},
        "mail": {DeliveryState.QUEUED: 1},
    }


def test_an_alert_without_deliveries_has_none(database: Database) -> None:
    assert database.read_now(partial(deliveries.of_alerts, ids=["never"])) == {"never": ()}
