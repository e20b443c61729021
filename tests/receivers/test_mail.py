"""A mail server: a letter arrives whole in text and HTML, and hostile words are words in both."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage

import pytest

from monitor import send
from monitor.alert import Alert, Sent
from monitor.channel import Channel, Mail, Security
from tests.alerts import NOW, alert, message
from tests.receivers.test_services import HOSTILE
from tests.smtp_server import SmtpServer


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer(login=("bot@bank.example", "p@ss/w#rd")) as running:
        yield running


def mailed(server: SmtpServer, what: Alert | None = None) -> EmailMessage:
    target = Mail(
        to=("anna@bank.example",),
        smtp="127.0.0.1",
        port=server.port,
        security=Security.NONE,
        sender="bot@bank.example",
        user="bot@bank.example",
        password="p@ss/w#rd",
    )
    channel = Channel(name="mail", target=target)
    sender = send.open_sender(channel, console=io.StringIO(), now=lambda: NOW, limit=timedelta(seconds=5))
    outcome = sender.send(message(what, receiver="anna@bank.example"))
    assert outcome == Sent(detail="server answered 250 2.0.0")
    assert outcome.said == "2.0.0 taken"
    (letter,) = server.letters
    return letter.message


def part(letter: EmailMessage, kind: str) -> str:
    found = letter.get_body((kind,))
    assert isinstance(found, EmailMessage)
    return str(found.get_content())


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_an_alert_arrives_with_its_link_and_its_id(server: SmtpServer, kind: str) -> None:
    words = part(mailed(server), kind)
    assert alert().link in words
    assert "a-7f3k2b" in words


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_words_are_words_there(server: SmtpServer, words: str) -> None:
    letter = mailed(server, alert(headline=words, source=words))
    page = part(letter, "html")
    assert not re.search(r"<(script|img|a href=.http://evil)|[\x1b\u202e]", page)
    assert set(re.findall(r"href=\"([^\"]*)", page)) == {alert().link}
    assert not re.search(r"[\x1b\u202e]", part(letter, "plain"))
    assert len(letter.get_all("Subject", [])) == 1
