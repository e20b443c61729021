"""What any series of answers makes of a delivery, of its channel, and of a feed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from monitor import channel, feed
from monitor.alert import (
    FIRST_WAIT,
    LONGEST_WAIT,
    PATIENCE,
    UNKNOWN_WAIT,
    Delivery,
    DeliveryState,
    Failed,
    Fault,
    Outcome,
    Sent,
    Unknown,
    after,
    interrupted,
    owed,
)
from monitor.channel import ChannelState
from monitor.feed import FeedState, Pace, State, Trouble, poll
from tests.properties.laws import law

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

PASSING = st.builds(
    Failed,
    reason=st.just("server answered 503"),
    fault=st.sampled_from(Fault),
    permanent=st.just(False),  # noqa: FBT003 - hypothesis's signature
    retry_after=st.none() | st.timedeltas(timedelta(0), timedelta(days=9)),
)
SILENCE = st.just(Unknown(reason="no answer in time"))
REFUSAL = st.builds(replace, PASSING, permanent=st.just(True))  # noqa: FBT003 - hypothesis's signature
TAKEN = st.just(Sent(detail="250 queued"))
ANSWERS = st.lists(PASSING | SILENCE | REFUSAL | TAKEN, max_size=12)
JITTERS = st.floats(0, 1)
#: How much later than due an attempt is made.
DELAYS = st.timedeltas(timedelta(0), timedelta(hours=9))


def fresh() -> Delivery:
    (delivery,) = owed("alert", "desk", ("",), NOW)
    return delivery


def tried(answers: Sequence[Outcome], jitter: float, delay: timedelta) -> list[tuple[datetime, Delivery, Outcome]]:
    """Return each attempt that is made, with what it makes of the delivery: none once it is no longer queued."""
    delivery, made = fresh(), []
    for answer in answers:
        if delivery.state is not DeliveryState.QUEUED:
            break
        now = delivery.due_at + delay
        delivery = after(delivery, answer, now, jitter)
        made.append((now, delivery, answer))
    return made


@law
@given(ANSWERS, JITTERS, DELAYS)
def test_a_delivery_stands_as_its_last_answer_says(answers: list[Outcome], jitter: float, delay: timedelta) -> None:
    silences, first = 0, None
    for number, (now, delivery, answer) in enumerate(tried(answers, jitter, delay), 1):
        first = first or now
        silences += isinstance(answer, Unknown)
        expected = DeliveryState.QUEUED
        match answer:
            case Sent():
                expected = DeliveryState.SENT
            case Unknown():
                expected = DeliveryState.UNKNOWN if silences > 1 else DeliveryState.QUEUED
            case Failed(permanent=permanent):
                over = permanent or now - first >= PATIENCE
                expected = DeliveryState.UNDELIVERED if over else DeliveryState.QUEUED
        assert (delivery.state, delivery.attempts) == (expected, number)
        assert (delivery.sent_at is not None) == (expected is DeliveryState.SENT)
        assert (delivery.id, delivery.alert_id, delivery.made_at) == (fresh().id, "alert", NOW)
        assert delivery.reason


@law
@given(ANSWERS, JITTERS, DELAYS)
def test_a_message_may_repeat_exactly_after_an_answer_that_never_came(
    answers: list[Outcome], jitter: float, delay: timedelta
) -> None:
    silent = False
    for _, delivery, answer in tried(answers, jitter, delay):
        silent = silent or isinstance(answer, Unknown)
        assert delivery.may_repeat == silent


@law
@given(ANSWERS, JITTERS, DELAYS)
def test_every_wait_is_bounded(answers: list[Outcome], jitter: float, delay: timedelta) -> None:
    for now, delivery, answer in tried(answers, jitter, delay):
        if delivery.state is not DeliveryState.QUEUED:
            continue
        wait = delivery.due_at - now
        if isinstance(answer, Unknown):
            assert wait == UNKNOWN_WAIT
            continue
        assert isinstance(answer, Failed)
        asked = min(answer.retry_after or timedelta(0), HOUR)
        assert max(FIRST_WAIT / 2, asked) <= wait <= max(LONGEST_WAIT, asked)


@law
@given(st.lists(PASSING.map(lambda answer: replace(answer, retry_after=None)), max_size=30), JITTERS)
def test_waits_grow_from_attempt_to_attempt(answers: list[Outcome], jitter: float) -> None:
    waits = [delivery.due_at - now for now, delivery, _ in tried(answers, jitter, timedelta(0))]
    assert waits == sorted(waits)
    assert all(later <= 2 * earlier + timedelta(microseconds=1) for earlier, later in pairwise(waits))


@law
@given(PASSING, JITTERS)
def test_a_receiver_that_never_takes_it_is_given_up_after_two_days(answer: Failed, jitter: float) -> None:
    made = tried([answer] * 2000, jitter, timedelta(0))
    [*waiting, (end, last, _)] = made
    assert last.state is DeliveryState.UNDELIVERED
    assert all(delivery.state is DeliveryState.QUEUED for _, delivery, _ in waiting)
    assert PATIENCE <= end - made[0][0] <= PATIENCE + HOUR


@law
@given(ANSWERS, JITTERS, st.integers(1, 4))
def test_an_interruption_counts_as_an_attempt_that_may_have_arrived(
    answers: list[Outcome], jitter: float, times: int
) -> None:
    made = tried(answers, jitter, timedelta(0))
    before = made[-1][1] if made else fresh()
    if before.state is not DeliveryState.QUEUED:
        return
    again = before
    for _ in range(times):
        again = interrupted(replace(again, state=DeliveryState.SENDING), NOW)
    assert (again.state, again.attempts, again.unknown) == (DeliveryState.QUEUED, before.attempts + times, 1)
    assert (after(again, Sent(), NOW, jitter).state, again.id) == (DeliveryState.SENT, before.id)


@law
@given(st.lists(PASSING | SILENCE | REFUSAL | TAKEN, max_size=12), JITTERS)
def test_a_channel_counts_what_was_its_own_fault_since_it_last_worked(answers: list[Outcome], jitter: float) -> None:
    state, faults, sent = ChannelState(name="desk"), 0, None
    for minute, answer in enumerate(answers):
        now = NOW + timedelta(minutes=minute)
        delivery = after(fresh(), answer, now, jitter)
        before, state = state, channel.after(state, delivery, answer, now)
        match answer:
            case Sent():
                faults, sent = 0, now
                assert state.paused_until is None
            case Unknown():
                faults += 1
                if faults == 1:
                    assert state.paused_until == before.paused_until
                else:
                    assert state.paused_until is not None
                    assert now + UNKNOWN_WAIT <= state.paused_until <= now + LONGEST_WAIT
            case Failed(fault=Fault.MESSAGE):
                assert state == before
            case Failed(permanent=permanent):
                faults += 1
                assert state.paused_until == (None if permanent else delivery.due_at)
        assert (state.failures, state.last_sent_at) == (faults, sent)


# --- feeds -----------------------------------------------------------------------------------------------------------

SPANS = st.timedeltas(timedelta(seconds=10), timedelta(days=2))
TROUBLES = st.sampled_from([trouble for trouble in Trouble if trouble is not Trouble.GONE])


@law
@given(interval=SPANS, longest=SPANS, trouble=TROUBLES, times=st.integers(1, 60))
def test_a_failing_feed_is_asked_ever_more_seldom_but_never_less_than_the_longest_interval(
    interval: timedelta, longest: timedelta, trouble: Trouble, times: int
) -> None:
    state = FeedState(id=1, name="wire", url="https://wire.example/rss", next_poll_at=NOW)
    pace, waits = Pace(min_interval=timedelta(seconds=10), max_interval=longest), []
    for number in range(1, times + 1):
        now = state.next_poll_at
        state = poll.failed(state, feed.Failed(trouble=trouble, detail=""), interval, pace, now)
        waits.append(state.next_poll_at - now)
        assert (state.state, state.failures, state.polled_at) == (State.FAILING, number, now)
    assert waits == sorted(waits)
    assert waits[0] == interval
    assert waits[-1] <= max(interval, longest)


@law
@given(interval=SPANS, asked=st.timedeltas(timedelta(0), timedelta(days=1)), times=st.integers(0, 60))
def test_a_server_that_names_a_time_is_not_asked_before_it(interval: timedelta, asked: timedelta, times: int) -> None:
    state = FeedState(id=1, name="wire", url="https://wire.example/rss", next_poll_at=NOW, failures=times)
    failure = feed.Failed(trouble=Trouble.STATUS, detail="503", retry_at=NOW + asked)
    pace = Pace(min_interval=timedelta(seconds=10), max_interval=HOUR)
    wait = poll.failed(state, failure, interval, pace, NOW).next_poll_at - NOW
    assert max(asked, interval) <= wait <= max(asked, interval, HOUR)
