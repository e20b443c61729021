"""Text out of markup."""

from __future__ import annotations

import pytest

from monitor import markup


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("plain", "plain"),
        ("<b>NA</b>TO", "NATO"),
        ("<p class='a>b'>One</p>", "One"),
        ('<a href="https://feed.example/?a=1&amp;b=2">link</a>', "link"),
        ("a < b and c > d", "a < b and c > d"),
        ("I <3 the news", "I <3 the news"),
        ("List<String> explained", "List<String> explained"),
        ("mail <editor@news.example> now", "mail <editor@news.example> now"),
        ("AT&amp;T, Q&A", "AT&T, Q&A"),
        ("Use of &lt;script&gt; tags", "Use of <script> tags"),
        ("&amp;lt;b&amp;gt; stays", "&lt;b&gt; stays"),
        ("&#8222;quoted&#x201C;&nbsp;&mdash; word", "„quoted“ — word"),
        ("?a=1&copy=2", "?a=1&copy=2"),
        ("it&#146;s", "it’s"),
        ("<script>alert(1)</script>text<style>p {}</style>", "text"),
        ("<!-- hidden -->seen", "seen"),
        ("<![CDATA[kept]]>", "kept"),
        ("<!DOCTYPE html><?php x ?>text", "text"),
        ("<o:p></o:p><my-part>text</my-part>", "text"),
        ("<td>1</td><td>2</td>", "1 2"),
        ("<img src=x alt=it's>a <b>word</b>", "a word"),
        ('<a href="never ends>a word</a> and more', "a word and more"),
        ("one<br/>two\nlines", "one\ntwo lines"),
        ("<p>one<p>two", "one\ntwo"),
        ("one\n\n  two", "one\ntwo"),
        ("", ""),
    ],
)
def test_a_text_is_what_a_reader_sees(written: str, read: str) -> None:
    assert markup.text(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("one<br>two", "one two"),
        ("  one\r\nBcc: two\t", "one Bcc: two"),
        ("one\u2028two\x85three\x0bfour", "one two three four"),
    ],
)
def test_a_headline_is_one_line(written: str, read: str) -> None:
    assert markup.headline(written) == read


@pytest.mark.parametrize(
    "unseen",
    [
        *("\0", "\x07", "\x1b", "\x7f", "\x9b", "\ud800", "\uffff", "\ufdd0", "\U0001ffff"),
        *("\u200b", "\ufeff", "\u00ad", "\u202e", "\u2066", "\u200f", "&#0;", "&#x1b;", "&#x202e;"),
    ],
)
def test_what_no_text_may_hold_is_dropped(unseen: str) -> None:
    assert markup.headline(f"NA{unseen}TO").replace("\ufffd", "") == "NATO"


@pytest.mark.parametrize("kept", ["می\u200cخواهد", "👩\u200d🚒", "e\u0301té", "é", "日本", "𝕏"])
def test_what_belongs_to_a_word_is_kept(kept: str) -> None:
    assert markup.headline(kept) == kept


def test_a_headline_is_cut() -> None:
    assert markup.headline("ab" * 400) == "ab" * 250


def test_a_cut_leaves_a_letter_its_marks() -> None:
    assert markup.headline("a" * 499 + "e\u0301" * 9) == "a" * 499


def test_a_letter_with_endless_marks_is_cut_all_the_same() -> None:
    assert len(markup.headline("z" + "\u0301" * 9_000)) == markup.HEADLINE_LIMIT


def test_a_text_is_cut() -> None:
    assert len(markup.text("word " * 100_000)) == markup.TEXT_LIMIT - 1


def test_a_text_that_was_never_markup_keeps_its_brackets() -> None:
    assert markup.clean("a <b> c &amp; d \0\n\n e") == "a <b> c &amp; d\ne"


@pytest.mark.parametrize("part", ['<a "', "<", '<a href="', "&", "<a b=", "</", "<!", '<a x="y" '])
def test_broken_markup_takes_no_longer_the_more_there_is_of_it(part: str) -> None:
    """A quadratic pattern would run for minutes here, and the test would be stopped."""
    assert len(markup.text(part * 50_000)) <= markup.TEXT_LIMIT
