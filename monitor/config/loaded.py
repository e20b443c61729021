"""A configuration, loaded: everything in it is checked and resolved."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor.channel import Channel
from monitor.config.report import Report
from monitor.config.schema import Level, LogFormat
from monitor.config.source import Place, Source
from monitor.errors import Fault
from monitor.exchange import Access
from monitor.feed import Feed, Pace
from monitor.hours import Times
from monitor.judge import Watch
from monitor.keep import Keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """How feeds are polled."""

    #: Feeds polled at once, in all and of one host.
    concurrency: int
    per_host: int
    #: Within this time a whole answer must have come.
    timeout: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What the daemon writes of its work."""

    level: Level
    format: LogFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How wirebell shows that it is well."""

    summary: Times | None = None
    #: The channel that gets a test each day.
    canary: str | None = None
    ping: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All that a configuration says, and what follows from what it leaves out."""

    #: The main file, as the user named it.
    path: Path
    #: All files that a change of the configuration would touch, secrets and the folders of patterns included.
    files: tuple[Path, ...]
    #: Of ``toml``.
    sha256: str
    #: The text of all files; ``kept`` makes the same configuration of it again.
    toml: str = field(repr=False)
    zone: ZoneInfo
    zone_name: str
    #: SQLAlchemy's URL with an absolute path, and the path as the user wrote it.
    database: str
    database_name: str
    feeds: tuple[Feed, ...]
    watches: tuple[Watch, ...]
    channels: tuple[Channel, ...]
    pace: Pace
    polling: Polling
    keep: Keep
    #: Ranges of addresses that are not public and may be read from.
    allow: tuple[IPv4Network | IPv6Network, ...]
    #: The way to all that names no other: through which proxy.
    way: Access
    #: The channels that hear of wirebell itself.
    notices: tuple[str, ...]
    health: Health
    log: Log
    warnings: tuple[Fault, ...]
    sources: tuple[Source, ...] = field(repr=False, compare=False)

    def fault(self, *key: str, message: str, cure: str = "") -> Fault:
        """Return a fault that was found later, such as by a channel's service, with its place."""
        holding = (source for source in self.sources if _holds(source, key))
        report = Report()
        report.fault(Place(source=next(holding, self.sources[0]), key=key), message, cure)
        return report.faults[0]


def _holds(source: Source, key: tuple[str, ...]) -> bool:
    table: object = source.table
    for part in key:
        if not isinstance(table, dict) or part not in table:
            return False
        table = table[part]
    return True
