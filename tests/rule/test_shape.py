"""A rule that is read by its shape is the rule that reading it word by word gives."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.rule import Where, compile_rule
from monitor.rule import shape as shapes
from monitor.rule.checks import doubts, futile
from monitor.rule.parser import parse
from monitor.rule.query import And, In, Near, Not, OneOf, Or, Phrase, Query, Topic, inner
from monitor.rule.shape import shaped

FIELDS = Where.ANYWHERE.fields

PLAIN = ["grain", "Rice", "NATO", "tea", "barley", "oil", "безопасность", "НАТО", "мир", "wheat", "Kyiv", "qxqaab"]
ODD = [
    "the",
    "der",
    "die",
    "US",
    "us",
    "Target",
    "sécurité",
    "Straße",
    "near",
    "who",
    "HATO",
    "COVID-19",
    "WiFi",
    "или",
]
ODD += ["gr*", "=Nato", "ії", "é", "x", "2024", "C++", "U.S.", "6.5", "北约", "and", "not", "title:"]
ODD += ["lang:en", "-oil"]
WORDS = st.sampled_from(PLAIN) | st.sampled_from(PLAIN) | st.sampled_from(ODD)


def joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operator = st.sampled_from([" AND ", " OR ", " NOT ", " NEAR/8 ", " BEFORE/2 ", " NOT NEAR/3 ", " ", "  "])
    several = st.tuples(inner, operator, inner).map("".join)
    return several | several.map(lambda source: f"({source})") | several.map(lambda source: f"NOT ({source})")


SOURCES = st.recursive(
    WORDS | st.lists(WORDS, min_size=1, max_size=3).map(lambda words: f'"{" ".join(words)}"'), joined, max_leaves=6
)


def shown(query: Query) -> tuple[object, ...]:
    """Return all of the tree but the labels of a phrase's words, which nobody is shown."""
    match query:
        case Phrase():
            return "phrase", query.label, *(replace(word, label="") for word in query.words)
        case OneOf():
            return "any", query.label, *map(shown, query.options)
        case Near():
            return "near", query.within, query.ordered, query.apart, shown(query.left), shown(query.right)
        case And() | Or() | Topic() | Not() | In():
            return type(query), *map(shown, inner(query))
        case _:
            return ("other", query)


@settings(deadline=None, max_examples=400)
@given(SOURCES, st.sampled_from([(), ("de",), ("en", "ru")]))
def test_a_shape_with_its_words_is_the_tree_that_reading_gives(source: str, languages: tuple[str, ...]) -> None:
    found = shaped(source, languages=languages, fields=FIELDS)
    if found is not None:
        query = found[0].filled(found[1])
        read = parse(source, terms={}, languages=languages)
        assert read.query is not None
        assert shown(query) == shown(read.query)
        assert (read.faults, read.remarks) == ((), ())
        assert [*futile(read.query, FIELDS), *doubts(read.query)] == []


@pytest.mark.parametrize(
    "source",
    [
        "grain",
        "grain rice tea",
        "grain AND rice NOT tea",
        '"grain rice" NEAR/8 (tea OR barley)',
        "NATO AND Kyiv",
        "безопасность AND НАТО",
    ],
)
def test_plain_words_and_operators_are_read_by_their_shape(source: str) -> None:
    assert shaped(source, languages=(), fields=FIELDS) is not None


@pytest.mark.parametrize(
    "source",
    [
        "grain NOT grain",
        "grain OR Grain",
        "grain der",
        "grain AND the",
        "US AND grain",
        "grain near rice",
        "grain AND",
        "NOT grain",
        "(grain",
        "grain NEAR rice",
        "grain -rice",
        "headline:grain",
        "@grain",
        "grain >=6",
        "HATO безопасность",
        "grain and rice",
        "",
    ],
)
def test_what_may_be_about_its_words_is_read_word_by_word(source: str) -> None:
    assert shaped(source, languages=(), fields=FIELDS) is None


def test_rules_share_their_words() -> None:
    one, other = (compile_rule("x", (source,)).queries[0] for source in ("grain AND rice", "tea OR grain"))
    assert isinstance(one, And)
    assert isinstance(other, OneOf)
    assert one.parts[0] is other.options[1]


def test_a_full_memo_of_words_is_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "_REMEMBERED", 2)
    monkeypatch.setattr(shapes, "_words", type(shapes._words)(dict))
    for word in ("grain", "rice", "tea", "barley"):
        found = shaped(word, languages=(), fields=FIELDS)
        assert found is not None
        assert found[0].filled(found[1]) == parse(word, terms={}, languages=()).query
        assert len(shapes._words[()]) <= 2
