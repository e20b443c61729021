"""Feeds as declared and as remembered: what to ask, what the answer means, and when to ask again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from hashlib import blake2b
from http import HTTPStatus
from urllib.parse import urlsplit

from monitor.exchange import ANYBODY, Access, Answer, Refused, Request, Response
from monitor.item import Entry

#: Larger feeds than this are refused; the largest real one seen has 2.7 MB.
LIMIT = 10 * 1024 * 1024
#: A feed that says it is gone is asked once a day, since some come back.
GONE_INTERVAL = timedelta(days=1)
#: A server may ask for patience, but not for more than a day of it.
MOST_PATIENCE = timedelta(days=1)
_ACCEPT = "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"


class FullText(StrEnum):
    """Whether a feed's articles are read."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class State(StrEnum):
    """How a feed is doing."""

    NEW = "new"
    OK = "ok"
    FAILING = "failing"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed as the config declares it."""

    name: str
    url: str
    interval: timedelta
    tags: tuple[str, ...] = ()
    full_text: FullText = FullText.AUTO
    #: BCP 47 code of the language it is written in, where the config says so.
    language: str | None = None
    #: At its first poll, entries younger than this ring.
    catch_up: timedelta = timedelta(0)
    enabled: bool = True
    access: Access = ANYBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """A feed as remembered between polls."""

    id: int
    name: str
    #: As declared when last polled.
    url: str
    #: Where it has moved for good; None when it is where the config says.
    moved_to: str | None = None
    title: str = ""
    #: What it says itself of its language.
    language: str | None = None
    etag: str | None = None
    modified: str | None = None
    body_hash: bytes | None = None
    #: First answer that was a feed, even an empty one; None before.
    baseline_at: datetime | None = None
    polled_at: datetime | None = None
    next_poll_at: datetime
    #: Failed polls in a row.
    failures: int = 0
    state: State = State.NEW
    #: In words for people; empty while all is well.
    reason: str = ""
    #: Its last parse was killed or took long: it is parsed in the lane where it delays no clean feed.
    slow: bool = False
    enabled: bool = True
    #: Token of the claim under which it is held; what is found under a token that holds no more is thrown away.
    lease: str = ""

    @property
    def address(self) -> str:
        """Return where it is polled."""
        return self.moved_to or self.url

    @property
    def host(self) -> str:
        """Return which host is asked."""
        return host_of(self.address)


def host_of(address: str) -> str:
    """Return the name of the host in an address, empty where there is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # a bracket that is not closed
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A document that is a feed."""

    title: str
    #: In the order of the document, at most 1,000.
    entries: tuple[Entry, ...]
    language: str | None = None
    #: How many more entries the document held.
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAFeed:
    """A document that is none, and what it seems to be."""

    detail: str


class Trouble(StrEnum):
    """Why a poll failed; the values are the words shown to people, with the detail behind them."""

    NO_ANSWER = "no answer"
    STATUS = "server answered"
    NOT_A_FEED = "the answer is not a feed"
    UNREADABLE = "the feed could not be read"
    GONE = "the server says the feed is gone (410)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """Nothing new: the server said so, or sent the same bytes again."""

    etag: str | None
    modified: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A body that is not known yet, to be parsed."""

    url: str
    body: bytes
    content_type: str
    body_hash: bytes
    etag: str | None
    modified: str | None
    moved_to: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """No feed this time."""

    trouble: Trouble
    detail: str
    #: Not before this time by the server's own word.
    retry_at: datetime | None = None

    def __str__(self) -> str:
        """Return the reason in words for people."""
        return f"{self.trouble}: {self.detail}" if self.detail else str(self.trouble)


Outcome = Unchanged | Document | Failed


def request(state: FeedState) -> Request:
    """Return what to ask the feed's server, conditional on what is known (RFC 9110, section 13)."""
    headers = {"Accept": _ACCEPT}
    if state.etag:
        headers["If-None-Match"] = state.etag
    if state.modified:
        headers["If-Modified-Since"] = state.modified
    return Request(url=state.address, headers=headers, limit=LIMIT, slow=state.slow)


