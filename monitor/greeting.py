"""What wirebell says when it starts and when its config changes: what it watches, and what would have rung."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from statistics import median

from monitor.alert import Delivery, DeliveryState, Kind, Notice, derived_id
from monitor.feed import FeedState, State

_TIMES = {1: "once", 2: "twice"}
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFacts:
    """A feed as the first screen shows it."""

    state: FeedState
    items: int
    #: Published times of its newest items, newest first.
    published: tuple[datetime, ...]
    reads_articles: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFacts:
    """What a rule would have rung for among stored items."""

    name: str
    hits: int
    #: When the newest of them was published, and in which feed; None without hits.
    last_at: datetime | None = None
    last_feed: str = ""


def rung(name: str, found: Sequence[tuple[datetime, str]]) -> RuleFacts:
    """Return what a rule would have rung for, told by when each item was published and in which feed."""
    if not found:
        return RuleFacts(name=name, hits=0)
    last_at, last_feed = max(found)
    return RuleFacts(name=name, hits=len(found), last_at=last_at, last_feed=last_feed)


def clock(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """Return the local time of day, with the day where it is not today's."""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    return local.strftime("%H:%M" if local.date() == today else "%a %d %b %H:%M")


def times(count: int) -> str:
    """Return the count in words: once, twice, 3 times."""
    return _TIMES.get(count, f"{count} times")


def feed_words(facts: FeedFacts, now: datetime, zone: tzinfo) -> str:
    """Return how a feed is doing, on one line."""
    if silence := _silence(facts.state):
        return silence
    said = ["ok", f"{facts.items} item{'' if facts.items == 1 else 's'}"]
    if facts.published:
        said.append(f"newest {clock(facts.published[0], now, zone)}")
    if rhythm := rhythm_words(facts.published):
        said.append(rhythm)
    if facts.reads_articles:
        said.append("articles are read too")
    return ", ".join(said)


def _silence(state: FeedState) -> str:
    """Return why a feed brings nothing; empty where it does."""
    if not state.enabled:
        return "off"
    if state.polled_at is None:
        return "not answered yet"
    return "" if state.state is State.OK else f"{state.state}: {state.reason}"


def rhythm_words(published: Sequence[datetime]) -> str:
    """Return how often items come, by the median of the gaps between them; empty where that cannot be told."""
    gaps = [newer - older for newer, older in pairwise(published) if newer > older]
    if len(gaps) < 2:  # noqa: PLR2004 - one gap is no rhythm
        return ""
    usual = timedelta(seconds=median(gap.total_seconds() for gap in gaps))
    if usual < _HOUR:
        return f"about one every {max(1, round(usual.total_seconds() / 60))} min"
    if usual < _DAY:
        return f"about {max(1, round(_DAY / usual))} a day"
    return f"about one every {round(usual / _DAY)} days"


def rule_words(facts: RuleFacts, now: datetime, zone: tzinfo) -> str:
    """Return what a rule would have rung for in what is there now."""
    return _would_have_rung(facts, now, zone, where=" in what is there now")


def _would_have_rung(facts: RuleFacts, now: datetime, zone: tzinfo, *, where: str = "") -> str:
    if facts.last_at is None:
        return "would not have rung"
    last = clock(facts.last_at, now, zone)
    return f"would have rung {times(facts.hits)}{where} (last {last}, {facts.last_feed})"


def channel_words(hellos: Sequence[Delivery]) -> str:
    """Return what became of a channel's hello, one delivery for each of its receivers, on one line."""
    if all(each.state is DeliveryState.SENT for each in hellos):
        return "hello message delivered"
    first = next(each for each in hellos if each.state is not DeliveryState.SENT)
    return f"hello message {first.state}: {first.reason}" if first.reason else f"hello message {first.state}"


def hello_id(channel: str) -> str:
    """Return the id of a channel's hello: always the same, so that it gets one."""
    return derived_id("hello", channel)


def hello(channel: str, feeds: int, rules: Sequence[RuleFacts], now: datetime, zone: tzinfo) -> Notice:
    """Return the one greeting that a new channel gets."""
    watching = f"Watching {_count(feeds, 'feed')} for {_count(len(rules), 'rule')}."
    rung = [f"{facts.name} {_would_have_rung(facts, now, zone)}" for facts in rules if facts.hits]
    there = f"In what is there now, {', '.join(rung)}." if rung else "Nothing that is there now would have rung."
    return Notice(
        id=hello_id(channel),
        kind=Kind.HELLO,
        subject=f"wirebell is watching {_count(feeds, 'feed')}",
        message=f"{watching} {there}",
        made_at=now,
    )


def applied(file: str, changes: Sequence[str], rules: Sequence[RuleFacts], now: datetime, zone: tzinfo) -> Notice:
    """Return the answer to a reload that was applied: what changed, and what new rules would have rung."""
    said = [f"{file} applied {clock(now, now, zone)}: {', '.join(changes) or 'nothing that is watched changed'}."]
    said += [_trial(facts, now, zone) for facts in rules]
    return _reload(f"{file} applied", " ".join(said), now)


def refused(file: str, faults: Sequence[str], running_since: datetime, now: datetime, zone: tzinfo) -> Notice:
    """Return the answer to a reload that was not applied: every fault, and what goes on running."""
    still = f"Still running the version of {clock(running_since, now, zone)}."
    return _reload(f"{file} NOT applied", "\n".join([f"{file} NOT applied:", *faults, still]), now)


def _reload(subject: str, message: str, now: datetime) -> Notice:
    return Notice(
        id=derived_id("reload", now.isoformat()), kind=Kind.RELOAD, subject=subject, message=message, made_at=now
    )


def _trial(facts: RuleFacts, now: datetime, zone: tzinfo) -> str:
    return f"In the last seven days {facts.name} {_would_have_rung(facts, now, zone)}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def changes(before: Sequence[str], after: Sequence[str], noun: str, *, changed: int = 0) -> tuple[str, ...]:
    """Return what became of the named things between two configs, in words: ``1 rule added``."""
    added, removed = len(set(after) - set(before)), len(set(before) - set(after))
    counted = ((added, "added"), (removed, "removed"), (changed, "changed"))
    return tuple(f"{_count(number, noun)} {what}" for number, what in counted if number)


def withheld(count: int) -> tuple[str, ...]:
    """Return, in words, that messages are withheld because their channel was removed; nothing where there are none."""
    return (f"{_count(count, 'message')} withheld, channel removed",) if count else ()
