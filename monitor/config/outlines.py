"""``opml``: lists of feeds that a configuration names, taken in as files that hold ``feeds``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from monitor import opml
from monitor.config.feeds import plain, url_fault
from monitor.config.report import Report
from monitor.config.schema import Named
from monitor.config.source import Place, Source, raw
from monitor.opml import NotAList, Outline

_LONGEST_NAME = 64
_UNFIT = str.maketrans(dict.fromkeys(Named.unfit, " ") | {"'": "’"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedList:
    """A list of feeds, read, before its feeds have names of their own."""

    source: Source
    outlines: tuple[Outline, ...] = ()


def named(main: Source, report: Report) -> tuple[FeedList, ...]:
    """Return the lists that the main file names, and note those that cannot be read."""
    value = main.table.get("opml")
    names = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    place = Place(source=main, key=("opml",))
    found = (_file(place.at(n), name, report) for n, name in enumerate(names) if name and isinstance(name, str))
    return tuple(filter(None, found))


def _file(place: Place, name: str, report: Report) -> FeedList | None:
    read = raw(place.beside(name))
    if isinstance(read, bytes):
        return parse(place.beside(name), opml.decode(read))
    report.fault(place, f"{read.path}: {read.fault}", "export it from your reader, or remove the name")
    return None


def is_list(text: str) -> bool:
    """Return whether a kept file is a list of feeds; nothing in TOML begins so."""
    return text.lstrip().startswith("<")


def parse(path: Path, text: str) -> FeedList:
    """Return the text as a list of feeds, or with what is wrong with it."""
    match opml.read(text):
        case NotAList(detail=detail, cure=cure, line=line):
            return FeedList(source=Source(path=path, text=text, fault=detail, cure=cure, line=line))
        case outlines:
            return FeedList(source=Source(path=path, text=text), outlines=outlines)


def taken_in(lists: Sequence[FeedList], sources: Iterable[Source], report: Report) -> tuple[Source, ...]:
    """Return the lists as files of feeds, each feed once and under a name that no other has.

    What the configuration declares itself is taken from there, by its address, so that one can say more of a feed than
    a list does.
    """
    if not lists:
        return ()
    known = _Known(sources)
    return tuple(_as_file(each, known, report) for each in lists)


class _Known:
    """The names and addresses that are taken."""

    def __init__(self, sources: Iterable[Source]) -> None:
        declared = [pair for source in sources for pair in _declared(source)]
        self.names = {name for name, _ in declared}
        self.urls = {plain(url) for _, url in declared}


def _declared(source: Source) -> Iterator[tuple[str, str]]:
    feeds = source.table.get("feeds")
    for name, table in feeds.items() if isinstance(feeds, dict) else ():
        url = table.get("url") if isinstance(table, dict) else table
        yield name, url if isinstance(url, str) else ""


def _as_file(listed: FeedList, known: _Known, report: Report) -> Source:
    report.broken(listed.source)
    feeds: dict[str, dict[str, Any]] = {}
    lines: dict[tuple[str | int, ...], int] = {}
    names: dict[str, str] = {}
    for outline in listed.outlines:
        url = web(outline.url)
        if fault := url_fault(url):
            place = Place(source=replace(listed.source, lines={("feeds",): outline.line}), key=("feeds",))
            report.warn(place, f"{outline.name or 'a feed'} is left out: its address {fault[0]}", fault[1])
        elif name := names.get(plain(url)):
            feeds[name]["tags"] = list(dict.fromkeys((*feeds[name]["tags"], *outline.tags)))
        elif plain(url) not in known.urls:
            name = unique(outline, known.names)
            feeds[name] = {"url": url, "tags": list(outline.tags)}
            lines["feeds", name] = outline.line
            names[plain(url)] = name
            known.names.add(name)
    known.urls |= names.keys()
    return replace(listed.source, table={"feeds": feeds}, lines=lines)


def web(url: str) -> str:
    """Return the address that browsers are given as ``feed:``, which some lists have, as one of the web."""
    scheme, _, rest = url.partition(":")
    if scheme.lower() != "feed":
        return url
    return f"http:{rest}" if rest.startswith("//") else rest


def unique(outline: Outline, taken: Collection[str]) -> str:
    """Return the name of a feed in the configuration: that of the list, as far as it can be used and is not taken.

    One that is taken is told apart by its host, then by its address; never by a number, which would change when another
    feed goes.
    """
    host = urlsplit(web(outline.url)).hostname or ""
    mark = blake2b(outline.url.encode("utf-8", "replace"), digest_size=4).hexdigest()
    name = " ".join(outline.name.translate(_UNFIT).split()) or host.translate(_UNFIT)
    tried = (_with(name, ""), _with(name, f" ({host.translate(_UNFIT)})"), _with(name, f" ({mark})"))
    return next((each for each in tried if each not in taken), tried[-1])


def _with(name: str, tail: str) -> str:
    tail = tail[: _LONGEST_NAME - 8]
    return f"{name[: _LONGEST_NAME - len(tail)].strip()}{tail}"
