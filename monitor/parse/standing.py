"""Entries that stand in a document letter for letter as they stood in the one before: known, so not read again.

A wire lists a hundred entries, of which five are new at a poll; those are cut out and read alone, by whatever reader.
Nothing can be lost by it: only an entry whose very letters were read, and kept, is left out. Where letters alone do not
make an entry (two share a guid, one holds another, a comment holds one), the document is read whole each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from monitor.feed import SHORT_KEY

#: Bytes that stand for an entry's letters.
_PRINT = 8
_PAIR = _PRINT + SHORT_KEY
_BLANK = frozenset("> \t\r\n/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A document taken apart into its entries, as far as its letters show them."""

    document: str
    #: Where each entry begins and ends.
    places: tuple[tuple[int, int], ...]
    #: What stands for the letters of each.
    prints: tuple[bytes, ...]
    #: Short keys of those that were read before, by what stands for them.
    before: Mapping[bytes, bytes]

    @property
    def same(self) -> tuple[bytes, ...]:
        """Return the short keys of the entries that need not be read again."""
        return tuple(self.before[each] for each in self.prints if each in self.before)

    @property
    def news(self) -> str:
        """Return the document without them."""
        pieces, end = [], 0
        for (start, after), each in zip(self.places, self.prints, strict=True):
            if each in self.before:
                pieces.append(self.document[end:start])
                end = after
        return "".join((*pieces, self.document[end:]))

    def remembered(self, keys: Sequence[bytes]) -> bytes:
        """Return what ``taken_apart`` is to be told next time; ``keys`` are those of the entries that were read."""
        own = iter(keys)
        return b"".join(each + (self.before.get(each) or next(own)[:SHORT_KEY]) for each in self.prints)


def taken_apart(document: str, *, context: str, remembered: bytes) -> Standing:
    """Take a document apart; ``context`` is what else decides of what its letters mean."""
    places = tuple(_places(document, "item" if "</item>" in document else "entry"))
    key = blake2b(context.encode("utf-8", "surrogatepass"), digest_size=32).digest()
    return Standing(
        document=document,
        places=places,
        prints=tuple(_print(document[start:end], key) for start, end in places),
        before={
            remembered[at : at + _PRINT]: remembered[at + _PRINT : at + _PAIR]
            for at in range(0, len(remembered), _PAIR)
        },
    )


def _places(document: str, name: str) -> Iterator[tuple[int, int]]:
    opening, closing = f"<{name}", f"</{name}>"
    start = document.find(opening)
    while start >= 0:
        end = document.find(closing, start)
        if end < 0:
            return
        if document[start + len(opening)] in _BLANK:
            yield start, end + len(closing)
            start = document.find(opening, end)
        else:
            start = document.find(opening, start + 1)


def _print(letters: str, key: bytes) -> bytes:
    return blake2b(letters.encode("utf-8", "surrogatepass"), digest_size=_PRINT, key=key).digest()
