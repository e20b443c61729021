"""What people read: every form of a message, and that nothing a publisher writes can act in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor import render, sheet
from monitor.alert import CORRECTING, FIRST, Change, Delivery, Digest, Kind, Notice, Priority, What
from monitor.outage import Outage
from monitor.rule import Evidence
from monitor.urgency import Urgency
from tests.alerts import NOW as SEEN
from tests.alerts import alert
from tests.conftest import ROOT
from tests.forms import Forms, forms
from tests.injections import INJECTIONS

BERLIN = ZoneInfo("Europe/Berlin")
SENTENCE = "NATO foreign ministers discussed written security guarantees for Kyiv."
DELIVERY = Delivery(id="d" * 16, alert_id="7f3k2bq5aaaaaaaa", channel="desk", due_at=SEEN, made_at=SEEN)
FOUND = Evidence(field="text", sentence=SENTENCE, spans=((0, 4, "NATO"), (41, 60, "security guarantees")))
ALERT = alert(published=SEEN - timedelta(minutes=7), evidence=(FOUND,))
HELLO = Notice(
    id="n" * 16,
    kind=Kind.HELLO,
    subject="wirebell is watching 2 feeds",
    message="Watching 2 feeds for 2 rules.\nThe next match rings at once.",
    made_at=SEEN,
)


def shown(what: What, *, zone: ZoneInfo = BERLIN, **known: object) -> Forms:
    delivery = replace(DELIVERY, **known)  # type: ignore[arg-type]
    return forms(render.message(what, delivery=delivery, zone=zone))


def hostile(words: str) -> Forms:
    """An alert whose headline, source and sentence all hold the words."""
    spans = ((0, 1, words[:1]), (len(words) - 1, len(words), words[-1:]))
    evidence = (Evidence(field="headline", sentence=words, spans=spans),)
    return shown(replace(ALERT, headline=words, source=words, evidence=evidence, read="lead", read_reason=words))


# -- as people see it ------------------------------------------------------------------------------------------------


def test_the_text_says_what_where_when_and_why() -> None:
    assert shown(ALERT).text.split("\n") == [
        "Allies weigh written guarantees for Kyiv",
        "Reuters, seen Tue 24 Nov 10:11 CET (published 10:04)",
        "https://example.com/world/allies-weigh",
        "",
        '  "[NATO] foreign ministers discussed written [security guarantees] for Kyiv."',
        "",
        "Why: all words in one sentence, third paragraph of the article.",
        "",
        "rule nato, alert a-7f3k2b",
    ]


def test_the_markdown_fits_a_narrow_column() -> None:
    assert shown(ALERT).markdown.split("\n") == [
        "**Allies weigh written guarantees for Kyiv** (Reuters, 10:11)",
        "<https://example.com/world/allies-weigh>",
        "> **NATO** foreign ministers discussed written **security guarantees** for Kyiv.",
        "",
        "nato · one sentence, paragraph 3 · a-7f3k2b",
    ]


def test_the_subject_names_rule_headline_and_source() -> None:
    assert shown(ALERT).subject == "nato: Allies weigh written guarantees for Kyiv (Reuters)"


def test_a_line_of_a_terminal_says_who_rang_and_when() -> None:
    line = '10:11:07 nato rang: "Allies weigh written guarantees for Kyiv" (Reuters, published 10:04)'
    assert shown(ALERT).line == line


def test_a_terminal_shows_the_evidence_and_the_address_below_the_line() -> None:
    block = shown(ALERT).terminal.splitlines()
    assert block[0] == shown(ALERT).line
    assert block[1].strip().startswith('"[NATO] foreign')
    assert block[2].strip() == ALERT.link
    assert len(block) == 3


@pytest.mark.parametrize(("priority", "code"), [(Priority.NORMAL, "\x1b[1m"), (Priority.URGENT, "\x1b[1;31m")])
def test_a_terminal_with_colours_has_its_line_in_bold(priority: Priority, code: str) -> None:
    block = render.block(shown(replace(ALERT, priority=priority)).message, colour=True)
    assert block.startswith(code)
    assert block.count("\x1b") == 2


def test_the_html_marks_what_matched() -> None:
    marked = re.findall(r"<mark[^>]*><b>(.*?)</b></mark>", shown(ALERT).html)
    assert marked == ["NATO", "security guarantees"]


def test_the_html_says_what_the_text_says() -> None:
    page = _read(shown(ALERT).html)
    for words in (ALERT.headline, "seen Tue 24 Nov 10:11 CET (published 10:04)", "Why: all words in one", "a-7f3k2b"):
        assert words in page.text


def test_the_html_has_no_remote_part_and_follows_the_readers_colours() -> None:
    page = _read(shown(ALERT).html)
    assert page.tags <= {
        "html", "head", "meta", "body", "div", "h1", "a", "p", "blockquote", "mark", "b",
    }  # fmt: skip
    assert {value for name, value in page.attributes if name in {"href", "src", "background"}} == {ALERT.link}
    assert "url(" not in shown(ALERT).html
    assert 'name="color-scheme" content="light dark"' in shown(ALERT).html


@pytest.mark.parametrize(("language", "tag"), [("ru", "ru"), ("pt-BR", "pt-BR"), (None, "en"), ('en" onload="x', "en")])
def test_the_html_names_the_language_of_the_words(language: str | None, tag: str) -> None:
    assert f'<html lang="{tag}">' in shown(replace(ALERT, language=language)).html


@pytest.mark.parametrize(
    ("published", "words"),
    [
        (SEEN - timedelta(minutes=7), "seen Tue 24 Nov 10:11 CET (published 10:04)"),
        (SEEN - timedelta(hours=20), "seen Tue 24 Nov 10:11 CET (published Mon 23 Nov 14:11)"),
        (SEEN, "seen Tue 24 Nov 10:11 CET\n"),
    ],
)
def test_a_published_time_is_said_as_far_as_it_is_known(published: datetime, words: str) -> None:
    assert words in shown(replace(ALERT, published=published)).text


def test_times_are_those_of_the_zone_that_is_set() -> None:
    message = shown(ALERT, zone=ZoneInfo("Asia/Tokyo"))
    assert "seen Tue 24 Nov 18:11 JST (published 18:04)" in message.text


@pytest.mark.parametrize(
    ("read", "reason", "note"),
    [
        ("lead", "server answered 403", "Judged on headline and lead only: the article answered 403."),
        ("headline", "no article text on the page", "Judged on headline only: no article text on the page."),
        ("article", "page was refused", "Judged on the feed's own text only: page was refused."),
    ],
)
def test_an_article_that_could_not_be_read_is_said_in_every_form(read: str, reason: str, note: str) -> None:
    message = shown(replace(ALERT, read=read, read_reason=reason))
    assert note in message.text
    assert note in message.markdown
    assert note in _read(message.html).text


@pytest.mark.parametrize(
    ("place", "sentence", "brief"),
    [
        (
            "all words in one sentence, paragraph 1",
            "all words in one sentence, first paragraph of the article",
            "one sentence, paragraph 1",
        ),
        (
            "all words in one sentence, paragraph 12",
            "all words in one sentence, paragraph 12",
            "one sentence, paragraph 12",
        ),
        ("in paragraph 2", "in the second paragraph of the article", "paragraph 2"),
        ("in the headline", "in the headline", "headline"),
        ("all words in the headline", "all words in the headline", "headline"),
        ("all words, far apart", "all words, far apart", "all words, far apart"),
    ],
)
def test_the_place_is_said_in_full_and_for_a_narrow_column(place: str, sentence: str, brief: str) -> None:
    message = shown(replace(ALERT, place=place))
    assert f"Why: {sentence}." in message.text
    assert f"Why: {sentence}." in _read(message.html).text
    assert f"nato · {brief} · a-7f3k2b" in message.markdown


def test_without_a_place_no_why_is_said() -> None:
    message = shown(replace(ALERT, place=""))
    assert "Why" not in message.text + message.html
    assert message.markdown.endswith("nato · a-7f3k2b")


def test_a_message_that_may_repeat_says_so_in_every_form() -> None:
    message = shown(ALERT, unknown=1)
    assert message.subject.endswith("(may repeat)")
    assert message.line.endswith("(may repeat)")
    assert message.markdown.endswith("may repeat")
    assert "May repeat" in message.text
    assert "May repeat" in message.html
    assert message.payload["may_repeat"] is True


def test_a_first_attempt_does_not_speak_of_repeats() -> None:
    assert "repeat" not in repr(shown(ALERT)).lower()


def test_an_item_without_a_headline_is_called_so() -> None:
    assert shown(replace(ALERT, headline="")).text.startswith("(no headline)\n")


def test_a_feed_without_a_title_is_called_by_its_name() -> None:
    assert "(reuters, 10:11)" in shown(replace(ALERT, source=" ")).markdown


def test_alerts_of_one_item_share_a_thread() -> None:
    other = replace(ALERT, id="o" * 16, rule="kyiv")
    assert shown(ALERT).message.thread == shown(other).message.thread != shown(replace(ALERT, item_id=8)).message.thread


def test_only_an_urgent_alert_is_urgent() -> None:
    assert shown(replace(ALERT, priority=Priority.URGENT)).message.urgent
    assert not shown(replace(ALERT, priority=Priority.HIGH)).message.urgent


def test_three_sentences_of_evidence_are_enough() -> None:
    evidence = tuple(replace(ALERT.evidence[0], sentence=f"NATO said {n}.", spans=((0, 4, "NATO"),)) for n in range(5))
    text = shown(replace(ALERT, evidence=evidence)).text
    assert [line for line in text.split("\n") if line.startswith("  ")] == [f'  "[NATO] said {n}."' for n in range(3)]


def test_a_long_sentence_is_cut_around_what_matched() -> None:
    sentence = "word " * 200 + "NATO spoke" + " word" * 200
    at = sentence.index("NATO")
    evidence = (Evidence(field="text", sentence=sentence, spans=((at, at + 4, "NATO"),)),)
    quote = next(line for line in shown(replace(ALERT, evidence=evidence)).text.split("\n") if line.startswith("  "))
    assert quote.startswith('  "…word ')
    assert quote.endswith(' word…"')
    assert "[NATO] spoke" in quote
    assert len(quote) < 420


def test_a_long_sentence_that_begins_with_the_match_is_cut_at_its_end_only() -> None:
    evidence = (Evidence(field="text", sentence="NATO " + "word " * 200, spans=((0, 4, "NATO"),)),)
    quote = next(line for line in shown(replace(ALERT, evidence=evidence)).text.split("\n") if line.startswith("  "))
    assert quote.startswith('  "[NATO] word')
    assert quote.endswith('word…"')


def test_a_long_sentence_without_spans_or_spaces_is_cut_hard() -> None:
    evidence = (Evidence(field="text", sentence="x" * 1000, spans=()),)
    quote = next(line for line in shown(replace(ALERT, evidence=evidence)).text.split("\n") if line.startswith("  "))
    assert quote == f'  "{"x" * 400}…"'


def test_spans_that_overlap_are_marked_once() -> None:
    spans = ((0, 4, "NATO"), (0, 12, "NATO foreign"), (5, 12, "foreign"))
    evidence = (Evidence(field="text", sentence=SENTENCE, spans=spans),)
    assert '"[NATO] [foreign] ministers' in shown(replace(ALERT, evidence=evidence)).text


# -- notices ---------------------------------------------------------------------------------------------------------


def test_words_side_by_side_are_marked_as_one() -> None:
    sentence = "Written security  guarantees for Kyiv"
    spans = ((8, 16, "security"), (18, 28, "guarantees"), (33, 37, "Kyiv"))
    found = Evidence(field="text", sentence=sentence, spans=spans)
    assert "Written [security guarantees] for [Kyiv]" in shown(replace(ALERT, evidence=(found,))).text


def test_a_notice_is_its_subject_and_its_message() -> None:
    message = shown(HELLO)
    assert message.subject == HELLO.subject
    assert message.text == (
        "wirebell is watching 2 feeds\n\nWatching 2 feeds for 2 rules.\nThe next match rings at once."
    )
    assert message.markdown.split("\n")[0] == "**wirebell is watching 2 feeds**"
    assert "The next match rings at once." in _read(message.html).text
    assert message.line == "10:11:07 wirebell is watching 2 feeds"
    assert message.message.thread == ""


def test_a_terminal_shows_a_notice_below_its_line() -> None:
    block = shown(HELLO).terminal
    assert [line.strip() for line in block.splitlines()] == [
        "10:11:07 wirebell is watching 2 feeds",
        "Watching 2 feeds for 2 rules.",
        "The next match rings at once.",
    ]


def test_a_notice_that_may_repeat_says_so() -> None:
    message = shown(HELLO, unknown=1)
    assert message.subject.endswith("(may repeat)")
    assert "May repeat" in message.text
    assert message.payload["may_repeat"] is True


def test_a_notice_about_a_feed_names_it() -> None:
    assert "feed" not in render.notice_json(HELLO)
    assert render.notice_json(replace(HELLO, feed="tass"))["feed"] == "tass"


# -- inert -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", INJECTIONS)
def test_no_form_holds_what_no_line_may_hold(words: str) -> None:
    message = hostile(words)
    for form in message.all:
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]", form)


@pytest.mark.parametrize("words", INJECTIONS)
def test_hostile_words_add_no_line(words: str) -> None:
    message, calm = hostile(words), hostile("calm words")
    assert message.text.count("\n") == calm.text.count("\n")
    assert message.markdown.count("\n") == calm.markdown.count("\n")
    assert "\n" not in message.subject + message.line


@pytest.mark.parametrize("words", INJECTIONS)
def test_hostile_words_add_no_tag_and_no_address_to_html(words: str) -> None:
    page, calm = _read(hostile(words).html), _read(hostile("calm words").html)
    assert page.tags <= calm.tags
    assert {pair for pair in page.attributes if pair[0] != "style"} == {
        pair for pair in calm.attributes if pair[0] != "style"
    }


@pytest.mark.parametrize("words", INJECTIONS)
def test_hostile_words_open_no_link_and_no_tag_in_markdown(words: str) -> None:
    body = hostile(words).markdown.replace("**", "").replace(f"<{ALERT.link}>", "")
    body = re.sub(r"^> ", "", body, flags=re.MULTILINE)
    unescaped = re.sub(r"\\[^a-zA-Z0-9\s]", "", body)
    assert not re.search(r"[\[\]<>`*_~|]", unescaped)


@pytest.mark.parametrize("words", INJECTIONS)
def test_hostile_words_begin_no_heading_list_or_quote_in_markdown(words: str) -> None:
    unmarked = replace(ALERT, evidence=(Evidence(field="lead", sentence=words, spans=()),))
    quote = next(line for line in shown(unmarked).markdown.split("\n") if line.startswith("> "))
    assert not re.match(r"> (#|>|[-+] |\d+[.)])", quote)


@pytest.mark.parametrize("words", INJECTIONS)
def test_hostile_words_mention_nobody(words: str) -> None:
    message = hostile(words)
    for form in (message.markdown, message.defused, render.inert(message.subject)):
        assert not re.search(r"@[^\s\u200b]|(?<!\\)<[!@#]|\]\(", form)


def test_words_in_text_stay_as_they_are_where_nothing_reads_markup() -> None:
    assert "[Reuters](http://evil.test)" in hostile("[Reuters](http://evil.test)").subject


def test_inert_text_reads_the_same_and_keeps_addresses_whole() -> None:
    message = shown(replace(ALERT, headline="write to @desk <now> [x](y)", link="https://example.com/@desk/1"))
    assert message.defused.replace("\u200b", "") == message.text
    assert message.defused.split("\n")[2] == "https://example.com/@desk/1"
    assert message.defused.split("\n")[0] == "write to @\u200bdesk <\u200bnow> [x]\u200b(y)"


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        ("https://example.com/a?b=c&d=e#f", "https://example.com/a?b=c&d=e#f"),
        ("http://Example.COM:8080/a", "http://example.com:8080/a"),
        ("http://[::1]:80/a", "http://[::1]:80/a"),
        ("https://example.com/a b\"<>|^`{}[]\\'*", "https://example.com/a%20b%22%3C%3E%7C%5E%60%7B%7D%5B%5D%5C%27%2A"),
        ("https://example.com/x](http://evil.test)", "https://example.com/x%5D(http://evil.test)"),
        ("https://example.com/новости", "https://example.com/новости"),
        ("https://новости.рф/a", "https://xn--b1amnebsh.xn--p1ai/a"),
        ("https://ex\u0430mple.com/", "https://xn--exmple-4nf.com/"),
        ("https://bank.example@evil.test/", "https://evil.test/"),
        ("https://example.com/@Everyone?to=@all#@here", "https://example.com/%40Everyone?to=%40all#%40here"),
        ("https://example.com/@anna/allies", "https://example.com/@anna/allies"),
        ("https://exa\u200bmple.com/", "https://example.com/"),
        ("https://exa mple.com/", ""),
        ("https://[::1/", ""),
        ("https://example.com:port/", ""),
        ("https:///path", ""),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("file:///etc/passwd", ""),
        ("", ""),
    ],
)
def test_an_address_is_one_inert_word_or_nothing(address: str, whole: str) -> None:
    assert render.link(address) == whole


def test_an_alert_without_an_address_has_no_empty_line_in_its_place() -> None:
    message = shown(replace(ALERT, link="javascript:alert(1)"))
    assert message.text.split("\n")[2] == ""
    assert "javascript" not in repr(message)
    assert "<a " not in message.html
    assert len(message.terminal.splitlines()) == 2


# -- fitting ---------------------------------------------------------------------------------------------------------


def fitted(what: What, form: str, limit: int) -> str:
    message = shown(what).message
    if form == "text":
        return render.fitted(message.sheet, render.text, limit)
    return render.fitted(message.chat, render.markdown, limit)


LONG = replace(ALERT, evidence=tuple(replace(ALERT.evidence[0], sentence=f"{SENTENCE} {n}") for n in range(3)))


@pytest.mark.parametrize("form", ["text", "markdown"])
@pytest.mark.parametrize("limit", range(60, 700, 20))
def test_what_is_fitted_keeps_address_and_id(form: str, limit: int) -> None:
    short = fitted(LONG, form, limit)
    assert ALERT.link in short
    assert "a-7f3k2b" in short.split("\n")[-1]
    assert len(short) <= max(limit, len(ALERT.link) + 50)


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_what_fits_is_left_alone(form: str) -> None:
    assert fitted(LONG, form, 2000) == getattr(shown(LONG), form)


def test_further_evidence_is_given_up_first() -> None:
    short = fitted(LONG, "markdown", len(shown(LONG).markdown) - 1)
    assert [line[-1] for line in short.split("\n") if line.startswith("> ")] == ["0", "1"]


def test_the_headline_is_cut_last() -> None:
    first = fitted(LONG, "markdown", 120).split("\n")[0]
    assert first.startswith("**Allies")
    assert first.endswith("…**")


def test_a_cut_headline_leaves_no_half_escape() -> None:
    brackets = replace(ALERT, headline="[" * 40, evidence=())
    for limit in range(95, 180):
        first = fitted(brackets, "markdown", limit).split("\n")[0]
        unescaped = re.sub(r"\\.", "", first)
        assert "\\" not in unescaped
        assert "[" not in unescaped


def test_a_notice_that_is_too_long_is_cut_at_its_end() -> None:
    assert fitted(HELLO, "text", 60) == "wirebell is watching 2 feeds\n\nWatching 2 feeds for 2 rules."
    assert fitted(HELLO, "text", 20) == "wirebell is watchin…"


def test_what_holds_nothing_that_may_go_is_left_as_it_is() -> None:
    kept = sheet.sheet((sheet.line(sheet.Part.NAME, "rule nato, alert a-7f3k2b"),))
    assert render.fitted(kept, render.text, 5) == "rule nato, alert a-7f3k2b"


def test_a_long_digest_is_fitted_in_few_writings() -> None:
    many = replace(LATE, alerts=tuple(replace(ALERT, id=f"{n:016}") for n in range(500)))
    written: list[int] = []

    def write(what: sheet.Sheet) -> str:
        written.append(1)
        return render.text(what)

    assert 7_000 < len(render.fitted(shown(many).message.sheet, write, 7_800)) <= 7_800
    assert len(written) < 15


# -- dialects --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("begins", ["# x", "> x", "- x", "+ x", "= x", "1. x", "12) x"])
def test_hostile_words_begin_no_block_where_nothing_is_escaped(begins: str) -> None:
    lines = sheet.sheet((sheet.line(sheet.Part.NOTE, begins),))
    assert render.markdown(lines, render.dialect("slack")) == f"\u200b{begins}"
    assert render.markdown(lines, render.dialect("discord")) != begins


@pytest.mark.parametrize(
    ("words", "shown_as"),
    [
        ("*x* `y` ~z~", "∗x∗ ˋyˋ ∼z∼"),
        ("_x_ file_name", "ˍxˍ file_name"),
        ("a < b & c &amp; \\", "a <\u200b b & c &\u200bamp; \\\u200b"),
    ],
)
def test_signs_that_would_act_are_shown_by_others_where_nothing_is_escaped(words: str, shown_as: str) -> None:
    assert render.dialect("slack").escaped(words) == shown_as


# -- documents -------------------------------------------------------------------------------------------------------

SCHEMAS = ROOT / "docs" / "schemas"
DOCUMENTED = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in SCHEMAS.glob("*.json")}
ID: dict[str, Any] = {"type": "string", "pattern": "^[a-z2-7]{16}$"}
TIME: dict[str, Any] = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"}
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}


def violations(value: Any, schema: dict[str, Any], at: str = "") -> Iterator[str]:  # noqa: ANN401 - JSON
    """The places in a document that its schema does not allow, by the keywords that our schemas use."""
    place, _, name = schema.get("$ref", "").partition("#/$defs/")
    schema = {"id": ID, "time": TIME}[name] if name else DOCUMENTED.get(place, schema)
    types = schema.get("type", [])
    allowed = [types] if isinstance(types, str) else types
    wrong = (
        allowed and not any(isinstance(value, _TYPES[name]) for name in allowed),
        value != schema.get("const", value),
        value not in schema.get("enum", [value]),
        isinstance(value, str) and not re.search(schema.get("pattern", ""), value),
        isinstance(value, (int, float)) and not schema.get("minimum", value) <= value <= schema.get("maximum", value),
    )
    if any(wrong):
        yield at
    elif isinstance(value, (dict, list)):
        yield from _violations_within(value, schema, at)


def misfits(message: Forms) -> list[str]:
    """The places in a message's document that its schema does not allow, as its receiver reads it."""
    document = json.loads(json.dumps(message.payload))
    return list(violations(document, DOCUMENTED[f"{document['schema']}.json"]))


