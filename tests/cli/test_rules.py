"""Rules are listed, tested, and tried before they go live on what is stored or in hand."""

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
        "at_most": None,
        "trial": False,
        "until": None,
        "note": "asked for by Anna",
        "tests": 0,
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
    assert rows[1:] == [
        ["harbour", "2", "0", "0", "of", "0"],
        ["crane", "1", "1", "1", "of", "1"],
        ["strike", "1", "1", "1", "of", "1"],
    ]


def test_a_trial_as_a_document(stored: Home) -> None:
    document = json.loads(stored.call("rules", "try", "harbour strike", "--json").stdout)
    assert (document["schema"], document["items"], document["hits"]) == ("try.v1", 3, 1)
    assert document["samples"][0]["headline"] == "Harbour strike in Velmar"
    assert document["words"] == [
        {"word": "harbour", "items": 2, "without": 1, "hides": 0},
        {"word": "strike", "items": 1, "without": 2, "hides": 1},
    ]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("Norvik", []),
        ('"harbour strike"', []),
        ("harbour AND crane", [("harbour", 2, 1), ("crane", 1, 2)]),
        ("(harbour OR Norvik) -strike", [("(harbour OR Norvik)", 3, 2), ("NOT strike", 1, 3)]),
        ("headline:harbour AND (crane OR strike)", [("headline:harbour", 2, 2), ("(crane OR strike)", 2, 2)]),
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
    assert "\narticle.txt: harbour strike: strike: absent\n" in result.stdout
    rows = [line.split(maxsplit=2) for line in result.stdout.splitlines()[-2:]]
    assert rows == [["harbour", "yes", "once, in the headline"], ["strike", "no", "absent"]]


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


# --- other things to try on ------------------------------------------------------------------------------------------

FAR_APART = "\n\n".join(["The harbour lies still.", *["Nothing was said."] * 20, "Elsewhere a strike ended."])


def test_several_articles_in_hand_are_tried(home: Home, tmp_path: Path) -> None:
    for name, headline in (("a.txt", "Norvik opens a plant"), ("b.txt", "Quiet day")):
        (tmp_path / name).write_text(headline)
    result = home.call("rules", "try", "norvik", "--file", str(tmp_path / "a.txt"), "--file", str(tmp_path / "b.txt"))
    assert "1 match in 2 items." in result.stdout
    assert "\nb.txt: Norvik: Norvik: absent\n" in result.stdout
    assert "a.txt" not in result.stdout


def test_the_items_of_a_file_are_tried_and_its_bad_lines_named(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "items.jsonl"
    file.write_text(
        '{"id": "a", "title": "Norvik opens a plant", "feed": "unheard of"}\n{"id": "b", "title": "Quiet"}\n'
    )
    result = home.call("rules", "try", "norvik", "--items", str(file))
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "1 match in 2 items.")
    file.write_text("no item\n")
    result = home.call("rules", "try", "norvik", "--items", str(file))
    assert (result.exit_code, result.stderr.partition(":")[0]) == (2, "items.jsonl")


@pytest.mark.parametrize(
    ("options", "hits"),
    [
        (("--precision", "broad"), 1),
        (("--precision", "precise"), 0),
        (("--precision", "broad", "--where", "headline"), 0),
    ],
)
def test_a_rule_is_tried_at_another_precision_and_depth(home: Home, options: tuple[str, ...], hits: int) -> None:
    home.store(entry("Velmar", body="Rain fell.\n\nIt was cold.\n\nDogs ran.\n\nA strike at the harbour ended."))
    for query in ("harbour", "harbour strike"):  # by name, and as a query
        found = json.loads(home.call("rules", "try", query, *options, "--json").stdout)
        assert found["hits"] == hits


