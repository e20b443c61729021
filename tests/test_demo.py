"""The demo tells an invented day by the real daemon, and leaves nothing behind."""

from __future__ import annotations

import io
import tempfile
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError
from xml.etree import ElementTree as ET

import pytest

from monitor import demo
from monitor.demo.wires import TITLES, Piece, Wires, wires

BEGUN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PACE = timedelta(seconds=2)


def piece(number: int, feed: str = "ledger") -> Piece:
    return Piece(id=f"p{number}", feed=feed, headline=f"Piece {number} <& more>", lead="Lead", text="First.\n\nSecond.")


TWO = Wires(before=(piece(1), piece(2, "vestnik")), day=(piece(3), piece(4)), pace=PACE)


def headlines(feed: str) -> list[str | None]:
    return [found.findtext("title") for found in ET.fromstring(feed).iter("item")]  # noqa: S314 - our own feed


def test_before_the_day_a_feed_holds_what_stood_there() -> None:
    assert headlines(TWO.feed("ledger", BEGUN, BEGUN)) == ["Piece 1 <& more>"]


def test_the_day_comes_piece_by_piece_newest_first() -> None:
    assert len(headlines(TWO.feed("ledger", BEGUN, BEGUN + PACE))) == 2
    assert headlines(TWO.feed("ledger", BEGUN, BEGUN + 2 * PACE))[0] == "Piece 4 <& more>"


def test_a_feed_names_itself() -> None:
    assert ET.fromstring(TWO.feed("vestnik", BEGUN, BEGUN)).findtext("channel/title") == "Вестник Карска"  # noqa: S314


def test_an_article_is_a_page_with_its_paragraphs() -> None:
    page = TWO.article("p4")
    assert page is not None
    assert "<p>First.</p><p>Second.</p>" in page
    assert "Piece 4 &lt;&amp; more&gt;" in page


def test_an_article_that_there_is_not_has_no_page() -> None:
    assert TWO.article("p9") is None


def test_the_day_that_comes_with_wirebell_is_a_day_of_every_wire() -> None:
    shipped = wires(PACE)
    pieces = (*shipped.before, *shipped.day)
    assert len({each.id for each in pieces}) == len(pieces) >= 50
    for part in (shipped.before, shipped.day):
        assert {each.feed for each in part} == set(TITLES)
    assert shipped.length == PACE * len(shipped.day)


def test_the_day_begins_when_every_wire_was_asked() -> None:
    stage = demo.Stage(wires=TWO)
    for name in list(TITLES)[:-1]:
        stage.feed(name)
    assert stage.begins_at is None
    stage.feed(list(TITLES)[-1])
    assert stage.begins_at is not None


@pytest.mark.parametrize("path", ["/feeds/reuters", "/articles/p9", "/", "/feeds/ledger/more"])
def test_what_is_not_there_is_not_found(path: str) -> None:
    with demo.served(demo.Stage(wires=TWO)) as origin, pytest.raises(HTTPError, match="404") as found:
        urllib.request.urlopen(origin + path, timeout=5)  # noqa: S310 - loopback
    found.value.close()


@pytest.mark.slow
def test_the_day_rings_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(demo, "SILENCE", timedelta(seconds=0.2))
    monkeypatch.setattr(demo, "REST", timedelta(seconds=6))
    console = io.StringIO()
    told = demo.play(console, pace=timedelta(seconds=0.2))
    assert list(tmp_path.glob("wirebell-demo-*")) == []
    assert told.items == len(wires(PACE).before) + len(wires(PACE).day)
    assert told.alerts["norvik"] > 0
    assert told.alerts["grain"] > 0
    assert 'norvik rang: "Norvik to cut 900 jobs in its turbine division" (The Ledger' in console.getvalue()
    assert "price target" not in console.getvalue()
    assert "Airport strike" not in console.getvalue()
