"""The heart: an item and the rules that watch its feed become matches, alerts and the deliveries that are owed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from monitor import correction, text
from monitor.alert import Alert, Delivery, Kind, Priority, alert_id, escalated, owed
from monitor.channel import Channel
from monitor.correction import Told
from monitor.feed import Feed
from monitor.item import Item, Reading
from monitor.policy import Reason
from monitor.rule import Judged, Match, Rule, RuleSet, RuleTest, Unjudged, Where
from monitor.urgency import Urgency, urgency

#: What a pattern begins with that is about tags: ``bbc*`` never means a tag, nor ``tag:bbc*`` a name.
TAG = "tag:"


#: How much it counts that news wait which a rule of this priority watches: for an urgent one they are seen three times
#: as soon.
_WEIGHTS = {Priority.LOW: 0.5, Priority.NORMAL: 1.0, Priority.HIGH: 3.0, Priority.URGENT: 9.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A rule with where it listens and whom it tells."""

    rule: Rule
    #: Feed names, globs of them, and ``tag:…``; empty for every feed.
    feeds: tuple[str, ...] = ()
    #: Channel names; empty for the default channels.
    notify: tuple[str, ...] = ()
    priority: Priority = Priority.NORMAL
    #: On trial: its alerts are kept, and nobody is told.
    trial: bool = False
    #: So many messages of it go to a receiver on one day; None for any number.
    at_most: int | None = None
    #: From then on what it matches is kept, and nobody is told; None for ever.
    until: datetime | None = None
    note: str = ""
    #: No part of what it does, so that an edit of them is no change of the rule.
    tests: tuple[RuleTest, ...] = field(default=(), compare=False)

    @property
    def name(self) -> str:
        """Return the rule's name."""
        return self.rule.name

    @property
    def reads_articles(self) -> bool:
        """Return whether an article's text can decide the rule."""
        return self.rule.how.where is Where.ANYWHERE

    def has_ended(self, now: datetime) -> bool:
        """Return whether its last day is over."""
        return self.until is not None and now >= self.until

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
    #: What takes back words that were told: owed to those who got them, whom the store knows.
    corrections: tuple[Alert, ...] = ()
    #: When it is to be judged once more, since a correction of it has to wait.
    again_at: datetime | None = None
    #: Rules that ran out of time.
    unjudged: tuple[Unjudged, ...] = ()


