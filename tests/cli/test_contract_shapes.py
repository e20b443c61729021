"""One day of a real daemon, and every document about it as ``docs/reference/shapes.md`` shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.home import Home, rss
from tests.conftest import ROOT
from tests.daemon import Daemon
from tests.http_server import HttpServer, Reply

#: ESC, the one-byte CSI, a turn of the line: as a publisher may write them.
HOSTILE = "Norvik \x9b31m\u202eopens\u2066 &lt;b&gt;[x](y)"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
CONFIG = """
timezone = "UTC"
[feeds]
wire = "{server}rss"
dead = "{server}dead"
[rules]
norvik = {{ match = "Norvik", priority = "high", tests = [{{ text = "Norvik", match = true }}] }}
harbour = {{ match = "harbour strike", except = "price target" }}
silent = "Velmar"
[channels]
hook = {{ webhook = "{server}hook", default = true }}
screen = {{ url = "console:", default = true }}
broken = {{ webhook = "{server}broken", default = true }}
[network]
allow = ["127.0.0.0/8"]
"""


@pytest.fixture(scope="module")
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        body = rss("Norvik opens a plant", HOSTILE, "Harbour strike goes on")
        running.reply("/rss", Reply(body=body, headers={"content-type": "application/rss+xml"}))
        running.reply("/dead", Reply(status=503))
        running.reply("/hook", Reply(status=204))
        running.reply("/broken", Reply(status=503))
        yield running


@pytest.fixture(scope="module")
def day(server: HttpServer, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Return the folder of a daemon that has run once: one feed and one channel of its config fail."""
    made = Home(path=tmp_path_factory.mktemp("day") / "config.toml")
    made.write(CONFIG.format(server=server.url("/")))
    with Daemon(made.path.parent, "--once", "--catch-up", "24h") as daemon:
        assert daemon.end() == 4, daemon.said
    return made


def documented() -> dict[str, list[Any]]:
    """Return the examples of the page by the name of their schema, in their order."""
    page = (ROOT / "docs" / "reference" / "shapes.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    return {
        section.split("\n", 1)[0]: [json.loads(block) for block in re.findall(r"```json\n(.*?)```", section, re.DOTALL)]
        for section in sections
    }


EXAMPLES = documented()


def differences(found: Any, shown: Any, at: str = "") -> Iterator[str]:  # noqa: ANN401 - any JSON
    """Yield where a document is of another shape than the example."""
    if isinstance(found, dict) and isinstance(shown, dict):
        if not at.endswith(".days"):  # its keys are days
            yield from (f"{at}.{key}" for key in found.keys() ^ shown.keys())
        yield from (
            each for key in found.keys() & shown.keys() for each in differences(found[key], shown[key], f"{at}.{key}")
        )
    elif isinstance(found, list) and isinstance(shown, list):
        for number, each in enumerate(found):
            if shown:
                yield from differences(each, shown[min(number, len(shown) - 1)], f"{at}[{number}]")
    elif found is not None and shown is not None:
        number = isinstance(found, float | int) and isinstance(shown, float | int)
        if isinstance(found, bool) != isinstance(shown, bool) or not (number or type(found) is type(shown)):
            yield f"{at}: {found!r} is not like {shown!r}"
        elif isinstance(shown, str) and TIME.fullmatch(shown) and not TIME.fullmatch(found):
            yield f"{at}: {found!r} is no time"


def asked(home: Home, *arguments: str, code: int = 0) -> Any:  # noqa: ANN401 - any JSON
    result = home.call(*arguments, "--json")
    assert result.exit_code == code, result.output
    assert result.stdout.count("\n") == 1
    return json.loads(result.stdout)


def alike(found: Any, shown: Any) -> None:  # noqa: ANN401 - any JSON
    assert list(differences(found, shown)) == []


def alert_example(*, tries: bool = False) -> dict[str, Any]:
    (shown,), (delivery,) = EXAMPLES["alert.v1"], EXAMPLES["alerts.v1"]
    more = {"tries": [{"at": "2026-11-24T09:11:03Z", "outcome": "sent", "reason": ""}]} if tries else {}
    return {**shown, "deliveries": [delivery | more]}


def test_alerts_are_as_documented(day: Home) -> None:
    found = asked(day, "alerts", "list")
    alike(found, {"schema": "alerts.v1", "alerts": [alert_example()]})
    assert sorted(each["rule"] for each in found["alerts"]) == ["harbour", "norvik", "norvik"]
    for each in found["alerts"]:
        assert (each["schema"], each["kind"], each["urgency"]) == ("alert.v1", "new", None)
        states = {delivery["channel"]: delivery["state"] for delivery in each["deliveries"]}
        assert states == {"hook": "sent", "screen": "sent", "broken": "queued"}
        assert all(
            (delivery["sent_at"] is not None) == (delivery["state"] == "sent") for delivery in each["deliveries"]
        )


