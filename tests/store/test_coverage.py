"""How each feed was watched, counted with each poll."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from monitor.feed import State
from monitor.store import coverage, feeds, records
from monitor.store.database import Database, Tx
from tests.store.samples import DAY, HOUR, MINUTE, NOW, claimed, states, synced
from tests.store.samples import declared as feed

ANSWER, SAME, FAILURE = "answer", "same", "failure"


def poll(database: Database, at: datetime, outcome: str = ANSWER) -> bool:
    """Poll the only feed at a time, and keep what that led to."""
    if not states(database):
        synced(database, feed())
    database.write_now(partial(feeds.poll_all_now, now=at))
    (state,) = claimed(database, now=at)
    failed = outcome == FAILURE
    body_hash = state.body_hash if failed or outcome == SAME else at.isoformat().encode()
    after = replace(
        state,
        polled_at=at,
        next_poll_at=at + MINUTE,
        body_hash=body_hash,
        failures=state.failures + 1 if failed else 0,
        state=State.FAILING if failed else State.OK,
    )
    return database.write_now(partial(feeds.save, state=after))


def days(database: Database, now: datetime = NOW + 9 * DAY, *, today: bool = True) -> list[dict[str, Any]]:
    """Return what the chain tells of the days so far."""

    def told(tx: Tx) -> list[dict[str, Any]]:
        coverage.tell(tx, now, today=today)
        found = records.between(tx, NOW - 9 * DAY, now)
        return [dict(each.body) for each in found if each.sort == "coverage"]

    return database.write_now(told)


def test_days_are_told_a_few_at_a_time_and_each_once(database: Database) -> None:
    for number in range(5):
        poll(database, NOW + number * DAY)
    told = partial(coverage.tell, now=NOW + 9 * DAY, today=False, most=2)
    assert [database.write_now(told) for _ in range(4)] == [2, 2, 1, 0]
    assert [day["day"][-2:] for day in days(database)] == ["24", "25", "26", "27", "28"]


def test_polls_are_counted_by_what_came_of_them(database: Database) -> None:
    for number, outcome in enumerate((ANSWER, SAME, FAILURE, SAME, ANSWER)):
        poll(database, NOW + number * MINUTE, outcome)
    (day,) = days(database)
    assert (day["feed"], day["day"]) == ("tass", "2026-11-24")
    assert [day[name] for name in ("polls", "answers", "unchanged", "failures")] == [5, 4, 2, 1]
    assert (day["first"], day["last"]) == (NOW.isoformat(), (NOW + 4 * MINUTE).isoformat())


def test_the_longest_pause_between_two_polls_is_known_with_its_beginning(database: Database) -> None:
    for minutes in (0, 5, 45, 50):
        poll(database, NOW + minutes * MINUTE)
    (day,) = days(database)
    assert (day["gap"], day["gap_from"]) == (40 * 60, (NOW + 5 * MINUTE).isoformat())


def test_a_pause_over_midnight_belongs_to_the_day_on_which_it_ends(database: Database) -> None:
    poll(database, NOW)
    poll(database, NOW + DAY)
    first, second = days(database)
    assert (first["gap"], first["gap_from"]) == (0, None)
    assert (second["gap"], second["gap_from"]) == (DAY.total_seconds(), NOW.isoformat())


def test_an_outage_lasts_from_the_last_answer_to_the_next(database: Database) -> None:
    for minutes, outcome in ((0, ANSWER), (5, FAILURE), (10, FAILURE), (30, ANSWER), (35, ANSWER)):
        poll(database, NOW + minutes * MINUTE, outcome)
    (day,) = days(database)
    assert (day["outage"], day["outage_from"]) == (30 * 60, NOW.isoformat())


def test_an_outage_that_goes_on_is_as_long_as_it_lasts_so_far(database: Database) -> None:
    for minutes, outcome in ((0, ANSWER), (5, FAILURE), (20, FAILURE)):
        poll(database, NOW + minutes * MINUTE, outcome)
    (day,) = days(database)
    assert day["outage"] == 20 * 60


def test_an_outage_over_midnight_began_the_day_before(database: Database) -> None:
    poll(database, NOW)
    poll(database, NOW + DAY, FAILURE)
    poll(database, NOW + DAY + HOUR)
    _, day = days(database)
    assert (day["outage"], day["outage_from"]) == ((DAY + HOUR).total_seconds(), NOW.isoformat())


def test_a_feed_that_never_answered_has_no_beginning_of_its_outage(database: Database) -> None:
    poll(database, NOW, FAILURE)
    poll(database, NOW + MINUTE, FAILURE)
    (day,) = days(database)
    assert (day["failures"], day["answered"], day["outage_from"]) == (2, None, None)


def test_a_clock_that_was_set_back_makes_no_gap(database: Database) -> None:
    poll(database, NOW)
    poll(database, NOW - HOUR)
    (day,) = days(database)
    assert day["gap"] == 0


def test_a_poll_whose_lease_was_lost_does_not_count(database: Database) -> None:
    poll(database, NOW)
    (state,) = states(database).values()
    assert not database.write_now(partial(feeds.save, state=replace(state, lease="another", polled_at=NOW + MINUTE)))
    (day,) = days(database)
    assert day["polls"] == 1


@pytest.mark.parametrize(("today", "told"), [(False, 1), (True, 2)])
def test_a_day_is_told_when_it_is_over_or_so_far_when_that_is_asked(
    database: Database, *, today: bool, told: int
) -> None:
    poll(database, NOW - DAY)
    poll(database, NOW)
    assert len(days(database, NOW, today=today)) == told


def test_days_are_dropped_when_they_are_old(database: Database) -> None:
    for number in range(3):
        poll(database, NOW + number * DAY)
    assert database.write_now(partial(coverage.drop, before=NOW + 2 * DAY)) == 2
    assert [day["day"] for day in days(database)] == ["2026-11-26"]
