"""How a channel stands after an attempt."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.alert import Delivery, DeliveryState, Failed, Fault, Sent, Unknown
from monitor.channel import Channel, ChannelState, Console, Mail, Security, Service, Target, Webhook, after

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
AGAIN = NOW + timedelta(seconds=5)
QUEUED = Delivery(id="d", alert_id="a", channel="desk", due_at=AGAIN, made_at=NOW, attempts=1)
FRESH = ChannelState(name="desk")
PAUSED = ChannelState(name="desk", paused_until=NOW, failures=3, failing_since=NOW - timedelta(hours=1))


def test_a_message_that_was_taken_ends_the_pause_and_the_count() -> None:
    sent = replace(QUEUED, state=DeliveryState.SENT)
    assert after(PAUSED, sent, Sent(), NOW) == ChannelState(name="desk", last_sent_at=NOW)


def test_a_fault_of_the_channel_pauses_it_until_its_head_is_tried_again() -> None:
    fault = Failed(reason="503", fault=Fault.CHANNEL, permanent=False)
    assert after(FRESH, QUEUED, fault, NOW) == ChannelState(
        name="desk", paused_until=AGAIN, failures=1, failing_since=NOW
    )


def test_a_fault_of_the_channel_that_ended_its_delivery_does_not_hold_up_the_next() -> None:
    fault = Failed(reason="401", fault=Fault.CHANNEL, permanent=True)
    ended = replace(QUEUED, state=DeliveryState.UNDELIVERED)
    assert after(FRESH, ended, fault, NOW) == ChannelState(name="desk", failures=1, failing_since=NOW)


def test_a_fault_of_the_message_says_nothing_about_the_channel() -> None:
    fault = Failed(reason="422", fault=Fault.MESSAGE, permanent=True)
    assert after(PAUSED, QUEUED, fault, NOW) == PAUSED


def test_an_answer_that_never_came_is_counted_and_holds_up_no_other_message() -> None:
    expected = ChannelState(name="desk", failures=1, failing_since=NOW)
    assert after(FRESH, QUEUED, Unknown(reason="silence"), NOW) == expected


def test_a_second_answer_that_never_came_pauses_the_channel_ever_longer() -> None:
    silence = Unknown(reason="silence")
    second = after(ChannelState(name="desk", failures=1, failing_since=NOW), QUEUED, silence, NOW)
    assert second.paused_until == NOW + timedelta(minutes=1)
    tenth = after(ChannelState(name="desk", failures=9, failing_since=NOW), QUEUED, silence, NOW)
    assert tenth.paused_until == NOW + timedelta(minutes=15)


def test_a_channel_fails_since_its_first_failure() -> None:
    fault = Failed(reason="503", fault=Fault.CHANNEL, permanent=False)
    later = after(PAUSED, QUEUED, fault, NOW)
    assert (later.failures, later.failing_since) == (4, PAUSED.failing_since)


def test_each_address_of_a_mail_channel_is_a_receiver() -> None:
    mail = Mail(to=("a@x.example", "b@x.example"), smtp="x", port=25, security=Security.NONE, sender="c@x.example")
    assert Channel(name="mail", target=mail).receivers == ("a@x.example", "b@x.example")
    assert Channel(name="here", target=Console()).receivers == ("",)


@pytest.mark.parametrize(
    ("target", "paced"),
    [(Service(url="ntfy://newsroom"), True), (Webhook(url="https://hooks.example"), False), (Console(), False)],
    ids=["service", "webhook", "console"],
)
def test_only_a_service_is_given_time_between_two_messages(target: Target, *, paced: bool) -> None:
    assert Channel(name="desk", target=target).is_paced is paced
