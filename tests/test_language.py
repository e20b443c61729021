"""Languages: telling them apart, function words, word forms."""

from __future__ import annotations

import pytest

from monitor import language
from monitor.letters import Script


@pytest.mark.parametrize(
    ("spoken", "forms"),
    [
        ("en", "guarantee guarantees guaranteed guaranteeing guarantor"),
        ("en", "iran iranian iranians"),
        ("ru", "гарантия гарантиях гарантировать гарантировал гарантирует"),
        ("ru", "россия россии российский российских"),
        ("ru", "нато натовские"),
        ("uk", "гарантія гарантії гарантіями гарантій гарантує гарантуватимуть"),
        ("uk", "безпека безпеки безпеці безпекою"),
        ("uk", "київ києва києві"),
        ("de", "sicherheitsgarantie sicherheitsgarantien"),
        ("de", "russland russische"),
        ("fr", "sécurité SECURITE"),
        ("fr", "garantie garanties garantir"),
        ("es", "garantía garantías garantice"),
        ("pl", "gwarancja gwarancje"),
    ],
)
def test_forms_of_a_word_share_a_stem(spoken: str, forms: str) -> None:
    stems = [set(language.stems(form.lower(), spoken)) for form in forms.split()]
    assert set.intersection(*stems), stems


@pytest.mark.parametrize(
    ("spoken", "first", "second"),
    [
        ("en", "university", "universe"),
        ("en", "general", "generous"),
        ("en", "poland", "polish"),
        ("ru", "безопасность", "безопасник"),
        ("uk", "гарантія", "гарнізон"),
        ("uk", "дім", "діти"),
    ],
)
def test_words_of_other_meaning_do_not_share_a_stem(spoken: str, first: str, second: str) -> None:
    assert not set(language.stems(first, spoken)) & set(language.stems(second, spoken))


def test_a_language_without_a_stemmer_has_no_stems() -> None:
    assert language.stems("сигурност", "bg") == ()


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("the talks and the deal", ("en",)),
        ("die Lage und der Rat", ("de",)),
        ("les garanties et la sécurité", ("fr",)),
        ("las garantías y los acuerdos", ("es",)),
        ("over de grens en het land", ("nl",)),
        ("Iran war", ()),
        ("NATO", ()),
        ("", ()),
    ],
)
def test_function_words_tell_the_language(text: str, spoken: tuple[str, ...]) -> None:
    assert language.guess(text.lower().split(), least=1) == spoken


def test_few_function_words_tell_nothing() -> None:
    assert language.guess(["the", "talks"], least=2) == ()


def test_languages_that_are_close_are_both_tried() -> None:
    assert language.guess(["regjeringen", "og", "den", "ikke", "etter"], least=2) == ("da", "no")


@pytest.mark.parametrize(
    ("text", "given", "spoken"),
    [
        ("plain letters", None, ()),
        ("«Это было»", None, ("ru",)),
        ("Її їжа", None, ("uk",)),
        ("Это її", None, ("ru", "uk")),
        ("НАТО", None, ("ru", "uk")),
        ("НАТО", "uk", ("ru", "uk")),
        ("НАТО и сигурност", "bg", ()),
        ("Ασφάλεια", None, ("el",)),
        ("أمن", None, ("ar",)),
        ("چگونه", None, ("fa",)),
        ("سلام", "fa", ()),
        ("सुरक्षा", None, ("hi",)),
        ("sécurité", None, ()),
    ],
)
def test_letters_tell_the_language(text: str, given: str | None, spoken: tuple[str, ...]) -> None:
    assert language.by_letters(text, given) == spoken


def test_languages_are_told_apart_by_their_script() -> None:
    spoken = ("en", "ru", "de", "el", "zh")
    assert language.written_in(Script.LATIN, spoken) == ("en", "de")
    assert language.written_in(Script.CYRILLIC, spoken) == ("ru",)
    assert language.written_in(Script.OTHER, spoken) == ()


@pytest.mark.parametrize(
    ("tag", "code"), [("en-US", "en"), ("PT_br", "pt"), ("nb", "no"), (" de ", "de"), ("", None), (None, None)]
)
def test_a_language_tag_is_known_by_its_first_part(tag: str | None, code: str | None) -> None:
    assert language.code(tag) == code


def test_words_with_a_meaning_elsewhere_do_not_tell_a_language() -> None:
    assert "war" in language.FUNCTION_WORDS["de"]
    assert language.guess(["war"], least=1) == ()
