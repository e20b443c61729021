"""What an auditor is pointed to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor import account, chain
from monitor.account import What
from monitor.record import Fact, Sort

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(minutes: float) -> str:
    return (NOW + minutes * MINUTE).isoformat()


def day(**other: Any) -> Fact:  # noqa: ANN401 - values of JSON
    """Return a day on which a feed was asked every five minutes from ten to noon, and always answered."""
    body = {
        "feed": "wire", "day": "2026-11-24", "polls": 25, "answers": 25, "unchanged": 0, "failures": 0,
        "first": at(0), "last": at(120), "answered": at(120), "gap": 300.0, "gap_from": at(0), "outage": 0,
        "outage_from": None,
    }  # fmt: skip
    return Fact(sort=Sort.COVERAGE, at=NOW, body=body | other)


def found(*facts: Fact) -> list[tuple[What, datetime, datetime]]:
    records = tuple(chain.linked(facts, 0, chain.ROOT))
    return [(each.what, each.since, each.until) for each in account.findings(records)]


def test_a_day_without_events_has_none() -> None:
    assert found(day()) == []


@pytest.mark.parametrize(
    ("polls", "last", "gap", "since", "is_one"),
    [
        pytest.param(25, 145, 1800, 10, True, id="six times the usual"),
        pytest.param(25, 125, 600, 10, False, id="twice the usual"),
        pytest.param(25, 120, 36_000, -600, True, id="over the night"),
        pytest.param(25, 2, 20, 1, False, id="seconds"),
        pytest.param(2, 300, 18_000, 0, False, id="few polls: five hours"),
        pytest.param(2, 420, 25_200, 0, True, id="few polls: seven hours"),
    ],
)
def test_a_pause_is_a_gap_when_it_is_long_for_its_day(
    polls: int, last: float, gap: float, since: float, *, is_one: bool
) -> None:
    told = found(day(polls=polls, last=at(last), gap=gap, gap_from=at(since)))
    begin = NOW + since * MINUTE
    assert told == ([(What.GAP, begin, begin + timedelta(seconds=gap))] if is_one else [])


def test_a_feed_that_did_not_answer_is_named_from_its_last_answer_to_the_next() -> None:
    told = found(day(failures=2, outage=900, outage_from=at(30)))
    assert told == [(What.OUTAGE, NOW + 30 * MINUTE, NOW + 45 * MINUTE)]


def test_one_that_never_answered_is_named_for_as_long_as_it_was_asked() -> None:
    assert found(day(failures=25, answers=0)) == [(What.OUTAGE, NOW, NOW + 120 * MINUTE)]


def test_the_newest_record_of_a_day_counts() -> None:
    assert found(day(failures=2, outage=60, outage_from=at(1)), day()) == []


def test_an_edit_of_the_config_is_named_and_a_restart_with_the_same_is_not() -> None:
    configs = [
        Fact(sort=Sort.CONFIG, at=NOW + number * MINUTE, body={"version": version, "sha256": f"{version}" * 64})
        for number, version in enumerate((1, 1, 2))
    ]
    assert found(*configs) == [(What.CONFIG, NOW + 2 * MINUTE, NOW + 2 * MINUTE)]


def test_a_time_in_which_nothing_ran_is_named() -> None:
    stopped, started = (
        Fact(sort=Sort.RUN, at=NOW + number * MINUTE, body={"event": event})
        for number, event in enumerate(("stopped", "started"))
    )
    assert found(stopped, started) == [(What.STILL, NOW, NOW + MINUTE)]


def test_records_are_counted_by_their_sort() -> None:
    records = tuple(chain.linked([day(), day()], 0, chain.ROOT))
    assert account.counts(records) == {"coverage": 2}
