"""What a message says of an alert: in full, for a chat's narrow column, and on one line."""

from __future__ import annotations

import re
from datetime import tzinfo

from monitor.alert import Alert, Change, Delivery, Kind, Priority, derived_id
from monitor.channel import Message
from monitor.render import moments, repeats
from monitor.render.inert import clean, link, short
from monitor.render.payload import alert_json
from monitor.render.quote import quote
from monitor.sheet import Brief, Line, Part, Run, Sheet, address, line, sheet

#: Characters of an alert's id that people see; any unique prefix names it.
SHOWN = 6
#: Sentences of evidence in a message.
SENTENCES = 3
#: Characters of a sentence that are shown around what matched: in full, and in a chat's narrow column.
WIDTH, _CHAT_WIDTH = 400, 240
#: Characters of a headline in a subject; longer ones are cut by mail programs anyway.
SUBJECT_WIDTH = 200

#: How a message begins that is not the first of its item.
_BEGINS = {Kind.UPDATE: "Update", Kind.CORRECTION: "Corrected", Kind.RETRACTION: "Withdrawn"}
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_READ = {
    "headline": "headline only",
    "lead": "headline and lead only",
    "article": "the feed's own text only",
}


def message(alert: Alert, delivery: Delivery, zone: tzinfo) -> Message:
    """Return what to send of an alert."""
    again = delivery.may_repeat
    words = f"{alert.rule}: {short(headline(alert), SUBJECT_WIDTH)} ({source(alert)})"
    return Message(
        id=delivery.id,
        receiver=delivery.receiver,
        subject=repeats.noted(begun(alert, words), again=again),
        sheet=_sheet(alert, zone, again=again),
        chat=_chat(alert, zone, again=again),
        brief=_brief(alert, zone, again=again),
        payload=repeats.marked(alert_json(alert), again=again),
        line=repeats.noted(_line(alert, zone), again=again),
        topic=alert.rule,
        thread=derived_id("story", alert.feed, alert.item_id, alert.link),
        urgent=alert.priority is Priority.URGENT,
    )


def _sheet(alert: Alert, zone: tzinfo, *, again: bool) -> Sheet:
    head = Line(part=Part.HEADLINE, runs=(Run(text=headline(alert), link=link(alert.link), cut=True),))
    where = line(Part.SOURCE, f"{source(alert)}, {moments.seen(alert, zone)}")
    return sheet(
        (change(alert), head, where, address(link(alert.link))),
        (quote(each, WIDTH) for each in alert.evidence[:SENTENCES]),
        (line(Part.WHY, each) for each in _reasons(alert)),
        (repeats.line(again=again),),
        (line(Part.NAME, f"rule {alert.rule}, alert {short_id(alert)}"),),
        language=alert.language,
    )


def _chat(alert: Alert, zone: tzinfo, *, again: bool) -> Sheet:
    where = Run(text=f" ({source(alert)}, {alert.seen.astimezone(zone):%H:%M})")
    note = _judged_on(alert)
    name = [alert.rule, _briefly(alert.place), short_id(alert), "may repeat" if again else ""]
    return sheet(
        (
            change(alert),
            Line(part=Part.HEADLINE, runs=(Run(text=headline(alert), strong=True, cut=True), where)),
            address(link(alert.link)),
            *(quote(each, _CHAT_WIDTH) for each in alert.evidence[:SENTENCES]),
        ),
        (
            line(Part.WHY, f"{note}.") if note else None,
            line(Part.NAME, " · ".join(part for part in name if part)),
        ),
        language=alert.language,
    )


def _brief(alert: Alert, zone: tzinfo, *, again: bool) -> Brief:
    return Brief(
        words=begun(alert, f"{alert.rule}: {headline(alert)}"),
        where=f"({source(alert)}, {alert.seen.astimezone(zone):%H:%M})",
        link=link(alert.link),
        name=f"{short_id(alert)}, may repeat" if again else short_id(alert),
    )


def _line(alert: Alert, zone: tzinfo) -> str:
    made = alert.made_at.astimezone(zone)
    where = ", ".join(part for part in (source(alert), moments.published(alert, zone, alert.made_at)) if part)
    rang = f", {_BEGINS[alert.kind].lower()}" if alert.kind in _BEGINS else " rang"
    return f'{made:%H:%M:%S} {alert.rule}{rang}: "{headline(alert)}" ({where})'


# --- corrections -------------------------------------------------------------------------------------------------


def begun(alert: Alert, words: str) -> str:
    """Return words about an alert, which begin with what it is to its item where it is not the first."""
    return f"{_BEGINS[alert.kind]}: {words}" if alert.kind in _BEGINS else words


def change(alert: Alert) -> Line | None:
    """Return the line that says what a correction changed; None where there is nothing to say."""
    runs = [run for change in alert.changes for run in (Run(text="; "), *_changed(change))][1:]
    if not runs and alert.kind is Kind.RETRACTION:
        runs = [Run(text="by its publisher")]
    return Line(part=Part.CHANGE, runs=(Run(text=f"{_BEGINS.get(alert.kind, 'Changed')}: "), *runs)) if runs else None


def _changed(change: Change) -> tuple[Run, ...]:
    """Return what stood there and what stands there now; words that are only new, or only gone, in quotation marks."""
    before, after = clean(change.before), clean(change.after)
    if before and after:
        return Run(text=f"{before} → "), Run(text=after, strong=True)
    if after:
        return Run(text="now “"), Run(text=after, strong=True), Run(text="”")
    return (Run(text=f"no longer “{before}”"),)


# --- words -------------------------------------------------------------------------------------------------------


def headline(alert: Alert) -> str:
    """Return the headline as a message shows it."""
    return clean(alert.headline) or "(no headline)"


def source(alert: Alert) -> str:
    """Return what the feed calls itself, else what the config calls it."""
    return short(clean(alert.source) or alert.feed, 80)


def short_id(alert: Alert) -> str:
    """Return the id as people see it."""
    return f"a-{alert.id[:SHOWN]}"


def _reasons(alert: Alert) -> list[str]:
    """Return, in sentences, why it rang, and what it could not be judged on."""
    said = (f"Why: {_why(alert.place)}" if alert.place else "", _judged_on(alert))
    return [f"{sentence}." for sentence in said if sentence]


def _why(place: str) -> str:
    """Return where the words stood as part of a sentence, such as "in the third paragraph of the article"."""
    return re.sub(r"(\bin )?\bparagraph (\d+)$", _paragraph, clean(place))


def _paragraph(found: re.Match[str]) -> str:
    number = int(found[2])
    if not 0 < number <= len(_ORDINALS):
        return found[0]
    return f"{'in the ' if found[1] else ''}{_ORDINALS[number - 1]} paragraph of the article"


def _briefly(place: str) -> str:
    """Return where the words stood for a narrow column, such as "one sentence, paragraph 3"."""
    return re.sub(r"^(all words )?in (the )?", "", clean(place))


def _judged_on(alert: Alert) -> str:
    if not alert.read_reason:
        return ""
    reason = re.sub(r"^server answered", "the article answered", clean(alert.read_reason))
    return f"Judged on {_READ.get(alert.read, alert.read)}: {reason}"