def _violations_within(value: dict[str, Any] | list[Any], schema: dict[str, Any], at: str) -> Iterator[str]:
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield at
        described = schema.get("prefixItems") or [schema.get("items", {})] * len(value)
        for n, (each, part) in enumerate(zip(value, described, strict=False)):
            yield from violations(each, part, f"{at}[{n}]")
        return
    yield from (f"{at}.{key}" for key in {*schema.get("required", ()), *value} if key not in value)
    for key, each in value.items():  # a key that is not described is not allowed: the page must name it
        yield from violations(each, schema["properties"].get(key, {"enum": []}), f"{at}.{key}")


def test_the_schemas_of_all_documents_are_published_and_share_their_parts() -> None:
    assert set(DOCUMENTED) == {"alert.v1.json", "digest.v1.json", "notice.v1.json"}
    for name, schema in DOCUMENTED.items():
        assert f"{schema['title']}.json" == name
        assert schema["$defs"] == {"id": ID, "time": TIME}


def test_every_kind_of_message_has_its_place_in_a_schema() -> None:
    alerts = DOCUMENTED["alert.v1.json"]["properties"]["kind"]["enum"]
    digests = DOCUMENTED["digest.v1.json"]["properties"]["reason"]["enum"]
    notices = DOCUMENTED["notice.v1.json"]["properties"]["kind"]["enum"]
    assert sorted([*alerts, *digests, *notices]) == sorted(Kind)
    assert alerts == [*FIRST, *CORRECTING]


