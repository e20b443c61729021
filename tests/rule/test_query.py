"""The tree of a rule: what its words are compared by, and how it is told to people."""

from __future__ import annotations

import pytest

from monitor.rule.parser import parse
from monitor.rule.query import Near, OneOf, Query, Topic, Way, Word, inner, required_capitals, word, words, write


def tree(source: str) -> object:
    return parse(source, terms={"nato": ("NATO", "North Atlantic Alliance", "Alliance")}, languages=()).query


@pytest.mark.parametrize(
    ("written", "capitals"),
    [
        ("US", 2),
        ("U.S.", 2),
        ("us", 2),
        ("WHO", 2),
        ("who", 0),
        ("UN", 2),
        ("TARGET", 2),
        ("Target", 1),
        ("target", 0),
        ("Who", 0),
        ("THE", 0),
        ("NATO", 0),
        ("Siemens", 0),
    ],
)
def test_a_name_that_is_an_ordinary_word_needs_its_capitals(written: str, capitals: int) -> None:
    assert required_capitals(written) == capitals


def test_an_exact_word_needs_no_more_capitals_than_its_own_letters() -> None:
    exact = word("US", Way.EXACT, label="=US", languages=("en",))
    assert (exact.capitals, exact.way, exact.languages) == (0, Way.EXACT, ())


def test_words_that_find_the_same_have_the_same_key() -> None:
    first, second = (word(written, Way.FORMS, label=written, languages=("en",)) for written in ("Zelenský", "ZELENSKY"))
    assert first.key == second.key
    assert first.key != word("zelensky", Way.EXACT, label="zelensky", languages=("en",)).key
    assert first.key != word("zelensky", Way.FORMS, label="zelensky", languages=("de", "en")).key


def test_a_short_name_is_marked_beside_its_long_one() -> None:
    query = tree("@nato")
    assert isinstance(query, OneOf)
    assert [option.short for option in query.options if isinstance(option, Word)] == [False, True]


@pytest.mark.parametrize(
    "source", ["a1 NEAR/3 b1", "a1 NOT BEFORE/2 (b1 OR c1)", '"a1 b1" BEFORE/1 @nato', '"a1 b1" NEAR/2 ab*']
)
def test_near_is_told_as_it_is_written(source: str) -> None:
    query = tree(source)
    assert isinstance(query, Near)
    assert query.label == source


def test_a_topic_is_told_as_it_is_written() -> None:
    query = tree('the NATO (a1 OR b1) "c1 d1"')
    assert isinstance(query, Topic)
    assert query.label == 'NATO (a1 OR b1) "c1 d1"'


def test_every_word_of_a_tree_is_found() -> None:
    found = parse('headline:(a1 OR "b1 c1") AND d1 NEAR/2 e1 NOT f1 AND lang:en', terms={}, languages=()).query
    assert found
    assert [each.spelled for each in words(found)] == ["a1", "b1", "c1", "d1", "e1", "f1"]


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("NATO security guarantees", "NATO security guarantees"),
        ('(NATO OR EU) "a1 b1" NOT c1', '(NATO OR EU) "a1 b1" AND NOT c1'),
        ("grain OR rice AND wheat", "grain OR rice AND wheat"),
        ("(grain OR rice x1) AND wheat", "(grain OR rice x1) AND wheat"),
        ("a1 NEAR/3 b1 BEFORE/4 c1", "a1 NEAR/3 b1 BEFORE/4 c1"),
        ("a1 NOT NEAR/2 (b1 NEAR/3 c1)", "a1 NOT NEAR/2 (b1 NEAR/3 c1)"),
        ("headline:(a1 b1) lang:en -c1", "headline:(a1 b1) AND lang:en AND NOT c1"),
        ("NOT (a1 OR b1) OR c1", "NOT (a1 OR b1) OR c1"),
        ("title:(NOT a1) b1", "b1 AND headline:(NOT a1)"),
        ("@nato =Kyiv guarant*", "@nato =Kyiv guarant*"),
        ("a1 (magnitude NEAR/3 >=6)", "a1 (magnitude NEAR/3 >=6)"),
        ("=/a b/ OR 6..7", "(=/a b/ OR 6..7)"),
    ],
)
def test_a_tree_is_written_as_a_rule_with_no_more_brackets_than_it_needs(source: str, written: str) -> None:
    query = parse(source, terms={"nato": ("NATO", "OTAN")}, languages=()).query
    assert query
    assert write(query) == written


def test_every_query_tells_what_it_is_made_of() -> None:
    (left, right) = inner(one("a1 NEAR/3 (b1 OR c1)"))
    assert (write(left), [write(option) for option in inner(right)]) == ("a1", ["b1", "c1"])
    assert [write(part) for part in inner(one("NOT headline:a1"))] == ["headline:a1"]
    assert [part.label for part in inner(one('"a1 b1"')) if isinstance(part, Word)] == ['"a1 b1"'] * 2
    assert [*inner(one("a1")), *inner(one(">=6")), *inner(one("/a/")), *inner(one("lang:en"))] == []


def one(source: str) -> Query:
    query = parse(source, terms={}, languages=()).query
    assert query
    return query
