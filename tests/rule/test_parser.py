"""From a rule's text to its tree, or to its faults."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import RuleFault
from monitor.rule.parser import Parsed, parse, parse_exceptions
from monitor.rule.query import Word, show, words

TERMS = {
    "nato": ("NATO", "North Atlantic Alliance", "=OTAN", "Alliance*"),
    "empty": (),
    "bad": ("NATO", "the", "&", "a*b"),
}


def parsed(source: str, languages: tuple[str, ...] = ()) -> Parsed:
    return parse(source, terms=TERMS, languages=languages)


def tree(source: str) -> str:
    found = parsed(source)
    assert found.query, found.faults
    return show(found.query)


def faults(source: str) -> tuple[RuleFault, ...]:
    found = parsed(source)
    assert found.query is None or found.faults
    return found.faults


def only_word(source: str, languages: tuple[str, ...] = ()) -> Word:
    query = parsed(source, languages).query
    assert query
    (word,) = words(query)
    return word


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Siemens", "Siemens"),
        ("(Siemens)", "Siemens"),
        ("((NATO guarantees))", "topic(NATO, guarantees)"),
        ("(NATO guarantees) Ukraine", "topic(NATO, guarantees, Ukraine)"),
        ("a1 OR b1 OR c1", "any(a1, b1, c1)"),
        ("(a1 OR (b1 OR c1)) d1", "topic(any(a1, b1, c1), d1)"),
        ("a1 AND b1 AND c1", "and(a1, b1, c1)"),
        ("a1 AND (b1 AND c1)", "and(a1, b1, c1)"),
        ("NOT NOT a1", "a1"),
        ("a1 -b1 c1", "and(topic(a1, c1), not(b1))"),
        ('a1 -"b1 c1"', 'and(a1, not("b1 c1"))'),
        ("a1 -(b1 OR c1)", "and(a1, not(any(b1, c1)))"),
        ("a1 NOT BEFORE/2 b1", "not before/2(a1, b1)"),
        ("headline:a1 b1", "and(b1, headline(a1))"),
        ("TITLE:a1", "headline(a1)"),
        ("@nato guarantees", "topic(@nato, guarantees)"),
        ("(@nato OR EU) guarantees", "topic(any(@nato, EU), guarantees)"),
        ('"security   guarantees"', '"security guarantees"'),
        ('="Article 5"', '="Article 5"'),
        ("lang:EN a1", "and(a1, lang(en))"),
        ("O'Brien", "O'Brien"),
        ("'tis", "'tis"),
        ("+NATO", "+NATO"),
        ("a1 >=6", "topic(a1, >=6)"),
        ("a1 > 6.5", "topic(a1, >6.5)"),
        ("a1 NEAR/3 6..7", "near/3(a1, 6..7)"),
        ("(<100 OR a1) b1", "topic(any(<100, a1), b1)"),
        ("≥6", "≥6"),
        ("/a1 b1/", "/a1 b1/"),
        ("headline:/a1/ b1", "and(b1, headline(/a1/))"),
        ("a1 -/b1+/", "and(a1, not(/b1+/))"),
        ("(=/A1/ OR b1)", "any(=/A1/, b1)"),
        (r"/a\/b/", r"/a\/b/"),
        ("24/7 and/or", "topic(24/7, and/or)"),
        ("a1 http://example", "topic(a1, http://example)"),
    ],
)
def test_a_rule_has_a_tree(source: str, expected: str) -> None:
    assert tree(source) == expected


@pytest.mark.parametrize(
    "source", ['"a1 b1"', "“a1 b1”", "„a1 b1“", "«a1 b1»", "»a1 b1«", "'a1 b1'", "‘a1 b1’", "‹a1 b1›", "‚a1 b1‘"]
)
def test_all_quotes_make_a_phrase(source: str) -> None:
    assert tree(source) == '"a1 b1"'


def test_a_list_is_its_words_and_phrases() -> None:
    query = parsed("@nato").query
    assert query
    assert [(word.way.value, word.spelled) for word in words(query)] == [
        ("forms", "NATO"),
        *(("forms", part) for part in ("North", "Atlantic", "Alliance")),
        ("exact", "OTAN"),
        ("prefix", "Alliance"),
    ]


@pytest.mark.parametrize(
    ("source", "dropped"),
    [
        ("the guarantees of NATO", "topic(guarantees, NATO)"),
        ("The Siemens", "Siemens"),
        ("garanties de sécurité de l'OTAN", "topic(garanties, sécurité, l'OTAN)"),
        ("Sicherheit für die NATO", "topic(Sicherheit, NATO)"),
        ("санкции против России", "topic(санкции, России)"),
        ("Iran war", "topic(Iran, war)"),
        ("WHO treaty", "topic(WHO, treaty)"),
        ("us tariffs", "topic(us, tariffs)"),
        ("THE GUARANTEES", "GUARANTEES"),
    ],
)
def test_words_that_nearly_every_text_holds_are_not_looked_for(source: str, dropped: str) -> None:
    assert tree(source) == dropped


def test_a_quoted_function_word_is_looked_for() -> None:
    assert tree('"the"') == '"the"'
    assert tree('"to be or not to be"') == '"to be or not to be"'


@pytest.mark.parametrize(
    ("source", "messages"),
    [
        ("", ["there is nothing to look for"]),
        ("()", ["something must follow ("]),
        (")", ["this ) closes nothing"]),
        ("a1) b1", ["this ) closes nothing"]),
        ("a1 OR OR b1", ["something must stand before OR"]),
        ("a1 NEAR/3", ["something must follow NEAR/3"]),
        ("headline:", ["headline: has a blank behind it"]),
        ("headline:AND", ["something must follow headline:"]),
        ("a1 - b1", ["- holds no letter and no digit"]),
        ("a1 || b1", ["|| is no operator here"]),
        ("a1 near/3 b1", ["near/3 in small letters could be an operator or a word"]),
        ("a1 NEAR/101 b1", ["NEAR/101 is farther than 100 words"]),
        ("a1 Or b1", ["Or in small letters could be an operator or a word"]),
        ('""', ['"" holds no letter and no digit']),
        ('"a1 b*c1"', ["b*c1: * stands once, at the end of a word"]),
        ("=", ["= holds no letter and no digit"]),
        ("a*", ["a*: too short a beginning"]),
        ("ab**", ["ab**: * stands once, at the end of a word"]),
        ("@empty", ["the list @empty is empty"]),
        ("@nata", ["there is no list @nata"]),
        ("-the", ["the: a word that nearly every text holds"]),
        ("headline:the", ["the: a word that nearly every text holds"]),
        ("lang:(xx OR yy)", ["lang: takes the two letters of a language"]),
        ("(a1 b1 OR c1) d1", ["only words, phrases, lists and groups (a OR b) stand side by side"]),
        ("a1 and b1 or", ["and in small letters could be an operator or a word"]),
    ],
)
def test_a_fault_is_named(source: str, messages: list[str]) -> None:
    found = [fault.message for fault in faults(source)]
    assert found[: len(messages)] == messages


def test_all_faults_of_a_rule_are_named_at_once() -> None:
    found = faults("hedline:NATO and @nata /(/")
    assert [(fault.start, fault.end) for fault in sorted(found, key=lambda fault: fault.start)] == [
        (0, 8),
        (13, 16),
        (17, 22),
        (24, 25),
    ]


@pytest.mark.parametrize(
    ("source", "cure"),
    [
        ("hedline:NATO", "write: headline:NATO"),
        (
            "zzz:NATO",
            'fields are headline, lead, text, author, category, feed, urgency, lang; put another colon in quotes: "a: b"',  # noqa: E501 - one line of the docs
        ),
        ("@nata", "write: @nato"),
        ("@zzz", 'give it words in [terms]: zzz = ["…", "…"]'),
        ("a1 and b1", 'write: a1 AND b1; for the word itself: "and"'),
        ("a1 NEAR/3 b1 c1", 'write: a1 NEAR/3 "b1 c1"'),
        ("a1 b1 NOT NEAR/3 c1", 'write: "a1 b1" NOT NEAR/3 c1'),
        ("a1 NEAR/3 (b1 AND c1)", "write: a1 NEAR/3 b1 AND a1 NEAR/3 c1"),
        ("a1 NEAR/3 (b1 OR headline:c1)", "write: a1 AND (b1 OR headline:c1)"),
        ("a1 | b1", "write: a1 OR b1"),
        ("a1 & b1", "write: a1 AND b1"),
        ("a1 % b1", "write: a1 b1"),
        ("((a1 b1", "put ) where the group ends; all in all write: ((a1 b1))"),
        ("a1 " * 60 + "and b1", 'write AND; for the word itself: "and"'),
    ],
)
def test_a_fault_has_a_cure(source: str, cure: str) -> None:
    assert faults(source)[-1].cure == cure


def test_faults_of_a_list_are_marked_where_the_rule_names_it() -> None:
    found = faults("guarantees @bad")
    assert {(fault.start, fault.end) for fault in found} == {(11, 15)}
    assert [fault.message for fault in found] == [
        "the in the list @bad is a word that nearly every text holds",
        '"&" holds no letter and no digit',
        "a*b: * stands once, at the end of a word",
    ]


@pytest.mark.parametrize(
    ("source", "remark"),
    [
        ("who treaty", "who is read as the ordinary word and not looked for; write WHO for the name"),
        ("headline:a1 b1", "headline: holds for one part only; brackets make it hold for several: headline:(…)"),
    ],
)
def test_what_may_be_meant_otherwise_is_remarked(source: str, remark: str) -> None:
    assert parsed(source).remarks == (remark,)


@pytest.mark.parametrize(
    ("source", "languages", "tried"),
    [
        ("Garantien", (), ("en",)),
        ("Garantien", ("de", "ru"), ("de", "en")),
        ("Sicherheit für NATO", (), ("de", "en")),
        ("Garantien lang:es", (), ("en",)),
        ("гарантии", ("de",), ()),
        ("=Garantien", ("de",), ()),
    ],
)
def test_a_latin_word_is_tried_in_the_languages_of_its_rule(
    source: str, languages: tuple[str, ...], tried: tuple[str, ...]
) -> None:
    query = parsed(source, languages).query
    assert query
    assert next(words(query)).languages == tried


def test_latin_capitals_in_a_cyrillic_rule_are_their_look_alikes() -> None:
    query = parsed("гарантии HATO").query
    assert query
    assert [word.folded for word in words(query)] == [("гарантии",), ("\u043d\u0430\u0442\u043e",)]
    assert only_word("HATO").folded == ("hato",)


def test_the_number_of_an_identifier_may_stand_alone_in_a_text() -> None:
    query = parsed("COVID-19").query
    assert query
    assert list(words(query))[1].folded == ("19", "-19", "/19")


def test_an_identifier_that_ends_in_a_star_begins_with_its_parts() -> None:
    query = parsed("CVE-2026-*").query
    assert query
    assert [word.way.value for word in words(query)] == ["forms", "forms"]
    query = parsed("CVE-2026-1*2*").query
    assert query is None
    query = parsed("CVE-2026-12*").query
    assert query
    assert [word.way.value for word in words(query)] == ["forms", "forms", "prefix"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("share price, price target", "any(share price, price target)"),
        ("=Nato", "=Nato"),
        (' "share price" ,, @nato', 'any("share price", @nato)'),
        ('"share AND price"', '"share AND price"'),
        ("ORlando", "ORlando"),
    ],
)
def test_exceptions_are_words_phrases_and_lists_with_commas_between(source: str, expected: str) -> None:
    found = parse_exceptions(source, terms=TERMS, languages=())
    assert found.faults == ()
    assert found.mention
    assert show(found.mention) == expected


@pytest.mark.parametrize("written", [">=6", "/x+/", "=/X/", "6..7"])
def test_numbers_and_regular_expressions_stand_in_rules_alone(written: str) -> None:
    (fault,) = parse_exceptions(f"price, {written}", terms={}, languages=()).faults
    assert fault.message == f"{written}: numbers and regular expressions stand in rules alone"
    (fault,) = parse("@list", terms={"list": ("price", written)}, languages=()).faults
    assert fault.message == f"{written} in the list @list: numbers and regular expressions stand in rules alone"


def test_no_exceptions_are_none() -> None:
    assert parse_exceptions(" , ", terms=TERMS, languages=()).mention is None


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("price, @nata", (7, 12)),
        ("price,the ", (6, 9)),
        ("&,price", (0, 1)),
        ("price, share AND target", (13, 16)),
        ("NOT price", (0, 3)),
        ("share NEAR/3 price", (6, 12)),
        ("(price)", (0, 1)),
        ("headline:price", (0, 9)),
        ('price, "target', (7, 8)),
    ],
)
def test_a_fault_of_an_exception_is_marked(source: str, place: tuple[int, int]) -> None:
    (fault,) = parse_exceptions(source, terms=TERMS, languages=()).faults
    assert (fault.start, fault.end) == place


PIECES = ["NATO", "the", "a1", '"b1 c1"', '"', "(", ")", "AND", "OR", "NOT", "-", "NEAR/3", "BEFORE/2", "NEAR", "and"]
PIECES += ["=x1", "ab*", "*", "@nato", "@zz", "headline:", "lang:", "lang:en", "/x/", "/(/", ">=6", "&", "'"]
PIECES += ["гарантии", "/", "x~", "!", "[1 TO 2]", "6..7", "<", '"a1 * b1"', "a1|b1", "w/5", "NEAR/x", "}"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=8), st.sampled_from(["", " "]))
def test_whatever_is_written_has_a_tree_or_a_fault(pieces: list[str], between: str) -> None:
    source = between.join(pieces)
    found = parsed(source)
    assert bool(found.query) or bool(found.faults)
    assert all(0 <= fault.start <= fault.end <= len(source) for fault in found.faults)


@settings(deadline=None)
@given(st.text(max_size=30))
def test_no_text_breaks_the_parser(source: str) -> None:
    found = parsed(source)
    assert bool(found.query) or bool(found.faults)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("(" * 51 + "glacier" + ")" * 51, "more than 50 parts are inside one another"),
        ("(" * 10_000, "more than 50 parts are inside one another"),
        ("glacier " + "NOT " * 60 + "ice", "more than 50 parts are inside one another"),
        ("headline:(" * 51 + "glacier" + ")" * 51, "more than 50 parts are inside one another"),
        ("glacier " * 2_501, "it is longer than 20,000 characters"),
    ],
)
def test_a_query_that_no_parser_should_descend_into_is_a_fault(source: str, words: str) -> None:
    (fault,) = parse(source, terms={}, languages=()).faults
    assert fault.message == words
    assert len(fault.caret()) < 1_000


def test_fifty_parts_may_be_inside_one_another() -> None:
    assert parse("(" * 50 + "glacier" + ")" * 50, terms={}, languages=()).query
