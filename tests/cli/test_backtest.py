"""``wirebell backtest`` tries the rules of a config on a file or on what is stored."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from monitor.cli import invocation
from tests.cli.home import Home, entry

ITEMS = [
    {"id": "a", "title": "Harbour strike in Velmar", "feed": "unheard of", "time": "2026-11-20T09:00:00Z"},
    {"id": "b", "title": "Quiet day", "time": "2026-11-21T09:00:00Z"},
    {"id": "c", "title": "Norvik opens a plant", "time": "2026-11-24T09:00:00Z"},
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "items.jsonl"
    made.write_text("".join(f"{json.dumps(item)}\n" for item in ITEMS))
    return made


def test_jsonl_tells_what_becomes_of_each_item(home: Home, file: Path) -> None:
    result = home.call("backtest", "--items", str(file), "--jsonl")
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["item"], line["story"], line["alerts"]) for line in lines] == [
        ("a", "a", ["harbour"]),
        ("b", "b", []),
        ("c", "c", ["norvik"]),
    ]
    [match] = lines[2]["matches"]
    assert match.keys() == {"rule", "strength", "place", "evidence"}
    assert match["evidence"] == [{"field": "headline", "sentence": "Norvik opens a plant", "spans": [[0, 6, "Norvik"]]}]


def test_a_compressed_file_is_read(home: Home, file: Path, tmp_path: Path) -> None:
    packed = tmp_path / "items.jsonl.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert home.call("backtest", "--items", str(packed), "--jsonl").stdout.count("\n") == 3


def test_bad_lines_are_named_and_the_others_judged(home: Home, file: Path) -> None:
    with file.open("a") as more:
        more.write('{"id": 5}\n[]\n{"id": "d", "title": "Norvik"}\n')
    result = home.call("backtest", "--items", str(file), "--jsonl")
    assert result.exit_code == 2
    assert result.stderr == 'items.jsonl:4: "title" is missing\nitems.jsonl:5: is no JSON object\n'
    assert len(result.stdout.splitlines()) == 4


def test_of_very_many_bad_lines_the_first_are_named(home: Home, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text("[]\n" * 1000)
    lines = home.call("backtest", "--items", str(bad)).stderr.splitlines()
    assert (len(lines), lines[-1]) == (21, "980 more lines are no items")


def test_people_get_hits_a_day_and_samples(home: Home, file: Path) -> None:
    result = home.call("backtest", "--items", str(file))
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("3 items, published 2026-11-20 to 2026-11-24.")
    assert lines[3].split() == ["harbour", "1", "0.25", "1", "(2026-11-20)"]
    assert "Norvik opens a plant" in result.stdout


def test_without_times_there_are_no_hits_a_day(home: Home, tmp_path: Path) -> None:
    undated = tmp_path / "undated.jsonl"
    undated.write_text('{"id": "a", "title": "Norvik"}\n')
    lines = home.call("backtest", "--items", str(undated)).stdout.splitlines()
    assert lines[0] == "1 item."
    assert lines[4].split() == ["norvik", "1", "-", "-"]


def test_a_document_tells_what_becomes_of_each_rule(home: Home, file: Path) -> None:
    document = json.loads(home.call("backtest", "--items", str(file), "--json").stdout)
    assert (document["schema"], document["items"]) == ("backtest.v1", 3)
    assert (document["first"], document["last"]) == ("2026-11-20T09:00:00Z", "2026-11-24T09:00:00Z")
    harbour, norvik = document["rules"]
    assert (harbour["name"], harbour["hits"], harbour["a_day"], harbour["days"]) == (
        "harbour",
        1,
        0.25,
        {"2026-11-20": 1},
    )
    assert norvik["samples"][0]["headline"] == "Norvik opens a plant"


def test_without_a_file_it_replays_what_is_stored_oldest_first(home: Home) -> None:
    home.store(entry("Norvik opens a plant"), entry("Norvik closes a plant"))
    document = json.loads(home.call("backtest", "--json").stdout)
    assert document["items"] == 2
    samples = document["rules"][1]["samples"]
    assert [sample["headline"] for sample in samples] == ["Norvik closes a plant", "Norvik opens a plant"]
    assert samples[0]["feed"] == "wire"


def test_a_very_full_store_is_taken_in_part_and_says_so(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.store(entry("Norvik opens a plant"), entry("Norvik closes a plant"))
    monkeypatch.setattr(invocation, "MOST_ITEMS", 1)
    result = home.call("backtest", "--json")
    assert json.loads(result.stdout)["items"] == 1
    assert result.stderr == "Only the newest 1 items are taken.\n"


def test_a_file_that_is_not_there_is_a_fault_of_usage(home: Home) -> None:
    assert home.call("backtest", "--items", "nowhere.jsonl").exit_code == 2
