"""The index changes the cost, never the result."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import suppress
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import language, text
from monitor.errors import RuleError
from monitor.letters import Script
from monitor.rule import Rule, RuleSet, compile_rule
from monitor.rule import index as index_module
from monitor.rule.evaluate import Held, evaluate
from monitor.rule.index import Index, Lexicon, needs
from monitor.rule.parser import parse
from monitor.rule.query import Query, Way, Word, words
from monitor.rule.rules import exception, look
from monitor.text import Form, Text
from tests.conftest import SHARED, needs_shared

TERMS = {"nato": ("NATO", "НАТО", "North Atlantic Alliance", "Alliance")}
NAMES = ["NATO", "guarantees", "security", "гарантии", "безопасность", "НАТО", "oil", "prices", "trade", "US", "=Nato"]
NAMES += ['"security guarantees"', '"interest rates"', "guarant*", "@nato", "(oil OR crude)", "(NATO OR НАТО)", "japan"]
NAMES += ["garanties", "sécurité", "Sicherheit", "COVID-19", "the", "bank", "Iran", "Target", "wheat", "rates"]


def operated(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(lambda p: f"({p[0]} AND {p[1]})"),
        pair.map(lambda p: f"({p[0]} OR {p[1]})"),
        pair.map(lambda p: f"({p[0]} NOT {p[1]})"),
        st.tuples(st.sampled_from(["headline", "lead", "text", "category"]), inner).map(lambda p: f"{p[0]}:({p[1]})"),
    )


TOPICS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(" ".join)
NEARS = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(["NEAR/3", "BEFORE/5", "NOT NEAR/2"]),
    st.sampled_from(NAMES),
).map(" ".join)
SOURCES = st.recursive(st.one_of(TOPICS, NEARS, st.just("lang:en")), operated, max_leaves=4)


def compiled(sources: list[str]) -> list[Rule]:
    """Return the rules that can be compiled; contradictions are refused."""
    rules = []
    for i, source in enumerate(sources):
        with suppress(RuleError):
            rules.append(compile_rule(str(i), (source,), terms=TERMS, except_="" if i % 3 else "bank"))
    return rules


OWN = [
    ("Allies weigh security guarantees", "NATO ministers met on Monday. The guarantees, said a US official, cost oil."),
    (
        "Nato and the bank",
        "Security first. Guarantees of security by the Alliance. Alliance Bank raised interest rates.",
    ),
    ("Гарантии безопасности", "О гарантиях безопасности со стороны HATO говорили в НАТО."),
    ("Garanties de sécurité", "L’OTAN discute des garanties de la sécurité et du pétrole."),
    ("Oil prices", "Crude and oil price rates in Iran, Iranian wheat trade in Japan. COVID-19 vaccine."),
]


@cache
def texts() -> tuple[Text, ...]:
    """Return our own texts, and real ones where there are any."""
    read = [text.read(headline=a, lead=b[:40], text=b, categories=("oil", "trade")) for a, b in OWN]
    real = SHARED / "eval" / "docs.jsonl.gz"
    if real.exists():
        with gzip.open(real, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for _, line in zip(range(20), lines, strict=False)]
        read += [text.read(headline=row["title"], text=row["text"]) for row in rows]
    return tuple(read)


@cache
def is_word(word: Word, read: Form, spoken: tuple[str, ...]) -> bool:
    """Return whether a word of a text is a rule's word, without any index."""
    latin = language.written_in(Script.LATIN, spoken)
    cyrillic = language.written_in(Script.CYRILLIC, spoken)
    spellings = {*read.folded, *([read.disguised] if read.disguised and cyrillic else [])}
    if word.way is Way.EXACT:
        return read.spelled == word.spelled
    if word.way is Way.PREFIX:
        return any(spelling.startswith(word.folded[0]) for spelling in spellings)
    if spellings & set(word.folded) and read.capitals >= word.capitals:
        return True
    if word.way is Way.NAME:
        return False
    tried = language.written_in(read.script, spoken)
    if read.script is Script.LATIN:
        tried = (*latin, "en") if latin else word.languages
    tried = language.written_in(word.script, tried)
    stems = {each: (*language.stems(read.lower, each), *language.inner_stems(read.spelled, each)) for each in tried}
    return any(set(language.stems(word.lower, each)) & set(stems[each]) for each in tried)


def by_brute_force(rules: list[Rule], read: Text) -> Iterator[tuple[str, float]]:
    for rule in rules:
        for query in rule.queries:
            places: dict[str, list[int]] = {}
            for word in [word for each in (query, rule.how.except_) if each for word in words(each)]:
                found = [i for i, w in enumerate(read.words) if is_word(word, text.form(w), read.languages)]
                places |= {word.key: found} if found else {}
            sight = look(rule, read, places)
            held = evaluate(query, sight)
            if isinstance(held, Held) and not exception(rule, sight):
                yield rule.name, round(held.strength, 4)


@settings(deadline=None, max_examples=60)
@given(st.lists(SOURCES, min_size=1, max_size=12), st.data())
def test_the_index_finds_what_brute_force_finds(sources: list[str], data: st.DataObject) -> None:
    rules = compiled(sources)
    read = data.draw(st.sampled_from(texts()))
    assert [(m.rule, m.strength) for m in RuleSet(rules).match(read)] == list(by_brute_force(rules, read))


