"""What feeds do, and what of it is worth a message."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.feed import Cause, FeedState, State, health
from monitor.feed.health import CALM, LOSS_AGAIN, LOSSES_WAIT, PATIENCE, SOON, Network, Tidings
from monitor.feed.listing import Loss

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FINE = Network()


def feed(number: int = 1, **known: object) -> FeedState:
    url = f"https://host{number}.example/rss"
    state = FeedState(id=number, name=f"f{number}", url=url, next_poll_at=NOW, polled_at=NOW, state=State.OK)
    return replace(state, **({"since": NOW - DAY} | known))  # type: ignore[arg-type]


def failing(number: int = 1, *, cause: Cause = Cause.BUSY, lasts: timedelta = HOUR, **known: object) -> FeedState:
    trouble: dict[str, object] = {"state": State.FAILING, "cause": cause, "failures": 9, "since": NOW - lasts}
    return feed(number, **(trouble | known))


def cut(number: int, **known: object) -> FeedState:
    return failing(number, **({"cause": Cause.UNREACHABLE, "failures": 2, "lasts": 3 * MINUTE} | known))  # type: ignore[arg-type]


def begun(state: FeedState) -> bool:
    return health.tidings([state], FINE, NOW) == Tidings(begun=(state,))


# --- a feed ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (feed(), False),
        (failing(lasts=PATIENCE), True),
        (failing(lasts=PATIENCE - MINUTE), False),
        (failing(cause=Cause.FORBIDDEN, lasts=SOON), True),
        (failing(cause=Cause.FORBIDDEN, lasts=SOON - MINUTE), False),
        (failing(failures=2), False),
        (failing(failures=2, lasts=DAY), True),
        (feed(state=State.GONE, failures=1, since=NOW), True),
        (feed(state=State.SILENT), True),
        (feed(state=State.ODD, since=NOW), True),
        (failing(told=State.FAILING), False),
        (failing(told=State.SILENT), True),
        (feed(state=State.SILENT, told=State.SILENT), False),
    ],
    ids=[
        "fine", "has lasted", "may pass", "lasts until someone acts", "begins", "failed twice", "polled seldom",
        "gone", "silent", "odd", "known", "known as another", "known as silent",
    ],
)  # fmt: skip
def test_a_trouble_is_told_once_when_it_has_lasted(state: FeedState, told: bool) -> None:  # noqa: FBT001 - a table
    assert begun(state) is told


@pytest.mark.parametrize(
    ("state", "over"),
    [
        (feed(told=State.FAILING, since=NOW - CALM), True),
        (feed(told=State.FAILING, since=NOW - CALM + MINUTE), False),
        (feed(told=State.SILENT, since=NOW), True),
        (failing(told=State.FAILING), False),
        (feed(), False),
    ],
    ids=["works again", "has just answered", "speaks", "goes on", "was never told"],
)
def test_the_end_of_what_was_told_is_told_once_it_holds(state: FeedState, over: bool) -> None:  # noqa: FBT001 - a table
    assert health.tidings([state], FINE, NOW) == (Tidings(ended=(state,)) if over else Tidings())


def test_a_move_is_told_once() -> None:
    moved = feed(moved_to="https://new.example/rss")
    assert health.tidings([moved], FINE, NOW) == Tidings(moved=(moved,))
    assert health.tidings(health.told(Tidings(moved=(moved,))), FINE, NOW) == Tidings()


def test_after_a_message_people_know_what_it_said() -> None:
    trouble, back = failing(1), feed(2, told=State.FAILING, told_since=NOW - DAY)
    knowing = health.told(health.tidings([trouble, back], FINE, NOW))
    assert [(state.told, state.told_since) for state in knowing] == [(State.FAILING, NOW - HOUR), (None, None)]


def test_of_a_feed_that_has_moved_and_is_gone_both_are_known() -> None:
    moved = feed(state=State.GONE, moved_to="https://new.example/rss")
    (known,) = health.told(health.tidings([moved], FINE, NOW))
    assert (known.told, known.told_move) == (State.GONE, "https://new.example/rss")


def test_there_is_something_to_tell_or_nothing() -> None:
    assert not Tidings()
    assert Tidings(moved=(feed(),))


# --- the network -----------------------------------------------------------------------------------------------------


def test_most_feeds_out_of_reach_at_once_are_this_machines_network() -> None:
    out = [cut(n) for n in range(26)]
    net = health.network(out, 50)
    assert (net.begun, net.is_out, len(net.cut)) == (True, True, 26)
    assert health.tidings(out, net, NOW) == Tidings()


@pytest.mark.parametrize(
    "states",
    [
        [cut(n) for n in range(25)],
        [cut(1, id=n) for n in range(40)],
        [cut(n, failures=1) for n in range(40)],
        [failing(n, cause=Cause.BUSY) for n in range(40)],
    ],
    ids=["half of them", "all of one host", "failed once", "answer"],
)
def test_anything_less_is_not(states: list[FeedState]) -> None:
    assert not health.network(states, 50).is_out


def test_people_are_told_once_that_it_is_out() -> None:
    out = [cut(n) for n in range(4)]
    known = health.marked(out, health.network(out, 4))
    again = health.network(known, 4)
    assert (again.begun, again.lasts, again.is_out) == (False, True, True)


def test_it_is_back_when_all_were_asked_since_the_first_answered() -> None:
    answered = feed(1, told_network=True, since=NOW - MINUTE)
    waiting = cut(2, told_network=True, polled_at=NOW - 2 * MINUTE)
    partly = health.network([answered, waiting], 4)
    assert (partly.ended, partly.lasts, health.to_ask(partly)) == (False, True, (waiting,))
    asked = replace(waiting, polled_at=NOW)
    back = health.network([answered, asked], 4)
    assert (back.ended, back.is_out, back.back_since, health.to_ask(back)) == (True, False, NOW - MINUTE, ())
    assert not any(state.told_network for state in health.marked([answered, asked], back))


def test_one_answer_among_many_that_fail_does_not_bring_it_back() -> None:
    answered = feed(1, told_network=True, since=NOW - MINUTE)
    net = health.network([answered, *(cut(n, told_network=True) for n in range(2, 5))], 4)
    assert net.lasts


def test_a_feed_that_is_dead_when_the_network_is_back_is_told_of_by_itself() -> None:
    dead = cut(2, told_network=True, failures=9, lasts=HOUR)
    net = health.network([feed(1, told_network=True, since=NOW - MINUTE), dead], 9)
    assert health.tidings([dead], net, NOW) == Tidings(begun=(dead,))


# --- losses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ended", "told_at", "ripe"),
    [
        (LOSSES_WAIT, None, True),
        (LOSSES_WAIT - MINUTE, None, False),
        (HOUR, NOW - LOSS_AGAIN, True),
        (HOUR, NOW - LOSS_AGAIN + MINUTE, False),
    ],
    ids=["has waited for others", "waits", "a day after the last", "on the same day"],
)
def test_losses_are_told_together_and_of_one_feed_once_a_day(
    ended: timedelta,
    told_at: datetime | None,
    ripe: bool,  # noqa: FBT001 - a table
) -> None:
    lost = Loss(feed_id=1, since=NOW - DAY, until=NOW - ended)
    assert health.ripe([lost], told_at, NOW) is ripe
