"""Alerts are listed and shown with what became of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.alert import Attempt, DeliveryState, Failed, Fault, Kind, Notice, after, owed
from monitor.store import deliveries, rulings
from monitor.store.database import Tx
from tests.cli.home import CONFIG, Home, entry


def documents(home: Home, *arguments: str) -> list[dict[str, Any]]:
    result = home.call("alerts", "list", *arguments)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def rung(home: Home) -> Home:
    home.store(entry("Norvik opens a plant"), entry("Quiet day"), entry("Harbour strike in Velmar", "It begins today."))
    return home


def test_the_document_holds_each_alert_with_its_deliveries(rung: Home) -> None:
    [document] = documents(rung, "--json")
    assert document["schema"] == "alerts.v1"
    assert [alert["rule"] for alert in document["alerts"]] == ["harbour", "norvik"]
    alert = document["alerts"][1]
    assert (alert["schema"], alert["headline"], alert["priority"]) == ("alert.v1", "Norvik opens a plant", "high")
    assert alert["evidence"] == [{"field": "headline", "sentence": "Norvik opens a plant", "spans": [[0, 6, "Norvik"]]}]
    [delivery] = alert["deliveries"]
    assert delivery.keys() == {
        "id",
        "channel",
        "receiver",
        "instead_of",
        "escalated_from",
        "state",
        "reason",
        "due_at",
        "attempts",
        "sent_at",
    }
    assert (delivery["channel"], delivery["receiver"], delivery["state"]) == ("desk", None, "queued")
    assert (delivery["attempts"], delivery["sent_at"]) == (0, None)


def test_jsonl_is_one_alert_per_line(rung: Home) -> None:
    assert [alert["rule"] for alert in documents(rung, "--jsonl")] == ["harbour", "norvik"]


def test_the_newest_are_listed_up_to_the_limit(rung: Home) -> None:
    assert [alert["rule"] for alert in documents(rung, "--jsonl", "--limit", "1")] == ["harbour"]


def test_one_rule_may_be_asked_for(rung: Home) -> None:
    assert [alert["rule"] for alert in documents(rung, "--jsonl", "--rule", "norvik")] == ["norvik"]


def test_people_get_a_table(rung: Home) -> None:
    lines = rung.call("alerts", "list").stdout.splitlines()
    assert lines[0].split() == ["seen", "rule", "alert", "feed", "headline", "deliveries"]
    assert "Norvik opens a plant" in lines[2]
    assert lines[2].endswith("desk queued")


def test_without_a_database_there_are_no_alerts_and_none_is_made(home: Home) -> None:
    assert documents(home, "--json") == [{"schema": "alerts.v1", "alerts": []}]
    assert [file.name for file in home.path.parent.iterdir()] == ["config.toml"]


@pytest.mark.parametrize("form", ["{}", "a-{}"])
def test_an_alert_is_shown_by_the_beginning_of_its_id(rung: Home, form: str) -> None:
    [alert] = documents(rung, "--jsonl", "--rule", "harbour")
    result = rung.call("alerts", "show", form.format(alert["id"][:6]))
    assert result.exit_code == 0
    assert '"[Harbour] [strike] in Velmar"' in result.stdout
    assert f"rule harbour, priority normal, alert {alert['id']}" in result.stdout
    assert "desk  queued" in result.stdout


def test_an_alert_is_shown_as_a_document_with_its_attempts(rung: Home) -> None:
    [alert] = documents(rung, "--jsonl", "--rule", "harbour")
    shown = json.loads(rung.call("alerts", "show", alert["id"], "--json").stdout)
    assert shown["id"] == alert["id"]
    assert shown["deliveries"][0]["tries"] == []


def test_an_id_that_no_alert_has_is_a_finding(rung: Home) -> None:
    result = rung.call("alerts", "show", "a-zzzzzz")
    assert result.exit_code == 1
    assert "no alert has an id that begins with a-zzzzzz" in result.stderr


def test_an_id_that_begins_several_is_a_finding_that_names_them(rung: Home) -> None:
    result = rung.call("alerts", "show", "")
    assert result.exit_code == 1
    for alert in documents(rung, "--jsonl"):
        assert alert["id"] in result.stderr


def test_what_became_of_each_attempt_is_shown(rung: Home) -> None:
    def try_it(tx: Tx) -> None:
        now = datetime.now(UTC)
        head = deliveries.head(tx, "desk", now)
        assert head is not None
        delivery = head.delivery
        deliveries.start(tx, delivery.id, until=now)
        refused = Failed(reason="server answered 503", fault=Fault.CHANNEL, permanent=False)
        tried = Attempt(delivery_id=delivery.id, n=1, at=now, outcome="failed", reason="server answered 503")
        deliveries.finish(tx, after(delivery, refused, now, 0.5), tried)

    rung.change(try_it)
    [alert] = documents(rung, "--jsonl", "--rule", "norvik")
    shown = rung.call("alerts", "show", alert["id"]).stdout
    assert "desk  queued, due " in shown
    assert "  attempt 1 failed: server answered 503\n" in shown
    [tried] = json.loads(rung.call("alerts", "show", alert["id"], "--json").stdout)["deliveries"][0]["tries"]
    assert (tried["outcome"], tried["reason"]) == ("failed", "server answered 503")


def test_a_notice_is_shown_but_not_listed(home: Home) -> None:
    now = datetime.now(UTC)
    notice = Notice(id="hello7abcdefghij", kind=Kind.HELLO, subject="Hello", message="Watching 1 feed.", made_at=now)
    [owing] = owed(notice.id, "desk", ("",), now)
    sent = replace(owing, state=DeliveryState.SENT, sent_at=now)
    home.change(lambda tx: rulings.add_notice(tx, notice, [sent]))
    assert documents(home, "--jsonl") == []
    shown = home.call("alerts", "show", "hello7").stdout
    assert shown.startswith("Hello\n\n  Watching 1 feed.\n")
    assert "desk  sent " in shown


def test_each_receiver_of_a_mail_channel_has_its_delivery(home: Home) -> None:
    home.write(CONFIG.replace('"console:"', '{ to = ["anna@bank.example", "ben@bank.example"], smtp = "127.0.0.1" }'))
    home.store(entry("Norvik opens a plant"))
    [alert] = documents(home, "--jsonl")
    assert [delivery["receiver"] for delivery in alert["deliveries"]] == ["anna@bank.example", "ben@bank.example"]
    assert "desk (ben@bank.example)  queued" in home.call("alerts", "show", alert["id"]).stdout


def test_an_alert_is_acknowledged_by_name_once(rung: Home) -> None:
    [alert] = documents(rung, "--jsonl", "--rule", "norvik")
    assert "acknowledged" not in alert
    first = rung.call("alerts", "ack", f"a-{alert['id'][:6]}", "--who", "Anna")
    assert (first.exit_code, first.stdout.startswith(f"a-{alert['id']} is acknowledged by Anna ")) == (0, True)
    assert "acknowledged by Anna" in rung.call("alerts", "ack", alert["id"], "--who", "Ben").stdout
    [alert] = documents(rung, "--jsonl", "--rule", "norvik")
    assert alert["acknowledged"]["who"] == "Anna"
    assert "\nacknowledged by Anna " in rung.call("alerts", "show", alert["id"]).stdout


@pytest.mark.parametrize(("number", "who", "code"), [("zzzzzz", "Anna", 1), ("", "Anna", 1), ("a", " ", 2)])
def test_what_cannot_be_acknowledged_is_a_finding(rung: Home, number: str, who: str, code: int) -> None:
    assert rung.call("alerts", "ack", number, "--who", who).exit_code == code
