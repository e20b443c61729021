"""How far an item came for a rule: the stages in their order, where it stopped, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor import stages
from monitor.alert import Alert, DeliveryState, owed
from monitor.channel import Channel, Console
from monitor.feed import Feed, FeedState, State
from monitor.item import Entry, Item, Reading, key
from monitor.judge import Bench, Watch
from monitor.policy import Reason
from monitor.rule import compile_rule, explain
from monitor.stages import Absence, Clock, Course, Listing, Name, Stage, Trace

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
CLOCK = Clock(now=NOW, zone=UTC)
WIRE = Feed(name="wire", url="https://wire.example/rss", interval=timedelta(minutes=5), tags=("fast",))
ENTRY = Entry(
    guid="1",
    link="https://wire.example/1",
    headline="Harbour strike in Velmar",
    lead="The harbour strike begins on Thursday.",
    published=NOW - timedelta(minutes=9),
)
ITEM = Item(
    id=7,
    feed_id=1,
    feed="wire",
    source="Wire",
    key=key(ENTRY),
    version=1,
    entry=ENTRY,
    seen_at=NOW - timedelta(minutes=8),
    baseline=False,
    reading=Reading.NOT_WANTED,
)
STRIKE = Watch(rule=compile_rule("harbour", ("harbour strike",)))
QUIET = Watch(rule=compile_rule("quiet", ("quiet day",)))
DESK = Channel(name="desk", target=Console(), default=True)


HOLDS = ("quiet hours", "digest", "burst", "daily number", "escalation")


def rung(watch: Watch = STRIKE) -> Alert:
    (alert,) = Bench(watches=[watch], feeds=[WIRE], channels=[DESK]).judge(ITEM, now=NOW).alerts
    return alert


def told(**changes: Any) -> Trace:  # noqa: ANN401 - fields of a delivery
    """Return the trace of an alert with one delivery."""
    (delivery,) = owed(rung().id, "desk", ("",), NOW)
    return Trace(item=ITEM, judged_by=NOW, matched_at=NOW, alert=rung(), deliveries=(replace(delivery, **changes),))


def course(
    trace: Trace, watch: Watch = STRIKE, feed: Feed | None = WIRE, channels: Sequence[str] = ("desk",)
) -> Course:
    found = explain(watch.rule, Bench.text(trace.item, feed or WIRE))
    return stages.of_item(watch, feed, trace, found, channels=channels, clock=CLOCK)


def names(found: Course) -> list[str]:
    return [stage.name.value for stage in found.stages]


def stage(found: Course, name: Name) -> Stage:
    return next(each for each in found.stages if each.name is name)


# --- the order -------------------------------------------------------------------------------------------------------


def test_an_item_that_rang_came_through_every_stage() -> None:
    found = course(told(state=DeliveryState.SENT, sent_at=NOW))
    assert names(found) == ["seen", "read", "matched", "alert", "delivery"]
    assert all(each.held for each in found.stages)
    assert (found.verdict, found.not_reached) == (f"Alert a-{rung().id[:6]}, made 10:00: sent to desk.", ())


def test_what_comes_behind_the_stage_where_it_stopped_was_not_reached() -> None:
    found = course(Trace(item=ITEM), QUIET)
    assert names(found) == ["seen", "read", "matched"]
    assert found.not_reached == ("alert", "mute", *HOLDS, "desk")
    assert found.verdict == "No alert. quiet did not match what could be read of this item."


def test_the_rules_feeds_are_a_stage_where_it_names_some() -> None:
    watching = replace(QUIET, feeds=("tag:fast",))
    assert names(course(Trace(item=ITEM), watching)) == ["seen", "watched", "read", "matched"]
    elsewhere = course(Trace(item=ITEM), replace(QUIET, feeds=("bbc*",)))
    assert names(elsewhere) == ["seen", "watched"]
    assert elsewhere.stages[1].reason == "the rule watches bbc*, which is not wire"


def test_an_item_that_rang_was_watched_whatever_the_rule_says_now() -> None:
    assert "watched" not in names(course(told(), replace(STRIKE, feeds=("bbc*",))))


# --- seen and read ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "wire, 09:52 (published 09:51)"),
        ({"baseline": True}, "wire, 09:52 (published 09:51), it stood in the feed at its first poll"),
        ({"version": 3}, "wire, 09:52 (published 09:51), changed since, version 3"),
    ],
)
def test_when_it_was_seen_is_told_in_local_time(changes: dict[str, Any], reason: str) -> None:
    assert stage(course(Trace(item=replace(ITEM, **changes))), Name.SEEN).reason == reason


@pytest.mark.parametrize(
    ("changes", "word", "reason"),
    [
        ({}, "part", "headline and lead only; no article was asked for"),
        ({"entry": replace(ENTRY, lead="")}, "part", "headline only; no article was asked for"),
        ({"entry": replace(ENTRY, body="Text.")}, "yes", "headline, lead and the feed's own text"),
        ({"reading": Reading.DUE}, "part", "headline and lead only; the article is still to be read"),
        (
            {"reading": Reading.DUE, "reading_reason": "no whole answer in time"},
            "part",
            "headline and lead only; the article is still to be read (so far: no whole answer in time)",
        ),
        ({"reading": Reading.READ, "text": "Text."}, "yes", "headline, lead and article"),
        (
            {"reading": Reading.FAILED, "reading_reason": "server answered 403"},
            "part",
            "headline and lead only; article not read: server answered 403",
        ),
    ],
)
def test_how_much_could_be_read_is_told(changes: dict[str, Any], word: str, reason: str) -> None:
    found = stage(course(Trace(item=replace(ITEM, **changes))), Name.READ)
    assert (found.held, found.word, found.reason) == (True, word, reason)


# --- matched ---------------------------------------------------------------------------------------------------------


def test_what_is_absent_is_named_thing_by_thing() -> None:
    assert stage(course(Trace(item=ITEM), QUIET), Name.MATCHED).reason == "quiet: absent. day: absent."


def test_of_several_queries_the_one_that_comes_nearest_is_told() -> None:
    watch = Watch(rule=compile_rule("any", ("quiet day", "harbour fire", "noise")))
    found = stage(course(Trace(item=ITEM), watch), Name.MATCHED)
    assert found.reason == "fire: absent."
    assert [each.source for each in found.explanations] == ["quiet day", "harbour fire", "noise"]


def test_a_match_that_is_no_more_is_told_with_the_time_when_it_was() -> None:
    found = stage(course(Trace(item=ITEM, matched_at=NOW), QUIET), Name.MATCHED)
    assert (found.word, found.reason) == ("part", "it matched 10:00, and would not now. quiet: absent. day: absent.")


@pytest.mark.parametrize(
    ("headline", "shown"),
    [("Rain", False), ("Harbour rests", True), ("The habour rests", True), (ENTRY.headline, True)],
)
def test_a_tree_is_shown_where_it_says_more_than_what_is_absent(headline: str, *, shown: bool) -> None:
    (found,) = explain(STRIKE.rule, Bench.text(replace(ITEM, entry=Entry(headline=headline)), WIRE))
    assert stages.shown(found.tree) is shown


# --- alerts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trace", "reason"),
    [
        (Trace(item=ITEM, judge_due=True), "it is due to be judged"),
        (
            Trace(item=replace(ITEM, baseline=True), matched_at=NOW),
            "it stood in the feed at its first poll, and what is old does not ring",
        ),
        (Trace(item=ITEM, matched_at=NOW), "its alert is kept no longer"),
        (Trace(item=ITEM, judged_by=NOW), "it was judged by the config of 10:00, which did not match it"),
        (Trace(item=ITEM), "it was never judged"),
    ],
)
def test_a_match_without_an_alert_says_why(trace: Trace, reason: str) -> None:
    found = course(trace)
    assert (found.verdict, found.stages[-1].reason) == ("No alert, though harbour matches this item.", reason)


def test_a_rule_that_an_article_could_refute_says_that_it_waits() -> None:
    watch = Watch(rule=compile_rule("harbour", ("harbour strike NOT crane",)))
    found = course(Trace(item=replace(ITEM, reading=Reading.DUE), judged_by=NOW), watch)
    assert found.stages[-1].reason == "the rule says NOT, and waits for the article, which could hold that"


# --- channels --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "word", "reason"),
    [
        ({"state": DeliveryState.SENT, "sent_at": NOW}, "yes", "sent 10:00"),
        ({}, "part", "queued, due 10:00"),
        ({"reason": "connection failed", "attempts": 3}, "part", "queued, due 10:00: connection failed (3 attempts)"),
        ({"state": DeliveryState.BUNDLED, "reason": "late"}, "part", "bundled: late"),
        ({"state": DeliveryState.UNKNOWN, "reason": "no answer"}, "part", "unknown: no answer"),
        ({"state": DeliveryState.UNDELIVERED, "reason": "login refused"}, "no", "undelivered: login refused"),
        ({"state": DeliveryState.WITHHELD, "reason": "channel removed"}, "no", "withheld: channel removed"),
        ({"state": DeliveryState.SENT, "sent_at": NOW, "instead_of": "mail"}, "yes", "sent 10:00, in place of mail"),
    ],
)
def test_each_channel_tells_what_became_of_its_delivery(changes: dict[str, Any], word: str, reason: str) -> None:
    found = stage(course(told(**changes)), Name.DELIVERY)
    assert (found.title, found.word, found.reason) == ("desk", word, reason)


def test_quiet_hours_are_a_stage_where_something_waits_for_their_end() -> None:
    found = course(told(reason=str(Reason.QUIET), due_at=NOW + timedelta(hours=2)))
    assert names(found)[-2:] == ["quiet hours", "delivery"]
    assert stage(found, Name.QUIET).reason == "desk rests until 12:00"


@pytest.mark.parametrize(
    ("reason", "name", "words"),
    [
        (Reason.DIGEST, Name.DIGEST, "desk brings its digest 12:00"),
        (Reason.BURST, Name.BURST, "desk was told of the rule too often, and is told of the rest 12:00"),
        (Reason.UNACKNOWLEDGED, Name.ESCALATION, "desk is told unless it is acknowledged by 12:00"),
        (Reason.DAILY, Name.DAILY, "desk was told of the rule often enough today, and is told of the rest 12:00"),
    ],
)
def test_whatever_else_holds_an_alert_is_a_stage_of_its_own(reason: Reason, name: Name, words: str) -> None:
    found = course(told(reason=str(reason), due_at=NOW + timedelta(hours=2)))
    assert (names(found)[-2], stage(found, name).reason) == (name.value, words)


MUTED = {"state": DeliveryState.WITHHELD, "reason": "muted: rule harbour, until 12:00 by Anna"}


def test_a_mute_is_the_stage_where_a_muted_alert_stops() -> None:
    found = course(told(**MUTED))
    assert names(found)[-2:] == ["alert", "mute"]
    assert (found.stages[-1].word, found.stages[-1].reason) == ("no", "muted: rule harbour, until 12:00 by Anna")
    assert found.not_reached == (*HOLDS, "desk")
    assert found.verdict.endswith(": muted: rule harbour, until 12:00 by Anna.")
    assert found.tries == (
        f"wirebell alerts show a-{rung().id[:6]}",
        f"wirebell alerts resend a-{rung().id[:6]}",
    )


def test_a_mute_that_came_after_one_channel_was_told_stops_the_others_only() -> None:
    muted = told(**MUTED).deliveries[0]
    sent = replace(muted, channel="mail", state=DeliveryState.SENT, sent_at=NOW, reason="")
    found = course(replace(told(), deliveries=(muted, sent)))
    assert (stage(found, Name.MUTE).word, stage(found, Name.MUTE).reason) == (
        "part",
        "desk muted: rule harbour, until 12:00 by Anna",
    )
    assert [each.title for each in found.stages[-2:]] == ["desk", "mail"]


def test_what_waits_for_something_else_is_not_held_by_quiet_hours() -> None:
    assert "quiet hours" not in names(course(told(reason="connection failed")))


def test_several_receivers_are_told_apart_and_one_that_failed_stops_no_other() -> None:
    first, second = owed(rung().id, "mail", ("anna@bank.example", "ben@bank.example"), NOW)
    done = replace(second, state=DeliveryState.SENT, sent_at=NOW)
    lost = replace(first, state=DeliveryState.UNDELIVERED, reason="no such address")
    found = course(Trace(item=ITEM, alert=rung(), deliveries=(lost, done)))
    assert [(each.title, each.word) for each in found.stages[-2:]] == [
        ("mail (anna@bank.example)", "no"),
        ("mail (ben@bank.example)", "yes"),
    ]
    assert found.verdict.endswith(": undelivered for mail (anna@bank.example); sent to mail (ben@bank.example).")
    assert found.tries == (f"wirebell alerts show a-{rung().id[:6]}", "wirebell channels test mail")


@pytest.mark.parametrize(
    ("trial", "reason"),
    [(True, "the rule is on trial: kept, and nobody is told"), (False, "it was owed to no channel")],
)
def test_an_alert_that_was_owed_to_nobody_says_why(*, trial: bool, reason: str) -> None:
    found = course(Trace(item=ITEM, alert=rung()), replace(STRIKE, trial=trial))
    assert (found.stages[-1].held, found.stages[-1].reason) == (False, reason)
    assert found.verdict.endswith(f": {reason}.")


# --- what to do next -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trace", "watch", "tries"),
    [
        (
            Trace(item=replace(ITEM, reading=Reading.FAILED)),
            QUIET,
            (
                "wirebell feeds test wire (shows what comes now)",
                "with the text in hand: wirebell rules try quiet --file article.txt",
            ),
        ),
        (Trace(item=ITEM), QUIET, ("wirebell rules try quiet (shows what each word costs)",)),
        (
            Trace(item=replace(ITEM, entry=Entry(headline="Rain", body="Harbour.\n\n" + "No.\n\n" * 30 + "A strike."))),
            STRIKE,
            ("wirebell rules try harbour --passing (shows what else falls short)",),
        ),
        (
            Trace(item=ITEM),
            replace(QUIET, feeds=("bbc",)),
            ("wirebell rules list (shows which feeds each rule watches)",),
        ),
        (
            Trace(item=replace(ITEM, baseline=True)),
            STRIKE,
            ("wirebell run --catch-up 24h (rings for what is younger than that)",),
        ),
        (Trace(item=ITEM), STRIKE, ()),
    ],
)
def test_the_next_command_fits_where_it_stopped(trace: Trace, watch: Watch, tries: tuple[str, ...]) -> None:
    assert course(trace, watch).tries == tries


# --- texts in hand and links that no item has ------------------------------------------------------------------------


@pytest.mark.parametrize(("watch", "verdict"), [(STRIKE, "matches"), (QUIET, "does not match")])
def test_a_text_in_hand_was_seen_and_is_matched(watch: Watch, verdict: str) -> None:
    found = stages.of_text(watch, explain(watch.rule, Bench.text(ITEM, WIRE)), source="article.txt")
    assert (names(found), found.not_reached) == (["seen", "matched"], ())
    assert found.verdict == f"{watch.name} {verdict} this text."
    assert bool(found.tries) == (watch is QUIET)


def listing(name: str = "wire", **more: Any) -> Listing:  # noqa: ANN401 - fields of a listing
    state = FeedState(
        id=1, name=name, url=f"https://feeds.{name}.example/rss", next_poll_at=NOW, polled_at=NOW, state=State.OK
    )
    return Listing(state=state, **more)


def absent(*feeds: Listing, link: str = "https://www.wire.example/x") -> Course:
    return stages.of_nothing(Absence(link=link, feeds=feeds), clock=CLOCK)


def test_a_link_that_no_feed_listed_names_the_feeds_of_its_site() -> None:
    found = absent(listing(oldest=NOW - timedelta(hours=2), newest=NOW), listing("other"))
    assert found.verdict == (
        "No feed listed this link. wire was last read 10:00 and is ok; its items are kept from 08:00 to 10:00."
    )
    assert (names(found), found.stages[0].held) == (["seen"], False)
    assert found.not_reached == ("read", "matched", "alert", "mute", *HOLDS)
    assert found.tries == ("wirebell feeds test wire (shows what it lists now)",)


def test_a_feed_that_was_never_read_says_so() -> None:
    never = replace(listing(), state=replace(listing().state, polled_at=None))
    assert absent(never).verdict == "No feed listed this link. wire was never read."


@pytest.mark.parametrize(
    ("link", "reason"),
    [("https://elsewhere.org/x", "no feed is of elsewhere.org"), ("https://[x", "no feed is of that site")],
)
def test_a_link_of_no_known_site_says_so(link: str, reason: str) -> None:
    assert absent(listing(), link=link).stages[0].reason == reason


def test_a_link_whose_item_was_dropped_names_who_listed_it() -> None:
    found = absent(listing(), listing("other", dropped=NOW))
    assert found.verdict == "No longer kept. other listed it first 10:00."
    assert found.stages[0].reason == "the item was dropped since, as `keep` in the config says"


def test_a_match_after_the_last_day_of_its_rule_says_so() -> None:
    ended = replace(STRIKE, until=NOW - timedelta(hours=1))
    found = course(Trace(item=ITEM, matched_at=NOW, judged_by=NOW), ended)
    assert found.stages[-1].reason == "the rule had ended 09:00"
