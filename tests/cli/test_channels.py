"""Channels are listed with how they are doing, and tested by a real message."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monitor.alert import Failed, Fault, Unknown
from monitor.cli.trying import Try
from monitor.store import channels
from monitor.store.database import Tx
from tests.cli.home import CONFIG, Home, entry
from tests.http_server import HttpServer, Reply


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        running.reply("/hook", Reply(status=204))
        yield running


@pytest.fixture
def hooked(home: Home, server: HttpServer) -> Home:
    home.write(CONFIG.replace('desk = "console:"', f'desk = {{ webhook = "{server.url("/hook")}" }}'))
    return home


def test_the_document_has_every_channel_without_its_address(hooked: Home) -> None:
    hooked.store(entry("Norvik opens a plant"))
    result = hooked.call("channels", "list", "--json")
    assert "127.0.0.1" not in result.stdout
    assert json.loads(result.stdout) == {
        "schema": "channels.v1",
        "channels": [
            {
                "name": "desk",
                "kind": "webhook",
                "default": True,
                "state": "new",
                "failures": 0,
                "paused_until": None,
                "last_sent": None,
                "queued": 1,
                "undelivered": 0,
            }
        ],
    }


def test_a_channel_that_failed_is_shown_so(home: Home) -> None:
    home.store(entry("Quiet day"))

    def break_it(tx: Tx) -> None:
        channels.put(tx, replace(channels.get(tx, "desk"), failures=2, paused_until=datetime.now(UTC)))

    home.change(break_it)
    lines = home.call("channels", "list").stdout.splitlines()
    assert lines[1].split()[:3] == ["desk", "console", "failing"]


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ('"console:"', "console"),
        ('{ to = "anna@bank.example", smtp = "127.0.0.1" }', "mail"),
        ('"json://127.0.0.1/hook"', "json"),
    ],
)
def test_each_kind_of_channel_is_named(home: Home, target: str, kind: str) -> None:
    home.write(CONFIG.replace('"console:"', target))
    [channel] = json.loads(home.call("channels", "list", "--json").stdout)["channels"]
    assert channel["kind"] == kind


def test_a_test_sends_a_message_that_says_so(hooked: Home, server: HttpServer) -> None:
    result = hooked.call("channels", "test", "desk")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("desk  sent in ")
    [request] = server.asked("/hook")
    assert "test message" in json.loads(request.body)["subject"]


def test_a_test_is_not_kept(hooked: Home) -> None:
    hooked.call("channels", "test", "desk")
    assert [file.name for file in hooked.path.parent.iterdir()] == ["config.toml"]


def test_a_message_that_was_refused_is_a_finding(hooked: Home, server: HttpServer) -> None:
    server.reply("/hook", Reply(status=401))
    result = hooked.call("channels", "test", "desk")
    assert result.exit_code == 1
    assert "desk  failed in " in result.stderr
    assert "401" in result.stderr


def test_a_refusal_is_told_in_the_words_of_the_service_and_with_a_cure(hooked: Home, server: HttpServer) -> None:
    server.reply("/hook", Reply(status=404, body=b"no \x1b[31msuch place"))
    told = hooked.call("channels", "test", "desk").stderr.splitlines()
    assert told[1:] == [
        '  it says  "no [31msuch place"',
        "  so       the address leads nowhere: look at its tokens and ids",
    ]


CURES = {
    "server answered 535 5.7.8": "app password",
    "server answered 550 5.7.1": "does not let this login send as this sender",
    "server answered 550 5.1.1": "does not know this receiver",
    "server does not offer the security or login that is asked for": 'security = "tls"',
    "could not connect: Name or service not known": "no such server",
    "could not connect: Connection refused": "the firewall in between",
    "certificate not accepted: self-signed certificate": "SSL_CERT_FILE",
    "server answered 429 (Too Many Requests)": "wait, and try again",
    "server answered 503 (Service Unavailable)": "a trouble of its own",
    "an earlier attempt still hangs": "",
}


@pytest.mark.parametrize("reason", CURES)
def test_a_reason_has_a_cure(reason: str) -> None:
    failed = Try(receiver="", outcome=Failed(reason=reason, fault=Fault.CHANNEL, permanent=False), seconds=0.1)
    assert CURES[reason] in failed.cure
    assert bool(CURES[reason]) == bool(failed.cure)


def test_an_answer_that_never_came_is_no_failure_to_mend() -> None:
    assert Try(receiver="", outcome=Unknown(reason="no answer in time"), seconds=15).cure.startswith("it may have arr")


def test_a_test_as_a_document(hooked: Home) -> None:
    document = json.loads(hooked.call("channels", "test", "desk", "--json").stdout)
    [tried] = document["tries"]
    assert (document["schema"], document["channel"]) == ("test.v1", "desk")
    assert (tried["receiver"], tried["outcome"]) == (None, "sent")


def test_a_channel_that_there_is_not_is_a_fault_of_usage(home: Home) -> None:
    result = home.call("channels", "test", "pager")
    assert result.exit_code == 2
    assert "no channel is called 'pager'; known are desk" in result.stderr
