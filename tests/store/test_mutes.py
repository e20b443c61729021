"""Mutes as they are kept, and what they make due."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from monitor.alert import Delivery
from monitor.mute import Mute, Scope
from monitor.policy import Reason
from monitor.store import deliveries, mutes
from monitor.store.database import Database
from tests.store.samples import DAY, HOUR, MINUTE, NOW, line, plan, told

DRILL = Mute(id="drill2", scope=Scope.RULE, what="nato", made_at=NOW, until=NOW + HOUR, who="Anna", why="a drill")


def placed(database: Database, *those: Mute) -> None:
    for each in those:
        database.write_now(partial(mutes.add, placed=each, now=NOW))


def in_force(database: Database, after: int = 0) -> tuple[Mute, ...]:
    return database.read_now(partial(mutes.in_force, now=NOW + after * MINUTE))


def put_off(database: Database, reason: str) -> Delivery:
    (owed,) = told(database, "desk")
    database.write_now(partial(deliveries.hold, delivery_id=owed.id, until=NOW + DAY, reason=reason))
    return owed


def test_a_mute_holds_until_its_end(database: Database) -> None:
    placed(database, DRILL)
    assert in_force(database) == (DRILL,)
    assert in_force(database, after=60) == ()


def test_the_mute_that_ends_first_stands_first(database: Database) -> None:
    longer = replace(DRILL, id="longer", until=NOW + DAY)
    placed(database, longer, DRILL)
    assert in_force(database) == (DRILL, longer)


def test_a_mute_that_was_ended_holds_no_more_and_is_kept(database: Database) -> None:
    placed(database, DRILL)
    database.write_now(partial(mutes.end, mute_id=DRILL.id, now=NOW))
    assert in_force(database) == ()
    assert database.read_now(partial(mutes.listing, limit=9)) == (replace(DRILL, ended_at=NOW),)


def test_a_mute_is_named_by_the_beginning_of_its_id(database: Database) -> None:
    placed(database, DRILL, replace(DRILL, id="other7"))
    assert database.read_now(partial(mutes.by_prefix, prefix="DRI", now=NOW)) == (DRILL,)
    assert database.read_now(partial(mutes.by_prefix, prefix="dri", now=NOW + DAY)) == ()


def test_what_policy_holds_is_due_again_when_a_mute_is_placed_or_ended(database: Database) -> None:
    held = put_off(database, Reason.QUIET)
    assert line(database) is None
    placed(database, DRILL)
    assert line(database) == replace(held, reason=Reason.QUIET)
    database.write_now(partial(deliveries.hold, delivery_id=held.id, until=NOW + DAY, reason=Reason.QUIET))
    database.write_now(partial(mutes.end, mute_id=DRILL.id, now=NOW))
    assert line(database) is not None


def test_what_waits_for_its_channel_goes_on_waiting(database: Database) -> None:
    put_off(database, "server answered 503")
    placed(database, DRILL)
    assert line(database) is None


def test_the_head_of_a_line_says_whether_anything_is_muted(database: Database) -> None:
    told(database, "desk")
    head = partial(deliveries.head, name="desk", now=NOW)
    assert [found.muting for found in [database.write_now(head)] if found] == [False]
    placed(database, DRILL)
    assert [found.muting for found in [database.write_now(head)] if found] == [True]


def test_whether_anything_is_muted_is_looked_up_in_an_index(database: Database) -> None:
    steps = plan(database, partial(mutes.in_force, now=NOW))
    assert any("mute_in_force" in step for step in steps)
