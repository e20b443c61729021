"""Entries as feeds publish them, items as wirebell keeps them, and what makes one new, changed or the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from monitor.exchange import Answer, Refusal, Refused, Request, Response
from monitor.text import fold

#: Below this many characters a feed's own text is too little to judge by, and the article is read.
SHORT = 600
#: One try and one retry: a page that failed twice seldom answers a third time, and the item must be judged.
READING_TRIES = 2
READING_RETRY = timedelta(minutes=1)
#: Articles larger than this are refused.
ARTICLE_LIMIT = 2 * 1024 * 1024
#: Entries may appear in a feed this long after the time they carry; older ones that were never seen are history.
LATENESS = timedelta(days=2)
#: An entry of a time so far ahead may be of any age: not its publisher's zone is wrong, but a clock, and rather ours.
MISDATED = timedelta(days=1)
#: Before this year a published time is a publisher's default, not a date.
FIRST_YEAR = 1990


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed, as published and cleaned of what no text may hold."""

    #: The publisher's identity: guid or Atom id; empty where the feed gives none.
    guid: str = ""
    #: Empty, or an absolute http(s) address.
    link: str = ""
    headline: str = ""
    lead: str = ""
    #: The whole text where the feed carries it; empty when it says no more than the lead.
    body: str = ""
    author: str = ""
    categories: tuple[str, ...] = ()
    #: None where undated, or where the date cannot be one.
    published: datetime | None = None

    def __reduce__(self) -> tuple[object, ...]:
        """Return how it is pickled on its way out of the sandbox: by name and field it takes twice as long."""
        published = self.published and self.published.isoformat()
        words = self.guid, self.link, self.headline, self.lead, self.body, self.author, self.categories
        return _unpickled, (words, published)


def _unpickled(words: tuple[str, str, str, str, str, str, tuple[str, ...]], published: str | None) -> Entry:
    return Entry(*words, datetime.fromisoformat(published) if published else None)


class Known(NamedTuple):
    """What is remembered of an entry that has been seen; a tuple, since a poll makes a hundred of them."""

    key: bytes
    item_id: int
    digest: bytes


class Change(StrEnum):
    """How an entry stands to what is known."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


class Reading(StrEnum):
    """How far the reading of an item's article has come."""

    NOT_WANTED = "not wanted"
    DUE = "due"
    READ = "read"
    FAILED = "failed"


class Unreadable(StrEnum):
    """Why an article gave no text; the values are the words shown to people."""

    EMPTY = "no article text on the page"
    NOT_HTML = "not a page of HTML"
    DAMAGED = "page could not be read"
    REFUSED = "page was refused"
    ROBOTS = "robots.txt asks not to read it"
    PAYWALL = "only a beginning before a paywall"
    CONSENT = "a page that asks for consent"
    HUMAN = "a page that wants proof of a human"
    FRUITLESS = "articles of this host give no more than the feed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleText:
    """The text of an article, paragraphs separated by line ends."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoText:
    """No text, and why."""

    reason: Unreadable
    #: What exactly was seen: "server answered 403".
    detail: str = ""
    #: Another try may succeed.
    passing: bool = False

    def __str__(self) -> str:
        """Return the reason in words for people."""
        return self.detail or str(self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry as kept, with all that is known of it."""

    #: Order of arrival.
    id: int
    feed_id: int
    #: The feed's name, and the title it gives itself (its name where it gives none).
    feed: str
    source: str
    #: The language that its feed says it is written in.
    language: str | None = None
    key: bytes
    #: 1 as first seen, one more with each change of its words.
    version: int
    entry: Entry
    seen_at: datetime
    #: It stood in the feed at the first poll: kept and judged, not rung.
    baseline: bool
    reading: Reading
    #: Why there is no article text, in words for people; empty while there is no such reason.
    reading_reason: str = ""
    reading_tries: int = 0
    #: The article's text; None until it has been read.
    text: str | None = None
    #: Token of the claim under which its article is being read.
    lease: str = ""

    @property
    def published(self) -> datetime:
        """Return when it was published, as far as the feed's own date can be believed."""
        return believable(self.entry.published, self.seen_at) or self.seen_at

    @property
    def full_text(self) -> str:
        """Return the most text there is below the lead: the article's, else the feed's own."""
        return self.text if self.text is not None else self.entry.body

    @property
    def depth(self) -> str:
        """Return how much could be read: ``article``, ``lead`` or ``headline``."""
        if self.full_text:
            return "article"
        return "lead" if self.entry.lead else "headline"


