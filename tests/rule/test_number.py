"""Numbers of texts and of rules."""

from __future__ import annotations

from math import inf

import pytest

from monitor import text
from monitor.rule import RuleSet, compile_rule
from monitor.rule.number import Read, bounds, read


def numbers(headline: str, language: str | None = "en") -> list[float]:
    shown = text.read(headline=headline, language=language)
    return [found.value for i in range(len(shown.words)) if (found := read(shown, i))]


@pytest.mark.parametrize(
    ("headline", "language", "expected"),
    [
        ("6 die", "en", [6]),
        ("Magnitude 6.2 quake", "en", [6.2]),
        ("M6.2 quake", "en", [6.2]),
        ("M7 quake", "en", [7]),
        ("2,700 jobs", "en", [2700]),
        ("2 700 jobs", "en", [2700]),
        ("2,7 Stellen", "de", [2.7]),
        ("2.700 Stellen", "de", [2700]),
        ("$5bn deal", "en", [5e9]),
        ("€1.2m fine", "en", [1.2e6]),
        ("6 million flee", "en", [6e6]),
        ("3,5 Milliarden Euro", "de", [3.5e9]),
        ("2 Billionen Euro", "de", [2e12]),
        ("2 billion euros", "en", [2e9]),
        ("2 billions d'euros", "fr", [2e12]),
        ("300 тыс. человек", "ru", [3e5]),
        ("5 миллиардов рублей", "ru", [5e9]),
        ("7 crore rupees", "en", [7e7]),
        ("inflation of 3.5%", "en", [3.5]),
        ("100 m race", "en", [100]),
        ("from 6 to 10", "en", [6, 10]),
        ("COVID-19, C-252/21, F-16, MH17, 5G, G7", "en", []),
        ("version 3.11.2 of 12.11.2026", "en", []),
        ("the 6th man", "en", []),
        ("six die", "en", []),
        ("9" * 400 + " die", "en", [inf]),
    ],
)
def test_a_text_is_read_for_its_numbers(headline: str, language: str, expected: list[float]) -> None:
    assert numbers(headline, language) == pytest.approx(expected)


def test_a_number_with_its_scale_is_two_words() -> None:
    assert read(text.read(headline="6 million flee"), 0) == Read(6e6, 2)
    assert read(text.read(headline="6 flee"), 0) == Read(6, 1)


@pytest.mark.parametrize(
    ("written", "least", "most"),
    [
        (">=6", 6, inf),
        ("≥6", 6, inf),
        ("=>6", 6, inf),
        ("> 6", 6, inf),
        ("<=6.5", -inf, 6.5),
        ("≤6", -inf, 6),
        (">=1,200", 1200, inf),
        (">=$5bn", 5e9, inf),
        ("<3.5%", -inf, 3.5),
        ("6..7", 6, 7),
        ("1m..2m", 1e6, 2e6),
    ],
)
def test_a_rule_writes_bounds(written: str, least: float, most: float) -> None:
    found = bounds(written)
    assert found == pytest.approx((least, most))


def test_bounds_without_equal_leave_the_number_out() -> None:
    over, under = bounds(">6"), bounds("<6")
    assert over
    assert under
    assert over[0] > 6 > under[1]


@pytest.mark.parametrize("written", [">=", ">six", ">=6x", "7..6", "6..x", ">=-6", "6", ">=1.2.3", ">=" + "9" * 400])
def test_what_is_no_bound_is_none(written: str) -> None:
    assert bounds(written) is None


def test_only_words_in_figures_are_looked_up_for_a_number() -> None:
    rules = RuleSet([compile_rule("x", (">=6 quake",))])
    shown = text.read(headline="Quake M6 of 6 and 6th, G7, 5bn and sixty")
    assert [shown.words[i] for i in rules.places(shown)["#"]] == ["M6", "6", "6th", "5bn"]


def test_evidence_marks_the_number_with_its_scale() -> None:
    rule = compile_rule("x", (">=6m",))
    (match,) = RuleSet([rule]).match(text.read(headline="Storm: 6 million flee"))
    (shown,) = match.evidence
    assert [shown.sentence[start:end] for start, end, _ in shown.spans] == ["6 million"]
