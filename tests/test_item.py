"""What makes an entry new, changed or the same, what is history, and whose article is read."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.exchange import Refusal, Refused, Response
from monitor.item import (
    ARTICLE_LIMIT,
    LATENESS,
    SHORT,
    Change,
    Entry,
    Item,
    NoText,
    Reading,
    Unreadable,
    article_request,
    believable,
    canonical_link,
    compare,
    is_baseline,
    key,
    page,
    remembered,
    wants_article,
)

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
LINK = "https://wire.example/world/allies"
ENTRY = Entry(guid="1", link=LINK, headline="Allies weigh guarantees", lead="Ministers met.", published=NOW)


def item(entry: Entry = ENTRY, text: str | None = None) -> Item:
    return Item(
        id=1,
        feed_id=1,
        feed="wire",
        source="Wire",
        key=key(entry),
        version=1,
        entry=entry,
        seen_at=NOW,
        baseline=False,
        reading=Reading.NOT_WANTED,
        text=text,
    )


@pytest.mark.parametrize("published", [None, NOW, datetime.max.replace(tzinfo=UTC), NOW.replace(microsecond=1)])
def test_an_entry_leaves_the_sandbox_as_it_was_read(published: datetime | None) -> None:
    entry = replace(ENTRY, body="Ministers met in Brussels.", author="A. B.", categories=("x",), published=published)
    assert pickle.loads(pickle.dumps(entry)) == entry  # noqa: S301 - our own


# --- identity --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ENTRY, replace(ENTRY, link="https://elsewhere.example", headline="Other words", published=None)),
        (replace(ENTRY, guid=""), replace(ENTRY, guid="", headline="Other words", published=None)),
        (replace(ENTRY, guid=""), replace(ENTRY, guid="", link=f"{LINK}?utm_source=rss#top")),
        (replace(ENTRY, guid="", link=""), replace(ENTRY, guid="", link="", headline="ALLIES  weigh guarantees")),
    ],
    ids=["same guid", "same link", "same page", "same words and date"],
)
def test_an_entry_is_the_same_by_guid_else_by_link_else_by_headline_and_date(one: Entry, other: Entry) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(
    "other",
    [
        replace(ENTRY, guid="2"),
        replace(ENTRY, guid=""),
        replace(ENTRY, guid="", link="https://wire.example/2"),
        replace(ENTRY, guid="", link=""),
        replace(ENTRY, guid="", link="", headline="Other words"),
        replace(ENTRY, guid="", link="", published=NOW - timedelta(hours=1)),
        replace(ENTRY, guid="", link="", published=None),
        Entry(guid=LINK.removeprefix("https:")),
    ],
)
def test_entries_that_differ_in_it_are_different(other: Entry) -> None:
    assert key(other) != key(ENTRY)
    assert len(key(other)) == 16


def test_a_link_and_a_guid_of_the_same_words_are_different() -> None:
    assert key(Entry(guid="//wire.example/a")) != key(Entry(link="https://wire.example/a"))


def test_an_entry_without_anything_has_an_identity() -> None:
    assert len(key(Entry())) == 16
    assert len(key(Entry(guid="\ud800"))) == 16


@pytest.mark.parametrize(
    ("link", "same"),
    [
        ("http://wire.example/a", "//wire.example/a"),
        ("https://WIRE.example/a/", "//wire.example/a"),
        ("https://wire.example/a#comments", "//wire.example/a"),
        ("https://wire.example/a?utm_medium=rss&id=7&fbclid=x", "//wire.example/a?id=7"),
        ("https://wire.example/a?at_medium=RSS&at_campaign=rss", "//wire.example/a"),
        ("https://wire.example/A?ID=7", "//wire.example/A?ID=7"),
        ("  https://wire.example/a\n", "//wire.example/a"),
        ("https://wire.example", "//wire.example"),
        ("http://[::1", "http://[::1"),
    ],
)
def test_a_link_counts_without_what_does_not_name_the_page(link: str, same: str) -> None:
    assert canonical_link(link) == same


# --- change ----------------------------------------------------------------------------------------------------------


def test_an_entry_that_was_never_seen_is_new() -> None:
    assert compare(ENTRY, None) is Change.NEW


@pytest.mark.parametrize(
    "again",
    [
        replace(ENTRY, headline="ALLIES WEIGH GUARANTEES"),
        replace(ENTRY, lead="Ministers   met."),
        replace(ENTRY, published=NOW + timedelta(hours=1)),
        replace(ENTRY, link="https://wire.example/moved", author="A. Writer", categories=("world",)),
    ],
    ids=["case", "spaces", "date", "link, author and categories"],
)
def test_what_is_not_words_is_no_change(again: Entry) -> None:
    assert compare(again, remembered(ENTRY, 1)) is Change.SAME


@pytest.mark.parametrize(
    "again",
    [
        replace(ENTRY, headline="Allies refuse guarantees"),
        replace(ENTRY, lead="Ministers did not meet."),
        replace(ENTRY, body="The whole text."),
        replace(ENTRY, headline="", lead="Allies weigh guarantees"),
    ],
)
def test_other_words_are_a_change(again: Entry) -> None:
    assert compare(again, remembered(ENTRY, 1)) is Change.CHANGED


# --- time ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("published", "believed"),
    [
        (None, None),
        (NOW - timedelta(hours=1), NOW - timedelta(hours=1)),
        (NOW + timedelta(days=3), NOW),
        (datetime(1990, 1, 1, tzinfo=UTC), datetime(1990, 1, 1, tzinfo=UTC)),
        (datetime(1970, 1, 1, tzinfo=UTC), None),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))), None),
        (datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5))), NOW),
    ],
)
def test_a_date_counts_as_far_as_it_can_be_one_of_news(published: datetime | None, believed: datetime | None) -> None:
    assert believable(published, NOW) == believed


@given(st.datetimes(timezones=st.timezones() | st.just(UTC)))
def test_no_date_is_believed_to_lie_ahead(published: datetime) -> None:
    believed = believable(published, NOW)
    assert believed is None or believed <= NOW


@pytest.mark.parametrize(
    ("entry", "published"),
    [
        (replace(ENTRY, published=NOW - timedelta(hours=2)), NOW - timedelta(hours=2)),
        (replace(ENTRY, published=None), NOW),
        (replace(ENTRY, published=datetime(1970, 1, 1, tzinfo=UTC)), NOW),
    ],
)
def test_an_item_without_a_believable_date_was_published_when_it_was_seen(entry: Entry, published: datetime) -> None:
    assert item(entry).published == published


# --- history ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "catch_up", "history"),
    [
        (timedelta(0), timedelta(0), True),
        (timedelta(hours=5), timedelta(0), True),
        (timedelta(hours=5), timedelta(hours=6), False),
        (timedelta(hours=6), timedelta(hours=6), False),
        (timedelta(hours=7), timedelta(hours=6), True),
        (timedelta(hours=-7), timedelta(hours=6), False),
        (None, timedelta(hours=6), True),
    ],
)
def test_at_the_first_poll_all_but_what_is_caught_up_with_is_history(
    *, age: timedelta | None, catch_up: timedelta, history: bool
) -> None:
    entry = replace(ENTRY, published=None if age is None else NOW - age)
    assert is_baseline(entry, baseline_at=None, catch_up=catch_up, now=NOW) is history


@pytest.mark.parametrize(
    ("age", "catch_up", "history"),
    [
        (timedelta(0), timedelta(0), False),
        (None, timedelta(0), False),
        (LATENESS, timedelta(0), False),
        (LATENESS + timedelta(seconds=1), timedelta(0), True),
        (timedelta(days=5), timedelta(days=7), False),
        (timedelta(days=8), timedelta(days=7), True),
    ],
)
def test_later_only_what_is_dated_well_before_the_baseline_is_history(
    *, age: timedelta | None, catch_up: timedelta, history: bool
) -> None:
    entry = replace(ENTRY, published=None if age is None else NOW - age)
    assert is_baseline(entry, baseline_at=NOW, catch_up=catch_up, now=NOW + timedelta(hours=1)) is history


def test_a_baseline_of_the_time_to_come_keeps_no_feed_silent_until_then() -> None:
    """It was set by a clock that ran ahead and was set right."""
    ahead = NOW + timedelta(days=365)
    assert not is_baseline(ENTRY, baseline_at=ahead, catch_up=timedelta(0), now=NOW)
    old = replace(ENTRY, published=NOW - LATENESS - timedelta(hours=1))
    assert is_baseline(old, baseline_at=ahead, catch_up=timedelta(0), now=NOW)


@pytest.mark.parametrize(
    ("ahead", "history"),
    [(timedelta(hours=2), False), (timedelta(days=1), False), (timedelta(days=2), True), (timedelta(days=20000), True)],
)
def test_at_the_first_poll_what_is_dated_far_ahead_is_not_young(*, ahead: timedelta, history: bool) -> None:
    """By a clock that starts in 1970 all that a feed has ever said would be news."""
    entry = replace(ENTRY, published=NOW + ahead)
    assert is_baseline(entry, baseline_at=None, catch_up=timedelta(hours=1), now=NOW) is history


# --- articles --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "text", "full", "depth"),
    [
        (ENTRY, "The article.", "The article.", "article"),
        (replace(ENTRY, body="The feed's own."), None, "The feed's own.", "article"),
        (replace(ENTRY, body="The feed's own."), "The article.", "The article.", "article"),
        (ENTRY, None, "", "lead"),
        (ENTRY, "", "", "lead"),
        (replace(ENTRY, lead=""), None, "", "headline"),
    ],
)
def test_an_item_is_as_deep_as_its_deepest_text(entry: Entry, text: str | None, full: str, depth: str) -> None:
    assert (item(entry, text).full_text, item(entry, text).depth) == (full, depth)


@pytest.mark.parametrize(
    ("entry", "always", "baseline", "judged_by_text", "wanted"),
    [
        (ENTRY, False, False, True, True),
        (ENTRY, False, True, True, False),
        (ENTRY, False, False, False, False),
        (replace(ENTRY, link=""), True, False, True, False),
        (replace(ENTRY, lead="x" * SHORT), False, False, True, False),
        (replace(ENTRY, lead="x" * (SHORT - 1)), False, False, True, True),
        (replace(ENTRY, lead="x" * 300, body="x" * 300), False, False, True, False),
        (replace(ENTRY, lead="x" * SHORT), True, False, True, True),
        (ENTRY, True, True, True, False),
        (ENTRY, True, False, False, False),
    ],
)
def test_an_article_is_read_where_it_can_decide_a_rule_and_the_feed_says_little(
    *, entry: Entry, always: bool, baseline: bool, judged_by_text: bool, wanted: bool
) -> None:
    assert wants_article(entry, always=always, baseline=baseline, judged_by_text=judged_by_text) is wanted


def test_an_article_is_asked_for_as_a_page_of_bounded_size() -> None:
    asked = article_request(LINK)
    assert (asked.url, asked.limit) == (LINK, ARTICLE_LIMIT)
    assert "text/html" in asked.headers["Accept"]


def answer(status: int) -> Response:
    return Response(url=LINK, status=status, headers={}, body=b"")


def test_a_page_that_came_is_the_page() -> None:
    assert page(answer(200)) == answer(200)


@pytest.mark.parametrize(("status", "passing"), [(403, False), (404, False), (429, True), (500, True), (503, True)])
def test_a_page_that_was_not_given_says_so_and_whether_asking_again_may_help(*, status: int, passing: bool) -> None:
    none = page(answer(status))
    assert none == NoText(reason=Unreadable.REFUSED, detail=f"server answered {status}", passing=passing)
    assert str(none) == f"server answered {status}"


@pytest.mark.parametrize(
    ("refused", "said", "passing"),
    [
        (Refused(reason=Refusal.TIMEOUT, detail=""), "no whole answer in time", True),
        (Refused(reason=Refusal.ADDRESS, detail="10.0.0.1"), "address is not public (10.0.0.1)", False),
    ],
)
def test_no_answer_for_a_page_says_why(*, refused: Refused, said: str, passing: bool) -> None:
    none = page(refused)
    assert isinstance(none, NoText)
    assert (str(none), none.passing) == (said, passing)


def test_a_page_without_text_says_why() -> None:
    assert str(NoText(reason=Unreadable.EMPTY)) == "no article text on the page"
