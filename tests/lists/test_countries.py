"""The shipped lists of countries: each finds its names, its people and its capital, and nothing else."""

from __future__ import annotations

import re
from functools import cache

import pytest

from monitor import lists, text
from monitor.letters import fold
from monitor.rule import RuleSet, compile_rule
from tests.conftest import ROOT

#: What the countries are made of: blocks of a name, an ISO code and other names, then lines by language.
SOURCE = re.sub("^#.*\n", "", (ROOT / "tools" / "countries.txt").read_text(encoding="utf-8"), flags=re.MULTILINE)
BLOCKS = {block.split()[0]: block.splitlines()[1:] for block in re.split(r"\n(?=\S)", SOURCE.strip())}
KEYS = tuple(lists.synonyms())

#: English names that are not the words of the list's name.
NAMES = {
    "congo": "Congo-Brazzaville",
    "dr-congo": "DR Congo",
    "jersey": "the island of Jersey",
    "reunion": "Réunion Island",
    "us-virgin-islands": "US Virgin Islands",
}
SMALL = ("And", "Of", "The")


def english(key: str) -> str:
    """Return the English name of a country, as news writes it."""
    named = key.replace("-", " ").title()
    return NAMES.get(key) or re.sub(rf"(?<= )({'|'.join(SMALL)})\b", lambda found: found[0].lower(), named)


@cache
def ring(key: str) -> RuleSet:
    """Return a rule that is nothing but a list."""
    return RuleSet([compile_rule("country", (f"@c/{key}",))])


def rings(key: str, headline: str, language: str | None = None) -> bool:
    """Return whether the list of a country finds something in a headline."""
    return bool(ring(key).match(text.read(headline=headline, language=language)))


def written(key: str) -> list[tuple[str, str]]:
    """Return each name, people and capital that is given for a country, with its language."""
    lines = [line.split(maxsplit=1) for line in BLOCKS[key]]
    said = [(language, word.strip()) for language, words in lines for word in re.split("[,;]", words)]
    return [(language, word.strip("=*")) for language, word in said if word and not word.startswith("-")]


def test_there_is_a_list_for_every_block_of_the_source() -> None:
    assert sorted(KEYS) == sorted(BLOCKS)


def test_all_members_of_the_united_nations_are_there() -> None:
    codes = re.findall(r"^[a-z-]+ ([A-Z]{2})\b", SOURCE, re.MULTILINE)
    assert len(codes) == len(set(codes))
    assert len(codes) >= 193 + len(("VA", "PS", "TW", "XK"))


@pytest.mark.parametrize("key", KEYS)
def test_a_country_is_found_by_its_english_name(key: str) -> None:
    assert rings(key, f"Envoy arrives in {english(key)} for talks", "en")


@pytest.mark.parametrize("key", KEYS)
def test_a_country_is_found_by_its_people_its_capital_and_its_names_in_eight_languages(key: str) -> None:
    missed = [(language, word) for language, word in written(key) if not rings(key, f"«{word}» — 24", language)]
    assert missed == []


@pytest.mark.parametrize(("short", "key"), [("usa", "united-states"), ("uk", "united-kingdom"), ("drc", "dr-congo")])
def test_a_country_has_short_names_too(short: str, key: str) -> None:
    assert lists.shipped(f"c/{short}") == lists.shipped(f"c/{key}")


def test_no_name_is_that_of_two_countries() -> None:
    named = [name for key, others in lists.synonyms().items() for name in (key, *others)]
    assert len(named) == len(set(named))


FORMS = [
    ("iran", "de", "Die iranischen Unterhändler reisen ab"),
    ("iran", "fr", "Les Iraniennes manifestent"),
    ("iran", "es", "Las autoridades iraníes negocian"),
    ("iran", "ru", "Переговоры с иранцами продолжатся в Тегеране"),
    ("iran", "uk", "Переговори в Ірані тривають"),
    ("germany", "ru", "Встреча с немцами в Берлине"),
    ("germany", "de", "Deutschlands Exporte steigen"),
    ("georgia", "ru", "Премьер Грузии прибыл"),
    ("china", "ru", "Торговля с Китаем растет"),
    ("poland", "it", "I polacchi al voto"),
    ("turkey", "fr", "Les élections turques approchent"),
    ("united-states", "en", "U.S. envoy meets EU's chief"),
    ("united-states", "en", "UNITED STATES SAYS TALKS GO ON"),
    ("united-states", "ru", "Соединённые Штаты ответили"),
    ("united-kingdom", "de", "Der britische Premier reist ab"),
    ("south-korea", "en", "South Koreans vote"),
    ("south-korea", "ru", "Власти Южной Кореи ответили"),
    ("mali", "de", "Malis Junta verhandelt"),
    ("ukraine", "uk", "Переговори у Києві"),
    ("denmark", "ru", "Премьер Дании прибыла"),
]


