"""What wirebell says of itself at its start and after a reload."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor import greeting
from monitor.alert import Delivery, DeliveryState, Kind
from monitor.feed import FeedState, State
from monitor.greeting import FeedFacts, RuleFacts

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 9, 14, tzinfo=UTC)


def state(**changes: object) -> FeedState:
    known: dict[str, object] = {
        "id": 1,
        "name": "tass",
        "url": "https://tass.example/rss",
        "next_poll_at": NOW,
        "polled_at": NOW,
        "state": State.OK,
    }
    return FeedState(**{**known, **changes})  # type: ignore[arg-type]


def every(minutes: float, count: int = 10) -> tuple[datetime, ...]:
    return tuple(NOW - n * timedelta(minutes=minutes) for n in range(count))


def test_a_feed_that_is_fine_tells_its_items_its_newest_and_its_rhythm() -> None:
    facts = FeedFacts(state=state(), items=50, published=every(6), reads_articles=True)
    expected = "ok, 50 items, newest 10:14, about one every 6 min, articles are read too"
    assert greeting.feed_words(facts, NOW, BERLIN) == expected


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"state": State.FAILING, "reason": "server answered: 403 Forbidden"},
            "failing: server answered: 403 Forbidden",
        ),
        ({"polled_at": None, "state": State.NEW}, "not answered yet"),
        ({"enabled": False}, "off"),
        ({}, "ok, 1 item"),
    ],
)
def test_a_feed_is_told_as_it_stands(changed: dict[str, object], words: str) -> None:
    facts = FeedFacts(state=state(**changed), items=1, published=(), reads_articles=False)
    assert greeting.feed_words(facts, NOW, BERLIN) == words


@pytest.mark.parametrize(
    ("published", "words"),
    [
        (every(6), "about one every 6 min"),
        (every(0.2), "about one every 1 min"),
        (every(160), "about 9 a day"),
        (every(3 * 24 * 60), "about one every 3 days"),
        (every(6, count=2), ""),
        ((NOW, NOW, NOW), ""),
    ],
)
def test_the_rhythm_is_the_median_gap(published: tuple[datetime, ...], words: str) -> None:
    assert greeting.rhythm_words(published) == words


@pytest.mark.parametrize(
    ("hits", "words"),
    [
        (1, "would have rung once in what is there now (last 08:52, TASS)"),
        (2, "would have rung twice in what is there now (last 08:52, TASS)"),
        (7, "would have rung 7 times in what is there now (last 08:52, TASS)"),
    ],
)
def test_a_rule_tells_how_often_it_would_have_rung(hits: int, words: str) -> None:
    last = datetime(2026, 11, 24, 7, 52, tzinfo=UTC)
    facts = RuleFacts(name="nato", hits=hits, last_at=last, last_feed="TASS")
    assert greeting.rule_words(facts, NOW, BERLIN) == words


def test_a_rule_without_hits_says_so() -> None:
    assert greeting.rule_words(RuleFacts(name="nato", hits=0), NOW, BERLIN) == "would not have rung"


def test_an_older_day_is_named() -> None:
    assert greeting.clock(NOW - timedelta(days=1), NOW, BERLIN) == "Mon 23 Nov 10:14"


def test_a_hello_tells_what_is_watched_and_what_would_have_rung() -> None:
    rules = (RuleFacts(name="nato", hits=2, last_at=NOW, last_feed="TASS"), RuleFacts(name="siemens", hits=0))
    notice = greeting.hello("desk", 2, rules, NOW, BERLIN)
    assert notice.kind is Kind.HELLO
    assert notice.message == (
        "Watching 2 feeds for 2 rules. In what is there now, nato would have rung twice (last 10:14, TASS)."
    )


def test_a_hello_says_so_where_nothing_would_have_rung() -> None:
    notice = greeting.hello("desk", 1, (RuleFacts(name="nato", hits=0),), NOW, BERLIN)
    assert notice.message == "Watching 1 feed for 1 rule. Nothing that is there now would have rung."


def test_a_channel_has_one_hello_whenever_it_is_greeted() -> None:
    first = greeting.hello("desk", 2, (), NOW, BERLIN)
    second = greeting.hello("desk", 3, (), NOW + timedelta(days=1), BERLIN)
    assert first.id == second.id
    assert first.id != greeting.hello("mail", 2, (), NOW, BERLIN).id


def delivery(state: DeliveryState, reason: str = "") -> Delivery:
    return Delivery(
        id="d", alert_id="a", channel="desk", state=state, reason=reason, due_at=NOW, made_at=NOW, attempts=1
    )


@pytest.mark.parametrize(
    ("hellos", "words"),
    [
        ([delivery(DeliveryState.SENT)], "hello message delivered"),
        ([delivery(DeliveryState.SENT), delivery(DeliveryState.QUEUED)], "hello message queued"),
        ([delivery(DeliveryState.UNDELIVERED, "401")], "hello message undelivered: 401"),
    ],
)
def test_a_channel_is_told_by_what_became_of_its_hello(hellos: list[Delivery], words: str) -> None:
    assert greeting.channel_words(hellos) == words


def test_an_applied_config_tells_what_changed_and_tries_new_rules() -> None:
    facts = (RuleFacts(name="nato", hits=1, last_at=NOW, last_feed="TASS"), RuleFacts(name="un", hits=0))
    notice = greeting.applied("config.toml", ("2 rules added",), facts, NOW, BERLIN)
    assert notice.message == (
        "config.toml applied 10:14: 2 rules added. "
        "In the last seven days nato would have rung once (last 10:14, TASS). "
        "In the last seven days un would not have rung."
    )


def test_a_config_without_effect_says_so() -> None:
    notice = greeting.applied("config.toml", (), (), NOW, BERLIN)
    assert notice.message == "config.toml applied 10:14: nothing that is watched changed."


def test_a_refused_config_names_every_fault_and_what_goes_on() -> None:
    since = NOW - timedelta(minutes=44)
    notice = greeting.refused("config.toml", ("config.toml:12: a", "config.toml:14: b"), since, NOW, BERLIN)
    assert notice.subject == "config.toml NOT applied"
    assert notice.message.split("\n") == [
        "config.toml NOT applied:",
        "config.toml:12: a",
        "config.toml:14: b",
        "Still running the version of 09:30.",
    ]


def test_two_reloads_are_two_notices() -> None:
    first = greeting.applied("config.toml", (), (), NOW, BERLIN)
    assert first.id != greeting.applied("config.toml", (), (), NOW + timedelta(seconds=1), BERLIN).id


@pytest.mark.parametrize(
    ("before", "after", "changed", "words"),
    [
        (["a"], ["a", "b"], 0, ("1 rule added",)),
        (["a", "b"], [], 0, ("2 rules removed",)),
        (["a"], ["a"], 1, ("1 rule changed",)),
        (["a"], ["b"], 0, ("1 rule added", "1 rule removed")),
        (["a"], ["a"], 0, ()),
    ],
)
def test_changes_are_counted_in_words(
    before: list[str], after: list[str], changed: int, words: tuple[str, ...]
) -> None:
    assert greeting.changes(before, after, "rule", changed=changed) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, ()), (1, ("1 message withheld, channel removed",)), (3, ("3 messages withheld, channel removed",))],
)
def test_what_a_removed_channel_leaves_behind_is_said(count: int, words: tuple[str, ...]) -> None:
    assert greeting.withheld(count) == words
