"""Whether a delivery that is due may go out now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.alert import Alert, Digest, Kind, Notice, Priority, What, owed
from monitor.channel import Channel, Console
from monitor.hours import Quiet
from monitor.mute import Mute, Scope
from monitor.policy import Case, Decision, Reason, Send, Wait, Withhold, decide, goes

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


def decided(what: What, channel: Channel, now: datetime, **known: Any) -> Decision:  # noqa: ANN401 - fields of a case or a delivery
    """Return what is decided about a delivery that was owed at 23:00."""
    (delivery,) = owed(what.id, "desk", ("",), NIGHT, rule=getattr(what, "rule", ""))
    of_delivery = {name: known.pop(name) for name in (*known,) if hasattr(delivery, name)}
    return decide(
        Case(delivery=replace(delivery, **of_delivery), what=what, channel=channel, zone=UTC, now=now, **known)
    )


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


def test_what_people_asked_for_by_hand_is_told_though_it_is_muted() -> None:
    assert decided(alert(), DESK, NIGHT, mutes=(DRILL,), by_hand=True) == Send()
