"""Alerts and notices as documents: the snapshot that is kept, and sent however the item changes later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Any

from monitor.alert import Alert, Kind, Notice, Priority
from monitor.rule import Evidence


def document(what: Alert | Notice) -> dict[str, Any]:
    """Return what is kept of an alert or a notice."""
    return {name: _plain(value) for name, value in asdict(what).items()}


def what(kept: Mapping[str, Any]) -> Alert | Notice:
    """Return the alert or notice that was kept."""
    common = {"kind": Kind(kept["kind"]), "made_at": datetime.fromisoformat(kept["made_at"])}
    if "rule" not in kept:
        return Notice(**{**kept, **common})
    special = {
        "priority": Priority(kept["priority"]),
        "published": datetime.fromisoformat(kept["published"]),
        "seen": datetime.fromisoformat(kept["seen"]),
        "evidence": evidence(kept["evidence"]),
    }
    return Alert(**{**kept, **common, **special})


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
