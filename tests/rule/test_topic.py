"""How much a text is about a topic."""

from __future__ import annotations

from math import exp

import pytest

from monitor import text
from monitor.rule.topic import Measure, Precision, Shortfall, Span, fewest_between, measure
from monitor.text import Text

FILLER = " ".join(f"Filler {i} stands here." for i in range(30))
FIVE = ("red", "blue", "green", "grey", "pink")


def groups(read: Text, *terms: str) -> list[list[Span]]:
    return [[Span(i, i + 1) for i, word in enumerate(read.words) if word.lower() == term] for term in terms]


def measured(headline: str, body: str = "", *terms: str, lead: str = "") -> Measure:
    read = text.read(headline=headline, lead=lead, text=body)
    return measure(read, groups(read, *(terms or ("red", "blue"))), length=read.layout.length)


def measure_of(*, strength: float = 0.9, size: int, complete: tuple[int, ...] = (0,), together: int = 5) -> Measure:
    return Measure(strength=strength, size=size, complete=complete, together=together, close=True)


# --- salience ----------------------------------------------------------------------------------------------------


def test_words_that_stand_apart_are_as_strong_as_they_are_salient() -> None:
    enough = 1.5 + 18 / 12
    harmonic = 2 / ((9 + enough) / 9 + (2 + enough) / 2)
    assert measured("Red red red", "So. So. Blue.").strength == pytest.approx(harmonic)


def test_a_place_counts_three_in_the_headline_two_in_the_opening_and_one_in_the_rest() -> None:
    enough = 1.5 + 30 / 12
    body = f"Red. So. So. {' '.join('So.' for _ in range(25))} Red. Blue."
    harmonic = 2 / ((6 + enough) / 6 + (1 + enough) / 1)
    assert measured("Red", body).strength == pytest.approx(harmonic)


def test_a_text_is_about_a_topic_as_far_as_about_the_least_of_its_words() -> None:
    even = measured("None", f"{FILLER} Red. Red. Blue. Blue.").strength
    assert even > measured("None", f"{FILLER} Red. Red. Red. Blue.").strength


def test_a_longer_text_is_less_about_what_it_names_once() -> None:
    assert measured("None", f"Red and blue. {FILLER}").strength < measured("None", "Red and blue.").strength


def test_what_stands_apart_in_a_short_text_counts_as_in_one_of_usual_length() -> None:
    short, usual = (f"So. Red. Blue. {' '.join('So.' for _ in range(count))}" for count in (1, 15))
    assert measured("None", short).strength == measured("None", usual).strength


@pytest.mark.parametrize(("headline", "body"), [("Red", "Blue it is."), ("Blue", "Red it is.")])
def test_headline_and_first_sentence_do_not_stand_apart(headline: str, body: str) -> None:
    enough = 1.5 + 1 / 12
    assert measured(headline, body).strength == pytest.approx(2 / ((3 + enough) / 3 + (2 + enough) / 2))


def test_a_repeated_lead_counts_once() -> None:
    lead = "Red and blue are the colours."
    once = measured("None", f"{FILLER}", lead=lead)
    twice = measured("None", f"{lead} {FILLER}", lead=lead)
    assert twice.strength == pytest.approx(once.strength)


# --- closeness ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headline", "gap"), [("red blue", 0), ("blue red", 0), ("red one two blue", 2), ("red, blue", 0)]
)
def test_closeness_takes_away_up_to_a_third_of_what_salience_leaves_open(headline: str, gap: int) -> None:
    assert measured(headline).strength == pytest.approx(1 - (1 - 3 / 4.5) * (1 - exp(-gap / 8) / 3))


def test_closeness_counts_twice_for_three_words() -> None:
    found = measured("Red blue green", "", "red", "blue", "green")
    assert found.strength == pytest.approx(1 - (1 - 3 / 4.5) * (2 / 3) ** 2)


def test_closeness_is_the_mean_over_neighbours_and_counts_no_more_than_twice() -> None:
    found = measured("Red blue green grey one two pink", "", *FIVE)
    assert found.strength == pytest.approx(1 - (1 - 3 / 4.5) * (1 - (3 + exp(-2 / 8)) / 4 / 3) ** 2)


def test_neighbours_that_share_no_sentence_are_not_close_at_all() -> None:
    found = measured("None", "Red blue. Green.", "red", "blue", "green")
    enough = 1.5 + 2 / 12
    assert found.strength == pytest.approx(1 - (1 - 2 / (2 + enough)) * (1 - (1 + 0) / 2 / 3) ** 2)


