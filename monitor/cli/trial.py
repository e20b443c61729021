"""A rule tried on items: what it would ring for, what it only brushes, and what each of its words costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from monitor.backtest import Given, Sample
from monitor.config import Config
from monitor.judge import Bench, Watch
from monitor.rule import Explanation, Precision, Rule, Where, compile_rule, explain
from monitor.rule.passing import by_words
from monitor.rule.query import And, Not, Query, Topic, write

#: The name of a query that is no rule of the config; those of a rule's variants hold a colon, as no rule's own does.
_QUERY = "query"
_PASSING = "passing:"
#: Items named only in passing that are kept to be shown.
_KEPT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one part of a rule does."""

    word: str
    #: Items that hold it.
    items: int
    #: Items that the rule would ring for without it, and how many of these it hides.
    without: int
    hides: int


class Trial:
    """A rule that is tried, and what it did with the items so far."""

    def __init__(self, watch: Watch) -> None:
        self.rule = watch.rule
        self.items = 0
        self.hits: list[Sample] = []
        #: Items of which it is not known, since a regular expression ran out of time.
        self.unjudged = 0
        #: How many items name all that the rule asks for and are not about it, and the first of them.
        self.passing = 0
        self.passing_samples: list[Sample] = []
        self._pieces = _pieces_of(self.rule)
        self._met: Counter[str] = Counter()
        self._hidden: Counter[str] = Counter()
        variants = [replace(watch, rule=rule) for rule in self._variants()]
        self._bench = Bench(watches=[watch, *variants], feeds=(), channels=())

    def _variants(self) -> Iterator[Rule]:
        """Yield the rule asking for its words alone, each piece as a rule of its own, and the rule without it."""
        if words := by_words(self.rule, _PASSING):
            yield words
        for number, (piece, rest) in enumerate(self._pieces):
            alone = piece.query if isinstance(piece, Not) else piece
            yield replace(
                self.rule.asking((alone,), f"alone:{number}"), how=replace(self.rule.how, except_=None, excepted="")
            )
            yield self.rule.asking((rest,), f"without:{number}")

    def judge(self, given: Given) -> None:
        """Try the rule on one item."""
        self.items += 1
        ruling = self._bench.judge(given.item, now=given.item.seen_at, feed=given.feed)
        self.unjudged += any(late.rule == self.rule.name for late in ruling.unjudged)
        found = {match.rule: match for match in ruling.matches}
        self._met.update(list(found))
        if hit := found.get(self.rule.name):
            self.hits.append(Sample(name=given.name, item=given.item, match=hit))
            return
        self._hidden.update(list(found))
        if brushed := found.get(_PASSING):
            self.passing += 1
            if len(self.passing_samples) < _KEPT:
                strength = max(each.strength for each in self.explain(given))
                match = replace(brushed, rule=self.rule.name, strength=strength)
                self.passing_samples.append(Sample(name=given.name, item=given.item, match=match))

    def explain(self, given: Given) -> tuple[Explanation, ...]:
        """Return why an item matches or does not, query by query."""
        return explain(self.rule, Bench.text(given.item, given.feed))

    @property
    def costs(self) -> tuple[Cost, ...]:
        """Return what each thing costs that a text must hold, or must not."""
        return tuple(
            Cost(
                word=write(piece),
                items=self._met[f"alone:{n}"],
                without=self._met[f"without:{n}"],
                hides=self._hidden[f"without:{n}"],
            )
            for n, (piece, _) in enumerate(self._pieces)
        )


def of_watch(watch: Watch, *, precision: Precision | None, where: Where | None, every_feed: bool) -> Trial:
    """Return a trial of a rule of the config, at another precision or depth where one is given."""
    how = watch.rule.how
    how = replace(how, precision=precision or how.precision, where=where or how.where)
    return Trial(replace(watch, rule=replace(watch.rule, how=how), feeds=() if every_feed else watch.feeds))


def of_query(query: str, config: Config, *, precision: Precision | None = None, where: Where | None = None) -> Trial:
    """Return a trial of a query over every feed; raise RuleError."""
    rule = compile_rule(
        _QUERY,
        (query,),
        precision=precision or Precision.NORMAL,
        where=where or Where.ANYWHERE,
        terms=_terms(config),
        languages=_languages(config),
    )
    return Trial(Watch(rule=rule))


def _terms(config: Config) -> Mapping[str, tuple[str, ...]]:
    tables: Iterator[Mapping[str, str | list[str]]] = (source.table.get("terms", {}) for source in config.sources)
    return {
        name: (words,) if isinstance(words, str) else tuple(words) for table in tables for name, words in table.items()
    }


def _languages(config: Config) -> tuple[str, ...]:
    return tuple(sorted({feed.language.partition("-")[0].lower() for feed in config.feeds if feed.language}))


def _pieces_of(rule: Rule) -> tuple[tuple[Query, Query], ...]:
    """Return each thing that a rule asks for, with the rest of it; nothing where it is one thing, or any of several."""
    pieces = tuple(_pieces(rule.queries[0])) if len(rule.queries) == 1 else ()
    return tuple((piece, rest) for piece, rest in pieces if rest)


def _pieces(query: Query) -> Iterator[tuple[Query, Query | None]]:
    """Yield each thing that a text must hold, or must not, and what is left of the query without it."""
    if not isinstance(query, Topic | And):
        yield query, None
        return
    for number, part in enumerate(query.parts):
        for piece, rest in _pieces(part):
            others: tuple[Any, ...] = (*query.parts[:number], *([rest] if rest else []), *query.parts[number + 1 :])
            yield piece, others[0] if len(others) == 1 else replace(query, parts=others)
