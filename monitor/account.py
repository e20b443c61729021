"""What an auditor asks of records: when a feed was not asked or did not answer, what was changed, what stood still."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import chain as joined
from itertools import pairwise
from typing import Any

from monitor.chain import Record
from monitor.record import Sort

#: A pause between two polls is a gap when it is so many times as long as they usually are apart.
_LONG = 3
#: And never when it is shorter; nor is less a gap where a day has too few polls to tell.
_SHORTEST, _UNTOLD = timedelta(minutes=2), timedelta(hours=6)
#: From so many polls on a day tells how far they are apart.
_TELLING = 4


class What(StrEnum):
    """What was found; the values are the words shown to people."""

    GAP = "was not asked"
    OUTAGE = "did not answer"
    STILL = "wirebell was not running"
    CONFIG = "the config was changed"
    CLOCK = "the clock was set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that an auditor wants to know of."""

    what: What
    since: datetime
    until: datetime
    #: The feed that it is about; empty where it is about all.
    feed: str = ""
    detail: str = ""


def findings(records: Sequence[Record]) -> tuple[Finding, ...]:
    """Return what there is to know, in the order of time."""
    days = {(each.body["feed"], each.body["day"]): each.body for each in records if each.sort == Sort.COVERAGE}
    of_feeds = joined.from_iterable((*_gaps(day), *_outages(day)) for day in days.values())
    found = (*of_feeds, *_stills(records), *_configs(records), *_clocks(records))
    return tuple(sorted(found, key=lambda each: (each.since, each.what, each.feed)))


def counts(records: Sequence[Record]) -> Mapping[str, int]:
    """Return how many records there are of each sort."""
    counted = Counter(record.sort for record in records)
    return {sort.value: counted[sort] for sort in Sort if counted[sort]}


def _gaps(day: Mapping[str, Any]) -> Iterator[Finding]:
    gap = timedelta(seconds=day["gap"])
    if day["gap_from"] and gap > _usual(day):
        since = datetime.fromisoformat(day["gap_from"])
        yield Finding(what=What.GAP, feed=day["feed"], since=since, until=since + gap)


def _usual(day: Mapping[str, Any]) -> timedelta:
    """Return the longest pause between two polls that is no gap."""
    if day["polls"] < _TELLING:
        return _UNTOLD
    first, last = datetime.fromisoformat(day["first"]), datetime.fromisoformat(day["last"])
    began = datetime.fromisoformat(day["gap_from"]) if day["gap_from"] else None
    # A pause that began the day before is none of the pauses between the polls of this day.
    within = timedelta(seconds=day["gap"]) if began and began >= first else timedelta(0)
    apart: timedelta = (last - first - within) / (day["polls"] - (2 if within else 1))
    return max(_LONG * apart, _SHORTEST)


def _outages(day: Mapping[str, Any]) -> Iterator[Finding]:
    if not day["failures"]:
        return
    began = day["outage_from"] or day["first"]
    since = datetime.fromisoformat(began)
    until = since + timedelta(seconds=day["outage"]) if day["outage_from"] else datetime.fromisoformat(day["last"])
    failed = f"{day['failures']} of {day['polls']} polls failed on {date.fromisoformat(day['day']):%d %b}"
    yield Finding(what=What.OUTAGE, feed=day["feed"], since=since, until=until, detail=failed)


def _stills(records: Sequence[Record]) -> Iterator[Finding]:
    """Yield the times in which wirebell did not run; after a kill, from the last that it recorded."""
    for before, record in pairwise(records):
        if record.sort == Sort.RUN and record.body["event"] == "started":
            stopped = before.sort == Sort.RUN and before.body["event"] == "stopped"
            detail = "" if stopped else "it ended without a word"
            yield Finding(what=What.STILL, since=_at(before), until=_at(record), detail=detail)


def _configs(records: Sequence[Record]) -> Iterator[Finding]:
    configs = [record for record in records if record.sort == Sort.CONFIG]
    for before, after in pairwise(configs):
        if before.body["sha256"] != after.body["sha256"]:
            detail = f"version {after.body['version']}, {after.body['sha256'][:12]}"
            yield Finding(what=What.CONFIG, since=_at(after), until=_at(after), detail=detail)


def _clocks(records: Sequence[Record]) -> Iterator[Finding]:
    for record in records:
        if record.sort == Sort.CLOCK:
            since = datetime.fromisoformat(record.body["before"])
            detail = f"by {record.body['step']:+.0f} s"
            yield Finding(what=What.CLOCK, since=since, until=_at(record), detail=detail)


def _at(record: Record) -> datetime:
    return datetime.fromisoformat(record.at)
