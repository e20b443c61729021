"""How long what is stored is kept, and how much room it may take."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

YEAR = timedelta(days=365)
_AGE = re.compile(r"(\d{1,5})\s*([dy])")
_SIZE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*(MB|GB|TB)")
#: Powers of a thousand, as disks are sold and as `df -H` counts.
_UNITS = {"kB": 1000, "MB": 1000**2, "GB": 1000**3, "TB": 1000**4}


def age(text: str) -> timedelta:
    """Return the age written as ``90d`` or ``2y``, a year being 365 days; raise ValueError for anything else."""
    found = _AGE.fullmatch(text.strip())
    if not found:
        message = f"{text!r} is not an age such as 90d or 2y"
        raise ValueError(message)
    return int(found[1]) * (YEAR if found[2] == "y" else timedelta(days=1))


def age_words(span: timedelta) -> str:
    """Return the age as it is written: in years where these say it exactly, else in days."""
    years, rest = divmod(span, YEAR)
    return f"{span.days}d" if rest or not years else f"{years}y"


@dataclass(frozen=True, slots=True, order=True)
class Size:
    """An amount of room on a disk."""

    bytes: int

    @classmethod
    def parse(cls, text: str) -> Size:
        """Return the size written as ``500MB`` or ``5GB``; raise ValueError for anything else."""
        found = _SIZE.fullmatch(text.strip())
        if not found:
            message = f"{text!r} is not a size such as 500MB or 5GB"
            raise ValueError(message)
        return cls(round(float(found[1]) * _UNITS[found[2]]))

    def __str__(self) -> str:
        """Return the size in its largest unit, with one decimal at the most."""
        unit = max((size for size in _UNITS.values() if size <= self.bytes), default=1000)
        name = next(name for name, size in _UNITS.items() if size == unit)
        return f"{round(self.bytes / unit, 1):g} {name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """What a database holds on to."""

    #: Items that were seen longer ago go, with their revisions and matches.
    items: timedelta = timedelta(days=90)
    #: Alerts, notices and digests that were made longer ago go, with what became of their deliveries.
    alerts: timedelta = 2 * YEAR
    #: Above it the oldest items go; None for no limit.
    size: Size | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What a round of pruning dropped, or would drop."""

    items: int = 0
    #: Items that went before their time, since the database was too large.
    for_room: int = 0
    alerts: int = 0
    #: Keys by which entries would have been known again.
    seen: int = 0
    #: Records of the chain of evidence.
    records: int = 0
    #: Configs that lost their text.
    configs: int = 0
    #: Bytes in use before and after.
    before: int = 0
    after: int = 0
    #: Bytes that went back to the disk.
    freed: int = 0

    @property
    def words(self) -> str:
        """Return what went, in words for people; empty where nothing did."""
        counted = (
            (self.items + self.for_room, "item"),
            (self.alerts, "alert"),
            (self.seen, "key"),
            (self.records, "record"),
            (self.configs, "config"),
        )
        return ", ".join(f"{number:,} {noun}{'' if number == 1 else 's'}" for number, noun in counted if number)

    def short_of_room(self, keep: Keep) -> str:
        """Return what the limit of the size took before its time, and what it could not; empty where it is kept."""
        if keep.size is None or (not self.for_room and self.after <= keep.size.bytes):
            return ""
        over = self.after > keep.size.bytes
        end = f" and still has {Size(self.after)}: what is left is fresh, owed or listed" if over else ""
        went = f"{self.for_room:,} of its oldest items went before their time"
        return f"the database had {Size(self.before)}, more than keep.size, {keep.size}: {went}{end}"
