"""Documents and servers that were made to do harm, and what becomes of each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.conftest import SHARED
from tests.http_server import DROP, HANG, Mode, Reply
from tests.scenarios.house import rss

CORPUS = SHARED / "corpus" / "hostile"
#: How bodies are packed; what is not here is served as it stands.
CODINGS = {
    "bomb_gzip_100MB.bin": "gzip",
    "bomb_gzip_x2_1GB.bin": "gzip",
    "bomb_brotli_100MB.bin": "br",
    "bomb_zstd_100MB.bin": "zstd",
    "bomb_deflate_raw_100MB.bin": "deflate",
}
#: Where documents say that something listens which must never be asked.
NOWHERE = b"127.0.0.1:9/"

#: How many items are read of a document, where it is another number than one.
ITEMS = {
    "date_weird.xml": 10,
    "enc_utf8_one_bad_byte.xml": 2,
    "json_bad_types.json": 2,
    "guid_missing.xml": 3,
    "guid_same_for_all.xml": 20,
    "guid_v1.xml": 30,
    "guid_v2_all_changed.xml": 30,
    "http_not_modified_first.raw": 0,
    "xml_nest_10k.xml": 0,
    "xml_unclosed_items_15k.xml": 0,
}
#: The headline of the first item, where what matters is that it can be read, or that it is without what it held.
HEADLINES = {
    "char_ansi_raw.xml": "]0;owned[2J[31mred",
    "char_bidi.xml": "Invoice gpj.exe x",
    "char_noncharacters.xml": "a[31mredb",
    "char_nul.xml": "ab",
    "char_surrogate_ref.xml": "ab",
    "char_zero_width.xml": "NATO security guarantees NATO",
    "enc_cp1251_declared_utf8.xml": "НАТО: гарантии безопасности",
    "enc_cp1252_declared_utf8.xml": "L\N{RIGHT SINGLE QUOTATION MARK}Élysée à Kiev: garanties de sécurité",
    "enc_idna.xml": "Title",
    "enc_koi8r_declared_windows1251.xml": "НАТО: гарантии безопасности",
    "enc_no_decl_koi8r.xml": "НАТО: гарантии безопасности",
    "enc_rot13.xml": "Title",
    "enc_unicode_escape.xml": "\\x3cscript\\x3e",
    "enc_utf16_bom.xml": "НАТО",
    "enc_utf16_declared_utf8.xml": "НАТО: гарантии безопасности",
    "enc_utf16le_nobom.xml": "НАТО",
    "enc_utf32be.xml": "НАТО",
    "enc_utf7.xml": "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "enc_utf8_declared_windows1251.xml": "НАТО: гарантии безопасности",
    "enc_utf8_one_bad_byte.xml": "НАТО: гарантии безопасности",
    "enc_utf8_truncated_char.xml": "Обрыв",
    "inj_csv_formula.xml": '=HYPERLINK("http://evil.example","x")',
    "inj_html_title.xml": "x",
    "inj_html_title_atom.xml": "",
    "inj_sql.xml": "x'); DROP TABLE item;-- \\",
    "truncated_mid_item.xml": "Title",
    "xml_billion_laughs.xml": "&l9;",
    "xml_xxe_file.xml": "[&x;]",
    "xml_xxe_http.xml": "[&x;]",
}
_PAGE, _LIST, _CODING = "a web page", "a list of feeds (OPML)", "encoding that was not asked for"
#: Of what is no feed, words of the reason that is shown.
REASONS = {
    **dict.fromkeys(
        ("art_attrs_12k.html", "art_emptyp_25k.html", "art_hidden_text.html", "art_jsonld_escapes.html"), _PAGE
    ),
    **dict.fromkeys(("art_meta_refresh.html", "art_nest_5k.html", "art_spans_15k.html", "html_200.html"), _PAGE),
    **dict.fromkeys(("opml_lol.opml", "opml_nest_3k.opml", "opml_path.opml"), _LIST),
    "json_deep.json": "JSON that is nested too deeply",
    **dict.fromkeys(("bomb_brotli_100MB.bin", "bomb_deflate_raw_100MB.bin", "bomb_zstd_100MB.bin"), _CODING),
    **dict.fromkeys(("http_enc_lie.raw", "http_enc_unknown.raw"), _CODING),
    **dict.fromkeys(("http_cache_forever.raw", "http_charset_lie.raw", "http_etag_inject.raw"), "the answer is empty"),
    **dict.fromkeys(("http_cl_negative.raw", "http_header_nul.raw", "http_http09.raw"), "not proper HTTP"),
    "body_is_path.xml": "neither RSS nor Atom; it begins with “/etc/passwd”",
    "body_is_url.xml": "neither RSS nor Atom; it begins with “http://",
    "bomb_gzip_100MB.bin": "more than 10485760 bytes",
    "bomb_gzip_x2_1GB.bin": "gzip of more than 10485760 bytes",
    "empty.xml": "the answer is empty",
    "http_redirect_empty.raw": "302 Found",
    "http_redirect_file.raw": "file: only http and https are asked",
    "http_redirect_javascript.raw": "address cannot be used",
    "http_redirect_metadata.raw": "address is not public (169.254.169.254",
    "http_redirect_port99999.raw": "port 99999 does not exist",
    "http_retry_after_bad.raw": "503 Service Unavailable",
    "http_retry_after_huge.raw": "429 Too Many Requests",
    "http_te_and_cl.raw": "not proper HTTP",
}
#: Where the links of the corpus lead that no article may be read from.
FORBIDDEN = (
    "http://169.254.169.254/latest/meta-data/",
    "http://127.1:8080/admin",
    "http://[::ffff:127.0.0.1]/",
    "http://2130706433/",
)


def listed() -> tuple[str, ...]:
    """Return the names of all files of the corpus."""
    lines = (CORPUS / "index.tsv").read_text(encoding="utf-8").splitlines()
    return tuple(line.partition("\t")[0] for line in lines[1:])


def served(canary: bytes) -> Mapping[str, Reply]:
    """Return how each document is served; those that lure their reader to an address lead it to the canary."""
    return {name: _served(name, canary) for name in listed() if Path(name).suffix != ".toml"}


def _served(name: str, canary: bytes) -> Reply:
    body = (CORPUS / name).read_bytes().replace(NOWHERE, canary)
    if name.endswith(".raw"):
        return Reply(raw=body)
    return Reply(body=body, headers={"Content-Encoding": CODINGS[name]} if name in CODINGS else {})


# --- too large for a file ----------------------------------------------------------------------------------------


def _channel(inside: bytes) -> bytes:
    return b'<rss version="2.0"><channel><title>Wire</title>' + inside + b"</channel></rss>"


def _items(count: int, more: bytes = b"") -> bytes:
    return b"".join(b"<item><guid>%d</guid><title>Item %d</title>%s</item>" % (n, n, more) for n in range(count))


def _attributes(count: int) -> bytes:
    attributes = b" ".join(b'a%d="1"' % n for n in range(count))
    return _channel(b"<item><title>Title</title><x " + attributes + b"/></item>")


def _entities(count: int) -> bytes:
    entities = b"".join(b'<!ENTITY e%d "x">' % n for n in range(count))
    return b"<!DOCTYPE rss [" + entities + b"]>" + _channel(_items(1))


def _outlines(count: int, title: bytes) -> bytes:
    outline = b'<outline text="' + title + b'" xmlUrl="http://feed.example/"/>'
    return b"<opml version='2.0'><body>" + outline * count + b"</body></opml>"


#: Documents that only a fast machine reads in time, so that each costs the deadline.
SLOW = ("title of tags", "attributes 20000", "entities 50000")


def documents() -> Mapping[str, tuple[bytes, int | None]]:
    """Return large documents, and how many items are read of each by a machine that is fast enough: None of no feed."""
    long, tags = b"<description>" + b"word " * 20 + b"</description>", b"<description>&lt;p&gt;</description>"
    return {
        "items 100000": (_channel(_items(100_000, long)), None),  # 18 MB
        "items 100000 short": (_channel(_items(100_000)), 1_000),
        "items of tags": (_channel(_items(1_000, tags * 200)), 1_000),
        "title": (_channel(b"<item><title>" + b"word " * 1_900_000 + b"</title></item>"), 1),
        "title of tags": (_channel(b"<item><title>" + b"&lt;b&gt;" * 1_000_000 + b"</title></item>"), 0),
        "attributes 20000": (_attributes(20_000), 1),
        "attributes 100000": (_attributes(100_000), 1),
        "entities 50000": (_entities(50_000), 1),
        "outlines 50000": (_outlines(50_000, b"Feed"), None),
        "outline 5 MB": (_outlines(1, b"a" * 5_000_000), None),
    }


def pages() -> Mapping[str, bytes]:
    """Return web pages that hold their reader for over 25 s."""
    spans = b"<span>a</span>" * 100_000
    quotes = b'<script type="application/ld+json">{"author": "' + b'\\"' * 200_000 + b'"}</script>'
    return {
        "spans": b"<html><body><article><p>" + spans + b"</p></article></body></html>",
        "quotes": b"<html><head>" + quotes + b"</head><body><article><p>Words.</p></article></body></html>",
    }


# --- servers -----------------------------------------------------------------------------------------------------

_ITEM = b"<item><title>Endless</title></item>"
_HEAD = b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 1_000_000


def servers(loop: str, pace: float) -> Mapping[str, Reply]:
    """Return ways to misbehave, at so many seconds from one byte to the next; ``loop`` is the way to itself."""
    return {
        "hang": HANG,
        "drop": DROP,
        "stall": Reply(body=rss([{"title": "Never whole"}]), mode=Mode.STALL),
        "drip": Reply(body=rss([{"title": "One byte at a time"}]), mode=Mode.DRIP, pace=pace),
        "drip of a head": Reply(raw=_HEAD, mode=Mode.DRIP, pace=pace),
        "endless": Reply(body=b"<rss version='2.0'><channel>" + _ITEM * 500, mode=Mode.ENDLESS),
        "endless chunks": Reply(
            headers={"Transfer-Encoding": "chunked"}, body=b"10000\r\n" + bytes(0x10000) + b"\r\n", mode=Mode.ENDLESS
        ),
        "hints": Reply(mode=Mode.HINTS, pace=pace),
        "loop": Reply(status=302, headers={"Location": loop}),
        "head of 200 kB": Reply(raw=b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 200_000 + b"\r\n\r\n"),
    }


#: The reason that is shown of a server that misbehaves; each other one is said not to be whole in time, or silent.
SERVER_REASONS = {
    "drop": "not proper HTTP",
    "endless": "more than 10485760 bytes",
    "endless chunks": "more than 10485760 bytes",
    "loop": "more than 5",
    "head of 200 kB": "not proper HTTP",
}