def test_only_neighbours_in_the_rule_count_as_close() -> None:
    order = measured("red blue so far away from it all as green", "", "red", "blue", "green")
    other = measured("red blue so far away from it all as green", "", "red", "green", "blue")
    assert other.strength < order.strength


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


# --- what a precision asks for -----------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", Precision)
@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize("body", ["", FILLER])
def test_a_headline_that_holds_all_words_is_enough_at_every_precision(
    body: str, size: int, precision: Precision
) -> None:
    headline = " one two three four five six seven ".join(FIVE[:size])
    assert measured(headline, body, *FIVE[:size]).shortfall(precision) is None


@pytest.mark.parametrize("precision", Precision)
@pytest.mark.parametrize("size", [2, 3, 5])
def test_a_lead_sentence_that_holds_all_words_is_enough_at_every_precision(size: int, precision: Precision) -> None:
    lead = f"They say {' or '.join(FIVE[:size])} are back."
    assert measured("None", "", *FIVE[:size], lead=lead).shortfall(precision) is None


@pytest.mark.parametrize("size", [2, 3, 5])
def test_what_each_sentence_holds_one_of_is_not_enough(size: int) -> None:
    body = " ".join(f"So {word} stands here." for word in FIVE[:size])
    assert measured("None", body, *FIVE[:size]).shortfall(Precision.NORMAL) is not None


@pytest.mark.parametrize(
    ("strength", "precision", "shortfall"),
    [
        (0.34, Precision.BROAD, Shortfall.PASSING),
        (0.35, Precision.BROAD, None),
        (0.49, Precision.NORMAL, Shortfall.PASSING),
        (0.50, Precision.NORMAL, None),
        (0.59, Precision.PRECISE, Shortfall.PASSING),
        (0.60, Precision.PRECISE, None),
    ],
)
def test_a_precision_asks_for_a_strength(strength: float, precision: Precision, shortfall: Shortfall | None) -> None:
    assert measure_of(strength=strength, size=2).shortfall(precision) is shortfall


@pytest.mark.parametrize(
    ("complete", "shortfall"),
    [((0,), None), ((2,), None), ((7, 9), None), ((7,), Shortfall.LOOSE), ((), Shortfall.LOOSE)],
)
def test_precise_asks_two_words_for_the_headline_the_lead_or_two_sentences(
    complete: tuple[int, ...], shortfall: Shortfall | None
) -> None:
    assert measure_of(size=2, complete=complete).shortfall(Precision.PRECISE) is shortfall


@pytest.mark.parametrize(("complete", "shortfall"), [((7,), None), ((), Shortfall.SPREAD)])
def test_precise_asks_three_words_for_one_sentence(complete: tuple[int, ...], shortfall: Shortfall | None) -> None:
    assert measure_of(size=3, complete=complete).shortfall(Precision.PRECISE) is shortfall


@pytest.mark.parametrize(
    ("body", "shortfall"),
    [
        ("Red one two three four blue. Green.", None),
        ("Red one two three four five blue. Green.", Shortfall.SCATTERED),
        ("Red. Blue. Green.", Shortfall.SCATTERED),
    ],
)
def test_three_words_need_two_that_are_close(body: str, shortfall: Shortfall | None) -> None:
    assert measured("Red, blue", body, "red", "blue", "green").close
    assert measured("None", body, "red", "blue", "green").shortfall(Precision.BROAD) is shortfall


def test_two_words_need_not_be_close_where_they_are_salient() -> None:
    found = measured("Red", "Blue it is. Blue comes back.")
    assert not found.close
    assert found.shortfall(Precision.NORMAL) is None


@pytest.mark.parametrize(
    ("body", "together"),
    [
        (f"{FILLER} Red blue green. Grey. Pink.", 3),
        (f"Red. Blue. Green grey. {FILLER} Pink.", 4),
        (f"Red. Blue. {FILLER} Green grey pink.", 3),
        (f"{FILLER} Red blue green grey pink.", 5),
    ],
)
def test_one_sentence_or_headline_and_opening_hold_words_together(body: str, together: int) -> None:
    assert measured("None", body, *FIVE).together == together


@pytest.mark.parametrize(("size", "asked"), [(2, 0), (3, 3), (4, 3), (5, 4)])
def test_beyond_two_all_words_but_one_and_at_least_three_must_stand_together(size: int, asked: int) -> None:
    assert measure_of(size=size, together=asked).shortfall(Precision.NORMAL) is None
    if asked:
        assert measure_of(size=size, together=asked - 1).shortfall(Precision.NORMAL) is Shortfall.APART
        assert measure_of(size=size, together=asked - 1).shortfall(Precision.BROAD) is None
