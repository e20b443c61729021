"""Feeds as remembered between polls."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from monitor.feed import Feed, FeedState, State
from monitor.feed.listing import Loss
from monitor.store import feeds, items
from monitor.store.database import Database, Tx
from monitor.store.feeds import Synced
from tests.store.samples import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    added,
    arrival,
    claimed,
    declared,
    entry,
    known_feed,
    plan,
    states,
    synced,
)


def saved(database: Database, state: FeedState) -> bool:
    return database.write_now(partial(feeds.save, state=state))


def polled(database: Database, name: str = "tass") -> FeedState:
    """Return the feed after a healthy poll, with all that a poll can leave behind."""
    (state,) = [each for each in claimed(database) if each.name == name]
    after = replace(
        state,
        moved_to="https://new.example/rss",
        title="TASS",
        etag='"1"',
        modified="Tue, 24 Nov 2026 10:00:00 GMT",
        body_hash=b"0123456789abcdef",
        baseline_at=NOW,
        polled_at=NOW,
        next_poll_at=NOW + 5 * MINUTE,
        failures=0,
        state=State.OK,
        reason="",
        slow=True,
    )
    assert saved(database, after)
    return replace(after, lease="")


# --- config ------------------------------------------------------------------------------------------------------


def test_a_declared_feed_is_due_at_once(database: Database) -> None:
    assert synced(database, declared()) == Synced(added=("tass",))
    state = states(database)["tass"]
    assert (state.state, state.next_poll_at, state.baseline_at, state.enabled) == (State.NEW, NOW, None, True)


def test_the_same_config_again_changes_nothing(database: Database) -> None:
    synced(database, declared())
    before = polled(database)
    assert synced(database, declared(), now=NOW + MINUTE) == Synced()
    assert states(database)["tass"] == before


def test_a_feed_declared_no_more_is_kept_off(database: Database) -> None:
    synced(database, declared("tass"), declared("un"))
    before = polled(database, "tass")
    assert synced(database, declared("un")) == Synced(removed=("tass",))
    assert states(database)["tass"] == replace(before, enabled=False)
    assert synced(database, declared("un")) == Synced()


def test_a_feed_put_back_resumes_where_it_was(database: Database) -> None:
    synced(database, declared())
    before = polled(database)
    synced(database)
    assert synced(database, declared(), now=NOW + HOUR) == Synced(resumed=("tass",))
    assert states(database)["tass"] == replace(before, next_poll_at=NOW + HOUR)


def test_a_feed_may_be_declared_off(database: Database) -> None:
    synced(database, declared())
    assert synced(database, declared(enabled=False)) == Synced(removed=("tass",))
    assert claimed(database) == ()
    assert synced(database, declared(enabled=True)) == Synced(resumed=("tass",))


def test_a_renamed_feed_keeps_all_that_is_known_of_it(database: Database) -> None:
    synced(database, declared("tass", url="https://tass.example/rss"))
    before = polled(database)
    assert synced(database, declared("wire", url="https://tass.example/rss")) == Synced(renamed=(("tass", "wire"),))
    assert states(database) == {"wire": replace(before, name="wire")}


def test_a_feed_that_moves_keeps_its_history_but_not_what_the_old_server_said(database: Database) -> None:
    synced(database, declared())
    before = polled(database)
    assert synced(database, declared(url="https://other.example/rss")) == Synced(moved=("tass",))
    after = states(database)["tass"]
    assert (after.id, after.baseline_at, after.title) == (before.id, before.baseline_at, before.title)
    assert (after.etag, after.modified, after.body_hash, after.moved_to) == (None, None, None, None)
    assert (after.next_poll_at, after.address) == (NOW, "https://other.example/rss")


def test_a_poll_of_the_old_address_leaves_nothing_behind(database: Database) -> None:
    synced(database, declared())
    (under_way,) = claimed(database)
    synced(database, declared(url="https://other.example/rss"))
    assert not saved(database, replace(under_way, etag='"old"'))
    assert states(database)["tass"].etag is None


def test_names_may_be_exchanged(database: Database) -> None:
    synced(database, declared("a", url="https://one.example/"), declared("b", url="https://two.example/"))
    swapped = synced(database, declared("a", url="https://two.example/"), declared("b", url="https://one.example/"))
    assert swapped == Synced(moved=("a", "b"))


@pytest.mark.parametrize(
    ("state", "due"), [(State.OK, NOW + MINUTE), (State.FAILING, NOW + DAY)], ids=["healthy", "backing off"]
)
def test_a_shorter_interval_holds_at_once_for_a_healthy_feed(database: Database, state: State, due: object) -> None:
    synced(database, declared(interval=DAY))
    (before,) = claimed(database)
    saved(database, replace(before, state=state, next_poll_at=NOW + DAY))
    synced(database, declared(interval=MINUTE))
    assert states(database)["tass"].next_poll_at == due


# --- polls -------------------------------------------------------------------------------------------------------


def test_what_a_poll_learns_comes_back_whole(database: Database) -> None:
    synced(database, declared())
    after = polled(database)
    assert states(database)["tass"] == after


def test_feeds_are_claimed_in_the_order_in_which_they_fell_due(database: Database) -> None:
    for number, name in enumerate(("c", "a", "b")):
        synced(database, *(declared(each) for each in (*states(database), name)), now=NOW - HOUR + number * MINUTE)
    assert [state.name for state in claimed(database)] == ["c", "a", "b"]


def test_a_claim_takes_no_more_than_asked(database: Database) -> None:
    synced(database, *(declared(name) for name in "abc"))
    two = database.write_now(partial(feeds.claim, now=NOW, limit=2, lease="mine", until=NOW + MINUTE))
    assert len(two) == 2
    assert len(claimed(database)) == 1


def test_only_what_is_due_is_claimed(database: Database) -> None:
    synced(database, declared())
    assert claimed(database, now=NOW - MINUTE) == ()


def test_a_claimed_feed_is_not_claimed_again_until_its_lease_ends(database: Database) -> None:
    synced(database, declared())
    claimed(database, lease="first")
    assert claimed(database, now=NOW + 4 * MINUTE) == ()
    (again,) = claimed(database, now=NOW + 5 * MINUTE, lease="second")
    assert again.lease == "second"


def test_a_feed_waits_for_its_first_poll_until_that_is_kept(database: Database) -> None:
    synced(database, declared("polled"), declared("off", enabled=False))
    (state,) = claimed(database)
    waits = partial(feeds.is_any_unpolled, since=NOW)
    assert database.read_now(waits)
    assert saved(database, replace(state, next_poll_at=NOW + MINUTE))
    assert not database.read_now(waits)


def test_only_feeds_that_should_be_read_and_are_not_are_counted_as_such(database: Database) -> None:
    synced(database, *(declared(name) for name in ("ok", "failing", "gone", "off")))
    for state in claimed(database):
        how = {"ok": State.OK, "gone": State.GONE}.get(state.name, State.FAILING)
        assert saved(database, replace(state, state=how))
    synced(database, *(declared(name) for name in ("ok", "failing", "gone")))
    assert database.read_now(feeds.count_unread) == 2


def test_facts_are_told_of_those_feeds_that_are_asked_for(database: Database) -> None:
    synced(database, declared("a"), declared("b"), declared("c"))
    for state in claimed(database):
        database.write_now(partial(items.add, feed_id=state.id, new=[arrival()]))
    found = database.read_now(partial(feeds.facts, names=("b", "c", "unknown")))
    assert [(each.state.name, each.items) for each in found] == [("b", 1), ("c", 1)]


def test_a_late_poll_changes_nothing(database: Database) -> None:
    synced(database, declared())
    (late,) = claimed(database, lease="first")
    (again,) = claimed(database, now=NOW + HOUR, lease="second")
    assert not saved(database, replace(late, etag='"late"'))
    assert saved(database, replace(again, etag='"good"'))
    assert states(database)["tass"].etag == '"good"'


def test_what_a_late_poll_found_is_not_kept_either(database: Database) -> None:
    synced(database, declared())
    (late,) = claimed(database, lease="first")
    claimed(database, now=NOW + HOUR, lease="second")

    def keep(tx: Tx) -> bool:
        if not feeds.save(tx, late):
            return False
        items.add(tx, late.id, [arrival()])
        return True

    assert not database.write_now(keep)
    assert database.read_now(partial(items.newest, limit=1)) == ()


def test_a_poll_is_saved_once(database: Database) -> None:
    synced(database, declared())
    (state,) = claimed(database)
    assert saved(database, state)
    assert not saved(database, state)


def test_a_feed_that_was_never_claimed_is_not_saved(database: Database) -> None:
    synced(database, declared())
    assert not saved(database, states(database)["tass"])


def test_all_feeds_can_be_made_due_but_those_that_are_off(database: Database) -> None:
    synced(database, declared("on"), declared("off", enabled=False), now=NOW + HOUR)
    database.write_now(partial(feeds.poll_all_now, now=NOW))
    assert [state.name for state in claimed(database)] == ["on"]


def test_void_leases_free_what_a_killed_daemon_held(database: Database) -> None:
    synced(database, declared())
    (killed,) = claimed(database, lease="killed")
    database.write_now(feeds.void_leases)
    assert not saved(database, killed)
    assert len(claimed(database, lease="new")) == 1


def test_due_times_beyond_the_latest_are_brought_forward(database: Database) -> None:
    synced(database, declared("far"), now=NOW + 40 * DAY)
    synced(database, declared("far"), declared("near"), now=NOW)
    database.write_now(partial(feeds.clamp, latest=NOW + DAY))
    assert {name: state.next_poll_at for name, state in states(database).items()} == {"far": NOW + DAY, "near": NOW}


def test_a_claim_reads_its_index_and_not_the_table(database: Database) -> None:
    steps = plan(database, partial(feeds.claim, now=NOW, limit=9, lease="mine", until=NOW))
    assert "SEARCH feed USING INDEX feed_due (next_poll_at<?)" in steps
    assert not any(step.startswith("SCAN") for step in steps)


# --- questions ---------------------------------------------------------------------------------------------------


def test_facts_tell_how_much_came_and_when_it_was_published(database: Database) -> None:
    synced(database, declared("tass"), declared("un"))
    added(
        database,
        arrival(entry(1, published=NOW - HOUR)),
        arrival(entry(2, published=NOW - DAY)),
        arrival(entry(3, published=None), seen_at=NOW - MINUTE),
        arrival(entry(4, published=NOW + DAY)),
    )
    tass, un = database.read_now(feeds.facts)
    assert (tass.state.name, tass.items) == ("tass", 4)
    assert tass.published == (NOW, NOW - MINUTE, NOW - HOUR, NOW - DAY)
    assert (un.items, un.published) == (0, ())


def test_no_more_feeds_of_a_host_are_claimed_than_it_has_room_for(database: Database) -> None:
    several = [Feed(name=f"f{n}", url=f"https://{host}.example/{n}", interval=MINUTE) for n, host in enumerate("aaab")]
    database.write_now(lambda tx: feeds.sync(tx, several, NOW))
    leased = database.write_now(
        lambda tx: feeds.claim(
            tx, now=NOW, limit=10, lease="t", until=NOW + MINUTE, room={"a.example": 2, "b.example": 1}.__getitem__
        )
    )
    assert sorted(state.host for state in leased) == ["a.example", "a.example", "b.example"]


# --- health ----------------------------------------------------------------------------------------------------------


def put(database: Database, name: str, **known: object) -> FeedState:
    """Let a poll leave the feed so."""
    (state,) = [each for each in claimed(database) if each.name == name]
    after = replace(state, **({"state": State.OK, "polled_at": NOW, "next_poll_at": NOW} | known))  # type: ignore[arg-type]
    assert saved(database, after)
    return replace(after, lease="")


def test_feeds_that_answer_are_looked_at_when_that_is_due(database: Database) -> None:
    synced(database, *(declared(name) for name in ("due", "later", "failing", "never")))
    all_claimed = {state.name: state for state in claimed(database)}
    for name, known in {
        "due": {"state": State.OK, "look_at": NOW},
        "later": {"state": State.OK, "look_at": NOW + HOUR},
        "failing": {"state": State.FAILING, "look_at": NOW},
    }.items():
        saved(database, replace(all_claimed[name], **known))  # type: ignore[arg-type]
    found = database.read_now(partial(feeds.to_look_at, now=NOW, most=9))
    assert [state.name for state in found] == ["due"]


def test_a_look_finds_a_feed_silent_unless_its_poll_has_failed_meanwhile(database: Database) -> None:
    synced(database, declared())
    state = put(database, "tass", look_at=NOW)
    look = partial(feeds.looked_at, feed_id=state.id, again_at=NOW + DAY, silent_since=NOW - DAY, reason="nothing new")
    database.write_now(look)
    silent = states(database)["tass"]
    assert (silent.state, silent.since, silent.reason) == (State.SILENT, NOW - DAY, "nothing new")
    assert silent.look_at == NOW + DAY
    put(database, "tass", state=State.FAILING)
    database.write_now(look)
    assert states(database)["tass"].state is State.FAILING


def test_undated_items_of_a_first_listing_tell_no_time(database: Database) -> None:
    added(
        database,
        arrival(entry(1, published=NOW - HOUR), baseline=True),
        arrival(entry(2, published=None), baseline=True),
        arrival(entry(3, published=None), seen_at=NOW - MINUTE),
    )
    number = states(database)["tass"].id
    assert database.read_now(partial(feeds.came, feed_id=number, most=9)) == [NOW - MINUTE, NOW - HOUR]


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ({}, False),
        ({"state": State.FAILING}, True),
        ({"state": State.SILENT}, True),
        ({"moved_to": "https://new.example/rss"}, True),
    ],
    ids=["fine", "failing", "silent", "moved"],
)
def test_what_may_have_to_be_told_is_found(database: Database, known: dict[str, object], told: bool) -> None:  # noqa: FBT001 - a table
    synced(database, declared())
    put(database, "tass", **known)
    assert bool(database.read_now(feeds.to_tell)) is told


def test_what_people_know_is_kept_and_no_poll_takes_it_back(database: Database) -> None:
    synced(database, declared())
    state = put(database, "tass", moved_to="https://new.example/rss")
    known = replace(
        state, told=State.FAILING, told_since=NOW - DAY, told_network=True, told_move="https://new.example/rss"
    )
    database.write_now(partial(feeds.tell, states=[known]))
    put(database, "tass", state=State.OK)
    (after,) = database.read_now(feeds.to_tell)
    assert (after.told, after.told_since, after.told_network, after.told_move) == (
        State.FAILING, NOW - DAY, True, "https://new.example/rss",
    )  # fmt: skip


def test_looking_for_what_to_tell_reads_an_index_and_not_the_table(database: Database) -> None:
    steps = plan(database, feeds.to_tell)
    assert "SEARCH feed USING INTEGER PRIMARY KEY (rowid=?)" in steps
    assert [step for step in steps if "SCAN" in step] == ["SCAN feed USING INDEX feed_to_tell"]


def lost(database: Database, ago: timedelta, name: str = "tass") -> Loss:
    number = known_feed(database, name).id
    made = Loss(feed_id=number, since=NOW - ago - MINUTE, until=NOW - ago)
    database.write_now(partial(feeds.lose, lost=made))
    return made


def test_losses_stay_in_a_feeds_record(database: Database) -> None:
    older, newer = lost(database, DAY), lost(database, HOUR)
    assert database.read_now(partial(feeds.losses, feed_id=older.feed_id)) == (newer, older)
    assert database.read_now(feeds.facts)[0].losses == (newer, older)


def test_losses_are_told_by_feed_and_when_one_was_told_last(database: Database) -> None:
    older, newer, other = lost(database, DAY), lost(database, HOUR), lost(database, HOUR, "un")
    assert database.read_now(feeds.untold_losses) == {"tass": ((newer, older), None), "un": ((other,), None)}
    database.write_now(partial(feeds.tell_losses, losses=[older, other]))
    assert database.read_now(feeds.untold_losses) == {"tass": ((newer,), older.until)}


def test_feeds_are_hastened_one_after_another_and_none_is_put_off(database: Database) -> None:
    synced(database, *(declared(name) for name in ("a", "b", "soon")), now=NOW + HOUR)
    ids = {name: state.id for name, state in states(database).items()}
    database.write_now(lambda tx: tx.exec_driver_sql("UPDATE feed SET next_poll_at = 0 WHERE name = 'soon'"))
    database.write_now(partial(feeds.hasten, feed_ids=[ids["a"], ids["b"], ids["soon"]], now=NOW))
    due = {name: state.next_poll_at for name, state in states(database).items()}
    assert (due["a"], due["b"]) == (NOW, NOW + timedelta(milliseconds=20))
    assert due["soon"] < NOW


def test_what_fell_due_while_no_daemon_ran_is_spread_out_but_for_what_is_new(database: Database) -> None:
    synced(database, *(declared(name) for name in ("a", "b")), now=NOW - DAY)
    for state in claimed(database):
        saved(database, replace(state, polled_at=NOW - DAY, next_poll_at=NOW - HOUR))
    synced(database, *(declared(name) for name in ("a", "b", "new")), now=NOW - HOUR)
    database.write_now(partial(feeds.spread_out, now=NOW))
    due = {name: state.next_poll_at for name, state in states(database).items()}
    assert sorted(due[name] for name in "ab") == [NOW, NOW + timedelta(milliseconds=20)]
    assert due["new"] == NOW - HOUR


def test_the_delay_is_the_median_from_published_to_seen_of_what_came_later(database: Database) -> None:
    waits = (MINUTE, 2 * MINUTE, 9 * MINUTE)
    added(database, *(arrival(entry(n, published=NOW - wait)) for n, wait in enumerate(waits)))
    added(database, arrival(entry(9, published=NOW - DAY), baseline=True), arrival(entry(8, published=None)))
    assert database.read_now(feeds.facts)[0].delay == 2 * MINUTE


def test_looking_for_silence_reads_an_index_and_not_the_table(database: Database) -> None:
    steps = plan(database, partial(feeds.to_look_at, now=NOW, most=9))
    assert steps == ["SEARCH feed USING INDEX feed_to_look_at (look_at<?)"]
