"""What to write instead of a rule that has faults: the whole rule, where it is known and is itself without fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from monitor.errors import RuleFault
from monitor.rule.query import Mention, Or, Query, Topic, Way, Word, one_of, write
from monitor.rule.scan import NAMES, OPERATORS, Fix, Kind, Noted, Token

#: Characters of a rule that is written out whole; a longer one is mended where it is marked.
_LONGEST = 150


def faults(source: str, noted: Iterable[Noted], reads: Callable[[str], bool]) -> tuple[RuleFault, ...]:
    """Return the faults in the order of their places, each with its cure; ``reads`` tells whether a rule has none."""
    known = sorted(dict.fromkeys(noted), key=lambda fault: (fault.start, fault.end))
    fixes = [fault.fix for fault in known if fault.fix]
    whole = mended(source, fixes) if len(fixes) == len(known) else ""
    proposed = whole if known and whole != source and len(whole) <= _LONGEST and whole and reads(whole) else ""
    last = len(known) - 1
    return tuple(
        RuleFault(
            source=source,
            start=fault.start,
            end=fault.end,
            message=fault.message,
            cure=_cure(fault, proposed if number == last else "", alone=last == 0),
            instead=proposed,
        )
        for number, fault in enumerate(known)
    )


def _cure(fault: Noted, proposed: str, *, alone: bool) -> str:
    """Return the cure in words: alone it is the whole rule, of several faults the last says what all of them make."""
    if not proposed:
        return fault.cure
    if not alone:
        return f"{fault.cure}; all in all write: {proposed}"
    return f"write: {proposed}" + (f"; {fault.also}" if fault.also else "")


def mended(source: str, fixes: Sequence[Fix]) -> str:
    """Return the source with what the fixes say in place of what they are about; nothing where they are at odds."""
    written, at = "", 0
    for fix in sorted(fixes, key=lambda fix: (fix.start, fix.end)):
        if fix.start < at:
            return ""
        written += source[at : fix.start] + fix.text
        at = fix.end
    return " ".join((written + source[at:]).split())


# --- what may be meant -------------------------------------------------------------------------------------------


def without_operators(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """Return the characters of the operators before a place where a name is missing, and of brackets around nothing."""
    first = at - 1
    while first > 0 and tokens[first - 1].kind in OPERATORS:
        first -= 1
    empty = tokens[at - 1].kind is Kind.OPEN and at < len(tokens) and tokens[at].kind is Kind.CLOSE
    return (tokens[first].start, tokens[at if empty else at - 1].end) if first > 0 else None


def likely_end(tokens: Sequence[Token], start: int, end: int) -> int:
    """Return where a group was meant to end that is not closed: behind its last alternative, else at the end of all."""
    ors = [at for at in range(start, len(tokens)) if tokens[at].kind is Kind.OR]
    after = ors[-1] + 1 if ors else len(tokens)
    plain = after < len(tokens) and tokens[after].kind in NAMES
    return tokens[after].end if plain else end


def as_mention(query: Query) -> str:
    """Return what stands at a place and says nearly the same, as a rule writes it; empty for nothing."""
    match query:
        case Topic(parts=parts) if all(isinstance(part, Word) and part.way is not Way.EXACT for part in parts):
            return f'"{query.label}"'
        case Or(parts=parts):
            meant = [as_mention(part) for part in parts]
            return f"({' OR '.join(meant)})" if all(meant) else ""
        case _:
            return write(query) if isinstance(query, Mention) else ""


def parted(parts: Sequence[Query], bracketed: Sequence[bool]) -> Iterator[str]:
    """Yield a remark where OR parts more than the words beside it, and no brackets tell that this is meant."""
    for (left, right), (before, behind) in zip(pairwise(parts), pairwise(bracketed), strict=True):
        if isinstance(left, Mention) and isinstance(right, Topic) and not behind:
            alone, meant = left, Topic(parts=(_either(left, right.parts[0]), *right.parts[1:]))
        elif isinstance(left, Topic) and isinstance(right, Mention) and not before:
            alone, meant = right, Topic(parts=(*left.parts[:-1], _either(left.parts[-1], right)))
        else:
            continue
        yield f"{alone.label} alone is enough here; if it is not, write: {write(meant)}"
        return  # one tells what is to be known


def _either(left: Mention, right: Mention) -> Mention:
    return one_of(f"({left.label} OR {right.label})", [left, right])
