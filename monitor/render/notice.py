"""What a message says of wirebell itself."""

from __future__ import annotations

from datetime import tzinfo

from monitor.alert import Delivery, Notice
from monitor.channel import Message
from monitor.render import repeats
from monitor.render.inert import clean
from monitor.render.payload import notice_json
from monitor.sheet import Brief, Part, line, sheet


def message(notice: Notice, delivery: Delivery, zone: tzinfo) -> Message:
    """Return what to send of a notice."""
    again, head = delivery.may_repeat, clean(notice.subject)
    notes = [line(Part.NOTE, words) for words in map(clean, notice.message.split("\n")) if words]
    return Message(
        id=delivery.id,
        receiver=delivery.receiver,
        subject=repeats.noted(head, again=again),
        sheet=sheet((line(Part.HEADLINE, head),), notes, (repeats.line(again=again),)),
        chat=sheet(
            (line(Part.HEADLINE, head, strong=True), *notes), (line(Part.REPEATS, "may repeat") if again else None,)
        ),
        brief=Brief(words=repeats.noted(head, again=again)),
        payload=repeats.marked(notice_json(notice), again=again),
        line=repeats.noted(f"{notice.made_at.astimezone(zone):%H:%M:%S} {head}", again=again),
        topic="notices",
    )
