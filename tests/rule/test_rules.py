"""Rules made ready, and many of them against one text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from monitor import text
from monitor.errors import RuleError
from monitor.rule import Evidence, Precision, Rule, RuleSet, Where, compile_rule, warnings
from monitor.rule import rules as rules_module
from monitor.rule.evaluate import Group, Sight
from monitor.rule.evidence import evidence
from monitor.text import Text

BARN = text.read(headline="Red barn burns", lead="Nobody was hurt.", text="Nobody was hurt. The price of hay rose.")


def holds(rule: Rule, read: Text = BARN) -> bool:
    return bool(RuleSet([rule]).match(read))


def test_any_of_its_queries_is_enough_and_the_strongest_counts() -> None:
    rule = compile_rule("barn", ("barn hay", "barn burns", "cow"))
    (found,) = RuleSet([rule]).match(BARN)
    (best,) = RuleSet([compile_rule("barn", ("barn burns",))]).match(BARN)
    assert found == best


def test_matches_come_in_the_order_of_the_rules() -> None:
    rules = [compile_rule(name, (name,)) for name in ("hay", "cow", "barn", "red")]
    assert [found.rule for found in RuleSet(rules).match(BARN)] == ["hay", "barn", "red"]


@pytest.mark.parametrize(
    ("except_", "dropped"),
    [
        ("", False),
        ("cow, barn", True),
        ("hurts", True),
        ("price", False),
        ("burning barn", False),
        ("red barn", True),
        ("=barn", True),
        ("=Barn", False),
        ("@farm", True),
    ],
)
def test_an_exception_drops_an_item_whose_headline_or_lead_says_it(except_: str, *, dropped: bool) -> None:
    rule = compile_rule("barn", ("hay",), except_=except_, terms={"farm": ("barn",)})
    assert holds(rule) is not dropped


@pytest.mark.parametrize(
    ("where", "word", "held"),
    [
        (Where.HEADLINE, "barn", True),
        (Where.HEADLINE, "hurt", False),
        (Where.LEAD, "barn", True),
        (Where.LEAD, "hurt", True),
        (Where.LEAD, "hay", False),
        (Where.ANYWHERE, "hay", True),
    ],
)
def test_a_rule_reads_as_far_as_it_is_told(where: Where, word: str, *, held: bool) -> None:
    assert holds(compile_rule("barn", (word,), where=where)) is held


def test_a_rule_for_headlines_still_knows_the_author() -> None:
    read = text.read(headline="Barn", author="Ann")
    assert holds(compile_rule("ann", ("author:ann",), where=Where.HEADLINE), read)


def test_precision_is_asked_of_each_topic() -> None:
    read = text.read(headline="Fire", text=f"{'So. ' * 5}A barn on fire. {'So. ' * 9}")
    held = [holds(compile_rule("x", ("barn fire",), precision=precision), read) for precision in Precision]
    assert held == [True, True, False]


@pytest.mark.parametrize(
    ("sources", "where", "refutable"),
    [
        (("barn",), Where.ANYWHERE, False),
        (("barn NOT hay",), Where.ANYWHERE, True),
        (("cow", "barn -hay"), Where.ANYWHERE, True),
        (("barn NOT hay",), Where.LEAD, False),
        (("barn NOT headline:hay",), Where.ANYWHERE, False),
        (("barn NOT text:hay",), Where.ANYWHERE, True),
        (("headline:(barn NOT hay)",), Where.ANYWHERE, False),
        (("text:(barn NOT hay)",), Where.ANYWHERE, True),
        (("cow OR (barn NOT hay)",), Where.ANYWHERE, True),
        (("barn NOT NEAR/1 hay",), Where.ANYWHERE, False),
    ],
)
def test_a_negation_that_reaches_the_text_needs_the_article(
    sources: tuple[str, ...], where: Where, *, refutable: bool
) -> None:
    assert compile_rule("x", sources, where=where).needs_article_to_refute is refutable


def test_every_fault_of_every_query_is_raised_at_once() -> None:
    with pytest.raises(RuleError) as refused:
        compile_rule("x", ("barn and hay", "@none", "hay"), except_="@nothing")
    assert [(fault.source, fault.start) for fault in refused.value.faults] == [
        ("barn and hay", 5),
        ("@none", 0),
        ("@nothing", 0),
    ]


UNCHANGED: dict[str, Any] = {"match": ("barn @farm",), "except_": "cow", "terms": {"farm": ("hay",), "sea": ("ship",)}}
CHANGES: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"terms": {"farm": ("hay",), "sea": ("boat",)}}, True),
    ({"terms": {"farm": ("hay", "straw")}}, False),
    ({"match": ("barn @farm fire",)}, False),
    ({"except_": ""}, False),
    ({"where": Where.LEAD}, False),
    ({"precision": Precision.BROAD}, False),
    ({"languages": ("de",)}, False),
]


@pytest.mark.parametrize(("change", "same"), CHANGES)
def test_a_rule_is_made_anew_only_where_it_changed(change: dict[str, Any], *, same: bool) -> None:
    before = compile_rule("barn", **UNCHANGED)
    after = compile_rule("barn", **UNCHANGED | change, before=before)
    assert (after is before) is same
    assert after == compile_rule("barn", **UNCHANGED | change)


def test_evidence_is_gathered_only_of_rules_that_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    gathered = []

    def gathering(groups: Sequence[Group], sight: Sight) -> tuple[Evidence, ...]:
        gathered.append(groups)
        return evidence(groups, sight)

    monkeypatch.setattr(rules_module, "evidence", gathering)
    rules = RuleSet([compile_rule(name, (name,)) for name in ("hay", "barn", "red")])
    found = rules.judge(BARN, heard=lambda name: name == "barn").matches
    assert ([match.rule for match in found], len(gathered)) == (["barn"], 1)


def test_a_rule_without_a_query_is_refused() -> None:
    with pytest.raises(RuleError, match="there is nothing to match"):
        compile_rule("x", ())


def test_a_field_beyond_where_a_rule_reads_is_refused() -> None:
    with pytest.raises(RuleError) as refused:
        compile_rule("x", ("barn text:hay",), where=Where.LEAD)
    (fault,) = refused.value.faults
    assert (fault.start, fault.end) == (5, 10)


@pytest.mark.parametrize(
    ("source", "warning"),
    [
        ("US tariffs", "US is an ordinary word too: it is matched only where the text writes it in capitals"),
        ("us tariffs", "us is an ordinary word too: it is matched only where the text writes it in capitals"),
        ("Target", "Target is an ordinary word too: it is matched only where the text writes it with a capital"),
        ("it strikes", "it is read as the ordinary word and not looked for; write IT for the name"),
    ],
)
def test_words_that_are_read_otherwise_than_meant_are_warned_of(source: str, warning: str) -> None:
    assert warnings(compile_rule("x", (source,))) == (warning,)


def test_a_plain_rule_has_no_warning() -> None:
    assert warnings(compile_rule("x", ("NATO security guarantees",))) == ()


RULE_LANGUAGES = [
    ("garanties de sécurité", (), "Garantie de sécurité", None, True),
    ("Garantien", ("de",), "Garantie", None, True),
    ("Garantien", (), "Garantie", None, False),
    ("Garantien", (), "Garantie", "de", True),
    ("Garantien", ("de",), "Garantie of the day and the end", None, False),
    ("security guarantees", (), "Security guarantee für die Lage und den Rat", "de", True),
    ("гарантии", (), "о гарантиях", None, True),
    ("безпека", (), "про безпеці", "uk", True),
    ("北约", (), "讨论北约安全", None, True),
    ("ασφάλεια", (), "της ασφάλειας", None, True),
]


@pytest.mark.parametrize(("source", "languages", "headline", "spoken", "held"), RULE_LANGUAGES)
def test_word_forms_follow_the_language_of_the_text(
    source: str, languages: tuple[str, ...], headline: str, spoken: str | None, *, held: bool
) -> None:
    rule = compile_rule("x", (source,), languages=languages)
    assert holds(rule, text.read(headline=headline, language=spoken)) is held
