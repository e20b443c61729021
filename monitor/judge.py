"""The heart: an item and the rules that watch its feed become matches, alerts and the deliveries that are owed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from monitor import text
from monitor.alert import Alert, Delivery, Kind, Priority, alert_id, owed
from monitor.channel import Channel
from monitor.feed import Feed
from monitor.item import Item, Reading
from monitor.rule import Match, Rule, RuleSet, Where

#: What a pattern begins with that is about tags: ``bbc*`` never means a tag, nor ``tag:bbc*`` a name.
TAG = "tag:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A rule with where it listens and whom it tells."""

    rule: Rule
    #: Feed names, globs of them, and ``tag:…``; empty for every feed.
    feeds: tuple[str, ...] = ()
    #: Channel names; empty for the default channels.
    notify: tuple[str, ...] = ()
    priority: Priority = Priority.NORMAL
    note: str = ""

    @property
    def name(self) -> str:
        """Return the rule's name."""
        return self.rule.name

    @property
    def reads_articles(self) -> bool:
        """Return whether an article's text can decide the rule."""
        return self.rule.where is Where.ANYWHERE

    def listens(self, feed: Feed) -> bool:
        """Return whether the rule watches the feed."""
        return not self.feeds or any(names(pattern, feed) for pattern in self.feeds)


def names(pattern: str, feed: Feed) -> bool:
    """Return whether the pattern names the feed: as ``tag:…`` by one of its tags, else by its name."""
    if pattern.startswith(TAG):
        return any(fnmatchcase(tag, pattern.removeprefix(TAG)) for tag in feed.tags)
    return fnmatchcase(feed.name, pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What follows from judging one item."""

    item_id: int
    version: int
    matches: tuple[Match, ...] = ()
    alerts: tuple[Alert, ...] = ()
    deliveries: tuple[Delivery, ...] = ()


class Bench:
    """All that judging needs: the rules, the feeds they watch, the channels they tell."""

    def __init__(self, *, watches: Iterable[Watch], feeds: Iterable[Feed], channels: Iterable[Channel]) -> None:
        self.watches: Mapping[str, Watch] = {watch.name: watch for watch in watches}
        self._feeds = {feed.name: feed for feed in feeds}
        self._channels = {channel.name: channel for channel in channels}
        self._listening: dict[Feed, frozenset[str]] = {}
        self._rules = RuleSet(watch.rule for watch in self.watches.values())

    def _who_listens(self, feed: Feed) -> frozenset[str]:
        if feed not in self._listening:
            self._listening[feed] = frozenset(watch.name for watch in self.watches.values() if watch.listens(feed))
        return self._listening[feed]

    def reads_articles(self, feed: Feed) -> bool:
        """Return whether some rule that watches the feed can be decided by an article's text."""
        return any(self.watches[name].reads_articles for name in self._who_listens(feed))

    def judge(self, item: Item, *, now: datetime, feed: Feed | None = None) -> Ruling:
        """Return every rule that the item meets, and, unless it is history, the alerts and deliveries owed for it.

        A rule whose negation reaches the text waits for an article that is still to be read; the item is judged again
        when it arrives or cannot be had. ``feed`` is where it came from, if that is not the declared feed of its name.
        """
        declared = feed or self._feeds[item.feed]
        matches = tuple(match for match in self.match(item, declared) if not self._waits(match, item))
        if item.baseline:
            return Ruling(item_id=item.id, version=item.version, matches=matches)
        alerts = tuple(self._alert(match, item, declared, now) for match in matches)
        deliveries = self._owed(alerts, now)
        return Ruling(item_id=item.id, version=item.version, matches=matches, alerts=alerts, deliveries=deliveries)

    def match(self, item: Item, feed: Feed | None = None) -> tuple[Match, ...]:
        """Return the match of each rule that watches the item's feed and is met by what could be read of it."""
        declared = feed or self._feeds.get(item.feed)
        if declared is None or not (listening := self._who_listens(declared)):
            return ()
        found = self._rules.match(self.text(item, declared))
        return tuple(match for match in found if match.rule in listening)

    @staticmethod
    def text(item: Item, feed: Feed) -> text.Text:
        """Return the item as rules read it."""
        return text.read(
            headline=item.entry.headline,
            lead=item.entry.lead,
            text=item.full_text,
            language=feed.language or item.language,
            author=item.entry.author,
            categories=item.entry.categories,
            feed=item.feed,
        )

    def _waits(self, match: Match, item: Item) -> bool:
        return item.reading is Reading.DUE and self.watches[match.rule].rule.needs_article_to_refute

    def _alert(self, match: Match, item: Item, feed: Feed, now: datetime) -> Alert:
        return Alert(
            id=alert_id(match.rule, item.feed, item.key, Kind.NEW),
            kind=Kind.NEW,
            rule=match.rule,
            priority=self.watches[match.rule].priority,
            item_id=item.id,
            version=item.version,
            feed=item.feed,
            source=item.source,
            headline=item.entry.headline,
            link=item.entry.link,
            published=item.published,
            seen=item.seen_at,
            language=feed.language or item.language,
            read=item.depth,
            read_reason=item.reading_reason,
            strength=match.strength,
            place=match.place,
            evidence=match.evidence,
            made_at=now,
        )

    def _owed(self, alerts: Iterable[Alert], now: datetime) -> tuple[Delivery, ...]:
        return tuple(
            delivery
            for alert in alerts
            for channel in self._told(alert.rule)
            for delivery in owed(alert.id, channel.name, channel.receivers, now)
        )

    def _told(self, rule: str) -> Iterable[Channel]:
        named = self.watches[rule].notify
        if named:
            return [self._channels[name] for name in named]
        return [channel for channel in self._channels.values() if channel.default]
