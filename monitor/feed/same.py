"""Entries that stand in a document letter for letter as they stood in the one before, and were not read again.

They are packed: a hundred of them come out of the sandbox with each document, which as objects takes longer than to
find the five that are new.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct

from monitor.feed.listing import SHORT_KEY

_RECORD = Struct(f"<{SHORT_KEY}sq")
SIZE = _RECORD.size
#: Seconds that stand for no time, later than all there is.
_UNDATED = 1 << 62
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


def packed(key: bytes, published: datetime | None) -> bytes:
    """Return the record of an entry: the beginning of its key, and the second when it was published."""
    return _RECORD.pack(key[:SHORT_KEY], (published - _EPOCH) // _SECOND if published else _UNDATED)


def unpacked(records: bytes) -> tuple[Sequence[bytes], datetime | None]:
    """Return the beginnings of the keys, in their order, and when the earliest of the entries was published."""
    keys, times = tuple(zip(*_RECORD.iter_unpack(records), strict=True)) or ((), ())
    earliest = min(times, default=_UNDATED)
    return keys, None if earliest == _UNDATED else datetime.fromtimestamp(earliest, UTC)
