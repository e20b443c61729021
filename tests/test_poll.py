"""How a feed stands after a poll, and when it is asked again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.feed import Cause, Document, Failed, FeedState, Pace, Parsed, State, Trouble, Unchanged
from monitor.feed.poll import GONE_INTERVAL, SECOND_TRY, Brought, arrived, failed, unchanged

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
URL = "https://wire.example/rss"
WAIT = timedelta(minutes=5)
PACE = Pace(min_interval=timedelta(seconds=30), max_interval=timedelta(hours=1))


def state(**known: object) -> FeedState:
    return replace(FeedState(id=1, name="wire", url=URL, next_poll_at=NOW), **known)  # type: ignore[arg-type]


def document(**known: object) -> Document:
    plain = Document(
        url=URL, body=b"<rss/>", content_type="", body_hash=b"hash", etag=None, modified=None, moved_to=None
    )
    return replace(plain, **known)  # type: ignore[arg-type]


def came(known: FeedState, arrival: Document, parsed: Parsed | None = None) -> FeedState:
    parsed = parsed or Parsed(title="", entries=())
    return arrived(known, arrival, parsed, Brought(), wait=WAIT, now=NOW)


# --- when to ask again -----------------------------------------------------------------------------------------------

TROUBLED = {"failures": 3, "state": State.FAILING, "reason": "no answer"}


def test_an_answer_without_news_heals_and_is_followed_by_the_interval() -> None:
    after = unchanged(state(**TROUBLED), Unchanged(etag='"v2"', modified="today"), WAIT, NOW)
    assert (after.state, after.failures, after.reason) == (State.OK, 0, "")
    assert (after.polled_at, after.next_poll_at) == (NOW, NOW + WAIT)
    assert (after.etag, after.modified) == ('"v2"', "today")


def test_an_answer_without_news_is_no_baseline() -> None:
    assert unchanged(state(), Unchanged(etag=None, modified=None), WAIT, NOW).baseline_at is None


def test_the_first_feed_that_arrives_is_the_baseline_even_an_empty_one() -> None:
    after = came(state(**TROUBLED), document(etag='"v1"', modified="today"), Parsed(title="Wire", entries=()))
    assert (after.baseline_at, after.state, after.failures) == (NOW, State.OK, 0)
    assert (after.title, after.etag, after.modified) == ("Wire", '"v1"', "today")
    assert after.body_hash == b"hash"


def test_a_baseline_and_a_title_stay() -> None:
    known = state(baseline_at=NOW - timedelta(days=1), title="Wire")
    after = came(known, document())
    assert (after.baseline_at, after.title) == (NOW - timedelta(days=1), "Wire")


def test_a_permanent_redirect_holds_from_the_first_feed_that_it_led_to() -> None:
    moved = came(state(), document(moved_to="https://new.example/rss"))
    assert moved.address == "https://new.example/rss"
    assert came(moved, document()).address == "https://new.example/rss"


def test_a_permanent_redirect_to_what_is_no_feed_does_not_hold() -> None:
    assert failed(state(), Failed(trouble=Trouble.NOT_A_FEED, detail="a web page"), WAIT, PACE, NOW).address == URL


@pytest.mark.parametrize(("failures", "wait"), [(0, 5), (1, 10), (2, 20), (3, 40), (4, 60), (500, 60)])
def test_waits_double_with_each_failure_up_to_the_longest(failures: int, wait: int) -> None:
    failure = Failed(trouble=Trouble.NO_ANSWER, detail="")
    after = failed(state(failures=failures), failure, WAIT, PACE, NOW)
    assert after.next_poll_at == NOW + timedelta(minutes=wait)
    assert (after.state, after.failures, after.polled_at) == (State.FAILING, failures + 1, NOW)


def test_a_feed_that_is_polled_seldom_is_not_asked_more_often_for_failing() -> None:
    after = failed(state(failures=4), Failed(trouble=Trouble.NO_ANSWER, detail=""), timedelta(days=1), PACE, NOW)
    assert after.next_poll_at == NOW + timedelta(days=1)


def test_a_failure_keeps_what_is_known_of_the_feed() -> None:
    known = state(etag='"v1"', baseline_at=NOW, body_hash=b"x", title="Wire")
    after = failed(known, Failed(trouble=Trouble.STATUS, detail="503"), WAIT, PACE, NOW)
    assert (after.etag, after.baseline_at, after.body_hash, after.title) == ('"v1"', NOW, b"x", "Wire")
    assert after.reason == "server answered: 503"


@pytest.mark.parametrize(("asked", "wait"), [(timedelta(minutes=1), 5), (timedelta(hours=3), 180)])
def test_the_wait_that_a_server_asks_for_is_kept_where_it_is_longer(asked: timedelta, wait: int) -> None:
    failure = Failed(trouble=Trouble.STATUS, detail="429", retry_at=NOW + asked)
    assert failed(state(), failure, WAIT, PACE, NOW).next_poll_at == NOW + timedelta(minutes=wait)


def test_a_feed_that_is_gone_is_asked_once_a_day() -> None:
    after = failed(state(), Failed(trouble=Trouble.GONE, detail=""), WAIT, PACE, NOW)
    assert (after.state, after.next_poll_at) == (State.GONE, NOW + GONE_INTERVAL)


def test_a_server_out_of_reach_is_asked_once_more_soon() -> None:
    failure = Failed(trouble=Trouble.NO_ANSWER, detail="", cause=Cause.UNREACHABLE)
    once = failed(state(), failure, WAIT, PACE, NOW)
    assert once.next_poll_at == NOW + SECOND_TRY
    assert failed(once, failure, WAIT, PACE, NOW).next_poll_at == NOW + 2 * WAIT


def test_a_failure_remembers_since_when() -> None:
    failure = Failed(trouble=Trouble.STATUS, detail="503", cause=Cause.BUSY)
    first = failed(state(state=State.OK, since=NOW - timedelta(days=9)), failure, WAIT, PACE, NOW)
    second = failed(first, failure, WAIT, PACE, NOW + WAIT)
    assert (first.since, second.since, second.cause) == (NOW, NOW, Cause.BUSY)


# --- how it stands after an answer -----------------------------------------------------------------------------------

EARLIER = NOW - timedelta(days=1)


def test_what_works_again_is_so_from_now_on_and_is_looked_at() -> None:
    known = state(**TROUBLED, baseline_at=EARLIER, since=EARLIER)
    after = unchanged(known, Unchanged(etag=None, modified=None), WAIT, NOW)
    assert (after.state, after.since, after.look_at, after.cause) == (State.OK, NOW, NOW, None)


def test_what_goes_on_working_does_so_since_it_began() -> None:
    after = unchanged(state(state=State.OK, since=EARLIER), Unchanged(etag=None, modified=None), WAIT, NOW)
    assert after.since == EARLIER


@pytest.mark.parametrize("lasting", [State.SILENT, State.ODD])
def test_that_it_answers_does_not_end_what_is_wrong_with_what_it_brings(lasting: State) -> None:
    known = state(state=lasting, since=EARLIER, reason="so it is")
    after = unchanged(known, Unchanged(etag=None, modified=None), WAIT, NOW)
    assert (after.state, after.since, after.reason) == (lasting, EARLIER, "so it is")


def brought(known: FeedState, what: Brought) -> FeedState:
    return arrived(known, document(), Parsed(title="", entries=()), what, wait=WAIT, now=NOW)


def test_a_silent_feed_speaks_with_its_next_item() -> None:
    known = state(state=State.SILENT, since=EARLIER, reason="nothing new for 9 h")
    assert brought(known, Brought(new=0)).state is State.SILENT
    after = brought(known, Brought(new=1))
    assert (after.state, after.reason, after.since) == (State.OK, "", NOW)


def test_an_odd_feed_is_so_since_it_began_and_until_it_is_no_more() -> None:
    first = brought(state(state=State.OK), Brought(odd="it lists nothing any more"))
    assert (first.state, first.reason, first.since) == (State.ODD, "it lists nothing any more", NOW)
    again = brought(replace(first, since=EARLIER), Brought(odd="it lists nothing any more"))
    assert again.since == EARLIER
    assert brought(again, Brought()).state is State.OK


def test_a_move_is_known_by_the_same_bytes_too() -> None:
    moved = Unchanged(etag=None, modified=None, moved_to="https://new.example/rss")
    assert unchanged(state(), moved, WAIT, NOW).address == "https://new.example/rss"
