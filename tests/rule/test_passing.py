"""What a rule only brushes is found by asking for its words alone."""

from __future__ import annotations

import pytest

from monitor import text
from monitor.rule import RuleSet, compile_rule
from monitor.rule.passing import by_words
from monitor.rule.query import show

FAR = text.read(
    headline="Velmar rests",
    text="\n\n".join(["The harbour lies still.", *["Nothing was said."] * 20, "Elsewhere a strike ended."]),
)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("harbour strike", "and(harbour, strike)"),
        ('harbour "general strike" NOT crane', 'and(and(harbour, "general strike"), not(crane))'),
        ("headline:(harbour strike)", "headline(and(harbour, strike))"),
        ("harbour strike OR Norvik", "or(and(harbour, strike), Norvik)"),
        ("Norvik NOT (harbour strike)", None),
        ("Norvik", None),
        ("harbour NEAR/3 strike", None),
        ("harbour AND strike", None),
    ],
)
def test_only_topics_ask_for_more_than_their_words(source: str, words: str | None) -> None:
    found = by_words(compile_rule("x", (source,)), "y")
    assert (found and show(found.queries[0])) == words


def test_the_words_alone_find_what_the_topic_passes_over() -> None:
    rule = compile_rule("topic", ("harbour strike",))
    words = by_words(rule, "words")
    assert words is not None
    assert [match.rule for match in RuleSet([rule, words]).match(FAR)] == ["words"]


def test_an_exception_holds_for_the_words_too() -> None:
    words = by_words(compile_rule("topic", ("harbour strike",), except_="Velmar"), "words")
    assert words is not None
    assert RuleSet([words]).match(FAR) == ()