@pytest.mark.parametrize(
    "what",
    [
        ALERT,
        replace(ALERT, priority=Priority.URGENT, language=None, evidence=(), place="", read="headline"),
        replace(ALERT, link="javascript:alert(1)", urgency=Urgency.FLASH),
        replace(ALERT, published=datetime(2026, 11, 24, 9, 11, 7, 123456, tzinfo=BERLIN)),
        replace(ALERT, kind=Kind.CORRECTION, changes=(Change(before="denies", after="confirms"),)),
        replace(ALERT, kind=Kind.RETRACTION),
        *(replace(HELLO, kind=kind) for kind in (Kind.HELLO, Kind.RELOAD, Kind.CHANNEL, Kind.HEALTH, Kind.LOSS)),
        replace(HELLO, kind=Kind.HEALTH, feed="tass"),
        Digest(id=ALERT.id, kind=Kind.LATE, alerts=(ALERT, ALERT), made_at=ALERT.made_at),
        Digest(id=ALERT.id, kind=Kind.DIGEST, alerts=(ALERT,), reasons=("held, quiet hours",), made_at=ALERT.made_at),
        Digest(id=ALERT.id, kind=Kind.BUNDLE, alerts=(ALERT,), made_at=ALERT.made_at),
    ],
)
@pytest.mark.parametrize(
    "known", [{}, {"unknown": 1, "instead_of": "mail", "escalated_from": "desk"}], ids=["plain", "all that may be said"]
)
def test_documents_are_as_their_schemas_say(what: What, known: dict[str, Any]) -> None:
    assert misfits(shown(what, **known)) == []


