"""Regular expressions: which are understood, and that none takes longer than it may."""

from __future__ import annotations

import subprocess
import sys

import pytest

from monitor.rule.pattern import LONGEST, LONGEST_TEXT, Search, flaw, risk, search

#: Runs out of time on a text of 5,000 letters; no machine is quick enough.
TRAP, TRAPPED = "(a+)+$", "a" * 5_000 + "b"


@pytest.mark.parametrize(
    "source",
    [
        r"guarant\w+",
        r"\d{4}-\d{2}-\d{2}",
        r"\bНАТО\b",
        r"(?i:nato)|(?:eu)",
        r"(?<=the )bank(?! of)",
        r"(?P<n>a)(?P=n)",
        r"(?<n>a)\1",
        r"[[:alpha:]]+x",
        r"[]a]+",
        r"[^]a]+",
        r"[a\]b]+",
        r"\p{Lu}{3}",
        r"\x41\u0041",
        r"(?#a note)a",
        r"a+?b++c*d",
        r"a{2,}b{,3}",
        "((a+)+)+",
        "a" * LONGEST,
    ],
)
def test_what_the_package_reads_is_understood(source: str) -> None:
    assert flaw(source, exact=False) is None


@pytest.mark.parametrize(
    ("source", "marked", "words"),
    [
        ("(a", "a", "cannot be read: missing )"),
        ("a)", ")", "cannot be read"),
        ("[a", "a", "cannot be read"),
        ("*a", "*a", "cannot be read: nothing to repeat"),
        ("a**", "*", "cannot be read: multiple repeat"),
        (r"a\1", "1", "cannot be read"),
        ("a{x}", "{", "{ is not a number of times"),
        ("a{}", "{}", "{ is not a number of times"),
        ("(?:abc){e<=2}", "{", "{ is not a number of times"),
        ("(?R)a", "(", "(?R is not understood"),
        ("(?1)a", "(", "(?1 is not understood"),
        ("(?&n)a", "(", "(?& is not understood"),
        ("(?x)a b", "(", "(?x is not understood"),
        ("(?V1)a", "(", "(?V is not understood"),
        ("(?(1)a|b)c", "(", "(?( is not understood"),
        ("a*", "a*", "met by an empty text"),
        ("(?:)", "(?:)", "met by an empty text"),
        ("(?=a)|", "(?=a)|", "met by an empty text"),
        ("x" * (LONGEST + 1), "x", "longer than 1,000 characters"),
        ("((a{1000}){1000}){1000}", "(a{1000}){1000}", "over 20,000 characters long"),
        ("((((a+)+)+)+)", "(((a+)+)+)+", "more than 3 repeats are inside one another"),
        ("(" * 51 + "a" + ")" * 51, "(", "more than 50 ( are inside one another"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_a_cure(source: str, marked: str, words: str) -> None:
    found = flaw(source, exact=False)
    assert found
    assert words in found.message
    assert found.cure
    assert source[found.start : found.end] == marked


@pytest.mark.parametrize(
    ("source", "instead"),
    [
        ("(a", "(a)"),
        ("[a", "[a]"),
        ("a*", "a+"),
        ("(a|b)?", "(a|b)"),
        ("((a{1000}){1000}){1000}", "a+"),
        ("((((a+)+)+)+)", "(a+)"),
        (r"(\w{90}){900}", r"\w+"),
        ("*a", ""),
    ],
)
def test_what_may_be_meant_is_proposed(source: str, instead: str) -> None:
    found = flaw(source, exact=False)
    assert found
    assert found.instead == instead
    assert not instead or flaw(instead, exact=False) is None


def test_capitals_count_only_where_they_are_said_to() -> None:
    assert search("nato", exact=False).places("NATO", "headline") == ((0, 4),)
    assert search("nato", exact=True).places("NATO", "headline") == ()


def test_places_of_no_length_are_none() -> None:
    assert search(r"\b", exact=True).places("a b", "headline") == ()
    assert search("(?=a)", exact=True).places("a b", "headline") == ()


def test_the_end_of_a_very_long_text_is_not_looked_at() -> None:
    assert search("needle", exact=True).places(" " * LONGEST_TEXT + "needle", "text") == ()


def test_a_pattern_that_runs_out_of_time_finds_nothing_that_could_be_known() -> None:
    assert Search(TRAP, exact=True).places(TRAPPED, "text") is None


def test_a_pattern_that_runs_out_of_time_again_and_again_gets_less_until_it_comes_through_once() -> None:
    trap = Search(TRAP, exact=True)
    given = []
    for content in [TRAPPED] * 4 + ["aaa", TRAPPED]:
        given.append(round(trap.seconds("text"), 4))
        trap.places(content, "text")
    assert given == [0.03, 0.03, 0.03, 0.0012, 0.0012, 0.03]


@pytest.mark.parametrize("source", ["(a+)+$", r"(\w+\s?)+$", "(?:a*)*b", "(a{2,}b?)+c"])
def test_a_repeat_without_end_inside_another_is_a_risk(source: str) -> None:
    assert risk(source).startswith("a repeat inside a repeat may run out of time")


@pytest.mark.parametrize("source", ["a+b+", r"(\d{3} )+", "(a?b)+", "[a+]+", r"(\+)+", "(?#a+)b+"])
def test_other_repeats_are_none(source: str) -> None:
    assert risk(source) == ""


#: Patterns as no person writes them, from a fixed seed; each that is let through is made ready, under a limit.
STRANGE = """
import random, resource
from monitor.rule.pattern import flaw
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
draw = random.Random(7)
ATOMS = ["a", "ab", r"\\w", r"\\b", ".", "[a-z]", "[^ж]", r"\\p{L}", "ß", "(?=a)", "^", "$", r"\\1", "(?i:x)", "|", "ﬁ"]
REPEATS = ["+", "*", "?", "{2}", "{3,}", "{100}", "{1,50}", "{0,1000}", "{2}+", "+?", "{1000}", "{5000}", "{,300}"]
OPENERS = ["(", "(?:", "(?>", "(?=", "(?<=", "(?!"]
def made(depth, length):
    out = ""
    for _ in range(draw.randint(1, length)):
        deep = depth and draw.random() < 0.6
        out += draw.choice(OPENERS) + made(depth - 1, length) + ")" if deep else draw.choice(ATOMS)
        out += draw.choice(REPEATS) if draw.random() < 0.6 else ""
    return out
print(sum(flaw(made(draw.randint(1, 5), draw.choice([2, 3, 5]))[:1000], exact=False) is None for _ in range(1000)))
"""


def test_whatever_is_let_through_is_soon_made_ready() -> None:
    done = subprocess.run([sys.executable, "-c", STRANGE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert int(done.stdout) > 100
