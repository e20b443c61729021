"""Every fault and every warning of a configuration, each with its file, line and key."""

from __future__ import annotations

from pathlib import Path

from monitor.config.lines import Key, lines, nearest
from monitor.config.source import Place, Source
from monitor.errors import ConfigError, Fault

#: Characters of each part of a fault.
_LONGEST = 300


class Report:
    """Gathers what is wrong, so that all of it can be told at once."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._warnings: list[Fault] = []
        self._blamed: set[tuple[Path, Key]] = set()
        self._lines: dict[Path, dict[Key, int]] = {}

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Return what makes the configuration unusable."""
        return _in_order(self._faults)

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """Return what may be meant, but should be known."""
        return _in_order(self._warnings)

    def fault(self, place: Place, message: str, cure: str = "", excerpt: str = "") -> None:
        """Note what makes the configuration unusable."""
        self._blamed.add((place.source.path, place.key))
        self._faults.append(self._fault(place, message, cure, excerpt))

    def missing(self, place: Place, message: str, cure: str) -> None:
        """Note that something is not there, unless that follows from a fault with this very place."""
        if (place.source.path, place.key) not in self._blamed:
            self.fault(place, message, cure)

    def warn(self, place: Place, message: str, cure: str = "") -> None:
        """Note what may be meant, but should be known."""
        self._warnings.append(self._fault(place, message, cure, ""))

    def broken(self, source: Source) -> None:
        """Note that a file could not be read or parsed, if so."""
        if source.fault:
            self._faults.append(
                Fault(file=str(source.path), line=source.line, key="", message=source.fault, cure=source.cure)
            )

    def close(self) -> None:
        """Raise ConfigError with every fault, if there is one."""
        if self._faults:
            raise ConfigError(self.faults)

    def where(self, place: Place) -> str:
        """Return the place as ``config.toml:12``."""
        line = self._line(place)
        return f"{place.source.path}:{line}" if line else str(place.source.path)

    def _line(self, place: Place) -> int | None:
        source = place.source
        if source.lines is not None:
            return nearest(source.lines, place.key)
        if source.path not in self._lines:
            self._lines[source.path] = lines(source.text)
        return nearest(self._lines[source.path], source.as_written(place.key))

    def _fault(self, place: Place, message: str, cure: str, excerpt: str) -> Fault:
        return Fault(
            file=str(place.source.path),
            line=self._line(place),
            key=_short(place.dotted),
            message=_short(message),
            cure=_short(cure),
            excerpt=excerpt,
        )


def _short(words: str) -> str:
    """Cut what quotes a value of any length, so that a fault can be read and sent."""
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"


def _in_order(faults: list[Fault]) -> tuple[Fault, ...]:
    """Sort by line within each file; the files come in the order in which they were read."""
    files = list(dict.fromkeys(fault.file for fault in faults))
    return tuple(sorted(dict.fromkeys(faults), key=lambda fault: (files.index(fault.file), fault.line or 0)))
