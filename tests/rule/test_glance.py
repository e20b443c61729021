"""A glance refuses no text that a query holds for, and where it is sure it is right both ways."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import text
from monitor.rule import Where
from monitor.rule.evaluate import Held, Sight, evaluate
from monitor.rule.index import Lexicon
from monitor.rule.shape import shaped
from monitor.rule.topic import Precision
from monitor.text import Text

NAMES = st.sampled_from(["grain", "rice", "tea", "oil"])
PHRASES = st.lists(NAMES, min_size=2, max_size=3, unique=True).map(lambda names: f'"{" ".join(names)}"')


def operated(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operator = st.sampled_from([" AND ", " OR ", " NEAR/2 ", " BEFORE/1 ", " NOT NEAR/1 ", " NOT ", " "])
    return st.tuples(inner, operator, inner).map(lambda parts: f"({''.join(parts)})")


SOURCES = st.recursive(NAMES | PHRASES, operated, max_leaves=4).map(
    lambda source: source[1:-1] if source[0] == "(" else source
)
TEXTS = st.lists(
    st.sampled_from(["grain", "Rice", "tea", "oil", "oil grain", "so", "and then.", "Now", ","]), max_size=40
).map(" ".join)


def sight(read: Text, source: str, where: Where = Where.ANYWHERE) -> Sight:
    found = shaped(source, languages=(), fields=Where.ANYWHERE.fields)
    assert found is not None
    end = read.ranges[where.fields[-1]][1]
    places = Lexicon(found[1]).places(read)
    return Sight(text=read, places=places, precision=Precision.NORMAL, first=0, end=end)


@settings(deadline=None, max_examples=400)
@given(SOURCES, TEXTS, TEXTS, TEXTS, st.sampled_from(Where))
def test_a_glance_never_refuses_what_holds_and_is_right_where_it_is_sure(
    source: str, headline: str, lead: str, body: str, where: Where
) -> None:
    found = shaped(source, languages=(), fields=Where.ANYWHERE.fields)
    if found is None:  # such as a word that is asked for and refused
        return
    shape, words = found
    seen = sight(text.read(headline=headline, lead=lead, text=body, categories=("grain rice",)), source, where)
    holds = isinstance(evaluate(shape.filled(words), seen), Held)
    glanced = shape.glance(words, seen)
    assert glanced or not holds
    assert glanced == holds or not shape.is_sure


@pytest.mark.parametrize(
    ("source", "sure"),
    [
        ("grain AND rice", True),
        ("grain OR (rice NOT tea)", True),
        ('"grain rice" AND tea', True),
        ("grain NEAR/3 rice", True),
        ("grain rice", False),
        ("grain NOT NEAR/3 rice", False),
        ('"grain rice" NEAR/3 tea', False),
        ("grain NOT (rice tea)", False),
    ],
)
def test_a_glance_is_sure_of_all_but_topics_and_of_nearness_beyond_two_words(source: str, sure: bool) -> None:  # noqa: FBT001 - a table
    found = shaped(source, languages=(), fields=Where.ANYWHERE.fields)
    assert found is not None
    assert found[0].is_sure is sure


@pytest.mark.parametrize(
    ("source", "written", "holds"),
    [
        ("grain AND rice", "Rice. And grain.", True),
        ("grain AND rice", "Grain.", False),
        ('"grain rice"', "Grain, rice. Grain rice.", True),
        ('"grain rice"', "Grain, rice.", False),
        ("grain NEAR/1 rice", "Rice or grain.", True),
        ("grain BEFORE/1 rice", "Rice or grain.", False),
        ("grain NEAR/1 rice", "Grain. Rice.", False),
        ("grain NEAR/1 rice", "Grain is not like rice.", False),
        ('"grain rice" NEAR/1 tea', "Tea. Far away is grain rice.", True),
        ("grain NOT NEAR/1 rice", "Grain rice.", True),
        ("grain NOT NEAR/1 rice", "Rice.", False),
        ("grain NOT (rice tea)", "Grain, rice, tea.", True),
    ],
)
def test_what_a_glance_lets_through(source: str, written: str, holds: bool) -> None:  # noqa: FBT001 - a table
    found = shaped(source, languages=(), fields=Where.ANYWHERE.fields)
    assert found is not None
    assert found[0].glance(found[1], sight(text.read(headline="", text=written), source)) is holds


def test_of_a_word_in_very_many_places_a_phrase_is_still_found() -> None:
    read = text.read(headline="", text=f"{'grain, rice. ' * 40}Grain rice.")
    found = shaped('"grain rice"', languages=(), fields=Where.ANYWHERE.fields)
    assert found is not None
    assert found[0].glance(found[1], sight(read, '"grain rice"'))


def test_a_phrase_that_stands_behind_what_is_read_is_not_there() -> None:
    read = text.read(headline="Grain, rice", lead="Grain rice.")
    found = shaped('"grain rice"', languages=(), fields=Where.HEADLINE.fields)
    assert found is not None
    assert not found[0].glance(found[1], sight(read, '"grain rice"', Where.HEADLINE))


@pytest.mark.parametrize("source", ['"grain rice"', "grain NEAR/1 rice"])
def test_words_that_stand_apart_are_refused_before_it_is_worked_out_where_they_stand(source: str) -> None:
    read = text.read(headline="", text="Grain is one thing, and rice is another.")
    found = shaped(source, languages=(), fields=Where.ANYWHERE.fields)
    assert found is not None
    assert not found[0].glance(found[1], sight(read, source))
    assert "layout" not in vars(read)
