"""Texts of articles out of web pages."""

from __future__ import annotations

import pytest

from monitor import article
from monitor.item import ArticleText, NoText, Unreadable

URL = "https://news.example/2026/11/24/alliance"
FIRST = "The Alliance gave security guarantees to a neighbour on Tuesday, the minister said at a briefing in Oslo."
SECOND = "Both sides will meet again next week to talk about the details of the agreement that they have signed."


def page(body: str, head: str = "<title>News</title>") -> bytes:
    return (
        f"<!doctype html><html><head>{head}</head><body><nav><a href='/'>Home</a> <a href='/world'>World</a></nav>"
        f"<main><article>{body}</article></main><aside><a href='/ad'>Buy now</a></aside>"
        "<footer>Copyright News. All rights reserved.</footer></body></html>"
    ).encode()


def read(body: bytes, content_type: str = "text/html") -> str:
    found = article.text(body, content_type=content_type, url=URL)
    assert isinstance(found, ArticleText), found
    return found.text


def refuse(body: bytes, content_type: str = "text/html") -> NoText:
    found = article.text(body, content_type=content_type, url=URL)
    assert isinstance(found, NoText), found
    return found


def test_the_paragraphs_of_an_article_are_lines() -> None:
    assert read(page(f"<p>{FIRST}</p><p>{SECOND}</p>")) == f"{FIRST}\n{SECOND}"


def test_menus_footers_and_advertisements_are_no_part_of_it() -> None:
    text = read(page(f"<p>{FIRST}</p><p>{SECOND}</p>" * 5))
    assert not any(word in text for word in ("Home", "Buy now", "Copyright"))


def test_a_flash_of_one_sentence_is_an_article() -> None:
    assert read(page(f"<p>{FIRST}</p>")) == FIRST


@pytest.mark.parametrize("content_type", ["", "text/html; charset=windows-1251", "APPLICATION/XHTML+XML", "text/xml"])
def test_a_page_is_read_whatever_kind_of_html_it_is_served_as(content_type: str) -> None:
    assert read(page(f"<p>{FIRST}</p>"), content_type) == FIRST


@pytest.mark.parametrize("content_type", ["application/pdf", "image/png; x=y", "video/mp4", "text/plain", "nonsense"])
def test_what_is_no_page_is_not_read(content_type: str) -> None:
    refused = refuse(page(f"<p>{FIRST}</p>"), content_type)
    served_as = content_type.partition(";")[0]
    assert (refused.reason, str(refused)) == (Unreadable.NOT_HTML, f"not a page of HTML, but {served_as}")


@pytest.mark.parametrize(
    "body", [b"", b"<", b"\0" * 500, b"%PDF-1.7", b"\x1f\x8b\x08\0", page(""), b"<html><body></body></html>"]
)
def test_a_page_without_an_article_is_said_to_be_empty(body: bytes) -> None:
    assert refuse(body) == NoText(reason=Unreadable.EMPTY)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "koi8-r", "utf-16"])
def test_a_page_is_read_in_whatever_encoding_it_is(encoding: str) -> None:
    words = "Альянс дал гарантии безопасности соседнему государству, сообщил во вторник министр."
    body = page(f"<p>{words}</p>", '<meta charset="utf-8">').decode().encode(encoding)
    assert read(body) == words


def test_a_page_with_an_xml_declaration_is_read() -> None:
    body = b'<?xml version="1.0" encoding="utf-8"?>' + page(f"<p>{FIRST}</p>")
    assert read(body) == FIRST


def test_what_no_text_may_hold_is_dropped() -> None:
    written = FIRST.replace("security", "se&#x202e;cu&#8203;ri\x1bty")
    assert read(page(f"<p>{written}</p>")) == FIRST


def test_a_text_is_cut() -> None:
    paragraphs = "".join(f"<p>{FIRST} {number}</p>" for number in range(3_000))
    assert 199_000 < len(read(page(paragraphs))) <= 200_000


def test_metadata_that_would_hold_the_reader_for_minutes_are_not_read() -> None:
    """The quotes make a pattern of trafilatura's run away; with metadata this takes over 30 s."""
    quotes = r"\"" * 80_000
    script = f'<script type="application/ld+json">{{"author": "{quotes}"}}</script>'
    assert read(page(f"<p>{FIRST}</p>", script)) == FIRST
