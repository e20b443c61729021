"""The two readers of feeds: the quick one says what feedparser says, or leaves the document to it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping

import feedparser
import pytest

from monitor import charset, markup, parse
from monitor.feed import Parsed
from monitor.parse import forgiving, references, strict
from monitor.parse.raw import Doubt, Found
from tests.conftest import SHARED, needs_shared

CORPUS = SHARED / "corpus"
URL = "https://news.example/rss/all.xml"
SPACES = (
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    ' xmlns:atom="http://www.w3.org/2005/Atom" xmlns:og="https://other.example/"'
)


def rss(*items: str, channel: str = "<title>News</title>", spaces: str = SPACES) -> str:
    return f"<rss version='2.0'{spaces}><channel>{channel}{''.join(f'<item>{i}</item>' for i in items)}</channel></rss>"


def atom(*entries: str, more: str = "") -> str:
    listed = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f"<feed xmlns='http://www.w3.org/2005/Atom'{more}><title>News</title>{listed}</feed>"


def rdf(*items: str) -> str:
    return (
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'"
        f" xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>News</title></channel>{''.join(items)}</rdf:RDF>"
    )


def quick(document: str) -> Found | Doubt:
    return strict.read(references.heal(document), URL, parse.MOST_ENTRIES)


def patient(document: str) -> Found | None:
    return forgiving.read(document, URL, parse.MOST_ENTRIES)


def entries(found: Found | Doubt | None) -> object:
    """Return what items are made of it."""
    assert isinstance(found, Found), found
    read = [parse.entries.entry(raw, URL) for raw in found.entries]
    return markup.headline(found.title), found.language, found.left_out, parse.entries.distinct(read)


# --- what both read --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "item",
    [
        "<title>NATO meets</title><title>again</title>",
        "<title/><title>NATO</title>",
        "<media:title>Film</media:title><title>NATO</title>",
        "<title>NATO</title><media:title>Film</media:title>",
        "<media:group><media:title>Film</media:title></media:group>",
        "<media:group><media:title>Film</media:title></media:group><title>NATO</title>",
        "<title>NATO</title><source url='/'>Wire</source><dc:title>Other</dc:title>",
        "<title>NATO</title><image><title>Logo</title><url>/l.png</url></image><title>Other</title>",
        "<image><title>Logo</title></image><link>/1</link>",
        "<og:meta><title>Other</title></og:meta>",
        "<og:meta><title>Other</title></og:meta><title>NATO</title>",
        "<link>/1?a=1&amp;b=2</link>",
        "<link>/1?a=1&amp;b;=2</link>",
        "<link>/1</link><link/>",
        "<link>/1</link><atom:link href='/2'/>",
        "<atom:link rel='self' href='/2'/>",
        "<atom:link rel='alternate' type='application/pdf' href='/2'/>",
        "<atom:link href='/2'><media:title>Film</media:title></atom:link>",
        "<guid>1</guid><guid>2</guid>",
        "<guid isPermaLink='true'>https://news.example/1</guid>",
        "<og:meta><guid>2</guid></og:meta><guid>1</guid><og:meta><guid>3</guid></og:meta>",
        "<description>First</description><description>Second</description>",
        "<content:encoded>Long</content:encoded><description>Short</description>",
        "<description>Short</description><content:encoded>Long</content:encoded><description>Other</description>",
        "<body>a &amp;amp; b</body>",
        "<body xmlns='http://www.w3.org/1999/xhtml'><p>a <b>b</b></p> &amp;lt;c</body><description>d</description>",
        "<body type='text/plain'>a &amp;amp; b</body><body type='image/png'>c</body><description>Short</description>",
        "<media:description>Film</media:description>",
        "<description>Short</description><media:group><media:description>Film</media:description></media:group>",
        "<itunes:summary>Talk</itunes:summary><description>Short</description>",
        "<author>anna@news.example (Anna)</author><dc:creator>Ben</dc:creator>",
        "<dc:creator>Ben</dc:creator><author/>",
        "<atom:author><atom:name>Anna</atom:name><atom:email>a@news.example</atom:email></atom:author>",
        "<atom:author><atom:email>a@news.example</atom:email><atom:uri>/a</atom:uri></atom:author>",
        "<atom:author><title>Editor</title></atom:author><title>NATO</title>",
        "<category>World</category><category domain='d'>NATO</category><category>World</category>",
        "<atom:category term='a' label='b'/><atom:category label='c'/><category/>",
        "<itunes:category text='News'><itunes:category text='World'/></itunes:category>",
        "<itunes:keywords>a, b,,c</itunes:keywords><media:keywords>d</media:keywords>",
        "<pubDate>Tue, 24 Nov 2026 10:00:00 GMT</pubDate><pubDate>never</pubDate>",
        "<pubDate>24 Nov 26 10:00</pubDate><dc:date>2026-11-24T10:00:00+03:00</dc:date>",
        "<dc:date>2026-11-24T10:00:00.5Z</dc:date>",
        "<atom:rights type='xhtml'><title>No</title></atom:rights><title>NATO</title>",
        "<title>it&#146;s</title>",
        "<title>it\x92s</title>",
        "<title>DÃ¼sseldorf</title><description>Düsseldorf</description>",
        "<post-id xmlns='com-wordpress:feed-additions:1'>12</post-id><title>NATO</title>",
        "<title>a<!-- b -->c</title>",
        "<title><![CDATA[a <b>c</b>]]> d</title>",
        "<title>a & b &nbsp;and more</title>",
        "<description>a &lt;i> <b x='y'>c &lt; d</b> e<br/></description>",
    ],
)
def test_an_item_is_read_as_feedparser_reads_it(item: str) -> None:
    document = rss(item, "<guid>last</guid>")
    assert entries(quick(document)) == entries(patient(document))


@pytest.mark.parametrize(
    "entry",
    [
        "<title type='html'>NATO &lt;b>meets&lt;/b></title><link href='/1'/><id>1</id>",
        "<title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>NATO <b>meets</b></div></title>",
        "<summary>Short</summary><content type='html'>&lt;p>Long&lt;/p></content>",
        "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>One &amp;lt;</p><p>Two</p></div></content>",
        "<summary>Short</summary><content type='image/png' src='/1.png'/>",
        "<content>Long</content><updated>2026-11-24T10:00:00Z</updated>",
        "<author><name>Anna</name></author><contributor><name>Ben</name></contributor>",
    ],
)
def test_an_entry_of_atom_is_read_as_feedparser_reads_it(entry: str) -> None:
    document = atom(entry, "<id>last</id>", more=" xml:lang='en_GB'")
    assert entries(quick(document)) == entries(patient(document))


@pytest.mark.parametrize(
    "document",
    [
        rdf("<item rdf:about='https://news.example/1'><title>NATO</title><link>/1</link></item>"),
        rss("<guid>1</guid>", spaces=' xmlns:dc="http://purl.org/dc/elements/1.1"'),
        rss("<dc:creator>Anna</dc:creator>", spaces=' xmlns:dc="https://wrong.example/"'),
        rss("<x:creator>Anna</x:creator>", spaces=' xmlns:x="http://purl.org/dc/elements/1.1/"'),
        rss(channel="<title/><language>de</language><title>News</title><image><title>Logo</title></image>"),
        rss(*(f"<guid>{n}</guid>" for n in range(1_100))),
        atom("<link href='https://news.example/1'/>", more=" xml:base='https://other.example/'"),
        atom("<link href='../1?a=b&amp;c'/>", more=" xml:base='https://other.example/world/today/'"),
        atom(
            "<link rel='self' href='2'/><link href='1' xml:base='today/'/>", more=" xml:base='https://o.example/world/'"
        ),
        atom("<link rel='self' href='2'/>", more=" xml:base='https://other.example/world/'"),
        rss("<guid isPermaLink='false'>1</guid><link>/1</link>", spaces=' xml:base="https://other.example/world/"'),
        rss("<guid isPermaLink='false'>1</guid><link/>", spaces=' base="https://other.example/world/"'),
        atom("<link href='1'/>", more=" xml:base='/world/'"),
        atom("<link href='https://news.example/1'/><link href=''/>"),
        atom("<link href='https://news.example/1'/><link rel='related' href=''/>", more=" xml:base='/world/'"),
    ],
    ids=[
        *("RDF", "namespace without its end", "another namespace", "another prefix", "channel", "many"),
        *("base", "relative", "base of a link", "no link", "words", "no words", "relative base", "empty address"),
        "empty address of another page",
    ],
)
def test_a_feed_is_read_as_feedparser_reads_it(document: str) -> None:
    assert entries(quick(document)) == entries(patient(document))


# --- what only one reads ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("<rss><channel>", "broken XML: no element found: line 1, column 14"),
        ("<!DOCTYPE rss><rss><channel/></rss>", "a document type"),
        ("<rss/>", "the root rss"),
        ("<feed/>", "the root feed"),
        (rss("<link>a<b>c</b></link>"), "markup within link"),
        (rss("<description>a <div>c</div></description>"), "a <div> among words"),
        (rss("<title type='image/png'>a</title>"), "words of type image/png"),
        (rss("<title mode='base64'>a</title>"), "words of type html"),
        (rss("<fullitem>a</fullitem>"), "<fullitem>"),
        (rss("<og:x><item/></og:x>"), "<item>"),
        (rss("<image><og:x/><guid>1</guid></image>"), "<?:x> within an image"),
        (rss("<author>Anna <b>Bee</b></author>"), "words beside an author's name"),
        (rss("<author><b>Anna</b> Bee</author>"), "words beside an author's name"),
        (rss("<itunes:keywords x='1'>a</itunes:keywords>"), "keywords with attributes"),
        (rss("<itunes:category>News</itunes:category>"), "a category of iTunes with words"),
        (rss(channel="<og:x><item/></og:x>"), "entries in another place"),
        (rss("<guid>1</guid>").replace("<item>", "<item href='/1'>"), "an entry with attributes of CDF"),
        (atom("<link href='1'/>", more=" xml:base='file:///world/'"), "a relative address"),
        (atom("<link href='//['/>", more=" xml:base='https://other.example/'"), "an address that is none"),
        ("<!-- <rss> -->\n<?x?><!DOCTYPE rss><rss><channel/></rss>", "a document type"),
        ("<?xml version='1.0' encoding='koi8-r'?><rss><channel/></rss>", "another word of its encoding"),
        ("\ufeff<!DOCTYPE rss><rss><channel/></rss>", "another word of its encoding"),
        ("<\0r\0s\0s\0", "another word of its encoding"),
        (atom("<content type='xhtml'><svg>a</svg></content>"), "<svg> among words"),
        (atom(f"<content type='xhtml'>{'<b>' * 2_000}{'</b>' * 2_000}</content>"), "nested too deeply"),
    ],
)
def test_a_doubt_has_a_reason(document: str, reason: str) -> None:
    assert quick(document) == Doubt(reason=reason)


def test_what_is_doubted_is_read_all_the_same() -> None:
    found = parse.feed(rss("<title>a</title><link>/1<b/></link>").encode(), content_type="", url=URL)
    assert isinstance(found, Parsed)
    assert [entry.headline for entry in found.entries] == ["a"]


def test_an_ampersand_in_an_address_is_itself() -> None:
    """Of "&b=" in a broken document, feedparser makes "&b;="."""
    found = quick(rss("<guid>https://news.example/?a=1&b=2</guid><link>/?a=1&b=2</link>"))
    assert isinstance(found, Found)
    assert [(each.guid, each.link) for each in found.entries] == [("https://news.example/?a=1&b=2",) * 2]


# --- other people's feeds --------------------------------------------------------------------------------------------


def table(name: str) -> Iterator[tuple[str, str]]:
    with (CORPUS / name).open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield row["file"], row.get("content_type") or ""


def corpus() -> Iterator[tuple[str, bytes, str]]:
    """Yield name, bytes and content type of every document, of others and of ours."""
    hostile = [(f"hostile/{path.name}", "") for path in sorted((CORPUS / "hostile").glob("*.xml"))]
    for name, content_type in [*table("real/index.tsv"), *table("feedparser-manifest.tsv"), *hostile]:
        yield name, (CORPUS / name).read_bytes(), content_type


#: Documents that it reads otherwise, and why.
OTHERWISE = {
    "real/FeedKit__Ampersand.xml",  # feedparser makes "utm_medium" in a guid "utm;_medium"
    "entities/lang.xml",  # HTML 5 has another character under this name than HTML 4
    "entities/rang.xml",  # as above
}
#: How many documents the quick reader has no doubt about, of all and of the real ones.
QUICK, QUICK_AND_REAL = 1_400, 210


@pytest.mark.slow
@needs_shared
def test_no_document_of_the_corpus_is_read_by_the_quick_reader_otherwise_than_by_feedparser() -> None:
    read: list[str] = []
    otherwise = []
    for name, body, content_type in corpus():
        document = parse._document(body, content_type)
        if not isinstance(document, str) or isinstance(found := quick(document), Doubt):
            continue
        read.append(name)
        if entries(found) != entries(patient(document)):
            otherwise.append(name)
    assert set(otherwise) == OTHERWISE
    assert len(read) > QUICK
    assert sum(name.startswith("real/") for name in read) > QUICK_AND_REAL


WORD = re.compile(r"\w{3,}")
#: Entries that have no words of their own here, and why.
LEFT_OUT = {
    "real/fastfeedparser__osm-pl.xml",  # breaks off within the last entry
    "real/node-feedparser__illegally-nested.xml",  # every item holds another, empty one
    "real/v2__no_encoding_ISO-8859-1.xml",  # an empty item
}


def words(*texts: str) -> set[str]:
    return {word for text in texts for word in WORD.findall(markup.text(text).lower())}


def their_words(entry: Mapping[str, object]) -> set[str]:
    content = entry.get("content")
    values = [str(each.get("value") or "") for each in content] if isinstance(content, list) else []
    return words(str(entry.get("title") or ""), str(entry.get("summary") or ""), *values)


@pytest.mark.slow
@needs_shared
def test_entries_keep_the_words_and_ids_that_feedparser_finds_and_no_feed_is_empty_in_silence() -> None:
    entries, poor, without_id, empty = 0, [], [], []
    for name, _ in table("real/index.tsv"):
        body = (CORPUS / name).read_bytes()
        text = charset.decode(body, content_type="").lstrip().encode()  # its guesses at the encoding are no measure
        text = re.sub(rb"^<\?xml[^>]*>", b"", text)
        headers = {"content-type": "application/xml; charset=utf-8", "content-location": URL}
        theirs = feedparser.parse(io.BytesIO(text), response_headers=headers).entries
        found = parse.feed(body, content_type="", url=URL)
        if name in LEFT_OUT or not theirs:
            continue
        if not isinstance(found, Parsed) or not found.entries:
            empty.append(name)
            continue
        ours = {(e.guid, e.link): words(e.headline, e.lead, e.body) for e in found.entries}
        ids = {guid for guid, _ in ours} | {link for _, link in ours}
        everything = set().union(*ours.values())
        for each in theirs:
            entries += 1
            wanted = their_words(each)
            if len(wanted - everything) > 0.05 * len(wanted):
                poor.append((name, each.get("id")))
            known = [markup.clean(str(each.get(key) or "")) for key in ("id", "link")]
            if any(known) and not any(one in ids or f"{one} " in " ".join(ids) + " " for one in known if one):
                without_id.append((name, known))
    assert empty == []
    assert without_id == []
    assert len(poor) <= 0.005 * entries, poor
