"""``wirebell run`` is the daemon, once or until told to stop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.store.database import Database
from tests.cli.home import CONFIG, Home, rss
from tests.http_server import HttpServer, Reply

ROOT = Path(__file__).parents[2]


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        running.reply("/rss", Reply(body=rss("Norvik opens a plant"), headers={"content-type": "application/rss+xml"}))
        yield running


@pytest.fixture
def wired(home: Home, server: HttpServer) -> Home:
    text = CONFIG.replace("https://wire.example/rss.xml", server.url("/rss"))
    home.write(text + '\n[network]\nallow = ["127.0.0.0/8"]\n')
    return home


def test_once_polls_and_exits(wired: Home, server: HttpServer) -> None:
    result = wired.call("run", "--once")
    assert result.exit_code == 0, result.output
    assert len(server.asked("/rss")) == 1
    [feed, _] = json.loads(wired.call("feeds", "list", "--json").stdout)["feeds"]
    assert (feed["state"], feed["items"]) == ("ok", 1)


def test_once_with_catch_up_rings_for_what_is_there(wired: Home) -> None:
    result = wired.call("run", "--once", "--catch-up", "24h")
    assert result.exit_code == 0, result.output
    [alert] = json.loads(wired.call("alerts", "list", "--json").stdout)["alerts"]
    assert (alert["rule"], alert["deliveries"][0]["state"]) == ("norvik", "sent")


def test_once_tells_when_a_feed_failed(wired: Home, server: HttpServer) -> None:
    server.reply("/rss", Reply(status=503))
    assert wired.call("run", "--once").exit_code == 4


def test_a_second_daemon_ends_at_once(wired: Home) -> None:
    first = Database.open(wired.load().database)
    first.lock()
    try:
        result = wired.call("run")
    finally:
        first.close()
    assert result.exit_code == 3
    assert f"process {os.getpid()} is running on it" in result.stderr


def test_a_daemon_runs_until_told_to_stop(wired: Home, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "monitor", "run", "-c", str(wired.path)]
    journal = tmp_path / "journal"
    journal.touch()
    environment = {"PYTHONPATH": str(ROOT), "JOURNAL_STREAM": f"{journal.stat().st_dev}:{journal.stat().st_ino}"}
    with (
        journal.open("w") as stream,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=stream, text=True
        ) as daemon,
    ):
        assert daemon.stdout is not None
        screen = []
        for line in daemon.stdout:
            screen.append(line)
            if line.startswith("Watching."):
                break
        live = wired.call("status", "--live")
        daemon.send_signal(signal.SIGTERM)
        daemon.communicate(timeout=20)
    log = journal.read_text()
    assert daemon.returncode == 0, log
    assert any(line.startswith("config.toml is fine.") for line in screen)
    assert live.exit_code == 0
    assert f"process {daemon.pid} is running" in live.stdout
    assert "<6>wire polled: 1 new, 0 changed of 1" in log.splitlines()
