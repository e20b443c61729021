"""What judging decides, kept exactly once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial

import pytest

from monitor.alert import Alert, Delivery, owed
from monitor.item import Item
from monitor.judge import Ruling
from monitor.rule import Match
from monitor.store import alerts, deliveries, rulings
from monitor.store.database import Database, Tx
from tests.store.samples import HOUR, NOW, added, alert, arrival, entry, evidence, get, notice, told


def item(database: Database, number: int = 1, *, baseline: bool = False, published: datetime = NOW) -> Item:
    (kept,) = added(database, arrival(entry(number, published=published), baseline=baseline))
    return get(database, kept)


def match(rule: str = "nato", *, strength: float = 0.75) -> Match:
    return Match(rule=rule, strength=strength, place="one sentence", evidence=evidence())


def ruling(judged: Item, *, channels: tuple[str, ...] = ("desk",), rule: str = "nato") -> Ruling:
    rings = alert(judged, rule)
    return Ruling(
        item_id=judged.id,
        version=judged.version,
        matches=(match(rule),),
        alerts=(rings,),
        deliveries=tuple(each for name in channels for each in owed(rings.id, name, ("",), NOW)),
    )


def recorded(database: Database, *found: Ruling) -> tuple[Alert, ...]:
    return database.write_now(partial(rulings.record, rulings=found, now=NOW))


def owed_for(database: Database, alert_id: str) -> list[Delivery]:
    return list(database.read_now(partial(deliveries.of_alerts, ids=[alert_id]))[alert_id])


def matches(database: Database) -> list[tuple[int, str, int, float]]:
    def rows(tx: Tx) -> list[tuple[int, str, int, float]]:
        return [tuple(row) for row in tx.exec_driver_sql("SELECT item_id, rule, version, strength FROM match")]

    return database.read_now(rows)


def test_what_a_ruling_owes_is_due_when_it_is_kept_however_the_clock_was_set_meanwhile(database: Database) -> None:
    found = ruling(item(database))
    (rang,) = database.write_now(partial(rulings.record, rulings=[found], now=NOW - HOUR))
    assert [each.due_at for each in owed_for(database, rang.id)] == [NOW - HOUR]


def test_a_ruling_is_a_match_an_alert_and_its_deliveries(database: Database) -> None:
    judged = item(database)
    (rang,) = recorded(database, ruling(judged, channels=("desk", "mail")))
    assert rang == alert(judged)
    assert matches(database) == [(judged.id, "nato", 1, 0.75)]
    (kept,) = database.read_now(partial(alerts.listing, limit=9))
    assert (kept.what, [each.channel for each in kept.deliveries]) == (rang, ["desk", "mail"])


def test_what_is_recorded_twice_is_there_once(database: Database) -> None:
    found = ruling(item(database))
    assert len(recorded(database, found)) == 1
    assert recorded(database, found) == ()
    assert len(matches(database)) == 1
    assert len(owed_for(database, found.alerts[0].id)) == 1


def test_a_delivery_on_its_way_stays_as_it_is(database: Database) -> None:
    found = ruling(item(database))
    recorded(database, found)
    (delivery,) = found.deliveries
    database.write_now(partial(deliveries.start, delivery_id=delivery.id, until=NOW))
    recorded(database, found)
    assert [each.state for each in owed_for(database, found.alerts[0].id)] == ["sending"]


def test_an_item_judged_again_does_not_ring_at_a_channel_that_came_later(database: Database) -> None:
    judged = item(database)
    recorded(database, ruling(judged))
    assert recorded(database, ruling(judged, channels=("desk", "mail"))) == ()
    assert [each.channel for each in owed_for(database, alert(judged).id)] == ["desk"]


def test_an_item_rings_once_for_each_rule(database: Database) -> None:
    judged = item(database)
    rang = recorded(database, ruling(judged, rule="nato"), ruling(judged, rule="kyiv"))
    assert [each.rule for each in rang] == ["nato", "kyiv"]


@pytest.mark.parametrize(
    ("versions", "kept"),
    [((1, 2), 2), ((2, 1), 2), ((1, 1), 1)],
    ids=["a later version", "a late one", "the same, read further"],
)
def test_a_match_is_replaced_by_one_of_the_same_version_or_a_later(
    database: Database, versions: tuple[int, int], kept: int
) -> None:
    judged = item(database)
    for version, strength in zip(versions, (0.25, 0.5), strict=True):
        recorded(database, Ruling(item_id=judged.id, version=version, matches=(match(strength=strength),)))
    assert matches(database) == [(judged.id, "nato", kept, 0.25 if versions == (2, 1) else 0.5)]


def test_nothing_that_matches_is_nothing_kept(database: Database) -> None:
    assert recorded(database, Ruling(item_id=item(database).id, version=1)) == ()
    assert (matches(database), database.read_now(deliveries.counts)) == ([], {})


def test_an_alert_is_a_snapshot(database: Database) -> None:
    judged = item(database)
    recorded(database, ruling(judged))
    changed = replace(judged, entry=replace(judged.entry, headline="Another headline"))
    recorded(database, ruling(changed))
    (kept,) = database.read_now(partial(alerts.listing, limit=9))
    assert kept.what == alert(judged)


def test_a_notice_is_kept_once_whoever_repeats_it(database: Database) -> None:
    what = notice()
    due = owed(what.id, "desk", ("",), NOW)
    add = partial(rulings.add_notice, notice=what, deliveries=due)
    assert database.write_now(add)
    assert not database.write_now(add)
    assert len(owed_for(database, what.id)) == 1


def test_a_receiver_that_came_later_gets_the_hello_too(database: Database) -> None:
    told(database, "mail", receivers=("anna@bank.example",))
    told(database, "mail", receivers=("anna@bank.example", "ben@bank.example"))
    receivers = [each.receiver for each in owed_for(database, notice().id)]
    assert receivers == ["anna@bank.example", "ben@bank.example"]
