"""What to ask a feed's server, and what its answer means."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from hashlib import sha256
from http import HTTPStatus

from monitor.exchange import Answer, Refusal, Refused, Request, Response
from monitor.feed.state import Cause, FeedState
from monitor.item import Entry

#: Larger feeds than this are refused; the largest real one seen has 2.7 MB.
LIMIT = 10 * 1024 * 1024
#: A server may ask for patience, but not for more than a day of it.
MOST_PATIENCE = timedelta(days=1)
_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json;q=0.9, application/xml;q=0.9, text/xml;q=0.9,"
    " */*;q=0.5"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A document that is a feed."""

    title: str
    #: In the order of the document, at most 1,000.
    entries: tuple[Entry, ...]
    language: str | None = None
    #: How many more entries the document held.
    left_out: int = 0
    #: Further entries, which are known, as ``feed.same`` packs them.
    same: bytes = b""
    #: By what its entries are known next time; empty where they must be read again.
    remembered: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A document that says where the entries are: a list of sitemaps."""

    #: Absolute addresses, those of the newest first; few.
    places: tuple[str, ...]
    #: Each of them says when it changed, so that the list changes with them.
    dated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAFeed:
    """A document that is none, and what it seems to be."""

    detail: str
    cause: Cause = Cause.BROKEN


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
    #: Where the feed has moved for good; that what came is what was known shows that it is the feed.
    moved_to: str | None = None
    #: For so long the publisher calls its answer fresh.
    fresh: timedelta = timedelta(0)


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
    #: For so long the publisher calls its answer fresh.
    fresh: timedelta = timedelta(0)
    #: How long it asks to be left alone, in the feed itself.
    ttl: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """No feed this time."""

    trouble: Trouble
    detail: str
    cause: Cause = Cause.OTHER
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


def part_request(place: str) -> Request:
    """Return what to ask for a document that another lists: it waits where it keeps out none that lists others."""
    return Request(url=place, headers={"Accept": _ACCEPT}, limit=LIMIT, slow=True)


_CAUSES = {
    Refusal.ADDRESS: Cause.ADDRESS,
    Refusal.URL: Cause.ADDRESS,
    Refusal.DNS: Cause.NAME,
    Refusal.CONNECT: Cause.UNREACHABLE,
    Refusal.TIMEOUT: Cause.UNREACHABLE,
    Refusal.PROTOCOL: Cause.UNREACHABLE,
    Refusal.TLS: Cause.CERTIFICATE,
}
_STATUS_CAUSES = {
    HTTPStatus.UNAUTHORIZED: Cause.LOGIN,
    HTTPStatus.FORBIDDEN: Cause.FORBIDDEN,
    HTTPStatus.NOT_FOUND: Cause.MISSING,
    HTTPStatus.TOO_MANY_REQUESTS: Cause.BUSY,
}
#: Who stands before a server and asks its visitors to prove that they are people.
_WALLS = ("cloudflare", "ddos-guard", "qrator", "sucuri", "akamaighost", "datadome")

#: Bytes of a body's hash.
_HASH = 16


def outcome(state: FeedState, answer: Answer, now: datetime) -> Outcome:
    """Return what the server's answer means."""
    match answer:
        case Refused(reason=reason):
            return Failed(trouble=Trouble.NO_ANSWER, detail=str(answer), cause=_CAUSES.get(reason, Cause.OTHER))
        case Response(status=HTTPStatus.NOT_MODIFIED, headers=headers, moved_to=moved_to):
            return Unchanged(
                moved_to=moved_to,
                etag=headers.get("etag", state.etag),
                modified=headers.get("last-modified", state.modified),
                fresh=fresh(headers.get("cache-control", "")),
            )
        case Response(status=HTTPStatus.GONE):
            return Failed(trouble=Trouble.GONE, detail="", cause=Cause.GONE)
        case Response(status=HTTPStatus.OK):
            return _body(state, answer)
        case Response(status=status, headers=headers):
            return Failed(
                trouble=Trouble.STATUS,
                detail=_status_words(status),
                cause=_status_cause(status, headers),
                retry_at=retry_at(headers.get("retry-after"), now),
            )


def _body(state: FeedState, answer: Response) -> Unchanged | Document:
    body_hash = sha256(answer.body).digest()[:_HASH]  # by the processor's own instructions, where it has them
    etag, modified = answer.headers.get("etag"), answer.headers.get("last-modified")
    how_long = fresh(answer.headers.get("cache-control", ""))
    if body_hash == state.body_hash:
        return Unchanged(etag=etag, modified=modified, moved_to=answer.moved_to, fresh=how_long)
    return Document(
        url=answer.url,
        body=answer.body,
        content_type=answer.headers.get("content-type", ""),
        body_hash=body_hash,
        etag=etag,
        modified=modified,
        moved_to=answer.moved_to,
        fresh=how_long,
        ttl=ttl(answer.body),
    )


def gathered(parts: Sequence[Parsed]) -> Parsed:
    """Return the feed that several documents make together; it is called as the first of them."""
    return Parsed(
        title=parts[0].title,
        language=parts[0].language,
        entries=tuple(entry for part in parts for entry in part.entries),
        left_out=sum(part.left_out for part in parts),
    )


def provisional(document: Document) -> Document:
    """Return a document that is to be read again even if it is the same, since what it lists may not be."""
    return replace(document, etag=None, modified=None, body_hash=b"read again")


def _status_cause(status: int, headers: Mapping[str, str]) -> Cause:
    server = headers.get("server", "").lower()
    walled = "cf-mitigated" in headers or any(wall in server for wall in _WALLS)
    if walled and status in (HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE):
        return Cause.BOT_WALL
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Cause.BUSY
    return _STATUS_CAUSES.get(HTTPStatus(status), Cause.OTHER) if status in set(HTTPStatus) else Cause.OTHER


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


_MAX_AGE = re.compile(r"(?:^|[,\s])(?:s-maxage|max-age)=(\d{1,9})", re.IGNORECASE)
_MINUTES = re.compile(rb"<ttl>\s*(\d{1,6})\s*</ttl>", re.IGNORECASE)
#: A channel's own elements stand before its entries.
_HEAD = 8192


def fresh(cache_control: str) -> timedelta:
    """Return for how long an answer is fresh by its Cache-Control header (RFC 9111, section 5.2.2)."""
    found = _MAX_AGE.search(cache_control)
    return timedelta(seconds=int(found[1])) if found else timedelta(0)


def ttl(body: bytes) -> timedelta:
    """Return how long a feed of RSS 2.0 asks to be kept before it is asked for again."""
    found = _MINUTES.search(body, 0, _HEAD)
    return timedelta(minutes=int(found[1])) if found else timedelta(0)
