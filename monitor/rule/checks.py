"""Rules that can never fire, and those that nearly every text meets, or hardly any: found before they go live."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from monitor.rule.pattern import risk, search
from monitor.rule.query import (
    And,
    In,
    Mention,
    Near,
    Not,
    Number,
    OneOf,
    Or,
    Pattern,
    Phrase,
    Query,
    Spoken,
    Topic,
    Way,
    Word,
    inner,
    is_function_word,
    one_of,
    show,
    write,
)
from monitor.text import WRITTEN

#: Fields of what is told about an item, which every rule reads.
_ABOUT = ("author", "category", "feed", "urgency")


@dataclass(frozen=True, slots=True, kw_only=True)
class Futile:
    """Why a query can never fire, the words of the rule it is about, and a cure."""

    about: str
    message: str
    cure: str
    #: The whole rule as it may be meant; empty where that is not known.
    instead: str = ""


def futile(query: Query, fields: tuple[str, ...]) -> Iterator[Futile]:
    """Yield what keeps the query from ever firing, where the rule reads these of headline, lead and text."""
    if not _finds(query):
        cure = f"write what is looked for before it, such as: election {write(query)}"
        message, meant = "this only takes away, and finds nothing by itself", _finding(query)
        yield Futile(about=show(query), message=message, cure=cure, instead=meant)
    for reason, part, better in (*_unreachable(query, frozenset((*fields, *_ABOUT))), *_contradictions(query)):
        changed = _changed(query, part, better)
        yield replace(reason, instead=write(changed) if changed else "")


def _finding(query: Query) -> str:
    """Return alternatives of which some only take away as what is looked for, without what is not wanted."""
    if not isinstance(query, Or):
        return ""
    found = [part for part in query.parts if _finds(part)]
    refused = [part for part in query.parts if isinstance(part, Not)]
    if not found or len(found) + len(refused) < len(query.parts):
        return ""
    looked_for = found[0] if len(found) == 1 else Or(parts=tuple(found))
    return write(And(parts=(looked_for, *refused)))


def _changed(query: Query, part: Query, better: Query | None) -> Query | None:
    """Return the query with another part in place of this one, or without it; None for nothing left."""
    if query is part:
        return better
    match query:
        case And() | Or():
            parts = tuple(inner for each in query.parts if (inner := _changed(each, part, better)))
            return parts[0] if len(parts) == 1 else replace(query, parts=parts) if parts else None
        case Not() | In():
            inner = _changed(query.query, part, better)
            return replace(query, query=inner) if inner else None
        case _:
            return query


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


#: Why a part of a query keeps it from firing, that part, and what may be meant in its place.
_Reason = tuple[Futile, Query, Query | None]


def _unreachable(query: Query, fields: frozenset[str]) -> Iterator[_Reason]:
    """Yield fields that lie outside of where the query is read."""
    match query:
        case In(field=field):
            if field not in fields:
                cure = f"take {field}: away, or let the rule read it"
                reason = Futile(about=f"{field}:", message=f"{field}: is never read here", cure=cure)
                yield reason, query, query.query
            yield from _unreachable(query.query, frozenset({field}))
        case And() | Or():
            for part in query.parts:
                yield from _unreachable(part, fields)
        case Not():
            yield from _unreachable(query.query, fields)
        case _:
            pass


def _contradictions(query: Query) -> Iterator[_Reason]:
    match query:
        case And():
            needed = [mention for part in query.parts for mention in _needed(part)]
            for part in query.parts:
                if isinstance(part, Not) and isinstance(part.query, Mention):
                    covered = [mention for mention in needed if _covers(part.query, mention)]
                    yield from ((_contradiction(each), part, _without(part.query, each)) for each in covered)
            for part in query.parts:
                yield from _contradictions(part)
        case Or():
            for part in query.parts:
                yield from _contradictions(part)
        case In():
            yield from _contradictions(query.query)
        case _:
            pass


def _without(refused: Mention, needed: Mention) -> Not | None:
    """Return the refusal of those alternatives that are not asked for; None where there are none."""
    options = refused.options if isinstance(refused, OneOf) else ()
    rest = [option for option in options if not _covers(option, needed)]
    if not rest or refused.label.startswith("@"):
        return None
    return Not(query=rest[0] if len(rest) == 1 else one_of(f"({' OR '.join(map(write, rest))})", rest))


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
            if query.field in WRITTEN:
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
        case Number(), Number():
            return refused.least <= needed.least and needed.most <= refused.most
        case Pattern(), Pattern():
            return refused.source == needed.source and refused.exact <= needed.exact
        case _:
            return False


# --- what is met too often, or hardly ever -----------------------------------------------------------------------

#: A phrase or topic of more words is met hardly ever.
_LONG_PHRASE, _LONG_TOPIC = 6, 6
#: Texts that have nothing in common.
_STRANGERS = ("Oslo", "кит", "47")


def doubts(query: Query) -> Iterator[str]:
    """Yield why a query may be met by nearly every text, or by hardly any, in words for people."""
    if _everywhere(query):
        yield f"{write(query)} is met by nearly every text; write beside it what the text must be about"
    yield from _rare(query)
    yield from (
        f"{pattern.label} is looked for in every text, since no word of it is known; a word beside it makes it quick"
        for pattern in _lone_patterns(query)
    )
    yield from (f"{pattern.label}: {why}" for pattern in _patterns(query) if (why := risk(pattern.source)))


def _everywhere(query: Query) -> bool:
    """Return whether nearly every text meets the query."""
    match query:
        case Number() | Spoken():
            return True
        case Word():
            return query.way is Way.EXACT and is_function_word(query.spelled.lower(), ())
        case Pattern():
            made = search(query.source, exact=query.exact)
            return all(made.places(text, "headline") for text in _STRANGERS)
        case OneOf() | Or():
            return any(map(_everywhere, inner(query)))
        case And():
            return all(_everywhere(part) or isinstance(part, Not) for part in query.parts)
        case _:
            return False


def _rare(query: Query) -> Iterator[str]:
    match query:
        case Phrase() if len(query.words) > _LONG_PHRASE:
            yield f"{query.label} is met only where these {len(query.words)} words touch; write the telling ones alone"
        case Topic():
            if len(query.parts) > _LONG_TOPIC:
                yield f"each of the {len(query.parts)} parts of {query.label} must occur; write OR for alternatives"
            labels = [part.label for part in query.parts]
            yield from (
                f"{label} stands twice in {query.label}" for label in dict.fromkeys(labels) if labels.count(label) > 1
            )
        case And():
            yield from _exclusive(query)
    for part in inner(query):
        yield from _rare(part)


def _exclusive(query: And) -> Iterator[str]:
    """Yield what an item has one of, and the query asks for two."""
    spoken = [part.code for part in query.parts if isinstance(part, Spoken)]
    feeds = [part for part in query.parts if isinstance(part, In) and part.field == "feed"]
    if len(set(spoken)) > 1:
        either = " OR ".join(f"lang:{code}" for code in spoken)
        yield f"hardly an item is in {' and '.join(spoken)} at once; write ({either})"
    if len(feeds) > 1:
        yield f"an item comes from one feed; write ({' OR '.join(map(write, feeds))})"


def _patterns(query: Query) -> Iterator[Pattern]:
    if isinstance(query, Pattern):
        yield query
    for part in inner(query):
        yield from _patterns(part)


def _lone_patterns(query: Query) -> Iterator[Pattern]:
    """Yield patterns that no word needs to stand beside."""
    match query:
        case Pattern():
            yield query
        case OneOf() | Or():
            for part in inner(query):
                yield from _lone_patterns(part)
        case And() | Topic() | Near() | In():
            parts = [tuple(_lone_patterns(part)) for part in inner(query) if not isinstance(part, Not | Spoken)]
            yield from () if not all(parts) else (pattern for each in parts for pattern in each)
        case _:
            pass
