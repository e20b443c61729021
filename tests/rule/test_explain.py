"""Why a rule holds for a text or does not: a tree of what held, what did not, and the nearest miss."""

from __future__ import annotations

import pytest

from monitor import text
from monitor.rule import Finding, Precision, compile_rule, explain

READ = text.read(headline="Grain rises", lead="Rice fell.", text=f"Rice fell. {'So. ' * 20} Tea and oil stood still.")


def tree(source: str, *, headline: str = "", body: str = "") -> Finding:
    (found,) = explain(compile_rule("x", (source,)), text.read(headline=headline, text=body) if headline else READ)
    return found.tree


@pytest.mark.parametrize(
    ("source", "held", "reason"),
    [
        ("grain", True, "in the headline"),
        ("grain sugar salt", False, "sugar, salt: absent"),
        ("grain NOT rice", False, "rice: there, and the rule says NOT"),
        ("grain AND headline:rice", False, "headline:rice: absent"),
        ("(grain OR rice) NEAR/2 rises", True, "in the headline"),
        ("grain lang:fr", False, "lang:fr: not the item's language"),
        ("tea NOT BEFORE/0 oil OR sugar", True, "in the text"),
        ("tea NEAR/1 sugar", False, "tea NEAR/1 sugar: absent"),
        ("(sugar OR salt) grain", False, "(sugar OR salt): absent"),
    ],
)
def test_each_query_is_explained_on_one_line(source: str, reason: str, *, held: bool) -> None:
    (found,) = explain(compile_rule("x", (source,)), READ)
    assert (found.rule, found.source) == ("x", source)
    assert (found.held, found.reason) == (held, reason)


def test_what_falls_short_says_how_much_it_has_and_how_much_is_asked_for() -> None:
    (found,) = explain(compile_rule("x", ("grain tea",)), READ)
    assert (found.held, found.reason.partition(": ")[0]) == (False, "named only in passing")
    assert found.reason.endswith(f"strength {found.strength:.2f}, normal asks for 0.50")


def test_a_dropped_item_is_explained_by_its_exception() -> None:
    (found,) = explain(compile_rule("x", ("grain",), except_="sugar, rice"), READ)
    assert (found.held, found.reason) == (False, "dropped: the headline or lead says rice")
    assert found.tree.held


def test_every_query_has_its_own_explanation() -> None:
    found = explain(compile_rule("x", ("grain", "sugar"), precision=Precision.BROAD), READ)
    assert [(each.source, each.held) for each in found] == [("grain", True), ("sugar", False)]
    assert found[1].strength == 0


# --- the tree --------------------------------------------------------------------------------------------------------


def shown(found: Finding) -> tuple[str, str, list[object]]:
    return found.about, "yes" if found.held else "no", list(map(shown, found.parts))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("grain", ("grain", "yes", [])),
        ("grain sugar", ("grain sugar", "no", [("grain", "yes", []), ("sugar", "no", [])])),
        ("grain NOT rice", ("grain AND NOT rice", "no", [("grain", "yes", []), ("NOT rice", "no", [])])),
        (
            "sugar salt OR headline:grain",
            (
                "sugar salt OR headline:grain",
                "yes",
                [("sugar salt", "no", [("sugar", "no", []), ("salt", "no", [])]), ("headline:grain", "yes", [])],
            ),
        ),
        ("grain lang:fr", ("grain AND lang:fr", "no", [("grain", "yes", []), ("lang:fr", "no", [])])),
        ("(sugar OR rice)", ("(sugar OR rice)", "yes", [("rice", "yes", [])])),
        ("(sugar OR salt)", ("(sugar OR salt)", "no", [("sugar", "no", []), ("salt", "no", [])])),
        ("tea NEAR/1 still", ("tea NEAR/1 still", "no", [("tea", "yes", []), ("still", "yes", [])])),
        ("tea NEAR/8 still", ("tea NEAR/8 still", "yes", [])),
    ],
)
def test_the_tree_follows_the_rule_part_by_part(source: str, expected: object) -> None:
    assert shown(tree(source)) == expected


def test_of_many_alternatives_that_are_absent_none_is_listed() -> None:
    names = " OR ".join(f"name{number}" for number in range(9))
    assert tree(f"({names})").parts == ()


@pytest.mark.parametrize(
    ("source", "reason", "count"),
    [
        ("grain", "once, in the headline", 1),
        ("rice", "twice, first in the lead", 2),
        ("so", "20 times, first in the text", 20),
        ("sugar", "absent", 0),
        ("grain NOT rice", "1 of 2 hold", 0),
        ("grain sugar", "not all words are there", 0),
    ],
)
def test_a_part_says_how_often_and_where_it_stands(source: str, reason: str, count: int) -> None:
    found = tree(source) if source != "so" else tree('"so"')
    assert (found.reason, found.count) == (reason, count)


def test_only_a_topic_whose_words_are_all_there_has_a_strength() -> None:
    assert tree("grain tea").strength is not None
    assert tree("grain sugar").strength is None
    assert tree("grain AND tea").strength is None


def test_the_leaves_are_what_is_made_of_nothing_else() -> None:
    assert [leaf.about for leaf in tree("grain sugar NOT (tea NEAR/1 still)").leaves] == [
        "grain",
        "sugar",
        "NOT tea NEAR/1 still",
    ]


# --- the nearest miss ------------------------------------------------------------------------------------------------

