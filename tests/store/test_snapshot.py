"""Alerts and notices as documents."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from monitor.alert import Alert, Notice
from monitor.item import Item, Reading
from monitor.store import snapshot
from tests.store.samples import NOW, alert, entry, evidence, notice

ITEM = Item(
    id=1,
    feed_id=1,
    feed="tass",
    source="ТАСС",
    key=b"0123456789abcdef",
    version=1,
    entry=entry(),
    seen_at=NOW,
    baseline=False,
    reading=Reading.NOT_WANTED,
)


@pytest.mark.parametrize(
    "what",
    [
        alert(ITEM),
        replace(alert(ITEM), evidence=(), language="ru", read_reason="server answered 403"),
        notice(),
        replace(notice(), feed="tass"),
    ],
    ids=["alert", "alert without evidence", "notice", "notice about a feed"],
)
def test_what_is_kept_comes_back_whole(what: Alert | Notice) -> None:
    assert snapshot.what(json.loads(json.dumps(snapshot.document(what)))) == what


def test_evidence_comes_back_whole() -> None:
    assert snapshot.evidence(json.loads(json.dumps(snapshot.evidence_document(evidence())))) == evidence()
