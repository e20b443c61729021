"""What people read of their feeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.alert import Kind
from monitor.feed import Cause, FeedState, State, bulletin
from monitor.feed.bulletin import CURES, MOST_LINES, About, Desk
from monitor.feed.health import Network, Tidings
from monitor.feed.listing import Loss
from monitor.feed.silence import habit

#: A Tuesday, 07:00 in Berlin.
NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LAST = NOW - 9 * HOUR
HABIT = habit([LAST - 2 * HOUR * n for n in range(200)], NOW)


def feed(name: str = "un", **known: object) -> FeedState:
    url = f"https://{name}.example/rss"
    state = FeedState(id=1, name=name, url=url, next_poll_at=NOW, since=LAST, read_at=NOW - 2 * MINUTE)
    return replace(state, **known)  # type: ignore[arg-type]


def silent(*, since: datetime = LAST) -> FeedState:
    return feed(state=State.SILENT, changed_at=LAST, since=since)


def failing(name: str = "un", cause: Cause = Cause.FORBIDDEN) -> FeedState:
    return feed(name, state=State.FAILING, cause=cause, reason="server answered: 403 Forbidden")


def desk(about: Mapping[str, About] | None = None, *, watched: int = 18, troubled: int = 1) -> Desk:
    known = about or {"un": About(rules=("nato", "siemens"), habit=HABIT)}
    return Desk(watched=watched, troubled=troubled, about=known, now=NOW, zone=ZoneInfo("Europe/Berlin"))


# --- one feed --------------------------------------------------------------------------------------------------------


def test_a_silent_feed_is_told_with_all_that_a_person_asks() -> None:
    notice = bulletin.health(Tidings(begun=(silent(),)), desk())
    assert notice.subject == "un is silent: nothing new for 9 h, usually every 2 h"
    assert notice.message == (
        "Last item Mon 23 Nov 22:00. By this hour on a Tuesday it has usually brought 5. "
        "The server answers (06:58), the content has not changed since Mon 23 Nov 22:00.\n"
        "Two rules watch it: nato, siemens. Your other 17 feeds are fine. "
        "One more message follows when it speaks again.\n"
        "Look: https://un.example/rss   then: wirebell feeds test un"
        '      Too strict? feeds.un.silent_after = "24h"'
    )
    assert (notice.kind, notice.feed) == (Kind.HEALTH, "un")


def test_one_whose_bytes_change_is_told_so() -> None:
    notice = bulletin.health(Tidings(begun=(replace(silent(), changed_at=NOW),)), desk())
    assert "the content changes, but nothing in it is new." in notice.message


def test_one_without_a_habit_is_told_by_its_silence_alone() -> None:
    notice = bulletin.health(Tidings(begun=(silent(),)), desk({"un": About()}))
    assert notice.subject == "un is silent: nothing new for 9 h"
    assert "No rule watches it." in notice.message


@pytest.mark.parametrize(("lasts", "written"), [(20 * HOUR, "40h"), (20 * DAY, "30d")])
def test_a_roomier_time_is_proposed_that_can_be_written(lasts: timedelta, written: str) -> None:
    notice = bulletin.health(Tidings(begun=(silent(since=NOW - lasts),)), desk())
    assert f'feeds.un.silent_after = "{written}"' in notice.message


def test_a_failing_feed_is_told_with_what_to_do() -> None:
    notice = bulletin.health(Tidings(begun=(failing(),)), desk({"un": About(rules=("nato",))}, troubled=1))
    assert notice.subject == "un fails: server answered: 403 Forbidden"
    assert f"It could not be read since Mon 23 Nov 22:00. {CURES[Cause.FORBIDDEN]}" in notice.message
    assert "One rule watches it: nato." in notice.message


def test_an_odd_feed_is_told_with_what_becomes_of_it() -> None:
    odd = feed(state=State.ODD, reason="all of its dates lie in the future")
    notice = bulletin.health(Tidings(begun=(odd,)), desk())
    assert notice.subject == "un is odd: all of its dates lie in the future"
    assert "what was known rings nobody" in notice.message


@pytest.mark.parametrize("cause", Cause)
def test_there_is_something_to_do_about_every_cause(cause: Cause) -> None:
    assert CURES[cause].endswith(".")


@pytest.mark.parametrize(
    ("told", "subject", "said"),
    [
        (State.SILENT, "un speaks again", "it was silent since Mon 23 Nov 07:00."),
        (State.ODD, "un works again", "it was odd since Mon 23 Nov 07:00."),
        (State.GONE, "un works again", "it was not to be read since Mon 23 Nov 07:00."),
    ],
)
def test_the_end_tells_from_when_to_when(told: State, subject: str, said: str) -> None:
    ended = feed(state=State.OK, told=told, told_since=NOW - DAY, since=NOW - 12 * MINUTE)
    notice = bulletin.health(Tidings(ended=(ended,)), desk(troubled=0))
    assert notice.subject == subject
    assert notice.message == f"{subject} since 06:48; {said} All feeds are fine."


def test_a_move_is_told_with_the_line_to_write() -> None:
    notice = bulletin.health(Tidings(moved=(feed(moved_to="https://new.example/rss"),)), desk(troubled=0))
    assert notice.subject == "un has moved"
    assert 'feeds.un.url = "https://new.example/rss"' in notice.message


@pytest.mark.parametrize(
    ("watched", "troubled", "said"),
    [(1, 1, ""), (2, 1, "Your other feed is fine."), (9, 4, "Your other 5 feeds are fine."), (1, 0, "")],
)
def test_who_has_other_feeds_reads_how_they_are(watched: int, troubled: int, said: str) -> None:
    notice = bulletin.health(Tidings(begun=(failing(),)), desk(watched=watched, troubled=troubled))
    assert ("fine" in notice.message) is bool(said)
    assert said in notice.message


def test_many_rules_are_counted_and_some_named() -> None:
    rules = tuple(f"r{n}" for n in range(20))
    notice = bulletin.health(Tidings(begun=(failing(),)), desk({"un": About(rules=rules)}))
    assert "20 rules watch it: r0, r1, r2, r3, r4, r5, r6, r7 …." in notice.message


# --- several ---------------------------------------------------------------------------------------------------------


def test_several_are_one_message() -> None:
    ended = feed("ap", state=State.OK, told=State.FAILING, told_since=LAST)
    moved = feed("dw", moved_to="https://new.example/rss")
    notice = bulletin.health(
        Tidings(begun=(failing("tass"), silent()), ended=(ended,), moved=(moved,)), desk(troubled=2)
    )
    assert notice.subject == "4 feeds: 1 fails, 1 is silent, 1 works again, 1 has moved"
    assert notice.message.count("\n") == 4
    assert notice.feed is None


def test_many_are_counted_and_some_named() -> None:
    many = tuple(failing(f"f{n}") for n in range(MOST_LINES + 5))
    notice = bulletin.health(Tidings(begun=many), desk())
    assert notice.subject == "25 feeds fail"
    assert "… and 5 more: wirebell feeds list" in notice.message
    assert "f20 fails" not in notice.message


# --- network ---------------------------------------------------------------------------------------------------------


def test_a_network_that_is_out_is_told_as_such() -> None:
    cut = tuple(replace(failing(f"f{n}", Cause.UNREACHABLE), since=NOW - n * MINUTE) for n in range(1, 49))
    notice = bulletin.network_out(Network(cut=cut, begun=True), desk(watched=50))
    assert notice.subject == "48 of 50 feeds unreachable: this machine's network"
    assert notice.message.startswith("Since 06:36 most feeds cannot be reached, on several servers at once")


def test_one_that_is_back_is_told_with_what_is_not() -> None:
    net = Network(cut=(failing("a"), failing("b")), ended=True, back_since=NOW - MINUTE)
    notice = bulletin.network_back(net, desk())
    assert notice.subject == "This machine's network is back"
    assert "Feeds answer again since 06:59." in notice.message
    assert "Still out of reach: a, b." in notice.message


# --- losses ----------------------------------------------------------------------------------------------------------


def lost(*ages: int) -> list[Loss]:
    return [Loss(feed_id=1, since=NOW - (age + 5) * MINUTE, until=NOW - age * MINUTE) for age in ages]


def test_a_possible_loss_is_told_with_its_time() -> None:
    notice = bulletin.losses({"tass": lost(5)}, desk())
    assert notice.subject == "possible loss on tass between 06:50 and 06:55"
    assert 'feeds.tass.window = "selection"' in notice.message
    assert (notice.kind, notice.feed) == (Kind.LOSS, "tass")


def test_those_before_are_counted() -> None:
    notice = bulletin.losses({"tass": lost(5, 10, 15)}, desk())
    assert "between 06:50 and 06:55 (and 2 times before)" in notice.message


def test_losses_of_several_feeds_are_one_message() -> None:
    notice = bulletin.losses({f"f{n}": lost(5) for n in range(MOST_LINES + 1)}, desk())
    assert notice.subject == "possible loss on 21 feeds between two polls"
    assert "possible loss on f3 between 06:50 and 06:55" in notice.message
    assert "… and 1 more feeds." in notice.message


@pytest.mark.parametrize(
    ("span", "said"),
    [(20 * MINUTE, "20 min"), (HOUR, "1 h"), (89 * MINUTE, "89 min"), (9 * HOUR, "9 h"), (50 * HOUR, "2 days")],
)
def test_a_span_is_told_as_people_say_it(span: timedelta, said: str) -> None:
    assert bulletin.length(span) == said
