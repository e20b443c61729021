"""Entries that stand in a document letter for letter as they stood in the one before: known, so not read again.

A wire lists a hundred entries, of which five are new at a poll; those are cut out and read alone, by whatever reader.
Nothing can be lost by it: only an entry whose very letters were read, and kept, is left out. Where letters alone do not
make an entry (two share a guid, one holds another, a comment holds one), the document is read whole each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from struct import Struct

from monitor import item
from monitor.feed import Same
from monitor.feed.listing import SHORT_KEY
from monitor.item import Entry

#: How an entry is remembered: what stands for its letters, the beginning of its key, and when it was published.
_PRINT = 8
_MEMORY = Struct(f"<{_PRINT}s{SHORT_KEY}sq")
#: Seconds that stand for no time.
_UNDATED = -(1 << 62)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: What may follow the name of an element in its tag.
_NAME_ENDS = frozenset("> \t\r\n/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A document taken apart into its entries, as far as its letters show them."""

    document: str
    #: Where each entry begins and ends.
    places: Sequence[tuple[int, int]]
    #: What stands for the letters of each.
    prints: Sequence[bytes]
    #: How what was read before is remembered, by what stands for its letters.
    before: Mapping[bytes, bytes]
    #: Those of the entries that were.
    same: tuple[Same, ...]

    @property
    def news(self) -> str:
        """Return the document without the entries that are the same."""
        pieces, end = [], 0
        for (start, after), each in zip(self.places, self.prints, strict=True):
            if each in self.before:
                pieces.append(self.document[end:start])
                end = after
        return "".join((*pieces, self.document[end:]))

    def remembered(self, read: Sequence[Entry]) -> bytes:
        """Return by what the entries are known next time, empty where their letters alone do not make them.

        ``read`` are those that are not the same.
        """
        keys = [item.key(entry)[:SHORT_KEY] for entry in read]
        apart = len(keys) + len(self.same) == len(self.places)
        if not apart or not set(keys).isdisjoint(each.key for each in self.same):
            return b""
        own = zip(keys, read, strict=True)
        return b"".join(self.before.get(each) or _packed(each, *next(own)) for each in self.prints)


def taken_apart(document: str, context: str, remembered: bytes = b"") -> Standing:
    """Take a document apart; ``context`` is what else decides of what its letters mean."""
    places = tuple(_places(document, "item" if "</item>" in document else "entry"))
    key = blake2b(context.encode("utf-8", "surrogatepass"), digest_size=32).digest()
    prints = [_print(document[start:end], key) for start, end in places]
    records = (remembered[at : at + _MEMORY.size] for at in range(0, len(remembered), _MEMORY.size))
    before = {record[:_PRINT]: record for record in records}
    return Standing(
        document=document,
        places=places,
        prints=prints,
        before=before,
        same=tuple(_unpacked(before[each]) for each in prints if each in before),
    )


def _places(document: str, name: str) -> Iterator[tuple[int, int]]:
    opening, closing = f"<{name}", f"</{name}>"
    start = document.find(opening)
    while start >= 0:
        end = document.find(closing, start)
        if end < 0:
            return
        if document[start + len(opening)] in _NAME_ENDS:
            yield start, end + len(closing)
            start = document.find(opening, end)
        else:
            start = document.find(opening, start + 1)


def _print(letters: str, key: bytes) -> bytes:
    return blake2b(letters.encode("utf-8", "surrogatepass"), digest_size=_PRINT, key=key).digest()


def _packed(print_: bytes, key: bytes, entry: Entry) -> bytes:
    seconds = (entry.published - _EPOCH) // timedelta(seconds=1) if entry.published else _UNDATED
    return _MEMORY.pack(print_, key, seconds)


def _unpacked(record: bytes) -> Same:
    _, key, seconds = _MEMORY.unpack(record)
    return Same(key, None if seconds == _UNDATED else _EPOCH + timedelta(seconds=seconds))
