"""The forms of a word: dictionary forms, stems, light rules, and families of words."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import language
from monitor.language import light, morphology
from monitor.language.families import apart, ours
from tests.properties.laws import law, texts

FORMS = [
    ("en", "guarantee guarantees guaranteed guaranteeing guarantor"),
    ("en", "iran iranian iranians"),
    ("en", "slovakia slovak slovaks"),
    ("ru", "венгрия венгерский венгры"),
    ("it", "ungheria ungherese ungheresi"),
    ("ru", "гарантия гарантиях гарантировать гарантировал гарантирует"),
    ("ru", "россия россии российский российских"),
    ("ru", "нато натовские"),
    ("ru", "опыт опытом опыта"),
    ("ru", "ребёнок ребенок ребенком"),
    ("ru", "пленный пленными"),
    ("ru", "газа газе газу"),
    ("ru", "шольц шольца шольцем"),
    ("uk", "гарантія гарантії гарантіями гарантій гарантує гарантуватимуть"),
    ("uk", "безпека безпеки безпеці безпекою"),
    ("uk", "київ києва києві"),
    ("uk", "переговори переговорів переговорах переговорами"),
    ("uk", "президент президента президентові президентом"),
    ("uk", "незалежність незалежності незалежністю"),
    ("uk", "обстріляти обстріляли обстріляла"),
    ("de", "sicherheitsgarantie sicherheitsgarantien"),
    ("de", "russland russische"),
    ("fr", "sécurité SECURITE"),
    ("fr", "garantie garanties garantir"),
    ("es", "garantía garantías garantice"),
    ("pl", "gwarancja gwarancje"),
    ("hr", "jamstvo jamstva jamstvima"),
    ("gl", "garantía garantías"),
    ("be", "гарантыя гарантыі гарантыямі гарантый"),
    ("bg", "гаранция гаранции гаранциите гаранцията"),
    ("bg", "град градът градове градовете"),
    ("mk", "гаранција гаранции гаранциите гаранцијата"),
    ("mk", "договор договорот договори договорите"),
    ("kk", "кепілдік кепілдіктер кепілдіктері"),
    ("sk", "záruka záruky zárukám zárukami"),
    ("sl", "poroštvo poroštva poroštvom"),
    ("lv", "garantija garantijas garantijām"),
    ("he", "ביטחון הביטחון בביטחון"),
    ("he", "ערב ערבים"),
    ("ka", "გარანტია გარანტიის გარანტიები"),
    ("ko", "한국 한국은 한국의 한국이 한국에서 한국으로"),
    ("ko", "정부 정부는 정부가 정부를 정부와"),
]


needs_dictionary = pytest.mark.skipif(
    find_spec("pymorphy3_dicts_uk") is None, reason="pymorphy3-dicts-uk is not installed"
)


@pytest.fixture(params=["dictionaries", "light rule"])
def ukrainian(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have the Ukrainian dictionary, or be without it, as wirebell is installed."""
    language.stems.cache_clear()
    language.stemming._heads.cache_clear()
    if request.param == "light rule":
        monkeypatch.setattr(morphology, "_analyzer", lambda _: None)
    elif not morphology.lemmas("мир", "uk"):
        pytest.skip("pymorphy3-dicts-uk is not installed")
    return str(request.param)


@pytest.fixture(autouse=True)
def _forget() -> object:
    yield
    language.stems.cache_clear()
    language.stemming._heads.cache_clear()


def shared(spoken: str, forms: str) -> set[str]:
    return set.intersection(*(set(language.stems(form.lower(), spoken)) for form in forms.split()))


@pytest.mark.parametrize(("spoken", "forms"), [row for row in FORMS if row[0] != "uk"])
def test_forms_of_a_word_share_a_stem(spoken: str, forms: str) -> None:
    assert shared(spoken, forms)


@pytest.mark.usefixtures("ukrainian")
@pytest.mark.parametrize("forms", [forms for spoken, forms in FORMS if spoken == "uk"])
def test_forms_of_a_ukrainian_word_share_a_stem_with_and_without_a_dictionary(forms: str) -> None:
    assert shared("uk", forms)


@pytest.mark.parametrize(
    ("spoken", "first", "second"),
    [
        ("en", "university", "universe"),
        ("en", "general", "generous"),
        ("en", "security", "secured"),
        ("en", "importance", "imports"),
        ("en", "authorities", "authors"),
        ("en", "business", "busy"),
        ("en", "poland", "polish"),
        ("ru", "безопасность", "безопасник"),
        ("ru", "пленный", "пленены"),
        ("ru", "сталь", "стали"),
        ("ru", "суд", "судья"),
        ("ru", "зоны", "зонировать"),
        ("uk", "гарантія", "гарнізон"),
        ("uk", "дім", "діти"),
        ("bg", "град", "градина"),
        ("sk", "záruka", "zárodok"),
        ("ko", "전문가", "전문"),
        ("ko", "국가", "국회"),
    ],
)
def test_words_of_other_meaning_do_not_share_a_stem(spoken: str, first: str, second: str) -> None:
    assert not set(language.stems(first, spoken)) & set(language.stems(second, spoken))


def test_a_rare_reading_of_a_russian_form_is_left_out() -> None:
    assert language.stems("стали", "ru") == ("стать",)
    assert set(language.stems("газе", "ru")) == {"газ", "газа"}


def test_a_word_that_the_dictionary_lacks_goes_by_its_ending_too() -> None:
    guessed = morphology.lemmas("норвикскому", "ru")
    assert guessed
    assert not guessed.known
    assert len(language.stems("норвикскому", "ru")) > 1
    assert shared("ru", "норвикский норвикскому норвикских")


def test_the_dictionary_is_not_loaded_for_other_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(morphology, "_analyzer", pytest.fail)
    assert language.stems("guarantees", "en") == ("guarante",)


def test_a_language_without_a_stemmer_has_no_stems() -> None:
    assert language.stems("سلام", "ps") == ()


@law
@given(word=texts, spoken=st.sampled_from(sorted({"ru", "uk", "en", "de", "tr", "ar", "xx"} | light.LANGUAGES)))
def test_any_text_has_stems(word: str, spoken: str) -> None:
    assert all(isinstance(stem, str) for stem in language.stems(word.lower(), spoken))


@pytest.mark.parametrize("spoken", ["en", "de", "fr", "es", "ru", "uk"])
def test_a_word_is_of_one_family(spoken: str) -> None:
    seen: dict[str, tuple[str, ...]] = {}
    for family in ours(spoken):
        for stem in {stem for word in family for stem in language.stemming._stems(word, spoken)}:
            assert seen.setdefault(stem, family) == family, stem


@pytest.mark.parametrize("spoken", ["en", "de", "fr", "es", "ru", pytest.param("uk", marks=needs_dictionary)])
def test_a_family_joins_what_the_stemmer_does_not(spoken: str) -> None:
    for family in ours(spoken):
        stems = [set(language.stemming._stems(word, spoken)) for word in family]
        assert not set.intersection(*stems), family


def test_a_word_stands_apart_only_where_the_stemmer_would_join_it_with_another() -> None:
    stemmer = language.stemming._stemmer("en")
    assert stemmer
    needless = [word for word, own in apart("en").items() if stemmer.stemWord(word) == own == word]
    assert not needless


def test_a_russian_text_about_the_language_is_none_about_the_country() -> None:
    assert not shared("ru", "россия русский")
