"""A message before it is written: lines of words, each with what it is for, whatever form they take in the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto


class Form(StrEnum):
    """What a message is written as."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"


class Part(Enum):
    """What a line of a message is for."""

    #: Why the message comes late, or here.
    PREFACE = auto()
    #: What a correction changed.
    CHANGE = auto()
    HEADLINE = auto()
    SOURCE = auto()
    LINK = auto()
    QUOTE = auto()
    WHY = auto()
    #: The rule whose alerts follow.
    HEADING = auto()
    #: One of the alerts of a digest.
    ENTRY = auto()
    #: How many alerts are not shown.
    MORE = auto()
    #: What wirebell says of itself.
    NOTE = auto()
    REPEATS = auto()
    #: Which alert it is.
    NAME = auto()
    #: What a user's template says.
    OWN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Words of one kind on a line, free of what no line may hold, and not yet escaped for any form."""

    text: str
    strong: bool = False
    #: A rule asked for it.
    marked: bool = False
    #: Stands on one line, however narrow that is.
    whole: bool = False
    #: Is shortened when all that may be given up is.
    cut: bool = False
    #: The form that it is written in already, being a template's own words; None for words that are escaped.
    own: Form | None = None
    #: Where it leads, an address that is one word in every form; empty where it leads nowhere.
    link: str = ""

    @property
    def is_address(self) -> bool:
        """Return whether it is an address that is shown as such."""
        return bool(self.link) and self.text == self.link


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a message says on one line."""

    part: Part
    runs: tuple[Run, ...]


def line(part: Part, text: str, *, strong: bool = False) -> Line:
    """Return a line of words of one kind; a headline is cut to fit."""
    return Line(part=part, runs=(Run(text=text, strong=strong, cut=part is Part.HEADLINE),))


def address(link: str) -> Line | None:
    """Return the line that shows an address; None where there is none."""
    return Line(part=Part.LINK, runs=(Run(text=link, link=link),)) if link else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What a message says, paragraph by paragraph."""

    paragraphs: tuple[tuple[Line, ...], ...]
    #: The language of a publisher's words in it; None where nobody knows.
    language: str | None = None
    #: How many alerts of a digest are not shown.
    omitted: int = 0

    def lines(self) -> Iterator[Line]:
        """Yield its lines in order."""
        return (line for paragraph in self.paragraphs for line in paragraph)

    def without(self, gone: Iterable[Line]) -> Sheet:
        """Return what is left without some of its lines; the heading of a list goes with the last that is in it."""
        ids = set(map(id, gone))
        left = [tuple(line for line in lines if id(line) not in ids) for lines in self.paragraphs]
        return self._changed(lines for lines in left if {line.part for line in lines} != {Part.HEADING})

    def having(self, new: Line, *, in_place_of: Line) -> Sheet:
        """Return the sheet with another line in the place of one."""
        changed = [tuple(new if line is in_place_of else line for line in lines) for lines in self.paragraphs]
        return self._changed(changed)

    def below(self, lines: Iterable[Line]) -> Sheet:
        """Return the sheet as it begins with another paragraph."""
        return self._changed([tuple(lines), *self.paragraphs])

    def _changed(self, paragraphs: Iterable[tuple[Line, ...]]) -> Sheet:
        return replace(self, paragraphs=tuple(filter(None, paragraphs)))


def sheet(*paragraphs: Iterable[Line | None], language: str | None = None, omitted: int = 0) -> Sheet:
    """Return the sheet of the paragraphs, without those that are empty."""
    whole = (tuple(line for line in lines if line is not None) for lines in paragraphs)
    return Sheet(paragraphs=tuple(filter(None, whole)), language=language, omitted=omitted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What a message says on one line, for what takes hardly more; any part but the words may be empty."""

    words: str
    #: From whom and when: the first to be given up.
    where: str = ""
    link: str = ""
    #: Which alert it is.
    name: str = ""
