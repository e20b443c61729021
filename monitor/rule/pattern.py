"""Regular expressions of rules: which are understood, and where one is found, within a time that no pattern exceeds.

``re`` cannot be stopped: ``(a+)+$`` takes minutes for 40 letters. The regex package can, by its own clock, which counts
the time that this process works, so that a busy machine makes no pattern fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

#: Characters of a pattern at most.
LONGEST = 1_000
#: Characters of a field that are looked at.
LONGEST_TEXT = 200_000
#: Seconds of work for each field of an item: 0.05 for the headline, the lead and the text together.
_SECONDS = {"text": 0.03}
_SHORT_SECONDS = 0.01
#: A pattern that ran out of time this often in a row gets so much less until it comes through once: with 24 of them a
#: batch of 50 items would take a minute, which is a daemon that hangs.
_PATIENCE, _LESS = 3, 25

#: Repeats inside repeats at most, and how long a pattern may be with its repeats written out. The package builds what
#: is repeated anew: twelve ``{2}`` inside one another took 0.8 s, sixteen took 78 s, ``((a{1000}){1000}){1000}`` all
#: memory. Of 29,000 random ones within these bounds
#: none took over 0.1 s.
DEEPEST = 3
_LARGEST = 20_000
#: Brackets inside one another at most.
_NESTED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """What is wrong with a pattern, which of its characters, and what to write instead."""

    start: int
    end: int
    message: str
    cure: str
    #: The whole pattern as it may be meant; empty where that is not known.
    instead: str = ""


class UnreadableError(Exception):
    """A pattern that makes no sense, and at which of its characters."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message, self.at = message, at


class Search:
    """A pattern made ready."""

    def __init__(self, source: str, *, exact: bool) -> None:
        """Build it; raise UnreadableError or RecursionError for what is no pattern."""
        import regex  # noqa: PLC0415 - 34 ms, for those alone who have a pattern

        try:
            self._compiled = regex.compile(source, 0 if exact else regex.IGNORECASE)
        except regex.error as error:
            raise UnreadableError(error.msg, error.pos or 0) from error
        self._failures = 0

    def places(self, content: str, field: str) -> tuple[tuple[int, int], ...] | None:
        """Return the first character and the one after the last of each place in a field; None for no time left."""
        try:
            found = self._compiled.finditer(content, 0, LONGEST_TEXT, timeout=self.seconds(field))
            places = tuple(sorted(match.span() for match in found if match.end() > match.start()))
        except (TimeoutError, MemoryError):
            self._failures += 1
            return None
        if field == "text":  # the longest: what comes through here comes through
            self._failures = 0
        return places

    def seconds(self, field: str) -> float:
        """Return how long it may be looked for in a field."""
        seconds = _SECONDS.get(field, _SHORT_SECONDS)
        return seconds / _LESS if self._failures >= _PATIENCE else seconds

    @property
    def matches_nothing(self) -> bool:
        """Return whether it is found in an empty text, and so in every text."""
        try:
            return self._compiled.search("", timeout=_SHORT_SECONDS) is not None
        except (TimeoutError, MemoryError):
            return False


@lru_cache(maxsize=4096)
def search(source: str, *, exact: bool) -> Search:
    """Return the pattern made ready, once for all rules."""
    return Search(source, exact=exact)


def flaw(source: str, *, exact: bool) -> Flaw | None:
    """Return what is wrong with a pattern; None for one that can be looked for."""
    if len(source) > LONGEST:
        cure = "make several rules of it, or name the words in a list of [terms]"
        return Flaw(start=LONGEST, end=len(source), message=f"it is longer than {LONGEST:,} characters", cure=cure)
    return _unknown(source) or _too_large(source) or _broken(source, exact=exact)


def risk(source: str) -> str:
    """Return why a pattern may run out of time on some text, and what to write instead; empty for one that does not."""
    if not _endless_twice(source):
        return ""
    plain = _collapsed(source)
    better = "" if _endless_twice(plain) else f"; write /{plain}/"
    return f"a repeat inside a repeat may run out of time{better}"


def _endless_twice(source: str) -> bool:
    *_, (whole, _, _) = _sizes(source)
    return whole.endless > 1


#: A repeat of nothing but a repeat: (a+)+, (?:a{9}){9}.
_DOUBLE = re.compile(r"\((?:\?:)?(\\.|\[[^\]\\]*\]|[^()\\[\]])(?:[*+?]|\{\d*,?\d*\})\)(?:[*+]|\{\d*,?\d*\})")


def _collapsed(source: str) -> str:
    """Return a pattern with one repeat in place of several of the same thing."""
    before = ""
    while before != source:
        before, source = source, _DOUBLE.sub(r"\1+", source)
    return source


def _broken(source: str, *, exact: bool) -> Flaw | None:
    try:
        made = search(source, exact=exact)
    except UnreadableError as error:
        at = min(error.at, len(source) - 1)
        cure = "put a \\ before signs that are meant as such: \\( \\[ \\+ \\* \\?"
        closed = {"missing )": f"{source})", "unterminated character set": f"{source}]"}.get(error.message, "")
        return Flaw(start=at, end=len(source), message=f"it cannot be read: {error.message}", cure=cure, instead=closed)
    except (ArithmeticError, LookupError, MemoryError, RecursionError, ValueError) as error:
        cure = "write a simpler one"
        return Flaw(start=0, end=len(source), message=f"it cannot be read ({type(error).__name__})", cure=cure)
    if made.matches_nothing:
        cure = "write + in place of *, and take ? away, so that something must be there"
        some = source.replace("*", "+").removesuffix("?")
        message = "it is met by an empty text, and so by every text"
        return Flaw(start=0, end=len(source), message=message, cure=cure, instead=some if some != source else "")
    return None


