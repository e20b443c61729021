"""Why a rule holds for a text or does not."""

from __future__ import annotations

import pytest

from monitor import text
from monitor.rule import Precision, compile_rule, explain

READ = text.read(headline="Grain rises", lead="Rice fell.", text=f"Rice fell. {'So. ' * 20} Tea and oil stood still.")


@pytest.mark.parametrize(
    ("source", "held", "reason", "terms"),
    [
        ("grain", True, "in the headline", (("grain", 1),)),
        ("grain sugar salt", False, "sugar, salt: absent", (("grain", 1), ("sugar", 0), ("salt", 0))),
        ("grain NOT rice", False, "rice: there, and the rule says NOT", (("grain", 1),)),
        ("grain AND headline:rice", False, "rice: absent", (("grain", 1), ("rice", 0))),
        ("(grain OR rice) NEAR/2 rises", True, "in the headline", (("(grain OR rice) NEAR/2 rises", 1),)),
        ("grain lang:fr", False, "lang(fr): not the item's language", (("grain", 1),)),
        (
            "tea NOT BEFORE/0 oil OR sugar",
            True,
            "in the text",
            (("(tea NOT BEFORE/0 oil OR sugar)", 1),),
        ),
        ("tea rises still", False, "no two neighbouring words stand close together (strength 0.28)", None),
        ("grain tea", False, "named only in passing: strength 0.30, normal asks for 0.50", None),
    ],
)
def test_each_query_is_explained(
    source: str, reason: str, terms: tuple[tuple[str, int], ...] | None, *, held: bool
) -> None:
    (found,) = explain(compile_rule("x", (source,)), READ)
    assert (found.rule, found.source) == ("x", source)
    assert (found.held, found.reason) == (held, reason)
    assert terms is None or found.terms == terms


def test_a_dropped_item_is_explained_by_its_exception() -> None:
    (found,) = explain(compile_rule("x", ("grain",), except_="sugar, rice"), READ)
    assert (found.held, found.reason) == (False, "dropped: the headline or lead says rice")


def test_every_query_has_its_own_explanation() -> None:
    found = explain(compile_rule("x", ("grain", "sugar"), precision=Precision.BROAD), READ)
    assert [(each.source, each.held) for each in found] == [("grain", True), ("sugar", False)]
    assert found[1].strength == 0
