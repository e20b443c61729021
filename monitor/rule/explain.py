"""Why a rule holds for a text or does not, query by query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.rule.evaluate import Held, Missed, Refusal, Sight, evaluate, find
from monitor.rule.evidence import place
from monitor.rule.query import And, In, Mention, Not, Or, Query, Spoken, Topic, show
from monitor.rule.rules import Rule, RuleSet, exception, look
from monitor.rule.topic import LEVELS, Precision, Shortfall
from monitor.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why one query of a rule holds for a text or does not."""

    rule: str
    #: The query as written.
    source: str
    held: bool
    #: In words for people.
    reason: str
    #: From 0 to 1; also of a topic that fell short.
    strength: float
    #: Each thing the query asks for, and how often the text has it.
    terms: tuple[tuple[str, int], ...]


def explain(rule: Rule, text: Text) -> tuple[Explanation, ...]:
    """Return one explanation for each query of the rule."""
    sight = look(rule, text, RuleSet([rule]).places(text))
    return tuple(
        _explanation(rule, source, query, sight) for source, query in zip(rule.sources, rule.queries, strict=True)
    )


def _explanation(rule: Rule, source: str, query: Query, sight: Sight) -> Explanation:
    found = evaluate(query, sight)
    dropped = exception(rule, sight) if isinstance(found, Held) else ""
    terms = tuple((mention.label, len(find(mention, seen))) for mention, seen in _named(query, sight))
    if isinstance(found, Missed):
        reason = _why_not(found, terms, rule.precision)
    elif dropped:
        reason = f"dropped: the headline or lead says {dropped}"
    else:
        reason = place(found.groups, sight.text)
    return Explanation(
        rule=rule.name,
        source=source,
        held=isinstance(found, Held) and not dropped,
        reason=reason,
        strength=round(found.strength, 4),
        terms=terms,
    )


def _why_not(missed: Missed, terms: tuple[tuple[str, int], ...], precision: Precision) -> str:
    if missed.reason is Refusal.ABSENT:
        return f"{', '.join(term for term, count in terms if not count)}: {missed.reason}"
    if missed.reason is Shortfall.PASSING:
        return f"{missed.reason}: strength {missed.strength:.2f}, {precision} asks for {LEVELS[precision]:.2f}"
    if isinstance(missed.reason, Shortfall):
        return f"{missed.reason} (strength {missed.strength:.2f})"
    return f"{show(missed.about)}: {missed.reason}"


def _named(query: Query, sight: Sight) -> Iterator[tuple[Mention, Sight]]:
    """Yield each thing that the query asks for, and where it looks for it."""
    match query:
        case Topic() | And() | Or():
            for part in query.parts:
                yield from _named(part, sight)
        case In():
            yield from _named(query.query, sight.within(query.field))
        case Not() | Spoken():
            return
        case _:
            yield query, sight
