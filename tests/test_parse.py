"""Feeds out of bytes."""

from __future__ import annotations

import csv
import gzip
import io
import pickle
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import feedparser
import pytest

from monitor import item, markup, parse
from monitor.feed import NotAFeed, Parsed
from monitor.item import Entry
from tests.conftest import SHARED, needs_shared

CORPUS = SHARED / "corpus"
URL = "https://news.example/rss/all.xml"


def read(body: str | bytes, *, content_type: str = "application/rss+xml") -> Parsed:
    found = parse.feed(body.encode() if isinstance(body, str) else body, content_type=content_type, url=URL)
    assert isinstance(found, Parsed), found
    return found


def refuse(body: str | bytes) -> str:
    found = parse.feed(body.encode() if isinstance(body, str) else body, content_type="", url=URL)
    assert isinstance(found, NotAFeed), found
    return found.detail


def rss(*items: str, channel: str = "<title>News</title>") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"{channel}{''.join(f'<item>{item}</item>' for item in items)}</channel></rss>"
    )


def atom(*entries: str, base: str = "") -> str:
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" {base}><title>News</title>'
        f"{''.join(f'<entry>{entry}</entry>' for entry in entries)}</feed>"
    )


def only(body: str | bytes) -> Entry:
    (entry,) = read(body).entries
    return entry


def headline(title: str) -> str:
    """Return the headline of an RSS item with such a title."""
    return only(rss(f"<guid>1</guid><title>{title}</title>")).headline


# --- what an entry is ------------------------------------------------------------------------------------------------


def test_an_rss_item_becomes_an_entry() -> None:
    entry = only(
        rss(
            "<guid isPermaLink='false'>news-1</guid><link>https://news.example/1</link><title>NATO meets</title>"
            "<description>The Alliance met.</description><author>anna@news.example (Anna)</author>"
            "<category>World</category><category>NATO</category><category>World</category>"
            "<pubDate>Tue, 24 Nov 2026 10:00:00 +0300</pubDate>"
        )
    )
    assert entry == Entry(
        guid="news-1",
        link="https://news.example/1",
        headline="NATO meets",
        lead="The Alliance met.",
        author="anna@news.example (Anna)",
        categories=("World", "NATO"),
        published=datetime(2026, 11, 24, 7, tzinfo=UTC),
    )


def test_an_atom_entry_becomes_an_entry() -> None:
    entry = only(
        atom(
            "<id>urn:1</id><link href='https://news.example/1'/><title type='html'>NATO &lt;b>meets&lt;/b></title>"
            "<summary>The Alliance met.</summary><author><name>Anna</name></author><category term='NATO'/>"
            "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>"
            "<p>The Alliance met.</p><p>In Oslo.</p></div></content>"
            "<published>2026-11-24T10:00:00+03:00</published><updated>2026-11-25T10:00:00Z</updated>"
        )
    )
    assert entry == Entry(
        guid="urn:1",
        link="https://news.example/1",
        headline="NATO meets",
        lead="The Alliance met.",
        body="The Alliance met.\nIn Oslo.",
        author="Anna",
        categories=("NATO",),
        published=datetime(2026, 11, 24, 7, tzinfo=UTC),
    )


def test_a_feed_has_a_title_and_a_language() -> None:
    found = read(rss(channel="<title>News &amp;amp; more</title><language>en-GB</language>"))
    assert (found.title, found.language, found.entries, found.left_out) == ("News & more", "en-GB", (), 0)


@pytest.mark.parametrize("language", ["", "<language/>", "<language x='y'/>"])
def test_a_feed_may_have_no_language(language: str) -> None:
    assert read(rss(channel=language)).language is None


@pytest.mark.parametrize("empty", ["<title/>", "<link/>", "<description/>", "<author/>", "<category/>", "<pubDate/>"])
def test_empty_elements_are_no_words(empty: str) -> None:
    assert only(rss(f"<guid>1</guid>{empty}")) == Entry(guid="1")


def test_an_entry_can_be_sent_to_another_process() -> None:
    found = read(rss("<guid>1</guid><title>NATO</title>"))
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - our own


