"""Letters: folding, scripts, look-alikes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.letters import Script, disguised, fold, script, spaced, unmixed, visible


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("  Two\n words\t", "two words"),
        ("Ёлка", "елка"),
        ("за\u0301мок", "замок"),
        ("край їжак ўсё", "край їжак ўсе"),
        ("Erdoğan Łódź Ñandú Sørensen", "erdogan lodz nandu sorensen"),
        ("Straße Æther Œuvre", "strasse aether oeuvre"),
        ("İstanbul ılık", "istanbul ilik"),
        ("ﬁscal ＮＡＴＯ", "fiscal nato"),
        ("gua\u00adran\u200btee", "guarantee"),
        ("‘one’ “two” „three“ «four»", '\'one\' "two" "three" "four"'),
        ("O`Brien", "o'brien"),
        ("a‑b–c—d", "a-b-c-d"),
        ("أَمْن", "امن"),
    ],
)
def test_texts_that_read_the_same_fold_the_same(written: str, folded: str) -> None:
    assert fold(written) == folded


@settings(deadline=None)
@given(st.text())
def test_folding_twice_changes_no_more(written: str) -> None:
    assert fold(fold(written)) == fold(written)


@settings(deadline=None)
@given(st.text() | st.text(alphabet=" ab\n\u00a0\u3000"))
def test_between_two_words_one_blank_is_left(written: str) -> None:
    assert spaced(written) == " ".join(written.split())


def test_letters_that_are_other_letters_stay_apart() -> None:
    assert fold("мой") != fold("мои")
    assert fold("їх") != fold("іх")


def test_what_is_seen_keeps_case_and_accents() -> None:
    assert visible("Zelen\u00adský’s ＮＡＴＯ") == "Zelenský's NATO"


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("NATO", Script.LATIN),
        ("ệ", Script.LATIN),
        ("НАТО", Script.CYRILLIC),
        ("«Ελλάδα", Script.GREEK),
        ("أمن", Script.ARABIC),
        ("北", Script.OTHER),
        ("2026", Script.OTHER),
        ("", Script.OTHER),
    ],
)
def test_a_word_is_of_the_script_of_its_first_letter(word: str, name: Script) -> None:
    assert script(word) is name


@pytest.mark.parametrize(
    ("word", "readings"),
    [
        ("N\u0410TO", ("NATO",)),  # a Cyrillic А
        ("H\u0430\u0442\u043e", ("\u041d\u0430\u0442\u043e",)),  # a Latin H
        ("\u041dATO", ("\u041d\u0410\u0422\u041e", "HATO")),
        ("F\u0416", ("F\u0416",)),  # neither letter has a twin
        ("plain", ("plain",)),
        ("\u041d\u0410\u0422\u041e", ("\u041d\u0410\u0422\u041e",)),
    ],
)
def test_a_word_of_two_scripts_is_read_in_one(word: str, readings: tuple[str, ...]) -> None:
    assert unmixed(word) == readings


@pytest.mark.parametrize(
    ("word", "twin"), [("HATO", "\u041d\u0410\u0422\u041e"), ("NATO", ""), ("Hato", ""), ("H", ""), ("НАТО", "")]
)
def test_latin_capitals_may_be_a_cyrillic_word_in_disguise(word: str, twin: str) -> None:
    assert disguised(word) == twin
