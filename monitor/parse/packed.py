"""Unpacks documents that are gzip by themselves, such as ``sitemap.xml.gz``, whatever the server says of them."""

from __future__ import annotations

import zlib

from monitor.feed import LIMIT, NotAFeed

_GZIP = b"\x1f\x8b"


def unpacked(body: bytes) -> bytes | NotAFeed:
    """Return the document itself, or why it cannot be had; what is packed twice stays packed once."""
    if not body.startswith(_GZIP):
        return body
    document = bytearray()
    while body.startswith(_GZIP):  # one member after another (RFC 1952, section 2.2)
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            document += member.decompress(body, LIMIT + 1 - len(document))
        except zlib.error:
            return NotAFeed(detail="broken gzip, not a feed")
        if len(document) > LIMIT:
            return NotAFeed(detail=f"gzip of more than {LIMIT} bytes, not a feed")
        if not member.eof:
            return NotAFeed(detail="gzip that is cut off, not a feed")
        body = member.unused_data
    return bytes(document)
