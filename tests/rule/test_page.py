"""The reference page of the rule language: its grammar, trees and examples are what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitor import text
from monitor.errors import RuleError, RuleFault
from monitor.rule import RuleSet, compile_rule, warnings
from monitor.rule.parser import parse
from monitor.rule.query import show
from monitor.rule.scan import FIELDS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "rule-language.md").read_text(encoding="utf-8")
GRAMMAR = re.findall(r"```ebnf\n(.*?)```", PAGE, re.DOTALL)[0].splitlines()
TREES = [re.split(r"\s{3,}", line) for line in re.findall(r"```trees\n(.*?)```", PAGE, re.DOTALL)[0].splitlines()]
EXAMPLES = re.findall(r"^\| `(.+?)` \| (.+?) \| (yes|no) \|$", PAGE, re.MULTILINE)
REFUSED = [answer for block in re.findall(r"```refused\n(.*?)\n```", PAGE, re.DOTALL) for answer in block.split("\n\n")]
WARNED = re.findall(r"^\| `(.+?)` \| (.+?) \|$", PAGE.split("## What is warned of")[1], re.MULTILINE)
#: The lists that the page speaks of.
TERMS = {"nato": ("NATO",)}


def test_the_grammar_has_eighteen_lines() -> None:
    assert len(GRAMMAR) == 18


def test_the_grammar_names_nothing_that_it_does_not_say() -> None:
    bodies = [re.sub(r'"[^"]*"|\(\*.*\*\)', "", line.partition("=")[2]) for line in GRAMMAR]
    said = {line.partition("=")[0].strip() for line in GRAMMAR}
    assert {name for body in bodies for name in re.findall("[a-z]+", body)} - said == {
        "letter",
        "digit",
        "sign",
        "quote",
    }


def test_the_grammar_names_every_field() -> None:
    line = next(line for line in GRAMMAR if line.startswith("field"))
    assert set(re.findall(r'"([a-z]+)"', line)) == {*FIELDS, "title"}


def test_the_page_shows_eleven_trees() -> None:
    assert len(TREES) == 11


@pytest.mark.parametrize(("rule", "tree"), TREES, ids=[rule for rule, _ in TREES])
def test_a_rule_has_the_tree_that_the_page_shows(rule: str, tree: str) -> None:
    parsed = parse(rule, terms={}, languages=())
    assert parsed.faults == ()
    assert parsed.query
    assert show(parsed.query) == tree


@pytest.mark.parametrize(("rule", "shown", "rings"), EXAMPLES, ids=[f"{a} - {b}" for a, b, _ in EXAMPLES])
def test_an_example_does_what_the_page_says(rule: str, shown: str, rings: str) -> None:
    headline, _, body = shown.partition(" // ")
    found = RuleSet([compile_rule("example", (rule,))]).match(text.read(headline=headline, text=body))
    assert bool(found) == (rings == "yes")


def refused(rule: str) -> tuple[RuleFault, ...]:
    with pytest.raises(RuleError) as found:
        compile_rule("refused", (rule,), terms=TERMS)
    return found.value.faults


def test_the_page_shows_more_than_fifty_refused_rules() -> None:
    assert len(REFUSED) > 50


@pytest.mark.parametrize("answer", REFUSED, ids=[answer.splitlines()[1] for answer in REFUSED])
def test_a_refused_rule_is_answered_as_the_page_shows(answer: str) -> None:
    faults = refused(answer.splitlines()[1])
    assert "\n".join(f"{fault}\n{fault.caret()}" for fault in faults) == answer


@pytest.mark.parametrize("rule", [answer.splitlines()[1] for answer in REFUSED])
def test_a_cure_is_said_and_what_it_proposes_is_a_rule_without_fault(rule: str) -> None:
    for fault in refused(rule):
        assert fault.cure
        assert 0 <= fault.start < fault.end <= len(rule)
        if fault.instead:
            assert compile_rule("cured", (fault.instead,), terms=TERMS).queries
            assert fault.instead != rule


def test_most_refused_rules_are_written_out_as_they_may_be_meant() -> None:
    written_out = [answer for answer in REFUSED if refused(answer.splitlines()[1])[-1].instead]
    assert len(written_out) > 40
    assert all(f"write: {refused(answer.splitlines()[1])[-1].instead}" in answer for answer in written_out)


@pytest.mark.parametrize(("rule", "warning"), WARNED, ids=[f"{rule} - {warning}" for rule, warning in WARNED])
def test_a_doubtful_rule_is_warned_of(rule: str, warning: str) -> None:
    assert warning in warnings(compile_rule("doubtful", (rule,)))


def test_every_operator_has_an_example_that_rings_and_one_that_does_not() -> None:
    operators = {
        "=": "=Nato",
        '"': '"security guarantees"',
        "*": "guarant*",
        "NEAR": "NATO NEAR/",
        "AND": "grain AND",
        "-": "grain -",
        "NOT NEAR": "NATO NOT NEAR/",
        "NOT BEFORE": "Siemens NOT BEFORE/",
        ">=": "jobs NEAR/3 >=",
        "..": "6..7",
        "/": r"/\bНАТО",
        "=/": "=/",
        "field:/": "headline:/",
    }
    for mark, start in operators.items():
        assert {rings for rule, _, rings in EXAMPLES if rule.startswith(start)} == {"yes", "no"}, mark
