"""What a publisher puts into a feed comes out of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import parse
from monitor.feed import NotAFeed, Parsed
from monitor.item import Entry
from tests.properties.laws import law, words

ZONES = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
DATES = st.builds(datetime.fromtimestamp, st.integers(700_000_000, 1_900_000_000), ZONES)
HEADLINES = st.lists(words, min_size=1, max_size=6).map(" ".join).filter(lambda text: any(map(str.isalnum, text)))
PATHS = st.text("abc/-_0123456789", min_size=1, max_size=12)


@st.composite
def published(draw: st.DrawFn) -> tuple[Entry, ...]:
    """Draw entries, each of another guid and link."""
    numbers = range(draw(st.integers(1, 6)))
    return tuple(
        Entry(
            guid=f"{draw(st.sampled_from(['tag:news.example,2026:', 'urn:', 'https://news.example/?p=', '']))}{n}",
            link=f"https://news.example/{draw(PATHS)}?id={n}&from={draw(PATHS)}",
            headline=draw(HEADLINES),
            lead=draw(HEADLINES),
            published=draw(st.none() | DATES),
        )
        for n in numbers
    )


def html(text: str) -> str:
    """Return the text as HTML, written in XML."""
    return escape(escape(text))


def rss(entries: Sequence[Entry]) -> str:
    items = "".join(
        f"<item><title>{html(each.headline)}</title><link>{escape(each.link)}</link>"
        f"<guid>{escape(each.guid)}</guid><description>{html(each.lead)}</description>"
        + (f"<pubDate>{format_datetime(each.published)}</pubDate>" if each.published else "")
        + "</item>"
        for each in entries
    )
    return f'<rss version="2.0"><channel><title>Wire</title>{items}</channel></rss>'


def atom(entries: Sequence[Entry]) -> str:
    items = "".join(
        f'<entry><title type="html">{html(each.headline)}</title><link href="{escape(each.link)}"/>'
        f'<id>{escape(each.guid)}</id><summary type="html">{html(each.lead)}</summary>'
        + (f"<published>{each.published.isoformat()}</published>" if each.published else "")
        + "</entry>"
        for each in entries
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Wire</title>{items}</feed>'


@pytest.mark.parametrize("write", [rss, atom])
@law
@given(entries=published(), encoding=st.sampled_from(["utf-8", "utf-16"]))
def test_what_is_put_into_a_feed_comes_out_of_it(
    write: Callable[[Sequence[Entry]], str], entries: tuple[Entry, ...], encoding: str
) -> None:
    document = f'<?xml version="1.0" encoding="{encoding}"?>{write(entries)}'.encode(encoding)
    read = parse.feed(document, content_type="application/xml", url="https://news.example/feed")
    assert isinstance(read, Parsed)
    assert [(e.guid, e.link, e.headline, e.lead) for e in read.entries] == [
        (e.guid, e.link, e.headline, e.lead) for e in entries
    ]
    assert [e.published for e in read.entries] == [e.published and e.published.astimezone(UTC) for e in entries]


#: A feed with elements that its reader has words of its own for, though nothing here asks for them.
RICH = """<?xml version="1.0"?><rss version="2.0" xmlns:gml="http://www.opengis.net/gml"
 xmlns:georss="http://www.georss.org/georss" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:psc="http://podlove.org/simple-chapters" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns:cc="http://backend.userland.com/creativeCommonsRssModule"><channel><title>Wire</title>
<image><url>/logo.png</url><width>80</width><height>15</height><link>/</link></image>
<textInput><title>Ask</title><name>query</name><link>/ask</link></textInput><cc:license>/by</cc:license>
<item><title>First</title><link>/1</link><guid>1</guid><category domain="d">ice</category><dc:subject>sea</dc:subject>
<georss:where><gml:Point><gml:pos>36.9 31.1</gml:pos></gml:Point></georss:where><source url="/s">Other</source>
<psc:chapters version="1.1"><psc:chapter start="0" title="Intro"/></psc:chapters><media:content url="/m" width="1"/>
<enclosure url="/e" length="1" type="audio/mpeg"/><author>A (a@example)</author><pubDate>Tue</pubDate></item>
<item><title>Second</title><georss:line>1 2 3 4</georss:line><description>&lt;p&gt;x&lt;/p&gt;</description></item>
</channel></rss>"""
PLACES = st.integers(0, len(RICH))
EDITS = st.lists(st.tuples(PLACES, st.integers(0, 40), PLACES, st.integers(0, 40)), min_size=1, max_size=5)


@settings(law, max_examples=300)
@given(edits=EDITS)
def test_a_document_in_disorder_never_makes_its_reader_raise(edits: list[tuple[int, int, int, int]]) -> None:
    document = RICH
    for place, lost, source, copied in edits:
        document = document[:place] + RICH[source : source + copied] + document[place + lost :]
    read = parse.feed(document.encode(), content_type="application/xml", url="https://news.example/feed")
    assert isinstance(read, Parsed | NotAFeed)
