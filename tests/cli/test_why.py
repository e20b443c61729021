"""``wirebell rules why`` shows how far an item came for a rule, and why no further."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from monitor import item
from monitor.feed import State
from monitor.item import ArticleText, Entry, NoText, Reading, Unreadable
from monitor.store import feeds, items
from monitor.store.database import Tx
from tests.cli.home import CONFIG, Home, entry


@pytest.fixture
def stored(home: Home) -> Home:
    home.store(
        entry("Harbour strike in Velmar", "The harbour strike begins on Thursday."), entry("Norvik opens a plant")
    )
    return home


def asked(home: Home, *arguments: str, code: int = 0) -> dict[str, Any]:
    result = home.call("rules", "why", *arguments, "--json")
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def way(found: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(stage["stage"], stage["held"]) for stage in found["stages"]]


# --- for people ------------------------------------------------------------------------------------------------------


def test_an_item_that_did_not_match_shows_where_it_stopped(stored: Home) -> None:
    result = stored.call("rules", "why", "harbour", "2")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "No alert. harbour did not match what could be read of this item."
    assert lines[1] == "  item            2: Norvik opens a plant"
    assert lines[2].startswith("  seen      yes   wire, ")
    assert lines[3] == "  read      part  headline only; no article was asked for"
    assert lines[4] == (
        "  matched   no    harbour: absent. strike: absent."
        "   <- stops here; alert, mute, quiet hours, digest, burst, daily number, escalation, desk: not reached"
    )
    assert lines[5] == "  try             wirebell rules try harbour (shows what each word costs)"


def test_an_alert_shows_its_way_to_each_channel(stored: Home) -> None:
    lines = stored.call("rules", "why", "harbour", "1").stdout.splitlines()
    assert lines[0].startswith("Alert a-")
    assert lines[0].endswith(": queued for desk.")
    assert '                  "[Harbour] [strike] in Velmar"' in lines
    assert [line.split()[:2] for line in lines if line.startswith("  ") and line[2] != " "][1:] == [
        ["seen", "yes"],
        ["read", "part"],
        ["matched", "yes"],
        ["alert", "yes"],
        ["desk", "part"],
        ["try", "wirebell"],
    ]


def test_a_tree_is_shown_where_it_says_more_than_what_is_absent(home: Home) -> None:
    home.store(entry("Habour of Velmar gets a crane"))
    lines = home.call("rules", "why", "harbour", "1").stdout.splitlines()
    assert ["harbour", "no", "absent; nearest word in the text: Habour"] in [line.split(maxsplit=2) for line in lines]


def test_a_text_in_hand_is_explained(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "article.txt"
    file.write_text("Norvik opens a plant\n\nIt stands in Velmar.\n")
    found = home.call("rules", "why", "norvik", str(file))
    assert found.exit_code == 0
    assert found.stdout.splitlines()[0] == "norvik matches this text."
    other = home.call("rules", "why", "harbour", str(file)).stdout.splitlines()
    assert other[0] == "harbour does not match this text."
    assert "  matched   no    harbour: absent. strike: absent." in other


# --- what is meant ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    [
        "https://wire.example/norvik-opens-a-plant",
        "http://wire.example/norvik-opens-a-plant/",
        "https://WIRE.example/norvik-opens-a-plant?utm_source=mail#top",
    ],
)
def test_a_link_names_the_item_whatever_its_readers_came_from(stored: Home, link: str) -> None:
    assert asked(stored, "norvik", link)["item"] == "2"


def test_an_alert_names_its_item_by_any_beginning_of_its_id(stored: Home) -> None:
    whole = asked(stored, "harbour", "1")["alert"]
    for name in (whole, f"a-{whole[:6]}"):
        assert asked(stored, "norvik", name)["item"] == "1"


def test_of_several_feeds_that_list_a_page_one_that_rang_is_meant(home: Home) -> None:
    home.write(CONFIG.replace('match = "Norvik"', 'match = "Norvik", feeds = "wire"'))
    for feed in ("wire", "slow"):
        home.store(entry("Norvik opens a plant"), feed=feed)
    found = asked(home, "norvik", "https://wire.example/norvik-opens-a-plant")
    assert (found["item"], found["others"], found["alert"] is None) == ("1", ["2"], False)
    said = home.call("rules", "why", "norvik", "https://wire.example/norvik-opens-a-plant").stdout
    assert "item 2 of slow is the same page" in said


@pytest.mark.parametrize("name", ["99", "a-zzzzzz", "a-", "nowhere.txt", "9" * 30])
def test_what_is_nothing_is_said_to_be_nothing(stored: Home, name: str) -> None:
    result = stored.call("rules", "why", "norvik", name)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: {name} is no item, no alert, no link and no file that is there\n"


# --- where it ends ---------------------------------------------------------------------------------------------------


def test_a_rule_that_does_not_watch_the_feed_ends_there(home: Home) -> None:
    home.write(CONFIG.replace(", enabled = false", "").replace('match = "Norvik"', 'match = "Norvik", feeds = "slow"'))
    home.store(entry("Norvik opens a plant"))
    found = asked(home, "norvik", "1")
    assert way(found) == [("seen", True), ("watched", False)]
    assert found["stages"][1]["reason"] == "the rule watches slow, which is not wire"
    assert found["verdict"] == "No alert. norvik does not watch this feed."


def test_a_feed_that_is_declared_no_more_ends_there(stored: Home) -> None:
    stored.write(CONFIG.replace("wire = ", "other = "))
    found = asked(stored, "harbour", "2")
    assert (way(found)[-1], found["stages"][-1]["reason"]) == (
        ("watched", False),
        "the config declares no feed wire any more",
    )


def test_history_matches_and_does_not_ring(home: Home) -> None:
    home.store(entry("Quiet day"))  # the feeds are known now
    home.change(partial(_history, published=entry("Norvik opens a plant")))
    found = asked(home, "norvik", "2")
    assert way(found) == [("seen", True), ("read", True), ("matched", True), ("alert", False)]
    assert found["verdict"] == "No alert, though norvik matches this item."
    assert found["stages"][-1]["reason"].startswith("it stood in the feed at its first poll")
    assert found["try"] == ["wirebell run --catch-up 24h (rings for what is younger than that)"]


def _history(tx: Tx, published: Entry) -> None:
    now = datetime.now(UTC)
    arrival = items.Arrival(
        key=item.key(published),
        entry=published,
        digest=item.digest(published),
        seen_at=now,
        baseline=True,
        reading=Reading.NOT_WANTED,
    )
    items.add(tx, _feed(tx), [arrival])
    items.judged(tx, items.judge_due(tx, now, 9), 1)


def _feed(tx: Tx) -> int:
    return next(state.id for state in feeds.all_states(tx) if state.name == "wire")


@pytest.mark.parametrize(
    ("result", "reason", "partly"),
    [
        (None, "headline only; the article is still to be read", True),
        (
            NoText(reason=Unreadable.REFUSED, detail="server answered 403"),
            "headline only; article not read: server answered 403",
            True,
        ),
        (ArticleText(text="It stands in Velmar."), "headline, lead and article", False),
    ],
)
def test_how_much_could_be_read_is_said(
    home: Home,
    result: ArticleText | NoText | None,
    reason: str,
    partly: bool,  # noqa: FBT001 - a table
) -> None:
    home.store(entry("Quiet day"))
    home.change(partial(_wanted, published=entry("Tessel opens a plant"), result=result))
    stage = asked(home, "norvik", "2")["stages"][1]
    assert (stage["stage"], stage["partly"], stage["reason"]) == ("read", partly, reason)


def _wanted(tx: Tx, published: Entry, result: ArticleText | NoText | None) -> None:
    now = datetime.now(UTC)
    arrival = items.Arrival(
        key=item.key(published), entry=published, digest=item.digest(published), seen_at=now, baseline=False,
        reading=Reading.DUE,
    )  # fmt: skip
    items.add(tx, _feed(tx), [arrival])
    if result:
        (claimed,) = items.claim_reading(tx, now=now, limit=1, lease="t", until=now + timedelta(minutes=1))
        items.read(tx, claimed, result, now)


def test_an_item_that_waits_to_be_judged_says_so(home: Home) -> None:
    home.store(entry("Quiet day"))
    home.change(partial(_wanted, published=entry("Norvik opens a plant"), result=None))
    assert asked(home, "norvik", "2")["stages"][-1]["reason"] == "it is due to be judged"


def test_a_rule_that_came_later_did_not_match_then(stored: Home) -> None:
    stored.write(CONFIG.replace('harbour = "harbour strike"', 'harbour = "harbour strike"\nplant = "plant"'))
    found = asked(stored, "plant", "2")
    assert way(found)[-1] == ("alert", False)
    assert found["stages"][-1]["reason"].startswith("it was judged by the config of ")


def test_a_rule_that_would_not_match_any_more_says_when_it_did(stored: Home) -> None:
    stored.write(CONFIG.replace('"Norvik"', '"Tessel"'))
    found = asked(stored, "norvik", "2")
    matched = next(stage for stage in found["stages"] if stage["stage"] == "matched")
    assert (matched["held"], matched["detail"]["now"]) == (True, False)
    assert "and would not now. Tessel: absent." in matched["reason"]
    assert found["alert"] is not None


def test_what_a_rule_on_trial_found_was_told_to_nobody(home: Home) -> None:
    home.write(CONFIG.replace('match = "Norvik"', 'match = "Norvik", trial = true'))
    home.store(entry("Norvik opens a plant"))
    found = asked(home, "norvik", "1")
    assert found["alert"]
    assert found["stages"][-1] | {"detail": None} == {
        "stage": "delivery",
        "held": False,
        "partly": False,
        "reason": "the rule is on trial: kept, and nobody is told",
        "detail": None,
    }


# --- links that no item has ------------------------------------------------------------------------------------------


def test_of_a_link_that_no_feed_listed_the_feeds_of_its_site_are_told(stored: Home) -> None:
    stored.change(partial(_polled, now=datetime.now(UTC)))
    result = stored.call("rules", "why", "norvik", "https://www.wire.example/elsewhere")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith("No feed listed this link. wire was last read ")
    assert " and is ok; its items are kept from " in lines[0]
    assert lines[1].startswith("  seen      no    single polls are not kept")
    assert lines[2] == "  try             wirebell feeds test wire (shows what it lists now)"


def _polled(tx: Tx, now: datetime) -> None:
    (claimed,) = feeds.claim(tx, now=now, limit=1, lease="t", until=now)
    feeds.save(tx, replace(claimed, polled_at=now, state=State.OK))


def test_of_a_link_of_another_site_no_feed_is_told(stored: Home) -> None:
    found = asked(stored, "norvik", "https://elsewhere.org/a", code=1)
    assert (found["verdict"], found["stages"][0]["reason"]) == (
        "No feed listed this link.",
        "no feed is of elsewhere.org",
    )
    assert (found["item"], found["stages"][0]["detail"], found["try"]) == (None, {"feeds": []}, [])


def test_an_item_that_was_dropped_is_known_by_its_key(home: Home) -> None:
    published = Entry(link="https://wire.example/old", headline="Norvik opens a plant", published=datetime.now(UTC))
    home.store(published)
    home.change(partial(_drop, number=1))
    found = asked(home, "norvik", "https://wire.example/old", code=1)
    assert found["verdict"].startswith("No longer kept. wire listed it first ")
    assert found["stages"][0]["detail"]["feeds"][0]["dropped"]


def _drop(tx: Tx, number: int) -> None:
    for table in ("delivery", "alert", "match", "item"):
        column = "id" if table == "item" else "item_id"
        wanted = "" if table == "delivery" else f" WHERE {column} = {number}"
        tx.exec_driver_sql(f"DELETE FROM {table}{wanted}")  # noqa: S608 - our own words


def test_before_the_first_start_no_feed_has_listed_anything(home: Home) -> None:
    found = asked(home, "norvik", "https://wire.example/a", code=1)
    assert found["verdict"] == "No feed listed this link."
