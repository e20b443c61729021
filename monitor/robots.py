"""What a site asks of programs in its robots.txt (RFC 9309).

Each rule is matched in time that grows with its own length and that of the path alone, since a stranger writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes, urlsplit, urlunsplit

#: What is read of the file, as section 2.5 asks.
LIMIT = 512 * 1024
#: More rules than this for one program are no rules but a trap; the largest real file has some thousands.
_MOST = 5_000
_LINE = re.compile(r"[ \t]*([A-Za-z-]+)[ \t]*:[ \t]*([^#\r\n]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which paths a rule is about, and whether they may be asked for."""

    pattern: str
    allows: bool

    def meets(self, path: str) -> bool:
        """Return whether the path begins as the pattern says; ``*`` stands for anything, a last ``$`` for the end."""
        ends = self.pattern.endswith("$")
        first, *others = self.pattern.removesuffix("$").split("*")
        if not path.startswith(first):
            return False
        at = len(first)
        for part in others[:-1] if ends else others:
            at = path.find(part, at)
            if at < 0:
                return False
            at += len(part)
        if not ends:
            return True
        return path.endswith(others[-1]) and len(path) - len(others[-1]) >= at if others else at == len(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """The rules for one program."""

    rules: tuple[Rule, ...] = ()

    def allow(self, url: str) -> bool:
        """Return whether an address may be asked for: what the longest rule that meets it says, yes before no."""
        parts = urlsplit(url)
        path = _whole(urlunsplit(("", "", parts.path or "/", parts.query, "")))
        met = [(len(rule.pattern), rule.allows) for rule in self.rules if rule.meets(path)]
        return max(met, default=(0, True))[1]


def place(url: str) -> str:
    """Return where the robots.txt of an address's origin lies."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, "/robots.txt", "", ""))


def read(text: str, program: str) -> Robots:
    """Return the rules for a program: those of all its groups, else those for every program."""
    rules: dict[str, list[Rule]] = {}
    group: set[str] = set()
    begun = False
    for key, value in _lines(text):
        if key == "user-agent":
            group = set() if begun else group
            begun = False
            if value.lower() in {program.lower(), "*"}:
                group.add(value.lower())
                rules.setdefault(value.lower(), [])
        elif key in {"allow", "disallow"}:
            begun = True
            for name in group if value else ():
                rules[name].append(Rule(pattern=_whole(value), allows=key == "allow"))
    return Robots(rules=tuple(rules.get(program.lower(), rules.get("*", []))[:_MOST]))


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.removeprefix("\ufeff").splitlines():
        if found := _LINE.match(line):
            yield found[1].lower(), found[2].strip()


def _whole(path: str) -> str:
    """Return a path as it is compared: its octets escaped in one way (section 2.2.2)."""
    return re.sub(
        r"%[0-9A-Fa-f]{2}",
        lambda found: quote(unquote_to_bytes(found[0]), safe="~"),
        quote(path, safe="/%*$?=&;:@+,!'()~[]"),
    )
