"""A stranger sets wirebell up at a terminal, and it rings by what was written."""

from __future__ import annotations

import os
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.cli.home import rss
from tests.conftest import ROOT
from tests.daemon import Daemon
from tests.http_server import HttpServer, Reply
from tests.smtp_server import SmtpServer
from tests.terminal import Terminal

PASSWORD = "p@ss/w#rd"
WORDS = "harbour strike"


@pytest.fixture
def feed() -> Iterator[str]:
    with HttpServer() as server:
        yield server.reply("/rss.xml", Reply(body=rss("Harbour strike in Norvik", "A quiet day")))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[tuple[SmtpServer, dict[str, str]]]:
    """A mail server that wants STARTTLS and a login, and the environment of those who trust its certificate."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with SmtpServer(starttls=context, login=("anna@bank.example", PASSWORD)) as server:
        yield server, {"SSL_CERT_FILE": str(tmp_path / "ca.pem"), "EMAIL": "anna@bank.example"}


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    folder = tmp_path / "desk"
    folder.mkdir()
    return folder


def set_up(desk: Path, mail: SmtpServer, environment: dict[str, str], feed: str) -> str:
    """Answer as somebody who mistypes the password at first; return what stood on the screen."""
    with Terminal(desk, "init", "--allow", "127.0.0.0/8", environment=environment) as terminal:
        terminal.answer("What do you want to hear of?", WORDS)
        terminal.answer("Who is told?", "")
        terminal.answer("The server that takes your mail", f"127.0.0.1:{mail.port}")
        terminal.answer("The name to log in with", "")
        terminal.answer("The password of anna@bank.example", "password")
        terminal.answer("Feeds, by name or address", feed)
        terminal.answer("Your time zone", "Europe/Berlin")
        terminal.answer("Ask again who is told", "again")
        terminal.answer("Who is told?", "")
        terminal.answer("The server that takes your mail", "")
        terminal.answer("The name to log in with", "")
        terminal.answer("The password of anna@bank.example", PASSWORD)
        assert terminal.end() == 0, terminal.shown
        return terminal.shown


def test_a_stranger_is_asked_is_told_what_is_wrong_and_has_a_config_that_rings(
    desk: Path, office: tuple[SmtpServer, dict[str, str]], feed: str
) -> None:
    mail, environment = office
    shown = set_up(desk, mail, environment, feed)
    assert 'it says  "5.7.8 Authentication credentials invalid"' in shown
    assert "most large providers want an app password" in shown
    assert PASSWORD not in shown
    assert [letter.message["Subject"] for letter in mail.letters] == ["wirebell test message for mail"]

    assert sorted(file.name for file in desk.iterdir()) == ["config.toml", "mail.pw"]
    assert (desk / "mail.pw").read_text() == f"{PASSWORD}\n"
    assert stat.S_IMODE((desk / "mail.pw").stat().st_mode) == 0o600
    assert PASSWORD not in (desk / "config.toml").read_text()

    checked = subprocess.run(
        [sys.executable, "-m", "monitor", "check"],
        cwd=desk,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert checked.stdout == "config.toml is fine: 1 feed, 1 rule, 1 channel\n"

    with Daemon(desk, "--catch-up", "24h", environment=environment):
        rang = mail.wait_for("harbour: ")
    assert rang.message["Subject"] == "harbour: Harbour strike in Norvik (Wire)"
    assert rang.encrypted
