"""Rules are listed, and tried on what is stored before they go live."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.home import CONFIG, Home, entry


@pytest.fixture
def stored(home: Home) -> Home:
    home.store(
        entry("Harbour strike in Velmar", "The harbour strike begins on Thursday."),
        entry("Harbour of Velmar gets a crane"),
        entry("Norvik opens a plant"),
    )
    return home


def test_the_document_has_every_rule(home: Home) -> None:
    document = json.loads(home.call("rules", "list", "--json").stdout)
    assert document["schema"] == "rules.v1"
    assert document["rules"][1] == {
        "name": "norvik",
        "match": ["Norvik"],
        "except": "price target",
        "precision": "normal",
        "where": "anywhere",
        "feeds": [],
        "notify": [],
        "priority": "high",
        "note": "asked for by Anna",
    }


@pytest.mark.parametrize("written", ["share price, price target", "Energy"])
def test_an_exception_is_shown_as_it_is_written(home: Home, written: str) -> None:
    home.write(CONFIG.replace('"price target"', f'"{written}"'))
    rules = json.loads(home.call("rules", "list", "--json").stdout)["rules"]
    assert [rule["except"] for rule in rules] == ["", written]


def test_people_get_a_table(home: Home) -> None:
    assert "asked for by Anna" in home.call("rules", "list").stdout.splitlines()[2]


@pytest.mark.parametrize("query", ["harbour", "harbour strike"])
def test_a_rule_is_tried_by_its_name_and_a_query_by_its_words(stored: Home, query: str) -> None:
    result = stored.call("rules", "try", query)
    assert result.exit_code == 0, result.output
    assert "1 match in 3 items." in result.stdout
    assert '"[Harbour] [strike] in Velmar"' in result.stdout


def test_what_matches_nothing_is_a_finding_that_tells_what_each_word_costs(stored: Home) -> None:
    result = stored.call("rules", "try", "harbour crane strike")
    assert result.exit_code == 1
    rows = [line.split() for line in result.stdout.splitlines()[2:]]
    assert rows[1:] == [["harbour", "2", "0"], ["crane", "1", "1"], ["strike", "1", "1"]]


def test_a_trial_as_a_document(stored: Home) -> None:
    document = json.loads(stored.call("rules", "try", "harbour strike", "--json").stdout)
    assert (document["schema"], document["items"], document["hits"]) == ("try.v1", 3, 1)
    assert document["samples"][0]["headline"] == "Harbour strike in Velmar"
    assert document["words"] == [
        {"word": "harbour", "items": 2, "without": 1},
        {"word": "strike", "items": 1, "without": 2},
    ]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("Norvik", []),
        ('"harbour strike"', []),
        ("harbour AND crane", [("harbour", 2, 1), ("crane", 1, 2)]),
        ("(harbour OR Norvik) -strike", [("(harbour OR Norvik)", 3, 2), ("NOT strike", 1, 3)]),
        ("headline:harbour AND (crane OR strike)", [("headline(harbour)", 2, 2), ("(crane OR strike)", 2, 2)]),
        ("harbour strike NOT Norvik", [("harbour", 2, 1), ("strike", 1, 2), ("NOT Norvik", 1, 1)]),
        ("harbour OR strike", []),
    ],
)
def test_each_thing_that_a_rule_asks_for_has_its_cost(
    stored: Home, query: str, words: list[tuple[str, int, int]]
) -> None:
    found = json.loads(stored.call("rules", "try", query, "--json").stdout)["words"]
    assert [(each["word"], each["items"], each["without"]) for each in found] == words


def test_items_seen_before_the_span_are_left_out(home: Home) -> None:
    home.store(entry("Harbour strike in Velmar"), now=datetime.now(UTC) - timedelta(days=8))
    assert home.call("rules", "try", "harbour").exit_code == 1
    assert home.call("rules", "try", "harbour", "--since", "9d").exit_code == 0


def test_a_query_may_name_a_list_of_the_config(home: Home) -> None:
    home.write(CONFIG + '\n[terms]\nfirm = ["Norvik", "Tessel"]\nport = "Velmar"\n')
    home.store(entry("Tessel recalls vans in Velmar"))
    assert home.call("rules", "try", "@firm AND @port").exit_code == 0


def test_an_article_in_hand_is_tried(home: Home, tmp_path: Path) -> None:
    article = tmp_path / "article.txt"
    article.write_text("Talks end\n\nThe dockers voted for a harbour strike. The harbour strike is the first.\n")
    result = home.call("rules", "try", "harbour", "--file", str(article))
    assert result.exit_code == 0, result.output
    assert "1 match in 1 item." in result.stdout


def test_an_article_in_hand_is_tried_on_a_rule_for_other_feeds_too(home: Home, tmp_path: Path) -> None:
    home.write(CONFIG.replace('match = "Norvik"', 'match = "Norvik", feeds = "wire"'))
    article = tmp_path / "article.txt"
    article.write_text("Norvik opens a plant\n")
    assert home.call("rules", "try", "norvik", "--file", str(article)).exit_code == 0


def test_an_article_in_hand_that_does_not_match_says_why(home: Home, tmp_path: Path) -> None:
    article = tmp_path / "article.txt"
    article.write_text("Harbour of Velmar gets a crane\n")
    result = home.call("rules", "try", "harbour", "--file", str(article))
    assert result.exit_code == 1
    assert "\nharbour strike: strike: " in result.stdout


def test_an_article_that_is_no_text_is_a_fault_of_usage(home: Home, tmp_path: Path) -> None:
    article = tmp_path / "article.txt"
    article.write_bytes(b"\xff\xfe")
    result = home.call("rules", "try", "harbour", "--file", str(article))
    assert result.exit_code == 2
    assert "is not UTF-8 text" in result.stderr


def test_a_query_that_is_none_is_shown_with_the_place(home: Home) -> None:
    result = home.call("rules", "try", "harbour AND")
    assert result.exit_code == 2
    assert "harbour AND\n" in result.stderr
    assert "^" in result.stderr


def test_of_many_matches_the_newest_are_shown(home: Home) -> None:
    home.store(*(entry(f"Norvik opens plant {number}") for number in range(12)))
    result = home.call("rules", "try", "norvik")
    assert "12 matches in 12 items." in result.stdout
    assert result.stdout.rstrip().endswith("and 2 more")


def test_before_the_first_start_nothing_matches(home: Home) -> None:
    result = home.call("rules", "try", "norvik")
    assert (result.exit_code, result.stdout) == (1, "0 matches in 0 items.\n")
