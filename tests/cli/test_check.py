"""``wirebell check`` names every fault before a config goes live."""

from __future__ import annotations

import json

import pytest

from tests.cli.home import CONFIG, Home


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
