"""Feeds as remembered between polls."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from monitor.feed import Feed, FeedState, State
from monitor.store import feeds, items
from monitor.store.database import Database, Tx
from monitor.store.feeds import Synced
from tests.store.samples import DAY, HOUR, MINUTE, NOW, added, arrival, claimed, declared, entry, plan, states, synced


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
