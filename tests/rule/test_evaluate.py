"""A query and a text: what holds, and by which words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import text
from monitor.rule.evaluate import Held, Missed, Refusal, Sight, _is_near, evaluate, find
from monitor.rule.index import Lexicon
from monitor.rule.parser import parse
from monitor.rule.query import Mention, Near, Query, words, write
from monitor.rule.topic import Precision, Shortfall
from monitor.text import Text

TERMS = {"nato": ("NATO", "North Atlantic Alliance", "Alliance")}


def query(source: str) -> Query:
    found = parse(source, terms=TERMS, languages=()).query
    assert found
    return found


def sight(asked: Query, read: Text) -> Sight:
    places = Lexicon(words(asked)).places(read)
    return Sight(text=read, places=places, precision=Precision.NORMAL, first=0, end=read.ranges["anywhere"][1])


def result(source: str, read: Text) -> Held | Missed:
    asked = query(source)
    return evaluate(asked, sight(asked, read))


def found(source: str, content: str) -> list[str]:
    """Return the words of each place of a mention in a text."""
    asked = query(source)
    assert isinstance(asked, Mention)
    read = text.read(headline="", text=content)
    return [" ".join(read.words[span.first : span.end]) for span in find(asked, sight(asked, read))]


@pytest.mark.parametrize(
    ("source", "content", "expected"),
    [
        ("grain", "Grain and grains", ["Grain", "grains"]),
        ('"grain deal"', "A grain deal, grain. Deal. Grain-deals", ["grain deal", "Grain deals"]),
        ('"grain deal*"', "Grain dealers", ["Grain dealers"]),
        ("(grain OR rice)", "Rice, grain", ["Rice", "grain"]),
        ("@nato", "The North Atlantic Alliance and the Alliance", ["North Atlantic Alliance", "Alliance"]),
        ("@nato", "Alliance Bank and an alliance of NATO", ["alliance", "NATO"]),
        ("grain NEAR/2 deal", "Grain for a deal, a deal", ["Grain for a deal"]),
        ("grain NEAR/1 deal", "Grain for a deal", []),
        ("grain NEAR/0 deal", "Deal grain. Deal", ["Deal grain"]),
        ("grain BEFORE/2 deal", "Deal for grain", []),
        ("grain BEFORE/2 deal", "Grain. Deal", []),
        ("grain NOT NEAR/1 deal", "Grain deal. Grain export", ["Grain"]),
        ("grain NOT BEFORE/1 deal", "Deal grain. Grain deal", ["grain"]),
        ("grain NEAR/3 grain", "Grain for grain", ["Grain for grain", "Grain for grain"]),
        ("grain NEAR/2 deal NEAR/2 talks", "Grain deal, then talks", ["Grain deal then talks"]),
        ("(grain OR rice) NEAR/1 (deal OR pact)", "Rice pact", ["Rice pact"]),
        ("(grain OR (rice NEAR/1 deal))", "Rice deal", ["Rice deal"]),
    ],
)
def test_a_mention_is_found_where_it_stands(source: str, content: str, expected: list[str]) -> None:
    assert found(source, content) == expected


READ = text.read(
    headline="Grain rises",
    lead="Rice fell in May.",
    text="Oil stood still.",
    author="Ann Wheat",
    categories=("food prices", "markets"),
    feed="reuters-food",
    language="en",
)


@pytest.mark.parametrize(
    ("source", "held"),
    [
        ("grain", True),
        ("headline:grain", True),
        ("headline:rice", False),
        ("lead:rice", True),
        ("lead:oil", False),
        ("text:oil", True),
        ("text:rice", False),
        ("wheat", False),
        ("author:wheat", True),
        ('author:"Ann Wheat"', True),
        ("author:grain", False),
        ('category:"food prices"', True),
        ('category:"prices markets"', False),
        ("feed:reuters-food", True),
        ("feed:tass", False),
        ("lang:en AND grain", True),
        ("lang:de AND grain", False),
        ("headline:(grain OR rice)", True),
        ("headline:(grain AND rice)", False),
        ("headline:(grain NOT rice)", True),
        ("grain NOT rice", False),
        ("grain NOT headline:rice", True),
        ("grain AND rice AND oil", True),
        ("grain AND sugar", False),
        ("(grain AND sugar) OR oil", True),
        ("(grain AND sugar) OR tea", False),
    ],
)
def test_a_query_holds_or_not(source: str, *, held: bool) -> None:
    assert isinstance(result(source, READ), Held) is held


def test_names_have_strength_one_and_topics_their_score() -> None:
    assert result("grain", READ).strength == 1.0
    assert 0.5 < result("grain rises", READ).strength < 1.0


def test_and_has_the_strength_of_its_weakest_part() -> None:
    topic = result("grain rice", READ).strength
    assert result("oil AND (grain rice)", READ).strength == topic
    assert result("(grain rice) AND lang:en", READ).strength == topic


def test_or_has_the_strength_of_its_strongest_part() -> None:
    assert result("(grain rice) OR (grain rises)", READ).strength == result("grain rises", READ).strength
    assert result("(grain rice) OR oil", READ).strength == 1.0


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("sugar", Refusal.ABSENT),
        ("grain sugar", Refusal.ABSENT),
        ("grain NOT rice", Refusal.REFUSED),
        ("lang:de AND grain", Refusal.LANGUAGE),
        ("grain rises oil", None),
        ("grain fell still", Shortfall.SCATTERED),
    ],
)
def test_what_does_not_hold_has_a_reason(source: str, reason: Refusal | Shortfall | None) -> None:
    found = result(source, READ)
    assert (found.reason if isinstance(found, Missed) else None) is reason


def test_a_topic_that_falls_short_keeps_its_strength() -> None:
    read = text.read(headline="None", text=f"Grain. {'So. ' * 30} Rice.")
    found = result("grain rice", read)
    assert isinstance(found, Missed)
    assert found.reason is Shortfall.PASSING
    assert 0 < found.strength < 0.5


def test_of_alternatives_that_do_not_hold_the_nearest_is_told() -> None:
    read = text.read(headline="None", text=f"Grain. {'So. ' * 30} Rice.")
    found = result("(sugar AND tea) OR (grain rice)", read)
    assert isinstance(found, Missed)
    assert found.reason is Shortfall.PASSING


def test_a_rule_that_reads_leads_does_not_measure_the_length_of_the_text() -> None:
    read = text.read(headline="None", lead="Grain and rice.", text="So. " * 40)
    asked = query("grain rice")
    whole = sight(asked, read)
    opening = replace(whole, end=read.ranges["lead"][1])
    assert evaluate(asked, opening).strength > evaluate(asked, whole).strength
    assert replace(whole, end=0).length == 0


@given(
    st.lists(st.sampled_from(["red", "barn", "light blue", "so", "Then."]), max_size=40),
    st.sampled_from(
        ["red {}/3 barn", "red {}/3 (barn OR light)", '"light blue" {}/2 (red NEAR/4 barn)', "red {}/9 red"]
    ),
    st.sampled_from(["NEAR", "BEFORE", "NOT NEAR"]),
)
def test_the_nearest_of_all_right_sides_is_found_as_by_a_look_at_each(
    said: list[str], source: str, operator: str
) -> None:
    asked = query(source.format(operator))
    read = text.read(headline="", text=" ".join(said))
    seen = sight(asked, read)
    assert isinstance(asked, Near)
    rights, expected = find(asked.right, seen), []
    for left in find(asked.left, seen):
        partners = [right for right in rights if _is_near(asked, left, right, read)]
        if asked.apart and not partners:
            expected.append((left.first, left.end))
        elif partners and not asked.apart:
            far = min(abs(right.first - left.first) for right in partners)
            ends = [right for right in partners if abs(right.first - left.first) == far]
            expected.append((min(left.first, ends[0].first), max(left.end, ends[0].end)))
    assert [(span.first, span.end) for span in find(asked, seen)] == expected


#: A pattern that runs out of time on the letters of ``TRAPPED``.
TRAP = "/(a+)+$/"
TRAPPED = text.read(headline="NATO signs", text="a" * 5_000 + "b")


@pytest.mark.parametrize("source", [f"NATO OR {TRAP}", f"({TRAP} OR NATO) signs", f"NATO NOT (EU AND {TRAP})"])
def test_what_ran_out_of_time_does_not_matter_where_the_rest_decides_that_a_query_holds(source: str) -> None:
    assert isinstance(judged(source), Held)


@pytest.mark.parametrize(
    "source",
    [f"EU AND {TRAP}", f"{TRAP} AND EU", f"{TRAP} EU", f"NATO NOT (signs OR {TRAP})", f"NATO NOT {TRAP} NOT signs"],
)
def test_nor_where_it_decides_that_it_does_not(source: str) -> None:
    found = judged(source)
    assert isinstance(found, Missed)
    assert found.reason is not Refusal.UNJUDGED


@pytest.mark.parametrize(
    "source",
    [
        TRAP,
        f"NATO NOT {TRAP}",
        f"NATO -{TRAP}",
        f"NATO {TRAP}",
        f"NATO NEAR/3 {TRAP}",
        f"NATO NOT NEAR/3 {TRAP}",
        f"NATO NOT NEAR/3 (EU OR {TRAP})",
        f"EU OR {TRAP}",
        f"EU summit OR headline:EU OR {TRAP}",
        f"(EU OR {TRAP}) NATO",
        f"text:{TRAP}",
        f"NOT (EU OR {TRAP}) AND NATO",
    ],
)
def test_what_hangs_on_a_pattern_that_ran_out_of_time_is_not_judged(source: str) -> None:
    found = judged(source)
    assert isinstance(found, Missed)
    assert (found.reason, write(found.about)) == (Refusal.UNJUDGED, TRAP)


def judged(source: str) -> Held | Missed:
    query = parse(source, terms={}, languages=()).query
    assert query
    places = Lexicon(words(query)).places(TRAPPED)
    sight = Sight(text=TRAPPED, places=places, precision=Precision.NORMAL, first=0, end=TRAPPED.ranges["anywhere"][1])
    return evaluate(query, sight)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("/signs?/", ["signs"]),
        ("/sign/", ["signs"]),
        ("/ATO si/", ["NATO signs"]),
        ("/€/", ["costs"]),
        ("/5/", ["5"]),
        ("/pact for/", []),
        ("/^(nato|pact)/", ["NATO", "Pact"]),
        ("author:/smith/", ["Smith"]),
        ("headline:/./", ["NATO", "signs"]),
    ],
)
def test_a_place_of_a_pattern_is_the_words_that_it_touches(source: str, found: list[str]) -> None:
    shown = text.read(headline="NATO signs", text="Pact. For that costs €5.", author="Smith")
    query = parse(source, terms={}, languages=()).query
    assert query
    held = evaluate(query, Sight(text=shown, places={}, precision=Precision.NORMAL, first=0, end=len(shown.words)))
    spans = held.groups[0].spans if isinstance(held, Held) else ()
    assert [" ".join(shown.words[slice(*span)]) for span in spans] == found