def test_the_check_of_schemas_sees_what_is_wrong() -> None:
    document = render.alert_json(ALERT) | {
        "id": "7F3K", "strength": 2, "read": "all", "rule": None, "new": 1, "evidence": [{"spans": [[0, 1]]}],
    }  # fmt: skip
    del document["feed"]
    assert set(violations(document, DOCUMENTED["alert.v1.json"])) == {
        ".feed", ".id", ".strength", ".read", ".rule", ".new", ".evidence[0].field", ".evidence[0].sentence",
        ".evidence[0].spans[0]",
    }  # fmt: skip


def test_an_alert_document_says_what_was_found_and_where() -> None:
    assert render.alert_json(ALERT) == {
        "schema": "alert.v1",
        "id": "7f3k2bq5aaaaaaaa",
        "kind": "new",
        "rule": "nato",
        "priority": "normal",
        "feed": "reuters",
        "headline": "Allies weigh written guarantees for Kyiv",
        "link": "https://example.com/world/allies-weigh",
        "published": "2026-11-24T09:04:07Z",
        "seen": "2026-11-24T09:11:07Z",
        "language": "en",
        "urgency": None,
        "read": "article",
        "strength": 0.74,
        "place": "all words in one sentence, paragraph 3",
        "evidence": [
            {"field": "text", "sentence": SENTENCE, "spans": [[0, 4, "NATO"], [41, 60, "security guarantees"]]}
        ],
        "story": {"id": "7", "update": 0, "others": []},
    }


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def _read(page: str) -> _Page:
    parser = _Page()
    parser.feed(page)
    parser.close()
    return parser


