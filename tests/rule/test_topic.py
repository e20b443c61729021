"""How much a text is about a topic."""

from __future__ import annotations

from math import exp

import pytest

from monitor import text
from monitor.rule.topic import Measure, Precision, Shortfall, Span, Window, fewest_between, measure
from monitor.text import Text

FILLER = " ".join(f"Filler {i} stands here." for i in range(30))


def groups(read: Text, *terms: str) -> list[list[Span]]:
    return [[Span(i, i + 1) for i, word in enumerate(read.words) if word.lower() == term] for term in terms]


def measured(headline: str, body: str = "", *terms: str, lead: str = "") -> Measure:
    read = text.read(headline=headline, lead=lead, text=body)
    return measure(read, groups(read, *(terms or ("red", "blue"))), length=read.length)


@pytest.mark.parametrize(
    ("headline", "body", "window"),
    [
        ("Red and blue", "", Window.HEADLINE),
        ("Red", "Blue it is.", Window.OPENING),
        ("None", "Red it is. So. Blue it is.", Window.OPENING),
        ("None", "One. Two. Three. Red and blue.", Window.SENTENCE),
        ("None", "One. Two. Three. Red it is. Blue it is.", Window.NEIGHBOURS),
        ("None", "One. Two. Three. Blue it is. Red it is.", Window.NEIGHBOURS),
        ("Red", "One. Two. Three. Blue it is.", Window.TEXT),
        ("None", "One. Two. Three. Red it is. So. Blue it is.", Window.TEXT),
    ],
)
def test_the_window_is_the_best_part_that_holds_all(headline: str, body: str, window: Window) -> None:
    assert measured(headline, body).window is window


def test_a_headline_with_all_of_three_words_has_the_strength_of_the_formula() -> None:
    found = measured("Red blue green", "", "red", "blue", "green")
    assert found.strength == pytest.approx(0.30 + 0.10 + 0.60 * 3 / 4)


def test_salience_is_the_harmonic_mean_over_the_words() -> None:
    found = measured("Red red red", "So. So. So. Blue.")
    damping = 1 + 4 / 18
    harmonic = 2 / ((9 + damping) / 9 + (1 + damping) / 1)
    assert found.strength == pytest.approx(0.30 * 0.2 + 0.60 * harmonic)


@pytest.mark.parametrize(
    ("headline", "gap"), [("red blue", 0), ("blue red", 0), ("red one two blue", 2), ("red, blue", 0)]
)
def test_closeness_falls_with_the_words_between(headline: str, gap: int) -> None:
    assert measured(headline).closeness == pytest.approx(exp(-gap / 4))


def test_words_of_two_sentences_are_not_close() -> None:
    assert measured("", "Red. Blue.").closeness == 0


def test_only_neighbours_in_the_rule_count_as_close() -> None:
    assert measured("red blue so far away from it all as green", "", "red", "green", "blue").closeness < 0.3


@pytest.mark.parametrize(
    ("content", "fewest"),
    [
        ("red one blue two two blue", 1),
        ("blue one one red one blue", 1),
        ("red. Blue red", 0),
        ("red. Blue", None),
        ("blue blue blue one red", 1),
    ],
)
def test_the_closest_pair_is_found(content: str, fewest: int | None) -> None:
    read = text.read(headline="", text=content)
    left, right = groups(read, "red", "blue")
    assert fewest_between(read, left, right) == fewest


def test_a_repeated_lead_counts_once() -> None:
    lead = "Red and blue are the colours."
    once = measured("None", f"{FILLER}", lead=lead)
    twice = measured("None", f"{lead} {FILLER}", lead=lead)
    assert twice.strength == pytest.approx(once.strength)


def test_a_longer_text_is_less_about_what_it_names_once() -> None:
    assert measured("None", f"Red and blue. {FILLER}").strength < measured("None", "Red and blue.").strength


@pytest.mark.parametrize(
    ("strength", "precision", "shortfall"),
    [
        (0.34, Precision.BROAD, Shortfall.PASSING),
        (0.35, Precision.BROAD, None),
        (0.49, Precision.NORMAL, Shortfall.PASSING),
        (0.50, Precision.NORMAL, None),
        (0.59, Precision.PRECISE, Shortfall.PASSING),
        (0.60, Precision.PRECISE, Shortfall.LOOSE),
    ],
)
def test_a_precision_asks_for_a_strength(strength: float, precision: Precision, shortfall: Shortfall | None) -> None:
    found = Measure(strength=strength, closeness=0.0, window=Window.TEXT, complete=(), size=2)
    assert found.shortfall(precision) is shortfall


@pytest.mark.parametrize(
    ("complete", "shortfall"),
    [((0,), None), ((2,), None), ((7, 9), None), ((7,), Shortfall.LOOSE), ((), Shortfall.LOOSE)],
)
def test_precise_asks_for_the_headline_the_lead_or_two_sentences(
    complete: tuple[int, ...], shortfall: Shortfall | None
) -> None:
    found = Measure(strength=0.9, closeness=1.0, window=Window.SENTENCE, complete=complete, size=3)
    assert found.shortfall(Precision.PRECISE) is shortfall


@pytest.mark.parametrize(
    ("size", "closeness", "shortfall"), [(2, 0.0, None), (3, 0.29, Shortfall.SCATTERED), (3, 0.30, None)]
)
def test_three_words_need_two_that_are_close(size: int, closeness: float, shortfall: Shortfall | None) -> None:
    found = Measure(strength=0.9, closeness=closeness, window=Window.HEADLINE, complete=(0,), size=size)
    assert found.shortfall(Precision.BROAD) is shortfall
