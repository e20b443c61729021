"""Ids of alerts and deliveries, and what follows an attempt to deliver."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alert import (
    FIRST_WAIT,
    LONGEST_WAIT,
    PATIENCE,
    UNKNOWN_WAIT,
    Delivery,
    DeliveryState,
    Failed,
    Fault,
    Kind,
    Priority,
    Sent,
    Unknown,
    after,
    alert_id,
    backoff,
    delivery_id,
    derived_id,
    handed_on,
    interrupted,
    owed,
)

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
BUSY = Failed(reason="server answered 503", fault=Fault.CHANNEL, permanent=False)
SILENCE = Unknown(reason="no answer in time")


def delivery(**known: object) -> Delivery:
    fresh = Delivery(id="d", alert_id="a", channel="desk", due_at=NOW, made_at=NOW)
    return replace(fresh, **known)  # type: ignore[arg-type]


# --- ids -------------------------------------------------------------------------------------------------------------


def test_priorities_stand_in_their_order() -> None:
    assert sorted(Priority, key=lambda priority: priority.rank) == ["low", "normal", "high", "urgent"]


def test_an_id_is_sixteen_letters_that_follow_from_what_it_is_about() -> None:
    key = b"\x00" * 16
    assert alert_id("nato", "tass", key, Kind.NEW) == alert_id("nato", "tass", key, Kind.NEW)
    assert len(alert_id("nato", "tass", key, Kind.NEW)) == 16


@pytest.mark.parametrize(
    "other",
    [
        alert_id("siemens", "tass", b"key", Kind.NEW),
        alert_id("nato", "un", b"key", Kind.NEW),
        alert_id("nato", "tass", b"yek", Kind.NEW),
        alert_id("nato", "tass", b"key", Kind.HELLO),
        alert_id("nato", "tass", b"key", Kind.NEW, 2),
    ],
    ids=["rule", "feed", "item", "kind", "version"],
)
def test_alerts_of_different_facts_have_different_ids(other: str) -> None:
    assert other != alert_id("nato", "tass", b"key", Kind.NEW)


@given(st.lists(st.text(max_size=4), max_size=4), st.lists(st.text(max_size=4), max_size=4))
def test_parts_never_run_into_each_other(one: list[str], other: list[str]) -> None:
    assert (derived_id(*one) == derived_id(*other)) == (one == other)


def test_a_lone_surrogate_in_a_name_has_an_id_too() -> None:
    assert derived_id("\ud800") != derived_id("?")


def test_each_receiver_is_owed_a_delivery_of_its_own() -> None:
    anna, ben = owed("a", "mail", ("anna@bank.example", "ben@bank.example"), NOW)
    assert (anna.receiver, ben.receiver) == ("anna@bank.example", "ben@bank.example")
    assert anna.id == delivery_id("a", "mail", "anna@bank.example")
    assert anna.id != ben.id


def test_a_delivery_that_is_owed_is_due_at_once() -> None:
    (due,) = owed("a", "desk", ("",), NOW)
    assert (due.state, due.due_at, due.made_at, due.attempts) == (DeliveryState.QUEUED, NOW, NOW, 0)


# --- what follows an attempt -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 5), (1, 5), (2, 10), (3, 20), (8, 640), (9, 900), (10, 900), (5000, 900)]
)
def test_waits_double_up_to_a_quarter_of_an_hour(failures: int, seconds: int) -> None:
    assert backoff(failures, jitter=1.0) == timedelta(seconds=seconds)


def test_jitter_spreads_a_wait_over_its_upper_half() -> None:
    assert backoff(1, jitter=0.0) == FIRST_WAIT / 2
    assert backoff(50, jitter=0.0) == LONGEST_WAIT / 2


def test_what_was_taken_is_sent() -> None:
    done = after(delivery(), Sent(detail="250 queued"), NOW, 0.5)
    assert (done.state, done.sent_at, done.reason, done.attempts) == (DeliveryState.SENT, NOW, "250 queued", 1)


def test_what_can_never_be_taken_is_undelivered_at_once() -> None:
    refused = Failed(reason="server answered 404", fault=Fault.MESSAGE, permanent=True)
    done = after(delivery(), refused, NOW, 0.5)
    assert (done.state, done.reason, done.sent_at) == (DeliveryState.UNDELIVERED, "server answered 404", None)


def test_what_failed_is_tried_again_later_and_says_why_it_waits() -> None:
    waiting = after(delivery(attempts=2), BUSY, NOW, 1.0)
    assert (waiting.state, waiting.reason) == (DeliveryState.QUEUED, "server answered 503")
    assert (waiting.attempts, waiting.due_at) == (3, NOW + timedelta(seconds=20))


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        (timedelta(seconds=1), timedelta(seconds=5)),
        (timedelta(minutes=10), timedelta(minutes=10)),
        (timedelta(days=3), timedelta(hours=1)),
    ],
)
def test_a_receiver_may_ask_for_a_longer_wait_but_not_for_over_an_hour(asked: timedelta, wait: timedelta) -> None:
    assert after(delivery(), replace(BUSY, retry_after=asked), NOW, 1.0).due_at == NOW + wait


def test_only_a_fault_of_the_channel_counts_as_a_pause() -> None:
    assert after(delivery(pauses=1), BUSY, NOW, 0.5).pauses == 2
    assert after(delivery(pauses=1), replace(BUSY, fault=Fault.MESSAGE), NOW, 0.5).pauses == 1


def test_the_two_days_begin_with_the_first_attempt_not_with_the_alert() -> None:
    done = after(delivery(made_at=NOW - PATIENCE), BUSY, NOW, 0.5)
    assert (done.state, done.first_tried_at) == (DeliveryState.QUEUED, NOW)


def test_an_answer_that_never_came_is_waited_for_a_minute() -> None:
    assert after(delivery(), Unknown(reason="silence"), NOW, 0.5).due_at == NOW + UNKNOWN_WAIT


def test_after_two_days_it_is_given_up_and_says_so() -> None:
    old = delivery(first_tried_at=NOW - PATIENCE, attempts=200)
    done = after(old, BUSY, NOW, 0.5)
    assert (done.state, done.reason) == (DeliveryState.UNDELIVERED, "given up after 48 h: server answered 503")


def test_a_moment_before_two_days_it_is_tried_again() -> None:
    old = delivery(first_tried_at=NOW - PATIENCE + timedelta(seconds=1), attempts=200)
    assert after(old, BUSY, NOW, 0.5).state is DeliveryState.QUEUED


def test_an_answer_that_never_came_is_one_more_attempt_marked_as_a_repeat() -> None:
    waiting = after(delivery(), SILENCE, NOW, 1.0)
    assert waiting.state is DeliveryState.QUEUED
    assert waiting.may_repeat
    assert waiting.due_at > NOW
    assert waiting.reason.startswith("no answer in time")


def test_a_second_answer_that_never_came_is_the_last() -> None:
    done = after(after(delivery(), SILENCE, NOW, 0.5), SILENCE, NOW, 0.5)
    assert (done.state, done.reason, done.attempts) == (DeliveryState.UNKNOWN, "no answer in time", 2)


def test_a_mark_of_repetition_outlives_a_failure() -> None:
    assert after(after(delivery(), SILENCE, NOW, 0.5), BUSY, NOW, 0.5).may_repeat


def test_a_send_that_was_interrupted_goes_again_marked_as_a_repeat() -> None:
    again = interrupted(delivery(state=DeliveryState.SENDING, due_at=NOW - timedelta(hours=1)), NOW)
    assert (again.state, again.due_at, again.reason) == (DeliveryState.QUEUED, NOW, "interrupted while sending")
    assert again.may_repeat


def test_an_interruption_after_an_unknown_outcome_leaves_one_attempt() -> None:
    assert interrupted(delivery(unknown=1), NOW).unknown == 1


def test_a_fresh_delivery_does_not_repeat() -> None:
    assert not delivery().may_repeat


def test_a_channel_that_fails_is_left_alone_for_longer_whichever_message_it_fails_for() -> None:
    assert after(delivery(), BUSY, NOW, 1.0, failures=7).due_at == NOW + timedelta(seconds=640)
    elsewhere = replace(BUSY, fault=Fault.MESSAGE)
    assert after(delivery(), elsewhere, NOW, 1.0, failures=7).due_at == NOW + timedelta(seconds=5)


# --- what others tell ------------------------------------------------------------------------------------------------


def test_what_is_handed_on_is_as_late_as_it_was_and_says_whose_it_is() -> None:
    waiting = delivery(due_at=NOW + timedelta(minutes=15), first_tried_at=NOW - timedelta(hours=3), attempts=20)
    one, other = handed_on(waiting, "mail", ("anna@x.example", "ben@x.example"), NOW)
    assert (one.channel, one.receiver, one.instead_of) == ("mail", "anna@x.example", "desk")
    assert (one.due_at, one.made_at, one.attempts) == (NOW - timedelta(hours=3), NOW, 0)
    assert one.id == delivery_id("a", "mail", "anna@x.example") != other.id


def test_what_was_never_tried_and_is_held_is_due_at_once_elsewhere() -> None:
    (told,) = handed_on(delivery(due_at=NOW + timedelta(hours=8)), "mail", ("",), NOW)
    assert told.due_at == NOW


def test_a_delivery_waits_since_its_first_attempt_or_since_it_was_due() -> None:
    assert delivery().waits_since == NOW
    assert delivery(first_tried_at=NOW - timedelta(hours=1)).waits_since == NOW - timedelta(hours=1)
