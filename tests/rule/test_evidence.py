"""What a match shows: sentences in their original characters, and their place in words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import text
from monitor.rule import Evidence, Match, RuleSet, compile_rule

FILLER = "So. " * 4


def match(source: str, headline: str = "", body: str = "", *, lead: str = "") -> Match:
    read = text.read(headline=headline, lead=lead, text=body, author="Ann", feed="tass")
    rule = compile_rule("test", (source,), terms={"colours": ("red", "light blue")})
    (found,) = RuleSet([rule]).match(read)
    return found


def marked(evidence: Evidence) -> str:
    """Return the sentence with brackets around what is marked, and the terms behind."""
    shown, terms = evidence.sentence, []
    for start, end, term in reversed(evidence.spans):
        shown = f"{shown[:start]}[{shown[start:end]}]{shown[end:]}"
        terms.append(term)
    return f"{shown} {'; '.join(reversed(terms))}"


@pytest.mark.parametrize(
    ("source", "headline", "expected"),
    [
        ("red", "A red barn", "A [red] barn red"),
        ("red", "“Reds” ﬁnd re\u00adds’ barn", "“[Reds]” ﬁnd [re\u00adds]’ barn red; red"),
        ("OTAN", "L’OTAN d’abord", "L’[OTAN] d’abord OTAN"),
        ("NATO", "N.A.T.O. and NATO's", "[N.A.T.O.] and [NATO]'s NATO; NATO"),
        ('"light blue"', "A light-blue barn", 'A [light-blue] barn "light blue"'),
        ("@colours", "A light blue barn", "A [light blue] barn @colours"),
        ("(green OR red)", "A red barn", "A [red] barn red"),
        ("barn NEAR/3 (green OR red)", "A red old barn", "A [red] old [barn] red; barn"),
        ("barn NOT NEAR/1 green", "A red barn", "A red [barn] barn"),
        ("red barn", "Red, red barn", "[Red], [red] [barn] red; red; barn"),
        ("red rad*", "Radish reds", "[Radish] [reds] rad*; red"),
        ("red red*", "Red ink reddens", "[Red] ink [reddens] red; red*"),
    ],
)
def test_evidence_marks_what_was_found(source: str, headline: str, expected: str) -> None:
    assert marked(match(source, headline).evidence[0]) == expected


@pytest.mark.parametrize(
    ("source", "body", "fields"),
    [
        ("red", "Red. Red.", [("lead", "Red lead.")]),
        ("red AND blue AND green", "Blue. Green.", [("lead", "Red lead."), ("text", "Blue."), ("text", "Green.")]),
        ("red AND blue", "Blue. Red and blue.", [("text", "Red and blue.")]),
        ("red AND blue", "Red and so far away blue. Red, blue.", [("text", "Red, blue.")]),
        ("red AND blue AND green AND grey", "Blue. Green. Grey.", None),
    ],
)
def test_the_fewest_sentences_show_all_and_the_best_comes_first(
    source: str, body: str, fields: list[tuple[str, str]] | None
) -> None:
    found = match(source, "None", body, lead="Red lead.").evidence
    if fields is None:
        assert len(found) == 3
    else:
        assert [(each.field, each.sentence) for each in found] == fields


def test_a_sentence_is_shown_as_it_was_written() -> None:
    (found,) = match("red", "None", "First.\n  “A  red barn” – he said!  Then").evidence
    assert found.sentence == "“A  red barn” – he said!"


@pytest.mark.parametrize("before", [0, 10, 60, 200])
@pytest.mark.parametrize("blank", [" ", "-"])
def test_a_very_long_sentence_is_cut_around_its_words(before: int, blank: str) -> None:
    body = blank.join(["word"] * before + ["red", "barn"] + ["word"] * 200)
    (found,) = match('"red barn"', "None", body).evidence
    assert len(found.sentence) <= 300
    assert found.sentence in body
    (start, end, _) = found.spans[0]
    assert found.sentence[start:end] in ("red barn", "red-barn")
    if blank == " ":
        assert not set(found.sentence.split()) - {"word", "red", "barn"}


def test_words_beyond_the_cut_are_not_marked() -> None:
    body = f"red {'word ' * 100}red"
    (found,) = match("red", "None", body).evidence
    assert [found.sentence[start:end] for start, end, _ in found.spans] == ["red"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(["red", "Reds", "ﬁve", "so", "barn’s", "re\u00add", ".", ",", "\n", "“"]), max_size=30))
def test_every_span_is_a_place_in_its_sentence(pieces: list[str]) -> None:
    read = text.read(headline=" ".join(pieces), text=" ".join(pieces))
    rules = [compile_rule("a", ("red",)), compile_rule("b", ("red AND barn",)), compile_rule("c", ('"red barn"',))]
    for found in RuleSet(rules).match(read):
        for each in found.evidence:
            assert each.sentence in read.fields[each.field]
            assert each.spans == tuple(sorted(each.spans))
            for start, end, term in each.spans:
                assert each.sentence[start:end].replace("\u00ad", "").lower()[:3] in ("red", "bar"), term


PARAGRAPHS = f"{FILLER}\n{FILLER}\n"


@pytest.mark.parametrize(
    ("source", "headline", "lead", "body", "place"),
    [
        ("red", "Red barn", "", "", "in the headline"),
        ("red", "None", "Red barn", "", "in the lead"),
        ("red", "None", "", "Red barn", "in the text"),
        ("red", "None", "", f"{PARAGRAPHS}Red barn", "in paragraph 3"),
        ("red AND barn", "Red barn", "", "", "all words in the headline"),
        ("red AND barn", "None", "A red barn", "", "all words in one sentence of the lead"),
        ("red AND barn", "None", "", "A red barn", "all words in one sentence of the text"),
        ("red AND barn", "None", "", f"{PARAGRAPHS}A red barn", "all words in one sentence, paragraph 3"),
        ("red AND barn", "Red", "Barn.", "", "all words in the headline and the opening"),
        ("red AND barn", "None", "Red.", "Barn.", "all words in the opening"),
        ("red AND barn", "None", "", f"{FILLER}Barn. Red.", "all words in two neighbouring sentences of the text"),
        ("red AND barn", "None", "", f"{PARAGRAPHS}Red. Barn.", "all words in two neighbouring sentences, paragraph 3"),
        ("red AND barn", "None", "", f"Red. {FILLER}Barn.", "all words, far apart"),
        ("red barn", "Red barn", "", "", "all words in the headline"),
        ("red NOT green", "Red barn", "", "", "in the headline"),
        ("headline:red lead:barn", "Red", "Barn", "", "all words in the headline and the opening"),
    ],
)
def test_the_place_is_told_in_words(source: str, headline: str, lead: str, body: str, place: str) -> None:
    assert match(source, headline, body, lead=lead).place == place


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("author:ann", "in its author's name"),
        ("feed:tass", "in its feed's name"),
        ("lang:en", "in its language"),
        ("author:ann red", "in the headline"),
    ],
)
def test_what_is_told_about_an_item_is_a_place_too(source: str, place: str) -> None:
    found = match(source, "The red barn of the day")
    assert found.place == place
    assert bool(found.evidence) == (place == "in the headline")


def test_a_page_that_says_one_thing_over_and_over_is_shown_by_its_beginning() -> None:
    (shown,) = match("red NEAR/5 red", body="red " * 5_000).evidence
    assert shown.sentence.startswith("red red")
    assert 1 < len(shown.spans) <= 200
