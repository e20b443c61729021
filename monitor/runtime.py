"""A config made ready: rules compiled, the door to the network open, one line to each channel."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TextIO

from monitor import clock, send
from monitor.alert import Delivery, Notice, Outcome, owed
from monitor.channel import Channel, Message
from monitor.config import Config
from monitor.feed import Feed, host_of, rhythm
from monitor.judge import Bench
from monitor.network import Network
from monitor.record import Offset
from monitor.sandbox import Sandbox
from monitor.store.database import Database

#: Longer than any piece of work may take: a lease that ends while its holder lives would let another do it too.
LEASE = timedelta(minutes=5)
#: Transactions that keep what polls leave behind are begun so far apart.
SAVES_APART = timedelta(milliseconds=100)
USER_AGENT = "wirebell/0.1 (feed reader; one request per feed and interval)"


class Line:
    """The way to one channel: one message at a time, in a thread of its own, so no channel delays another."""

    def __init__(self, channel: Channel, *, console: TextIO, now: Callable[[], datetime]) -> None:
        self.channel = channel
        self._sender = send.open_sender(channel, console=console, now=now)

    async def send(self, message: Message) -> tuple[Outcome, float]:
        """Return what became of the message, and after how many seconds.

        The sender bounds its own time. Its thread is a daemon, so that a receiver which is silent does not hold up the
        exit: the row says that the message was being sent.
        """
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Outcome] = loop.create_future()
        started = time.monotonic()
        thread = threading.Thread(
            target=self._work, args=(message, loop, answered), name=f"channel {self.channel.name}", daemon=True
        )
        thread.start()
        return await answered, time.monotonic() - started

    def _work(self, message: Message, loop: asyncio.AbstractEventLoop, answered: asyncio.Future[Outcome]) -> None:
        try:
            result = self._sender.send(message)
        except BaseException as error:  # noqa: BLE001 - carried over to the loop, which raises it there
            _hand_over(loop, answered, error)
        else:
            _hand_over(loop, answered, result)


def _hand_over(
    loop: asyncio.AbstractEventLoop, answered: asyncio.Future[Outcome], result: Outcome | BaseException
) -> None:
    def settle() -> None:
        if answered.done():
            return
        if isinstance(result, BaseException):
            answered.set_exception(result)
        else:
            answered.set_result(result)

    with suppress(RuntimeError):  # the loop has ended meanwhile
        loop.call_soon_threadsafe(settle)


class Runtime:
    """One version of the config at work; a reload builds another and swaps it in."""

    def __init__(  # noqa: PLR0913 - what a config is made ready with
        self,
        config: Config,
        *,
        version: int,
        console: TextIO,
        tls: ssl.SSLContext,
        now: Callable[[], datetime],
        before: Runtime | None = None,
    ) -> None:
        self.config = config
        #: The number under which the store keeps this config.
        self.version = version
        self.feeds: Mapping[str, Feed] = {feed.name: feed for feed in config.feeds}
        self.bench: Bench = Bench(
            watches=config.watches,
            feeds=config.feeds,
            channels=config.channels,
            before=before.bench if before else None,
        )
        #: How much sooner than of other feeds the news of each should be seen.
        self.weights: Mapping[str, float] = {feed.name: self.bench.weight(feed) for feed in config.feeds}
        #: How long each host is left alone after a poll.
        self.spacing: Mapping[str, timedelta] = _spacing(config.feeds)
        self.network = Network(
            allow=config.allow, timeout=config.polling.timeout, ssl_context=tls, user_agent=USER_AGENT
        )
        self.lines: Mapping[str, Line] = {
            channel.name: Line(channel, console=console, now=now) for channel in config.channels
        }

    def owed(self, notice: Notice, names: Iterable[str], now: datetime) -> tuple[Delivery, ...]:
        """Return what is owed of a notice to the channels of these names, as far as there are such."""
        told = [self.lines[name].channel for name in names if name in self.lines]
        return tuple(each for one in told for each in owed(notice.id, one.name, one.receivers, now))


def _spacing(feeds: Iterable[Feed]) -> Mapping[str, timedelta]:
    intervals: defaultdict[str, list[timedelta | None]] = defaultdict(list)
    for feed in feeds:
        if feed.enabled:
            intervals[host_of(feed.url)].append(feed.interval)
    return {host: rhythm.spacing(found) for host, found in intervals.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the loops work with."""

    database: Database
    sandbox: Sandbox
    now: Callable[[], datetime]
    #: A number from 0 to 1, anew at each call.
    jitter: Callable[[], float]
    #: How far the machine's clock is off; None where nobody knows.
    offset: Callable[[], Offset | None] = clock.offset
    saves_apart: timedelta = SAVES_APART
