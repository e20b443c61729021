"""A Matrix homeserver: an alert is sent into a room, and read back there as somebody else."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from monitor import send
from monitor.alert import Alert, Failed, Fault, Outcome, Sent
from monitor.channel import Channel, Service
from tests.alerts import NOW, alert, message
from tests.conftest import ROOT
from tests.receivers.programs import free_port, running

pytestmark = [
    pytest.mark.slow,
    #: Importing all plugins of Apprise imports imghdr, which goes with Python 3.13.
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),
]

#: Where `./dev test` installs it.
PYTHON = ROOT / ".venv" / "synapse" / "bin" / "python"
PASSWORD = "p@ss/w#rd"
CONFIG = """\
server_name: bank.example
pid_file: {folder}/homeserver.pid
listeners: [{{bind_addresses: [127.0.0.1], port: {port}, type: http, resources: [{{names: [client]}}]}}]
database: {{name: sqlite3, args: {{database: ":memory:"}}}}
signing_key_path: {folder}/signing.key
media_store_path: {folder}/media
macaroon_secret_key: of a test
form_secret: of a test
report_stats: false
trusted_key_servers: []
enable_registration: true
rc_login: {{address: &much {{per_second: 1000, burst_count: 1000}}, account: *much, failed_attempts: *much}}
enable_registration_without_verification: true
"""


class Person:
    """Somebody with an account."""

    def __init__(self, server: str, name: str, password: str) -> None:
        self._server = server
        self._access: dict[str, str] = {}
        login = {"username": name, "password": password, "auth": {"type": "m.login.dummy"}}
        account = self.ask("POST", "register", login)
        self._access, self.id = {"Authorization": f"Bearer {account['access_token']}"}, account["user_id"]

    @property
    def token(self) -> str:
        """What stands for the login."""
        return self._access["Authorization"].removeprefix("Bearer ")

    def ask(self, method: str, path: str, document: object = None) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self._server}/_matrix/client/v3/{path}",
            None if document is None else json.dumps(document).encode(),
            {"Content-Type": "application/json"} | self._access,
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - loopback
            found: dict[str, Any] = json.load(response)
            return found

    def read(self, room: str) -> list[dict[str, Any]]:
        """Return what was said in a room, the last first."""
        found = self.ask("GET", f"rooms/{quote(room)}/messages?dir=b&limit=50")
        return [event for event in found["chunk"] if event["type"] == "m.room.message"]


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not PYTHON.exists():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("./dev test did not install the homeserver")
    folder, port = tmp_path_factory.mktemp("synapse"), free_port()
    config = folder / "homeserver.yaml"
    config.write_text(CONFIG.format(folder=folder, port=port))
    command = [str(PYTHON), "-m", "synapse.app.homeserver", "--config-path", str(config)]
    subprocess.run([*command, "--generate-keys"], check=True, capture_output=True, cwd=folder, timeout=60)
    with running(command, port=port, log=folder / "homeserver.log", patience=90):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def anna(homeserver: str) -> Person:
    return Person(homeserver, "anna", PASSWORD)


@pytest.fixture(scope="module")
def bot(homeserver: str) -> Person:
    return Person(homeserver, "bot", PASSWORD)


@pytest.fixture
def room(anna: Person, bot: Person) -> str:
    """A room of Anna's that the bot is invited to."""
    return str(anna.ask("POST", "createRoom", {"invite": [bot.id], "preset": "private_chat"})["room_id"])


def say(
    homeserver: str, room: str, what: Alert | None = None, *, login: str = f"bot:{quote(PASSWORD, safe='')}"
) -> Outcome:
    host = homeserver.removeprefix("http://")
    url = f"matrix://{login}@{host}/{quote(room, safe='')}?hsreq=no"  # an id without a server
    channel = Channel(name="room", target=Service(url=url))
    assert send.faults(channel) == ()
    sender = send.open_sender(channel, console=io.StringIO(), now=lambda: NOW, limit=timedelta(seconds=30))
    return sender.send(message(what))


def test_an_alert_is_read_by_another_user(homeserver: str, anna: Person, bot: Person, room: str) -> None:
    assert isinstance(say(homeserver, room), Sent)
    (event,) = anna.read(room)
    assert event["sender"] == bot.id
    assert alert().link in event["content"]["body"]
    assert "a-7f3k2b" in event["content"]["body"]
    assert alert().link in event["content"]["formatted_body"]


def test_an_access_token_does_in_place_of_a_login(homeserver: str, anna: Person, bot: Person, room: str) -> None:
    assert isinstance(say(homeserver, room, login=bot.token), Sent)
    (event,) = anna.read(room)
    assert event["sender"] == bot.id


@pytest.mark.parametrize(
    "words",
    ["@room @anna:bank.example", "<script>alert(1)</script><img src='http://evil.test'>", "[x](http://evil.test)"],
)
def test_hostile_words_are_words_there(homeserver: str, anna: Person, room: str, words: str) -> None:
    assert isinstance(say(homeserver, room, alert(headline=words, source=words)), Sent)
    (event,) = anna.read(room)
    shown = event["content"]["formatted_body"]
    assert not re.search(r"<(script|img)|href=\"http://evil|@room|matrix\.to", shown)
    assert "m.mentions" not in event["content"]


def test_a_login_that_is_refused_is_a_fault_of_the_channel(homeserver: str, room: str) -> None:
    outcome = say(homeserver, room, login="bot:wrong")
    assert isinstance(outcome, Failed)
    assert (outcome.fault, outcome.permanent) == (Fault.CHANNEL, True)
    assert outcome.reason == "server answered 403 (Forbidden)"


def test_a_room_that_the_bot_may_not_enter_gets_nothing(homeserver: str, anna: Person, bot: Person) -> None:
    assert bot.id
    closed = str(anna.ask("POST", "createRoom", {"preset": "private_chat"})["room_id"])
    outcome = say(homeserver, closed)
    assert isinstance(outcome, Failed)
    assert outcome.fault is Fault.CHANNEL
    assert anna.read(closed) == []
