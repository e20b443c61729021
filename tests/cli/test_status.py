"""``wirebell status`` tells whether the daemon lives, and whether all is well."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.cli import health
from monitor.store.database import Database
from tests.cli.home import Home, entry, fail


@pytest.fixture
def daemon(home: Home) -> Iterator[Database]:
    database = Database.open(home.load().database)
    database.lock()
    yield database
    database.close()


def lock_file(home: Home) -> Path:
    return home.path.parent / "wirebell.db.lock"


@pytest.mark.usefixtures("daemon")
def test_all_is_well_with_a_daemon_and_nothing_failing(home: Home) -> None:
    home.store(entry("Quiet day"))
    result = home.call("status")
    assert result.exit_code == 0, result.output
    assert f"process {os.getpid()} is running on wirebell.db" in result.stdout
    assert "wire" in result.stdout


def test_without_a_daemon_the_rest_is_shown_all_the_same(home: Home) -> None:
    home.store(entry("Quiet day"))
    result = home.call("status")
    assert result.exit_code == 3
    assert "no daemon runs on wirebell.db" in result.stdout
    assert "wire" in result.stdout


@pytest.mark.usefixtures("daemon")
def test_a_failing_feed_is_a_finding(home: Home) -> None:
    home.store(entry("Quiet day"))
    home.change(fail)
    result = home.call("status")
    assert result.exit_code == 1
    assert "server answered: 503" in result.stdout


@pytest.mark.usefixtures("daemon")
def test_the_document_says_the_same(home: Home) -> None:
    home.store(entry("Norvik opens a plant"))
    document = json.loads(home.call("status", "--json").stdout)
    assert (document["schema"], document["ok"], document["database"]) == ("status.v1", True, "wirebell.db")
    assert (document["daemon"]["alive"], document["daemon"]["pid"]) == (True, os.getpid())
    assert [feed["name"] for feed in document["feeds"]] == ["wire", "slow"]
    assert [(channel["name"], channel["queued"]) for channel in document["channels"]] == [("desk", 1)]


@pytest.mark.usefixtures("daemon")
def test_a_daemon_that_makes_progress_is_live(home: Home) -> None:
    result = home.call("status", "--live")
    assert (result.exit_code, result.stdout) == (0, f"process {os.getpid()} is running on wirebell.db\n")


@pytest.mark.usefixtures("daemon")
def test_a_daemon_that_hangs_is_not_live(home: Home) -> None:
    long_ago = time.time() - health.SILENCE.total_seconds() - 1
    os.utime(lock_file(home), (long_ago, long_ago))
    result = home.call("status", "--live")
    assert result.exit_code == 3
    assert "makes no progress" in result.stdout


@pytest.mark.usefixtures("daemon")
def test_a_sign_of_life_from_before_the_clock_was_set_back_is_none(home: Home) -> None:
    ahead = time.time() + 3600
    os.utime(lock_file(home), (ahead, ahead))
    assert home.call("status", "--live").exit_code == 3


def test_a_daemon_that_hung_is_live_again_when_it_goes_on(home: Home, daemon: Database) -> None:
    os.utime(lock_file(home), (0, 0))
    daemon.beat()
    assert home.call("status", "--live").exit_code == 0


def test_no_daemon_is_not_live(home: Home) -> None:
    result = home.call("status", "--live", "--json")
    assert result.exit_code == 3
    assert json.loads(result.stdout) == {
        "schema": "live.v1",
        "alive": False,
        "pid": None,
        "beat": None,
        "trouble": None,
    }


def test_a_daemon_that_cannot_use_its_database_is_a_finding_and_lives(home: Home, daemon: Database) -> None:
    home.store(entry("Quiet day"))
    daemon.beat("wirebell.db: the disk is full; free some space")
    result = home.call("status")
    words = f"process {os.getpid()} is running on wirebell.db, but cannot use it: wirebell.db: the disk is full; free"
    assert (result.exit_code, result.stdout.startswith(words)) == (1, True)
    document = json.loads(home.call("status", "--json").stdout)
    assert (document["ok"], document["daemon"]["alive"]) == (False, True)
    assert document["daemon"]["trouble"] == "wirebell.db: the disk is full; free some space"
    assert home.call("status", "--live").exit_code == 0
    daemon.beat()
    assert home.call("status").exit_code == 0
