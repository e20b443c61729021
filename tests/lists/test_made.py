"""What is made of the lists: their table, and the page that shows them."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT
from tools import lists_page

MONITOR = ROOT / "monitor" / "lists"


def test_the_table_of_countries_is_what_its_tool_makes() -> None:
    pytest.importorskip("babel", reason="without Babel there is no CLDR to compare with")
    from tools import countries  # noqa: PLC0415 - it needs Babel

    assert (MONITOR / "countries.tsv").read_text(encoding="utf-8") == countries.table()


def test_the_page_is_what_the_lists_say() -> None:
    assert (ROOT / "docs" / "reference" / "lists.md").read_text(encoding="utf-8") == lists_page.page()


def test_the_licence_of_the_names_goes_with_them() -> None:
    assert "Unicode-3.0" in (MONITOR / "countries.tsv").read_text(encoding="utf-8")
    assert (MONITOR / "LICENSE.unicode").read_text(encoding="utf-8").startswith("UNICODE LICENSE V3")
