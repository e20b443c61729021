"""A message on one line, for IRC and for short messages on a phone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace

from monitor.render.inert import inert, short
from monitor.sheet import Brief

#: What takes no more characters than this gets the short form.
BRIEF = 400


def one_line(brief: Brief, limit: int, size: Callable[[str], int] = len) -> str:
    """Return it within a size, as far as that can be: address and id stay, where it is from goes, the words are cut."""
    if size(whole := _joined(brief)) <= limit:
        return whole
    bare = replace(brief, where="")

    def taken(width: int) -> int:
        return size(_joined(replace(bare, words=short(brief.words, width))))

    width = bisect_right(range(1, len(brief.words) + 1), limit, key=taken)
    return _joined(replace(bare, words=short(brief.words, width)))


def _joined(brief: Brief) -> str:
    return " ".join(part for part in (inert(brief.words), inert(brief.where), brief.link, brief.name) if part)