def key(entry: Entry) -> bytes:
    """Return the entry's identity within its feed, 16 bytes: its guid, else its link, else its headline and date."""
    if entry.guid:
        identity = f"guid {entry.guid}"
    elif entry.link:
        identity = f"link {canonical_link(entry.link)}"
    else:
        identity = f"words {fold(entry.headline)} {entry.published.isoformat() if entry.published else ''}"
    return blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=16).digest()


#: Parameters that say where a reader came from, never what the page is.
_TRACKING = ("utm_", "at_medium", "at_campaign", "fbclid", "gclid", "mc_cid", "mc_eid", "ref_src", "cmpid")


def canonical_link(link: str) -> str:
    """Return the address without the parts that do not name the page: scheme, fragment, tracking parameters."""
    try:
        parts = urlsplit(link.strip())
    except ValueError:  # "http://[::1" and its like: no address, but the same text stays the same identity
        return link.strip()
    query = "&".join(p for p in parts.query.split("&") if p and not p.lower().startswith(_TRACKING))
    return urlunsplit(("", parts.netloc.lower(), parts.path.rstrip("/"), query, ""))


def digest(entry: Entry) -> bytes:
    """Return 8 bytes that change when the words of the entry change; case, spacing, dates and markup do not count."""
    words = "\0".join(fold(part) for part in (entry.headline, entry.lead, entry.body))
    return blake2b(words.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def remembered(entry: Entry, item_id: int) -> Known:
    """Return what is remembered of an entry that is kept as an item."""
    return Known(key(entry), item_id, digest(entry))


def compare(entry: Entry, known: Known | None) -> Change:
    """Return whether the entry is new, changed in its words, or the same as what is known of it."""
    if known is None:
        return Change.NEW
    return Change.SAME if known.digest == digest(entry) else Change.CHANGED


def believable(published: datetime | None, now: datetime) -> datetime | None:
    """Return the published time, a future one as now, and None for one that cannot be a date of news."""
    if published is None or published.year < FIRST_YEAR:
        return None
    return min(published, now)


def is_baseline(entry: Entry, *, baseline_at: datetime | None, catch_up: timedelta, now: datetime) -> bool:
    """Return whether a new entry is history that is kept but not rung.

    At a feed's first poll (``baseline_at`` is None) that is everything but what was published within ``catch_up``; an
    undated entry never counts as within it. Later it is what is dated well before the feed's baseline; one that lies in
    the future was set by a clock that ran ahead, and would keep the feed silent until then.
    """
    published = believable(entry.published, now)
    if baseline_at is not None:
        return published is not None and published < min(baseline_at, now) - max(LATENESS, catch_up)
    if published is None or not catch_up or entry.published is None:
        return True
    return not now - catch_up <= entry.published <= now + MISDATED


def wants_article(entry: Entry, *, always: bool, baseline: bool, judged_by_text: bool) -> bool:
    """Return whether the entry's article should be read.

    ``judged_by_text`` tells whether some rule that watches the feed could be decided by the article's text.
    """
    if baseline or not entry.link or not judged_by_text:
        return False
    return always or len(entry.lead) + len(entry.body) < SHORT


def article_request(link: str) -> Request:
    """Return what to ask for the article."""
    return Request(
        url=link, headers={"Accept": "text/html, application/xhtml+xml;q=0.9"}, limit=ARTICLE_LIMIT, slow=True
    )


#: Refusals that may be gone a minute later; a server that restarts breaks off in the middle, which is no proper HTTP.
_PASSING = (Refusal.DNS, Refusal.CONNECT, Refusal.TIMEOUT, Refusal.PROTOCOL, Refusal.PROXY)


def page(answer: Answer) -> Response | NoText:
    """Return the page that holds the article, or why there is none."""
    match answer:
        case Refused(reason=reason):
            return NoText(reason=Unreadable.REFUSED, detail=str(answer), passing=reason in _PASSING)
        case Response(status=HTTPStatus.OK):
            return answer
        case Response(status=status):
            passing = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS
            return NoText(reason=Unreadable.REFUSED, detail=f"server answered {status}", passing=passing)
