"""``wirebell mute``: placing, listing and ending."""

from __future__ import annotations

import json

import pytest

from tests.cli.home import Home, entry


@pytest.fixture
def stored(home: Home) -> Home:
    home.store(entry("Harbour strike in Velmar"))
    return home


def listed(home: Home, *more: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(home.call("mute", "list", "--json", *more).stdout)["mutes"]
    return found


def test_a_rule_is_muted_for_a_while(stored: Home) -> None:
    result = stored.call("mute", "add", "--rule", "harbour", "--for", "2h", "--who", "Anna", "--why", "a drill")
    assert result.exit_code == 0
    assert result.stdout.startswith("rule harbour is muted until ")
    [mute] = listed(stored)
    assert (mute["scope"], mute["what"], mute["who"], mute["why"]) == ("rule", "harbour", "Anna", "a drill")
    assert mute["in_force"] is True


def test_a_mute_may_be_asked_for_as_a_document(stored: Home) -> None:
    made = json.loads(stored.call("mute", "add", "--feed", "wire", "--for", "2h", "--json").stdout)
    assert (made["schema"], made["scope"], made["what"]) == ("mute.v1", "feed", "wire")


def test_mutes_are_listed_for_people(stored: Home) -> None:
    stored.call("mute", "add", "--text", "harbour strike", "--for", "2h", "--why", "a drill")
    headings, row = stored.call("mute", "list").stdout.splitlines()
    assert headings.split() == ["mute", "what", "until", "who", "why"]
    assert "text harbour strike" in row
    assert row.endswith("a drill")


def test_a_mute_is_ended_by_the_beginning_of_its_id(stored: Home) -> None:
    words = stored.call("mute", "add", "--rule", "harbour", "--for", "2h").stdout
    result = stored.call("mute", "end", words.split()[-1])
    assert (result.exit_code, result.stdout) == (0, "rule harbour is not muted any more.\n")
    assert listed(stored) == []
    [over] = listed(stored, "--all")
    assert over["ended_at"] is not None
    assert "ended " in stored.call("mute", "list", "--all").stdout


def test_a_mute_that_is_not_there_cannot_be_ended(stored: Home) -> None:
    result = stored.call("mute", "end", "m-zzzzzz")
    assert (result.exit_code, result.stderr) == (1, "Error: no mute in force has an id that begins with m-zzzzzz\n")


def test_an_id_that_begins_several_ends_none(stored: Home) -> None:
    for number in range(40):  # two of them begin with the same letter
        stored.call("mute", "add", "--text", f"harbour {number}", "--for", "2h")
    first = [str(each["id"])[0] for each in listed(stored)]
    result = stored.call("mute", "end", next(letter for letter in first if first.count(letter) > 1))
    assert result.exit_code == 1
    assert "is the beginning of several ids: m-" in result.stderr
    assert len(listed(stored)) == len(first)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rule", "harbor"), "no rule is called 'harbor'; there are harbour, norvik"),
        (("--feed", "wires"), "no feed is called 'wires'; there are wire, slow"),
        (("--story", "7"), "items are not joined into stories yet; mute the rule, the feed or a text of the story"),
        (("--rule", "harbour", "--feed", "wire"), "name one of --rule, --feed and --text"),
        ((), "name one of --rule, --feed and --text"),
    ],
)
def test_what_cannot_be_muted_is_refused_with_a_cure(stored: Home, arguments: tuple[str, ...], said: str) -> None:
    result = stored.call("mute", "add", "--for", "2h", *arguments)
    assert (result.exit_code, result.stderr) == (2, f"Error: {said}\n")


def test_a_text_that_is_no_query_is_shown_with_the_place_of_its_fault(stored: Home) -> None:
    result = stored.call("mute", "add", "--for", "2h", "--text", "(harbour")
    assert result.exit_code == 2
    assert "\n(harbour\n^" in result.stderr


def test_without_a_database_nothing_can_be_muted_and_nothing_is(home: Home) -> None:
    result = home.call("mute", "add", "--rule", "harbour", "--for", "2h")
    assert result.exit_code == 2
    assert "there is no database yet" in result.stderr
    assert listed(home) == []
