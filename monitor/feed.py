"""Feeds as declared and as remembered: what to ask, and what the answer means."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from hashlib import blake2b
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

from monitor.exchange import ANYBODY, Access, Answer, Refusal, Refused, Request, Response
from monitor.item import Entry

#: Larger feeds than this are refused; the largest real one seen has 2.7 MB.
LIMIT = 10 * 1024 * 1024
#: A server may ask for patience, but not for more than a day of it.
MOST_PATIENCE = timedelta(days=1)
_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json;q=0.9, application/xml;q=0.9, text/xml;q=0.9,"
    " */*;q=0.5"
)


class FullText(StrEnum):
    """Whether a feed's articles are read."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Window(StrEnum):
    """What a feed lists: the newest of all that came, or a choice that says nothing of the rest."""

    TIME = "time"
    SELECTION = "selection"


class State(StrEnum):
    """How a feed is doing."""

    NEW = "new"
    OK = "ok"
    FAILING = "failing"
    #: It answers, and brings nothing for longer than it ever does.
    SILENT = "silent"
    GONE = "gone"
    #: It answers with what cannot be meant.
    ODD = "odd"


#: States in which a feed should be read and is not.
UNREAD = (State.FAILING, State.GONE)
#: States that an answer alone does not end.
LASTING = (State.SILENT, State.ODD)


class Cause(StrEnum):
    """What a failed poll comes from, as far as it tells what a person can do."""

    UNREACHABLE = "unreachable"
    NAME = "name"
    ADDRESS = "address"
    CERTIFICATE = "certificate"
    LOGIN = "login"
    FORBIDDEN = "forbidden"
    BOT_WALL = "bot wall"
    MISSING = "missing"
    GONE = "gone"
    BUSY = "busy"
    PAGE = "page"
    EMPTY = "empty"
    BROKEN = "broken"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed as the config declares it."""

    name: str
    url: str
    #: None where it is polled as often as its news are worth.
    interval: timedelta | None = None
    tags: tuple[str, ...] = ()
    full_text: FullText = FullText.AUTO
    #: BCP 47 code of the language it is written in, where the config says so.
    language: str | None = None
    #: At its first poll, entries younger than this ring.
    catch_up: timedelta = timedelta(0)
    #: After so long without anything new it is silent; None where that is learned.
    silent_after: timedelta | None = None
    #: None where it is learned.
    window: Window | None = None
    #: Its words for what is urgent count.
    wire: bool = False
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
    #: When it last answered as a feed does, with news or without.
    read_at: datetime | None = None
    next_poll_at: datetime
    #: Failed polls in a row.
    failures: int = 0
    state: State = State.NEW
    #: In words for people; empty while all is well.
    reason: str = ""
    #: Why its last poll failed; None where it did not.
    cause: Cause | None = None
    #: When it came into its state; of a silent feed, when its last item came.
    since: datetime | None = None
    #: The state that people were told of; None where they know of no trouble.
    told: State | None = None
    #: Since when the feed was in that state.
    told_since: datetime | None = None
    #: Whether they were told that it is this machine's network.
    told_network: bool = False
    #: The new address that people were told of.
    told_move: str | None = None
    #: When to look whether it has fallen silent.
    look_at: datetime | None = None
    #: When its bytes last changed.
    changed_at: datetime | None = None
    #: The first eight bytes of the key of each entry that it listed last, oldest first, one behind the other.
    window: bytes = b""
    #: How often it listed again what it had left out before, up to a few times.
    returns: int = 0
    #: Since something may have been lost it is polled at least so often.
    within: timedelta | None = None
    #: How long the publisher asks to be left alone between two polls, in the feed itself.
    ttl: timedelta = timedelta(0)
    #: New entries and seconds of watching, both fading: their ratio is how often something comes.
    news: float = 0.0
    watched: float = 0.0
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


class Same(NamedTuple):
    """An entry that stands in a document letter for letter as it stood in the one before, and was not read again.

    A tuple, since a hundred of them come out of the sandbox with each document.
    """

    #: The first eight bytes of its key.
    key: bytes
    published: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A document that is a feed."""

    title: str
    #: In the order of the document, at most 1,000.
    entries: tuple[Entry, ...]
    language: str | None = None
    #: How many more entries the document held.
    left_out: int = 0
    #: Further entries, which are known.
    same: tuple[Same, ...] = ()
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
    body_hash = blake2b(answer.body, digest_size=16).digest()
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often feeds may be asked."""

    min_interval: timedelta
    max_interval: timedelta