class Bench:
    """All that judging needs: the rules, the feeds they watch, the channels they tell."""

    def __init__(
        self,
        *,
        watches: Iterable[Watch],
        feeds: Iterable[Feed],
        channels: Iterable[Channel],
        before: Bench | None = None,
    ) -> None:
        """Take them; rules that are those of the bench before are not indexed anew."""
        self.watches: Mapping[str, Watch] = {watch.name: watch for watch in watches}
        self._feeds = {feed.name: feed for feed in feeds}
        self._channels = {channel.name: channel for channel in channels}
        self._watched: dict[Feed, bool] = {}
        self._reading: dict[Feed, bool] = {}
        # One of each that listen alike: at a start each feed is weighed, and of 10,000 rules most watch all of them.
        told = (watch for watch in self.watches.values() if not watch.trial)
        self._listeners = tuple({(watch.feeds, watch.priority): watch for watch in told}.values())
        rules = (watch.rule for watch in self.watches.values())
        self._rules: RuleSet = RuleSet(rules, before._rules if before else None)  # noqa: SLF001 - one of its own kind

    def _is_watched(self, feed: Feed) -> bool:
        if feed not in self._watched:
            self._watched[feed] = any(watch.listens(feed) for watch in self.watches.values())
        return self._watched[feed]

    def reads_articles(self, feed: Feed) -> bool:
        """Return whether some rule that watches the feed can be decided by an article's text."""
        if feed not in self._reading:  # asked at each poll, of as many rules as there are
            self._reading[feed] = any(watch.reads_articles and watch.listens(feed) for watch in self.watches.values())
        return self._reading[feed]

    def watching(self, feed: Feed) -> tuple[Watch, ...]:
        """Return the rules that watch a feed."""
        return tuple(watch for watch in self.watches.values() if watch.listens(feed))

    def weight(self, feed: Feed) -> float:
        """Return how much it counts that news of a feed wait, by the most urgent rule that watches it."""
        watching = (watch.priority for watch in self._listeners if watch.listens(feed))
        return _WEIGHTS[max(watching, key=lambda priority: priority.rank, default=Priority.LOW)]

    def judge(self, item: Item, *, now: datetime, feed: Feed | None = None, told: tuple[Told, ...] = ()) -> Ruling:
        """Return every rule that the item meets, and, unless it is history, the alerts and deliveries owed for it.

        A rule whose negation reaches the text waits for an article that is still to be read; the item is judged again
        when it arrives or cannot be had. ``feed`` is where it came from, if that is not the declared feed of its name;
        ``told`` is what people were told of it before.
        """
        declared = feed or self._feeds[item.feed]
        found = self._judged(item, declared)
        matches = tuple(match for match in found.matches if not self._waits(match, item))
        ringing = () if item.baseline else [match for match in matches if not self.watches[match.rule].has_ended(now)]
        alerts = tuple(self._alert(match, item, declared, now) for match in ringing)
        corrections, again_at = _corrections(item, told, matches, now)
        return Ruling(
            item_id=item.id,
            version=item.version,
            matches=matches,
            alerts=alerts,
            deliveries=self._owed(alerts, now),
            unjudged=found.unjudged,
            corrections=corrections,
            again_at=again_at,
        )

    def match(self, item: Item, feed: Feed | None = None) -> tuple[Match, ...]:
        """Return the match of each rule that watches the item's feed and is met by what could be read of it."""
        declared = feed or self._feeds.get(item.feed)
        return self._judged(item, declared).matches if declared else ()

    def hits(self, item: Item) -> tuple[str, ...]:
        """Return the names of those rules, without their evidence."""
        feed = self._feeds.get(item.feed)
        if feed is None or not self._is_watched(feed):
            return ()
        return tuple(name for name in self._rules.hits(self.text(item, feed)) if self.watches[name].listens(feed))

    def _judged(self, item: Item, feed: Feed) -> Judged:
        """Return what the rules that watch the feed say of the item."""
        if not self._is_watched(feed):
            return Judged()
        return self._rules.judge(self.text(item, feed), heard=lambda name: self.watches[name].listens(feed))

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
            urgency=found.words if (found := _urgency(item, feed)) else "",
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
            urgency=_urgency(item, feed),
            strength=match.strength,
            place=match.place,
            evidence=match.evidence,
            made_at=now,
        )

    def _owed(self, alerts: Iterable[Alert], now: datetime) -> tuple[Delivery, ...]:
        """Return what is owed at once, and behind it what is owed to others if nobody acknowledges it."""
        told = [(alert, channel) for alert in alerts for channel in self._told(alert.rule)]
        at_once = [
            each
            for alert, channel in told
            for each in owed(alert.id, channel.name, channel.receivers, now, rule=alert.rule)
        ]
        return (*at_once, *(each for alert, channel in told for each in self._escalations(alert, channel, now)))

    def _escalations(self, alert: Alert, channel: Channel, now: datetime) -> Iterator[Delivery]:
        """Yield what is owed to the next channel, and to the one after that, for as long as nobody acknowledges it."""
        after, told = timedelta(0), {channel.name}
        while channel.escalate not in {"", *told} and alert.priority.rank >= channel.wake.rank:
            after, before, channel = after + channel.escalate_after, channel.name, self._channels[channel.escalate]
            told.add(channel.name)
            due = owed(alert.id, channel.name, channel.receivers, now, rule=alert.rule)
            yield from escalated(due, before, after, Reason.UNACKNOWLEDGED)

    def _told(self, rule: str) -> Iterable[Channel]:
        if self.watches[rule].trial:
            return ()
        named = self.watches[rule].notify
        if named:
            return [self._channels[name] for name in named]
        return [channel for channel in self._channels.values() if channel.default]


def _urgency(item: Item, feed: Feed) -> Urgency | None:
    """Return how urgent the item is, where its feed is a wire, whose words for it count."""
    return urgency(item.entry.headline) if feed.wire else None


def _corrections(
    item: Item, told: Iterable[Told], matches: Iterable[Match], now: datetime
) -> tuple[tuple[Alert, ...], datetime | None]:
    """Return what corrects the words that were told, and until when some of it has to wait."""
    found = {match.rule: match for match in matches}
    made = [(each, correction.of_item(item, each, found.get(each.alert.rule), now)) for each in told]
    following = [(alert, each.rests_until(alert, now)) for each, alert in made if alert]
    due = tuple(alert for alert, until in following if until is None)
    return due, max((until for _, until in following if until), default=None)
