"""An IRC server of Debian's: an alert is said in a channel, and hostile words give no commands."""

from __future__ import annotations

import io
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from monitor import send
from monitor.alert import Alert, Failed, Fault, Outcome, Sent
from monitor.channel import Channel, Service
from tests.alerts import NOW, alert, message
from tests.receivers.programs import PATIENCE, free_port, running

#: Importing all plugins of Apprise imports imghdr, which goes with Python 3.13.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

CONFIG = """\
[Global]
Name = irc.bank.example
Info = a test
Listen = 127.0.0.1
Ports = {port}
MotdPhrase = hello
{password}
[Options]
DNS = no
Ident = no
PAM = no
[Limits]
MaxConnectionsIP = 0
"""


@pytest.fixture
def ngircd(tool: Callable[[str], str], tmp_path: Path) -> Iterator[int]:
    with serving(tool("ngircd"), tmp_path) as port:
        yield port


@contextmanager
def serving(program: str, folder: Path, password: str = "") -> Iterator[int]:
    port = free_port()
    config = folder / "ngircd.conf"
    config.write_text(CONFIG.format(port=port, password=password))
    with running([program, "-n", "-f", str(config)], port=port, log=folder / "ngircd.log"):
        yield port


class Listener:
    """A person in the channel who reads along."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._lines = self._socket.makefile("rb")
        self.tell("NICK anna")
        self.tell("USER anna 0 * :Anna")
        self.read_until(" 001 ")
        self.tell("JOIN #desk")
        self.read_until(" 366 ")

    def tell(self, line: str) -> None:
        self._socket.sendall(f"{line}\r\n".encode())

    def read_until(self, words: str) -> list[str]:
        """Return all lines up to the one with these words."""
        read: list[str] = []
        while not read or words not in read[-1]:
            line = self._lines.readline()
            assert line, read
            assert len(line) <= 512  # RFC 1459, section 2.3
            read.append(line.decode().rstrip("\r\n"))
        return read

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


@pytest.fixture
def anna(ngircd: int) -> Iterator[Listener]:
    listener = Listener(ngircd)
    yield listener
    listener.close()


def say(url: str, what: Alert | None = None) -> Outcome:
    channel = Channel(name="irc", target=Service(url=url))
    return send.open_sender(channel, console=io.StringIO(), now=lambda: NOW, limit=timedelta(seconds=10)).send(
        message(what)
    )


def test_an_alert_is_said_in_the_channel_and_nobody_confirms_it(ngircd: int, anna: Listener) -> None:
    assert say(f"irc://127.0.0.1:{ngircd}/%23desk") == Sent(detail="handed over, not confirmed")
    said = [line.partition(" PRIVMSG #desk :")[2] for line in anna.read_until(" QUIT ")]
    assert alert().link in " ".join(said).split()
    assert "a-7f3k2b" in " ".join(said)


def test_hostile_words_give_no_command_to_the_server(ngircd: int, anna: Listener) -> None:
    hostile = "Allies\r\nJOIN #other\r\nPRIVMSG #desk :forged\r\n\x01ACTION waves\x01 \x02\x0304red"
    say(f"irc://127.0.0.1:{ngircd}/%23desk", alert(headline=hostile, source="x\nPART #desk"))
    read = anna.read_until(" QUIT ")
    assert [line for line in read if " PRIVMSG " in line and line.endswith(":forged")] == []
    assert not [letter for line in read for letter in line if letter < " "]
    assert [line for line in read if re.match(r"\S+ (PART|NOTICE)", line)] == []


def test_a_server_that_is_not_there_may_be_there_later() -> None:
    outcome = say(f"irc://127.0.0.1:{free_port()}/%23desk")
    assert outcome == Failed(reason="could not connect", fault=Fault.CHANNEL, permanent=False)


def test_a_server_that_wants_another_password_is_a_fault_of_the_channel(
    tool: Callable[[str], str], tmp_path: Path
) -> None:
    with serving(tool("ngircd"), tmp_path, "Password = another") as port:
        outcome = say(f"irc://bot:canarypassword@127.0.0.1:{port}/%23desk?mode=server")
    assert isinstance(outcome, Failed)
    assert outcome.fault is Fault.CHANNEL
    assert "canary" not in outcome.reason + outcome.said
