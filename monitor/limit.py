"""Limits on how many messages of a rule people get."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from monitor import hours

_BURST = re.compile(r"(\d{1,6})\s+in\s+(.+)")
_DAILY = re.compile(r"(\d{1,6})\s*/\s*day")


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """At most so many messages within any such span."""

    most: int
    span: timedelta

    @classmethod
    def parse(cls, text: str) -> Burst:
        """Return the limit written as ``5 in 10m``; raise ValueError for anything else."""
        found = _BURST.fullmatch(text.strip())
        if not found or not int(found[1]):
            message = f"{text!r} is not a limit such as 5 in 10m"
            raise ValueError(message)
        span = hours.duration(found[2])
        if not timedelta(0) < span <= timedelta(days=1):
            message = f"{text!r} is not within a day"
            raise ValueError(message)
        return cls(most=int(found[1]), span=span)

    def __str__(self) -> str:
        """Return the limit as it is written."""
        return f"{self.most} in {hours.words(self.span)}"


def daily(text: str) -> int:
    """Return the number of ``20/day``; raise ValueError for anything else."""
    found = _DAILY.fullmatch(text.strip())
    if not found or not int(found[1]):
        message = f"{text!r} is not a number a day such as 20/day"
        raise ValueError(message)
    return int(found[1])


#: What a channel takes that does not say.
DEFAULT_BURST = Burst(most=5, span=timedelta(minutes=10))
