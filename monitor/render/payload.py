"""The documents that scripts read: ``alert.v1``, ``digest.v1`` and ``notice.v1``."""

from __future__ import annotations

from dataclasses import asdict

from monitor.alert import Alert, Digest, Notice, What
from monitor.outage import Outage
from monitor.render.inert import link
from monitor.render.moments import stamp


def document(what: What) -> dict[str, object]:
    """Return the document that scripts read of it."""
    match what:
        case Alert():
            return alert_json(what)
        case Notice():
            return notice_json(what)
        case Digest():
            return digest_json(what)


def alert_json(alert: Alert) -> dict[str, object]:
    """Return the alert as an ``alert.v1`` document."""
    changes = {"changes": [asdict(each) for each in alert.changes]} if alert.changes else {}
    return {
        "schema": "alert.v1",
        "id": alert.id,
        "kind": alert.kind.value,
        "rule": alert.rule,
        "priority": alert.priority.value,
        "feed": alert.feed,
        "headline": alert.headline,
        "link": link(alert.link),
        "published": stamp(alert.published),
        "seen": stamp(alert.seen),
        "language": alert.language,
        "urgency": alert.urgency,
        "read": alert.read,
        "strength": alert.strength,
        "place": alert.place,
        "evidence": [
            {"field": str(each.field), "sentence": each.sentence, "spans": [list(span) for span in each.spans]}
            for each in alert.evidence
        ],
        "story": {"id": str(alert.item_id), "update": 0, "others": []},
        **changes,
    }


def notice_json(notice: Notice) -> dict[str, object]:
    """Return the notice as a ``notice.v1`` document."""
    feed = {} if notice.feed is None else {"feed": notice.feed}
    return {
        "schema": "notice.v1",
        "id": notice.id,
        "kind": notice.kind.value,
        **feed,
        "subject": notice.subject,
        "message": notice.message,
        "made_at": stamp(notice.made_at),
    }


def digest_json(digest: Digest) -> dict[str, object]:
    """Return the digest as a ``digest.v1`` document."""
    return {
        "schema": "digest.v1",
        "id": digest.id,
        "reason": digest.kind.value,
        **({"reasons": list(digest.reasons)} if digest.reasons else {}),
        "alerts": [alert_json(each) for each in digest.alerts],
    }


def outage_json(outage: Outage) -> dict[str, object]:
    """Return what a document says of the outage before it."""
    return {"since": stamp(outage.since), "until": stamp(outage.until), "waiting": outage.waiting}
