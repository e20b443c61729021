"""The line before each channel."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial

import pytest

from monitor import alert as nouns
from monitor.alert import Attempt, Delivery, DeliveryState, owed
from monitor.channel import ChannelState
from monitor.store import channels, deliveries
from monitor.store.database import Database
from tests.store.samples import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    finished,
    line,
    notice,
    plan,
    started,
    told,
)


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
    assert head == (due, notice())


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
