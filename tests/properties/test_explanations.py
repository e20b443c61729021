"""Whatever a rule asks for and a text holds, the explanation says what judging says, and shows nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from monitor import text
from monitor.rule import Finding, RuleSet, compile_rule, explain
from monitor.rule.passing import by_words
from tests.properties.laws import law, texts

NAMES = st.sampled_from(
    [
        "harbour",
        "strike",
        "Norvik",
        "=Norvik",
        '"harbour strike"',
        "harb*",
        "US",
        ">=6",
        "/[hs]t?[ar]+\\w+/",
        "(strike OR Norvik)",
    ]
)
NEAR = st.builds(
    "{} {}/{} {}".format,
    NAMES,
    st.sampled_from(["NEAR", "BEFORE", "NOT NEAR"]),
    st.integers(0, 9),
    NAMES,
)
TOPICS = st.lists(NAMES, min_size=2, max_size=3, unique=True).map(" ".join)
PARTS = NAMES | NEAR | TOPICS
FIELDS = st.builds("{}:({})".format, st.sampled_from(["headline", "lead", "text"]), PARTS)
QUERIES = st.one_of(
    PARTS,
    FIELDS,
    st.builds("({}) AND ({})".format, PARTS, PARTS),
    st.builds("({}) OR ({})".format, PARTS, FIELDS),
    st.builds("({}) NOT crane".format, PARTS),
    st.builds("({}) lang:en".format, NAMES),
)
PIECES = st.sampled_from(
    ["Norvik", "norvik", "Norviks", "harbour", "Harbours", "strike", "crane", "us", "5", "6.5", "the", ".", ",", "\n\n"]
)
WRITTEN = st.lists(PIECES | texts, max_size=30).map(" ".join)


def findings(tree: Finding) -> Iterator[Finding]:
    yield tree
    for part in tree.parts:
        yield from findings(part)


@law
@given(query=QUERIES, headline=WRITTEN, lead=WRITTEN, body=WRITTEN)
def test_an_explanation_holds_where_the_rule_matches(query: str, headline: str, lead: str, body: str) -> None:
    rule, read = compile_rule("x", (query,)), text.read(headline=headline, lead=lead, text=body)
    (found,) = explain(rule, read)
    matched = RuleSet([rule]).match(read)
    assert found.held == found.tree.held == bool(matched)
    if matched:
        assert (found.strength, found.reason) == (matched[0].strength, matched[0].place)


@law
@given(query=QUERIES, headline=WRITTEN, lead=WRITTEN, body=WRITTEN)
def test_every_part_says_how_it_stands_and_only_what_is_absent_has_a_nearest_miss(
    query: str, headline: str, lead: str, body: str
) -> None:
    (found,) = explain(compile_rule("x", (query,)), text.read(headline=headline, lead=lead, text=body))
    for each in findings(found.tree):
        assert each.reason
        assert each.about
        assert not (each.held and each.nearest)
        assert not (each.count and not each.held)


@law
@given(query=QUERIES, headline=WRITTEN, lead=WRITTEN, body=WRITTEN)
def test_the_words_alone_are_there_wherever_the_rule_matches(query: str, headline: str, lead: str, body: str) -> None:
    rule, read = compile_rule("x", (query,)), text.read(headline=headline, lead=lead, text=body)
    if words := by_words(rule, "y"):
        found = {match.rule for match in RuleSet([rule, words]).match(read)}
        assert "x" not in found or "y" in found
