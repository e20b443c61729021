"""What a mute covers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from monitor.errors import RuleError
from monitor.mute import Mute, Scope, mute_id, query
from monitor.rule import Evidence
from tests.test_policy import NIGHT, alert

STRIKE = replace(
    alert(),
    rule="harbour",
    headline="Dockers walk out in Norvik",
    evidence=(Evidence(field="text", sentence="The strikes at the harbour go on.", spans=()),),
)
MUTE = Mute(id="m", scope=Scope.RULE, what="harbour", made_at=NIGHT, until=NIGHT + timedelta(hours=1))


@pytest.mark.parametrize(
    ("scope", "what", "covered"),
    [
        (Scope.RULE, "harbour", True),
        (Scope.RULE, "harbours", False),
        (Scope.FEED, "wire", True),
        (Scope.FEED, "harbour", False),
        (Scope.TEXT, "Norvik", True),
        (Scope.TEXT, "harbour strike", True),
        (Scope.TEXT, '"harbour strike"', False),
        (Scope.TEXT, "Norvik AND feed:wire", True),
        (Scope.TEXT, "Velmar", False),
    ],
)
def test_a_mute_covers_what_it_names(scope: Scope, what: str, *, covered: bool) -> None:
    assert replace(MUTE, scope=scope, what=what).covers(STRIKE) is covered


def test_a_text_that_is_no_query_is_refused() -> None:
    with pytest.raises(RuleError, match="closed"):
        query("(harbour")


@pytest.mark.parametrize(
    ("who", "why", "reason"),
    [
        ("", "", "rule harbour, until Wed 25 Nov 00:00"),
        ("Anna", "", "rule harbour, until Wed 25 Nov 00:00 by Anna"),
        ("", "a drill", "rule harbour, until Wed 25 Nov 00:00: a drill"),
        ("Anna", "a drill", "rule harbour, until Wed 25 Nov 00:00 by Anna: a drill"),
    ],
)
def test_a_mute_says_until_when_by_whom_and_why(who: str, why: str, reason: str) -> None:
    assert replace(MUTE, who=who, why=why).reason(NIGHT, UTC) == reason


def test_a_mute_holds_until_it_ends_or_is_ended() -> None:
    assert MUTE.is_in_force(NIGHT)
    assert not MUTE.is_in_force(MUTE.until)
    assert not replace(MUTE, ended_at=NIGHT).is_in_force(NIGHT)


def test_the_id_of_a_mute_follows_from_what_it_is() -> None:
    assert mute_id(Scope.RULE, "nato", NIGHT) == mute_id(Scope.RULE, "nato", NIGHT)
    assert mute_id(Scope.RULE, "nato", NIGHT) != mute_id(Scope.FEED, "nato", NIGHT)
