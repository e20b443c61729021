"""Whatever a rule and a text hold: what the rule shows stands in the text, and what is written is what is meant."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import text
from monitor.errors import RuleError
from monitor.rule import Precision, RuleSet, compile_rule
from monitor.rule.evaluate import Held, Sight, evaluate
from monitor.rule.index import Lexicon
from monitor.rule.parser import parse
from monitor.rule.query import Query, show, words, write
from monitor.text import fold
from tests.properties.laws import law, texts

SOURCES = (
    "harbour strike",
    "=Norvik",
    '"harbour strike"',
    "harb*",
    "harbour NEAR/4 strike",
    "Norvik OR harbour",
    "headline:(Norvik)",
    "забастовка",
    "Norvik NOT harbour",
)
PIECES = st.sampled_from(
    ["Norvik", "harbour", "Harbours", "strike", "struck", "забастовки", "6.5", "7", ".", "!", "\n", "“", "ﬁve"]
)
WRITTEN = st.lists(PIECES | texts, max_size=25).map(" ".join)
RULES = RuleSet([compile_rule(f"rule-{number}", (source,)) for number, source in enumerate(SOURCES)])


@law
@given(headline=WRITTEN, lead=WRITTEN, body=WRITTEN)
def test_evidence_stands_where_it_says_it_does(headline: str, lead: str, body: str) -> None:
    read = text.read(headline=headline, lead=lead, text=body)
    for match in RULES.match(read):
        assert 0 <= match.strength <= 1
        assert match.place
        for shown in match.evidence:
            assert shown.sentence.strip("…") in read.fields[shown.field]
            assert shown.spans
            ends = [place for start, end, _ in shown.spans for place in (start, end)]
            assert ends == sorted(ends)
            assert all(0 <= start < end <= len(shown.sentence) for start, end, _ in shown.spans)
            assert all(shown.sentence[start:end].strip() for start, end, _ in shown.spans)


@law
@given(headline=WRITTEN, lead=WRITTEN, body=WRITTEN)
def test_an_exact_word_is_found_exactly_where_it_is_written(headline: str, lead: str, body: str) -> None:
    read = text.read(headline=headline, lead=lead, text=body)
    rule = compile_rule("exact", ("=Norvik",))
    for match in RuleSet([rule]).match(read):
        assert "Norvik" in f"{headline} {lead} {body}"
        for shown in match.evidence:
            assert {fold(shown.sentence[start:end]) for start, end, _ in shown.spans} == {"norvik"}


@law
@given(before=texts, behind=texts)
def test_a_name_that_stands_alone_on_its_line_always_rings(before: str, behind: str) -> None:
    read = text.read(headline="News", text=f"{before}\nNorvik\n{behind}")
    assert [match.rule for match in RuleSet([compile_rule("norvik", ("Norvik",))]).match(read)] == ["norvik"]


# --- what is written, and what it means -----------------------------------------------------------------------------

WORDS = st.sampled_from(["harbour", "strike", "Norvik", "NATO", "guarantees", "забастовка", "port", "union"])
NAMES = st.one_of(
    WORDS,
    WORDS.map(lambda word: f"={word}"),
    st.sampled_from(["harb*", "@ports", ">=6", "<7.5", "6..7", r"/str\w+/", "=/Norvik/", "/[0-9]+/"]),
    st.tuples(WORDS, WORDS).map(lambda pair: f'"{pair[0]} {pair[1]}"'),
)
TERMS = {"ports": ("harbour", "port of call", "=Norvik")}


def mentions(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    either = st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' OR '.join(parts)})")
    operators = st.sampled_from(["NEAR/3", "BEFORE/2", "NOT NEAR/2", "NOT BEFORE/1"])
    near = st.tuples(inner, operators, inner).map(lambda parts: f"({' '.join(parts)})")
    return either | near


MENTIONS = st.recursive(NAMES, mentions, max_leaves=4)


def queries(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    joined = st.tuples(inner, st.sampled_from(["AND", "OR", "AND NOT"]), inner).map(
        lambda parts: f"({' '.join(parts)})"
    )
    field = st.tuples(st.sampled_from(["headline", "lead", "text"]), inner).map(lambda pair: f"{pair[0]}:({pair[1]})")
    return joined | field | inner.map(lambda query: f"NOT ({query})")


TOPICS = st.lists(MENTIONS, min_size=1, max_size=3).map(" ".join)
QUERIES = st.recursive(TOPICS | st.just("lang:en"), queries, max_leaves=4)
#: Texts in which the words above are often met.
MET = st.lists(
    WORDS
    | st.sampled_from(["Harbours", "struck", "of", "the", ".", ",", "6", "6.4", "7", "12", "M7", "забастовки", "\n"]),
    max_size=20,
).map(" ".join)


def tree(source: str) -> Query:
    found = parse(source, terms=TERMS, languages=())
    assert found.query, (source, found.faults)
    return found.query


def holds(query: Query, read: text.Text) -> bool:
    places = Lexicon(words(query)).places(read)
    end = read.ranges["anywhere"][1]
    sight = Sight(text=read, places=places, precision=Precision.NORMAL, first=0, end=end)
    return isinstance(evaluate(query, sight), Held)


@law
@given(QUERIES)
def test_a_tree_that_is_written_out_is_read_as_the_same_tree(source: str) -> None:
    query = tree(source)
    assert show(tree(write(query))) == show(query)
    assert write(tree(write(query))) == write(query)


@law
@given(QUERIES, MET, MET)
def test_a_tree_that_is_written_out_means_the_same(source: str, headline: str, body: str) -> None:
    read = text.read(headline=headline, text=body, language="en")
    query = tree(source)
    assert holds(tree(write(query)), read) == holds(query, read)


@law
@given(MENTIONS, st.sampled_from(["NEAR", "BEFORE"]), st.integers(0, 9), MENTIONS, MET)
def test_what_is_near_is_there(left: str, operator: str, within: int, right: str, shown: str) -> None:
    read = text.read(headline="News", text=shown)
    if holds(tree(f"({left}) {operator}/{within} ({right})"), read):
        assert holds(tree(f"({left}) AND ({right})"), read)
        assert holds(tree(f"({left}) NEAR/{within + 1} ({right})"), read)


@law
@given(MENTIONS, MENTIONS, MET, MET)
def test_what_has_no_neighbour_and_what_has_one_are_all_there_is(
    left: str, right: str, headline: str, body: str
) -> None:
    read = text.read(headline=headline, text=body)
    with_one, with_none = tree(f"({left}) NEAR/2 ({right})"), tree(f"({left}) NOT NEAR/2 ({right})")
    if holds(tree(left), read):
        assert holds(with_one, read) or holds(with_none, read)
    else:
        assert not holds(with_one, read)
        assert not holds(with_none, read)


@law
@given(st.lists(NAMES, min_size=1, max_size=3), st.integers(0, 2), NAMES, MET, MET)
def test_another_word_for_the_same_never_loses_a_match(
    parts: list[str], at: int, synonym: str, headline: str, body: str
) -> None:
    read = text.read(headline=headline, text=body)
    more = [f"({part} OR {synonym})" if number == at % len(parts) else part for number, part in enumerate(parts)]
    assert not holds(tree(" ".join(parts)), read) or holds(tree(" ".join(more)), read)
    assert not holds(tree(" AND ".join(parts)), read) or holds(tree(" AND ".join(more)), read)


@law
@given(st.lists(QUERIES, min_size=1, max_size=8), MET, MET)
def test_a_set_of_rules_finds_what_each_rule_alone_would(sources: list[str], headline: str, body: str) -> None:
    read = text.read(headline=headline, text=body)
    rules = []
    for number, source in enumerate(sources):
        with suppress(RuleError):  # "x NOT x", which could never fire
            rules.append(compile_rule(str(number), (source,), terms=TERMS))
    found = {match.rule for match in RuleSet(rules).match(read)}
    assert found == {rule.name for rule in rules if holds(rule.queries[0], read)}


SIGNS = "()\"'“„«»/\\[]{}<>=≥!|&~^*?@-+:;,.#%$ \t\n"
ODD = st.lists(
    st.sampled_from(
        [*SIGNS, "AND", "OR", "NOT", "NEAR/3", "near", "NEAR", "headline:", "lang:", "@ports", "NATO", "a1"]
    )
    | st.sampled_from(["[1 TO 2]", "/x+/", "/(a+)+/", "6..7", ">=6", '"a1 * b1"', "w/5", "НАТО", "the", "a|b", "x~2"])
    | texts,
    max_size=12,
)


@settings(law, max_examples=400)
@given(ODD, st.sampled_from(["", " "]))
def test_whatever_is_written_is_a_rule_or_is_refused_with_a_cure(parts: list[str], between: str) -> None:
    source = between.join(parts)
    try:
        rule = compile_rule("odd", (source,), terms=TERMS)
    except RuleError as refused:
        for fault in refused.faults:
            assert fault.message
            assert fault.cure
            assert 0 <= fault.start <= fault.end <= len(source)
            assert fault.caret()
            if fault.instead:
                assert parse(fault.instead, terms=TERMS, languages=()).query, (source, fault.instead)
    else:
        assert show(tree(write(rule.queries[0]))) == show(rule.queries[0])
