"""Articles are read where that gains something."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor import gain, reading
from monitor.gain import AGAIN, ENOUGH, Gain
from monitor.item import ArticleText, Entry, NoText, Unreadable

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
ENTRY = Entry(headline="Allies meet", lead="x" * 100, body="y" * 100)
MUCH, LITTLE = ArticleText(text="z" * 500), ArticleText(text="z" * 220)
NOTHING = NoText(reason=Unreadable.EMPTY)


@pytest.mark.parametrize(
    ("seen", "worth"),
    [
        (None, True),
        (Gain(fruitless=ENOUGH - 1, asked_at=NOW), True),
        (Gain(fruitless=ENOUGH, asked_at=NOW), False),
        (Gain(fruitless=ENOUGH, asked_at=NOW - AGAIN + timedelta(seconds=1)), False),
        (Gain(fruitless=ENOUGH, asked_at=NOW - AGAIN), True),
        (Gain(fruitless=ENOUGH, asked_at=NOW + timedelta(days=9)), True),  # the clock was set back
    ],
)
def test_a_host_that_gave_nothing_several_times_is_asked_once_a_day(*, seen: Gain | None, worth: bool) -> None:
    assert gain.worth_asking(seen, NOW) is worth


BEFORE = Gain(fruitless=3, asked_at=NOW - timedelta(hours=1))


@pytest.mark.parametrize(
    ("result", "fruitless"),
    [
        (MUCH, 0),
        (LITTLE, 4),
        (NOTHING, 4),
        (NoText(reason=Unreadable.PAYWALL), 4),
        (NoText(reason=Unreadable.REFUSED, detail="server answered 403"), 4),
        (NoText(reason=Unreadable.REFUSED, detail="server answered 503", passing=True), 3),
        (NoText(reason=Unreadable.ROBOTS), 3),
    ],
)
def test_what_comes_of_a_reading_is_counted(result: ArticleText | NoText, fruitless: int) -> None:
    after = gain.after(BEFORE, ENTRY, result, NOW)
    assert after is not None
    assert after.fruitless == fruitless


def test_of_a_host_that_could_not_be_asked_nothing_is_known() -> None:
    assert gain.after(None, ENTRY, NoText(reason=Unreadable.REFUSED, passing=True), NOW) is None


def test_a_first_reading_counts_as_any() -> None:
    assert gain.after(None, ENTRY, NOTHING, NOW) == Gain(fruitless=1, asked_at=NOW)


def test_of_too_many_hosts_the_one_that_was_learned_first_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_HOSTS", 2)
    known: dict[str, int] = {}
    for host in ("a", "b", "a", "c"):
        reading._remember(known, host, len(known))
    assert [*known] == ["a", "c"]
