"""The wires of the demo: what stands in their feeds at a moment of the day, and the pages of their articles."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape
from importlib.resources import files

#: The feeds and the titles that they give themselves.
TITLES: Mapping[str, str] = {"coastwire": "Coastwire", "ledger": "The Ledger", "vestnik": "Вестник Карска"}
#: Between two pieces that stand in the feeds before the day begins.
_EARLIER = timedelta(minutes=25)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One piece of news; all of them are invented."""

    id: str
    feed: str
    headline: str
    lead: str
    #: Of the article's page, paragraphs parted by empty lines.
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wires:
    """Three wires whose day is told within a minute or so."""

    #: What stands in the feeds at first, oldest first, and what comes then.
    before: tuple[Piece, ...]
    day: tuple[Piece, ...]
    #: Between two pieces of the day.
    pace: timedelta

    @property
    def length(self) -> timedelta:
        """Return how long the day takes."""
        return self.pace * len(self.day)

    def feed(self, name: str, begun: datetime, now: datetime) -> str:
        """Return the wire's RSS now, the day having begun at ``begun``."""
        rows = [_row(piece, published) for piece, published in self._published(begun, now) if piece.feed == name]
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n'
            f'<rss version="2.0"><channel><title>{TITLES[name]}</title>{"".join(reversed(rows))}</channel></rss>\n'
        )

    def _published(self, begun: datetime, now: datetime) -> Iterator[tuple[Piece, datetime]]:
        for ago, piece in zip(range(len(self.before), 0, -1), self.before, strict=True):
            yield piece, begun - ago * _EARLIER
        for number, piece in enumerate(self.day, 1):
            if (at := begun + number * self.pace) <= now:
                yield piece, at

    def article(self, piece_id: str) -> str | None:
        """Return the page of a piece's article; None where there is no such piece."""
        piece = next((piece for piece in (*self.before, *self.day) if piece.id == piece_id), None)
        return _page(piece) if piece else None


def _row(piece: Piece, published: datetime) -> str:
    return (
        f"<item><guid isPermaLink='false'>{piece.id}</guid><title>{escape(piece.headline)}</title>"
        f"<link>/articles/{piece.id}</link><description>{escape(piece.lead)}</description>"
        f"<pubDate>{format_datetime(published)}</pubDate></item>"
    )


def _page(piece: Piece) -> str:
    paragraphs = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in (piece.text or piece.lead).split("\n\n"))
    return (
        f'<!doctype html><html><head><meta charset="utf-8"><title>{escape(piece.headline)}</title></head><body>'
        '<nav><a href="/">Home</a> <a href="/weather">Weather</a></nav>'
        f"<article><h1>{escape(piece.headline)}</h1>{paragraphs}</article><footer>All of it is invented.</footer>"
        "</body></html>"
    )


def wires(pace: timedelta) -> Wires:
    """Return the wires that come with wirebell."""
    return Wires(before=_pieces("before.jsonl"), day=_pieces("day.jsonl"), pace=pace)


def _pieces(file: str) -> tuple[Piece, ...]:
    lines = files(__package__).joinpath(file).read_text(encoding="utf-8").splitlines()
    return tuple(
        Piece(
            id=found["id"],
            feed=found["feed"],
            headline=found["title"],
            lead=found["summary"],
            text=found.get("text", ""),
        )
        for found in map(json.loads, lines)
    )
