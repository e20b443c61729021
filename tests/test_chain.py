"""The chain of evidence: whatever is done to an export is found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import chain
from monitor.chain import ROOT, Flaw, Record
from monitor.record import Fact, Sort

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FACTS = [
    Fact(sort=Sort.ITEM, at=NOW + number * HOUR, body={"headline": f"Заголовок {number} “quoted”", "n": number})
    for number in range(6)
]
CHAIN = tuple(chain.linked(FACTS, 0, ROOT))
EXPORT = chain.text(CHAIN, NOW, NOW + 6 * HOUR)


def flaws(written: str) -> list[tuple[int, Flaw]]:
    return [(fault.line, fault.flaw) for fault in chain.verify(written).faults]


def reordered(*order: int) -> str:
    lines = EXPORT.splitlines(keepends=True)
    return "".join(lines[number] for number in order)


# --- what holds ------------------------------------------------------------------------------------------------------


def test_an_export_that_nobody_touched_holds() -> None:
    verdict = chain.verify(EXPORT)
    assert verdict.faults == ()
    assert verdict.records == CHAIN


def test_so_does_one_from_the_middle_of_the_chain() -> None:
    assert flaws(chain.text(CHAIN[2:4], NOW, NOW)) == []


def test_and_one_of_a_time_without_records() -> None:
    assert flaws(chain.text((), NOW, NOW)) == []


def test_each_record_holds_the_hash_of_the_one_before() -> None:
    assert [record.previous for record in CHAIN] == [ROOT, *[record.hash for record in CHAIN[:-1]]]


def test_a_chain_goes_on_where_it_ended() -> None:
    assert (*CHAIN[:3], *chain.linked(FACTS[3:], 3, CHAIN[2].hash)) == CHAIN


def test_the_head_of_a_summary_is_found_by_its_beginning() -> None:
    assert chain.verify(EXPORT, CHAIN[3].hash[:12]).faults == ()


def test_a_whole_chain_made_anew_does_not_have_the_head_that_a_summary_told() -> None:
    forged = tuple(chain.linked([*FACTS[:2], FACTS[0], *FACTS[3:]], 0, ROOT))
    written = chain.text(forged, NOW, NOW + 6 * HOUR)
    assert flaws(written) == []
    assert [fault.flaw for fault in chain.verify(written, CHAIN[-1].hash).faults] == [Flaw.MISSING]


# --- what does not ---------------------------------------------------------------------------------------------------


@given(st.integers(0, len(EXPORT) - 1), st.characters(codec="utf-8"))
def test_any_character_that_is_changed_is_found(place: int, other: str) -> None:
    changed = EXPORT[:place] + other + EXPORT[place + 1 :]
    assert (flaws(changed) == []) == (changed == EXPORT)


@given(st.integers(0, len(EXPORT) - 1), st.integers(1, 40))
def test_anything_that_is_cut_out_is_found(place: int, length: int) -> None:
    assert flaws(EXPORT[:place] + EXPORT[place + length :]) != []


@given(st.integers(0, len(EXPORT)), st.text(min_size=1, max_size=20))
def test_anything_that_is_put_in_is_found(place: int, more: str) -> None:
    assert flaws(EXPORT[:place] + more + EXPORT[place:]) != []


@given(st.permutations(range(1, 7)))
def test_any_other_order_is_found(order: Sequence[int]) -> None:
    assert (flaws(reordered(0, *order)) == []) == (list(order) == sorted(order))


@given(st.sets(st.integers(1, 6), max_size=5))
def test_any_records_that_are_left_out_are_found(kept: set[int]) -> None:
    assert flaws(reordered(0, *sorted(kept))) != []


@given(st.integers(0, 5), st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=3))
def test_a_record_made_anew_with_its_own_hash_is_found(place: int, body: dict[str, int | str]) -> None:
    fact = Fact(sort=Sort.ITEM, at=NOW, body=body)
    (forged,) = chain.linked([fact], CHAIN[place].seq - 1, CHAIN[place].previous)
    records: list[Record] = [*CHAIN]
    records[place] = forged
    assert flaws(chain.text(records, NOW, NOW)) != [] or place == len(CHAIN) - 1


@pytest.mark.parametrize(
    "line", ["", "{}", "[]", "NaN", "[" * 100_000, '{"seq":NaN}', '{"seq":1e999}', '{"hash":1}', "\ud800"]
)
def test_a_line_that_is_no_record_is_said_to_be_none(line: str) -> None:
    lines = EXPORT.splitlines()
    lines[3] = line
    assert (4, Flaw.NOT_JSON) in flaws("\n".join([*lines, ""]))


def test_a_record_that_was_changed_is_named_with_its_line() -> None:
    assert flaws(EXPORT.replace('"n":2', '"n":3'))[0] == (4, Flaw.CHANGED)


def test_a_record_that_is_only_written_otherwise_is_named_too() -> None:
    assert flaws(EXPORT.replace('"n":2', '"n": 2')) == [(4, Flaw.NOT_CANONICAL)]


def test_where_records_are_missing_the_next_one_is_named() -> None:
    assert flaws(reordered(0, 1, 2, 5, 6)) == [(4, Flaw.BROKEN)]


@pytest.mark.parametrize("written", ["", "\n", "nonsense", "{}\n"])
def test_what_is_no_export_does_not_hold(written: str) -> None:
    assert (1, Flaw.HEAD) in flaws(written)
