"""What a message says of several alerts: which rules rang for what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from monitor.alert import Alert, Delivery, Digest, Priority
from monitor.channel import Message
from monitor.render import moments, repeats
from monitor.render.alert import SUBJECT_WIDTH, headline, short_id, source
from monitor.render.inert import link, short
from monitor.render.payload import digest_json
from monitor.sheet import Brief, Line, Part, Run, Sheet, line, sheet

#: Alerts that a digest shows in a chat; the others are counted.
_CHAT_ALERTS = 10
#: Characters of a headline in a chat's narrow column.
_CHAT_WIDTH = 100


def message(digest: Digest, delivery: Delivery, zone: tzinfo) -> Message:
    """Return what to send of a digest."""
    again, head = delivery.may_repeat, _subject(digest, zone)
    return Message(
        id=delivery.id,
        receiver=delivery.receiver,
        subject=repeats.noted(head, again=again),
        sheet=_sheet(digest, head, zone, again=again),
        chat=_chat(digest, head, zone, again=again),
        brief=Brief(words=repeats.noted(head, again=again), name="wirebell alerts list"),
        payload=repeats.marked(digest_json(digest), again=again),
        line=repeats.noted(f"{digest.made_at.astimezone(zone):%H:%M:%S} {head}", again=again),
        urgent=any(each.priority is Priority.URGENT for each in digest.alerts),
    )


def _subject(digest: Digest, zone: tzinfo) -> str:
    count = len(digest.alerts)
    return f"{count} alert{'' if count == 1 else 's'}, late ({moments.span(digest, zone)})"


def _sheet(digest: Digest, head: str, zone: tzinfo, *, again: bool) -> Sheet:
    return sheet(
        (line(Part.HEADLINE, head),),
        *_lists(digest.alerts, zone, width=SUBJECT_WIDTH),
        (repeats.line(again=again),),
        (more(0),),
    )


def _chat(digest: Digest, head: str, zone: tzinfo, *, again: bool) -> Sheet:
    omitted = max(0, len(digest.alerts) - _CHAT_ALERTS)
    return sheet(
        (line(Part.HEADLINE, head, strong=True),),
        *_lists(digest.alerts[:_CHAT_ALERTS], zone, width=_CHAT_WIDTH),
        (more(omitted), line(Part.REPEATS, "may repeat") if again else None),
        omitted=omitted,
    )


def more(omitted: int) -> Line:
    """Return the line that says where all of them are, and how many are not shown."""
    return line(
        Part.MORE, f"and {omitted} more: wirebell alerts list" if omitted else "All of them: wirebell alerts list"
    )


def _lists(alerts: Sequence[Alert], zone: tzinfo, *, width: int) -> Iterator[list[Line]]:
    """Yield the alerts under the rules that rang, the rules in the order of their first alert."""
    for rule in dict.fromkeys(each.rule for each in alerts):
        rung = [_entry(each, zone, width=width) for each in alerts if each.rule == rule]
        yield [line(Part.HEADING, rule, strong=True), *rung]


def _entry(alert: Alert, zone: tzinfo, *, width: int) -> Line:
    runs = (
        Run(text=f"{alert.seen.astimezone(zone):%H:%M}  "),
        Run(text=short(headline(alert), width), strong=True, link=link(alert.link)),
        Run(text=f" ({source(alert)}, {short_id(alert)})"),
    )
    return Line(part=Part.ENTRY, runs=runs)
