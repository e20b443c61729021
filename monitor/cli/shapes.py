"""The documents that scripts read, as ``docs/reference/shapes.md`` describes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.alert import Attempt, Delivery
from monitor.backtest import Comparison, Judged, Sample, Tally
from monitor.cli.tested import Outcome
from monitor.cli.trial import Trial
from monitor.cli.why import Answer
from monitor.judge import Watch
from monitor.mute import Mute
from monitor.render import clean, document, link, stamp
from monitor.rule import Evidence, Explanation, Finding, Match
from monitor.stages import Stage

if TYPE_CHECKING:  # few of those who print documents need the store, which takes 0.3 s to import
    from monitor.store.alerts import Kept

Document = dict[str, object]


def time(moment: datetime | None) -> str | None:
    """Return the time as ISO 8601 in UTC; None where there is none."""
    return None if moment is None else stamp(moment)


def evidence(found: Iterable[Evidence]) -> list[Document]:
    """Return the sentences that show a match; spans are character offsets into them."""
    return [
        {"field": each.field, "sentence": each.sentence, "spans": [list(span) for span in each.spans]} for each in found
    ]


def match(found: Match) -> Document:
    """Return a rule's match with an item."""
    return {
        "rule": found.rule,
        "strength": found.strength,
        "place": found.place,
        "evidence": evidence(found.evidence),
    }


def judged(what: Judged) -> Document:
    """Return one line of ``backtest --jsonl``; an item is a story of its own."""
    return {
        "item": what.name,
        "story": what.name,
        "matches": [match(each) for each in what.matches],
        "alerts": list(what.rings),
    }


def changed(what: Judged, other: Judged) -> Document:
    """Return what a line of ``backtest --jsonl --against`` holds beside."""
    return {
        "appear": [name for name in other.rings if name not in what.rings],
        "vanish": [name for name in what.rings if name not in other.rings],
    }


def backtest(tally: Tally, trials: Iterable[str], against: tuple[str, Comparison] | None) -> Document:
    """Return ``backtest.v1``."""
    on_trial = set(trials)
    return {
        "schema": "backtest.v1",
        "items": tally.items,
        "first": time(tally.first),
        "last": time(tally.last),
        "rules": [
            {
                "name": name,
                "trial": name in on_trial,
                "hits": rule.hits,
                "passing": rule.passing,
                "unjudged": rule.unjudged,
                "a_day": tally.a_day(name),
                "days": dict(sorted(rule.days.items())),
                "samples": [sample(each) for each in reversed(rule.samples)],
            }
            for name, rule in tally.rules.items()
        ],
        "overlap": [
            {"rules": list(each.rules), "shared": each.shared, "share": round(each.share, 4)} for each in tally.overlaps
        ],
        "against": comparison(*against) if against else None,
    }


def comparison(file: str, found: Comparison) -> Document:
    """Return which alerts would appear or vanish under another config."""
    return {
        "file": file,
        "appear": [{"rule": each.match.rule} | sample(each) for each in found.appear],
        "vanish": [{"rule": each.match.rule} | sample(each) for each in found.vanish],
    }


def sample(what: Sample) -> Document:
    """Return an item for which a rule would have rung."""
    return {
        "item": what.name,
        "feed": what.item.feed,
        "headline": clean(what.item.entry.headline),
        "link": link(what.item.entry.link),
        "published": time(what.item.entry.published),
    } | {key: value for key, value in match(what.match).items() if key != "rule"}


def rule(watch: Watch) -> Document:
    """Return a rule as ``rules.v1`` has it."""
    return {
        "name": watch.name,
        "match": list(watch.rule.sources),
        "except": watch.rule.how.excepted,
        "precision": watch.rule.how.precision.value,
        "where": watch.rule.how.where.value,
        "feeds": list(watch.feeds),
        "notify": list(watch.notify),
        "priority": watch.priority.value,
        "at_most": watch.at_most,
        "trial": watch.trial,
        "until": time(watch.until),
        "note": watch.note,
        "tests": len(watch.tests),
    }


def trial(query: str, tried: Trial, most: int) -> Document:
    """Return ``try.v1``."""
    return {
        "schema": "try.v1",
        "rule": query,
        "items": tried.items,
        "hits": len(tried.hits),
        "unjudged": tried.unjudged,
        "samples": [sample(each) for each in tried.hits[:most]],
        "passing": tried.passing,
        "passing_samples": [sample(each) for each in tried.passing_samples[:most]],
        "words": [
            {"word": cost.word, "items": cost.items, "without": cost.without, "hides": cost.hides}
            for cost in tried.costs
        ],
    }


