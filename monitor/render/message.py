"""One message of an alert, a notice or a digest, which begins with why it comes late, or here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import tzinfo

from monitor.alert import Alert, Delivery, Digest, Notice, What
from monitor.channel import Message, Template
from monitor.outage import Outage, excuse, instead_of, unacknowledged
from monitor.render import alert, digest, notice, repeats
from monitor.render.payload import outage_json
from monitor.render.template import written
from monitor.sheet import Part, Sheet, line


def message(
    what: What, *, delivery: Delivery, zone: tzinfo, outage: Outage | None = None, template: Template | None = None
) -> Message:
    """Return what to send for the delivery; an alert as the template writes it, if there is one.

    One that may repeat says so. One that comes in another channel's place, or first after an outage, begins with that.
    """
    plain = _plain(what, delivery, zone)
    if template is not None and isinstance(what, Alert):
        plain = _own(plain, written(what, template, zone), delivery)
    return _prefaced(plain, delivery, outage, zone)


def _own(plain: Message, own: Sheet, delivery: Delivery) -> Message:
    """Return the message with what a template says in the place of all else; whether it may repeat stands below."""
    again = repeats.line(again=delivery.may_repeat)
    whole = replace(own, paragraphs=(*own.paragraphs, (again,))) if again else own
    return replace(plain, sheet=whole, chat=whole, brief=None)


def _plain(what: What, delivery: Delivery, zone: tzinfo) -> Message:
    match what:
        case Alert():
            return alert.message(what, delivery, zone)
        case Notice():
            return notice.message(what, delivery, zone)
        case Digest():
            return digest.message(what, delivery, zone)


def _prefaced(plain: Message, delivery: Delivery, outage: Outage | None, zone: tzinfo) -> Message:
    """Let a message begin with why it comes late, or here."""
    said = list(_prefaces(delivery, outage, zone))
    if not said:
        return plain
    lines = [line(Part.PREFACE, words) for words in said]
    here = {"instead_of": delivery.instead_of} if delivery.instead_of else {}
    here |= {"escalated_from": delivery.escalated_from} if delivery.escalated_from else {}
    late = {"outage": outage_json(outage)} if outage is not None else {}
    return replace(
        plain,
        sheet=plain.sheet.below(lines),
        chat=plain.chat.below(lines),
        payload={**plain.payload, **here, **late},
        line=f"{plain.line} ({' '.join(said).rstrip('.')})",
    )


def _prefaces(delivery: Delivery, outage: Outage | None, zone: tzinfo) -> Iterator[str]:
    if delivery.instead_of:
        yield instead_of(delivery.instead_of)
    if delivery.escalated_from:
        yield unacknowledged(delivery.escalated_from)
    if outage is not None:
        yield excuse(outage, zone)
