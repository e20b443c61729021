"""How feeds and channels are doing, as tables and documents show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from urllib.parse import urlsplit

from monitor.alert import DeliveryState
from monitor.channel import Channel, ChannelState, Console, Mail, Service, Target, Webhook
from monitor.cli.screen import when
from monitor.cli.shapes import Document, time
from monitor.config import Config
from monitor.feed import LASTING, UNREAD, Feed, State
from monitor.store import channels as channel_rows
from monitor.store import deliveries as delivery_rows
from monitor.store import feeds as feed_rows
from monitor.store.database import Database, Tx

#: A daemon whose loops have not gone round for so long hangs; they do so each second, and say so every five.
SILENCE = timedelta(seconds=30)
_OWED = (DeliveryState.QUEUED, DeliveryState.SENDING)
_LOST = (DeliveryState.UNDELIVERED,)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """A feed of the config with what is known of it."""

    feed: Feed
    #: None before the daemon has seen it.
    facts: feed_rows.Facts | None

    @property
    def word(self) -> str:
        """Return its state in a word."""
        if not self.feed.enabled:
            return "off"
        return self.state.value

    @property
    def state(self) -> State:
        """Return its state."""
        return self.facts.state.state if self.facts else State.NEW

    @property
    def failing(self) -> bool:
        """Return whether it should be read and cannot be."""
        return self.feed.enabled and self.state in UNREAD

    @property
    def ill(self) -> bool:
        """Return whether something is wrong with it, though it may be read."""
        return self.feed.enabled and self.state in (*UNREAD, *LASTING)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHealth:
    """A channel of the config with what is known of it."""

    channel: Channel
    state: ChannelState
    counts: Mapping[DeliveryState, int]

    @property
    def word(self) -> str:
        """Return its state in a word."""
        if self.state.failures:
            return "failing"
        return "ok" if self.state.last_sent_at else "new"

    @property
    def queued(self) -> int:
        """Return how many messages it is still owed."""
        return sum(self.counts.get(state, 0) for state in _OWED)

    @property
    def undelivered(self) -> int:
        """Return how many messages were given up."""
        return sum(self.counts.get(state, 0) for state in _LOST)

    @property
    def failing(self) -> bool:
        """Return whether it does not take messages, or has lost one."""
        return self.state.failures > 0 or self.undelivered > 0


def feeds(config: Config, tx: Tx | None) -> tuple[FeedHealth, ...]:
    """Return every feed of the config; ``tx`` is None where there is no database yet."""
    known = {facts.state.name: facts for facts in feed_rows.facts(tx)} if tx is not None else {}
    return tuple(FeedHealth(feed=feed, facts=known.get(feed.name)) for feed in config.feeds)


def channels(config: Config, tx: Tx | None) -> tuple[ChannelHealth, ...]:
    """Return every channel of the config; ``tx`` is None where there is no database yet."""
    known = {state.name: state for state in channel_rows.all_states(tx)} if tx is not None else {}
    counts = delivery_rows.counts(tx) if tx is not None else {}
    return tuple(
        ChannelHealth(
            channel=channel,
            state=known.get(channel.name, ChannelState(name=channel.name)),
            counts=counts.get(channel.name, {}),
        )
        for channel in config.channels
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    """The process that holds the database."""

    #: None where there is none, 0 where its number cannot be told.
    pid: int | None
    #: When all of its loops last went round.
    beat: datetime | None
    alive: bool
    #: What keeps it from working, such as a full disk; empty where nothing does.
    trouble: str = ""


def daemon(config: Config, now: datetime) -> Daemon:
    """Return the daemon, which lives while its loops go round."""
    pid, beat = Database.is_locked(config.database), Database.last_beat(config.database)
    # A sign from the time to come is one from before the clock was set back: it tells nothing of the time since.
    alive = pid is not None and beat is not None and abs(now - beat) < SILENCE
    return Daemon(pid=pid, beat=beat, alive=alive, trouble=Database.trouble(config.database) if alive else "")


def daemon_words(found: Daemon, config: Config) -> str:
    """Return whether the daemon lives, on one line."""
    if found.pid is None:
        return f"no daemon runs on {config.database_name}"
    process = f"process {found.pid}" if found.pid else "a process"
    if found.trouble:
        return f"{process} is running on {config.database_name}, but cannot use it: {found.trouble}"
    if found.alive:
        return f"{process} is running on {config.database_name}"
    return f"{process} holds {config.database_name}, but makes no progress"


def daemon_shape(found: Daemon) -> Document:
    """Return the daemon as documents have it."""
    return {"alive": found.alive, "pid": found.pid, "beat": time(found.beat), "trouble": found.trouble or None}


def feed_shape(row: FeedHealth) -> Document:
    """Return a feed as ``feeds.v1`` has it."""
    state = row.facts.state if row.facts else None
    return {
        "name": row.feed.name,
        "url": row.feed.url,
        "state": row.state.value,
        "error": (state.reason if state else "") or None,
        "last_poll": time(state.polled_at) if state else None,
        "next_poll": time(state.next_poll_at) if state and row.feed.enabled else None,
        "last_item": time(row.facts.published[0]) if row.facts and row.facts.published else None,
        "items": row.facts.items if row.facts else 0,
        "since": time(state.since) if state else None,
        "cause": state.cause.value if state and state.cause else None,
        "moved_to": state.moved_to if state else None,
        "delay": round(row.facts.delay.total_seconds()) if row.facts and row.facts.delay is not None else None,
        "losses": [{"since": time(each.since), "until": time(each.until)} for each in row.facts.losses]
        if row.facts
        else [],
    }


def channel_shape(row: ChannelHealth) -> Document:
    """Return a channel as ``channels.v1`` has it; its address is a secret."""
    return {
        "name": row.channel.name,
        "kind": kind(row.channel.target),
        "default": row.channel.default,
        "state": row.word,
        "failures": row.state.failures,
        "paused_until": time(row.state.paused_until),
        "last_sent": time(row.state.last_sent_at),
        "queued": row.queued,
        "undelivered": row.undelivered,
    }


def kind(target: Target) -> str:
    """Return what kind of target a channel has."""
    match target:
        case Console():
            return "console"
        case Mail():
            return "mail"
        case Webhook():
            return "webhook"
        case Service(url=url):
            return urlsplit(url).scheme


FEED_HEADINGS = ("feed", "state", "items", "newest", "polled", "next poll", "")
CHANNEL_HEADINGS = ("channel", "kind", "state", "queued", "undelivered", "last sent", "paused until")


def feed_cells(row: FeedHealth, now: datetime, zone: tzinfo) -> tuple[str, ...]:
    """Return a feed's row of a table."""
    facts = row.facts
    if facts is None:
        return row.feed.name, row.word, "0", "-", "-", "-", ""
    return (
        row.feed.name,
        row.word,
        str(facts.items),
        when(facts.published[0] if facts.published else None, now, zone),
        when(facts.state.polled_at, now, zone),
        when(facts.state.next_poll_at if row.feed.enabled else None, now, zone),
        facts.state.reason,
    )


def channel_cells(row: ChannelHealth, now: datetime, zone: tzinfo) -> tuple[str, ...]:
    """Return a channel's row of a table."""
    return (
        row.channel.name,
        kind(row.channel.target),
        row.word,
        str(row.queued),
        str(row.undelivered),
        when(row.state.last_sent_at, now, zone),
        when(row.state.paused_until, now, zone),
    )
