"""Texts: words, sentences, paragraphs, fields, and what hides words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import text
from monitor.letters import HYPHENS


def sentences(content: str) -> list[str]:
    read = text.read(headline="", text=content)
    return [content[s.start : s.end].strip() for s in read.layout.sentences if s.field == "text"]


def words(content: str) -> list[str]:
    return list(text.read(headline=content).words)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("NATO-led talks", ["NATO", "led", "talks"]),
        ("N.A.T.O. weighs", ["N.A.T.O.", "weighs"]),
        ("U.S.-led", ["U.S.", "led"]),
        ("О’Брайен and O'Brien", ["О’Брайен", "and", "O'Brien"]),
        ("the allies’ plan", ["the", "allies", "plan"]),
        ("C++, C# and Node.js", ["C++", "C#", "and", "Node", "js"]),
        ("rose 2.5% to 1,000.", ["rose", "2.5", "to", "1,000"]),
        ("2.5bn", ["2.5", "bn"]),
        ("2 700 jobs, 12\u202f345,6 km", ["2 700", "jobs", "12\u202f345,6", "km"]),
        ("COVID-19 300 cases", ["COVID", "-19", "300", "cases"]),
        ("in 2026 300 people", ["in", "2026", "300", "people"]),
        ("on 12.11.2026 at 3.11.2", ["on", "12.11.2026", "at", "3.11.2"]),
        ("magnitude-6.2 M6.2 quake", ["magnitude", "6.2", "M6.2", "quake"]),
        ("page A4. 5 left", ["page", "A4", "5", "left"]),
        ("インドとインドネシア", ["インド", "と", "インドネシア"]),
        ("ﾛｼｱ外相", ["ﾛｼｱ", "外", "相"]),
        ("台湾海峡2026年", ["台", "湾", "海", "峡", "2026", "年"]),
        ("한국은 안보", ["한국은", "안보"]),
        ("COVID-19 in 2020-2021", ["COVID", "-19", "in", "2020", "2021"]),
        ("case C‑252/21", ["case", "C", "‑252", "/21"]),
        ("mid-2026, F16", ["mid", "2026", "F16"]),
        ("_NATO_ meets", ["NATO", "meets"]),
        ("gua\u00adrantee", ["gua\u00adrantee"]),
        ("北约 deal", ["北", "约", "deal"]),
        ("सुरक्षा गारंटी", ["सुरक्षा", "गारंटी"]),
    ],
)
def test_a_text_is_cut_into_words(content: str, expected: list[str]) -> None:
    assert words(content) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("He met Mr. Smith. Then left.", ["He met Mr. Smith.", "Then left."]),
        ("J. Smith of Apple Inc. The deal.", ["J. Smith of Apple Inc.", "The deal."]),
        ("In the U.S. Treasury. Then", ["In the U.S. Treasury.", "Then"]),
        ("In the U.S. The deal", ["In the U.S.", "The deal"]),
        ("“Why?” he asked. “No.” She left.", ["“Why?” he asked.", "“No.”", "She left."]),
        ("Node.js is fast.Then it was", ["Node.js is fast.", "Then it was"]),
        ("г. Москва, 12 тыс. человек. Потом", ["г. Москва, 12 тыс. человек.", "Потом"]),
        ("北约。安全", ["北约。", "安全"]),
        ("One\nTwo", ["One", "Two"]),
        ("Article 2. 5 left", ["Article 2. 5 left"]),
        ("See No. 5 and Art. 7 of it. Then go.", ["See No. 5 and Art. 7 of it.", "Then go."]),
        ("He said no. Then left.", ["He said no.", "Then left."]),
        ("Wir sahen, z. B. Autos. Dann nichts.", ["Wir sahen, z. B. Autos.", "Dann nichts."]),
        ("Am 12. März kam er. Am 3. kam sie.", ["Am 12. März kam er.", "Am 3. kam sie."]),
        ("He is 12. The other is 13.", ["He is 12.", "The other is 13."]),
        ("In 2025. Police came.", ["In 2025.", "Police came."]),
        ("La firma ACME S.A. Madrid. Fin.", ["La firma ACME S.A. Madrid.", "Fin."]),
        ("М. Горький, т. е. Пешков. Он писал.", ["М. Горький, т. е. Пешков.", "Он писал."]),
        ("Это было в 1941 г. Он уехал.", ["Это было в 1941 г.", "Он уехал."]),
        ("Le taux est de 3,5. Il monte.", ["Le taux est de 3,5.", "Il monte."]),
    ],
)
def test_sentences_end_where_a_reader_sees_an_end(content: str, expected: list[str]) -> None:
    assert sentences(content) == expected


def test_a_headline_is_one_sentence() -> None:
    read = text.read(headline="Talks end. What now?\nNothing", lead="Word.")
    assert [s.field for s in read.layout.sentences] == ["headline", "lead"]
    assert set(read.layout.sentence[:5]) == {0}


def test_paragraphs_are_counted_by_lines_that_hold_words() -> None:
    read = text.read(headline="", text="\n\nFirst. Still first.\n\n \n***\nSecond.\nThird.")
    assert [s.paragraph for s in read.layout.sentences if s.field == "text"] == [1, 1, 2, 3]


@pytest.mark.parametrize(
    ("content", "joined"),
    [
        ("security guarantees", True),
        ("security “guarantees”", True),
        ("security-guarantees", True),
        ("security – guarantees", False),
        ("security, guarantees", False),
        ("security (guarantees)", False),
        ("security? guarantees", False),
        ("security—guarantees", False),
        ("security: guarantees", False),
        ("Mr. Guarantees", True),
        ("security. Guarantees", False),
    ],
)
def test_words_follow_each_other_unless_a_break_is_between(content: str, *, joined: bool) -> None:
    assert text.read(headline=content).layout.follows == (False, joined)


@pytest.mark.parametrize("hyphen", HYPHENS)
def test_every_kind_of_hyphen_joins(hyphen: str) -> None:
    assert text.read(headline=f"NATO{hyphen}led").layout.follows == (False, True)


@pytest.mark.parametrize(
    ("word", "folded"),
    [
        ("N.A.T.O.", "nato"),
        ("NATO's", "nato"),
        ("NATO’s", "nato"),
        ("l’OTAN", "otan"),
        ("dell'Iran", "iran"),
        ("O’Brien", "obrien"),
        ("об'єкт", "обєкт"),
        ("she'll", "she"),
        ("don't", "dont"),
        ("gua\u00adran\u200dtee", "guarantee"),
        ("‑19", "-19"),
        ("2026", "2026"),
        ("6.2", "6.2"),
        ("ﾛｼｱ", "ロシア"),
        ("２０２６", "2026"),
    ],
)
def test_a_word_is_folded_to_what_it_means(word: str, folded: str) -> None:
    assert text.form(word).folded == (folded,)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2,700", "2700"),
        ("2.700", "2,700"),
        ("2 700", "2\u202f700"),
        ("2'700", "2,700"),
        ("6,2", "6.2"),
        ("６．２", "6.2"),
    ],
)
def test_ways_to_write_a_number_meet(first: str, second: str) -> None:
    assert set(text.form(first).folded) & set(text.form(second).folded)


def test_different_numbers_do_not_meet() -> None:
    assert not set(text.form("6.25").folded) & set(text.form("625").folded)


@pytest.mark.parametrize(
    ("word", "language", "value"),
    [
        ("2026", None, 2026),
        ("6.2", None, 6.2),
        ("6,2", "en", 6.2),
        ("6.2", "de", 6.2),
        ("2,700", None, 2700),
        ("2,700", "de", 2.7),
        ("2.700", "en", 2.7),
        ("2.700", "de", 2700),
        ("2 700,5", "fr", 2700.5),
        ("2\u202f700", None, 2700),
        ("2'700", "de", 2700),
        ("2’700.50", "de", 2700.5),
        ("1,000,000.5", "de", 1_000_000.5),
        ("1.000.000", "en", 1_000_000),
        ("1,00,000", "en", 100_000),
        ("0.085", "de", 0.085),
        ("６．２", None, 6.2),
        ("٦", None, 6),
        ("12.11.2026", "de", None),
        ("3.11.2", "en", None),
        ("1.234,567.8", "en", None),
        ("-19", None, None),
        ("5G", None, None),
        ("M6.2", None, None),
        ("six", None, None),
        ("", None, None),
    ],
)
def test_a_number_is_read_as_its_language_writes_it(word: str, language: str | None, value: float | None) -> None:
    assert text.number(word, language) == value


@settings(deadline=None)
@given(st.text(alphabet="0123456789., '’²٣x", max_size=12), st.sampled_from([None, "en", "de", "ru"]))
def test_whatever_looks_like_a_number_is_one_or_none(word: str, language: str | None) -> None:
    value = text.number(word, language)
    assert value is None or value >= 0


@settings(deadline=None)
@given(st.text(min_size=1))
def test_a_spelling_of_a_word_is_folded_already(word: str) -> None:
    assert all(text.fold(spelling) == spelling for spelling in text.form(word).folded)


@pytest.mark.parametrize(
    ("word", "capitals"),
    [("us", 0), ("Us", 1), ("US", 2), ("U.S.", 2), ("US's", 2), ("I", 1), ("iPhone", 0), ("McKay", 1), ("2026", 0)],
)
def test_capitals_of_a_word_are_known(word: str, capitals: int) -> None:
    assert text.form(word).capitals == capitals


@pytest.mark.parametrize(
    ("content", "number", "seen"),
    [
        ("La défense de l’OTAN, enfin", 3, "OTAN"),
        ("the ﬁscal NATO’s plan", 2, "NATO"),
        ("N\u00adATO meets", 0, "N\u00adATO"),
        ("In the U.S. today", 2, "U.S."),
        ("in COVID‑19 times", 2, "‑19"),
    ],
)
def test_a_span_is_where_the_word_stands_in_the_original(content: str, number: int, seen: str) -> None:
    first, end = text.read(headline=content).span(number, number)
    assert content[first:end] == seen


@settings(deadline=None)
@given(st.text(), st.text(), st.text())
def test_every_word_stands_in_its_field(headline: str, lead: str, body: str) -> None:
    read = text.read(headline=headline, lead=lead, text=body)
    for field in ("headline", "lead", "text"):
        for i in range(*read.ranges[field]):
            first, end = read.span(i, i)
            sentence = read.layout.sentences[read.layout.sentence[i]]
            assert sentence.field == field
            assert sentence.start <= first < end <= sentence.end
            assert read.fields[field][first:end].strip()


def test_a_field_is_a_range_of_words() -> None:
    read = text.read(
        headline="one two",
        lead="three",
        text="four five",
        author="six",
        categories=("seven", "eight"),
        feed="nine-ten",
        urgency="flash",
    )
    shown = {field: read.words[first:end] for field, (first, end) in read.ranges.items()}
    assert shown == {
        "headline": ("one", "two"),
        "lead": ("three",),
        "text": ("four", "five"),
        "anywhere": ("one", "two", "three", "four", "five"),
        "author": ("six",),
        "category": ("seven", "eight"),
        "feed": ("nine", "ten"),
        "urgency": ("flash",),
    }


@pytest.mark.parametrize(
    ("lead", "repeated"),
    [
        ("Ministers met in Oslo.", "Ministers met in Oslo"),
        ("“Ministers met in Oslo”", "Ministers met in Oslo"),
        ("Ministers met in Oslo and agr…", "Ministers met in Oslo and"),
        ("Ministers met in Bergen.", ""),
        ("Oslo", ""),
        ("", ""),
    ],
)
def test_a_lead_that_the_text_repeats_is_marked(lead: str, repeated: str) -> None:
    read = text.read(headline="Talks", lead=lead, text="OSLO. Ministers met in Oslo and agreed. They left.")
    assert " ".join(read.words[slice(*read.layout.copied)]) == repeated


def test_repeated_sentences_do_not_lengthen_a_text() -> None:
    body = "Ministers met in Oslo. They left."
    assert text.read(headline="Talks", lead="Ministers met in Oslo.", text=body).layout.length == 2
    assert text.read(headline="Talks", lead="Others met in Rome.", text=body).layout.length == 3


@pytest.mark.parametrize(
    ("content", "declared", "languages"),
    [
        ("The talks of the day", None, ("en",)),
        ("Les garanties et la sécurité dans les pays", "en-US", ("en", "fr")),
        ("Переговоры и были", "ru", ("ru",)),
        ("NATO", "de", ("de",)),
        ("NATO", None, ()),
        ("The end of the talks: это было", None, ("en", "ru")),
    ],
)
def test_the_declared_language_comes_first(content: str, declared: str | None, languages: tuple[str, ...]) -> None:
    assert text.read(headline=content, language=declared).languages == languages


@pytest.mark.parametrize(
    ("written", "expected"),
    [("Al-Baghdadi", ("Al", "Baghdadi")), ("U.S.", ("U.S.",)), ("C++", ("C++",)), ("&", ()), ("", ())],
)
def test_a_compound_has_pieces(written: str, expected: tuple[str, ...]) -> None:
    assert text.pieces(written) == expected


@pytest.mark.parametrize(
    ("content", "count"),
    [
        ("." * 200_000 + "x", 1),
        (" " * 200_000 + "%", 0),
        ("1." * 100_000, 1),
        ("a." * 100_000, 1),
        ("“." * 100_000, 0),
        ("?" * 100_000 + "”" * 100_000 + "x", 1),
        ("a\u0301" * 100_000, 1),
        ("Ab. " * 50_000, 50_000),
    ],
    ids=["dots", "blanks", "numbers", "acronyms", "quotes", "ends", "accents", "sentences"],
)
def test_a_hostile_text_takes_no_longer_than_another(content: str, count: int) -> None:
    """A pattern that tried each of these beginnings anew would take hours."""
    assert len(text.read(headline="", text=content).words) == count
