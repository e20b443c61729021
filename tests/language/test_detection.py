"""Telling languages apart: by script, by letters, by function words."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor import language, text
from monitor.letters import Script

HEADLINES = [
    tuple(line.split(": ", 1))
    for line in Path(__file__).with_name("headlines.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
#: Nothing tells these in so few words, and all languages of the rules are tried.
UNTOLD = {
    "Fiskare blockerar hamnen i protest mot nya kvoter",
    "Fiskere blokkerer havnen i protest mot nye kvoter",
    "Kebakaran di gudang dekat Bandung, tiga orang terluka",
}


@pytest.mark.parametrize(("spoken", "headline"), HEADLINES)
def test_a_headline_tells_its_language_or_nothing(spoken: str, headline: str) -> None:
    told = text.read(headline=headline).languages
    assert (spoken in told) == (headline not in UNTOLD)
    assert len(told) <= 4


@pytest.mark.parametrize(
    ("content", "spoken"),
    [
        ("the talks and the deal", ("en",)),
        ("die Lage und der Rat", ("de",)),
        ("les garanties et la sécurité dans le pays", ("fr",)),
        ("las garantías y los acuerdos", ("es",)),
        ("over de grens en het land", ("nl",)),
        ("Iran war", ()),
        ("NATO", ()),
        ("", ()),
    ],
)
def test_function_words_tell_the_language(content: str, spoken: tuple[str, ...]) -> None:
    assert language.guess(content.lower().split(), least=1) == spoken


def test_few_function_words_tell_nothing() -> None:
    assert language.guess(["the", "talks"], least=2) == ()


def test_languages_that_are_close_are_both_tried() -> None:
    assert language.guess(["regjeringen", "og", "den", "ikke", "etter"], least=2) == ("da", "no")


def test_words_with_a_meaning_elsewhere_do_not_tell_a_language() -> None:
    assert "war" in language.FUNCTION_WORDS["de"]
    assert language.guess(["war"], least=1) == ()


@pytest.mark.parametrize(
    ("content", "spoken"),
    [
        (["führt", "gespräche"], "de"),
        (["řídí", "český"], "cs"),
        (["żołnierz", "wieś"], "pl"),
        (["ağır", "suç"], "tr"),
        (["erdoğan"], "tr"),
    ],
)
def test_letters_that_few_languages_have_count_as_a_word(content: list[str], spoken: str) -> None:
    assert spoken in language.guess(content, least=len(content))


def test_a_foreign_name_does_not_outweigh_the_words_around_it() -> None:
    assert language.guess(["erdoğan", "is", "at", "the", "talks", "with"], least=2) == ("en",)


@pytest.mark.parametrize(
    ("content", "given", "spoken"),
    [
        ("plain letters", None, ()),
        ("NATO’s “guarantees” — naïve", None, ()),
        ("«Это было»", None, ("ru",)),
        ("Її їжа", None, ("uk",)),
        ("Это її", None, ("ru", "uk")),
        ("НАТО", None, ("ru", "uk")),
        ("НАТО", "uk", ("uk",)),
        ("НАТО", "ru", ("ru",)),
        ("НАТО: что будет с Киевом", None, ("ru",)),
        ("НАТО: что будет с Киевом", "uk", ("ru",)),
        ("Рада проти НАТО або за", None, ("uk",)),
        ("НАТО и сигурност", "bg", ("bg",)),
        ("Кой се страхува от НАТО", None, ("bg",)),
        ("Как это было", "bg", ("ru",)),
        ("Урад ўзмацніў бяспеку і абарону, сказалі ў Мінску", None, ("be",)),
        ("Ђоковић", None, ("sr",)),
        ("Ќе има избори", None, ("mk",)),
        ("Љубљана", None, ("sr", "mk")),
        ("Љубљана", "mk", ("mk",)),
        ("Қазақстан және Ресей сөз", None, ("kk",)),
        ("Ασφάλεια", None, ("el",)),
        ("أمن", None, ("ar",)),
        ("چگونه", None, ("fa",)),
        ("سلام", "fa", ("fa",)),
        ("پاکستان میں ٹیکس", None, ("ur",)),
        ("सुरक्षा", None, ("hi",)),
        ("सुरक्षा", "ne", ("ne",)),
        ("ביטחון", None, ("he",)),
        ("უსაფრთხოება", None, ("ka",)),
        ("안보 보장", None, ("ko",)),
        ("台湾海峡", None, ("zh",)),
        ("北朝鮮がミサイル", None, ("ja",)),
        ("ความมั่นคง", None, ("th",)),
        ("ខ្មែរ", None, ("km",)),
        ("sécurité", None, ()),
    ],
)
def test_letters_tell_the_language(content: str, given: str | None, spoken: tuple[str, ...]) -> None:
    assert language.by_letters(content, given) == spoken


def test_languages_are_told_apart_by_their_script() -> None:
    spoken = ("en", "ru", "de", "el", "zh", "ko")
    assert language.written_in(Script.LATIN, spoken) == ("en", "de")
    assert language.written_in(Script.CYRILLIC, spoken) == ("ru",)
    assert language.written_in(Script.HANGUL, spoken) == ("ko",)
    assert language.written_in(Script.OTHER, spoken) == ()


@pytest.mark.parametrize(
    ("tag", "code"),
    [("en-US", "en"), ("PT_br", "pt"), ("nb", "no"), ("iw", "he"), (" de ", "de"), ("", None), (None, None)],
)
def test_a_language_tag_is_known_by_its_first_part(tag: str | None, code: str | None) -> None:
    assert language.code(tag) == code
