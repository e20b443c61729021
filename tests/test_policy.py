"""Whether a delivery that is due may go out now."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.alert import Alert, Digest, Kind, Notice, Priority
from monitor.channel import Channel, Console
from monitor.hours import Quiet
from monitor.policy import Reason, Send, Wait, decide, goes

NIGHT = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
MORNING = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
NOTICE = Notice(id="n", kind=Kind.HELLO, subject="hello", message="Watching 1 feed.", made_at=NIGHT)


def resting(wake: Priority = Priority.URGENT) -> Channel:
    return Channel(name="desk", target=Console(), quiet=Quiet.parse("22:00-07:00"), wake=wake)


def alert(priority: Priority) -> Alert:
    return Alert(
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


def test_a_channel_without_quiet_hours_gets_everything_at_once() -> None:
    assert decide(alert(Priority.LOW), Channel(name="desk", target=Console()), UTC, NIGHT) == Send(reason=Reason.DUE)


def test_in_quiet_hours_an_alert_waits_for_their_end() -> None:
    assert decide(alert(Priority.NORMAL), resting(), UTC, NIGHT) == Wait(until=MORNING, reason=Reason.QUIET)


def test_outside_quiet_hours_an_alert_goes() -> None:
    assert decide(alert(Priority.NORMAL), resting(), UTC, MORNING) == Send()


@pytest.mark.parametrize("wake", list(Priority))
@pytest.mark.parametrize("priority", list(Priority))
def test_what_matters_enough_wakes(priority: Priority, wake: Priority) -> None:
    wakes = isinstance(decide(alert(priority), resting(wake), UTC, NIGHT), Send)
    assert wakes == (list(Priority).index(priority) >= list(Priority).index(wake))


def test_a_notice_never_wakes() -> None:
    assert decide(NOTICE, resting(Priority.LOW), UTC, NIGHT) == Wait(until=MORNING, reason=Reason.QUIET)


@pytest.mark.parametrize(("priority", "wakes"), [(Priority.HIGH, False), (Priority.URGENT, True)])
def test_a_digest_wakes_if_anything_in_it_does(priority: Priority, wakes: bool) -> None:  # noqa: FBT001 - in a table
    alerts = (alert(Priority.LOW), alert(priority))
    digest = Digest(id="d", kind=Kind.LATE, alerts=alerts, made_at=NIGHT)
    assert isinstance(decide(digest, resting(), UTC, NIGHT), Send) == wakes


@pytest.mark.parametrize("moment", [NIGHT, MORNING])
@pytest.mark.parametrize("priority", list(Priority))
def test_a_priority_goes_when_an_alert_of_it_would(priority: Priority, moment: datetime) -> None:
    sent = isinstance(decide(alert(priority), resting(Priority.HIGH), UTC, moment), Send)
    assert goes(priority, resting(Priority.HIGH), UTC, moment) == sent
