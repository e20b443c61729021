"""Items: what is known, what is to be judged, what is to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

import pytest

from monitor import item as nouns
from monitor.item import ArticleText, Entry, Item, Known, NoText, Reading, Unreadable
from monitor.store import configs, items
from monitor.store.database import Database, Tx
from tests.store.samples import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    added,
    arrival,
    declared,
    entry,
    get,
    known_feed,
    plan,
    synced,
    to_judge,
)


def known(database: Database, *entries: Entry, feed: str = "tass") -> Mapping[bytes, Known]:
    keys = [nouns.key(each) for each in entries]
    return database.read_now(partial(items.known, feed_id=known_feed(database, feed).id, keys=keys))


def revised(database: Database, item_id: int, words: Entry) -> None:
    changed = partial(items.revise, item_id=item_id, entry=words, digest=nouns.digest(words), now=NOW + HOUR)
    database.write_now(changed)


def judged(database: Database, *batch: Item) -> None:
    version = database.write_now(kept_config)
    database.write_now(partial(items.judged, items=batch, config=version))


def kept_config(tx: Tx) -> int:
    return configs.record(tx, "sha", "toml", NOW)


def claimed(
    database: Database, *, limit: int = 8, busy: frozenset[str] = frozenset(), now: datetime = NOW, lease: str = "mine"
) -> tuple[Item, ...]:
    claim = partial(items.claim_reading, now=now, limit=limit, lease=lease, until=NOW + 5 * MINUTE, busy_hosts=busy)
    return database.write_now(claim)


def read(database: Database, item: Item, result: ArticleText | NoText) -> bool:
    return database.write_now(partial(items.read, item=item, result=result, now=NOW + MINUTE))


def revisions(database: Database, item_id: int) -> list[tuple[int, str]]:
    def rows(tx: Tx) -> list[tuple[int, str]]:
        sql = "SELECT version, headline FROM revision WHERE item_id = ? ORDER BY version"
        return [(row.version, row.headline) for row in tx.exec_driver_sql(sql, (item_id,))]

    return database.read_now(rows)


# --- polls -------------------------------------------------------------------------------------------------------


def test_an_item_comes_back_as_it_was_kept(database: Database) -> None:
    (number,) = added(database, arrival(entry(), reading=Reading.DUE))
    assert get(database, number) == Item(
        id=number,
        feed_id=known_feed(database).id,
        feed="tass",
        source="tass",
        key=nouns.key(entry()),
        version=1,
        entry=entry(),
        seen_at=NOW,
        baseline=False,
        reading=Reading.DUE,
    )


def test_a_feed_that_gives_itself_a_title_is_the_source(database: Database) -> None:
    (number,) = added(database, arrival())
    database.write_now(lambda tx: tx.exec_driver_sql("UPDATE feed SET title = 'ТАСС'"))
    assert (get(database, number).feed, get(database, number).source) == ("tass", "ТАСС")


def test_ids_follow_the_order_of_arrival(database: Database) -> None:
    first = added(database, arrival(entry(2)), arrival(entry(1)))
    second = added(database, arrival(entry(3)))
    assert [get(database, number).entry.guid for number in first + second] == [
        "urn:news:2",
        "urn:news:1",
        "urn:news:3",
    ]
    assert list(first + second) == sorted(first + second)


def test_nothing_new_is_nothing_kept(database: Database) -> None:
    assert added(database) == ()


def test_what_was_kept_is_known_with_its_digest(database: Database) -> None:
    (number,) = added(database, arrival(entry(1)))
    assert known(database, entry(1), entry(2)) == {nouns.key(entry(1)): nouns.remembered(entry(1), number)}


def test_an_entry_is_known_in_its_own_feed_only(database: Database) -> None:
    added(database, arrival(entry(1)), feed="tass")
    assert known(database, entry(1), feed="un") == {}


def test_of_a_thousand_keys_those_are_known_that_were_kept(database: Database) -> None:
    entries = [entry(number) for number in range(1000)]
    added(database, *map(arrival, entries[::3]))
    assert [*known(database, *entries)] == [nouns.key(each) for each in entries[::3]]


def test_an_item_is_known_once(database: Database) -> None:
    added(database, arrival())
    with pytest.raises(Exception, match=r"UNIQUE constraint failed: seen\.feed_id, seen\.key"):
        added(database, arrival())
    assert len(database.read_now(partial(items.newest, limit=9))) == 1


# --- revisions ---------------------------------------------------------------------------------------------------


def test_changed_words_are_a_new_version_and_the_old_ones_a_revision(database: Database) -> None:
    (number,) = added(database, arrival())
    changed = replace(entry(), headline="Another headline", author="B. Writer", categories=("sport",))
    revised(database, number, changed)
    after = get(database, number)
    assert (after.version, after.entry) == (2, changed)
    assert revisions(database, number) == [(1, "Headline number 1")]
    assert known(database, entry())[nouns.key(entry())].digest == nouns.digest(changed)


def test_a_changed_item_is_judged_again(database: Database) -> None:
    (number,) = added(database, arrival())
    judged(database, *to_judge(database))
    revised(database, number, replace(entry(), headline="Another headline"))
    assert to_judge(database, NOW) == ()
    (again,) = to_judge(database, NOW + HOUR)
    assert (again.id, again.version) == (number, 2)


def test_twenty_revisions_are_kept(database: Database) -> None:
    (number,) = added(database, arrival())
    for version in range(2, 31):
        revised(database, number, replace(entry(), headline=f"Version {version}"))
    kept = [version for version, _ in revisions(database, number)]
    assert (get(database, number).version, kept) == (30, list(range(10, 30)))


def test_a_change_touches_no_other_item(database: Database) -> None:
    first, second = added(database, arrival(entry(1)), arrival(entry(2)))
    before, known_before = get(database, second), known(database, entry(2))
    revised(database, first, replace(entry(1), headline="Another headline"))
    assert (get(database, second), known(database, entry(2))) == (before, known_before)


# --- judging -----------------------------------------------------------------------------------------------------


def test_items_are_judged_in_the_order_of_their_arrival(database: Database) -> None:
    ids = added(database, *(arrival(entry(number)) for number in range(5)))
    assert [each.id for each in to_judge(database)] == list(ids)
    assert [each.id for each in to_judge(database, limit=2)] == list(ids[:2])


def test_a_judged_item_is_due_no_more_and_tells_the_config(database: Database) -> None:
    (number,) = added(database, arrival())
    judged(database, *to_judge(database))
    assert to_judge(database) == ()
    sql = "SELECT judged_by FROM item WHERE id = ?"
    assert database.read_now(lambda tx: tx.exec_driver_sql(sql, (number,)).scalar_one()) == 1


def test_judging_nothing_is_no_question(database: Database) -> None:
    assert plan(database, partial(items.judged, items=(), config=1)) == []


def test_an_item_that_changed_while_it_was_judged_stays_due(database: Database) -> None:
    (number,) = added(database, arrival())
    stale = to_judge(database)
    revised(database, number, replace(entry(), headline="Another headline"))
    judged(database, *stale)
    assert [each.version for each in to_judge(database, NOW + HOUR)] == [2]


def test_an_item_whose_article_came_while_it_was_judged_stays_due(database: Database) -> None:
    added(database, arrival(reading=Reading.DUE))
    stale = to_judge(database)
    (wanted,) = claimed(database)
    read(database, wanted, ArticleText(text="All of it."))
    judged(database, *stale)
    assert [each.text for each in to_judge(database, NOW + MINUTE)] == ["All of it."]


def test_an_item_that_cannot_be_judged_can_wait(database: Database) -> None:
    first, second = added(database, arrival(entry(1)), arrival(entry(2)))
    database.write_now(partial(items.postpone_judging, item_id=first, until=NOW + HOUR))
    assert [each.id for each in to_judge(database)] == [second]
    assert [each.id for each in to_judge(database, NOW + HOUR)] == [second, first]


def test_an_item_that_was_judged_meanwhile_is_not_made_due_by_putting_it_off(database: Database) -> None:
    (number,) = added(database, arrival())
    judged(database, *to_judge(database))
    database.write_now(partial(items.postpone_judging, item_id=number, until=NOW))
    assert to_judge(database) == ()


def test_history_can_be_let_ring(database: Database) -> None:
    recent, undated, old, rung = added(
        database,
        arrival(entry(1, published=NOW - HOUR), baseline=True),
        arrival(entry(2, published=None), baseline=True),
        arrival(entry(3, published=NOW - 2 * DAY), baseline=True),
        arrival(entry(4, published=NOW - HOUR), baseline=False),
    )
    judged(database, *to_judge(database))
    assert database.write_now(partial(items.release_baseline, since=NOW - DAY, now=NOW)) == 1
    assert [(each.id, each.baseline) for each in to_judge(database)] == [(recent, False)]
    assert [get(database, number).baseline for number in (undated, old, rung)] == [True, True, False]


# --- articles ----------------------------------------------------------------------------------------------------


def test_an_article_that_is_wanted_is_due_at_once(database: Database) -> None:
    first, _ = added(database, arrival(entry(1), reading=Reading.DUE), arrival(entry(2)))
    assert [(each.id, each.lease) for each in claimed(database)] == [(first, "mine")]


def test_articles_are_claimed_one_for_each_host_that_is_not_busy(database: Database) -> None:
    links = ("https://a.example/1", "https://a.example/2", "https://b.example/1", "https://c.example/1")
    added(database, *(arrival(entry(n, link=link), reading=Reading.DUE) for n, link in enumerate(links)))
    found = claimed(database, busy=frozenset({"b.example"}))
    assert [each.entry.link for each in found] == ["https://a.example/1", "https://c.example/1"]


def test_no_more_articles_are_claimed_than_asked(database: Database) -> None:
    links = (f"https://{host}.example/" for host in "abcd")
    added(database, *(arrival(entry(n, link=link), reading=Reading.DUE) for n, link in enumerate(links)))
    assert [each.entry.link for each in claimed(database, limit=2)] == ["https://a.example/", "https://b.example/"]


def test_a_claimed_article_is_not_claimed_again_until_its_lease_ends(database: Database) -> None:
    added(database, arrival(reading=Reading.DUE))
    claimed(database)
    assert claimed(database, now=NOW + 4 * MINUTE) == ()
    assert len(claimed(database, now=NOW + 5 * MINUTE)) == 1


def test_the_text_of_an_article_is_kept_and_the_item_judged_again(database: Database) -> None:
    (number,) = added(database, arrival(reading=Reading.DUE))
    judged(database, *to_judge(database))
    (wanted,) = claimed(database)
    assert read(database, wanted, ArticleText(text="All of it."))
    (again,) = to_judge(database, NOW + MINUTE)
    assert again == get(database, number)
    assert (again.reading, again.text, again.lease, again.version) == (Reading.READ, "All of it.", "", 1)
    assert claimed(database, now=NOW + DAY) == ()


@pytest.mark.parametrize(
    ("detail", "words"), [("server answered 403", "server answered 403"), ("", "page was refused")]
)
def test_an_article_that_cannot_be_had_leaves_its_reason(database: Database, detail: str, words: str) -> None:
    added(database, arrival(reading=Reading.DUE))
    judged(database, *to_judge(database))
    (wanted,) = claimed(database)
    read(database, wanted, NoText(reason=Unreadable.REFUSED, detail=detail))
    (again,) = to_judge(database, NOW + MINUTE)
    assert (again.reading, again.reading_reason, again.text) == (Reading.FAILED, words, None)
    assert claimed(database, now=NOW + DAY) == ()


def test_what_may_pass_is_tried_once_more_before_the_item_is_judged_again(database: Database) -> None:
    added(database, arrival(reading=Reading.DUE))
    judged(database, *to_judge(database))
    passing = NoText(reason=Unreadable.REFUSED, detail="server answered 503", passing=True)
    (wanted,) = claimed(database)
    read(database, wanted, passing)
    assert to_judge(database, NOW + DAY) == ()
    assert claimed(database, now=NOW + MINUTE) == ()
    (again,) = claimed(database, now=NOW + 2 * MINUTE)
    assert (again.reading, again.reading_tries) == (Reading.DUE, 1)
    read(database, again, passing)
    assert [each.reading for each in to_judge(database, NOW + MINUTE)] == [Reading.FAILED]


def test_a_late_reader_changes_nothing(database: Database) -> None:
    (number,) = added(database, arrival(reading=Reading.DUE))
    (late,) = claimed(database, lease="first")
    (again,) = claimed(database, now=NOW + HOUR, lease="second")
    assert not read(database, late, ArticleText(text="late"))
    assert get(database, number).text is None
    assert read(database, again, ArticleText(text="good"))
    assert not read(database, again, ArticleText(text="twice"))
    assert get(database, number).text == "good"


def test_void_leases_free_what_a_killed_daemon_was_reading(database: Database) -> None:
    added(database, arrival(reading=Reading.DUE))
    (killed,) = claimed(database)
    database.write_now(items.void_leases)
    assert not read(database, killed, ArticleText(text="late"))
    assert len(claimed(database)) == 1


# --- questions ---------------------------------------------------------------------------------------------------


def test_an_item_is_found_by_its_link_the_newest_first(database: Database) -> None:
    link = "https://news.example/same"
    added(database, arrival(entry(1, link=link)))
    (newest,) = added(database, arrival(entry(1, link=link)), feed="un")
    assert get(database, link).id == newest


@pytest.mark.parametrize("ref", [99, "https://news.example/never"])
def test_an_item_that_was_never_seen_is_none(database: Database, ref: int | str) -> None:
    added(database, arrival())
    assert database.read_now(partial(items.get, ref=ref)) is None


def test_the_newest_items_come_first_of_one_feed_or_of_all(database: Database) -> None:
    synced(database, declared("tass"), declared("un"))
    one, two = added(database, arrival(entry(1)), arrival(entry(2)), feed="tass")
    (three,) = added(database, arrival(entry(1)), feed="un")
    tass = known_feed(database, "tass").id
    assert [each.id for each in database.read_now(partial(items.newest, limit=2))] == [three, two]
    assert [each.id for each in database.read_now(partial(items.newest, limit=9, feed_id=tass))] == [two, one]


def test_items_since_a_time_are_the_newest_of_them(database: Database) -> None:
    ages = (3 * DAY, 2 * DAY, DAY, HOUR)
    _, two, three, four = added(database, *(arrival(entry(n), seen_at=NOW - age) for n, age in enumerate(ages)))
    since = partial(items.since, when=NOW - 2 * DAY)
    assert [each.id for each in database.read_now(partial(since, limit=9))] == [four, three, two]
    assert [each.id for each in database.read_now(partial(since, limit=1))] == [four]


@pytest.mark.parametrize(
    ("question", "step"),
    [
        (
            partial(items.known, feed_id=1, keys=[b"a" * 16, b"b" * 16]),
            "SEARCH seen USING PRIMARY KEY (feed_id=? AND key=?)",
        ),
        (partial(items.judge_due, now=NOW, limit=50), "SEARCH item USING INDEX item_to_judge (judge_due_at<?)"),
        (
            partial(items.claim_reading, now=NOW, limit=8, lease="mine", until=NOW),
            "SEARCH item USING INDEX item_to_read (read_due_at<?)",
        ),
        (partial(items.get, ref="https://news.example/1"), "SEARCH item USING INDEX item_link (link=?)"),
        (partial(items.newest, limit=9, feed_id=1), "SEARCH item USING INDEX item_of_feed (feed_id=?)"),
        (partial(items.since, when=NOW, limit=9), "SEARCH item USING INDEX item_seen (seen_at>?)"),
    ],
    ids=["known", "to judge", "to read", "by link", "newest", "since"],
)
def test_questions_are_answered_by_an_index(database: Database, question: partial[object], step: str) -> None:
    steps = plan(database, question)
    assert any(each.startswith(step) for each in steps)
    assert not any(each.startswith(("SCAN item", "SCAN seen", "USE TEMP B-TREE")) for each in steps)