# --- what is understood ------------------------------------------------------------------------------------------

_GROUP = re.compile(r"\(\?(?::|[=!>]|<[=!]|P?<[^\W\d]\w*>|P=\w+\)|#[^)]*\)|[aims]*(?:-[ims]+)?[:)])")
_REPEAT = re.compile(r"[*+?]|\{(?P<least>\d*)(?P<comma>,?)(?P<most>\d*)\}")
_BRACED = re.compile(r"\\(?:[pPN]\{[^}]*\}|[xuU]\{?[0-9A-Fa-f]*\}?|g<\w+>|.)", re.DOTALL)


def _unknown(source: str) -> Flaw | None:
    """Return what of the package's own extensions is used: fuzzy matches and recursion run on past any time limit."""
    for kind, start, end in _parts(source):
        if kind == "(" and source.startswith("(?", start) and not _GROUP.match(source, start):
            cure = "write (?:…), (?=…), (?!…), (?<=…), (?<!…) or (?i)"
            return Flaw(start=start, end=end, message=f"{source[start : start + 3]} is not understood", cure=cure)
        if kind == "{":
            cure = "write \\{ for the sign, {2} or {2,5} for a number of times"
            return Flaw(start=start, end=end, message="{ is not a number of times", cure=cure)
    return None


def _parts(source: str) -> Iterator[tuple[str, int, int]]:
    """Yield what a pattern is made of: ``a`` a letter or a set, ``(`` ``)`` ``|``, ``*`` a repeat, ``{`` no repeat."""
    at = 0
    while at < len(source):
        start, sign = at, source[at]
        if found := _BRACED.match(source, at):
            at, kind = found.end(), "a"
        elif sign == "[":
            at, kind = _end_of_set(source, at), "a"
        elif found := _REPEAT.match(source, at):
            kind = "*" if found["least"] is None or found["least"] or found["most"] else "{"
            at = found.end()
            if kind == "*" and source[at : at + 1] in ("?", "+"):  # lazy, possessive
                at += 1
        elif sign in "()|{":
            group = _GROUP.match(source, at) if sign == "(" else None
            whole = group is not None and group[0].endswith(")")
            at, kind = (group.end() if group else at + 1), ("a" if whole else sign)
        else:
            at, kind = at + 1, "a"
        yield kind, start, at


def _end_of_set(source: str, start: int) -> int:
    """Return where a set [...] ends."""
    at = start + 1 + (source[start + 1 : start + 2] == "^")
    at += source[at : at + 1] == "]"
    while at < len(source) and source[at] != "]":
        at += 2 if source[at] == "\\" else 1
    return min(at + 1, len(source))


@dataclass(slots=True)
class _Size:
    """How long a part is with its repeats written out, and how many repeats are inside one another in it."""

    length: int = 0
    depth: int = 0
    start: int = 0
    #: The same of repeats that have no end.
    endless: int = 0

    def add(self, other: _Size) -> None:
        self.length += other.length
        self.depth = max(self.depth, other.depth)
        self.endless = max(self.endless, other.endless)


def _sizes(source: str) -> Iterator[tuple[_Size, int, int]]:
    """Yield each part with its repeat, where it ends, and how many brackets are open; the whole pattern last."""
    open_, last = [_Size()], _Size()
    for kind, start, end in _parts(source):
        if kind == "*":
            last = _repeated(last, source[start:end])
        elif kind == ")" and len(open_) > 1:
            open_[-1].add(last)
            last = open_.pop()
        else:
            open_[-1].add(last)
            last = _Size(length=int(kind == "a"), start=start)
            open_ += [_Size(start=start)] if kind == "(" else []
        yield last, end, len(open_) - 1
    for part in reversed(open_):
        part.add(last)
        last = part
    yield last, len(source), 0


def _repeated(part: _Size, sign: str) -> _Size:
    found = _REPEAT.match(sign)
    least, comma, most = found.group("least", "comma", "most") if found else ("", "", "")
    if least is None:  # * + ?
        times, endless = 1 + (sign[0] == "+"), sign[0] != "?"
    else:
        times, endless = max(1, int(least or 0) + (comma != "")), comma != "" and not most
    return _Size(
        length=max(1, part.length) * times,
        depth=part.depth + 1,
        start=part.start,
        endless=part.endless + endless,
    )


def _too_large(source: str) -> Flaw | None:
    """Return what would take long to make ready."""
    found = (_excess(part, end, nested, source) for part, end, nested in _sizes(source))
    return next(filter(None, found), None)


def _excess(part: _Size, end: int, nested: int, source: str) -> Flaw | None:
    plain = _collapsed(source)
    instead = plain if plain != source else ""
    if part.length > _LARGEST:
        message = f"with its repeats written out it is over {_LARGEST:,} characters long"
        cure = "write smaller numbers of times, or + for any"
    elif part.depth > DEEPEST:
        message, cure = f"more than {DEEPEST} repeats are inside one another", "write (…)+ in place of ((…)+)+"
    elif nested > _NESTED:
        message, cure = f"more than {_NESTED} ( are inside one another", "write a simpler one"
    else:
        return None
    return Flaw(start=part.start, end=end, message=message, cure=cure, instead=instead)
