"""The files of a configuration: read, parsed, and kept as one text."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.config.lines import Key

#: A file of 100,000 rules has 9 MB; what is larger is no config.
LIMIT = 16 * 1024 * 1024
#: tomllib is quadratic in the parts of a dotted key: 20,000 of them take 4.4 s.
DEEPEST = 32
#: Parts the files of a kept configuration; TOML allows the character nowhere.
_JOINT = "\f"
_LETTERS = "a name of other letters than a-z stands in quotes"
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_KEY_PART = r"(?:(?<![\w-])[\w-]++|\"[^\"\n]*+\"|'[^'\n]*+')[ \t]*+\.[ \t]*+"
_LONG_KEY = re.compile(rf"(?:{_KEY_PART}){{{DEEPEST}}}")
_NEST = re.compile(r"(?:[\[{][^\[\]{}]*+){64}")
_LONG_NUMBER = re.compile(r"(?<!\d)\d[\d_]{4299}")
_TWICE = re.compile(r"Cannot declare \((.*)\) twice")
_QUOTED = re.compile(r"'([^']*)'")
_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_HEADING = re.compile(r"\s*\[\[?\s*(feeds|rules|channels|terms)\s*\.\s*([^\]\[.]+?)\s*[\].]")
#: What tomllib says, and what that means to the one who wrote the file.
_SAID = (
    ("Cannot", "the name is taken already", "a name is given once, as a value or as a table"),
    ("Invalid value", "a value cannot be read", 'text stands in quotes: key = "text"'),
    (r"Illegal character '\n'", "a text is not closed", "it ends on its line, with the quote it began with"),
    ("Unterminated string", "a text is not closed", "it ends with the quotes it began with"),
    ("Expected \"'", "a text is not closed", "it ends with the quotes it began with"),
    ("Unescaped", "a backslash stands alone", r"write it twice, or put the text in single quotes: 'a\b'"),
    ("Expected newline", "something follows the value", "each key stands on a line of its own"),
    ("Expected '='", "a key has no value", f'write key = "text"; {_LETTERS}'),
    ("Expected ']'", "a heading is not closed", "write [name]"),
    ("Invalid statement", "neither a key nor a heading", f'write key = "text", or [name]; {_LETTERS}'),
    ("Unclosed array", "a list is not closed", "it ends with ], with commas between its parts"),
    ("Unclosed inline table", "a table in braces is not closed", "it ends with }, on the line it began on"),
    (
        "Invalid initial",
        "a name is expected",
        f"{_LETTERS}; a table in braces is on one line, with no comma at its end",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file of a configuration."""

    #: As the user named it.
    path: Path
    text: str
    table: Mapping[str, Any] = field(default_factory=dict)
    #: What is wrong with the file as a whole; empty for one that could be parsed.
    fault: str = ""
    cure: str = ""
    #: Line of that fault.
    line: int | None = None
    #: Keys that stand in the text under an older name, which is the value.
    written: Mapping[Key, Key] = field(default_factory=dict)
    #: The line of each key, in a file that is not TOML.
    lines: Mapping[Key, int] | None = None

    def as_written(self, key: Key) -> Key:
        """Return the key as the text has it."""
        known = (key[:count] for count in range(len(key), 0, -1))
        found = next((part for part in known if part in self.written), None)
        return key if found is None else (*self.written[found], *key[len(found) :])


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A value in a file."""

    source: Source
    key: Key = ()
    #: The key that is understood, where a table stands in its short form.
    short: str = ""

    def at(self, *key: str | int) -> Place:
        """Return the place of a value below this one."""
        return Place(source=self.source, key=(*self.key, *(key[1:] if key[:1] == (self.short,) else key)))

    @property
    def dotted(self) -> str:
        """Return the key as TOML writes it, without the indexes of lists."""
        return ".".join(part if _BARE.fullmatch(part) else f'"{part}"' for part in self.key if isinstance(part, str))

    def beside(self, name: str) -> Path:
        """Return the path that a file named here has: relative ones count from the file that names them."""
        return self.source.path.parent / name


def read(path: Path) -> Source:
    """Return the file, parsed or with what is wrong with it."""
    found = raw(path)
    return decoded(path, found) if isinstance(found, bytes) else found


def raw(path: Path) -> bytes | Source:
    """Return what is in the file, or an empty one with what is wrong with it."""
    try:
        with path.open("rb") as file:
            found = file.read(LIMIT + 1)
    except FileNotFoundError:
        return Source(
            path=path,
            text="",
            fault="there is no such file",
            cure="name the config with -c FILE, or let wirebell init write one",
        )
    except OSError as error:
        return Source(path=path, text="", fault=f"cannot be read: {error.strerror}")
    if len(found) > LIMIT:
        return Source(path=path, text="", fault=f"is larger than {LIMIT >> 20} MiB")
    return found


def decoded(path: Path, found: bytes) -> Source:
    """Return the bytes as a file of a configuration, parsed or with what is wrong with it."""
    try:
        text = found.decode("utf-8-sig")  # editors on Windows begin files with a BOM, which tomllib refuses
    except UnicodeDecodeError as error:
        line = found.count(b"\n", 0, error.start) + 1
        return Source(path=path, text="", fault="is not UTF-8 text", cure="save it as UTF-8", line=line)
    return parse(path, text)


def parse(path: Path, text: str) -> Source:
    """Return the text as a file of a configuration, parsed or with what is wrong with it."""
    if found := _LONG_KEY.search(text):
        cure = "text stands in quotes, and so does a name with dots"
        return _broken(path, text, f"a key has more than {DEEPEST} parts", cure, line=_line(text, found.start()))
    try:
        return Source(path=path, text=text, table=tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        return _explained(path, text, str(error))
    except ValueError:  # the interpreter refuses integers of more than 4,300 digits
        found = _LONG_NUMBER.search(text)
        cure = "numbers in a configuration have at most five digits"
        return _broken(
            path, text, "a number has too many digits", cure, line=_line(text, found.start()) if found else None
        )
    except RecursionError:
        nested = _NEST.search(text)
        cure = "nothing in a configuration lies deeper than a list in a table"
        return _broken(path, text, "is nested too deeply", cure, line=_line(text, nested.start()) if nested else None)


def _broken(path: Path, text: str, fault: str, cure: str = "", *, line: int | None = None) -> Source:
    return Source(path=path, text=text, fault=fault, cure=cure, line=line)


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _explained(path: Path, text: str, said: str) -> Source:
    """Say in a user's words what tomllib found; never with the line itself, which may hold a secret."""
    place = _PLACE.search(said)
    line = int(place[1]) if place and place[1] else _line(text.rstrip(), len(text))
    said = _PLACE.sub("", said)
    if twice := _TWICE.fullmatch(said):
        name = ".".join(_QUOTED.findall(twice[1]))
        return _broken(path, text, f"[{name}] stands twice", "put its keys together under one heading", line=line)
    heading = _HEADING.match(text.splitlines()[line - 1])
    if heading and said.startswith("Cannot"):
        cure = f"write all of it below one [{heading[1]}.{heading[2]}]"
        return _broken(path, text, f"{heading[2]} stands in its short form already", cure, line=line)
    known = ((message, cure) for start, message, cure in _SAID if said.startswith(start))
    return _broken(path, text, *next(known, (f"cannot be read: {said}", "")), line=line)


def join(sources: Collection[Source]) -> str:
    """Return the files as one text, from which ``split`` makes them again."""
    main, *others = sources
    return main.text + "".join(f"{_JOINT}{source.path}\n{source.text}" for source in others)


def split(joined: str, path: Path) -> tuple[tuple[Path, str], ...]:
    """Return the files of a joined text with their names, the first of them named ``path``."""
    main, *others = joined.split(_JOINT)
    named = (other.partition("\n") for other in others)
    return ((path, main), *((Path(name), text) for name, _, text in named))
