"""Rules that can never fire, found before they go live."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.rule.query import And, In, Mention, Near, Not, OneOf, Or, Phrase, Query, Spoken, Topic, Way, Word, show

#: Fields of what was written, and of what is told about it, which every rule reads.
_WRITTEN = ("headline", "lead", "text")
_ABOUT = ("author", "category", "feed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Futile:
    """Why a query can never fire, the words of the rule it is about, and a cure."""

    about: str
    message: str
    cure: str


def futile(query: Query, fields: tuple[str, ...]) -> Iterator[Futile]:
    """Yield what keeps the query from ever firing, where the rule reads these of headline, lead and text."""
    if not _finds(query):
        cure = "write first what is looked for, then NOT what is not wanted"
        yield Futile(about=show(query), message="this only takes away, and finds nothing by itself", cure=cure)
    yield from _unreachable(query, frozenset((*fields, *_ABOUT)))
    yield from _contradictions(query)


def _finds(query: Query) -> bool:
    """Return whether the query needs something that is there."""
    match query:
        case Not():
            return False
        case In():
            return _finds(query.query)
        case And():
            return any(map(_finds, query.parts))
        case Or():
            return all(map(_finds, query.parts))
        case _:
            return True


def _unreachable(query: Query, fields: frozenset[str]) -> Iterator[Futile]:
    """Yield fields that lie outside of where the query is read."""
    match query:
        case In(field=field):
            if field not in fields:
                cure = f"take {field}: away, or let the rule read it"
                yield Futile(about=f"{field}:", message=f"{field}: is never read here", cure=cure)
            yield from _unreachable(query.query, frozenset({field}))
        case And() | Or():
            for part in query.parts:
                yield from _unreachable(part, fields)
        case Not():
            yield from _unreachable(query.query, fields)
        case _:
            pass


def _contradictions(query: Query) -> Iterator[Futile]:
    match query:
        case And():
            needed = [mention for part in query.parts for mention in _needed(part)]
            for refused in (part.query for part in query.parts if isinstance(part, Not)):
                if isinstance(refused, Mention):
                    yield from (_contradiction(mention) for mention in needed if _covers(refused, mention))
            for part in query.parts:
                yield from _contradictions(part)
        case Or():
            for part in query.parts:
                yield from _contradictions(part)
        case In():
            yield from _contradictions(query.query)
        case _:
            pass


def _contradiction(mention: Mention) -> Futile:
    message = f"{mention.label} is asked for and refused"
    return Futile(about=mention.label, message=message, cure="take one of the two away")


def _needed(query: Query) -> Iterator[Mention]:
    """Yield the mentions without which the query does not hold."""
    match query:
        case Topic() | And():
            for part in query.parts:
                yield from _needed(part)
        case In():
            if query.field in _WRITTEN:
                yield from _needed(query.query)
        case Or() | Not() | Spoken():
            return
        case _:
            yield query


def _covers(refused: Mention, needed: Mention) -> bool:
    """Return whether a text with the needed mention always holds the refused one."""
    match needed:
        case OneOf():
            return all(_covers(refused, option) for option in needed.options)
        case Near():
            return _covers(refused, needed.left) or (not needed.apart and _covers(refused, needed.right))
        case Phrase() if not isinstance(refused, Phrase):
            return any(_covers(refused, word) for word in needed.words)
        case _:
            return _includes(refused, needed)


def _includes(refused: Mention, needed: Mention) -> bool:
    match refused, needed:
        case OneOf(), _:
            return any(_covers(option, needed) for option in refused.options)
        case Word(), Word():
            same = refused.key == needed.key
            return same or (
                refused.way is Way.FORMS and needed.way is not Way.PREFIX and refused.folded == needed.folded
            )
        case Phrase(), Phrase():
            pairs = zip(refused.words, needed.words, strict=False)
            return len(refused.words) == len(needed.words) and all(_includes(a, b) for a, b in pairs)
        case _:
            return False
