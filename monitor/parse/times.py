"""Times as feeds write them in the two usual ways; all others are left to feedparser's long list of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

#: RFC 822 as RSS writes it.
_RSS = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4})"
    r" (\d\d:\d\d:\d\d) (?:GMT|UTC?|Z|([+-]\d{4}))"
)
_MONTHS = {
    name: f"{number:02}"
    for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)  # noqa: SIM905
}
#: RFC 3339 as Atom writes it; the interpreter reads more than that, and some of it otherwise than feedparser.
_ATOM = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)")


def usual(words: str) -> datetime | None:
    """Return a time that is written in one of the two usual ways, in UTC; None for any other."""
    try:
        if found := _RSS.fullmatch(words):
            day, month, year, clock, zone = found.groups("Z")
            written = f"{year}-{_MONTHS[month]}-{day:0>2}T{clock}{zone}"
        elif found := _ATOM.fullmatch(words):
            written = f"{found[1]}{found[2]}"
        else:
            return None
        return datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):  # the 31st of June, the year 0, the last hour of 9999 far in the west
        return None
