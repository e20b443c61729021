"""What was kept long enough goes, in small steps; what is due, owed or listed stays, and nothing is half gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update
from sqlalchemy.event import listen, remove

from monitor.alert import Alert, DeliveryState, Kind, bundled, owed
from monitor.feed.listing import short_keys
from monitor.item import digest, key
from monitor.keep import Keep, Pruned, Size
from monitor.record import Fact, Sort
from monitor.store import alerts as alert_rows
from monitor.store import configs, records, retention
from monitor.store import deliveries as delivery_rows
from monitor.store import items as item_rows
from monitor.store import rulings as ruling_rows
from monitor.store import tables as t
from monitor.store.census import census
from monitor.store.database import Database, Tx
from monitor.store.retention import CONFIGS, Pruning, pages, would_go
from tests.properties.laws import short_law
from tests.store import samples
from tests.store.samples import DAY, HOUR, NOW, added, alert, arrival, entry, get, known_feed, plan, told

KEEP = Keep(items=90 * DAY, alerts=365 * DAY)
OLD = NOW - 100 * DAY


def pruned(database: Database, keep: Keep = KEEP, now: datetime = NOW) -> Pruned:
    """Prune, and return what went."""
    pruning = Pruning(keep, now)
    while database.write_now(pruning.step):
        pass
    return pruning.pruned


def stored(database: Database, *numbers: int, seen_at: datetime = OLD, feed: str = "tass") -> list[int]:
    """Keep items that were judged; return their ids."""
    ids = added(database, *(arrival(entry(number), seen_at=seen_at) for number in numbers), feed=feed)
    settle(database, t.item, judge_due_at=None)
    return list(ids)


def settle(database: Database, table: Any, **values: object) -> None:  # noqa: ANN401 - a table
    database.write_now(lambda tx: tx.execute(update(table).values(**values)))


def column(database: Database, sql: str) -> list[Any]:
    return list(database.read_now(lambda tx: tx.exec_driver_sql(sql).scalars().all()))


def items(database: Database) -> list[int]:
    return column(database, "SELECT id FROM item ORDER BY id")


def listed(database: Database, *numbers: int, feed: str = "tass") -> None:
    """Have the last answer of the feed list these entries."""
    window = short_keys(key(entry(number)) for number in numbers) or None
    database.write_now(lambda tx: tx.execute(update(t.feed).where(t.feed.c.name == feed).values(window=window)))


def rung(
    database: Database, item_id: int, *, made_at: datetime = OLD, state: str = "sent", rule: str = "nato"
) -> Alert:
    """Have the item ring, with a delivery in that state."""
    made = replace(alert(get(database, item_id), rule), made_at=made_at)
    owing = [replace(each, state=DeliveryState(state)) for each in owed(made.id, "desk", ("",), made_at)]

    def write(tx: Tx) -> None:
        assert ruling_rows._keep(tx, made)
        delivery_rows.add(tx, owing)

    database.write_now(write)
    return made


def is_whole(database: Database) -> None:
    def check(tx: Tx) -> None:
        assert tx.exec_driver_sql("PRAGMA integrity_check").scalars().all() == ["ok"]
        assert tx.exec_driver_sql("PRAGMA foreign_key_check").all() == []

    database.read_now(check)


# --- items -------------------------------------------------------------------------------------------------------


def test_an_item_that_was_kept_long_enough_goes_with_its_revisions_and_matches(database: Database) -> None:
    old, young = stored(database, 1), stored(database, 2, seen_at=NOW - 89 * DAY)
    database.write_now(
        partial(item_rows.revise, item_id=old[0], entry=entry(1, headline="x"), digest=bytes(8), now=OLD)
    )
    database.write_now(
        lambda tx: tx.execute(
            insert(t.match).values(item_id=old[0], rule="r", version=1, strength=1.0, place="", evidence=[], at=OLD)
        )
    )
    settle(database, t.item, judge_due_at=None)
    assert pruned(database).items == 1
    assert items(database) == young
    assert column(database, "SELECT item_id FROM revision UNION SELECT item_id FROM match") == []


def test_an_alert_outlives_its_item_and_can_still_be_read(database: Database) -> None:
    old, _ = stored(database, 1, 2)
    made = rung(database, old)
    assert pruned(database).items == 1
    (kept,) = database.read_now(partial(alert_rows.by_prefix, prefix=made.id))
    assert kept.what == made
    assert column(database, "SELECT item_id FROM alert") == [None]


Reason = Callable[[Database, int], object]
STAYS: dict[str, Reason] = {
    "is due to be judged": lambda d, n: d.write_now(
        lambda tx: tx.execute(update(t.item).where(t.item.c.id == n).values(judge_due_at=NOW))
    ),
    "is due to be read": lambda d, n: d.write_now(
        lambda tx: tx.execute(update(t.item).where(t.item.c.id == n).values(read_due_at=NOW))
    ),
    "is owed to a channel": lambda d, n: rung(d, n, state="queued"),
    "is being sent": lambda d, n: rung(d, n, state="sending"),
    "is listed by its feed": lambda d, _: listed(d, 5, 1, 6),
    "came last of all": lambda d, n: d.write_now(lambda tx: tx.execute(delete(t.item).where(t.item.c.id > n))),
}


@pytest.mark.parametrize("why", STAYS)
def test_an_old_item_stays_that(why: str, database: Database) -> None:
    old, _ = stored(database, 1, 2)
    STAYS[why](database, old)
    assert pruned(database).items == 0
    assert old in items(database)


@pytest.mark.parametrize("state", ["sent", "unknown", "undelivered", "withheld"])
def test_what_became_of_its_deliveries_holds_no_item(state: str, database: Database) -> None:
    old, _ = stored(database, 1, 2)
    rung(database, old, state=state)
    assert pruned(database).items == 1


def carried(database: Database, *ids: int, state: str) -> list[Alert]:
    """Have the items ring in one digest, whose own delivery is in that state."""
    made = [rung(database, number, state="queued") for number in ids]

    def write(tx: Tx) -> None:
        lines = delivery_rows.with_alerts(tx, delivery_rows.waiting(tx, "desk", NOW))
        digest, carrier = bundled(lines, OLD)
        delivery_rows.bundle(tx, digest, replace(carrier, state=DeliveryState(state)), lines)

    database.write_now(write)
    return made


@pytest.mark.parametrize(("state", "gone"), [("queued", 0), ("sending", 0), ("sent", 2), ("undelivered", 2)])
def test_items_that_an_open_digest_carries_stay(state: str, gone: int, database: Database) -> None:
    old, other, _ = stored(database, 1, 2, 3)
    carried(database, old, other, state=state)
    assert pruned(database).items == gone
    is_whole(database)


def test_items_of_a_feed_that_is_declared_no_more_go_too(database: Database) -> None:
    stored(database, 1, 2)
    samples.synced(database)
    assert pruned(database).items == 1


# --- keys --------------------------------------------------------------------------------------------------------

LONG_AGO = NOW - 200 * DAY


@pytest.mark.parametrize(
    ("seen_at", "listing", "gone"),
    [
        (LONG_AGO, (7,), [1]),  # neither listed nor young, and without an item
        (LONG_AGO, (1,), []),
        (LONG_AGO, (), []),  # nobody knows what the feed lists
        (NOW - 179 * DAY, (7,), []),
    ],
)
def test_a_key_goes_only_when_it_is_old_and_listed_no_more(
    seen_at: datetime, listing: tuple[int, ...], gone: list[int], database: Database
) -> None:
    stored(database, 1, 2, seen_at=seen_at)
    pruned(database)  # its item
    listed(database, *listing)
    assert pruned(database).seen == len(gone)
    left = {bytes(each) for each in column(database, "SELECT key FROM seen")}
    assert left == {key(entry(number)) for number in (1, 2) if number not in gone}


def test_a_key_outlives_its_item_by_a_round_so_that_a_feed_may_list_it_again(database: Database) -> None:
    stored(database, 1, 2, seen_at=LONG_AGO)
    listed(database, 7)
    first = pruned(database)
    assert (first.items, first.seen) == (1, 0)
    listed(database, 1, 7)
    assert pruned(database).seen == 0


def test_a_key_of_a_kept_item_stays_however_old(database: Database) -> None:
    stored(database, 1, 2, seen_at=LONG_AGO)
    listed(database, 7)
    assert pruned(database, replace(KEEP, items=365 * DAY)).seen == 0


def test_more_keys_than_a_step_takes_are_all_looked_at(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_KEYS", 3)
    monkeypatch.setattr(retention, "_ITEMS", 2)
    for feed in ("tass", "un"):
        stored(database, *range(10), seen_at=LONG_AGO, feed=feed)
        listed(database, 4, feed=feed)
    assert pruned(database).items == 17  # of each feed one is listed, and one came last
    assert pruned(database).seen == 17
    assert len(column(database, "SELECT key FROM seen")) == 3


# --- alerts ------------------------------------------------------------------------------------------------------

YEARS_AGO = NOW - 800 * DAY


def orphaned(database: Database, **how: Any) -> Alert:  # noqa: ANN401 - as of rung
    """Have an item ring that is gone."""
    old, _ = stored(database, 1, 2)
    made = rung(database, old, made_at=YEARS_AGO, **how)
    settle(database, t.alert, item_id=None)
    return made


def test_an_alert_goes_with_what_became_of_its_deliveries(database: Database) -> None:
    made = orphaned(database)
    database.write_now(
        lambda tx: tx.exec_driver_sql("INSERT INTO attempt SELECT id, 1, made_at, 'sent', '' FROM delivery")
    )
    assert pruned(database).alerts == 1
    assert database.read_now(partial(alert_rows.by_prefix, prefix=made.id)) == ()
    assert column(database, "SELECT id FROM delivery UNION SELECT delivery_id FROM attempt") == []


@pytest.mark.parametrize("state", ["queued", "sending"])
def test_an_alert_that_is_owed_stays_however_old(state: str, database: Database) -> None:
    orphaned(database, state=state)
    assert pruned(database).alerts == 0


def test_an_alert_stays_as_long_as_its_item_since_it_keeps_that_from_ringing_again(database: Database) -> None:
    old, _ = stored(database, 1, 2)
    made = rung(database, old, made_at=YEARS_AGO)
    listed(database, 1)
    pruned(database)
    assert not database.write_now(lambda tx: ruling_rows._keep(tx, made))


@pytest.mark.parametrize(
    ("kind", "failing_since", "stays"),
    [
        (Kind.RELOAD, None, False),
        (Kind.HELLO, None, True),  # or the channel would be greeted again
        (Kind.CHANNEL, None, False),
        (Kind.CHANNEL, YEARS_AGO - HOUR, True),  # or people would be told again
        (Kind.CHANNEL, YEARS_AGO + HOUR, False),
    ],
)
def test_an_old_notice_stays_only_where_its_absence_would_be_told(
    kind: Kind,
    failing_since: datetime | None,
    stays: bool,  # noqa: FBT001 - a table
    database: Database,
) -> None:
    told(database, "desk")
    settle(database, t.alert, kind=kind, made_at=YEARS_AGO)
    settle(database, t.delivery, state="sent")
    database.write_now(
        lambda tx: tx.execute(insert(t.channel).values(name="desk", failures=3, failing_since=failing_since))
    )
    assert pruned(database).alerts == (0 if stays else 1)


def test_a_digest_goes_after_the_alerts_that_it_carries(database: Database) -> None:
    old, other, _ = stored(database, 1, 2, 3)
    first, _ = carried(database, old, other, state="sent")
    settle(database, t.alert, made_at=YEARS_AGO)
    keep = replace(KEEP, items=1000 * DAY)
    assert pruned(database, keep).alerts == 0  # the items are kept
    database.write_now(lambda tx: tx.execute(update(t.alert).where(t.alert.c.id == first.id).values(item_id=None)))
    assert pruned(database, keep).alerts == 1  # the digest still carries the other
    settle(database, t.alert, item_id=None)
    assert pruned(database, keep).alerts == 2
    assert column(database, "SELECT id FROM alert UNION SELECT id FROM delivery") == []


# --- room --------------------------------------------------------------------------------------------------------


@pytest.fixture
def full(database: Database) -> Database:
    """Return a database of some 4 MB: 400 items over 20 days, the newest of now."""
    first = added(database, *(arrival(entry(n), seen_at=NOW - (400 - n) * DAY / 20) for n in range(400)))
    settle(database, t.item, judge_due_at=None)
    database.write_now(lambda tx: tx.exec_driver_sql("UPDATE item SET text = hex(randomblob(4000))"))
    rung(database, first[0], made_at=NOW - 20 * DAY)
    return database


def used(database: Database) -> int:
    return database.read_now(pages).used


def test_of_a_database_that_is_too_large_the_oldest_items_go_until_it_fits(
    full: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_ITEMS", 10)
    limit = used(full) // 2
    gone = pruned(full, replace(KEEP, size=Size(limit)))
    assert gone.items == 0
    assert limit * 0.9 < used(full) <= limit  # the last step of ten items takes too many at the most
    assert items(full) == list(range(gone.for_room + 1, 401))
    assert full.read_now(pages).free == 0
    assert full.read_now(census).alerts.count == 1


def test_for_room_nothing_goes_that_came_within_a_day_or_is_listed(full: Database) -> None:
    listed(full, 0, 7)
    gone = pruned(full, replace(KEEP, size=Size(1)))
    assert items(full) == [1, 8, *range(381, 401)]
    said = gone.short_of_room(replace(KEEP, size=Size(1)))
    assert said.startswith("the database had 3.7 MB, more than keep.size, ")
    assert "378 of its oldest items went before their time and still has " in said


def test_a_database_that_fits_loses_nothing(full: Database) -> None:
    keep = replace(KEEP, size=Size(used(full)))
    gone = pruned(full, keep)
    assert (gone.for_room, gone.short_of_room(keep), len(items(full))) == (0, "", 400)


def test_free_pages_go_back_to_the_disk(full: Database) -> None:
    full.write_now(lambda tx: tx.exec_driver_sql("DELETE FROM item WHERE id BETWEEN 2 AND 390"))
    full._driver("PRAGMA wal_checkpoint(TRUNCATE)")
    before = full.file.stat().st_size
    gone = pruned(full)
    full._driver("PRAGMA wal_checkpoint(TRUNCATE)")
    assert full.file.stat().st_size == before - gone.freed
    assert full.file.stat().st_size < before / 4


def test_a_database_whose_pages_cannot_be_given_back_is_pruned_all_the_same(tmp_path: Path, full: Database) -> None:
    """A file that another program made does not keep the list of its pages that this takes."""
    copy = Database.open(f"sqlite:///{tmp_path}/other.db")
    copy.close()
    other = tmp_path / "other.db"
    other.unlink()
    full._driver("PRAGMA auto_vacuum=NONE")
    full._driver("VACUUM INTO ?", str(other))
    opened = Database.open(f"sqlite:///{other}")
    try:
        gone = pruned(opened, replace(KEEP, items=DAY))
        assert gone.items > 300
    finally:
        opened.close()


# --- configs -----------------------------------------------------------------------------------------------------


def texts(database: Database) -> list[int]:
    """Return the versions that have their text."""
    return column(database, "SELECT version FROM config WHERE toml != '' ORDER BY version")


def test_configs_keep_their_text_while_an_item_is_left_that_they_judged_and_so_do_the_newest(
    database: Database,
) -> None:
    for number in range(100):
        at = NOW - (100 - number) * DAY
        database.write_now(partial(configs.record, sha256=f"{number}", toml=f"text {number}", now=at))
    (old,) = stored(database, 1, seen_at=NOW - 40 * DAY - HOUR)  # version 60 was in force
    stored(database, 2, seen_at=NOW)
    settle(database, t.item, judged_by=60)
    assert pruned(database).configs == 58
    assert texts(database) == list(range(59, 101))  # the one before may have judged it, while 60 was being loaded
    listed(database, 2)
    pruned(database, replace(KEEP, items=30 * DAY))
    assert old not in items(database)
    pruned(database)
    assert texts(database) == list(range(101 - CONFIGS, 101))
    assert len(column(database, "SELECT version FROM config")) == 100


# --- records --------------------------------------------------------------------------------------------------------


def test_records_go_with_the_items_of_their_time(database: Database) -> None:
    facts = [Fact(sort=Sort.MARK, at=NOW - number * DAY, body={}) for number in (400, 91, 89)]
    database.write_now(partial(records.add, facts=facts))
    assert database.read_now(partial(would_go, keep=KEEP, now=NOW)).records == 2
    assert pruned(database).records == 2
    assert column(database, "SELECT seq FROM record") == [3]


# --- steps -------------------------------------------------------------------------------------------------------


class Again:
    """A state of a database to which it can be taken back; a new one would have to learn all its statements anew."""

    def __init__(self, database: Database) -> None:
        self._database, self._kept = database, sqlite3.connect(":memory:")
        database._driver("PRAGMA synchronous=OFF")
        self._link().backup(self._kept)

    def _link(self) -> sqlite3.Connection:
        assert self._database._writer is not None
        link = self._database._writer.connection.driver_connection
        assert isinstance(link, sqlite3.Connection)
        return link

    def __enter__(self) -> Self:
        return self

    def __call__(self) -> None:
        """Take the database back."""
        self._kept.backup(self._link())

    def __exit__(self, *_: object) -> None:
        self._kept.close()


class Killed(Exception):
    """Stands in for the end of the process."""


@contextmanager
def dying_at(database: Database, statement: int) -> Iterator[None]:
    """Raise at the n-th statement of the writer."""
    left = count(1)

    def die(*_: object) -> None:
        if next(left) == statement:
            raise Killed

    listen(database._writing, "before_cursor_execute", die)
    try:
        yield
    finally:
        remove(database._writing, "before_cursor_execute", die)


def everything(database: Database) -> dict[str, list[Any]]:
    return database.read_now(
        lambda tx: {
            name: list(tx.execute(select(table).order_by(*list(table.c)[:2])).all())
            for name, table in t.metadata.tables.items()
        }
    )


def test_a_round_that_ends_in_the_middle_leaves_a_whole_database_and_the_next_ends_where_it_would_have(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_ITEMS", 4)
    ids = stored(database, *range(12), seen_at=LONG_AGO)
    carried(database, *ids[:2], state="sent")
    settle(database, t.alert, made_at=YEARS_AGO, item_id=None)
    rung(database, ids[3], state="queued")
    listed(database, 5)
    with Again(database) as again:
        pruned(database)
        pruned(database)
        expected = everything(database)
        for statement in count(1):
            again()
            try:
                with dying_at(database, statement):
                    pruned(database)
            except Killed:
                is_whole(database)
                pruned(database)
                pruned(database)
                assert everything(database) == expected
            else:
                break
    assert statement > 50


def test_a_step_never_looks_through_all_items(full: Database) -> None:
    steps = plan(full, lambda tx: [Pruning(replace(KEEP, size=Size(1)), NOW)._for_room(tx, None)])
    rounds = Pruning(replace(KEEP, alerts=DAY), NOW)
    steps += plan(full, lambda tx: [step(tx, None) for step in (rounds._items, rounds._alerts, rounds._configs)])
    assert [step for step in steps if step.startswith("SCAN")] == []


# --- entries whose item is gone ----------------------------------------------------------------------------------


def test_a_changed_entry_whose_item_is_gone_is_noted_and_no_news_again(database: Database) -> None:
    old, _ = stored(database, 1, 2)
    assert pruned(database).items == 1
    edited = entry(1, headline="Another headline")
    feed_id = known_feed(database).id
    assert not database.write_now(partial(item_rows.revise, item_id=old, entry=edited, digest=digest(edited), now=NOW))
    database.write_now(partial(item_rows.changed, feed_id=feed_id, key=key(edited), digest=digest(edited)))
    known = database.read_now(partial(item_rows.known, feed_id=feed_id, keys=[key(edited)]))
    assert known[key(edited)].digest == digest(edited)
    assert column(database, "SELECT item_id FROM revision") == []


def test_an_id_is_never_given_twice(database: Database) -> None:
    old = stored(database, 1, 2, 3)
    pruned(database)
    (new,) = added(database, arrival(entry(9)))
    assert new not in old


# --- any database ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Story:
    """An item as it may lie in a database."""

    age: int
    listed: bool
    judge: bool
    read: bool
    #: State of the delivery of its alert; None where it did not ring.
    state: str | None
    alert_age: int


STORIES = st.builds(
    Story,
    age=st.integers(0, 400),
    listed=st.booleans(),
    judge=st.booleans(),
    read=st.booleans(),
    state=st.sampled_from([None, "queued", "sending", "sent", "undelivered", "withheld"]),
    alert_age=st.integers(0, 900),
)
KEEPS = st.builds(
    Keep,
    items=st.integers(1, 365).map(lambda days: timedelta(days=days)),
    alerts=st.integers(1, 800).map(lambda days: timedelta(days=days)),
    size=st.none() | st.just(Size(1)) | st.just(Size(250_000)),
)


def waits(tx: Tx, number: int, due: dict[str, datetime | None]) -> None:
    tx.execute(update(t.item).where(t.item.c.id == number).values(due))


def told_of(database: Database, stories: list[Story]) -> None:
    for number, story in enumerate(stories, 1):
        (kept,) = stored(database, number, seen_at=NOW - story.age * DAY)
        if story.state:
            rung(database, kept, made_at=NOW - story.alert_age * DAY, state=story.state)
    listed(database, 999, *(number for number, story in enumerate(stories, 1) if story.listed))
    for number, story in enumerate(stories, 1):
        due = {"judge_due_at": NOW if story.judge else None, "read_due_at": NOW if story.read else None}
        database.write_now(partial(waits, number=number, due=due))


def test_nothing_goes_that_is_open_due_or_listed(database: Database) -> None:
    with Again(database) as again:

        @given(stories=st.lists(STORIES, min_size=1, max_size=12), keep=KEEPS, rounds=st.integers(1, 3))
        @short_law
        def holds(stories: list[Story], keep: Keep, rounds: int) -> None:
            again()
            told_of(database, stories)
            announced = database.read_now(partial(would_go, keep=keep, now=NOW))
            first, *_ = [pruned(database, keep) for _ in range(rounds)]
            assert (first.items, first.alerts, first.seen) == (announced.items, announced.alerts, announced.seen)
            check(database, stories, keep)
            is_whole(database)

        holds()


def check(database: Database, stories: list[Story], keep: Keep) -> None:
    left, keys = set(items(database)), {bytes(each) for each in column(database, "SELECT key FROM seen")}
    alerts = {int(each.split()[-1]) for each in column(database, "SELECT body ->> 'headline' FROM alert")}
    for number, story in enumerate(stories, 1):
        held = story.listed or story.judge or story.read or story.state in {"queued", "sending"}
        held = held or number == len(stories)
        young = story.age * DAY <= keep.items
        if held or (young and (keep.size is None or story.age <= 1)):
            assert number in left
        elif not young:
            assert number not in left
        if story.listed or story.age < 180 or number in left:
            assert key(entry(number)) in keys
        if story.state and (
            number in left or story.state in {"queued", "sending"} or story.alert_age * DAY <= keep.alerts
        ):
            assert number in alerts
