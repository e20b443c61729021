"""Feeds as declared, and as remembered between polls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from monitor.exchange import ANYBODY, Access


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often feeds may be asked."""

    min_interval: timedelta
    max_interval: timedelta
