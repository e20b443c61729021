"""When others tell in a channel's place, what comes late together, and what is said of an outage."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor import outage
from monitor.alert import Delivery, Priority
from monitor.channel import Channel, ChannelState, Console
from monitor.hours import Quiet
from monitor.outage import Outage

NOW = datetime(2026, 11, 24, 9, 47, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
DESK = Channel(name="desk", target=Console(), fallback=("mail", "pager", "console"))
FRESH = Delivery(id="d", alert_id="a", channel="desk", due_at=NOW, made_at=NOW)


def failing(since: timedelta, *, paused: timedelta | None = MINUTE) -> ChannelState:
    until = None if paused is None else NOW + paused
    return ChannelState(name="desk", failures=3, failing_since=NOW - since, paused_until=until)


def waiting(*ages: timedelta) -> list[Delivery]:
    return [replace(FRESH, id=f"d{n}", due_at=NOW - age) for n, age in enumerate(ages)]


# --- who tells ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "priorities"),
    [
        (59 * SECOND, ()),
        (MINUTE, (Priority.HIGH, Priority.URGENT)),
        (5 * MINUTE - SECOND, (Priority.HIGH, Priority.URGENT)),
        (5 * MINUTE, tuple(Priority)),
    ],
)
def test_what_matters_more_is_handed_on_sooner(since: timedelta, priorities: tuple[Priority, ...]) -> None:
    assert outage.hands_on(failing(since), DESK, UTC, NOW) == priorities


def test_a_channel_that_works_hands_nothing_on() -> None:
    assert outage.hands_on(ChannelState(name="desk", paused_until=NOW + HOUR), DESK, UTC, NOW) == ()


@pytest.mark.parametrize("paused", [None, timedelta(0), -HOUR])
def test_a_channel_that_is_to_be_tried_now_hands_nothing_on(paused: timedelta | None) -> None:
    assert outage.hands_on(failing(HOUR, paused=paused), DESK, UTC, NOW) == ()


def test_in_its_quiet_hours_a_channel_hands_on_only_what_would_wake_it() -> None:
    resting = replace(DESK, quiet=Quiet.parse("09:00-10:00"), wake=Priority.HIGH)
    assert outage.hands_on(failing(HOUR), resting, UTC, NOW) == (Priority.HIGH, Priority.URGENT)
    assert outage.hands_on(failing(HOUR), resting, UTC, NOW + 13 * MINUTE) == ()
    later = replace(failing(HOUR), paused_until=NOW + HOUR)
    assert outage.hands_on(later, resting, UTC, NOW + 13 * MINUTE) == tuple(Priority)


@pytest.mark.parametrize(
    ("failing", "stuck", "stand_ins"),
    [
        ((), (), ("mail", "pager", "console")),
        (("mail",), (), ("pager", "console", "mail")),
        (("mail",), ("mail",), ("pager", "console")),
        (("mail", "pager", "console"), ("mail", "pager", "console"), ()),
    ],
    ids=["all work", "one failed and may be tried", "one is stuck", "all are stuck"],
)
def test_those_that_work_stand_in_first_and_those_that_are_stuck_never(
    failing: tuple[str, ...], stuck: tuple[str, ...], stand_ins: tuple[str, ...]
) -> None:
    assert outage.stand_ins(DESK, frozenset(failing), frozenset(stuck)) == stand_ins


# --- what comes late -------------------------------------------------------------------------------------------------


def test_what_waited_for_an_hour_comes_together() -> None:
    old, older, new = waiting(HOUR, 3 * HOUR, HOUR - SECOND)
    assert outage.late([old, older, new], NOW, after_outage=False) == ([old, older],)


def test_one_alone_comes_singly() -> None:
    assert outage.late(waiting(HOUR, MINUTE), NOW, after_outage=True) == ()


def test_an_alert_that_is_put_off_after_an_attempt_waits_since_that() -> None:
    tried = [replace(each, first_tried_at=NOW - 2 * HOUR) for each in waiting(-MINUTE, -MINUTE)]
    assert outage.late(tried, NOW, after_outage=False) == (tried,)


@pytest.mark.parametrize(("count", "digests"), [(20, 0), (21, 1), (500, 1), (501, 2), (1250, 3)])
def test_after_an_outage_many_come_together_in_as_few_messages_as_they_fit_into(count: int, digests: int) -> None:
    owed = waiting(*[MINUTE] * count)
    together = outage.late(owed, NOW, after_outage=True)
    assert len(together) == digests
    assert [each for part in together for each in part] == (owed if digests else [])
    assert max(map(len, together), default=0) - min(map(len, together), default=0) <= 1


def test_without_an_outage_many_that_are_fresh_come_singly() -> None:
    assert outage.late(waiting(*[MINUTE] * 50), NOW, after_outage=False) == ()


def test_what_may_repeat_comes_by_itself() -> None:
    doubtful, *certain = waiting(*[2 * HOUR] * 3)
    assert outage.late([replace(doubtful, unknown=1), *certain], NOW, after_outage=True) == (certain,)


# --- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("waiting", "words"),
    [
        (0, "I could not reach you 09:02–09:47."),
        (1, "I could not reach you 09:02–09:47; 1 alert follows."),
        (7, "I could not reach you 09:02–09:47; 7 alerts follow."),
    ],
)
def test_the_excuse_names_the_time_and_what_follows(waiting: int, words: str) -> None:
    assert outage.excuse(Outage(since=NOW - 45 * MINUTE, until=NOW, waiting=waiting), UTC) == words


def test_an_outage_that_began_on_another_day_says_so_in_local_time() -> None:
    words = outage.span(NOW - 11 * HOUR, NOW, ZoneInfo("Europe/Berlin"))
    assert words == "Mon 23 Nov 23:47–10:47"


def test_a_notice_names_the_reason_and_who_stands_in() -> None:
    began = outage.began(failing(5 * MINUTE), "server answered 503", "mail", NOW, UTC)
    assert began.subject == "desk cannot be reached"
    assert began.message == (
        "desk cannot be reached since 09:42: server answered 503. Until it can be, its alerts go to mail as well."
    )
    alone = outage.began(failing(5 * MINUTE), "server answered 503", None, NOW, UTC)
    assert alone.message.endswith("server answered 503. Its alerts wait.")


def test_an_outage_has_one_notice_when_it_begins_and_another_when_it_ends() -> None:
    state = failing(HOUR)
    began, ended = outage.began(state, "x", None, NOW, UTC), outage.ended(state, NOW, UTC)
    assert ended.message == "desk works again; it could not be reached 08:47–09:47."
    moved = replace(state, failing_since=NOW - 3 * HOUR, failures=99)  # as after a clock that was set
    assert outage.began_id(moved) == began.id != ended.id
    assert outage.began_id(replace(state, last_sent_at=NOW)) != began.id
    assert outage.began_id(ChannelState(name="desk")) is None
