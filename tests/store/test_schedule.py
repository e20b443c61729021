"""What waits when a clock is set, and what a start makes of times that cannot be."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from monitor import outage
from monitor.alert import LONGEST_ASKED, Delivery, DeliveryState
from monitor.channel import ChannelState
from monitor.item import READING_RETRY, Reading
from monitor.policy import Reason
from monitor.store import channels, deliveries, items, schedule
from monitor.store.database import Database
from tests.store.samples import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    added,
    arrival,
    claimed,
    entry,
    finished,
    line,
    started,
    states,
    to_judge,
    told,
)

YEAR = 365 * DAY


def shifted(database: Database, by: timedelta) -> None:
    database.write_now(partial(schedule.shift, by=by, now=NOW + by))


def settled(database: Database, now: datetime) -> None:
    database.write_now(partial(schedule.settle, now=now))


def remembered(database: Database) -> ChannelState:
    return database.read_now(partial(channels.get, name="desk"))


def remember(database: Database, **known: datetime) -> ChannelState:
    state = ChannelState(name="desk", failures=1, **known)
    database.write_now(partial(channels.put, state=state))
    return state


def kept(database: Database, owed: Delivery) -> Delivery:
    found = database.read_now(partial(deliveries.of_alerts, ids=[owed.alert_id]))[owed.alert_id]
    return next(each for each in found if each.id == owed.id)


def retried(database: Database, owed: Delivery, *, due_at: datetime) -> Delivery:
    """Let a delivery wait after an attempt that failed."""
    started(database, owed)
    finished(database, replace(owed, first_tried_at=NOW, due_at=due_at, reason="server answered 503"))
    return kept(database, owed)


def held(database: Database, owed: Delivery, until: datetime) -> None:
    database.write_now(partial(deliveries.hold, delivery_id=owed.id, until=until, reason=Reason.QUIET))


def to_read(database: Database, now: datetime) -> int:
    """Return how many articles are due, and hold them for five minutes."""
    claim = partial(items.claim_reading, now=now, limit=10, lease="mine", until=now + 5 * MINUTE)
    return len(database.write_now(claim))


# --- a clock that is set -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [3 * HOUR, -HOUR, timedelta(microseconds=-1)])
def test_a_clock_that_was_set_moves_everything_that_waits(database: Database, by: timedelta) -> None:
    added(database, arrival(reading=Reading.DUE))
    waiting, _ = told(database, "desk", "mail")
    remember(database, paused_until=NOW + DAY, failing_since=NOW)
    shifted(database, by)
    moved, early = NOW + by, NOW + by - timedelta(microseconds=1)
    assert states(database)["tass"].next_poll_at == moved
    assert (to_judge(database, early), len(to_judge(database, moved))) == ((), 1)
    assert (to_read(database, early), to_read(database, moved)) == (0, 1)
    assert (remembered(database).paused_until, remembered(database).failing_since) == (moved + DAY, moved)
    assert line(database, now=moved + DAY - MINUTE) is None
    head = line(database, now=moved + DAY)
    assert head is not None
    assert (head.id, head.due_at) == (waiting.id, moved)


def test_a_clock_that_was_set_moves_leases_and_nothing_that_is_over(database: Database) -> None:
    added(database, arrival())
    (done,) = told(database, "desk")
    started(database, done)
    finished(database, replace(done, state=DeliveryState.SENT, first_tried_at=NOW))
    claimed(database)
    shifted(database, HOUR)
    assert claimed(database, now=NOW + HOUR + 4 * MINUTE) == ()
    assert len(claimed(database, now=NOW + HOUR + 5 * MINUTE)) == 1
    assert (kept(database, done).due_at, kept(database, done).first_tried_at) == (NOW, NOW)


@pytest.mark.parametrize("by", [3 * HOUR, -HOUR])
def test_what_waits_for_a_time_of_day_is_asked_about_when_the_clock_was_set(database: Database, by: timedelta) -> None:
    (owed,) = told(database, "desk")
    held(database, owed, NOW + 8 * HOUR)
    shifted(database, by)
    assert kept(database, owed).due_at == NOW + by


def test_a_message_on_its_way_when_the_clock_is_set_is_not_older_for_it(database: Database) -> None:
    """Else a clock that goes from 1970 to now would let it be given up after 48 hours."""
    (owed,) = told(database, "desk")
    again = retried(database, owed, due_at=NOW)
    started(database, again)
    shifted(database, YEAR)
    assert database.read_now(partial(deliveries.under_way, sent=again)) == replace(again, first_tried_at=NOW + YEAR)


def test_an_outage_over_which_the_clock_is_set_stays_the_same_outage(database: Database) -> None:
    before = remember(database, failing_since=NOW, last_sent_at=NOW - HOUR)
    shifted(database, -HOUR)
    assert outage.began_id(remembered(database)) == outage.began_id(before)
    assert outage.began_id(replace(before, last_sent_at=NOW)) != outage.began_id(before)


# --- a start -----------------------------------------------------------------------------------------------------


def test_a_start_after_a_clock_that_ran_ahead_leaves_nothing_waiting_for_it(database: Database) -> None:
    added(database, arrival(entry(1), seen_at=NOW + YEAR, reading=Reading.DUE))
    fresh, tried, quiet = told(database, "desk", "mail", "night")
    retried(database, tried, due_at=NOW + YEAR)
    held(database, quiet, NOW + YEAR)
    held(database, fresh, NOW + YEAR)
    remember(database, paused_until=NOW + YEAR, failing_since=NOW + YEAR)
    settled(database, NOW)
    assert (len(to_judge(database, NOW)), to_read(database, NOW)) == (1, 1)
    assert [kept(database, each).due_at for each in (fresh, tried, quiet)] == [NOW] * 3
    assert (remembered(database).paused_until, remembered(database).failing_since) == (NOW, NOW)


def test_a_start_after_a_clock_that_was_set_back_lets_what_was_never_tried_go_at_once(database: Database) -> None:
    (owed,) = told(database, "desk")
    settled(database, NOW - MINUTE)
    assert kept(database, owed).due_at == NOW - MINUTE


def test_a_first_attempt_of_the_time_to_come_was_just_now(database: Database) -> None:
    (owed,) = told(database, "desk")
    retried(database, owed, due_at=NOW)
    settled(database, NOW - DAY)
    assert kept(database, owed).first_tried_at == NOW - DAY


def test_a_start_leaves_waits_alone_that_can_be(database: Database) -> None:
    added(database, arrival(seen_at=NOW + READING_RETRY, reading=Reading.DUE))
    (owed,) = told(database, "desk")
    retried(database, owed, due_at=NOW + LONGEST_ASKED)
    before = remember(database, paused_until=NOW + LONGEST_ASKED, failing_since=NOW - HOUR)
    settled(database, NOW)
    assert (to_read(database, NOW + READING_RETRY - SECOND), to_read(database, NOW + READING_RETRY)) == (0, 1)
    assert kept(database, owed).due_at == NOW + LONGEST_ASKED
    assert remembered(database) == before
