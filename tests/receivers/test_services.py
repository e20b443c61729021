"""Chats as they answer: an alert arrives there whole and inert, and what became of it is what the service meant."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor import send
from monitor.alert import Outcome, Sent, Unknown
from monitor.channel import Channel
from monitor.channel import Service as Target
from monitor.rule import Evidence
from tests.alerts import NOW, alert, message
from tests.http_server import DROP, HANG, HttpServer, Reply
from tests.receivers.detour import Detour, led_astray
from tests.receivers.services import SERVICES, Service

#: Importing all plugins of Apprise imports imghdr, which goes with Python 3.13.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
#: Long enough for a handshake on a busy machine, short enough to wait for a server that hangs.
LIMIT = timedelta(seconds=1.5)


class Played:
    """A service with the server that plays it."""

    def __init__(self, service: Service, server: HttpServer, detour: Detour) -> None:
        self.service, self.server, self.detour = service, server, detour
        url = service.url.format(host=f"127.0.0.1:{server.port}")
        channel = Channel(name="chat", target=Target(url=url))
        self._sender = send.open_sender(channel, console=io.StringIO(), now=lambda: NOW, limit=LIMIT)

    def says(self, reply: Reply) -> None:
        self.server.reply(self.service.path, reply)

    def send(self, what: object) -> Outcome:
        return self._sender.send(what)  # type: ignore[arg-type]

    def read(self) -> str:
        """What people read of the message that arrived last."""
        return self.service.read(json.loads(self.server.received[-1].body))


@pytest.fixture(params=SERVICES)
def played(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Played]:
    service = SERVICES[request.param]
    with led_astray(monkeypatch, tmp_path) as (secure, detour), HttpServer() as server:
        played = Played(service, secure if service.host else server, detour)
        played.says(service.yes)
        yield played


def test_an_alert_arrives_with_its_link_and_its_id(played: Played) -> None:
    assert isinstance(played.send(message()), Sent)
    read = played.read()
    assert "Allies weigh written guarantees for Kyiv" in read
    assert alert().link in read
    assert "a-7f3k2b" in read
    assert played.detour.asked == [played.service.host] * bool(played.service.host)


HOSTILE = (
    "@everyone @here @channel @all",
    "[Reuters](http://evil.test) ![x](http://evil.test/x.png)",
    "<http://evil.test|Reuters> <!channel> <@U123>",
    "<b>bold</b> <a href='http://evil.test'>x</a> <script>alert(1)</script>",
    "red \x1b[31m \u202eright to left\u202c \r\n# a heading",
)
#: What would ring, lead away or run in any of them, and in those that read Markdown.
ACTS = (
    r"(?<![\w.])@(everyone|here|channel|all)\b",
    r"(?<!\\)<http://evil",
    r"<[!@](?=\w)",
    r"(?<!\\)<(script|a href=.http://evil)",
    r"[\x1b\u202e]",
)
ACTS_IN_MARKDOWN = (r"(?<!\\)\]\(http://evil", r"(?m)^# ")


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_words_are_words_there(played: Played, words: str) -> None:
    sentence = Evidence(field="lead", sentence=f"NATO: {words}", spans=((0, 4, "NATO"),))
    assert isinstance(played.send(message(alert(headline=words, source=words, evidence=(sentence,)))), Sent)
    read = played.read()
    acts = ACTS if played.service.html else (*ACTS, *ACTS_IN_MARKDOWN)
    assert [pattern for pattern in acts if re.search(pattern, read)] == []
    assert alert().link in read


def test_a_message_that_is_too_long_is_cut_to_what_is_taken_and_keeps_its_link_and_id(played: Played) -> None:
    (plugin,) = send.service._open(played.service.url.format(host="127.0.0.1:1"))
    sentence = "NATO spoke of security guarantees, and of much else besides that filled the evening. " * 4
    much = [Evidence(field="text", sentence=f"{sentence} {n}", spans=((0, 4, "NATO"),)) for n in range(150)]
    long = alert(headline="Allies weigh guarantees " * 20, evidence=tuple(much))
    assert isinstance(played.send(message(long)), Sent)
    assert len(played.read()) <= plugin.body_maxlen
    assert alert().link in played.read()
    assert "a-7f3k2b" in played.read()
    assert len(played.server.received) == 1


@pytest.mark.parametrize(
    ("played", "about"),
    [(name, about) for name, service in SERVICES.items() for about in service.noes],
    indirect=["played"],
)
def test_a_no_means_what_the_service_means_by_it(played: Played, about: str) -> None:
    reply, meant, said = played.service.noes[about]
    played.says(reply)
    outcome = played.send(message())
    assert outcome == meant
    assert not isinstance(outcome, Unknown)
    assert outcome.said == said
    assert len(played.server.received) == 1 + played.service.asked_again * (reply.status == 429)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [(HANG, "no answer in time"), (DROP, "connection lost before the answer")],
    ids=["hang", "drop"],
)
def test_an_answer_that_never_comes_leaves_it_unknown(played: Played, reply: Reply, reason: str) -> None:
    played.says(reply)
    assert played.send(message()) == Unknown(reason=reason)
    assert alert().link in played.read()


def test_what_is_said_of_a_refusal_holds_no_string_of_the_address(played: Played) -> None:
    token = max(re.split(r"\W+", played.service.url.format(host="").partition("://")[2]), key=len)
    played.says(Reply(status=403, body=f"no access for {token}".encode()))
    outcome = played.send(message())
    assert not isinstance(outcome, Unknown)
    assert token not in outcome.said
    assert "***" in outcome.said


def test_two_sends_are_two_messages(played: Played) -> None:
    assert [played.send(message()), played.send(replace(message(), id="another"))] == [Sent()] * 2
    assert len(played.server.received) == 2
