"""``wirebell backtest`` tries the rules of a config on a file or on what is stored."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from monitor.cli import invocation
from tests.cli.home import CONFIG, Home, entry

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
    assert lines[3].split() == ["harbour", "1", "0.25", "1", "(2026-11-20)", "0"]
    assert "Norvik opens a plant" in result.stdout


def test_without_times_there_are_no_hits_a_day(home: Home, tmp_path: Path) -> None:
    undated = tmp_path / "undated.jsonl"
    undated.write_text('{"id": "a", "title": "Norvik"}\n')
    lines = home.call("backtest", "--items", str(undated)).stdout.splitlines()
    assert lines[0] == "1 item."
    assert lines[4].split() == ["norvik", "1", "-", "-", "0"]


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


# --- some rules, rules on trial, rules that overlap ------------------------------------------------------------------


def test_only_the_rules_that_are_named_are_judged(home: Home, file: Path) -> None:
    lines = home.call("backtest", "--items", str(file), "--rule", "norvik", "--jsonl").stdout.splitlines()
    assert [json.loads(line)["alerts"] for line in lines] == [[], [], ["norvik"]]
    both = home.call("backtest", "--items", str(file), "--rule", "norvik", "--rule", "harbour", "--json")
    assert [rule["name"] for rule in json.loads(both.stdout)["rules"]] == ["norvik", "harbour"]
    assert home.call("backtest", "--items", str(file), "--rule", "norvig").exit_code == 2


def test_a_rule_on_trial_is_judged_and_marked(home: Home, file: Path) -> None:
    home.write(CONFIG.replace('match = "Norvik"', 'match = "Norvik", trial = true'))
    assert "\nnorvik (on trial)  1 " in home.call("backtest", "--items", str(file)).stdout
    rules = json.loads(home.call("backtest", "--items", str(file), "--json").stdout)["rules"]
    assert [(rule["name"], rule["trial"], rule["hits"]) for rule in rules] == [
        ("harbour", False, 1),
        ("norvik", True, 1),
    ]


def test_what_is_named_only_in_passing_is_counted_beside_the_hits(home: Home, tmp_path: Path) -> None:
    far = "\n\n".join(["The harbour lies still.", *["Nothing was said."] * 20, "Elsewhere a strike ended."])
    file = tmp_path / "items.jsonl"
    file.write_text(json.dumps({"id": "a", "title": "Velmar rests", "text": far}) + "\n")
    harbour, norvik = json.loads(home.call("backtest", "--items", str(file), "--json").stdout)["rules"]
    assert (harbour["hits"], harbour["passing"], norvik["passing"]) == (0, 1, 0)
    assert home.call("backtest", "--items", str(file)).stdout.splitlines()[3].split() == ["harbour", "0", "-", "-", "1"]
    line = json.loads(home.call("backtest", "--items", str(file), "--jsonl").stdout)
    assert (line["matches"], line["alerts"]) == ([], [])


def test_rules_that_ring_for_the_same_items_are_named(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "items.jsonl"
    titles = ["Harbour strike at Norvik", "Norvik opens a plant", "Norvik closes a plant"]
    file.write_text("".join(f"{json.dumps({'id': str(n), 'title': title})}\n" for n, title in enumerate(titles)))
    said = home.call("backtest", "--items", str(file)).stdout
    assert said.splitlines()[-1].split() == ["harbour", "and", "norvik", "1", "100%"]
    document = json.loads(home.call("backtest", "--items", str(file), "--json").stdout)
    assert document["overlap"] == [{"rules": ["harbour", "norvik"], "shared": 1, "share": 1.0}]


def test_items_on_which_a_regular_expression_ran_out_of_time_are_counted(
    home: Home, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.write(CONFIG.replace('"harbour strike"', '"/harbou?r/"'))
    monkeypatch.setattr("monitor.rule.evaluate._search", lambda *_: None)
    said = home.call("backtest", "--items", str(file)).stdout
    assert "\nharbour was not judged on 3 items: a regular expression ran out of time\n" in said
    rules = json.loads(home.call("backtest", "--items", str(file), "--json").stdout)["rules"]
    assert [rule["unjudged"] for rule in rules] == [3, 0]


# --- another config --------------------------------------------------------------------------------------------------


@pytest.fixture
def other(home: Home) -> Path:
    made = home.path.with_name("other.toml")
    made.write_text(CONFIG.replace('"harbour strike"', '"quiet day"').replace("norvik =", "plants ="))
    return made


def test_another_config_is_compared_alert_by_alert(home: Home, file: Path, other: Path) -> None:
    said = home.call("backtest", "--items", str(file), "--against", str(other)).stdout
    assert said.splitlines()[-5:] == [
        f"With {other} 2 alerts would appear, 2 would vanish.",
        "  + harbour: 2026-11-21 09:00  Quiet day",
        "  + plants: 2026-11-24 09:00  Norvik opens a plant",
        "  - harbour: 2026-11-20 09:00  Harbour strike in Velmar",
        "  - norvik: 2026-11-24 09:00  Norvik opens a plant",
    ]


def test_a_comparison_as_documents(home: Home, file: Path, other: Path) -> None:
    command = ("backtest", "--items", str(file), "--against", str(other), "--rule", "harbour")
    found = json.loads(home.call(*command, "--json").stdout)["against"]
    assert found["file"] == str(other)
    assert [(each["rule"], each["item"]) for each in (*found["appear"], *found["vanish"])] == [
        ("harbour", "b"),
        ("harbour", "a"),
    ]
    lines = [json.loads(line) for line in home.call(*command, "--jsonl").stdout.splitlines()]
    assert [(line["appear"], line["vanish"]) for line in lines] == [([], ["harbour"]), (["harbour"], []), ([], [])]


def test_the_same_config_changes_nothing(home: Home, file: Path) -> None:
    said = home.call("backtest", "--items", str(file), "--against", str(home.path)).stdout
    assert said.splitlines()[-1] == f"With {home.path} 0 alerts would appear, 0 would vanish."


def test_another_config_that_cannot_be_used_is_a_fault_of_usage(home: Home, file: Path, other: Path) -> None:
    other.write_text("[rules]\n")
    result = home.call("backtest", "--items", str(file), "--against", str(other))
    assert result.exit_code == 2
    assert "other.toml" in result.stderr


def test_of_many_changes_and_pairs_the_first_are_listed(
    home: Home, file: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.cli.backtest._LISTED", 1)
    monkeypatch.setattr("monitor.cli.backtest._PAIRS", 1)
    said = home.call("backtest", "--items", str(file), "--against", str(other)).stdout.splitlines()
    assert (said[-3], said[-1]) == ("  + 1 more", "  - 1 more")
    home.write(CONFIG.replace("[channels]", 'plant = "plant"\nopens = "opens"\n[channels]'))
    assert home.call("backtest", "--items", str(file)).stdout.splitlines()[-1] == "and 2 more pairs"