# -- digests ---------------------------------------------------------------------------------------------------------

LATE = Digest(
    id="late" * 4,
    kind=Kind.LATE,
    alerts=(
        ALERT,
        replace(ALERT, id="b" * 16, rule="siemens", headline="Siemens sells a unit", seen=SEEN + timedelta(hours=1)),
        replace(ALERT, id="c" * 16, headline="Allies meet again", seen=SEEN + timedelta(hours=2), link=""),
    ),
    made_at=SEEN + timedelta(hours=3),
)


def test_a_digest_lists_every_alert_under_its_rule() -> None:
    assert shown(LATE).subject == "3 alerts, late (Tue 24 Nov 10:11 to 12:11)"
    assert shown(LATE).text.split("\n") == [
        "3 alerts, late (Tue 24 Nov 10:11 to 12:11)",
        "Times are CET.",
        "",
        "nato:",
        "  10:11  Allies weigh written guarantees for Kyiv (Reuters, a-7f3k2b) https://example.com/world/allies-weigh",
        "  12:11  Allies meet again (Reuters, a-cccccc)",
        "",
        "siemens:",
        "  11:11  Siemens sells a unit (Reuters, a-bbbbbb) https://example.com/world/allies-weigh",
        "",
        "All of them: wirebell alerts list",
    ]


