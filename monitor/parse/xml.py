"""XML that is well-formed and declares nothing, as a tree."""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError, XMLParser

from monitor.parse.raw import Doubt


def tree(document: str) -> Element | Doubt:
    """Return the root of a document, or why it has none; it must say nothing of its encoding."""
    if "<!DOCTYPE" in document:  # which alone may declare entities: of none that is expanded here comes a bomb
        return Doubt(reason="a document type")
    try:
        parser = XMLParser(encoding="utf-8")  # noqa: S314 - as said above
        parser.feed(document.encode())
        return parser.close()
    except (ParseError, UnicodeEncodeError) as fault:
        return Doubt(reason=f"broken XML: {fault}")
