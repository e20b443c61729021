"""The reference page of the rule language: its grammar, trees and examples are what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitor import text
from monitor.errors import RuleError
from monitor.rule import RuleSet, compile_rule
from monitor.rule.parser import parse
from monitor.rule.query import show
from monitor.rule.scan import FIELDS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "rule-language.md").read_text(encoding="utf-8")
GRAMMAR = re.findall(r"```ebnf\n(.*?)```", PAGE, re.DOTALL)[0].splitlines()
TREES = [re.split(r"\s{3,}", line) for line in re.findall(r"```trees\n(.*?)```", PAGE, re.DOTALL)[0].splitlines()]
EXAMPLES = re.findall(r"^\| `(.+?)` \| (.+?) \| (yes|no) \|$", PAGE, re.MULTILINE)
REFUSED = re.findall(r"^\| `(.+?)` \| (.+?) \|$", PAGE.split("## What is refused")[1], re.MULTILINE)


def test_the_grammar_has_fifteen_lines() -> None:
    assert len(GRAMMAR) == 15


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


def test_the_page_shows_ten_trees() -> None:
    assert len(TREES) == 10


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


@pytest.mark.parametrize(("rule", "message"), REFUSED, ids=[rule for rule, _ in REFUSED])
def test_a_refused_rule_is_told_what_is_wrong_and_what_to_do(rule: str, message: str) -> None:
    with pytest.raises(RuleError) as refused:
        compile_rule("refused", (rule,))
    (fault,) = refused.value.faults
    assert fault.message == message
    assert fault.cure
    assert fault.source == rule
    assert 0 <= fault.start < fault.end <= len(rule)


def test_every_operator_has_an_example_that_rings_and_one_that_does_not() -> None:
    operators = {"=": "=Nato", '"': '"security guarantees"', "*": "guarant*", "NEAR": "NATO NEAR/", "AND": "grain AND"}
    for mark, start in operators.items():
        assert {rings for rule, _, rings in EXAMPLES if rule.startswith(start)} == {"yes", "no"}, mark
