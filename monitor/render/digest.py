"""What a message says of several alerts: which rules rang for what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from math import ceil

from monitor.alert import Alert, Delivery, Digest, Kind, Priority
from monitor.channel import Message
from monitor.render import moments, repeats
from monitor.render.alert import SUBJECT_WIDTH, begun, headline, short_id, source
from monitor.render.inert import clean, link, short
from monitor.render.payload import digest_json
from monitor.sheet import Brief, Line, Part, Run, Sheet, line, sheet

#: Alerts that a digest shows in a chat; the others are counted.
_CHAT_ALERTS = 10
#: A longer time is told in hours.
_MOST_MINUTES = 120
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
        topic=_only_rule(digest) or "digests",
        urgent=any(each.priority is Priority.URGENT for each in digest.alerts),
    )


def _subject(digest: Digest, zone: tzinfo) -> str:
    made = digest.made_at.astimezone(zone)
    match digest.kind:
        case Kind.DIGEST:
            return f"{moments.date(made)}, {made:%H:%M}: {_count(digest)}"
        case Kind.BUNDLE:
            rule = _only_rule(digest)
            return f"{f'{rule}: ' if rule else ''}{_count(digest, 'more ')} in {_lasting(digest)}"
        case _:
            return f"{_count(digest)}, late ({moments.span(digest, zone)})"


def _count(digest: Digest, more: str = "") -> str:
    return f"{len(digest.alerts)} {more}alert{'' if len(digest.alerts) == 1 else 's'}"


def _only_rule(digest: Digest) -> str:
    rules = {each.rule for each in digest.alerts}
    return rules.pop() if len(rules) == 1 else ""


def _lasting(digest: Digest) -> str:
    """Return in what time the alerts were made, rounded up so that it is never said to be shorter than it was."""
    made = [each.made_at for each in digest.alerts]
    minutes = max(1, ceil((max(made) - min(made)) / timedelta(minutes=1)))
    if minutes > _MOST_MINUTES:
        return f"{ceil(minutes / 60)} hours"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def _sheet(digest: Digest, head: str, zone: tzinfo, *, again: bool) -> Sheet:
    return sheet(
        (line(Part.HEADLINE, head), line(Part.SOURCE, f"Times are {digest.made_at.astimezone(zone):%Z}.")),
        *_lists(digest, zone, width=SUBJECT_WIDTH),
        (repeats.line(again=again),),
        (more(0),),
    )


def _chat(digest: Digest, head: str, zone: tzinfo, *, again: bool) -> Sheet:
    omitted = max(0, len(digest.alerts) - _CHAT_ALERTS)
    return sheet(
        (line(Part.HEADLINE, head, strong=True),),
        *_lists(_shown(digest, _CHAT_ALERTS), zone, width=_CHAT_WIDTH),
        (more(omitted), line(Part.REPEATS, "may repeat") if again else None),
        omitted=omitted,
    )


def more(omitted: int) -> Line:
    """Return the line that says where all of them are, and how many are not shown."""
    return line(
        Part.MORE, f"and {omitted} more: wirebell alerts list" if omitted else "All of them: wirebell alerts list"
    )


def _shown(digest: Digest, most: int) -> Digest:
    return replace(digest, alerts=digest.alerts[:most], reasons=digest.reasons[:most])


def _lists(digest: Digest, zone: tzinfo, *, width: int) -> Iterator[list[Line]]:
    """Yield the alerts under the rules that rang, the rules in the order of their first alert."""
    reasons = digest.reasons or ("",) * len(digest.alerts)
    held = list(zip(digest.alerts, reasons, strict=True))
    for rule in dict.fromkeys(each.rule for each in digest.alerts):
        rung = [_entry(each, why, digest.made_at, zone, width) for each, why in held if each.rule == rule]
        yield [line(Part.HEADING, rule, strong=True), *rung]


def _entry(alert: Alert, why: str, made_at: datetime, zone: tzinfo, width: int) -> Line:
    runs = (
        Run(text=f"{moments.at(alert.seen, zone, made_at)}  "),
        Run(text=short(begun(alert, headline(alert)), width), strong=True, link=link(alert.link)),
        Run(text=f" ({source(alert)}, "),
        Run(text=short_id(alert), whole=True),
        Run(text=f"; {clean(why)})" if why else ")"),
    )
    return Line(part=Part.ENTRY, runs=runs)