@pytest.mark.parametrize(("key", "language", "headline"), FORMS)
def test_a_country_is_found_in_other_forms_of_its_words(key: str, language: str, headline: str) -> None:
    assert rings(key, headline, language)


#: Words that a stem, small letters or another language would take for a country.
ALIKE = [
    ("china", "en", "Fine china was sold"),
    ("turkey", "en", "Price of turkey rises"),
    ("poland", "en", "They polish the floor; polls are near the pole"),
    ("chad", "en", "A hanging chad decides"),
    ("guinea", "en", "A guinea pig escapes"),
    ("jordan", "es", "El río pasa cerca"),
    ("iceland", "en", "A lovely island, say islanders"),
    ("romania", "it", "La cucina romana vince"),
    ("india", "de", "Indem er schweigt, zeigt er Indizien"),
    ("india", "en", "Indiana and Indianapolis host the race"),
    ("germany", "en", "It is germane to the case"),
    ("france", "es", "Francamente, Francisco y Francesca sonríen"),
    ("france", "pt", "Para os pares, parar é preciso"),
    ("iran", "es", "Los niños irán a la escuela"),
    ("denmark", "es", "El daño es grande y dan ayuda"),
    ("denmark", "ru", "Утечка данных из банка"),
    ("georgia", "ru", "Груз прибыл в порт, грузовик стоит"),
    ("georgia", "fr", "Georges fête ses cent ans"),
    ("cuba", "ru", "Поставки выросли до ста кубов"),
    ("cuba", "es", "Un cubo de agua"),
    ("chad", "ru", "Много чад и домочадцев"),
    ("togo", "ru", "Кроме того, того же мнения и другие"),
    ("mali", "uk", "Вони мали малі шанси"),
    ("mali", "it", "I mali della città"),
    ("libya", "uk", "Лівий берег і ліві партії"),
    ("syria", "uk", "Ціна на сир росте"),
    ("samoa", "ru", "Самолет приземлился, самого пилота нет"),
    ("lithuania", "ru", "Дело Литвиненко закрыто"),
    ("ghana", "es", "Gana el equipo y gana la liga"),
    ("qatar", "es", "Santa Catarina celebra"),
    ("malta", "it", "Maltempo in arrivo"),
    ("russia", "en", "Russell wins the race"),
    ("sudan", "es", "Sudando bajo el sol"),
    ("peru", "ru", "Роман, принадлежащий перу классика"),
    ("bolivia", "es", "Marcha por la paz"),
    ("macao", "en", "Macaulay's history reprinted"),
    ("united-states", "en", "Join us at noon, and usage rises"),
    ("niger", "en", "Nigeria votes"),
    ("mauritius", "fr", "Maurice prend sa retraite"),
    ("reunion", "en", "A family reunion"),
    ("kuwait", "ru", "Кувшин найден археологами"),
    ("iceland", "en", "Solomon Islands and the Isle of Wight, an Island of sheep"),
    ("albania", "en", "Albanese meets voters in Sydney"),
    ("dominica", "en", "Dominican players sign up"),
    ("romania", "en", "Rumen Radev wins again"),
]


@pytest.mark.parametrize(("key", "language", "headline"), ALIKE)
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "unknown"])
def test_a_country_is_not_found_in_words_that_only_look_like_it(
    key: str, language: str, headline: str, *, declared: bool
) -> None:
    assert not rings(key, headline, language if declared else None)


@pytest.mark.parametrize("language", lists.LANGUAGES)
def test_a_word_belongs_to_one_family(language: str) -> None:
    words = [fold(word) for family in lists.demonyms(language) for word in family]
    assert sorted(words) == sorted(set(words))


@pytest.mark.parametrize("language", lists.LANGUAGES)
def test_a_family_has_two_words_or_more_each_without_a_blank(language: str) -> None:
    families = lists.demonyms(language)
    assert len(families) > 50
    assert all(len(family) > 1 and not re.search(r"[\s-]", "".join(family)) for family in families)


@pytest.mark.parametrize(
    ("language", "family"),
    [
        ("en", ("Iran", "Iranian")),
        ("en", ("Netherlands", "Holland", "Dutch", "Dutchman")),
        ("ru", ("Иран", "иранский", "иранец", "иранцы")),
        ("uk", ("Іран", "іранський", "іранець", "іранці")),
    ],
)
def test_a_country_and_its_people_are_a_family(language: str, family: tuple[str, ...]) -> None:
    assert family in lists.demonyms(language)


@pytest.mark.parametrize(
    ("language", "word"),
    [
        ("en", "Polish"),
        ("en", "Turkey"),
        ("en", "Guinea"),
        ("ru", "Грузия"),
        ("ru", "Куба"),
        ("es", "Cuba"),
        ("de", "Inder"),
    ],
)
def test_an_everyday_word_is_in_no_family(language: str, word: str) -> None:
    assert not any(word in family for family in lists.demonyms(language))


def test_a_language_without_lists_has_no_families() -> None:
    assert lists.demonyms("sv") == ()