def test_a_digest_over_two_days_names_both() -> None:
    nights = replace(LATE, alerts=(ALERT, replace(ALERT, id="b" * 16, seen=SEEN + timedelta(hours=20))))
    assert shown(nights).subject == "2 alerts, late (Tue 24 Nov 10:11 to Wed 25 Nov 06:11)"


def test_in_a_chat_a_digest_shows_ten_and_counts_the_others() -> None:
    many = replace(LATE, alerts=tuple(replace(ALERT, id=f"{n:016}", headline=f"Report {n}") for n in range(13)))
    markdown = shown(many).markdown
    assert markdown.count("\n<https://example.com/world/allies-weigh>") == 10
    assert "Report 9" in markdown
    assert "Report 10" not in markdown
    assert markdown.endswith("and 3 more: wirebell alerts list")


def test_a_digest_that_may_repeat_says_so_in_every_form() -> None:
    message = shown(LATE, unknown=1)
    assert message.subject.endswith("(may repeat)")
    assert "May repeat: an earlier attempt may have arrived." in message.text
    assert message.markdown.endswith("may repeat")
    assert "May repeat" in _read(message.html).text
    assert message.payload["may_repeat"] is True


@pytest.mark.parametrize("words", INJECTIONS)
def test_what_a_publisher_wrote_is_inert_in_a_digest(words: str) -> None:
    evil = replace(LATE, alerts=tuple(replace(each, headline=words, source=words) for each in LATE.alerts))
    page = _read(shown(evil).html)
    assert page.tags <= {"html", "head", "meta", "body", "div", "h1", "h2", "p", "a", "span"}
    assert {value for name, value in page.attributes if name in {"href", "src"}} == {ALERT.link}
    assert len(shown(evil).text.split("\n")) == 11


