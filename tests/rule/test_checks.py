"""Rules that can never fire."""

from __future__ import annotations

import pytest

from monitor.rule.checks import futile
from monitor.rule.parser import parse

ALL = ("headline", "lead", "text")
TERMS = {"nato": ("NATO", "OTAN")}


def messages(source: str, fields: tuple[str, ...] = ALL) -> list[str]:
    query = parse(source, terms=TERMS, languages=()).query
    assert query
    return [reason.message for reason in futile(query, fields)]


@pytest.mark.parametrize(
    "source",
    [
        "NATO NOT NATO",
        "NATO NOT nato",
        "=NATO NOT NATO",
        "NATO guarantees -NATO",
        "NATO NOT (EU OR NATO)",
        "@nato NOT (NATO OR OTAN)",
        '"NATO guarantees" NOT NATO',
        '"NATO guarantees" NOT "NATO guarantees"',
        "NATO NEAR/3 Kyiv NOT NATO",
        "NATO NEAR/3 Kyiv NOT Kyiv",
        "headline:NATO NOT NATO",
        "EU OR (NATO NOT NATO)",
        "lead:(NATO NOT NATO)",
        "EU AND (NATO guarantees) NOT NATO",
    ],
)
def test_what_is_asked_for_and_refused_is_a_fault(source: str) -> None:
    assert any(message.endswith("is asked for and refused") for message in messages(source))


@pytest.mark.parametrize(
    "source",
    [
        "NATO NOT =NATO",
        "NATO NOT NATO*",
        "@nato NOT NATO",
        'NATO NOT "NATO guarantees"',
        '"NATO guarantees" NOT "NATO guarantee deal"',
        '"NATO guarantees" NOT "guarantees NATO"',
        "NATO NOT headline:NATO",
        "author:NATO NOT NATO",
        "Siemens NOT NEAR/1 Energy NOT Energy",
        "NATO NOT (NATO NEAR/2 Kyiv)",
        "(NATO OR EU) NOT NATO",
        "NATO NOT (EU AND NATO)",
        "guarant* NOT guarantee",
        "NATO lang:en NOT EU",
    ],
)
def test_what_can_be_met_is_none(source: str) -> None:
    assert messages(source) == []


@pytest.mark.parametrize("source", ["NOT NATO", "-NATO", "NOT NATO AND NOT EU", "NATO OR NOT EU", "headline:(NOT EU)"])
def test_a_rule_that_only_takes_away_is_a_fault(source: str) -> None:
    assert messages(source) == ["this only takes away, and finds nothing by itself"]


@pytest.mark.parametrize(
    ("source", "fields", "field"),
    [
        ("text:NATO", ("headline", "lead"), "text"),
        ("EU NOT text:NATO", ("headline", "lead"), "text"),
        ("lead:NATO OR EU", ("headline",), "lead"),
        ("headline:(lead:NATO)", ALL, "lead"),
        ("author:(headline:NATO)", ALL, "headline"),
        ("headline:(author:NATO)", ALL, "author"),
    ],
)
def test_a_field_that_is_never_read_is_a_fault(source: str, fields: tuple[str, ...], field: str) -> None:
    assert messages(source, fields) == [f"{field}: is never read here"]


@pytest.mark.parametrize("source", ["author:NATO", "category:NATO feed:EU", "headline:NATO", "lang:en"])
def test_what_is_told_about_an_item_is_always_read(source: str) -> None:
    assert messages(source, ("headline",)) == []