# --- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("NATO &lt;b&gt;meets&lt;/b&gt; today", "NATO meets today"),
        ("NATO <b>meets</b> today", "NATO meets today"),
        ("<![CDATA[NATO <i>meets</i> &amp; talks]]>", "NATO meets & talks"),
        ("AT&amp;amp;T", "AT&T"),
        ("AT&amp;T", "AT&T"),
        ("a &lt; b", "a < b"),
        ("Use of &amp;lt;script&amp;gt;", "Use of <script>"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;NATO", "NATO"),
        ("NATO\n  meets\r\n today", "NATO meets today"),
        ("it&#146;s&#160;here", "it’s here"),
        ("NA&#x200b;TO &#x202e;meets", "NATO meets"),
        ("НАТО &#1074;стречается", "НАТО встречается"),
        ("{{7*7}} %s ${x}", "{{7*7}} %s ${x}"),
    ],
)
def test_a_headline_is_the_words_of_the_title(title: str, words: str) -> None:
    assert headline(title) == words


@pytest.mark.parametrize(
    "broken",
    [
        *("&#xD800;", "&#xD8\x0000;", "&#55296;", "&#0;", "&#x1F;", "&#x110000;", f"&#{'9' * 5000};"),
        *("\0", "\x1b", "\uffff"),
    ],
)
def test_a_character_that_cannot_be_spoils_nothing_around_it(broken: str) -> None:
    entries = read(rss(f"<guid>1</guid><title>NA{broken}TO</title>", "<guid>2</guid><title>Second</title>")).entries
    assert [entry.headline for entry in entries] == ["NATO", "Second"]


@pytest.mark.parametrize("others", [1, 99, 100, 101, 400])
def test_such_a_character_is_found_behind_any_number_of_others(others: int) -> None:
    assert headline("#" * others + "&#146;") == "#" * others + "’"


def test_what_is_left_of_two_references_is_text_and_no_third_one() -> None:
    assert headline("NA&#xD8&#0;00;TO") == "NA&#xD800;TO"


def test_a_headline_is_cut() -> None:
    assert len(headline("x" * 10_000)) == 500


@pytest.mark.parametrize(
    ("lead", "words"),
    [
        ("The Alliance met on Tuesday.", "The Alliance met on Tuesday."),
        ("<p>It met.</p><p>It talked.</p>", "It met. It talked."),
        ("The Alliance met. " * 20, "The Alliance met. " * 4 + "The Alliance met."),
        ("word " * 50, "word " * 19 + "word"),
        ("x" * 200, "x" * 100),
    ],
)
def test_without_a_title_the_lead_begins_the_headline(lead: str, words: str) -> None:
    assert only(rss(f"<guid>1</guid><description>{escape(lead)}</description>")).headline == words


def test_the_lead_is_the_summary_and_the_body_the_content() -> None:
    entry = only(
        rss(
            "<guid>1</guid><description>It met.</description>"
            "<content:encoded><![CDATA[<p>It met.</p><p>It talked.</p>]]></content:encoded>"
        )
    )
    assert (entry.lead, entry.body) == ("It met.", "It met.\nIt talked.")


def test_a_content_that_says_no_more_than_the_summary_is_no_body() -> None:
    entry = only(
        rss("<guid>1</guid><description>It met.</description><content:encoded>&lt;p>It met.&lt;/p></content:encoded>")
    )
    assert (entry.lead, entry.body) == ("It met.", "")


@pytest.mark.parametrize("element", ["description", "content:encoded"])
def test_a_short_text_alone_is_the_lead(element: str) -> None:
    entry = only(rss(f"<guid>1</guid><{element}>It met.</{element}>"))
    assert (entry.lead, entry.body) == ("It met.", "")


