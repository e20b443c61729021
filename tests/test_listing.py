"""Whether something rolled off between two polls, and whether the same returns as new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.feed import FeedState, Window, listing
from monitor.feed.listing import LEAST_WITHIN, SELECTS, Listing, Loss, short_keys
from monitor.item import Entry, key

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(minutes=5)


def entries(*numbers: int) -> dict[bytes, Entry]:
    made = [Entry(guid=f"g{n}", link=f"https://wire.example/{n}", headline=f"Item {n}") for n in numbers]
    return {key(each): each for each in made}


def after(*numbers: int, **known: object) -> FeedState:
    """Return a feed that listed these entries five minutes ago."""
    state = FeedState(id=7, name="wire", url="https://wire.example/rss", next_poll_at=NOW, read_at=BEFORE)
    return replace(state, window=short_keys(entries(*numbers)), **known)  # type: ignore[arg-type]


def listed(*numbers: int, known: Sequence[int] = (), newest_before: datetime | None = None) -> Listing:
    keys, dates = [*entries(*numbers)], [NOW] * len(numbers)
    return Listing(keys=keys, dates=dates, known=[*entries(*known)], newest_before=newest_before)


def dated(*dates: datetime | None) -> Listing:
    return Listing(keys=[*entries(*range(len(dates)))], dates=dates, known=())


# --- what rolled off -------------------------------------------------------------------------------------------------


def test_a_listing_that_shares_an_entry_with_the_one_before_has_lost_nothing() -> None:
    assert listing.loss(after(1, 2, 3), listed(3, 4, 5, known=[3]), None, NOW) is None


def test_one_that_shares_none_may_have_lost_something_between_the_two_polls() -> None:
    assert listing.loss(after(1, 2, 3), listed(5, 6, 7), None, NOW) == Loss(feed_id=7, since=BEFORE, until=NOW)


@pytest.mark.parametrize(
    ("state", "shown", "declared"),
    [
        (after(), listed(1, 2), None),
        (after(1, 2), listed(), None),
        (after(1, 2, read_at=None), listed(3, 4), None),
        (after(1, 2), listed(3, 4), Window.SELECTION),
        (after(1, 2, returns=SELECTS), listed(3, 4), None),
        (after(3, 4), listed(1, 2, known=[1]), None),
        (after(1, 2), listed(3, 4, newest_before=NOW), None),
    ],
    ids=[
        "first",
        "empty",
        "never read",
        "declared a selection",
        "known to select",
        "lists what was left out",
        "reaches back",
    ],
)
def test_nothing_is_claimed_where_nothing_is_proved(state: FeedState, shown: Listing, declared: Window | None) -> None:
    assert listing.loss(state, shown, declared, NOW) is None


def test_a_window_declared_as_one_by_time_is_believed() -> None:
    assert listing.loss(after(3, 4, returns=SELECTS), listed(1, 2, known=[1]), Window.TIME, NOW) is not None


@pytest.mark.parametrize(
    ("state", "shown", "count"),
    [
        (after(1, 2, 3), listed(2, 3, 4, known=[2, 3]), 0),
        (after(3, 4), listed(1, 2, known=[1, 2]), 1),
        (after(3, 4, returns=SELECTS), listed(1, 2, known=[1, 2]), SELECTS),
        (after(), listed(1, 2, known=[1, 2]), 0),
    ],
    ids=["rolls on", "turns", "turns as ever", "was never read"],
)
def test_a_feed_that_lists_again_what_it_left_out_is_counted(state: FeedState, shown: Listing, count: int) -> None:
    assert listing.returns(state, shown) == count


def test_after_a_loss_a_quarter_of_the_listing_may_be_new_at_a_poll() -> None:
    assert listing.within(after(1), 100, 100, lost=True, now=NOW) == timedelta(seconds=75)


def test_a_second_loss_shortens_that_further_down_to_a_least() -> None:
    assert listing.within(after(1, within=timedelta(seconds=40)), 9, 9, lost=True, now=NOW) == timedelta(seconds=40)
    assert listing.within(after(1, within=timedelta(seconds=3)), 9, 9, lost=True, now=NOW) == LEAST_WITHIN


def test_the_haste_ends_bit_by_bit_while_little_is_new() -> None:
    state, waits = after(1, within=timedelta(minutes=1)), []
    while state.within is not None:
        waits.append(state.within)
        state = replace(state, within=listing.within(state, 0, 1000, lost=False, now=NOW))
    assert waits == sorted(waits)
    assert len(waits) == 33


def test_without_a_loss_there_is_no_haste() -> None:
    assert listing.within(after(1), 100, 100, lost=False, now=NOW) is None


# --- the same under new ids ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("new", "all_", "may"), [(1, 1, False), (2, 3, True), (5, 30, False), (16, 300, True)])
def test_many_at_once_may_be_old_ones_under_new_ids(new: int, all_: int, may: bool) -> None:  # noqa: FBT001 - a table
    assert listing.may_be_renamed(new, all_) is may


def test_an_entry_is_known_again_by_its_link_and_else_by_its_headline() -> None:
    new = {
        b"a": Entry(link="http://wire.example/1?utm_source=rss", headline="New words"),
        b"b": Entry(headline="ITEM two"),
    }
    known = [(11, "https://wire.example/1", "Item one"), (12, "https://wire.example/2", "Item two")]
    assert listing.renamed(new, known) == {b"a": 11, b"b": 12}


def test_one_that_shares_both_is_known_again_among_any_number_of_new_ones() -> None:
    new = {bytes([n]): Entry(link=f"https://wire.example/{n}", headline=f"Item {n}") for n in range(9)}
    assert listing.renamed(new, [(1, "https://wire.example/3", "Item 3")]) == {bytes([3]): 1}


def test_one_headline_that_is_known_among_many_new_ones_is_a_report_of_its_own() -> None:
    new = {bytes([n]): Entry(headline=f"Item {n}") for n in range(5)}
    assert listing.renamed(new, [(1, "", "Item 3")]) == {}


# --- what cannot be meant --------------------------------------------------------------------------------------------


def test_a_listing_that_is_emptied_is_odd() -> None:
    assert listing.odd(after(1, 2), dated(), renamed=0, now=NOW) == "it lists nothing any more, after 2 entries"


def test_a_feed_that_never_listed_anything_is_not() -> None:
    assert listing.odd(after(), dated(), renamed=0, now=NOW) == ""


def test_ids_made_anew_are_odd() -> None:
    assert (
        listing.odd(after(1), dated(NOW, NOW, None), renamed=2, now=NOW)
        == "2 of its 3 entries have come again under new ids"
    )


@pytest.mark.parametrize(
    ("ahead", "said"),
    [(timedelta(hours=14), ""), (timedelta(days=1), "all of its dates lie in the future")],
    ids=["another zone", "another time"],
)
def test_dates_that_all_lie_ahead_are_odd(ahead: timedelta, said: str) -> None:
    assert listing.odd(after(1), dated(NOW + ahead, None, NOW + ahead), renamed=0, now=NOW) == said


def test_one_date_ahead_is_a_slip() -> None:
    assert listing.odd(after(1), dated(NOW + timedelta(days=3), NOW), renamed=0, now=NOW) == ""