MORNING = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
HELD = replace(
    LATE,
    kind=Kind.DIGEST,
    reasons=("held, quiet hours", "held, quiet hours", "held until the time of the digest"),
    made_at=MORNING,
)


def test_a_digest_after_quiet_hours_is_called_by_its_time_and_says_why_each_was_held() -> None:
    assert shown(HELD).subject == "Wed 25 Nov, 07:00: 3 alerts"
    held = "  Tue 24 Nov 10:11  Allies weigh written guarantees for Kyiv (Reuters, a-7f3k2b; held, quiet hours)"
    assert shown(HELD).text.split("\n")[3:6] == [
        "nato:",
        f"{held} {ALERT.link}",
        "  Tue 24 Nov 12:11  Allies meet again (Reuters, a-cccccc; held until the time of the digest)",
    ]
    assert shown(HELD).payload["reasons"] == list(HELD.reasons)


def test_in_a_chat_a_digest_names_the_rule_once_and_each_address_below_its_headline() -> None:
    assert shown(HELD).markdown.split("\n")[:6] == [
        "**Wed 25 Nov, 07:00: 3 alerts**",
        "",
        "**nato**",
        "Tue 24 Nov 10:11  **Allies weigh written guarantees for Kyiv** (Reuters, a-7f3k2b; held, quiet hours)",
        "<https://example.com/world/allies-weigh>",
        "Tue 24 Nov 12:11  **Allies meet again** (Reuters, a-cccccc; held until the time of the digest)",
    ]


@pytest.mark.parametrize(
    ("rules", "lasting", "subject"),
    [
        (("nato", "nato"), timedelta(minutes=9, seconds=20), "nato: 2 more alerts in 10 minutes"),
        (("nato",), timedelta(0), "nato: 1 more alert in 1 minute"),
        (("nato", "kyiv"), timedelta(hours=7, minutes=10), "2 more alerts in 8 hours"),
    ],
)
def test_a_bundle_says_how_many_more_in_what_time(rules: tuple[str, ...], lasting: timedelta, subject: str) -> None:
    alerts = [replace(ALERT, id=f"{n:016}", rule=rule) for n, rule in enumerate(rules)]
    alerts[-1] = replace(alerts[-1], made_at=ALERT.made_at + lasting)
    assert shown(replace(LATE, kind=Kind.BUNDLE, alerts=tuple(alerts))).subject == subject


@pytest.mark.parametrize(("rule", "topic"), [("nato", "nato"), ("siemens", "digests")])
def test_a_digest_is_sorted_with_its_rule_where_it_has_one(rule: str, topic: str) -> None:
    both = (ALERT, replace(ALERT, id="b" * 16, rule=rule))
    assert shown(replace(LATE, alerts=both)).message.topic == topic


def test_a_digest_that_is_too_long_says_how_many_are_not_shown() -> None:
    many = replace(LATE, alerts=tuple(replace(ALERT, id=f"{n:016}", headline=f"Report {n}") for n in range(13)))
    short = fitted(many, "markdown", 700)
    assert len(short) <= 700
    assert f"and {13 - short.count('Report')} more: wirebell alerts list" in short
    assert fitted(many, "text", 700).split("\n")[-1].startswith("and ")


def test_a_digest_that_fits_nowhere_keeps_no_heading_without_alerts() -> None:
    assert fitted(LATE, "text", 110).split("\n") == [
        "3 alerts, late (Tue 24 Nov 10:11 to 12:11)",
        "Times are CET.",
        "",
        "and 3 more: wirebell alerts list",
    ]


# -- corrections -----------------------------------------------------------------------------------------------------

CORRECTED = replace(
    ALERT,
    kind=Kind.CORRECTION,
    headline="Kremlin confirms talks",
    changes=(Change(before="denies", after="confirms"),),
)