@pytest.mark.parametrize(
    "element", ["<description>{}</description>", "<content:encoded>{}</content:encoded>"], ids=["summary", "content"]
)
def test_a_long_text_alone_is_the_body_and_its_opening_the_lead(element: str) -> None:
    text = "<p>It met in Oslo.</p>" + "<p>Much was said there.</p>" * 40
    entry = only(rss(f"<guid>1</guid>{element.format(escape(text))}"))
    assert (entry.lead, len(entry.body.splitlines())) == (entry.body[: len(entry.lead)], 41)
    assert (len(entry.lead) <= item.SHORT, entry.lead.endswith("Much was said there.")) == (True, True)


def test_an_atom_content_alone_is_the_lead() -> None:
    entry = only(atom("<id>1</id><content type='text'>It met.</content>"))
    assert (entry.lead, entry.body) == ("It met.", "")


def test_a_content_that_is_no_text_is_not_read() -> None:
    entry = only(atom("<id>1</id><summary>It met.</summary><content type='image/png'>aGVsbG8gd29ybGQgYW5k</content>"))
    assert (entry.lead, entry.body) == ("It met.", "")


def test_what_a_video_is_about_is_its_lead() -> None:
    entry = only(rss("<guid>1</guid><media:group><media:description>It met.</media:description></media:group>"))
    assert entry.lead == "It met."


def test_a_text_is_cut() -> None:
    entry = only(rss(f"<guid>1</guid><description>{'word ' * 100_000}</description>"))
    assert len(entry.body) == 199_999


# --- identity and links ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("https://news.example/1?a=1&amp;b=2", "https://news.example/1?a=1&b=2"),
        ("http://news.example/", "http://news.example/"),
        ("/1", "https://news.example/1"),
        ("1.html", "https://news.example/rss/1.html"),
        ("//other.example/1", "https://other.example/1"),
        (" https://news.example/1\n", "https://news.example/1"),
        ("javascript:alert(1)", ""),
        ("file:///etc/hostname", ""),
        ("data:text/html,x", ""),
        ("http://[::1", ""),
        (f"https://news.example/{'x' * 3_000}", ""),
    ],
)
def test_a_link_is_an_absolute_address_of_the_web(link: str, address: str) -> None:
    assert only(rss(f"<guid isPermaLink='false'>1</guid><link>{link}</link>")).link == address


@pytest.mark.parametrize(
    ("base", "address"),
    [
        ("https://cdn.example/a/", "https://cdn.example/a/1"),
        ("/b/", "https://news.example/b/1"),
        ("file:///etc/", ""),
        ("http://[bad", "https://news.example/rss/1"),
    ],
)
def test_a_relative_link_is_resolved_against_the_base_that_the_feed_names(base: str, address: str) -> None:
    assert only(atom("<id>1</id><link href='1'/>", base=f"xml:base='{base}'")).link == address


@pytest.mark.parametrize("between", ["", "\n", "\ufeff"])
def test_a_document_that_declares_itself_twice_is_what_its_bytes_say(between: str) -> None:
    second = f"<?xml version='1.0' encoding='koi8-r'?>{between}"
    assert headline("Переговоры") == only(second + rss("<guid>1</guid><title>Переговоры</title>")).headline
    assert refuse(f"<?xml version='1.0'?>{second}<urlset><url/></urlset>") == "a sitemap without news, not a feed"


def test_an_address_as_guid_is_the_link() -> None:
    assert only(rss("<guid>https://news.example/1</guid>")).link == "https://news.example/1"


@pytest.mark.parametrize("guid", ["123", "news/1", "tag:news.example,2026:1"])
def test_any_other_guid_is_no_link_and_stays_as_it_is_wherever_the_feed_moves(guid: str) -> None:
    assert only(rss(f"<guid>{guid}</guid>")) == Entry(guid=guid)


def test_of_one_identity_the_first_is_kept() -> None:
    twice = "<guid>1</guid><link>https://news.example/1</link><title>NATO</title><description>{}</description>"
    assert only(rss(twice.format("first"), twice.format("second"))).lead == "first"


def test_a_guid_that_several_links_share_is_none() -> None:
    entries = read(
        rss(*(f"<guid isPermaLink='false'>0</guid><link>https://news.example/{n}</link>" for n in range(3)))
    ).entries
    assert [(entry.guid, entry.link) for entry in entries] == [("", f"https://news.example/{n}") for n in range(3)]


