"""What a site asks of programs is understood as RFC 9309 has it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import robots
from monitor.robots import Robots
from tests.properties.laws import law, texts


def allowed(rules: str, path: str, program: str = "wirebell") -> bool:
    return robots.read(rules, program).allow(f"https://news.example{path}")


@pytest.mark.parametrize(
    ("rules", "path", "may"),
    [
        ("", "/a", True),
        ("Disallow: /", "/a", True),  # of no program
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /", "", False),
        ("USER-AGENT : *\n disallow:/a # for ever", "/a/b", False),
        ("\ufeffUser-agent: *\r\nDisallow: /a\r\n", "/ab", False),
        ("User-agent: *\nDisallow: /a/", "/a", True),
        ("User-agent: *\nDisallow: /A", "/a", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\nAllow: /a\nDisallow: /a/b", "/a/b/c", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a", "/a", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/a.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/a.pdf?x", True),
        ("User-agent: *\nDisallow: /*?", "/x?y", False),
        ("User-agent: *\nDisallow: /*?", "/x", True),
        ("User-agent: *\nDisallow: /a$", "/a", False),
        ("User-agent: *\nDisallow: /a$", "/ab", True),
        ("User-agent: *\nDisallow: /a*b*c", "/axbxcx", False),
        ("User-agent: *\nDisallow: /a*b*c", "/axcxb", True),
        ("User-agent: *\nDisallow: /ab*bc$", "/abc", True),
        ("User-agent: *\nDisallow: /ж", "/%D0%B6", False),
        ("User-agent: *\nDisallow: /%d0%b6", "/ж", False),
        ("User-agent: *\nDisallow: /%61", "/a", False),
        ("User-agent: *\nDisallow: /a%2Fb", "/a/b", True),
        ("Sitemap: https://news.example/s.xml\nnonsense\nUser-agent: *\nDisallow: /a", "/a", False),
    ],
)
def test_a_path_is_allowed_by_the_longest_rule_that_meets_it(*, rules: str, path: str, may: bool) -> None:
    assert allowed(rules, path) is may


GROUPS = """User-agent: other
User-agent: WireBell
Crawl-delay: 9
Disallow: /ours

User-agent: *
Disallow: /all

User-agent: wirebell
Disallow: /too
"""


@pytest.mark.parametrize(
    ("program", "closed"),
    [("wirebell", ["/ours", "/too"]), ("Other", ["/ours"]), ("third", ["/all"])],
)
def test_a_program_keeps_to_its_own_groups_else_to_those_of_all(program: str, closed: list[str]) -> None:
    paths = ("/ours", "/all", "/too")
    assert [path for path in paths if not allowed(GROUPS, path, program)] == closed


def test_the_file_lies_at_the_top_of_the_origin() -> None:
    assert robots.place("https://news.example:8443/a/b?c#d") == "https://news.example:8443/robots.txt"


@pytest.mark.parametrize(
    "text",
    [
        "User-agent: *\n" + "".join(f"Disallow: /*a{n}*b$\n" for n in range(25_000)),
        "User-agent: *\nDisallow: /" + "*a" * 250_000,
        "User-agent: *\nDisallow: /" + "%61" * 170_000,
        "User-agent: *\n" * 37_000,
        " " * robots.LIMIT,
    ],
    ids=["rules", "stars", "escapes", "agents", "blanks"],
)
def test_no_file_holds_up_who_reads_it(text: str) -> None:
    assert allowed(text[: robots.LIMIT], "/" + "a" * 300 + "c")


@law
@given(texts, texts)
def test_whatever_stands_there_it_is_answered(text: str, path: str) -> None:
    rules = robots.read(f"User-agent: *\nDisallow: {text}\n{text}", "wirebell")
    assert isinstance(rules, Robots)
    assert rules.allow("https://news.example/" + path) in {True, False}


@law
@given(st.text("ab/*$", max_size=8), st.text("ab/", max_size=12))
def test_a_pattern_meets_what_the_same_regular_expression_meets(pattern: str, path: str) -> None:

    ends = pattern.endswith("$")
    expression = ".*".join(map(re.escape, pattern.removesuffix("$").split("*"))) + ("$" if ends else "")
    assert robots.Rule(pattern=pattern, allows=False).meets(path) is bool(re.match(expression, path, re.DOTALL))
