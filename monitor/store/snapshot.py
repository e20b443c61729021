"""Alerts and notices as documents: the snapshot that is kept, and sent however the item changes later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Any

from monitor.alert import Alert, Change, Digest, Kind, Notice, Priority
from monitor.errors import DamagedRow
from monitor.rule import Evidence
from monitor.urgency import Urgency

_DAMAGED = "what was kept of it is damaged: {}"


def document(what: Alert | Notice) -> dict[str, Any]:
    """Return what is kept of an alert or a notice."""
    return {name: _plain(value) for name, value in asdict(what).items()}


def what(kept: Mapping[str, Any]) -> Alert | Notice:
    """Return the alert or notice that was kept; raise DamagedRow where that makes no sense any more."""
    try:
        return _what(kept)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DamagedRow(_DAMAGED.format(error)) from error


def _what(kept: Mapping[str, Any]) -> Alert | Notice:
    common = {"kind": Kind(kept["kind"]), "made_at": datetime.fromisoformat(kept["made_at"])}
    if "rule" not in kept:
        return Notice(**{**kept, **common})
    special = {
        "priority": Priority(kept["priority"]),
        "published": datetime.fromisoformat(kept["published"]),
        "seen": datetime.fromisoformat(kept["seen"]),
        "evidence": evidence(kept["evidence"]),
        "urgency": Urgency(kept["urgency"]) if kept.get("urgency") else None,
        "changes": tuple(Change(**each) for each in kept.get("changes", ())),
    }
    return Alert(**{**kept, **common, **special})


def sound(kept: Mapping[str, Any]) -> Alert | Notice | None:
    """Return the alert or notice that was kept, None where it is damaged."""
    with suppress(DamagedRow):
        return what(kept)
    return None


def digest_document(made: Digest) -> dict[str, Any]:
    """Return what is kept of a digest; the alerts that it carries are kept already."""
    reasons = {each.id: reason for each, reason in zip(made.alerts, made.reasons, strict=False)}
    return {"id": made.id, "kind": made.kind.value, "made_at": made.made_at.isoformat(), "reasons": reasons}


def digest(kept: Mapping[str, Any], alerts: Sequence[Mapping[str, Any]]) -> Digest:
    """Return the digest that was kept, with the alerts that it carries, but for those that are damaged.

    Raises DamagedRow where it makes no sense itself.
    """
    carried = tuple(each for each in map(sound, alerts) if isinstance(each, Alert))
    try:
        made_at, held = datetime.fromisoformat(kept["made_at"]), kept.get("reasons")
        reasons = tuple(held.get(each.id, "") for each in carried) if held else ()
        return Digest(id=kept["id"], kind=Kind(kept["kind"]), alerts=carried, made_at=made_at, reasons=reasons)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DamagedRow(_DAMAGED.format(error)) from error


def evidence(kept: Sequence[Mapping[str, Any]]) -> tuple[Evidence, ...]:
    """Return the evidence that was kept."""
    return tuple(
        Evidence(field=each["field"], sentence=each["sentence"], spans=tuple(tuple(span) for span in each["spans"]))
        for each in kept
    )


def evidence_document(found: Sequence[Evidence]) -> list[dict[str, Any]]:
    """Return what is kept of evidence."""
    return [asdict(each) for each in found]


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat()
        case StrEnum():
            return value.value
        case _:
            return value
