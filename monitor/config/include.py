"""``include``: the files that a configuration names, and those that they name in turn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from monitor.config.report import Report
from monitor.config.source import Place, Source, parse, read

#: Beside the main file, what ``wirebell feeds add`` writes; it is read where it is there, without being named.
ADDED = Path("feeds.d", "added.toml")


def gather(path: Path, report: Report, added: str | None = None) -> tuple[Source, ...]:
    """Return the file and all that it includes, each once, in the order in which they are named.

    Feeds that were added by command come last; ``added`` is what their file would hold.
    """
    found: dict[Path, Source] = {}
    _follow(read(path), (), found, report)
    place = added_file(path)
    if added is not None:
        found.pop(place.resolve(), None)
        _follow(parse(place, added), (), found, report)
    elif _is_file(place) and place.resolve() not in found:
        _follow(read(place), (), found, report)
    return tuple(found.values())


def added_file(path: Path) -> Path:
    """Return where feeds that are added by command stand, beside a main file."""
    return path.parent / ADDED


def watched(sources: Iterable[Source]) -> tuple[Path, ...]:
    """Return the files, and the folders in which a new file would be included."""
    sources = tuple(sources)
    patterns = (named for source in sources for named in _patterns(source))
    folders = (place.beside(pattern).parent for place, pattern in patterns if "*" in pattern)
    return tuple(dict.fromkeys((*(source.path for source in sources), *folders)))


def _follow(source: Source, chain: tuple[Path, ...], found: dict[Path, Source], report: Report) -> None:
    report.broken(source)
    chain = (*chain, source.path.resolve())
    found[chain[-1]] = source
    for place, pattern in _patterns(source):
        for path in _matching(place, pattern, report):
            if path.resolve() in chain:
                report.fault(place, f"{path} is being read already", "files cannot include each other in a circle")
            elif path.resolve() not in found:
                _follow(read(path), chain, found, report)


def _patterns(source: Source) -> Iterator[tuple[Place, str]]:
    """Yield what the file includes; that it is a list of texts is checked with the rest of the file."""
    named = source.table.get("include")
    place = Place(source=source, key=("include",))
    if isinstance(named, str) and named:
        yield place, named
    elif isinstance(named, list):
        yield from ((place.at(n), pattern) for n, pattern in enumerate(named) if pattern and isinstance(pattern, str))


def _matching(place: Place, pattern: str, report: Report) -> list[Path]:
    """Return the files that the pattern names, without the hidden ones that editors leave."""
    whole = place.beside(pattern)
    root = Path(whole.anchor)
    try:
        found = sorted(root.glob(str(whole.relative_to(root))))
    except (ValueError, IndexError, RecursionError):  # "a**"; "."; "**/" 200 times
        report.fault(place, f"{pattern!r} is not a pattern of file names", 'write such as "rules.d/*.toml"')
        return []
    except OSError as error:  # a folder that went away meanwhile, or a name that is too long
        report.fault(
            place, f"{pattern!r} cannot be looked for: {error.strerror}", "name the folder that holds the files"
        )
        return []
    paths = [path for path in found if _is_file(path) and not path.name.startswith(".")]
    if not paths:
        report.fault(place, f"{pattern!r} matches no file", f"write the file {whole}, or remove the name")
    return paths


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as /proc/1/cwd, which a broad pattern meets
        return False
