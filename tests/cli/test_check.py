"""``wirebell check`` names every fault before a config goes live."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.home import CONFIG, Home, entry


def test_a_good_config_is_summed_up(home: Home) -> None:
    result = home.call("check")
    assert result.exit_code == 0
    assert result.stdout == "config.toml is fine: 2 feeds, 2 rules, 1 channel\n"


def test_each_fault_is_named_with_its_line(home: Home) -> None:
    home.write(CONFIG.replace('"harbour strike"', '"harbour AND"').replace("https://wire", "ftp://wire"))
    result = home.call("check")
    assert result.exit_code == 1
    assert "config.toml:5: feeds.wire" in result.stdout
    assert "config.toml:9: rules.harbour" in result.stdout


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # by plugins of Apprise
def test_a_fault_of_a_channel_is_named_too(home: Home) -> None:
    home.write(CONFIG.replace('"console:"', '"nosuchservice://somewhere"'))
    result = home.call("check")
    assert result.exit_code == 1
    assert "channels.desk" in result.stdout


def test_the_document_holds_every_fault(home: Home) -> None:
    home.write(CONFIG.replace('"harbour strike"', '"harbour AND"'))
    result = home.call("check", "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert (document["schema"], document["ok"], document["warnings"]) == ("check.v1", False, [])
    [fault] = document["faults"]
    assert (fault["line"], fault["key"]) == (9, "rules.harbour")
    assert "^" in fault["excerpt"]


def test_a_warning_is_no_fault(home: Home) -> None:
    home.write(CONFIG.replace('desk = "console:"', 'desk = { url = "console:", wake = "high" }'))
    result = home.call("check")
    assert result.exit_code == 0
    assert "warning: " in result.stdout
    assert "is fine" in result.stdout


def test_a_file_that_is_not_there_is_a_fault_of_the_command_line(home: Home) -> None:
    result = home.call("check", "-c", "nowhere.toml")
    assert result.exit_code == 2
    assert "nowhere.toml: there is no such file" in result.stderr


# --- tests of rules, and what would have rung ------------------------------------------------------------------------

TESTED = CONFIG.replace(
    'harbour = "harbour strike"', 'harbour = { match = "harbour strike", tests = [{ headline = "TEXT" }] }'
)


def test_tests_that_pass_are_counted(home: Home) -> None:
    home.write(TESTED.replace("TEXT", "Harbour strike"))
    result = home.call("check")
    assert (result.exit_code, result.stdout) == (0, "config.toml is fine: 2 feeds, 2 rules, 1 channel, 1 test\n")


def test_a_test_that_fails_is_explained_and_the_config_not_fine(home: Home) -> None:
    home.write(TESTED.replace("TEXT", "Harbour gets a crane"))
    result = home.call("check")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].endswith(
        'config.toml:9: rules.harbour.tests: test 1 fails: "Harbour gets a crane" must match, and does not'
    )
    assert [line.split(maxsplit=2) for line in lines[2:4]] == [
        ["harbour", "yes", "once, in the headline"],
        ["strike", "no", "absent"],
    ]
    assert lines[-1] == "config.toml: 1 of 1 test failed"
    assert json.loads(home.call("check", "--json").stdout)["ok"] is False


def test_with_a_database_it_says_what_would_have_rung_lately(home: Home) -> None:
    home.store(entry("Norvik opens a plant"), entry("Norvik closes a plant"))
    home.store(entry("Harbour strike in Velmar"), now=datetime.now(UTC) - timedelta(days=8))
    assert home.call("check").stdout.splitlines()[1:] == [
        "On the 2 stored items of the last seven days:",
        "  harbour would not have rung",
        "  norvik would have rung twice",
    ]


def test_it_takes_no_longer_than_a_person_waits(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.store(*(entry(f"Norvik opens plant {number}") for number in range(5)))
    moments = iter([0.0, 1.0, 1.5, 3.0])
    monkeypatch.setattr("monitor.cli.check.monotonic", lambda: next(moments))
    assert home.call("check").stdout.splitlines()[1] == "On the newest 2 stored items:"


def test_of_many_rules_the_first_are_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.store(entry("Norvik opens a plant"))
    monkeypatch.setattr("monitor.cli.check._TOLD", 1)
    assert home.call("check").stdout.splitlines()[-1] == "  and 1 more rule; see wirebell backtest --since 7d"


def test_a_database_that_cannot_be_used_is_no_fault_of_the_config(home: Home) -> None:
    home.path.with_name("wirebell.db").write_text("no database")
    result = home.call("check")
    assert (result.exit_code, result.stdout) == (0, "config.toml is fine: 2 feeds, 2 rules, 1 channel\n")


def test_a_database_without_items_says_nothing(home: Home) -> None:
    home.store()
    assert json.loads(home.call("check", "--json").stdout)["recent"] is None