@settings(deadline=None, max_examples=60)
@given(st.lists(SOURCES, min_size=2, max_size=12), st.data())
def test_rules_do_not_change_each_other(sources: list[str], data: st.DataObject) -> None:
    rules = compiled(sources)
    read = data.draw(st.sampled_from(texts()))
    alone = [match for rule in rules for match in RuleSet([rule]).match(read)]
    assert list(RuleSet(rules).match(read)) == alone


@settings(deadline=None, max_examples=60)
@given(st.lists(SOURCES, min_size=2, max_size=12), st.data())
def test_a_set_grown_from_another_is_as_good_as_a_new_one(sources: list[str], data: st.DataObject) -> None:
    rules = compiled(sources)
    grown = RuleSet([])
    for _ in range(4):
        read = data.draw(st.sampled_from(texts()))
        rules = data.draw(st.permutations(rules).map(lambda shuffled: shuffled[: len(shuffled) * 3 // 4 + 1]))
        rules += compiled(data.draw(st.lists(SOURCES, max_size=3)))
        before, grown = grown, RuleSet(rules, grown)
        former = before.match(read)
        assert grown.match(read) == RuleSet(rules).match(read)
        assert before.match(read) == former


@pytest.mark.parametrize(("headline", "is_laid_out"), [("Oil talks in Norvik", False), ("NATO talks in Norvik", True)])
def test_where_words_stand_is_worked_out_only_for_a_text_with_words_of_a_rule(
    headline: str, *, is_laid_out: bool
) -> None:
    read = text.read(headline=headline)
    RuleSet([compile_rule("nato", ('"NATO talks"',))]).match(read)
    assert ("layout" in vars(read)) is is_laid_out


def test_one_rule_more_is_all_that_is_indexed() -> None:
    rules = compiled([f"{name} {other}" for name in ("grain", "rice", "tea") for other in ("oil", "wheat", "japan")])
    before = RuleSet(rules)
    new = compile_rule("new", ("barley",))
    after = RuleSet([*rules[1:], new], before)
    assert len(after._index) == len(before._index) + 1
    read = text.read(headline="Barley, grain, oil and wheat")
    assert [match.rule for match in after.match(read)] == [
        match.rule for match in before.match(read) if match.rule != rules[0].name
    ] + ["new"]


def test_what_a_set_leaves_behind_is_cleared_away_once_it_is_most_of_it() -> None:
    kept = compile_rule("kept", ("grain",))
    rules = RuleSet([kept])
    for number in range(20):
        rules = RuleSet([kept, compile_rule(str(number), (f"word{number}",))], rules)
        assert len(rules._owners) <= 4


def test_the_memo_of_words_outlives_a_reload_without_new_words() -> None:
    grain, rice = compile_rule("grain", ("grain rice",)), compile_rule("rice", ("rice",))
    before = RuleSet([grain, rice])
    assert RuleSet([grain], before)._lexicon._memos is before._lexicon._memos
    tea = compile_rule("tea", ("tea",))
    assert RuleSet([grain, tea], before)._lexicon._memos is not before._lexicon._memos


def test_a_rule_is_not_read_in_the_languages_of_another() -> None:
    german = compile_rule("german", ("Garantien",), languages=("de",))
    plain = compile_rule("plain", ("Garantien",))
    read = text.read(headline="Garantie")
    assert [match.rule for match in RuleSet([plain, german]).match(read)] == ["german"]


def query(source: str) -> Query:
    found = parse(source, terms=TERMS, languages=()).query
    assert found
    return found


@pytest.mark.parametrize(
    ("source", "needed"),
    [
        ("grain", [{"grain"}]),
        ("grain rice", [{"grain"}, {"rice"}]),
        ('"grain rice"', [{"grain"}, {"rice"}]),
        ("grain OR (tea AND barley)", [{"grain", "barley"}]),
        ("(grain OR rice) tea", [{"grain", "rice"}, {"tea"}]),
        ("grain NEAR/3 rice", [{"grain"}, {"rice"}]),
        ("grain NOT NEAR/3 rice", [{"grain"}]),
        ("grain NOT rice", [{"grain"}]),
        ("headline:grain lang:en", [{"grain"}]),
        ("lang:en", []),
        ("grain OR lang:en", []),
    ],
)
def test_what_a_query_needs_follows_from_its_tree(source: str, needed: list[set[str]]) -> None:
    asked = query(source)
    names = {word.key: word.spelled for word in words(asked)}
    assert [{names[key] for key in need} for need in needs(asked)] == needed


def test_a_query_is_looked_at_only_when_all_it_needs_is_there() -> None:
    queries = [query(source) for source in ("grain rice", "grain tea", "lang:en", "grain OR tea")]
    grain, rice = (next(words(query(name))).key for name in ("grain", "rice"))
    found = Index(lambda: map(needs, queries))
    assert found.candidates({}) == [2]
    assert found.candidates({grain: [0]}) == [2, 3]
    assert found.candidates({grain: [0], rice: [1]}) == [0, 2, 3]


def test_a_full_memo_is_emptied_and_learns_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "_REMEMBERED", 2)
    lexicon = Lexicon(words(query("grain rice")))
    read = text.read(headline="Grain so what rice grain")
    first = lexicon.places(read)
    assert {len(places) for places in first.values()} == {1, 2}
    assert lexicon.places(read) == first
    assert all(len(memo) <= 2 for memo in lexicon._memos.values())


@needs_shared
def test_real_texts_are_among_those_compared() -> None:
    assert len(texts()) > len(OWN)