TALKS = "NATO refused, at a summit that took all night in the old town hall, to give guarantees of its security."


@pytest.mark.parametrize(
    ("source", "body", "nearest"),
    [
        ("Iran", "Iranien votes", "nearest word in the text: Iranien"),
        ("=Iran", "Iranian ministers met.", "nearest word in the text: Iranian (exact spelling asked)"),
        ("=Nato", "NATO met.", "the text writes NATO (exact spelling asked)"),
        ("US", "He joined us.", "the text writes us (capitals asked)"),
        ("Velmar", "The Velmarian council met.", "nearest word in the text: Velmarian"),
        ("harbour", "The habour is closed.", "nearest word in the text: habour"),
        ("oil", "The soil is dry.", ""),
        ("Siemens", "Nobody came.", ""),
        ("headline:NATO", "NATO met.", "it stands in the text, which is not read here"),
        ('"security guarantees"', "They met on security.", "guarantees is not there"),
        (
            '"security guarantees"',
            TALKS,
            "its words are not next to each other: “guarantees of its security”, in the text",
        ),
        ('"security guarantees"', "Security first. Guarantees last.", "its words never stand in one sentence"),
        (
            '"NATO security"',
            TALKS,
            "its words are not next to each other: spread over 20 words, in the text",
        ),
        ("NATO NEAR/8 guarantees", TALKS, "NATO and guarantees 15 words apart, the rule allows 8"),
        ("NATO NEAR/8 guarantees", "NATO met. Guarantees came.", "NATO and guarantees never stand in one sentence"),
        ("security BEFORE/3 guarantees", TALKS, "guarantees stands before security, the rule asks for it behind"),
        ("NATO NEAR/8 sugar", TALKS, ""),
        ("NATO NOT NEAR/20 guarantees", TALKS, "each NATO has guarantees within 20 words"),
        ("magnitude NEAR/3 >=6", "A magnitude of 5.8 was read.", ""),
        (">=6", "In 3 towns a magnitude of 5.8 was read.", "nearest number in the text: 5.8"),
        ("<100", "Some 2 million came.", "nearest number in the text: 2 million"),
        (">=6", "Nobody came.", ""),
        ("/guarant[aeo]rs?/", TALKS, ""),
        ("(sugar OR =Nato)", TALKS, "the text writes NATO (exact spelling asked)"),
    ],
)
def test_what_is_absent_has_its_nearest_miss(source: str, body: str, nearest: str) -> None:
    found = tree(source, headline="Talks", body=body)
    assert (found.held, found.nearest) == (False, nearest)


def test_words_in_one_sentence_are_closer_than_those_on_both_sides_of_its_end() -> None:
    found = tree('"security guarantees"', headline="Talks", body="Guarantees of security. Guarantees!")
    assert found.nearest == "its words are not next to each other: “Guarantees of security”, in the text"


def test_of_several_places_the_closest_are_shown() -> None:
    body = "Security came first of all, guarantees were far off, and security without guarantees is none."
    found = tree('"security guarantees"', headline="Talks", body=body)
    assert found.nearest == "its words are not next to each other: “security without guarantees”, in the text"


def test_a_short_name_that_is_part_of_another_is_told_apart() -> None:
    found = tree('("North Atlantic Alliance" OR Alliance)', headline="Savings", body="Alliance Bank lends.")
    assert found.nearest == "“Alliance Bank” is another name"


@pytest.mark.parametrize(
    ("source", "paragraphs", "nearest"),
    [
        (
            "NATO security",
            ["NATO met.", *["Nothing was said."] * 7, "The security of the hall was tight."],
            "security is only in paragraph 9; NATO and security never stand in one sentence",
        ),
        (
            "NATO security guarantees",
            [
                *["Nothing was said."] * 9,
                "NATO and others met in the old hall of the town for security, and none of those had guarantees.",
            ],
            "NATO is only in paragraph 10; security and guarantees stand 5 words apart",
        ),
    ],
)
def test_a_topic_that_falls_short_says_what_stands_too_far_off(
    source: str, paragraphs: list[str], nearest: str
) -> None:
    assert tree(source, headline="Talks", body="\n\n".join(paragraphs)).nearest == nearest


def test_the_parts_of_a_missed_neighbourhood_have_their_own_nearest_miss() -> None:
    found = tree("magnitude NEAR/3 >=6", headline="Talks", body="A magnitude of 5.8 was read.")
    assert [(part.about, part.held, part.nearest) for part in found.parts] == [
        ("magnitude", True, ""),
        (">=6", False, "nearest number in the text: 5.8"),
    ]


@pytest.mark.parametrize("source", [r"/(a+)+b/", r"grain NOT /(a+)+b/"])
def test_a_pattern_that_ran_out_of_time_is_neither_there_nor_absent(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.rule.evaluate._search", lambda *_: None)
    (found,) = explain(compile_rule("x", (source,)), READ)
    assert found.reason == r"/(a+)+b/: not judged, since it ran out of time"
    assert [leaf.reason for leaf in found.tree.leaves if not leaf.held] == ["not judged, since it ran out of time"]


def test_what_holds_has_no_nearest_miss() -> None:
    assert [leaf.nearest for leaf in tree("(grain OR suger) rises").leaves] == ["", ""]


def test_a_word_is_compared_with_no_more_of_a_long_text_than_a_person_waits_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("monitor.rule.nearest._COMPARED", 3)
    assert tree("harbour", headline="Talks", body="One two three habour.").nearest == ""
