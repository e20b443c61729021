"""A message on one line, for IRC and for short messages on a phone."""

from __future__ import annotations

from dataclasses import replace

from monitor.render.inert import inert, short
from monitor.sheet import Brief


def one_line(brief: Brief, limit: int) -> str:
    """Return it within so many characters, as far as that can be: address and id stay, the words are cut."""
    whole = _joined(brief)
    if len(whole) > limit:
        brief = replace(brief, where="")
        whole = _joined(brief)
    if len(whole) <= limit:
        return whole
    rest = len(_joined(replace(brief, words="")))
    return _joined(replace(brief, words=short(brief.words, max(0, limit - rest - 1))))


def _joined(brief: Brief) -> str:
    return " ".join(part for part in (inert(brief.words), inert(brief.where), brief.link, brief.name) if part)
