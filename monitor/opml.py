"""OPML: the lists of feeds that readers exchange (opml.org/spec2), read without trust and written.

Folders are tags: a feed has the names of all folders that it lies in, and one of several tags is written into each of
their folders.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

#: Characters of a list; 20,000 feeds have so many, and nothing of this size holds its reader for over 1.5 s.
MOST = 4 * 1024 * 1024
#: Characters of a name that are looked at.
_LONGEST = 1_000
#: Folders of people lie three deep; what is deeper is a trap.
DEEPEST = 32
#: Encodings that lists were ever seen in.
_ENCODING = re.compile(
    rb"""<\?xml[^>]{0,100}?encoding\s{0,9}=\s{0,9}["']"""
    rb"""(utf-?8|utf-?16|us-ascii|iso-8859-\d{1,2}|windows-125\d|koi8-[ru]|gbk|gb2312|gb18030|big5|shift_jis|euc-(?:jp|kr))["']""",
    re.IGNORECASE,
)
_CUT_OFF = frozenset(
    {expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS], expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN]}
)
_CURE = "export it anew from your reader"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A feed of a list."""

    #: As its reader shows it; empty where the list gives none.
    name: str
    #: As written, whether or not it is an address.
    url: str
    #: In the order of their first mention.
    tags: tuple[str, ...] = ()
    #: From 1.
    line: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAList:
    """A text that is no list of feeds, and why."""

    detail: str
    cure: str = _CURE
    #: Where that shows; None where it is the whole.
    line: int | None = None


def decode(raw: bytes) -> str:
    """Return the text of a file: in the encoding that it declares, else UTF-8; what is none is replaced."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    declared = _ENCODING.match(raw.removeprefix(b"\xef\xbb\xbf"))
    encoding = declared[1].decode("ascii") if declared and not raw.startswith(b"\xef\xbb\xbf") else "utf-8-sig"
    return raw.decode("utf-8-sig" if encoding.lower().startswith("utf") else encoding, "replace")


def read(text: str) -> tuple[Outline, ...] | NotAList:
    """Return the feeds in the order of the list, one of several folders as often as it is named; at least one."""
    if len(text) > MOST:
        return NotAList(detail=f"is larger than {MOST >> 20} MiB", cure="make several lists of it")
    parser = expat.ParserCreate("utf-8")
    walk = _Walk(parser)
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)  # noqa: FBT003 - whole: in pieces, long words are quadratic
    except _Refused as refused:
        return NotAList(detail=str(refused), line=parser.CurrentLineNumber)
    except expat.ExpatError as error:
        if error.code in _CUT_OFF:
            return NotAList(detail="ends in the middle: it is cut off", line=error.lineno)
        return NotAList(detail=f"is not proper XML: {expat.errors.messages[error.code]}", line=error.lineno)
    return tuple(walk.found) or NotAList(detail="lists no feed")


class _Refused(Exception):
    """Carries a reason out of the parser; never leaves this module."""


class _Walk:
    """Notes the feeds, and the folders around each."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.found: list[Outline] = []
        self._parser = parser
        #: What each open element adds to the tags.
        self._open: list[str] = []
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.EntityDeclHandler = self._entity

    def _entity(self, *_: object) -> None:
        raise _Refused("declares entities, which no list of feeds needs")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if not self._open and name.lower() != "opml":
            raise _Refused(f"is not OPML: it begins with <{name[:40]}>")
        if len(self._open) == DEEPEST:
            raise _Refused(f"is nested more than {DEEPEST} deep")
        folder = ""
        if name.lower() == "outline":
            said = {key.lower(): value for key, value in attributes.items()}
            words = _plain(said.get("text") or said.get("title") or "")
            if url := said.get("xmlurl", "").strip():
                tags = tuple(dict.fromkeys(filter(None, self._open)))
                line = self._parser.CurrentLineNumber
                self.found.append(Outline(name=words, url=url, tags=tags, line=line))
            else:
                folder = words
        self._open.append(folder)

    def _end(self, _: str) -> None:
        self._open.pop()


def _plain(words: str) -> str:
    """Return the words on one line, without what cannot be seen."""
    return _seen(words[:_LONGEST])


def _seen(words: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in words).strip()


def write(outlines: Iterable[Outline]) -> str:
    """Return a list of the feeds, in folders by their tags."""
    folders: dict[str, list[Outline]] = {"": []}
    for outline in outlines:
        for tag in outline.tags or ("",):
            folders.setdefault(_plain(tag), []).append(outline)
    return "\n".join(
        (
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<opml version="2.0">',
            "  <head><title>Feeds of wirebell</title></head>",
            "  <body>",
            *(line for folder, inside in folders.items() for line in _folder(folder, inside)),
            "  </body>",
            "</opml>",
            "",
        )
    )


def _folder(name: str, inside: Iterable[Outline]) -> Iterator[str]:
    indent = "      " if name else "    "
    if name:
        yield f"    <outline text={quoteattr(name)}>"
    for outline in inside:
        words = quoteattr(_plain(outline.name))
        yield f'{indent}<outline type="rss" text={words} title={words} xmlUrl={quoteattr(_seen(outline.url))}/>'
    if name:
        yield "    </outline>"