@pytest.mark.parametrize("guid", ["", "<guid>https://news.example/</guid>"])
def test_a_link_that_several_headlines_share_is_an_identity_only_with_them(guid: str) -> None:
    news = [f"{guid}<link>https://news.example/</link><title>News {n}</title>" for n in range(4)]
    now, later = ({item.key(entry) for entry in read(rss(*some)).entries} for some in (news[:3], news[1:]))
    assert (len(now), len(later), len(now & later)) == (3, 3, 2)


def test_without_guid_and_link_the_headline_is_the_identity() -> None:
    assert len(read(rss("<title>a</title>", "<title>b</title>", "<title>a</title>")).entries) == 2


def test_an_entry_that_says_nothing_is_none() -> None:
    assert read(rss("<pubDate>Tue, 24 Nov 2026 10:00:00 GMT</pubDate>", "")).entries == ()


# --- times -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "time"),
    [
        ("Tue, 24 Nov 2026 10:00:00 GMT", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("2026-11-24T10:00:00.5+03:00", datetime(2026, 11, 24, 7, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("9999-12-31T23:59:59-12:00", None),
        ("0000-00-00T00:00:00Z", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_time_is_in_utc_or_absent(date: str, time: datetime | None) -> None:
    assert only(rss(f"<guid>1</guid><pubDate>{date}</pubDate>")).published == time


@pytest.mark.parametrize("published", ["", "<published>some day</published>"])
def test_without_a_time_of_publishing_the_last_change_counts(published: str) -> None:
    entry = only(atom(f"<id>1</id>{published}<updated>2026-11-24T10:00:00Z</updated>"))
    assert entry.published == datetime(2026, 11, 24, 10, tzinfo=UTC)


# --- documents that are too large, or broken -------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["</channel></rss>", ""])
def test_the_first_thousand_entries_are_read(end: str) -> None:
    document = rss(*(f"<guid>{n}</guid><title>News {n}</title>" for n in range(1_234)))
    found = read(document.removesuffix("</channel></rss>") + end)
    assert (len(found.entries), found.entries[-1].guid, found.left_out) == (1_000, "999", 234)


def test_entries_that_are_never_closed_are_counted_too() -> None:
    assert read(f"<rss version='2.0'><channel>{'<item><title>a' * 1_500}").left_out == 500


def test_an_entry_that_breaks_off_is_left_for_the_next_poll() -> None:
    whole = rss("<guid>1</guid><title>First</title>", "<guid>2</guid><title>Second</title>")
    assert [entry.headline for entry in read(whole[: whole.index("cond")]).entries] == ["First"]


@pytest.mark.parametrize("before", ["\n\n ", "\ufeff", "\ufeff\n", "\0", "<!-- generated -->", "<br/>Warning: x\n"])
def test_what_stands_before_the_document_does_not_hide_it(before: str) -> None:
    assert only(before + rss("<guid>1</guid><title>НАТО</title>")).headline == "НАТО"


@pytest.mark.parametrize("broken", ["Q&A", "a & b", "&nbsp;x", "<b>never closed", "<br>"])
def test_a_broken_document_gives_its_entries(broken: str) -> None:
    entries = read(rss(f"<guid>1</guid><title>{broken}</title>", "<guid>2</guid><title>Second</title>")).entries
    assert [entry.headline for entry in entries][-1] == "Second"


@pytest.mark.parametrize(
    "channel",
    [
        "</width>",
        "</height>",
        "</creativeCommons:license>",
        "<gml:pos>1 2</gml:pos>",
        "<gml:posList/>",
        "<psc:chapters version='1.1'><psc:chapter title='Intro'/></psc:chapters>",
    ],
)
def test_an_element_that_breaks_its_reader_costs_no_entry(channel: str) -> None:
    spaces = (
        ' xmlns:gml="http://www.opengis.net/gml"'
        ' xmlns:psc="http://podlove.org/simple-chapters"'
        ' xmlns:creativeCommons="http://backend.userland.com/creativeCommonsRssModule"'
    )
    entries = (
        f"<guid>1</guid><title>First</title>{channel}",
        "<guid>2</guid><title>Second</title>",
    )
    document = rss(*entries, channel=channel).replace("<rss", f"<rss{spaces}")
    assert [entry.headline for entry in read(document).entries] == ["First", "Second"]


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1251", "koi8-r", "utf-16"])
@pytest.mark.parametrize("declared", ["utf-8", "windows-1251"])
def test_a_headline_is_readable_whatever_the_document_declares(encoding: str, declared: str) -> None:
    document = rss("<guid>1</guid><title>НАТО даёт гарантии безопасности</title>").replace('"utf-8"', f'"{declared}"')
    assert only(document.encode(encoding)).headline == "НАТО даёт гарантии безопасности"


def test_an_entity_is_not_expanded_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("canary")
    document = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{(tmp_path / "secret").as_uri()}">]>' + rss(
        "<guid>1</guid><title>[&x;]</title>"
    ).removeprefix('<?xml version="1.0" encoding="utf-8"?>')
    assert "canary" not in only(document).headline


# --- what is no feed -------------------------------------------------------------------------------------------------

PAGE = "<!doctype html><html><head>{}</head><body>Please log in</body></html>"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("", "the answer is empty"),
        (" \n", "the answer is empty"),
        (PAGE, "a web page, not a feed"),
        ("<HTML><body>x</body></HTML>", "a web page, not a feed"),
        ('<?xml version="1.0"?><!-- a --><html xmlns="x"/>', "a web page, not a feed"),
        ('<?xml version="1.0"?><opml version="2.0"><body/></opml>', "a list of feeds (OPML), not a feed"),
        ("<urlset><url/></urlset>", "a sitemap without news, not a feed"),
        ("<urlset><url></urlset>", "a sitemap that cannot be read (broken XML: mismatched tag: line 1, column 15)"),
        ("<!DOCTYPE urlset><urlset/>", "a sitemap that cannot be read (a document type)"),
        ("<sitemapindex/>", "a list of sitemaps that lists none"),
        ('{"error": 1}', "JSON, not a feed"),
        ("[1]", "JSON, not a feed"),
        ('{"version": 1, "items": []}', "JSON, not a feed"),
        ("[" * 100_000, "JSON that is nested too deeply, not a feed"),
        ('{"a', "broken JSON, not a feed (Unterminated string starting at: line 1 column 2 (char 1))"),
        (b"\x1f\x8b\x08\0\0", "gzip that is cut off, not a feed"),
        (b"\x1f\x8b\xff\xff\xff\xff", "broken gzip, not a feed"),
        (gzip.compress(gzip.compress(b"x", mtime=0), mtime=0), "compressed data (gzip, twice), not a feed"),
        (gzip.compress(bytes(11 * 1024 * 1024), mtime=0), "gzip of more than 10485760 bytes, not a feed"),
        (b"PK\x03\x04", "compressed data (zip), not a feed"),
        (b"%PDF-1.7", "a PDF document, not a feed"),
        ("<root><a>b</a></root>", "neither RSS nor Atom; it begins with “<root><a>b</a></root>”"),
        ("Too many  requests \x1b[31m", "neither RSS nor Atom; it begins with “Too many requests [31m”"),
        ("&#0;", "neither RSS nor Atom; it begins with “&#0;”"),
    ],
)
def test_what_is_no_feed_is_named(body: str | bytes, detail: str) -> None:
    assert refuse(body) == detail


@pytest.mark.parametrize(
    ("link", "feed"),
    [
        ('<link rel="alternate" type="application/rss+xml" href="/rss">', "https://news.example/rss"),
        (
            "<LINK href=/a?b=1&amp;c=2 type='application/atom+xml' rel='home alternate'>",
            "https://news.example/a?b=1&c=2",
        ),
        ('<link rel="alternate" type="text/html" href="/m"><link rel="stylesheet" href="/s">', ""),
        ('<link rel="alternate" type="application/rss+xml">', ""),
        ('<link rel="alternate" type="application/rss+xml" href="javascript:x">', ""),
    ],
)
def test_a_web_page_names_the_feed_that_it_links_to(link: str, feed: str) -> None:
    linked = f"; it links to the feed {feed}" if feed else ""
    assert refuse(PAGE.format(link)) == f"a web page, not a feed{linked}"


def test_a_page_without_end_is_told_by_its_beginning() -> None:
    assert refuse("<!-- " * 20_000 + "<html>").startswith("neither RSS nor Atom")


def test_a_body_that_is_a_path_opens_no_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_text(rss("<guid>1</guid><title>canary</title>"))
    assert "canary" not in refuse(str(secret))


def test_a_body_that_is_an_address_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr("feedparser.http.get", lambda *arguments: asked.append(arguments))
    assert (refuse("http://127.0.0.1:9/feed.xml")[:20], asked) == ("neither RSS nor Atom", [])


# --- other people's feeds --------------------------------------------------------------------------------------------

#: Entries fewer than feedparser finds, and why.
FEWER = {
    "rss_feeds__apnews.xml": 311,  # 510 rows of a scraped page: 199 differ in link or headline
    "node-feedparser__illegally-nested.xml": 10,  # every item holds another, empty one
    "rss-parser__feed_holod.xml": 9,  # listed twice
    "FeedReader__Rss20LeFigaro.xml": 1,  # listed twice
    "reader__feed_rss2_nova.xml": 1,  # listed twice
    "rss-parser__itsmycity.xml": 1,  # listed twice, one under a wrong year
    "v2__no_encoding_ISO-8859-1.xml": 1,  # an empty item
    "fastfeedparser__osm-pl.xml": 1,  # the document breaks off within the item
}
#: Sitemaps that Google's crawler would not take for news either.
NO_NEWS = {
    "real/crawler-commons__hebdenbridgetimes-articles-sitemap.xml",
    "real/crawler-commons__sitemap-videos.xml",
}
#: Signs that a headline was read in a wrong encoding, or holds what is no text.
UNREADABLE = re.compile(r"[\ufffd\0-\x1f\x7f-\x9f]|&#?\w+;|</?[a-z]+[ >]|[ÐÑ][\x80-\xbf]|Ã.|â€")


def table(path: Path) -> list[Mapping[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.slow
@needs_shared
def test_real_feeds_become_entries_with_readable_headlines() -> None:
    fewer, headlines = {}, []
    for row in table(CORPUS / "real/index.tsv"):
        if row["file"] in NO_NEWS:
            continue
        found = parse.feed((CORPUS / row["file"]).read_bytes(), content_type="", url=URL)
        assert isinstance(found, Parsed), row["file"]
        if missing := int(row["entries"]) - len(found.entries):
            fewer[Path(row["file"]).name] = missing
        headlines += [entry.headline for entry in found.entries if entry.headline]
    assert fewer == FEWER
    unreadable = [headline for headline in headlines if UNREADABLE.search(headline)]
    assert len(unreadable) < 0.005 * len(headlines), unreadable


@pytest.mark.slow
@needs_shared
def test_feedparsers_own_documents_are_all_read_and_no_entry_with_words_is_lost() -> None:
    """The expectations of its manifest are about values that are not kept here; so its own parse is the measure."""
    lost = []
    for row in table(CORPUS / "feedparser-manifest.tsv"):
        body = (CORPUS / row["file"]).read_bytes()
        found = parse.feed(body, content_type=row["content_type"], url=URL)
        theirs = feedparser.parse(io.BytesIO(body), response_headers={"content-location": URL})
        words = {
            # feedparser makes a link of an id too, resolved, which is none that stands there
            (e.get("id"), e.get("link") if e.get("links") else None, _seen(e, "title") or _seen(e, "summary"))
            for e in theirs.entries
        }
        if len([some for some in words if any(some)]) > (len(found.entries) if isinstance(found, Parsed) else 0):
            lost.append(row["file"])
    assert lost == []


def _seen(entry: Mapping[str, str], name: str) -> str:
    return markup.text(entry.get(name) or "")