def finding(found: Finding) -> Document:
    """Return what a text has of a part of a query."""
    return {
        "about": found.about,
        "held": found.held,
        "reason": found.reason,
        "nearest": found.nearest,
        "count": found.count,
        "strength": found.strength,
        "parts": list(map(finding, found.parts)),
    }


def explanation(found: Explanation) -> Document:
    """Return why one query of a rule holds or does not."""
    return {
        "query": found.source,
        "held": found.held,
        "reason": found.reason,
        "strength": found.strength,
        "tree": finding(found.tree),
    }


def tested(outcome: Outcome) -> Document:
    """Return what became of a test of a rule."""
    test = outcome.tested.test
    return {
        "rule": outcome.tested.rule,
        "test": outcome.number,
        "headline": test.headline,
        "lead": test.lead,
        "text": test.text,
        "match": test.match,
        "passed": outcome.tested.passed,
        "queries": list(map(explanation, outcome.tested.explanations)),
    }


def tests(ran: Sequence[Outcome]) -> Document:
    """Return ``tests.v1``."""
    return {
        "schema": "tests.v1",
        "ok": bool(ran) and all(each.tested.passed for each in ran),
        "tests": list(map(tested, ran)),
    }


def why(answer: Answer) -> Document:
    """Return ``why.v1``."""
    item = answer.trace.item if answer.trace else None
    return {
        "schema": "why.v1",
        "rule": answer.rule,
        "item": str(item.id) if item else None,
        "headline": clean(item.entry.headline) if item else None,
        "link": link(item.entry.link) if item else None,
        "alert": answer.trace.alert.id if answer.trace and answer.trace.alert else None,
        "verdict": answer.course.verdict,
        "evidence": evidence(answer.evidence),
        "stages": list(map(stage, answer.course.stages)),
        "not_reached": list(answer.course.not_reached),
        "others": [str(each.item.id) for each in answer.others],
        "try": list(answer.course.tries),
    }


def stage(what: Stage) -> Document:
    """Return a stage of an item's way."""
    said: Document = {
        "stage": what.name.value,
        "held": what.held,
        "partly": what.partly,
        "reason": what.reason,
        "detail": _plain(what.detail),
    }
    if what.explanations:
        said["queries"] = list(map(explanation, what.explanations))
    return said


def _plain(detail: object) -> object:
    """Return a detail as JSON has it."""
    match detail:
        case datetime():
            return time(detail)
        case Mapping():
            return {key: _plain(value) for key, value in detail.items()}
        case list() | tuple():
            return list(map(_plain, detail))
        case _:
            return detail


def mute(what: Mute, now: datetime) -> Document:
    """Return a mute as ``mutes.v1`` has it."""
    return {
        "id": what.id,
        "scope": what.scope.value,
        "what": what.what,
        "made_at": time(what.made_at),
        "until": time(what.until),
        "ended_at": time(what.ended_at),
        "in_force": what.is_in_force(now),
        "who": what.who,
        "why": what.why,
    }


def alert(kept: Kept, tries: Mapping[str, Iterable[Attempt]] | None = None) -> Document:
    """Return what was kept with its deliveries; with each attempt where these are given by delivery id."""
    deliveries = [delivery(each, None if tries is None else tries[each.id]) for each in kept.deliveries]
    mark = kept.acknowledged
    acknowledged = {"acknowledged": {"who": mark.who, "at": time(mark.at)}} if mark else {}
    return document(kept.what) | acknowledged | {"deliveries": deliveries}


def delivery(what: Delivery, attempts: Iterable[Attempt] | None = None) -> Document:
    """Return one delivery; ``attempts`` is their number, ``tries`` what became of each."""
    said: Document = {
        "id": what.id,
        "channel": what.channel,
        "receiver": what.receiver or None,
        "instead_of": what.instead_of or None,
        "escalated_from": what.escalated_from or None,
        "state": what.state.value,
        "reason": what.reason,
        "due_at": time(what.due_at),
        "attempts": what.attempts,
        "sent_at": time(what.sent_at),
    }
    if attempts is not None:
        said["tries"] = [{"at": time(each.at), "outcome": each.outcome, "reason": each.reason} for each in attempts]
    return said
