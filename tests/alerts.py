"""An alert as people get it, and its message."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from monitor import render
from monitor.alert import Alert, Delivery, Kind, Priority, What
from monitor.channel import Message
from monitor.rule import Evidence

NOW = datetime(2026, 11, 24, 9, 11, 7, tzinfo=UTC)


def alert(**changes: object) -> Alert:
    """Return an alert, changed as a test wants it."""
    sentence = "NATO foreign ministers discussed security guarantees."
    spans = ((0, 4, "NATO"), (33, 52, "security guarantees"))
    known = Alert(
        id="7f3k2bq5aaaaaaaa",
        kind=Kind.NEW,
        rule="nato",
        priority=Priority.NORMAL,
        item_id=7,
        version=1,
        feed="reuters",
        source="Reuters",
        headline="Allies weigh written guarantees for Kyiv",
        link="https://example.com/world/allies-weigh",
        published=NOW,
        seen=NOW,
        language="en",
        read="article",
        read_reason="",
        strength=0.74,
        place="all words in one sentence, paragraph 3",
        evidence=(Evidence(field="text", sentence=sentence, spans=spans),),
        made_at=NOW,
    )
    return replace(known, **changes)  # type: ignore[arg-type]


def message(what: What | None = None, *, receiver: str = "", unknown: int = 0) -> Message:
    """Return the message to a receiver; ``unknown`` is after how many attempts of which nobody knows the end."""
    delivery = Delivery(
        id="delivery22222222",
        alert_id="7f3k2bq5aaaaaaaa",
        channel="desk",
        receiver=receiver,
        due_at=NOW,
        made_at=NOW,
        unknown=unknown,
    )
    return render.message(what or alert(), delivery=delivery, zone=ZoneInfo("Europe/Berlin"))