def test_what_is_named_only_in_passing_is_counted_and_shown_when_asked_for(home: Home) -> None:
    home.store(entry("Velmar rests", body=FAR_APART), entry("Harbour strike in Velmar"))
    brief = home.call("rules", "try", "harbour").stdout
    assert "\nnamed only in passing: 1 more   (shown with --passing)\n" in brief
    assert "Velmar rests" not in brief
    whole = home.call("rules", "try", "harbour", "--passing").stdout
    assert "\nnamed only in passing: 1 more\n" in whole
    assert "Velmar rests" in whole
    assert '"Elsewhere a [strike] ended."' in whole


def test_what_is_named_only_in_passing_keeps_its_strength_in_the_document(home: Home) -> None:
    home.store(entry("Velmar rests", body=FAR_APART))
    found = json.loads(home.call("rules", "try", "harbour", "--json").stdout)
    assert (found["hits"], found["passing"]) == (0, 1)
    assert 0 < found["passing_samples"][0]["strength"] < 0.5


def test_a_name_is_never_named_only_in_passing(home: Home) -> None:
    home.store(entry("Velmar rests", body=FAR_APART))
    assert "passing" not in home.call("rules", "try", "strike").stdout


# --- tests of rules --------------------------------------------------------------------------------------------------

TESTED = CONFIG.replace(
    'harbour = "harbour strike"',
    'harbour = { match = "harbour strike", tests = [{ headline = "Harbour strike" }, '
    '{ text = "The habour is calm.", match = MATCH }] }',
)


def test_tests_that_pass_are_counted(home: Home) -> None:
    home.write(TESTED.replace("MATCH", "false"))
    for names in ([], ["harbour"]):
        result = home.call("rules", "test", *names)
        assert (result.exit_code, result.stdout) == (0, "2 tests pass, 0 fail.\n")


def test_a_test_that_fails_is_named_with_its_line_and_explained(home: Home) -> None:
    home.write(TESTED.replace("MATCH", "true"))
    result = home.call("rules", "test")
    assert result.exit_code == 1
    first, _, *rows, last = result.stdout.splitlines()
    assert first.endswith(
        'config.toml:9: rules.harbour.tests: test 2 fails: "The habour is calm." must match, and does not'
    )
    assert [row.split(maxsplit=2) for row in rows] == [
        ["harbour", "no", "absent; nearest word in the text: habour"],
        ["strike", "no", "absent"],
    ]
    assert last == "1 test passes, 1 fails."


def test_a_test_that_fails_because_the_rule_matches_shows_by_what(home: Home) -> None:
    home.write(TESTED.replace("MATCH", "true").replace('"Harbour strike" }', '"Harbour strike", match = false }'))
    said = home.call("rules", "test").stdout
    assert 'test 1 fails: "Harbour strike" must not match, and does' in said
    assert "once, in the headline" in said


def test_rules_without_tests_are_a_finding(home: Home) -> None:
    result = home.call("rules", "test")
    assert (result.exit_code, result.stdout) == (1, 'No rule has "tests".\n')


@pytest.mark.parametrize("command", [["test"], ["why"]])
def test_a_rule_that_is_not_there_is_a_fault_of_usage(home: Home, command: list[str]) -> None:
    result = home.call("rules", *command, "norvig", *(["1"] if command == ["why"] else []))
    assert result.exit_code == 2
    assert result.stderr == "Error: no rule is called 'norvig'; there are harbour, norvik\n"


def test_a_rule_on_trial_is_marked_in_the_list(home: Home) -> None:
    home.write(CONFIG.replace('match = "Norvik"', 'match = "Norvik", trial = true'))
    assert "nobody: on trial" in home.call("rules", "list").stdout


def test_items_on_which_a_regular_expression_ran_out_of_time_are_counted(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.store(entry("Norvik opens a plant"), entry("Quiet day"))
    monkeypatch.setattr("monitor.rule.evaluate._search", lambda *_: None)
    result = home.call("rules", "try", "/Norvi[kc]/")
    assert "not judged, since a regular expression ran out of time: 2 more" in result.stdout
    assert json.loads(home.call("rules", "try", "/Norvi[kc]/", "--json").stdout)["unjudged"] == 2
