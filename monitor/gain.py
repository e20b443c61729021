"""What reading the articles of a host has gained, and whether it is worth asking it for another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.item import ArticleText, Entry, NoText, Unreadable

#: A host that gave nothing so many times in a row gives nothing the next time either.
ENOUGH = 5
#: Even so it is asked again after so long: paywalls fall, and designs change.
AGAIN = timedelta(days=1)
#: An article that is longer than what its feed said by less than this says no more.
_MORE = 1.2
#: What tells nothing of a host: its robots.txt is asked anyway, and forbids some pages and not others.
_NO_TALE = frozenset({Unreadable.ROBOTS, Unreadable.FRUITLESS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What came of the latest readings of a host."""

    #: Readings in a row that gave no more than the feed had said.
    fruitless: int = 0
    asked_at: datetime


def worth_asking(seen: Gain | None, now: datetime) -> bool:
    """Return whether another article of the host should be read."""
    return seen is None or seen.fruitless < ENOUGH or not seen.asked_at <= now < seen.asked_at + AGAIN


def after(seen: Gain | None, entry: Entry, result: ArticleText | NoText, now: datetime) -> Gain | None:
    """Return what is known of the host after a reading; what may pass by itself, or is of one page, tells nothing."""
    match result:
        case NoText(passing=True):
            return seen
        case NoText(reason=reason) if reason in _NO_TALE:
            return seen
        case ArticleText(text=text) if len(text) > _MORE * len(entry.lead + entry.body):
            return Gain(asked_at=now)
    return Gain(fruitless=(seen.fruitless if seen else 0) + 1, asked_at=now)
