"""The hand-built cases through ``wirebell backtest``: each text under the rule it was written for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from monitor.cli import wirebell
from tests.conftest import SHARED, needs_shared

pytestmark = needs_shared
LANGUAGES = ("en", "ru")


def query(rule: dict[str, Any]) -> list[str]:
    """Return the case's rule in the rule language."""
    match rule["type"]:
        case "phrase":
            return [f'"{rule["q"]}"']
        case "exact":
            return [f"={rule['q']}"]
        case "near":
            return [f" NEAR/{rule['n']} ".join(rule["q"])]
    words = rule["q"]
    for word, aliases in rule.get("aliases", {}).items():
        either = " OR ".join([word, *(f'"{alias}"' for alias in aliases)])
        words = words.replace(word, f"({either})")
    return [words, *rule.get("equiv", {}).values()]


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    lines = (SHARED / "eval" / "cases_dev.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def found(cases: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    """Whether each case's text met its rule, by the command line."""
    folder: Path = tmp_path_factory.mktemp("cases")
    rules = "\n".join(f"{case['id']} = {json.dumps(query(case['rule']), ensure_ascii=False)}" for case in cases)
    config = f'feeds.wire = "https://wire.example/rss"\nchannels.screen = "console:"\n[rules]\n{rules}\n'
    (folder / "config.toml").write_text(config, encoding="utf-8")
    items = "\n".join(json.dumps({key: case[key] for key in ("id", "title", "text", "lang")}) for case in cases)
    (folder / "items.jsonl").write_text(items, encoding="utf-8")
    arguments = ["-c", str(folder / "config.toml"), "backtest", "--items", str(folder / "items.jsonl"), "--jsonl"]
    result = CliRunner().invoke(wirebell, arguments)
    assert result.exit_code == 0, result.output
    judged = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(judged) == len(cases)
    return {each["item"]: each["item"] in each["alerts"] for each in judged}


def test_english_and_russian_cases_are_told_apart(cases: list[dict[str, Any]], found: dict[str, bool]) -> None:
    ours = [(case["expect"], found[case["id"]]) for case in cases if case["lang"] in LANGUAGES]
    hits = sum(expected and rang for expected, rang in ours)
    wrong = sum(expected != rang for expected, rang in ours)
    f1 = 2 * hits / (2 * hits + wrong)
    assert f1 >= 0.85


def test_no_english_text_rings_falsely_for_nato(cases: list[dict[str, Any]], found: dict[str, bool]) -> None:
    false = [
        case["title"]
        for case in cases
        if case["lang"] == "en" and "NATO" in str(case["rule"]["q"]) and not case["expect"] and found[case["id"]]
    ]
    assert false == []
