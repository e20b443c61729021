"""An item and the rules that watch its feed: what rings, what waits, and who is owed a delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.alert import DeliveryState, Kind, Priority, alert_id
from monitor.channel import Channel, Console, Mail, Security
from monitor.feed import Feed
from monitor.item import Entry, Item, Reading, key
from monitor.judge import Bench, Watch, names
from monitor.rule import RuleTest, Where, compile_rule

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
TASS = Feed(name="tass", url="https://tass.example/rss", interval=timedelta(minutes=5), language="en", tags=("wire",))
UN = replace(TASS, name="un", url="https://un.example/rss", tags=())
DESK = Channel(name="desk", target=Console(), default=True)
MAIL = Channel(
    name="mail",
    target=Mail(
        to=("anna@bank.example", "ben@bank.example"),
        smtp="smtp.bank.example",
        port=25,
        security=Security.NONE,
        sender="bot@bank.example",
    ),
)
ENTRY = Entry(
    guid="1",
    link="https://tass.example/1",
    headline="Allies weigh guarantees for Kyiv",
    lead="Ministers met in Brussels on Tuesday.",
    published=NOW - timedelta(minutes=5),
)


def watch(name: str, match: str, *, where: Where = Where.ANYWHERE, feeds: tuple[str, ...] = ()) -> Watch:
    return Watch(rule=compile_rule(name, (match,), where=where, languages=("en",)), feeds=feeds)


def bench(*watches: Watch, feeds: Sequence[Feed] = (TASS, UN), channels: Sequence[Channel] = (DESK, MAIL)) -> Bench:
    return Bench(watches=watches, feeds=feeds, channels=channels)


def item(feed: str = "tass", *, entry: Entry = ENTRY, text: str | None = None, baseline: bool = False) -> Item:
    return Item(
        id=7,
        feed_id=1,
        feed=feed,
        source="TASS",
        key=key(entry),
        version=2,
        entry=entry,
        seen_at=NOW,
        baseline=baseline,
        reading=Reading.NOT_WANTED if text is None else Reading.READ,
        text=text,
    )


KYIV = watch("kyiv", "Kyiv")


# --- what rings ------------------------------------------------------------------------------------------------------


def test_only_a_wire_is_taken_at_its_word_for_what_is_urgent() -> None:
    flash = replace(ENTRY, headline="FLASH: Allies sign guarantees for Kyiv")
    signed, urgent = watch("signed", "urgency:flash Kyiv"), watch("urgent", "urgency:urgent")
    wire = replace(TASS, wire=True)
    ruling = bench(signed, urgent, feeds=(wire,)).judge(item(entry=flash), now=NOW)
    assert [(alert.rule, alert.urgency) for alert in ruling.alerts] == [("signed", "flash"), ("urgent", "flash")]
    assert bench(signed, urgent).judge(item(entry=flash), now=NOW).alerts == ()
    assert bench(signed, urgent, feeds=(wire,)).judge(item(), now=NOW).alerts == ()


def test_an_item_that_meets_a_rule_rings() -> None:
    ruling = bench(KYIV).judge(item(), now=NOW)
    assert [match.rule for match in ruling.matches] == ["kyiv"]
    (alert,) = ruling.alerts
    assert alert.id == alert_id("kyiv", "tass", key(ENTRY), Kind.NEW)
    assert (alert.kind, alert.rule, alert.feed, alert.source) == (Kind.NEW, "kyiv", "tass", "TASS")
    assert (alert.headline, alert.link) == (ENTRY.headline, ENTRY.link)
    assert (alert.published, alert.seen, alert.made_at) == (ENTRY.published, NOW, NOW)
    assert (alert.item_id, alert.version, alert.language, alert.read) == (7, 2, "en", "lead")
    assert alert.evidence[0].sentence == ENTRY.headline


def test_an_item_that_meets_no_rule_is_judged_all_the_same() -> None:
    ruling = bench(watch("rail", "railway strike")).judge(item(), now=NOW)
    assert (ruling.item_id, ruling.version) == (7, 2)
    assert (ruling.matches, ruling.alerts, ruling.deliveries) == ((), (), ())


def test_each_rule_that_is_met_has_an_alert_of_its_own() -> None:
    ruling = bench(KYIV, watch("talks", "Brussels")).judge(item(), now=NOW)
    assert {alert.rule for alert in ruling.alerts} == {"kyiv", "talks"}
    assert len({alert.id for alert in ruling.alerts}) == 2


def test_history_is_matched_but_does_not_ring() -> None:
    ruling = bench(KYIV).judge(item(baseline=True), now=NOW)
    assert [match.rule for match in ruling.matches] == ["kyiv"]
    assert (ruling.alerts, ruling.deliveries) == ((), ())


def test_judged_again_the_alert_has_the_same_id() -> None:
    first = bench(KYIV).judge(item(), now=NOW)
    again = bench(KYIV).judge(item(text="Kyiv was the subject."), now=NOW + timedelta(hours=1))
    assert [alert.id for alert in first.alerts] == [alert.id for alert in again.alerts]


def test_an_article_can_decide_a_rule() -> None:
    brussels = watch("trains", "night trains")
    assert bench(brussels).match(item()) == ()
    assert bench(brussels).match(item(text="The night trains to Kyiv were full. Night trains will run again."))


def test_an_alert_says_how_much_could_be_read_and_why_no_more() -> None:
    closed = replace(item(), reading=Reading.FAILED, reading_reason="server answered 403")
    (alert,) = bench(KYIV).judge(closed, now=NOW).alerts
    assert (alert.read, alert.read_reason) == ("lead", "server answered 403")


def test_an_alert_matters_as_much_as_its_rule() -> None:
    (alert,) = bench(replace(KYIV, priority=Priority.URGENT)).judge(item(), now=NOW).alerts
    assert alert.priority is Priority.URGENT


# --- what waits ------------------------------------------------------------------------------------------------------

REFUTABLE = watch("kyiv", "Kyiv NOT text:ceasefire")


def test_a_rule_that_the_article_could_refute_waits_for_it() -> None:
    ruling = bench(REFUTABLE).judge(replace(item(), reading=Reading.DUE), now=NOW)
    assert (ruling.matches, ruling.alerts) == ((), ())


@pytest.mark.parametrize("reading", [Reading.NOT_WANTED, Reading.FAILED, Reading.READ])
def test_it_waits_no_longer_when_the_article_is_there_or_cannot_be_had(reading: Reading) -> None:
    ruling = bench(REFUTABLE).judge(replace(item(), reading=reading), now=NOW)
    assert [alert.rule for alert in ruling.alerts] == ["kyiv"]


def test_an_article_that_refutes_a_rule_keeps_it_from_ringing() -> None:
    assert bench(REFUTABLE).judge(item(text="A ceasefire was signed in Kyiv."), now=NOW).alerts == ()


def test_a_rule_without_a_negation_waits_for_nothing() -> None:
    assert bench(KYIV).judge(replace(item(), reading=Reading.DUE), now=NOW).alerts


# --- who watches what ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("tass", True),
        ("ta*", True),
        ("*", True),
        ("TASS", False),
        ("un", False),
        ("tag:wire", True),
        ("tag:w*", True),
        ("tag:*", True),
        ("tag:tass", False),
        ("wire", False),
        ("t*e", False),
    ],
)
def test_a_pattern_names_a_feed_by_its_name_or_one_of_its_tags(*, pattern: str, named: bool) -> None:
    assert names(pattern, TASS) is named


def test_a_pattern_of_tags_does_not_name_a_feed_without_tags() -> None:
    assert not names("tag:*", UN)


@pytest.mark.parametrize(
    ("feeds", "rings"), [((), True), (("un",), False), (("un", "tass"), True), (("tag:wire",), True)]
)
def test_a_rule_rings_only_for_the_feeds_it_watches(*, feeds: tuple[str, ...], rings: bool) -> None:
    found = bench(watch("kyiv", "Kyiv", feeds=feeds)).judge(item(), now=NOW)
    assert (found.matches != (), found.alerts != ()) == (rings, rings)


def test_an_item_of_a_feed_that_is_no_longer_declared_meets_nothing() -> None:
    assert bench(KYIV).match(item("bbc")) == ()


def test_an_item_may_be_judged_as_one_of_a_feed_that_is_not_declared() -> None:
    file = replace(TASS, name="file", language=None)
    (alert,) = bench(KYIV).judge(item("file"), feed=file, now=NOW).alerts
    assert (alert.feed, alert.language) == ("file", None)


@pytest.mark.parametrize(
    ("watches", "wanted"),
    [
        ([KYIV], True),
        ([watch("kyiv", "Kyiv", where=Where.LEAD)], False),
        ([watch("kyiv", "Kyiv", where=Where.HEADLINE), KYIV], True),
        ([watch("kyiv", "Kyiv", feeds=("un",))], False),
        ([], False),
    ],
)
def test_articles_are_wanted_where_a_rule_that_watches_reads_them(*, watches: list[Watch], wanted: bool) -> None:
    assert bench(*watches).reads_articles(TASS) is wanted


# --- who is told -----------------------------------------------------------------------------------------------------


def told(*watches: Watch, channels: Sequence[Channel] = (DESK, MAIL)) -> list[tuple[str, str]]:
    ruling = bench(*watches, channels=channels).judge(item(), now=NOW)
    return [(delivery.channel, delivery.receiver) for delivery in ruling.deliveries]


def test_a_rule_that_names_no_channel_tells_the_default_ones() -> None:
    assert told(KYIV) == [("desk", "")]
    other = Channel(name="other", target=Console(), default=True)
    assert told(KYIV, channels=(DESK, MAIL, other)) == [("desk", ""), ("other", "")]


def test_a_rule_tells_the_channels_it_names_and_each_of_their_receivers() -> None:
    assert told(replace(KYIV, notify=("mail",))) == [("mail", "anna@bank.example"), ("mail", "ben@bank.example")]


def test_what_a_rule_on_trial_finds_is_kept_and_nobody_is_told() -> None:
    ruling = bench(replace(KYIV, trial=True), watch("guarantees", "guarantees")).judge(item(), now=NOW)
    kept, told = ruling.alerts
    assert (kept.rule, told.rule) == ("kyiv", "guarantees")
    assert [each.alert_id for each in ruling.deliveries] == [told.id]


def test_the_tests_of_a_rule_are_no_part_of_what_it_does() -> None:
    assert replace(KYIV, tests=(RuleTest(text="Kyiv"),)) == KYIV
    assert replace(KYIV, trial=True) != KYIV


def test_what_is_owed_is_due_at_once_and_belongs_to_the_alert() -> None:
    ruling = bench(KYIV).judge(item(), now=NOW)
    (delivery,) = ruling.deliveries
    assert (delivery.alert_id, delivery.state) == (ruling.alerts[0].id, DeliveryState.QUEUED)
    assert (delivery.due_at, delivery.made_at) == (NOW, NOW)


# --- escalations and the last day ------------------------------------------------------------------------------------


def owing(priority: Priority, *channels: Channel) -> list[tuple[str, str, timedelta]]:
    """Return, of each delivery that is owed, its channel, the one before it, and after what time it is due."""
    ruling = bench(replace(KYIV, priority=priority), channels=channels).judge(item(), now=NOW)
    return [(each.channel, each.escalated_from, each.due_at - NOW) for each in ruling.deliveries]


TEN, AT_ONCE = timedelta(minutes=10), timedelta(0)
BOSS = Channel(name="boss", target=Console(), escalate="chief", escalate_after=timedelta(minutes=5))
CHIEF = Channel(name="chief", target=Console(), escalate="desk")


def test_an_alert_that_would_wake_a_channel_is_owed_to_the_next_ones_later() -> None:
    desk = replace(DESK, escalate="boss")
    assert owing(Priority.HIGH, desk, BOSS, CHIEF) == [("desk", "", AT_ONCE)]
    assert owing(Priority.URGENT, desk, BOSS, CHIEF) == [
        ("desk", "", AT_ONCE),
        ("boss", "desk", TEN),
        ("chief", "boss", timedelta(minutes=15)),
    ]


def test_each_channel_says_itself_what_it_escalates() -> None:
    low = replace(DESK, escalate="boss", wake=Priority.LOW)
    assert owing(Priority.NORMAL, low, BOSS, CHIEF) == [("desk", "", AT_ONCE), ("boss", "desk", TEN)]


def test_what_a_channel_is_told_at_once_comes_before_what_it_may_be_told_later() -> None:
    desk, boss = replace(DESK, escalate="boss"), replace(BOSS, default=True, escalate="")
    first, second, later = owing(Priority.URGENT, desk, boss)
    assert [first, second, later] == [("desk", "", AT_ONCE), ("boss", "", AT_ONCE), ("boss", "desk", TEN)]


@pytest.mark.parametrize(("until", "rings"), [(NOW, False), (NOW + timedelta(seconds=1), True), (None, True)])
def test_a_rule_whose_last_day_is_over_matches_and_does_not_ring(until: datetime | None, *, rings: bool) -> None:
    ruling = bench(replace(KYIV, until=until)).judge(item(), now=NOW)
    assert (len(ruling.matches), bool(ruling.alerts), bool(ruling.deliveries)) == (1, rings, rings)
