"""Entries that stand in a document letter for letter as they stood in the one before: known, so not read again.

A wire lists a hundred entries, of which five are new at a poll; those are cut out and read alone, by whatever reader.
Nothing can be lost by it: only an entry whose very letters were read, and kept, is left out. Where letters alone do not
make an entry (two share a guid, one holds another, a comment holds one), the document is read whole each time.

Letters are known by the interpreter's own hash of them, 64 bits under a key that each process draws: nobody outside can
make two that are alike. Workers of the sandbox are forked from one process and share its key; after another one, all is
read whole once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from struct import Struct

from monitor import item
from monitor.feed import same
from monitor.feed.listing import SHORT_KEY
from monitor.item import Entry

#: How an entry is remembered: the hash of its letters, and its record. Before them stands the hash of the context.
_MEMORY = Struct(f"<q{same.SIZE}s")
_CONTEXT = Struct("<q")
#: What may follow the name of an element in its tag.
_NAME_ENDS = frozenset("> \t\r\n/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A document taken apart into its entries, as far as its letters show them."""

    document: str
    #: Where each entry begins and ends.
    places: Sequence[tuple[int, int]]
    #: Hashes of the letters of each.
    hashes: Sequence[int]
    #: What else decides of what the letters mean, by its hash.
    context: bytes
    #: Records of what was read before, by the hash of its letters.
    before: Mapping[int, bytes]
    #: Those of the entries that were.
    same: Sequence[bytes]

    @property
    def news(self) -> str:
        """Return the document without the entries that are the same."""
        pieces, end = [], 0
        for (start, after), each in zip(self.places, self.hashes, strict=True):
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
        if not apart or not set(keys).isdisjoint(record[:SHORT_KEY] for record in self.same):
            return b""
        own = (same.packed(key, entry.published) for key, entry in zip(keys, read, strict=True))
        return self.context + b"".join([_MEMORY.pack(each, self.before.get(each) or next(own)) for each in self.hashes])


def taken_apart(document: str, context: str, remembered: bytes = b"") -> Standing:
    """Take a document apart; ``context`` is what else decides of what its letters mean."""
    places = tuple(_places(document, "item" if "</item>" in document else "entry"))
    hashes = [hash(document[start:end]) for start, end in places]
    mark = _CONTEXT.pack(hash(context))
    records = remembered[len(mark) :] if remembered.startswith(mark) else b""
    before: dict[int, bytes] = dict(_MEMORY.iter_unpack(records))
    return Standing(
        document=document,
        places=places,
        hashes=hashes,
        context=mark,
        before=before,
        same=[before[each] for each in hashes if each in before],
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
