"""The exceptions that wirebell raises: faults in a config, in a rule or in this machine, never in the world outside.

    WirebellError
    ├── ConfigError        every fault of a configuration at once
    ├── RuleError          every fault of one rule, each with its place in the rule's text
    ├── StoreError         the database cannot be used as it is
    │   ├── NewerDatabase  written by a newer wirebell
    │   ├── DamagedDatabase
    │   └── DamagedRow     one row of it; the others can be used
    └── AlreadyRunning     another daemon holds the database

What the world does (a time-out, a 410, broken XML) is a value, not an exception.
"""

from __future__ import annotations

from dataclasses import dataclass


class WirebellError(Exception):
    """Anything that wirebell itself raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong in a configuration, with its place and its cure."""

    #: The file as the user named it.
    file: str
    #: Line in that file, from 1; None where the place cannot be known.
    line: int | None
    #: Dotted key, such as ``rules.nato.match``; empty for the file itself.
    key: str
    message: str
    cure: str = ""
    #: The words it is about with a line of carets below, where the fault is inside a value; else empty.
    excerpt: str = ""

    def __str__(self) -> str:
        """Return ``config.toml:12: rules.nato.match: what is wrong; the cure``, with the excerpt below."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        parts = [place, self.key, self.message] if self.key else [place, self.message]
        cure = f"; {self.cure}" if self.cure else ""
        return ": ".join(parts) + cure + "".join(f"\n    {line}" for line in self.excerpt.splitlines())


class ConfigError(WirebellError):
    """A configuration that cannot be used, holding every fault found in it."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


#: Characters of a long rule that are shown on each side of a fault, so that the carets stand below it on any terminal.
_AROUND = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFault:
    """One thing that is wrong in a rule, with the characters it is about."""

    #: The rule's text.
    source: str
    #: First character of the fault, and the one after its last.
    start: int
    end: int
    message: str
    cure: str = ""
    #: The whole rule as it may be meant, which has no fault; empty where that is not known. The cure says it too.
    instead: str = ""

    def __str__(self) -> str:
        """Return what is wrong, and the cure."""
        return f"{self.message}; {self.cure}" if self.cure else self.message

    def caret(self) -> str:
        """Return the rule's text around the fault, on one line, with a line of carets below the fault."""
        end = min(self.end, self.start + 2 * _AROUND)
        first, last = max(0, self.start - _AROUND), end + _AROUND
        before, behind = "…" * (first > 0), "…" * (last < len(self.source))
        shown = "".join(letter if letter.isprintable() else " " for letter in self.source[first:last])
        width = max(1, end - self.start)
        return f"{before}{shown}{behind}\n{' ' * (len(before) + self.start - first)}{'^' * width}"


class RuleError(WirebellError):
    """A rule that cannot be compiled, or that could never fire."""

    def __init__(self, faults: tuple[RuleFault, ...]) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = faults


class StoreError(WirebellError):
    """The database cannot be used as it is; the message names the file and the cure."""

    #: Whether it may pass without a restart, as a full disk does.
    passing = True


class NewerDatabase(StoreError):
    """The database was written by a newer wirebell."""


class DamagedDatabase(StoreError):
    """The database file is damaged."""

    passing = False


class DamagedRow(StoreError):
    """What a row of the database says makes no sense any more."""

    passing = False


class AlreadyRunning(WirebellError):
    """Another daemon holds this database."""
