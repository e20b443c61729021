"""What is left of an item's way is found again, by its id, its alert's or its link."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from monitor.alert import owed
from monitor.item import Entry
from monitor.judge import Ruling
from monitor.rule import Match
from monitor.stages import Absence, Trace
from monitor.store import configs, items, rulings, traces
from monitor.store.database import Database, Tx
from tests.store.samples import DAY, HOUR, NOW, added, alert, arrival, declared, entry, get, known_feed, plan, synced

LINK = "https://news.example/1"


def find(database: Database, ref: str) -> list[int]:
    return [each.id for each in database.read_now(partial(traces.find, ref=ref))]


def trace(database: Database, number: int = 1, rule: str = "nato") -> Trace:
    return database.read_now(partial(traces.trace, of=get(database, number), rule=rule))


def absence(database: Database, link: str = LINK) -> Absence:
    return database.read_now(partial(traces.absence, link=link))


def rung(database: Database, number: int = 1) -> str:
    """Let the item ring for a rule, and return the alert's id."""
    made = alert(get(database, number))
    match = Match(rule="nato", strength=0.75, place="headline", evidence=())
    due = owed(made.id, "desk", ("",), NOW)
    ruling = Ruling(item_id=number, version=1, matches=(match,), alerts=(made,), deliveries=due)
    database.write_now(partial(rulings.record, rulings=[ruling], now=NOW))
    return made.id


# --- what is meant ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "found"),
    [
        (LINK, [1]),
        ("http://news.example/1/", [1]),
        ("https://NEWS.example/1?utm_campaign=x#top", [1]),
        (" https://news.example/1 ", [1]),
        ("https://news.example/11", []),
        ("https://news.example/1?page=2", []),
        ("https://news.example", []),
        ("https://[news", []),
    ],
)
def test_a_link_names_the_page_and_not_how_its_readers_came(database: Database, link: str, found: list[int]) -> None:
    added(database, arrival(entry(1)))
    assert find(database, link) == found


def test_a_link_that_was_stored_with_tracking_is_found_without(database: Database) -> None:
    added(database, arrival(entry(1, link=f"{LINK}?utm_source=rss")))
    assert find(database, LINK) == [1]


def test_a_page_is_found_among_many_that_begin_like_it(database: Database) -> None:
    added(database, arrival(entry(1, link=f"{LINK}?utm_source=rss")), *(arrival(entry(100 + n)) for n in range(300)))
    assert find(database, LINK) == [1]


def test_a_link_is_looked_up_in_the_index(database: Database) -> None:
    steps = plan(database, partial(traces.find, ref=LINK))
    assert steps
    assert not [step for step in steps if step.startswith("SCAN item") and "item_link" not in step], steps


def test_of_a_link_without_an_item_no_row_is_read_but_the_ends(database: Database) -> None:
    steps = plan(database, partial(traces.absence, link=LINK))
    assert "SCAN item USING COVERING INDEX item_of_feed" in steps
    assert not [step for step in steps if step == "SCAN item"]


def test_every_item_of_a_page_is_found_the_newest_first(database: Database) -> None:
    added(database, arrival(entry(1)))
    added(database, arrival(entry(2, link=LINK)), feed="un")
    assert find(database, LINK) == [2, 1]


def test_an_id_names_its_item(database: Database) -> None:
    added(database, arrival(entry(1)))
    assert (find(database, "1"), find(database, "2"), find(database, "9" * 40)) == ([1], [], [])


def test_an_alert_names_its_item(database: Database) -> None:
    added(database, arrival(entry(1)))
    name = rung(database)
    assert find(database, name) == find(database, f"a-{name[:6]}") == [1]
    assert find(database, "a-") == find(database, "a-zzzzzz") == []


# --- what was kept ---------------------------------------------------------------------------------------------------


def test_an_item_that_was_never_judged_has_nothing_but_itself(database: Database) -> None:
    added(database, arrival(entry(1)))
    assert trace(database) == Trace(item=get(database, 1), judge_due=True)


def test_a_judgement_is_told_by_the_config_that_made_it(database: Database) -> None:
    added(database, arrival(entry(1)))

    def judged(tx: Tx) -> None:
        version = configs.record(tx, "sha", "toml", NOW - HOUR)
        items.judged(tx, [get(database, 1)], version)

    database.write_now(judged)
    found = trace(database)
    assert (found.judged_by, found.judge_due) == (NOW - HOUR, False)


def test_match_alert_and_deliveries_are_those_of_the_rule(database: Database) -> None:
    added(database, arrival(entry(1)))
    name = rung(database)
    found, other = trace(database), trace(database, rule="siemens")
    assert (found.matched_at, found.strength) == (NOW, 0.75)
    assert found.alert == alert(get(database, 1))
    assert found.deliveries == owed(name, "desk", ("",), NOW)
    assert (other.matched_at, other.alert, other.deliveries) == (None, None, ())


# --- what was never kept ---------------------------------------------------------------------------------------------


def test_of_a_link_without_an_item_each_feed_tells_from_when_its_items_are(database: Database) -> None:
    synced(database, declared("tass"), declared("un"))
    added(database, arrival(entry(2), seen_at=NOW - DAY), arrival(entry(3), seen_at=NOW))
    found = absence(database)
    assert found.link == LINK
    assert [(each.state.name, each.oldest, each.newest, each.dropped) for each in found.feeds] == [
        ("tass", NOW - DAY, NOW, None),
        ("un", None, None, None),
    ]


@pytest.mark.parametrize("published", [Entry(link=LINK), Entry(guid=LINK, link=f"{LINK}?a=b")])
def test_a_link_that_was_listed_is_known_when_its_item_is_gone(database: Database, published: Entry) -> None:
    known_feed(database, "un")
    added(database, arrival(replace(published, headline="Allies meet"), seen_at=NOW - DAY))
    database.write_now(lambda tx: tx.exec_driver_sql("DELETE FROM item"))
    assert {each.state.name: each.dropped for each in absence(database).feeds} == {"tass": NOW - DAY, "un": None}
