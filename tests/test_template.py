"""Alerts written by a user's template: fixed names and no code, and nothing that a publisher writes acts in it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from monitor import render
from monitor.alert import Change, Kind
from monitor.channel import Message, Template
from monitor.render import template as templates
from monitor.render.manner import Manner
from monitor.sheet import Form
from tests.conftest import ROOT
from tests.forms import Forms, forms
from tests.injections import INJECTIONS
from tests.test_render import ALERT, BERLIN, DELIVERY, HELLO, LATE

PLAIN = "$headline ($source)\n$link\n\n$evidence\n$rule: $place, $id"


def message(text: str, form: Form = Form.TEXT, **changes: object) -> Message:
    what = replace(ALERT, **changes)  # type: ignore[arg-type]
    return render.message(what, delivery=DELIVERY, zone=BERLIN, template=Template(text=text, form=form))


def shown(text: str, form: Form = Form.TEXT, **changes: object) -> Forms:
    return forms(message(text, form, **changes))


def test_an_alert_is_written_as_the_template_says() -> None:
    assert shown(PLAIN).text.split("\n") == [
        "Allies weigh written guarantees for Kyiv (Reuters)",
        "https://example.com/world/allies-weigh",
        "",
        "[NATO] foreign ministers discussed written [security guarantees] for Kyiv.",
        "nato: all words in one sentence, paragraph 3, a-7f3k2b",
    ]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("${headline}s", "Allies weigh written guarantees for Kyivs"),
        ("$$5 and $feed", "$5 and reuters"),
        ("$time", "Tue 24 Nov 10:11 CET"),
        ("$published", "Tue 24 Nov 10:04 CET"),
        ("$priority", "normal"),
        ("no name at all", "no name at all"),
        ("first\n$change\n$id", "first\na-7f3k2b"),
        ("one\nchanged: $change", "one"),
    ],
)
def test_a_name_stands_for_what_the_alert_says(text: str, written: str) -> None:
    assert shown(text).text == written


def test_a_correction_says_what_changed_where_the_template_names_it() -> None:
    changes = (Change(before="denies", after="confirms"),)
    assert shown("$change | $id", kind=Kind.CORRECTION, changes=changes).text == (
        "Corrected: denies → confirms | a-7f3k2b"
    )


def test_a_template_as_text_is_the_same_words_in_every_form() -> None:
    said = shown("*$headline* <b> $link")
    assert (
        said.markdown == r"\*Allies weigh written guarantees for Kyiv\* \<b\> <https://example.com/world/allies-weigh>"
    )
    assert "*Allies weigh written guarantees for Kyiv* &lt;b&gt; <a href=" in said.html


def test_a_template_of_markup_keeps_its_own_and_escapes_what_it_names() -> None:
    said = shown("## $headline\n[read]($link)", Form.MARKDOWN, headline="*x*")
    assert said.markdown.split("\n")[0] == r"## \*x\*"
    page = shown("<h3>$headline</h3>\n<p>$link", Form.HTML, headline="<b>x</b>").html
    assert "<h3>&lt;b&gt;x&lt;/b&gt;</h3>\n<p><a href=" in page


def test_a_template_of_html_is_html_in_a_chat_too() -> None:
    what = message("<i>$headline</i> $id", Form.HTML, headline="a < b")
    assert Manner(scheme="tgram", form=Form.HTML, limit=4096).write(what) == "<i>a &lt; b</i> a-7f3k2b"


def test_only_alerts_are_written_by_a_template() -> None:
    for what in (HELLO, LATE):
        own = render.message(what, delivery=DELIVERY, zone=BERLIN, template=Template(text="$id"))
        assert own == render.message(what, delivery=DELIVERY, zone=BERLIN)


def test_an_alert_that_may_repeat_says_so_below_the_template() -> None:
    again = replace(DELIVERY, unknown=1)
    own = render.message(ALERT, delivery=again, zone=BERLIN, template=Template(text=PLAIN))
    assert forms(own).text.endswith("May repeat: an earlier attempt may have arrived.")


@pytest.mark.parametrize("limit", [60, 100, 140, 180])
def test_a_template_that_is_too_long_keeps_address_and_id_and_cuts_the_headline_last(limit: int) -> None:
    short = render.fitted(message(PLAIN).sheet, render.text, limit)
    assert ALERT.link in short
    assert "a-7f3k2b" in short
    assert len(short) <= max(limit, 130)


def test_a_service_for_short_messages_gets_what_the_template_says() -> None:
    body = Manner(scheme="irc", form=Form.TEXT, limit=380).write(message("$rule $link $id"))
    assert body == "nato https://example.com/world/allies-weigh a-7f3k2b"


@pytest.mark.parametrize("form", Form)
def test_hostile_words_act_in_no_template(form: Form) -> None:
    own = {
        Form.TEXT: PLAIN,
        Form.MARKDOWN: "**$headline** by $source: [read]($link)\n> $evidence",
        Form.HTML: '<p title="$source">$headline <i>$evidence</i></p>\n<p><b>$id</b>',
    }[form]
    assert list(templates.faults(Template(text=own, form=form))) == []
    for words in INJECTIONS:
        said = shown(own, form, headline=words, source=words)
        assert "\x1b" not in "".join(said.all)
        assert not re.search(r"<(?:script|img|style|iframe)", said.html)
        assert not re.search(r"(?<!\\)\]\(http://evil|@everyone|<!channel", said.markdown)


@pytest.mark.parametrize(
    ("text", "form", "fault"),
    [
        ("$headlin", Form.TEXT, ("knows no $headlin", "did you mean $headline?")),
        ("5$ for $id", Form.TEXT, ("has a bare $ before ' for $id'", "write $$ for a dollar sign")),
        ("", Form.TEXT, ("is empty", 'write such as "$headline\\n$link\\n$id"')),
        ("$id" * 2_000, Form.TEXT, ("is longer than 4000 characters", "an alert is read at a glance: say less")),
    ],
)
def test_a_template_with_a_fault_is_told_the_cure(text: str, form: Form, fault: tuple[str, str]) -> None:
    assert list(templates.faults(Template(text=text, form=form))) == [fault]


def test_an_unknown_name_like_no_other_is_told_all_that_there_are() -> None:
    ((said, cure),) = templates.faults(Template(text="$qqq"))
    assert said == "knows no $qqq"
    assert [name for name in templates.NAMES if f"${name}" not in cure] == []


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("<a title=$headline>x</a>", Form.HTML),
        ("<p $headline>", Form.HTML),
        ("<a href='$source'>x</a>", Form.HTML),
        ("<script>say('$headline')</script>", Form.HTML),
        ("<$headline>", Form.MARKDOWN),
    ],
)
def test_a_template_in_which_a_headline_could_act_is_refused(text: str, form: Form) -> None:
    ((said, _),) = templates.faults(Template(text=text, form=form))
    assert said == "lets a headline act as markup"


def test_a_template_without_address_and_id_is_warned_of() -> None:
    assert templates.lacks(Template(text="$headline")) is not None
    assert templates.lacks(Template(text="$headline ${id}")) is None


def test_every_name_is_documented_where_templates_are() -> None:
    for page in ("messages.md", "config.md"):
        text = (ROOT / "docs" / "reference" / page).read_text(encoding="utf-8")
        assert [name for name in templates.NAMES if f"`${name}`" not in text] == []
