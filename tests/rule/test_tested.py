"""A rule is tested on texts that it must match, or must not."""

from __future__ import annotations

import pytest

from monitor.rule import RuleTest, compile_rule, run_tests

RULE = compile_rule("harbour", ("harbour strike", "Norvik"), except_="share price")


@pytest.mark.parametrize(
    ("test", "passed"),
    [
        (RuleTest(headline="Harbour strike in Velmar"), True),
        (RuleTest(text="The dockers began a harbour strike."), True),
        (RuleTest(lead="Norvik opens a plant."), True),
        (RuleTest(headline="Harbour gets a crane"), False),
        (RuleTest(headline="Harbour gets a crane", match=False), True),
        (RuleTest(headline="Norvik share price falls", match=False), True),
        (RuleTest(headline="Norvik share price falls"), False),
        (RuleTest(headline="Norvik opens a plant", match=False), False),
    ],
)
def test_a_test_passes_when_the_rule_does_what_it_asks_for(test: RuleTest, *, passed: bool) -> None:
    (found,) = run_tests(RULE, [test])
    assert (found.rule, found.test, found.passed) == ("harbour", test, passed)


def test_a_test_that_fails_is_explained_query_by_query() -> None:
    (found,) = run_tests(RULE, [RuleTest(headline="Harbour gets a crane")])
    assert [(each.source, each.held, each.reason) for each in found.explanations] == [
        ("harbour strike", False, "strike: absent"),
        ("Norvik", False, "Norvik: absent"),
    ]


@pytest.mark.parametrize(
    "test", [RuleTest(headline="a", lead="b", text="c"), RuleTest(lead="a", text="b"), RuleTest(text="a")]
)
def test_a_test_is_called_by_its_first_words(test: RuleTest) -> None:
    assert test.title == "a"