def test_a_correction_says_above_the_headline_what_changed_in_every_form() -> None:
    told = shown(CORRECTED)
    assert told.subject == "Corrected: nato: Kremlin confirms talks (Reuters)"
    assert told.text.split("\n")[:2] == ["Corrected: denies → confirms", "Kremlin confirms talks"]
    assert told.markdown.split("\n")[:2] == [
        "Corrected: denies → **confirms**",
        "**Kremlin confirms talks** (Reuters, 10:11)",
    ]
    assert _read(told.html).text.split()[:4] == ["Corrected:", "denies", "→", "confirms"]
    assert told.line == '10:11:07 nato, corrected: "Kremlin confirms talks" (Reuters, published 10:04)'
    assert told.terminal.splitlines()[1].strip() == "Corrected: denies → confirms"
    assert told.message.brief is not None
    assert told.message.brief.words == "Corrected: nato: Kremlin confirms talks"
    assert told.payload["changes"] == [{"before": "denies", "after": "confirms"}]


def test_a_correction_stands_in_the_thread_of_what_it_corrects() -> None:
    assert shown(CORRECTED).message.thread == shown(ALERT).message.thread


@pytest.mark.parametrize(
    ("kind", "changes", "words"),
    [
        (Kind.CORRECTION, [("12", "14"), ("Kyiv", "Lviv")], "Corrected: 12 → 14; Kyiv → Lviv"),
        (Kind.CORRECTION, [("", "not")], "Corrected: now “not”"),
        (Kind.CORRECTION, [("all", "")], "Corrected: no longer “all”"),
        (Kind.RETRACTION, [], "Withdrawn: by its publisher"),
        (Kind.UPDATE, [("12", "14")], "Update: 12 → 14"),
        (Kind.NEW, [("12", "14")], "Changed: 12 → 14"),
    ],
)
def test_what_changed_is_said_in_words(kind: Kind, changes: list[tuple[str, str]], words: str) -> None:
    found = tuple(Change(before=before, after=after) for before, after in changes)
    assert shown(replace(ALERT, kind=kind, changes=found)).text.split("\n")[0] == words


def test_a_withdrawal_is_called_so() -> None:
    assert shown(replace(ALERT, kind=Kind.RETRACTION)).subject.startswith("Withdrawn: nato: ")


def test_in_a_digest_a_correction_is_called_so() -> None:
    assert "Corrected: Kremlin confirms talks (Reuters" in shown(replace(LATE, alerts=(CORRECTED,))).text


@pytest.mark.parametrize("words", INJECTIONS)
def test_changed_words_are_inert_in_every_form(words: str) -> None:
    evil = shown(replace(CORRECTED, changes=(Change(before=words, after=words),)))
    assert len(evil.text.split("\n")) == len(shown(CORRECTED).text.split("\n"))
    assert _read(evil.html).tags == _read(shown(CORRECTED).html).tags
    assert not re.search(r"@[^\s\u200b]|(?<!\\)<[!@#]|\]\(", evil.markdown + evil.defused)


# -- how a message begins --------------------------------------------------------------------------------------------

OUTAGE = Outage(since=SEEN - timedelta(minutes=45), until=SEEN, waiting=7)


@pytest.mark.parametrize("what", [ALERT, HELLO, LATE], ids=["alert", "notice", "digest"])
def test_the_first_message_after_an_outage_begins_with_it_in_every_form(what: What) -> None:
    delivery = replace(DELIVERY, instead_of="mail")
    told = forms(render.message(what, delivery=delivery, zone=BERLIN, outage=OUTAGE))
    place, sorry = "In place of mail, which did not take it.", "I could not reach you 09:26–10:11; 7 alerts follow."
    assert told.text.split("\n")[:2] == [place, sorry]
    assert told.markdown.split("\n")[:2] == [place, sorry]
    assert _read(told.html).text.split("\n\n")[-1].strip().startswith(place) or place in _read(told.html).text
    assert _read(told.html).text.index(place) < _read(told.html).text.index(sorry)
    assert told.line.endswith(f"({place} {sorry.rstrip('.')})")
    assert told.payload["instead_of"] == "mail"
    assert told.payload["outage"] == {"since": "2026-11-24T08:26:07Z", "until": "2026-11-24T09:11:07Z", "waiting": 7}
    assert misfits(told) == []
    assert told.subject == shown(what).subject


# -- what the page shows ---------------------------------------------------------------------------------------------


def test_the_examples_of_the_page_are_what_is_sent() -> None:
    page = (ROOT / "docs" / "reference" / "messages.md").read_text(encoding="utf-8")
    examples = re.findall(r"```(?:text|markdown)\n(.*?)\n```", page, flags=re.DOTALL)
    brief = shown(ALERT).message.brief
    line = render.one_line(brief, 400) if brief else ""
    begins = "\n".join(shown(CORRECTED).text.split("\n")[:2])
    assert examples == [shown(ALERT).text, shown(ALERT).markdown, line, begins, shown(HELD).text]
