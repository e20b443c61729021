"""Whether a delivery that is due may go out now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.alert import Alert, Digest, Kind, Mark, Notice, Priority, Sign, What, owed
from monitor.channel import Channel, Console
from monitor.hours import Quiet, Times
from monitor.mute import Mute, Scope
from monitor.policy import Case, Decision, Look, Reason, Send, Together, Wait, Withhold, decide, goes, looks_back

NIGHT = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
MORNING = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
NOTICE = Notice(id="n", kind=Kind.HELLO, subject="hello", message="Watching 1 feed.", made_at=NIGHT)
DESK = Channel(name="desk", target=Console())


def resting(wake: Priority = Priority.URGENT) -> Channel:
    return replace(DESK, quiet=Quiet.parse("22:00-07:00"), wake=wake)


def alert(priority: Priority = Priority.NORMAL, **known: Any) -> Alert:  # noqa: ANN401 - fields of an alert
    made = Alert(
        id="a",
        kind=Kind.NEW,
        rule="nato",
        priority=priority,
        item_id=1,
        version=1,
        feed="wire",
        source="Wire",
        headline="Allies weigh guarantees",
        link="",
        published=NIGHT,
        seen=NIGHT,
        language=None,
        read="headline",
        read_reason="",
        strength=1.0,
        place="headline",
        evidence=(),
        made_at=NIGHT,
    )
    return replace(made, **known)


def digest(*alerts: Alert, kind: Kind = Kind.LATE) -> Digest:
    return Digest(id="d", kind=kind, alerts=alerts, made_at=NIGHT)


def case(what: What, channel: Channel, now: datetime, **known: Any) -> Case:  # noqa: ANN401 - fields of it or its delivery
    """Return the case of a delivery that was owed at 23:00."""
    (delivery,) = owed(what.id, "desk", ("",), NIGHT, rule=getattr(what, "rule", ""))
    of_delivery = {name: known.pop(name) for name in (*known,) if hasattr(delivery, name)}
    due = replace(delivery, **of_delivery)
    return Case(delivery=due, what=what, channel=channel, zone=UTC, now=now, **known)


def decided(what: What, channel: Channel, now: datetime, **known: Any) -> Decision:  # noqa: ANN401 - as above
    return decide(case(what, channel, now, **known))


# --- quiet hours -----------------------------------------------------------------------------------------------------


def test_a_channel_without_quiet_hours_gets_everything_at_once() -> None:
    assert decided(alert(Priority.LOW), DESK, NIGHT) == Send(reason=Reason.DUE)


def test_in_quiet_hours_an_alert_waits_for_their_end() -> None:
    assert decided(alert(), resting(), NIGHT) == Wait(until=MORNING, reason=Reason.QUIET)


def test_outside_quiet_hours_an_alert_goes() -> None:
    assert decided(alert(), resting(), MORNING) == Send()


@pytest.mark.parametrize("wake", list(Priority))
@pytest.mark.parametrize("priority", list(Priority))
def test_what_matters_enough_wakes(priority: Priority, wake: Priority) -> None:
    wakes = isinstance(decided(alert(priority), resting(wake), NIGHT), Send)
    assert wakes == (list(Priority).index(priority) >= list(Priority).index(wake))


def test_a_notice_never_wakes() -> None:
    assert decided(NOTICE, resting(Priority.LOW), NIGHT) == Wait(until=MORNING, reason=Reason.QUIET)


@pytest.mark.parametrize(("priority", "wakes"), [(Priority.HIGH, False), (Priority.URGENT, True)])
def test_a_digest_wakes_if_anything_in_it_does(priority: Priority, wakes: bool) -> None:  # noqa: FBT001 - in a table
    assert isinstance(decided(digest(alert(Priority.LOW), alert(priority)), resting(), NIGHT), Send) == wakes


@pytest.mark.parametrize("moment", [NIGHT, MORNING])
@pytest.mark.parametrize("priority", list(Priority))
def test_a_priority_goes_when_an_alert_of_it_would(priority: Priority, moment: datetime) -> None:
    sent = isinstance(decided(alert(priority), resting(Priority.HIGH), moment), Send)
    assert goes(priority, resting(Priority.HIGH), UTC, moment) == sent


def test_what_people_asked_for_by_hand_goes_at_night() -> None:
    assert decided(alert(), resting(), NIGHT, by_hand=True) == Send()


# --- mutes -----------------------------------------------------------------------------------------------------------

DRILL = Mute(
    id="m", scope=Scope.RULE, what="nato", made_at=NIGHT, until=NIGHT + timedelta(hours=2), who="Anna", why="a drill"
)
WIRE = replace(DRILL, scope=Scope.FEED, what="wire", who="", why="")


def test_a_muted_alert_is_withheld_before_anything_else_is_asked() -> None:
    reason = "muted: rule nato, until Wed 25 Nov 01:00 by Anna: a drill"
    assert decided(alert(), resting(), NIGHT, mutes=(DRILL,)) == Withhold(reasons={"a": reason})


def test_of_several_mutes_the_one_that_ends_last_is_named() -> None:
    reason = "muted: feed wire, until Wed 25 Nov 01:00"
    assert decided(alert(), DESK, NIGHT, mutes=(DRILL, WIRE)) == Withhold(reasons={"a": reason})


def test_what_no_mute_covers_goes() -> None:
    assert decided(alert(rule="siemens"), DESK, NIGHT, mutes=(DRILL,)) == Send()


def test_a_notice_cannot_be_muted() -> None:
    assert decided(NOTICE, DESK, NIGHT, mutes=(DRILL,)) == Send()


def test_what_is_muted_is_taken_out_of_a_digest() -> None:
    both = digest(alert(), alert(id="b", rule="siemens"))
    held = decided(both, DESK, NIGHT, mutes=(DRILL,))
    assert isinstance(held, Withhold)
    assert list(held.reasons) == ["a"]


def test_a_digest_of_which_nothing_is_left_is_withheld_too() -> None:
    held = decided(digest(alert(), alert(id="b")), DESK, NIGHT, mutes=(DRILL,))
    assert isinstance(held, Withhold)
    assert {"a", "b"} < set(held.reasons)
    assert held.reasons["d"] == "muted"


def test_a_digest_whose_alerts_are_all_damaged_is_not_called_muted() -> None:
    assert decided(digest(), DESK, NIGHT, mutes=(DRILL,)) == Send()


def test_what_people_asked_for_by_hand_is_told_though_it_is_muted() -> None:
    assert decided(alert(), DESK, NIGHT, mutes=(DRILL,), by_hand=True) == Send()


# --- digests ---------------------------------------------------------------------------------------------------------

DAILY = replace(DESK, digest=Times.parse(["07:00", "18:00"]))
IN_A_DIGEST = Together(kind=Kind.DIGEST, reason=Reason.DIGEST, reasons=(Reason.QUIET, Reason.DIGEST))


def test_an_alert_waits_for_the_next_digest() -> None:
    assert decided(alert(), DAILY, NIGHT) == Wait(until=MORNING, reason=Reason.DIGEST)


def test_at_the_time_of_the_digest_it_comes_together_with_others() -> None:
    assert decided(alert(), DAILY, MORNING, reason=str(Reason.DIGEST)) == IN_A_DIGEST


def test_what_is_first_looked_at_after_the_time_of_its_digest_comes_at_once() -> None:
    assert decided(alert(), DAILY, MORNING + timedelta(hours=2)) == IN_A_DIGEST


def test_an_alert_that_wakes_waits_for_no_digest() -> None:
    assert decided(alert(Priority.URGENT), DAILY, NIGHT) == Send()


def test_a_notice_waits_for_no_digest() -> None:
    assert decided(NOTICE, DAILY, NIGHT) == Send()


def test_what_comes_in_the_place_of_another_channel_waits_for_no_digest() -> None:
    assert decided(alert(), DAILY, NIGHT, instead_of="mail") == Send()


def test_what_was_tried_before_waits_for_no_other_digest() -> None:
    assert decided(alert(), DAILY, NIGHT, attempts=1) == Send()


def test_a_digest_within_the_quiet_hours_comes_when_they_end() -> None:
    channel = replace(resting(), digest=Times.parse(["03:00"]))
    three = NIGHT + timedelta(hours=4)
    assert decided(alert(), channel, three, reason=str(Reason.QUIET)) == Wait(until=MORNING, reason=Reason.QUIET)
    assert decided(alert(), channel, MORNING, reason=str(Reason.QUIET)) == IN_A_DIGEST


def test_what_the_quiet_hours_held_comes_together_when_they_end() -> None:
    assert decided(alert(), resting(), MORNING, reason=str(Reason.QUIET)) == replace(IN_A_DIGEST, reason=Reason.QUIET)


@pytest.mark.parametrize("known", [{"unknown": 1}, {"by_hand": True}])
def test_what_may_have_arrived_or_was_asked_for_comes_by_itself(known: dict[str, Any]) -> None:
    assert decided(alert(), resting(), MORNING, reason=str(Reason.QUIET), **known) == Send()


# --- bursts ----------------------------------------------------------------------------------------------------------

FIVE = tuple(NIGHT + timedelta(seconds=number) for number in range(5))
SOON = NIGHT + timedelta(minutes=1)
IN_A_BUNDLE = Together(
    kind=Kind.BUNDLE,
    reason=Reason.BURST,
    reasons=(Reason.BURST, Reason.DAILY),
    alike=("receiver", "instead_of", "rule"),
)


def test_the_sixth_alert_of_a_rule_in_ten_minutes_waits_for_the_end_of_them() -> None:
    held = Wait(until=NIGHT + timedelta(minutes=10), reason=Reason.BURST)
    assert decided(alert(), DESK, SOON, told=FIVE) == held
    assert decided(alert(), DESK, SOON, told=FIVE[1:]) == Send()


def test_when_more_than_five_were_told_the_newest_five_count() -> None:
    held = Wait(until=NIGHT + timedelta(minutes=10, seconds=1), reason=Reason.BURST)
    assert decided(alert(), DESK, SOON, told=(*FIVE, SOON)) == held


def test_what_a_burst_held_comes_together_when_it_is_over() -> None:
    over = NIGHT + timedelta(minutes=10)
    assert decided(alert(), DESK, over, told=FIVE, reason=str(Reason.BURST)) == IN_A_BUNDLE


@pytest.mark.parametrize(
    ("what", "channel", "known"),
    [
        (alert(Priority.URGENT), DESK, {}),
        (alert(), replace(DESK, burst=None), {}),
        (alert(), DESK, {"attempts": 1}),
        (alert(), DESK, {"by_hand": True}),
        (digest(alert()), DESK, {}),
        (NOTICE, DESK, {}),
    ],
    ids=["urgent", "no limit", "tried before", "by hand", "digest", "notice"],
)
def test_what_no_burst_holds(what: What, channel: Channel, known: dict[str, Any]) -> None:
    assert decided(what, channel, SOON, told=FIVE, **known) == Send()
    assert looks_back(case(what, channel, SOON, **known)) is None


def test_how_far_back_is_looked_depends_on_what_is_limited() -> None:
    assert looks_back(case(alert(), DESK, SOON)) == Look(since=SOON - timedelta(minutes=10), most=5)
    assert looks_back(case(alert(), DESK, SOON, at_most=3)) == Look(since=NIGHT.replace(hour=0), most=5)
    assert looks_back(case(alert(), DESK, SOON, at_most=20)) == Look(since=NIGHT.replace(hour=0), most=20)


# --- the daily number ------------------------------------------------------------------------------------------------

FREE = replace(DESK, burst=None)
MIDNIGHT = datetime(2026, 11, 25, 0, 0, tzinfo=UTC)


def test_a_rule_that_rang_often_enough_today_waits_for_the_hour() -> None:
    held = Wait(until=MIDNIGHT, reason=Reason.DAILY)
    assert decided(alert(), FREE, SOON, told=FIVE, at_most=5) == held
    assert decided(alert(), FREE, SOON, told=FIVE, at_most=6) == Send()


def test_on_the_hour_the_rest_comes_together() -> None:
    bundle = replace(IN_A_BUNDLE, reason=Reason.DAILY)
    early = NIGHT - timedelta(hours=1)
    known = {"told": (early,), "at_most": 1, "made_at": early, "reason": str(Reason.DAILY)}
    assert decided(alert(), FREE, early + timedelta(minutes=59), **known) == Wait(until=NIGHT, reason=Reason.DAILY)
    assert decided(alert(), FREE, NIGHT, **known) == bundle
    assert decided(alert(), FREE, NIGHT, **known | {"reason": ""}) == bundle


def test_what_rang_yesterday_does_not_count() -> None:
    assert decided(alert(), FREE, MIDNIGHT + timedelta(minutes=1), told=FIVE, at_most=5) == Send()


def test_an_urgent_rule_keeps_to_its_daily_number_too() -> None:
    assert isinstance(decided(alert(Priority.URGENT), DESK, SOON, told=FIVE, at_most=5), Wait)


# --- acknowledgements ------------------------------------------------------------------------------------------------

ANNA = Mark(alert_id="a", sign=Sign.ACKNOWLEDGED, who="Anna", at=NIGHT)


def test_what_somebody_acknowledged_is_withheld_from_the_next_channel() -> None:
    held = Withhold(reasons={"a": "acknowledged by Anna 23:00"})
    assert decided(alert(), DESK, NIGHT, acknowledged=ANNA, escalated_from="mail") == held
    assert decided(alert(), DESK, NIGHT, acknowledged=ANNA, by_hand=True) == Send()


def test_what_nobody_acknowledged_waits_for_no_digest() -> None:
    assert decided(alert(), DAILY, NIGHT, escalated_from="mail") == Send()
