"""Rules as written in a config, made ready to match; and many of them against one text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from monitor.errors import RuleError, RuleFault
from monitor.rule.checks import futile
from monitor.rule.evaluate import Held, Missed, Sight, evaluate, find
from monitor.rule.evidence import Evidence, evidence, place
from monitor.rule.index import Index, Lexicon
from monitor.rule.parser import Parsed, parse, parse_exceptions
from monitor.rule.query import And, In, Mention, Not, OneOf, Or, Query, Word, words
from monitor.rule.topic import Precision
from monitor.text import Text


class Where(StrEnum):
    """How far into an item a rule reads."""

    HEADLINE = "headline"
    LEAD = "lead"
    ANYWHERE = "anywhere"

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the fields that are read."""
        return {"headline": ("headline",), "lead": ("headline", "lead")}.get(self, ("headline", "lead", "text"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule made ready: it matches where any of its queries holds and none of its exceptions does."""

    name: str
    queries: tuple[Query, ...]
    #: Each query as written.
    sources: tuple[str, ...]
    #: What drops an item whose headline or lead says it; None for nothing.
    except_: Mention | None
    precision: Precision
    where: Where
    #: What its writer should know of it, in words for people.
    remarks: tuple[str, ...]

    @property
    def needs_article_to_refute(self) -> bool:
        """Return whether a negation reaches the text, so that an article yet to be read could refute a match."""
        return self.where is Where.ANYWHERE and any(map(_refutable, self.queries))


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A rule that a text meets."""

    rule: str
    #: From 0 to 1.
    strength: float
    #: In words for people: "all words in one sentence, paragraph 3".
    place: str
    #: At most three sentences, the best first; none where only author, category, feed or language were asked for.
    evidence: tuple[Evidence, ...]


_NO_TERMS: Mapping[str, tuple[str, ...]] = MappingProxyType({})


def compile_rule(  # noqa: PLR0913 - the keys of a rule in the config
    name: str,
    match: tuple[str, ...],
    *,
    except_: str = "",
    precision: Precision = Precision.NORMAL,
    where: Where = Where.ANYWHERE,
    terms: Mapping[str, tuple[str, ...]] = _NO_TERMS,
    languages: tuple[str, ...] = (),
) -> Rule:
    """Return the rule made ready.

    Args:
        name: its name in the config.
        match: its queries, any of which is enough.
        except_: words and phrases with commas between; an item is dropped if its headline or lead says one.
        precision: how much a text must be about a topic.
        where: how far into an item it reads.
        terms: the lists that queries name as ``@name``.
        languages: those of the feeds, for words whose text does not tell its language.

    Raises:
        RuleError: holding every fault of every query, where there is any.
    """
    parsed = [(source, parse(source, terms=terms, languages=languages)) for source in match]
    faults = [fault for source, found in parsed for fault in _faults(source, found, where)]
    excepted = parse_exceptions(except_, terms=terms, languages=languages)
    faults += excepted.faults
    queries = tuple(found.query for _, found in parsed if found.query)
    if not match:
        faults.append(RuleFault(source="", start=0, end=0, message="there is nothing to match", cure="write a word"))
    if faults:
        raise RuleError(tuple(faults))
    remarks = [remark for _, found in parsed for remark in found.remarks]
    remarks += [_capitals_remark(word) for query in queries for word in words(query) if word.capitals]
    return Rule(
        name=name,
        queries=queries,
        sources=match,
        except_=excepted.mention,
        precision=precision,
        where=where,
        remarks=tuple(dict.fromkeys(remarks)),
    )


def _faults(source: str, found: Parsed, where: Where) -> tuple[RuleFault, ...]:
    """Return the faults of a query, or, where it can be read, what keeps it from ever firing."""
    if found.faults or not found.query:
        return found.faults
    faults = []
    for reason in futile(found.query, where.fields):
        at = source.find(reason.about)
        start, end = (at, at + len(reason.about)) if at >= 0 else (0, len(source))
        faults.append(RuleFault(source=source, start=start, end=end, message=reason.message, cure=reason.cure))
    return tuple(faults)


def _capitals_remark(word: Word) -> str:
    how = "in capitals" if word.capitals > 1 else "with a capital"
    return f"{word.label} is an ordinary word too: it is matched only where the text writes it {how}"


def _strength(found: tuple[Held, Sight]) -> float:
    return found[0].strength


def _refutable(query: Query) -> bool:
    match query:
        case Not():
            return not isinstance(query.query, In) or query.query.field == "text"
        case In():
            return query.field == "text" and _refutable(query.query)
        case And() | Or():
            return any(map(_refutable, query.parts))
        case _:
            return False


def warnings(rule: Rule) -> tuple[str, ...]:
    """Return what the writer of a rule should know of it: words that are read otherwise than they may be meant."""
    return rule.remarks


class RuleSet:
    """Rules behind one index; what it returns is what each rule alone would."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._owners = [(rule, query) for rule in self.rules for query in rule.queries]
        queries = [query for _, query in self._owners]
        exceptions = [rule.except_ for rule in self.rules if rule.except_]
        self._lexicon = Lexicon(word for query in (*queries, *exceptions) for word in words(query))
        self._index = Index(queries)

    def match(self, text: Text) -> tuple[Match, ...]:
        """Return one match for each rule that the text meets, by the strongest of its queries, in the rules' order."""
        places = self._lexicon.places(text)
        strongest: dict[str, tuple[Held, Sight]] = {}
        for number in self._index.candidates(places):
            rule, query = self._owners[number]
            sight = look(rule, text, places)
            held = evaluate(query, sight)
            if isinstance(held, Missed) or exception(rule, sight):
                continue
            strongest[rule.name] = max(strongest.get(rule.name, (held, sight)), (held, sight), key=_strength)
        return tuple(_match(name, held, sight) for name, (held, sight) in strongest.items())

    def places(self, text: Text) -> dict[str, list[int]]:
        """Return where the rules' words stand in a text."""
        return self._lexicon.places(text)


def look(rule: Rule, text: Text, places: Mapping[str, list[int]]) -> Sight:
    """Return the part of a text that a rule reads."""
    end = text.ranges[rule.where.fields[-1]][1]
    return Sight(text=text, places=places, precision=rule.precision, first=0, end=end)


def exception(rule: Rule, sight: Sight) -> str:
    """Return what in the headline or lead drops the item from the rule; empty where nothing does."""
    if rule.except_ is None:
        return ""
    options = rule.except_.options if isinstance(rule.except_, OneOf) else (rule.except_,)
    opening = replace(sight, first=0, end=sight.text.ranges["lead"][1])
    return next((option.label for option in options if find(option, opening)), "")


def _match(name: str, held: Held, sight: Sight) -> Match:
    return Match(
        rule=name,
        strength=round(held.strength, 4),
        place=place(held.groups, sight.text),
        evidence=evidence(held.groups, sight),
    )
