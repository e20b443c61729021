"""How long news wait to be seen: polled by the rhythm of the product, and at equal intervals, with as many polls.

Feeds are replayed from the published times of real ones. The rhythm learns as the daemon does: from the dates of a
first listing, then from each poll; its bound is set anew every ten minutes from what is known of all feeds by then,
never from what is to come. Its polls are counted, and uniform polling gets exactly as many.

    python benchmarks/rhythm.py [--days 24] [--every 5,15,60]
"""

from __future__ import annotations

import argparse
import gzip
import heapq
import json
import sys
import tarfile
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from statistics import mean
from xml.etree import ElementTree as ET

sys.path.insert(0, str(Path(__file__).parents[1]))

from monitor.feed import Feed, FeedState, Pace, rhythm, week
from monitor.feed.poll import Brought

SHARED = Path(__file__).parents[2] / "shared"
#: What is replayed but not scored: the daemon has run for a while.
WARM = timedelta(days=10)
RENEWED = timedelta(minutes=10)
#: The longest interval is that of the product, twelve times the mean.
LONGEST = 12
Trace = Sequence[datetime]


def streams() -> Mapping[str, Trace]:
    """Return when each feed of the streams published something; midnight is a date without a time."""
    found: defaultdict[str, set[datetime]] = defaultdict(set)
    for language in ("en", "ru"):
        with gzip.open(SHARED / "eval" / f"stream_{language}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                item = json.loads(line)
                moment = parsedate_to_datetime(item["time"]).astimezone(UTC)
                if (moment.hour, moment.minute) != (0, 0):
                    found[f"{language} {item['feed']}"].add(moment)
    return {name: sorted(moments) for name, moments in found.items()}


def series() -> Mapping[str, Trace]:
    """Return the same of the series of versions."""
    return {f"series {file.stem}": sorted(set(_dates(file))) for file in (SHARED / "corpus" / "series").glob("*.xz")}


def _dates(file: Path) -> Iterator[datetime]:
    with tarfile.open(file) as archive:
        for member in archive:
            content = archive.extractfile(member)
            for date in ET.fromstring(content.read()).iter("pubDate") if content else ():  # noqa: S314 - our own data
                yield parsedate_to_datetime(str(date.text)).astimezone(UTC)


def busiest(traces: Mapping[str, Trace], span: timedelta) -> tuple[datetime, datetime]:
    """Return the span of time in which most is published."""
    moments = sorted(moment for trace in traces.values() for moment in trace)
    days = sorted({moment.date() for moment in moments})
    starts = [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in days]
    start = max(starts, key=lambda start: bisect_right(moments, start + span) - bisect_right(moments, start))
    return start, start + span


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What became of the news."""

    polls: int
    #: Seconds that each waited, in order.
    delays: Sequence[float]

    def __str__(self) -> str:
        """Return it in words."""
        high = self.delays[int(len(self.delays) * 0.95)]
        return f"{self.polls:8} polls   mean {mean(self.delays) / 60:6.2f} min   p95 {high / 60:6.2f} min"


#: Answers when to poll a feed again; it is told what the poll brought.
Next = Callable[[str, int, datetime], timedelta]


def replay(traces: Mapping[str, Trace], begin: datetime, end: datetime, following: Next) -> Score:
    """Poll all feeds from begin to end."""
    spread = timedelta(minutes=5) / len(traces)
    queue = [(begin + spread * n, name) for n, name in enumerate(traces)]
    shown = {name: bisect_right(trace, begin) for name, trace in traces.items()}
    delays, polls, scored = [], 0, begin + WARM
    while queue[0][0] < end:
        now, name = heapq.heappop(queue)
        trace = traces[name]
        there = bisect_right(trace, now)
        if now >= scored:
            polls += 1
            delays += [(now - moment).total_seconds() for moment in trace[shown[name] : there] if moment >= scored]
        heapq.heappush(queue, (now + following(name, there - shown[name], now), name))
        shown[name] = there
    return Score(polls=polls, delays=sorted(delays))


class Adaptive:
    """The rhythm as the daemon uses it, with a mean interval of its own."""

    def __init__(self, traces: Mapping[str, Trace], begin: datetime, mean_interval: timedelta) -> None:
        self._traces, self._mean = traces, mean_interval
        self._pace = Pace(min_interval=rhythm.LEAST, max_interval=LONGEST * mean_interval)
        self._states: dict[str, FeedState] = {}
        self._seen: list[datetime] = []
        for name, trace in traces.items():
            known = trace[: bisect_right(trace, begin)][-50:]
            fresh = FeedState(id=0, name=name, url="", next_poll_at=begin)
            news, watched = rhythm.after(fresh, Brought(), known, begin)
            self._states[name] = replace(fresh, read_at=begin, baseline_at=begin, news=news, watched=watched)
            self._seen += [moment for moment in known if begin - moment < timedelta(days=28)]
        self._renew(begin)

    def _renew(self, now: datetime) -> None:
        recent = [moment for moment in self._seen if now - moment < timedelta(days=28)]
        rates = [(rhythm.rate(s.news, s.watched), 1.0) for s in self._states.values()]
        polls = len(rates) / self._mean.total_seconds()
        bound = rhythm.bound(rates, polls=polls, least=rhythm.LEAST, most=self._pace.max_interval)
        self._plan = rhythm.Plan(week=week.learned(recent), bound=bound)
        self._renewed = now

    def __call__(self, name: str, new: int, now: datetime) -> timedelta:
        """Return how long to wait after a poll."""
        if now - self._renewed >= RENEWED:
            self._renew(now)
        state, trace = self._states[name], self._traces[name]
        there = bisect_right(trace, now)
        self._seen += trace[there - new : there]
        news, watched = rhythm.after(state, Brought(new=new), (), now)
        self._states[name] = state = replace(state, read_at=now, news=news, watched=watched)
        return rhythm.wait(Feed(name=name, url=""), state, self._plan, self._pace, now, fresh=timedelta(0))


def compare(traces: Mapping[str, Trace], begin: datetime, end: datetime, minutes: int) -> None:
    """Print both rhythms and their ratio."""
    ours = replay(traces, begin, end, Adaptive(traces, begin, timedelta(minutes=minutes)))
    gap = (end - begin - WARM) * len(traces) / ours.polls
    theirs = replay(traces, begin, end, lambda _name, _new, _now: gap)
    print(f"a poll per feed in {minutes} min, {len(ours.delays)} news")
    print(f"  uniform    {theirs}\n  expected   {ours}")
    lower = mean(theirs.delays) / mean(ours.delays)
    at95 = [each.delays[int(len(each.delays) * 0.95)] for each in (theirs, ours)]
    print(f"  mean delay {lower:.2f} times lower; p95 {at95[0] / at95[1]:.2f} times lower\n")


def main() -> None:
    """Replay and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=24)
    parser.add_argument("--every", default="5,15,60", help="minutes between two polls of a feed, on average")
    given = parser.parse_args()
    if not SHARED.is_dir():
        sys.exit(f"no evaluation data at {SHARED}")
    traces = {**streams(), **series()}
    begin, end = busiest(traces, timedelta(days=given.days))
    alive = {name: trace for name, trace in traces.items() if bisect_right(trace, end) - bisect_right(trace, begin)}
    print(f"{len(alive)} feeds, {begin:%Y-%m-%d} to {end:%Y-%m-%d}, scored after {WARM.days} days\n")
    for minutes in map(int, given.every.split(",")):
        compare(alive, begin, end, minutes)


if __name__ == "__main__":
    main()