def test_spans_are_offsets_into_the_sentence(day: Home) -> None:
    for each in asked(day, "alerts", "list")["alerts"]:
        for shown in each["evidence"]:
            words = {shown["sentence"][start:end].lower() for start, end, _ in shown["spans"]}
            assert words <= {"norvik", "harbour", "strike"}
            assert words


def test_a_line_of_jsonl_is_an_alert_of_the_document(day: Home) -> None:
    lines = day.call("alerts", "list", "--jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == asked(day, "alerts", "list")["alerts"]


def test_an_alert_is_found_by_any_unique_beginning_of_its_id(day: Home) -> None:
    for each in asked(day, "alerts", "list")["alerts"]:
        shown = asked(day, "alerts", "show", f"a-{each['id'][:6]}")
        alike(shown, alert_example(tries=True))
        assert shown["id"] == each["id"]
    for prefix in ("", "0"):  # of all of them, and of none: 0 is no letter of an id
        result = day.call("alerts", "show", f"a-{prefix}")
        assert (result.exit_code, result.stdout) == (1, "")
        assert "Error: " in result.stderr


def test_a_webhook_gets_the_alert_as_documented(day: Home, server: HttpServer) -> None:
    listed = {each["id"]: each for each in asked(day, "alerts", "list")["alerts"]}
    posted = [json.loads(request.body) for request in server.asked("/hook")]
    alerts = [each for each in posted if each["schema"] == "alert.v1"]
    assert sorted(each["id"] for each in alerts) == sorted(listed)
    for each in alerts:
        alike(each, EXAMPLES["alert.v1"][0])
        assert each == {key: value for key, value in listed[each["id"]].items() if key != "deliveries"}


def test_feeds_are_as_documented(day: Home) -> None:
    found = asked(day, "feeds", "list")
    alike(found, {"schema": "feeds.v1", "feeds": EXAMPLES["feeds.v1"]})
    assert [(each["name"], each["state"], each["items"]) for each in found["feeds"]] == [
        ("wire", "ok", 3),
        ("dead", "failing", 0),
    ]
    assert found["feeds"][0]["error"] is None
    assert "503" in found["feeds"][1]["error"]


def test_channels_are_as_documented(day: Home) -> None:
    found = asked(day, "channels", "list")
    alike(found, {"schema": "channels.v1", "channels": EXAMPLES["channels.v1"]})
    assert [(each["name"], each["kind"], each["state"], each["queued"] > 0) for each in found["channels"]] == [
        ("hook", "webhook", "ok", False),
        ("screen", "console", "ok", False),
        ("broken", "webhook", "failing", True),
    ]


def test_rules_are_as_documented(day: Home) -> None:
    found = asked(day, "rules", "list")
    alike(found, {"schema": "rules.v1", "rules": EXAMPLES["rules.v1"]})
    assert [each["name"] for each in found["rules"]] == ["norvik", "harbour", "silent"]


def test_the_status_is_as_documented(day: Home) -> None:
    found = asked(day, "status", code=3)
    alike(found, {**EXAMPLES["status.v1"][0], "feeds": EXAMPLES["feeds.v1"], "channels": EXAMPLES["channels.v1"]})
    assert (found["ok"], found["daemon"]["alive"], found["daemon"]["pid"]) == (False, False, None)
    live = asked(day, "status", "--live", code=3)
    assert live.keys() == {"schema", "alive", "pid", "beat", "trouble"}
    assert (live["schema"], live["alive"]) == ("live.v1", False)


def test_a_check_is_as_documented(day: Home, home: Home) -> None:
    found = asked(day, "check")
    alike(found, EXAMPLES["check.v1"][0])
    assert (found["file"], found["ok"], found["faults"], found["warnings"]) == (str(day.path), True, [], [])
    assert (found["tests"], found["failed"]) == (1, [])
    hits = [{"name": "norvik", "hits": 2}, {"name": "harbour", "hits": 1}, {"name": "silent", "hits": 0}]
    assert found["recent"] == {"items": 3, "complete": True, "rules": hits}
    home.write('[feeds]\nwire = "ftp://wire.example"\n')
    alike(asked(home, "check", code=1), EXAMPLES["check.v1"][0])


def test_tests_are_as_documented(day: Home, home: Home) -> None:
    found = asked(day, "rules", "test")
    alike(found, EXAMPLES["tests.v1"][0])
    assert (found["ok"], [(each["rule"], each["test"], each["passed"]) for each in found["tests"]]) == (
        True,
        [("norvik", 1, True)],
    )
    failing = 'tests = [{ headline = "a", match = true }]'
    home.write(home.path.read_text().replace('match = "Norvik"', f'match = "Norvik", {failing}'))
    failed = asked(home, "rules", "test", code=1)
    alike(failed, EXAMPLES["tests.v1"][0])
    assert asked(home, "check", code=1)["failed"] == failed["tests"]


def test_a_reason_why_is_as_documented(day: Home) -> None:
    found = asked(day, "rules", "why", "silent", "1")
    alike(found, EXAMPLES["why.v1"][0])
    assert [(each["stage"], each["held"]) for each in found["stages"]] == [
        ("seen", True),
        ("read", True),
        ("matched", False),
    ]
    alike(found["stages"][2]["queries"], EXAMPLES["tests.v1"][0]["tests"][0]["queries"])
    alerts = asked(day, "alerts", "list")["alerts"]
    told = asked(day, "rules", "why", alerts[0]["rule"], f"a-{alerts[0]['id']}")
    assert (told["alert"], told["evidence"]) == (alerts[0]["id"], alerts[0]["evidence"])
    assert [each["stage"] for each in told["stages"]] == ["seen", "read", "matched", "alert", *["delivery"] * 3]
    states = {each["detail"]["channel"]: each["detail"]["state"] for each in told["stages"][4:]}
    assert states == {"hook": "sent", "screen": "sent", "broken": "queued"}


def test_a_trial_is_as_documented(day: Home) -> None:
    found = asked(day, "rules", "try", "harbour strike")
    alike(found, EXAMPLES["try.v1"][0])
    assert (found["items"], found["hits"], len(found["words"])) == (3, 1, 2)
    asked(day, "rules", "try", "zeppelin", code=1)


def test_a_backtest_is_as_documented(day: Home) -> None:
    document, line = EXAMPLES["backtest.v1"]
    found = asked(day, "backtest")
    alike(found, document)
    assert {each["name"]: each["hits"] for each in found["rules"]} == {"norvik": 2, "harbour": 1, "silent": 0}
    lines = [json.loads(each) for each in day.call("backtest", "--jsonl").stdout.splitlines()]
    alike(lines, [line])
    assert len(lines) == 3


def test_a_test_of_a_feed_is_as_documented(day: Home) -> None:
    found = asked(day, "feeds", "test", "wire")
    alike(found, EXAMPLES["probe.v1"][0])
    assert (found["ok"], found["status"], found["entries"], len(found["matches"])) == (True, 200, 3, 3)
    failed = asked(day, "feeds", "test", "dead", code=1)
    alike(failed, EXAMPLES["probe.v1"][0])
    assert (failed["ok"], failed["status"], failed["entries"]) == (False, 503, None)


@pytest.mark.parametrize(("name", "outcome", "code"), [("hook", "sent", 0), ("broken", "failed", 1)])
def test_a_test_of_a_channel_is_as_documented(day: Home, name: str, outcome: str, code: int) -> None:
    found = asked(day, "channels", "test", name, code=code)
    assert found.keys() == {"schema", "channel", "tries"}
    (tried,) = found["tries"]
    assert tried.keys() == {"receiver", "outcome", "reason", "said", "cure", "seconds"}
    assert (found["schema"], found["channel"], tried["receiver"], tried["outcome"]) == ("test.v1", name, None, outcome)
    assert isinstance(tried["seconds"], float)


@pytest.mark.parametrize(
    "command",
    [
        ["alerts", "list"],
        ["alerts", "list", "--jsonl"],
        ["alerts", "list", "--json"],
        ["feeds", "list"],
        ["feeds", "test", "wire"],
        ["feeds", "test", "wire", "--json"],
        ["rules", "try", "Norvik"],
        ["rules", "why", "silent", "1"],
        ["rules", "why", "silent", "2"],
        ["rules", "why", "silent", "3", "--json"],
        ["backtest"],
        ["backtest", "--jsonl"],
        ["status"],
    ],
    ids=" ".join,
)
def test_a_hostile_headline_steers_nothing(day: Home, command: list[str]) -> None:
    said = day.call(*command).output
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", said)


@pytest.mark.parametrize("form", [[], ["--json"], ["--jsonl"]])
def test_hostile_items_of_a_file_steer_nothing(day: Home, tmp_path: Path, form: list[str]) -> None:
    file = tmp_path / "items.jsonl"
    file.write_text(
        json.dumps({"id": "\x1b]0;a\x9b\u202e", "title": "Norvik \x1b[2J\x9b31m\u202e\u2028 opens\n\r"}) + "\n"
    )
    result = day.call("backtest", "--items", str(file), *form)
    assert result.exit_code == 0, result.output
    assert "Norvik" in result.stdout
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u202a-\u202e\u2028\u2066-\u2069]", result.output)


def test_the_check_of_shapes_sees_what_is_wrong() -> None:
    shown = {"id": "a", "at": "2026-11-24T09:11:03Z", "count": 1, "ok": True, "list": [{"x": 1}]}
    wrong = {"at": "yesterday", "count": "1", "ok": 1, "list": [{"y": 1}], "new": 1}
    assert len(list(differences(wrong, shown))) == 7
