"""A rule tried on items: what it would ring for, and what each of its words costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from monitor.backtest import Given, Sample
from monitor.config import Config
from monitor.judge import Bench, Watch
from monitor.rule import Rule, compile_rule, explain
from monitor.rule.query import And, Near, Not, OneOf, Phrase, Query, Topic, Word, show

#: The name of a query that is no rule of the config; those of a rule's variants hold a colon, as no rule's own does.
_QUERY = "query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one part of a rule does."""

    word: str
    #: Items that hold it.
    items: int
    #: Items that the rule would ring for without it.
    without: int


class Trial:
    """A rule that is tried, and what it did with the items so far."""

    def __init__(self, watch: Watch) -> None:
        self.rule = watch.rule
        self.items = 0
        self.hits: list[Sample] = []
        self._pieces = _pieces_of(self.rule)
        self._met: Counter[str] = Counter()
        variants = [replace(watch, rule=rule) for rule in self._variants()]
        self._bench = Bench(watches=[watch, *variants], feeds=(), channels=())

    def _variants(self) -> Iterator[Rule]:
        """Yield each piece as a rule of its own, and the rule without it."""
        for number, (piece, rest) in enumerate(self._pieces):
            alone = piece.query if isinstance(piece, Not) else piece
            yield replace(self.rule, name=f"alone:{number}", queries=(alone,), except_=None)
            yield replace(self.rule, name=f"without:{number}", queries=(rest,))

    def judge(self, given: Given) -> None:
        """Try the rule on one item."""
        self.items += 1
        for match in self._bench.match(given.item, feed=given.feed):
            self._met[match.rule] += 1
            if match.rule == self.rule.name:
                self.hits.append(Sample(name=given.name, item=given.item, match=match))

    def reasons(self, given: Given) -> tuple[str, ...]:
        """Return why an item matches or does not, query by query, in words for people."""
        read = Bench.text(given.item, given.feed)
        return tuple(f"{found.source}: {found.reason}" for found in explain(self.rule, read))

    @property
    def costs(self) -> tuple[Cost, ...]:
        """Return what each thing costs that a text must hold, or must not."""
        return tuple(
            Cost(word=label(piece), items=self._met[f"alone:{n}"], without=self._met[f"without:{n}"])
            for n, (piece, _) in enumerate(self._pieces)
        )


def of_query(query: str, config: Config) -> Trial:
    """Return a trial of a query over every feed; raise RuleError."""
    rule = compile_rule(_QUERY, (query,), terms=_terms(config), languages=_languages(config))
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


def label(query: Query) -> str:
    """Return the query much as a rule writes it."""
    match query:
        case Not():
            return f"NOT {label(query.query)}"
        case Word() | Phrase() | OneOf() | Near() | Topic():
            return query.label
        case _:
            return show(query)


def exception(rule: Rule) -> str:
    """Return what drops an item from the rule, as the config writes it; empty for nothing."""
    match rule.except_:
        case None:
            return ""
        case OneOf(options=options):
            return ", ".join(option.label for option in options)
        case single:
            return label(single)
