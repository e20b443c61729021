"""XML that is well-formed and declares nothing, as a tree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from monitor.parse.raw import Doubt

#: A document type, and what may stand before it (XML 1.0, production 22).
_DOCUMENT_TYPE = re.compile(rb"(?:\s++|<!--.*?-->|<\?.*?\?>)*+<!DOCTYPE", re.DOTALL)
#: What tells the parser of an encoding: a declaration, a mark, half of a wider character. It goes by that, and would
#: see a document type behind it.
_ENCODED = re.compile(rb"<\?xml\s|\xef\xbb\xbf|.?\0", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A document's root, and which prefix it binds to which namespace."""

    root: Element
    bindings: Sequence[tuple[str, str]]


def tree(document: bytes) -> Tree | Doubt:
    """Return the tree of a document in UTF-8 that does not declare its encoding, or why there is none."""
    if _ENCODED.match(document):
        return Doubt(reason="another word of its encoding")
    if _DOCUMENT_TYPE.match(document):  # which alone may declare entities, so also bombs
        return Doubt(reason="a document type")
    parser: Any = XMLPullParser(("start-ns",))
    parser.feed(document)
    try:
        events = [*parser.read_events()]
        # As iterparse does it, which makes a class of its own each time: a tenth of all that a tree costs.
        root = parser._close_and_return_root()  # noqa: SLF001
    except ParseError as fault:
        return Doubt(reason=f"broken XML: {fault}")
    return Tree(root=root, bindings=[bound for _, bound in (*events, *parser.read_events())])