def outcome(state: FeedState, answer: Answer, now: datetime) -> Outcome:
    """Return what the server's answer means."""
    match answer:
        case Refused():
            return Failed(trouble=Trouble.NO_ANSWER, detail=str(answer))
        case Response(status=HTTPStatus.NOT_MODIFIED, headers=headers):
            return Unchanged(
                etag=headers.get("etag", state.etag), modified=headers.get("last-modified", state.modified)
            )
        case Response(status=HTTPStatus.GONE):
            return Failed(trouble=Trouble.GONE, detail="")
        case Response(status=HTTPStatus.OK):
            return _body(state, answer)
        case Response(status=status, headers=headers):
            return Failed(
                trouble=Trouble.STATUS, detail=_status_words(status), retry_at=retry_at(headers.get("retry-after"), now)
            )


def _body(state: FeedState, answer: Response) -> Unchanged | Document:
    body_hash = blake2b(answer.body, digest_size=16).digest()
    etag, modified = answer.headers.get("etag"), answer.headers.get("last-modified")
    if body_hash == state.body_hash:
        return Unchanged(etag=etag, modified=modified)
    return Document(
        url=answer.url,
        body=answer.body,
        content_type=answer.headers.get("content-type", ""),
        body_hash=body_hash,
        etag=etag,
        modified=modified,
        moved_to=answer.moved_to,
    )


def _status_words(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def retry_at(header: str | None, now: datetime) -> datetime | None:
    """Return the time that a Retry-After header names (RFC 9110, section 10.2.3), None where it names none."""
    if not header:
        return None
    if header.strip().isdecimal():
        seconds = int(header.strip()[:9])  # the interpreter refuses more than 4,300 digits, which a server may send
        return now + min(timedelta(seconds=seconds), MOST_PATIENCE)
    try:
        named = parsedate_to_datetime(header)
    except (ValueError, OverflowError):  # "Mon, 01 Jan 999999999999999999999 00:00:00 GMT"
        return None
    if named.tzinfo is None:
        return None
    return min(max(named, now), now + MOST_PATIENCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often feeds may be asked."""

    min_interval: timedelta
    max_interval: timedelta


def unchanged(feed: Feed, state: FeedState, seen: Unchanged, now: datetime) -> FeedState:
    """Return the state after an answer without news."""
    return replace(
        _healthy(feed, state, now),
        etag=seen.etag,
        modified=seen.modified,
    )


def arrived(feed: Feed, state: FeedState, document: Document, parsed: Parsed, now: datetime) -> FeedState:
    """Return the state after a document that is a feed.

    A permanent redirect is followed from here on, and only from here: a login page that answers with 301 is no feed.
    """
    return replace(
        _healthy(feed, state, now),
        etag=document.etag,
        modified=document.modified,
        body_hash=document.body_hash,
        moved_to=document.moved_to or state.moved_to,
        title=parsed.title or state.title,
        language=parsed.language or state.language,
        baseline_at=state.baseline_at or now,
    )


def starts_over(state: FeedState, *, known: int, listed: int) -> bool:
    """Return whether a feed's first answer from another address than before is a new history.

    It is where under half of the entries that it lists are known; validators are forgotten with the old address.
    """
    return state.baseline_at is not None and state.body_hash is None and known * 2 < listed


def _healthy(feed: Feed, state: FeedState, now: datetime) -> FeedState:
    return replace(state, polled_at=now, next_poll_at=now + feed.interval, failures=0, state=State.OK, reason="")


def failed(feed: Feed, state: FeedState, failure: Failed, pace: Pace, now: datetime) -> FeedState:
    """Return the state after a failed poll: the wait doubles up to the longest interval, or to what the server asks."""
    failures = state.failures + 1
    gone = failure.trouble is Trouble.GONE
    backed_off = min(feed.interval * (1 << min(failures - 1, 20)), max(pace.max_interval, feed.interval))
    next_poll_at = now + (GONE_INTERVAL if gone else backed_off)
    return replace(
        state,
        polled_at=now,
        next_poll_at=max(next_poll_at, failure.retry_at) if failure.retry_at else next_poll_at,
        failures=failures,
        state=State.GONE if gone else State.FAILING,
        reason=str(failure),
    )
