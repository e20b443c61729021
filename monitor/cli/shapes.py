"""The documents that scripts read, as ``docs/reference/shapes.md`` describes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.alert import Attempt, Delivery
from monitor.backtest import Judged, Sample, Tally
from monitor.cli.trial import Trial, exception
from monitor.judge import Watch
from monitor.render import clean, document, link, stamp
from monitor.rule import Evidence, Match

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


def backtest(tally: Tally) -> Document:
    """Return ``backtest.v1``."""
    return {
        "schema": "backtest.v1",
        "items": tally.items,
        "first": time(tally.first),
        "last": time(tally.last),
        "rules": [
            {
                "name": name,
                "hits": rule.hits,
                "a_day": tally.a_day(name),
                "days": dict(sorted(rule.days.items())),
                "samples": [sample(each) for each in reversed(rule.samples)],
            }
            for name, rule in tally.rules.items()
        ],
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
        "except": exception(watch.rule),
        "precision": watch.rule.precision.value,
        "where": watch.rule.where.value,
        "feeds": list(watch.feeds),
        "notify": list(watch.notify),
        "priority": watch.priority.value,
        "note": watch.note,
    }


def trial(query: str, tried: Trial, most: int) -> Document:
    """Return ``try.v1``."""
    return {
        "schema": "try.v1",
        "rule": query,
        "items": tried.items,
        "hits": len(tried.hits),
        "samples": [sample(each) for each in tried.hits[:most]],
        "words": [{"word": cost.word, "items": cost.items, "without": cost.without} for cost in tried.costs],
    }


def alert(kept: Kept, tries: Mapping[str, Iterable[Attempt]] | None = None) -> Document:
    """Return what was kept with its deliveries; with each attempt where these are given by delivery id."""
    deliveries = [delivery(each, None if tries is None else tries[each.id]) for each in kept.deliveries]
    return document(kept.what) | {"deliveries": deliveries}


def delivery(what: Delivery, attempts: Iterable[Attempt] | None = None) -> Document:
    """Return one delivery; ``attempts`` is their number, ``tries`` what became of each."""
    said: Document = {
        "id": what.id,
        "channel": what.channel,
        "receiver": what.receiver or None,
        "instead_of": what.instead_of or None,
        "state": what.state.value,
        "reason": what.reason,
        "due_at": time(what.due_at),
        "attempts": what.attempts,
        "sent_at": time(what.sent_at),
    }
    if attempts is not None:
        said["tries"] = [{"at": time(each.at), "outcome": each.outcome, "reason": each.reason} for each in attempts]
    return said
