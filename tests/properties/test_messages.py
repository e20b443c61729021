"""Whatever a publisher writes, a message says where to read on and which alert it is, and steers nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from monitor import render
from monitor.alert import Alert, Delivery, Kind, Notice, Priority, alert_id, owed
from monitor.rule import Evidence
from tests.forms import Forms, forms
from tests.properties.laws import law, steering, texts

NOW = datetime(2026, 11, 24, 9, 11, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
LINK = "https://news.example/world/allies?id=7&page=2"
(DUE,) = owed("alert", "desk", ("",), NOW)


@st.composite
def evidence(draw: st.DrawFn) -> Evidence:
    """Draw a sentence with places in it, sorted, which may touch and overlap."""
    sentence = draw(texts.filter(bool))
    places = draw(st.lists(st.tuples(st.integers(0, len(sentence) - 1), st.integers(1, 9)), max_size=3))
    spans = sorted((start, min(start + length, len(sentence)), "term") for start, length in places)
    return Evidence(field="text", sentence=sentence, spans=tuple(spans))


@st.composite
def alerts(draw: st.DrawFn) -> Alert:
    """Draw an alert whose words are any."""
    return Alert(
        id=alert_id("nato", "tass", draw(st.binary(max_size=4)), Kind.NEW),
        kind=Kind.NEW,
        rule="nato",
        priority=draw(st.sampled_from(Priority)),
        item_id=1,
        version=1,
        feed="tass",
        source=draw(texts),
        headline=draw(texts),
        link=LINK,
        published=NOW,
        seen=NOW,
        language=draw(st.none() | st.text(max_size=8)),
        read="lead",
        read_reason=draw(texts),
        strength=0.5,
        place=draw(st.sampled_from(["headline", "one sentence, paragraph 3", ""])),
        evidence=tuple(draw(st.lists(evidence(), max_size=4))),
        made_at=NOW,
    )


def rendered(what: Alert | Notice, delivery: Delivery = DUE) -> Forms:
    return forms(render.message(what, delivery=delivery, zone=ZONE))


@law
@given(alerts(), st.booleans())
def test_no_form_of_an_alert_can_steer_or_turn_a_line(alert: Alert, repeats: bool) -> None:  # noqa: FBT001 - drawn
    said = rendered(alert, replace(DUE, unknown=int(repeats)))
    assert not any(map(steering, said.all))
    assert "\n" not in said.subject + said.line


@law
@given(alerts())
def test_every_form_of_an_alert_keeps_address_and_id(alert: Alert) -> None:
    said, name = rendered(alert), f"a-{alert.id[: render.SHOWN]}"
    assert LINK in said.text.split("\n")
    assert f"<{LINK}>" in said.markdown.split("\n")
    assert f'href="{LINK}"' in unescape(said.html)
    assert LINK in said.defused.split("\n")
    assert LINK in render.block(said.message, colour=True)
    assert all(name in form for form in (said.text, said.markdown, said.html))


@law
@given(alerts(), st.sampled_from(["text", "markdown"]), st.integers(100, 600))
def test_what_is_fitted_is_within_its_limit_and_keeps_address_and_id(alert: Alert, form: str, limit: int) -> None:
    said = rendered(alert)
    whole = getattr(said, form)
    sheet, write = (said.message.sheet, render.text) if form == "text" else (said.message.chat, render.markdown)
    short = render.fitted(sheet, write, limit)
    assert len(short) <= limit
    assert LINK in short
    assert f"a-{alert.id[: render.SHOWN]}" in short.split("\n")[-1]
    assert not steering(short)
    assert len(whole) > limit or short == whole


@law
@given(texts, texts, st.integers(20, 200))
def test_no_form_of_a_notice_can_steer_a_line_and_each_can_be_cut(subject: str, message: str, limit: int) -> None:
    said = rendered(Notice(id="hello", kind=Kind.HELLO, subject=subject, message=message, made_at=NOW))
    assert not any(map(steering, said.all))
    assert len(render.fitted(said.message.sheet, render.text, limit)) <= limit


@law
@given(st.text(max_size=80) | texts.map("https://news.example/{}".format) | texts.map("https://{}.example/".format))
def test_an_address_is_one_harmless_word_and_stays_itself(address: str) -> None:
    whole = render.link(address)
    assert not steering(whole)
    assert not set(whole) & set(" \n<>\"'`*\\^{}|")
    assert not whole or whole.startswith(("http://", "https://"))
    assert render.link(whole) == whole
