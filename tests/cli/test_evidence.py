"""Evidence is exported for an auditor, and checked by anybody."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from monitor import record
from monitor.alert import Mark, Sign
from monitor.store import feeds, records
from tests.cli.home import Home, entry, fail


@pytest.fixture
def day(home: Home) -> Home:
    """Return a home that saw an item and a feed that failed, whose clock was set, and which ended without a word."""
    now = datetime.now(UTC)
    home.store(entry("Norvik opens a plant"))
    facts = [
        record.run("started", "1.0", now),
        record.clock_set(timedelta(hours=1), now, now + timedelta(hours=1)),
        record.run("started", "1.0", now),
        record.marked(Mark(alert_id="7f3k", sign=Sign.ACKNOWLEDGED, who="Anna", at=now)),
    ]
    home.change(partial(records.add, facts=facts))
    home.change(partial(feeds.poll_all_now, now=now))
    home.change(fail)
    return home


def exported(home: Home, folder: Path) -> Path:
    result = home.call("evidence", "--out", str(folder))
    assert result.exit_code == 0, result.output
    return folder / "evidence.jsonl"


def test_people_are_shown_what_there_is_and_what_to_look_at(day: Home) -> None:
    shown = day.call("evidence").stdout
    assert shown.startswith("6 records, 1 to 6: 2 run, 1 config, 1 clock, 1 mark, 1 coverage.\nHead: ")
    assert "wire did not answer: 1 of 1 polls failed" in shown
    assert "the clock was set: by +3600 s" in shown
    assert "wirebell was not running: it ended without a word" in shown


def test_an_export_holds_and_is_checked_without_any_config(day: Home, tmp_path: Path) -> None:
    file = exported(day, tmp_path / "out")
    day.path.unlink()
    for where in (file, file.parent):
        result = day.call("evidence", "--verify", str(where))
        assert result.exit_code == 0
        assert result.stdout.startswith("The chain holds.\n")


def test_an_export_that_was_changed_does_not_hold(day: Home, tmp_path: Path) -> None:
    file = exported(day, tmp_path / "out")
    file.write_text(file.read_text(encoding="ascii").replace("Anna", "Ben"), encoding="ascii")
    result = day.call("evidence", "--verify", str(file))
    assert (result.exit_code, result.stdout.split("\n")[0].partition(": ")[2]) == (
        1,
        "was changed: its hash is another",
    )


def test_the_head_of_a_summary_is_looked_for(day: Home, tmp_path: Path) -> None:
    file = exported(day, tmp_path / "out")
    head = json.loads(file.read_text(encoding="ascii").splitlines()[0])["head"]
    assert day.call("evidence", "--verify", str(file), "--head", head[:12]).exit_code == 0
    assert day.call("evidence", "--verify", str(file), "--head", "abc").exit_code == 1


def test_the_documents_are_for_scripts(day: Home, tmp_path: Path) -> None:
    document = json.loads(day.call("evidence", "--json").stdout)
    assert (document["schema"], document["records"]) == ("evidence.v1", len(document["chain"]))
    verdict = json.loads(day.call("evidence", "--verify", str(exported(day, tmp_path)), "--json").stdout)
    assert (verdict["schema"], verdict["holds"], verdict["faults"]) == ("verdict.v1", True, [])
    assert {each["what"] for each in verdict["findings"]} >= {"did not answer", "the clock was set"}


@pytest.mark.parametrize("since", ["1d", "2020-01-01", "2020-01-01T09:00", "2020-01-01T09:00:00+02:00"])
def test_times_are_days_moments_or_how_long_ago(day: Home, since: str) -> None:
    assert day.call("evidence", "--since", since).stdout.startswith("6 records")


def test_a_time_without_records_has_none(day: Home) -> None:
    assert day.call("evidence", "--since", "2020-01-01", "--until", "2020-01-02").stdout == "No records of that time.\n"


def test_without_a_database_there_are_none(home: Home) -> None:
    assert home.call("evidence").stdout == "No records of that time.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--since", "yesterday"), "is not a time such as"),
        (("--since", "1d", "--until", "2d"), "--since is later than --until"),
    ],
)
def test_a_wrong_time_is_refused(home: Home, arguments: tuple[str, ...], said: str) -> None:
    result = home.call("evidence", *arguments)
    assert (result.exit_code, said in result.stderr) == (2, True)
