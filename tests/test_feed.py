"""What to ask of a feed, and what the answer means."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.exchange import Refusal, Refused, Response
from monitor.feed import (
    LIMIT,
    MOST_PATIENCE,
    Cause,
    Document,
    Failed,
    FeedState,
    Trouble,
    Unchanged,
    fresh,
    host_of,
    outcome,
    request,
    retry_at,
    ttl,
)

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
URL = "https://wire.example/rss"
BODY = b"<rss/>"


def state(**known: object) -> FeedState:
    return replace(FeedState(id=1, name="wire", url=URL, next_poll_at=NOW), **known)  # type: ignore[arg-type]


def response(status: int = 200, body: bytes = BODY, moved_to: str | None = None, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(url=URL, status=status, headers=named, body=body, moved_to=moved_to)


def document(**known: object) -> Document:
    meant = outcome(state(), response(), NOW)
    assert isinstance(meant, Document)
    return replace(meant, **known)  # type: ignore[arg-type]


# --- what to ask -----------------------------------------------------------------------------------------------------


def test_a_feed_that_is_new_is_asked_for_without_conditions() -> None:
    asked = request(state())
    assert asked.url == URL
    assert asked.limit == LIMIT
    assert set(asked.headers) == {"Accept"}


def test_what_is_known_is_asked_for_only_if_it_changed() -> None:
    asked = request(state(etag='"v1"', modified="Tue, 24 Nov 2026 09:00:00 GMT"))
    assert asked.headers["If-None-Match"] == '"v1"'
    assert asked.headers["If-Modified-Since"] == "Tue, 24 Nov 2026 09:00:00 GMT"


def test_a_feed_that_moved_for_good_is_asked_for_where_it_is_now() -> None:
    assert request(state(moved_to="https://new.example/rss")).url == "https://new.example/rss"


# --- what the answer means -------------------------------------------------------------------------------------------


def test_a_body_that_is_not_known_is_a_document() -> None:
    answer = response(etag='"v2"', last_modified="today", content_type="text/xml", moved_to="https://new.example/rss")
    assert outcome(state(body_hash=b"other"), answer, NOW) == Document(
        url=URL,
        body=BODY,
        content_type="text/xml",
        body_hash=sha256(BODY).digest()[:16],
        etag='"v2"',
        modified="today",
        moved_to="https://new.example/rss",
    )


def test_the_same_bytes_again_are_no_news() -> None:
    known = state(body_hash=sha256(BODY).digest()[:16], etag='"v1"')
    assert outcome(known, response(etag='"v2"'), NOW) == Unchanged(etag='"v2"', modified=None)


def test_not_modified_is_no_news_and_keeps_what_is_not_said_again() -> None:
    known = state(etag='"v1"', modified="yesterday")
    assert outcome(known, response(304, b""), NOW) == Unchanged(etag='"v1"', modified="yesterday")
    assert outcome(known, response(304, b"", etag='"v2"'), NOW) == Unchanged(etag='"v2"', modified="yesterday")


def test_gone_is_a_trouble_of_its_own() -> None:
    assert outcome(state(), response(410, b""), NOW) == Failed(trouble=Trouble.GONE, detail="", cause=Cause.GONE)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "server answered: 404 Not Found"),
        (503, "server answered: 503 Service Unavailable"),
        (599, "server answered: 599"),
        (204, "server answered: 204 No Content"),
    ],
)
def test_any_other_status_is_a_failure_that_names_it(status: int, said: str) -> None:
    assert str(outcome(state(), response(status, b""), NOW)) == said


def test_a_failure_carries_the_wait_that_the_server_asks_for() -> None:
    meant = outcome(state(), response(429, b"", retry_after="120"), NOW)
    assert isinstance(meant, Failed)
    assert meant.retry_at == NOW + timedelta(seconds=120)


@pytest.mark.parametrize(
    ("detail", "said"),
    [("", "no answer: connection failed"), ("refused", "no answer: connection failed (refused)")],
)
def test_no_answer_is_a_failure_that_says_why(detail: str, said: str) -> None:
    assert str(outcome(state(), Refused(reason=Refusal.CONNECT, detail=detail), NOW)) == said


def test_a_trouble_without_detail_is_said_alone() -> None:
    assert str(Failed(trouble=Trouble.GONE, detail="")) == "the server says the feed is gone (410)"


# --- Retry-After (RFC 9110, section 10.2.3) --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "then"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("0", NOW),
        (" 90 ", NOW + timedelta(seconds=90)),
        ("86401", NOW + MOST_PATIENCE),
        ("9" * 5000, NOW + MOST_PATIENCE),
        ("Tue, 24 Nov 2026 10:05:00 GMT", NOW + timedelta(minutes=5)),
        ("Tue, 24 Nov 2026 09:00:00 GMT", NOW),
        ("Tue, 24 Nov 2099 10:05:00 GMT", NOW + MOST_PATIENCE),
        ("Tue, 24 Nov 2026 10:05:00 -0000", None),
        ("Mon, 01 Jan 99999 00:00:00 GMT", None),
        (f"Mon, 01 Jan {'9' * 30} 00:00:00 GMT", None),
    ],
)
def test_a_server_may_ask_for_patience_in_seconds_or_by_a_date(header: str | None, then: datetime | None) -> None:
    assert retry_at(header, NOW) == then


@given(st.text(max_size=60) | st.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ [+-]?\w+", fullmatch=True))
def test_whatever_a_server_asks_the_wait_is_at_most_a_day(header: str) -> None:
    then = retry_at(header, NOW)
    assert then is None or NOW <= then <= NOW + MOST_PATIENCE


@pytest.mark.parametrize(
    ("address", "host"),
    [("https://Wire.example:8443/rss", "wire.example"), ("http://[::1]/x", "::1"), ("http://[::1", ""), ("", "")],
)
def test_the_host_of_an_address_is_its_name(address: str, host: str) -> None:
    assert host_of(address) == host


# --- what a failure comes from ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (Refused(reason=Refusal.DNS, detail=""), Cause.NAME),
        (Refused(reason=Refusal.CONNECT, detail=""), Cause.UNREACHABLE),
        (Refused(reason=Refusal.TLS, detail=""), Cause.CERTIFICATE),
        (Refused(reason=Refusal.ADDRESS, detail=""), Cause.ADDRESS),
        (Refused(reason=Refusal.REDIRECTS, detail=""), Cause.OTHER),
        (response(401, b""), Cause.LOGIN),
        (response(403, b""), Cause.FORBIDDEN),
        (response(403, b"", server="cloudflare"), Cause.BOT_WALL),
        (response(503, b"", cf_mitigated="challenge"), Cause.BOT_WALL),
        (response(404, b"", server="cloudflare"), Cause.MISSING),
        (response(429, b""), Cause.BUSY),
        (response(500, b""), Cause.BUSY),
        (response(599, b""), Cause.BUSY),
        (response(418, b""), Cause.OTHER),
        (response(299, b""), Cause.OTHER),
        (response(410, b""), Cause.GONE),
    ],
)
def test_what_a_failure_comes_from_tells_what_a_person_can_do(answer: Response | Refused, cause: Cause) -> None:
    meant = outcome(state(), answer, NOW)
    assert isinstance(meant, Failed)
    assert meant.cause is cause


# --- how long the publisher asks to be left alone --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 0),
        ("no-cache", 0),
        ("max-age=300", 300),
        ("public, max-age=60, s-maxage=10", 60),
        ("x-max-age=9", 0),
        ("max-age=99999999999", 999999999),
    ],
)
def test_an_answer_is_fresh_as_long_as_its_header_says(header: str, seconds: int) -> None:
    assert fresh(header) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("body", "minutes"),
    [(b"<rss><channel><ttl>15</ttl>", 15), (b"<rss><channel><ttl> x </ttl>", 0), (b" " * 9000 + b"<ttl>5</ttl>", 0)],
)
def test_a_feed_of_rss_says_how_long_it_holds(body: bytes, minutes: int) -> None:
    assert ttl(body) == timedelta(minutes=minutes)


def test_a_move_is_known_by_the_same_bytes_too() -> None:
    known = state(body_hash=sha256(BODY).digest()[:16])
    meant = outcome(known, response(moved_to="https://new.example/rss"), NOW)
    assert isinstance(meant, Unchanged)
    assert meant.moved_to == "https://new.example/rss"
