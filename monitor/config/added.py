"""Feeds that are added by command: the file that holds them, and what it would hold with more."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.config import outlines
from monitor.config.feeds import plain, url_fault
from monitor.config.include import added_file, gather
from monitor.config.report import Report
from monitor.config.source import read
from monitor.errors import Fault

_HEAD = """\
# Feeds that `wirebell feeds add` and `wirebell feeds import` have added. This file is read without being included; what
# you change in it stays.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """What the file would hold with the feeds of a list, and which feeds these are."""

    text: str
    names: tuple[str, ...]
    #: How many of the list the configuration has already.
    known: int
    #: Those that cannot be taken, with their places and reasons.
    left_out: tuple[Fault, ...]


def with_feed(path: Path, name: str, url: str, tags: Sequence[str] = ()) -> str:
    """Return what the file beside the main file would hold with one feed more."""
    return _text(path) + _block(name, {"url": url, "tags": tags})


def with_list(path: Path, listed: Path, text: str) -> Addition:
    """Return what the file beside the main file would hold with the feeds of a list in OPML.

    Raises ConfigError where the text is no list.
    """
    unheard, report = Report(), Report()
    sources = gather(path, unheard)
    sources = (*sources, *outlines.taken_in(outlines.named(sources[0], unheard), sources, unheard))
    found = outlines.parse(listed, text)
    [new] = outlines.taken_in([found], sources, report)
    report.close()
    feeds: Mapping[str, Mapping[str, Any]] = new.table["feeds"]
    addresses = {plain(url) for each in found.outlines if not url_fault(url := outlines.web(each.url))}
    return Addition(
        text=_text(path) + "".join(_block(name, table) for name, table in feeds.items()),
        names=tuple(feeds),
        known=len(addresses) - len(feeds),
        left_out=report.warnings,
    )


def _text(path: Path) -> str:
    return read(added_file(path)).text or _HEAD


def _block(name: str, table: Mapping[str, Any]) -> str:
    """Return a feed under a heading of its own, which can follow whatever a file ends with."""
    keys = {"url": table["url"], **({"tags": list(table["tags"])} if table["tags"] else {})}
    return f"\n[feeds.{_quoted(name)}]\n" + "".join(f"{key} = {_quoted(value)}\n" for key, value in keys.items())


def _quoted(value: object) -> str:
    """Return a text, or a list of texts, as TOML writes it, which is as JSON does but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
