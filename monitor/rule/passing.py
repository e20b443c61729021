"""What a rule only brushes: items that name all it asks for, and are not about it."""

from __future__ import annotations

from dataclasses import replace

from monitor.rule.query import And, In, Or, Query, Topic
from monitor.rule.rules import Rule


def by_words(rule: Rule, name: str) -> Rule | None:
    """Return the rule asking only that the words are there; None where it asks for nothing more anyway.

    What this one finds beyond the rule itself is named only in passing.
    """
    queries = tuple(map(_words_alone, rule.queries))
    return None if queries == rule.queries else rule.asking(queries, name)


def _words_alone(query: Query) -> Query:
    match query:
        case Topic():
            return And(parts=query.parts)
        case And() | Or():
            return replace(query, parts=tuple(map(_words_alone, query.parts)))
        case In():
            return replace(query, query=_words_alone(query.query))
        case _:  # a topic behind NOT stays one: what is refused would grow
            return query
