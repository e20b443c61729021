"""Why a rule holds for a text or does not: each query as a tree of what held, what did not, and the nearest miss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from monitor.rule.evaluate import Held, Missed, Refusal, Sight, evaluate, find, unjudged
from monitor.rule.evidence import place
from monitor.rule.nearest import nearest, weakest, where
from monitor.rule.query import And, In, Mention, Near, Not, OneOf, Or, Query, Spoken, Topic, write
from monitor.rule.rules import Rule, RuleSet, exception, look
from monitor.rule.topic import LEVELS, Precision, Shortfall
from monitor.text import Text

#: Alternatives that are absent are listed up to so many; of a list of fifty names nobody reads each "absent".
_LISTED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A part of a query, and what the text has of it."""

    #: As a rule writes it.
    about: str
    held: bool
    #: In words for people.
    reason: str
    #: What the text has instead; empty where nothing comes near.
    nearest: str = ""
    #: In how many places it stands, of what can be mentioned.
    count: int = 0
    #: Of a topic whose words are all there, from 0 to 1.
    strength: float | None = None
    parts: tuple[Finding, ...] = ()

    @property
    def leaves(self) -> Iterator[Finding]:
        """Yield the findings that are made of no others."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves


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
    tree: Finding


def explain(rule: Rule, text: Text) -> tuple[Explanation, ...]:
    """Return one explanation for each query of the rule."""
    sight = look(rule, text, RuleSet([rule]).places(text))
    return tuple(
        _explanation(rule, source, query, sight) for source, query in zip(rule.sources, rule.queries, strict=True)
    )


def _explanation(rule: Rule, source: str, query: Query, sight: Sight) -> Explanation:
    found = evaluate(query, sight)
    dropped = exception(rule, sight) if isinstance(found, Held) else ""
    tree = finding(query, sight)
    if isinstance(found, Missed):
        reason = _why_not(found, tree, rule.how.precision)
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
        tree=tree,
    )


def _why_not(missed: Missed, tree: Finding, precision: Precision) -> str:
    if missed.reason is Refusal.ABSENT:
        absent = dict.fromkeys(leaf.about for leaf in _lacking(tree))
        return f"{', '.join(absent) or write(missed.about)}: {missed.reason}"
    if isinstance(missed.reason, Shortfall):
        return _short(missed.reason, missed.strength, precision)
    return f"{write(missed.about)}: {missed.reason}"


def _lacking(tree: Finding) -> Iterator[Finding]:
    """Yield what could be mentioned and is not, each as a whole."""
    if not tree.held and (tree.reason == Refusal.ABSENT):
        yield tree
        return
    for part in tree.parts:
        yield from _lacking(part)


def _short(reason: Shortfall, strength: float, precision: Precision) -> str:
    if reason is Shortfall.PASSING:
        return f"{reason}: strength {strength:.2f}, {precision} asks for {LEVELS[precision]:.2f}"
    return f"{reason} (strength {strength:.2f})"


# --- the tree ----------------------------------------------------------------------------------------------------


def finding(query: Query, sight: Sight) -> Finding:
    """Return what the text has of a query, part by part."""
    match query:
        case Topic():
            return _topic(query, sight)
        case And() | Or():
            return _several(query, sight)
        case Not():
            return _refused(query, sight)
        case In():
            return replace(finding(query.query, sight.within(query.field)), about=write(query))
        case Spoken():
            held = query.code in sight.text.languages
            spoken = ", ".join(sight.text.languages) or "nothing tells"
            reason = "its language" if held else f"{Refusal.LANGUAGE}; read as: {spoken}"
            return Finding(about=write(query), held=held, reason=reason)
        case _:
            return _mention(query, sight)


def _topic(topic: Topic, sight: Sight) -> Finding:
    found = evaluate(topic, sight)
    parts = tuple(finding(part, sight) for part in topic.parts)
    if isinstance(found, Held):
        reason, near = place(found.groups, sight.text), ""
    elif isinstance(found.reason, Shortfall):
        reason, near = _short(found.reason, found.strength, sight.precision), weakest(topic, sight)
    else:
        reason, near = "not all words are there", ""
    complete = all(part.held for part in parts)
    return Finding(
        about=write(topic),
        held=isinstance(found, Held),
        reason=reason,
        nearest=near,
        strength=round(found.strength, 4) if complete else None,
        parts=parts,
    )


def _several(query: And | Or, sight: Sight) -> Finding:
    parts = tuple(finding(part, sight) for part in query.parts)
    held = sum(part.held for part in parts)
    enough = held == len(parts) if isinstance(query, And) else held > 0
    return Finding(about=write(query), held=enough, reason=f"{held} of {len(parts)} hold", parts=parts)


def _refused(query: Not, sight: Sight) -> Finding:
    found = evaluate(query, sight)
    if isinstance(found, Held):
        reason = "not there"
    elif found.reason is Refusal.REFUSED:
        reason = f"{finding(query.query, sight).reason}, and the rule says NOT"
    else:
        reason = str(found.reason)
    return Finding(about=write(query), held=isinstance(found, Held), reason=reason)


def _mention(mention: Mention, sight: Sight) -> Finding:
    spans = find(mention, sight)
    if not spans:
        why = Refusal.UNJUDGED if unjudged(mention, sight) else Refusal.ABSENT
        parts = _absent_parts(mention, sight)
        return Finding(about=write(mention), held=False, reason=str(why), nearest=nearest(mention, sight), parts=parts)
    first = where(spans[0], sight, mention)
    reason = f"once, {first}" if len(spans) == 1 else f"{_times(len(spans))}, first {first}"
    return Finding(about=write(mention), held=True, reason=reason, count=len(spans), parts=_found_parts(mention, sight))


def _absent_parts(mention: Mention, sight: Sight) -> tuple[Finding, ...]:
    """Return what a mention that is absent is made of, where one part may be there."""
    match mention:
        case Near():
            return (_mention(mention.left, sight), _mention(mention.right, sight))
        case OneOf() if len(mention.options) <= _LISTED:
            return tuple(_mention(option, sight) for option in mention.options)
        case _:
            return ()


def _found_parts(mention: Mention, sight: Sight) -> tuple[Finding, ...]:
    """Return which of several alternatives are there."""
    if not isinstance(mention, OneOf):
        return ()
    return tuple(_mention(option, sight) for option in mention.options if find(option, sight))


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
