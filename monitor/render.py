"""Alerts and notices as messages: text, Markdown, HTML, a line for a terminal, and the documents that scripts read.

What a publisher wrote is hostile until it is escaped for the form it stands in. Text is cleaned of what no line may
hold, Markdown and HTML are escaped, and ``inert`` defuses text for chats that read markup where none was declared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from html import escape
from unicodedata import normalize
from urllib.parse import urlsplit, urlunsplit

from monitor.alert import Alert, Delivery, Digest, Kind, Notice, Priority, What, derived_id
from monitor.channel import Message
from monitor.outage import Outage, excuse, instead_of
from monitor.rule import Evidence

#: Characters of an alert's id that people see; any unique prefix names it.
SHOWN = 6
#: Sentences of evidence in a message.
SENTENCES = 3
#: Characters of a sentence that are shown around what matched: a text form, and a chat's narrow column.
_TEXT_WIDTH, _CHAT_WIDTH = 400, 240
#: Characters of a headline in a subject; longer ones are cut by mail programs anyway.
_SUBJECT_WIDTH = 200

#: What separates words at best: controls and line separators.
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
#: What nobody sees but what turns or splits words: bidi controls, zero widths, lone surrogates, tag characters.
_INVISIBLE = re.compile(
    r"[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]+"
)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_READ = {
    "headline": "headline only",
    "lead": "headline and lead only",
    "article": "the feed's own text only",
}
_REPEATS = "May repeat: an earlier attempt may have arrived."
#: How a line of evidence begins, in text and in Markdown; no other line begins so.
_EVIDENCE = ('  "', "> ")

Mark = Callable[[str], str]
Escape = Callable[[str], str]


def message(what: What, *, delivery: Delivery, zone: tzinfo, outage: Outage | None = None) -> Message:
    """Return what to send for the delivery, in every form.

    One that may repeat says so. One that comes in another channel's place, or first after an outage, begins with that.
    """
    return _prefaced(_plain(what, delivery, zone), delivery, outage, zone)


def _plain(what: What, delivery: Delivery, zone: tzinfo) -> Message:
    match what:
        case Alert():
            return _alert(what, delivery, zone)
        case Notice():
            return _notice(what, delivery, zone)
        case Digest():
            return _digest(what, delivery, zone)


def _alert(what: Alert, delivery: Delivery, zone: tzinfo) -> Message:
    repeats = delivery.may_repeat
    return Message(
        id=delivery.id,
        receiver=delivery.receiver,
        subject=_repeating(f"{what.rule}: {_short(_headline(what), _SUBJECT_WIDTH)} ({_source(what)})", repeats),
        text=_text(what, zone, repeats=repeats),
        markdown=_markdown(what, zone, repeats=repeats),
        html=_html(what, zone, repeats=repeats),
        payload=_marked(alert_json(what), repeats=repeats),
        line=_line(what, zone, repeats=repeats),
        thread=derived_id("story", what.feed, what.item_id, what.link),
        urgent=what.priority is Priority.URGENT,
    )


def _prefaced(plain: Message, delivery: Delivery, outage: Outage | None, zone: tzinfo) -> Message:
    """Let a message begin with why it comes late, or here."""
    said: list[str] = []
    payload = dict(plain.payload)
    if delivery.instead_of:
        said.append(instead_of(delivery.instead_of))
        payload["instead_of"] = delivery.instead_of
    if outage is not None:
        said.append(excuse(outage, zone))
        payload["outage"] = {"since": stamp(outage.since), "until": stamp(outage.until), "waiting": outage.waiting}
    if not said:
        return plain
    paragraphs = "\n".join(f'<p style="margin:0 0 12px">{html(line)}</p>' for line in said)
    return replace(
        plain,
        text=_paragraphs(said, [plain.text]),
        markdown=_paragraphs(map(markdown, said), [plain.markdown]),
        html=plain.html.replace(_OPENING, f"{_OPENING}\n{paragraphs}", 1),
        payload=payload,
        line=f"{plain.line} ({' '.join(said).rstrip('.')})",
    )


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
        "urgency": None,
        "read": alert.read,
        "strength": alert.strength,
        "place": alert.place,
        "evidence": [
            {"field": str(each.field), "sentence": each.sentence, "spans": [list(span) for span in each.spans]}
            for each in alert.evidence
        ],
        "story": {"id": str(alert.item_id), "update": 0, "others": []},
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


def _marked(document: dict[str, object], *, repeats: bool) -> dict[str, object]:
    return document | {"may_repeat": True} if repeats else document


def _repeating(subject: str, repeats: bool) -> str:  # noqa: FBT001 - the sentence reads so
    return f"{subject} (may repeat)" if repeats else subject


# -- words -----------------------------------------------------------------------------------------------------------


def clean(text: str) -> str:
    """Return the text on one line, without controls, bidi controls and what else no line may hold."""
    return _piece(text).strip()


def _piece(text: str) -> str:
    """Clean a part of a line, which keeps a space at either end."""
    return _SPACES.sub(" ", _INVISIBLE.sub("", text))


def link(address: str) -> str:
    """Return the address so that it stays one word in every form: http(s) only, its host in ASCII; else nothing.

    A host in another script is shown by its ASCII name, so that none can pass for another.
    """
    try:
        parts = urlsplit(_INVISIBLE.sub("", address).strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:  # "http://[::1" is no address, "http://example.com:port" neither
        return ""
    name = f"[{host}]" if ":" in host else ".".join(map(_ascii_label, host.split(".")))
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(name):
        return ""
    place = name if port is None else f"{name}:{port}"  # without user and password: "https://bank.example@evil.example"
    return urlunsplit((parts.scheme, place, *(_LOOSE.sub(_percent, part) for part in parts[2:])))


_HOST = re.compile(r"[a-z0-9._:%\[\]-]+")
#: Characters of an address that could end it, or begin markup or a call to everybody, in some form.
_LOOSE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\"'<>\[\]\\^`{|}*]|@(?=(?i:everyone|here|channel|all)\b)")


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


def _ascii_label(label: str) -> str:
    if label.isascii():
        return label
    return f"xn--{normalize('NFKC', label).encode('punycode').decode()}"


def stamp(moment: datetime) -> str:
    """Return the time as ISO 8601 in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(0, width - 1)].rstrip() + "…"


def _headline(alert: Alert) -> str:
    return clean(alert.headline) or "(no headline)"


def _source(alert: Alert) -> str:
    return _short(clean(alert.source) or alert.feed, 80)


def _day(moment: datetime) -> str:
    """Return day and time of day; never by strftime, whose names follow the locale of the process."""
    return f"{_DAYS[moment.weekday()]} {moment.day} {_MONTHS[moment.month - 1]} {moment:%H:%M}"


def _when(alert: Alert, zone: tzinfo) -> str:
    seen = alert.seen.astimezone(zone)
    return f"seen {_day(seen)} {seen:%Z}".rstrip() + _published(alert, zone, seen)


def _published(alert: Alert, zone: tzinfo, beside: datetime) -> str:
    if alert.published == alert.seen:  # the feed gave no date that can be believed
        return ""
    published = alert.published.astimezone(zone)
    return f" (published {f'{published:%H:%M}' if published.date() == beside.date() else _day(published)})"


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


def _reasons(alert: Alert) -> list[str]:
    """Return, in sentences, why it rang, and what it could not be judged on."""
    said = (f"Why: {_why(alert.place)}" if alert.place else "", _judged_on(alert))
    return [f"{sentence}." for sentence in said if sentence]


def _short_id(alert: Alert) -> str:
    return f"a-{alert.id[:SHOWN]}"


def _sentences(alert: Alert, *, width: int, mark: Mark, plain: Escape) -> list[str]:
    return [_sentence(each, width=width, mark=mark, plain=plain) for each in alert.evidence[:SENTENCES]]


def _sentence(evidence: Evidence, *, width: int, mark: Mark, plain: Escape) -> str:
    """Return the sentence with what matched marked, cut to about the width around the first of it."""
    spans = _runs(evidence)
    first, last = _window(evidence.sentence, spans, width)
    parts, at = ["…" if first else ""], first
    for start, end in spans:
        if start < at or end > last:  # overlapping, or outside of what is shown
            continue
        parts += [plain(_piece(evidence.sentence[at:start])), mark(plain(_piece(evidence.sentence[start:end])))]
        at = end
    parts += [plain(_piece(evidence.sentence[at:last])), "…" if last < len(evidence.sentence) else ""]
    return "".join(parts).strip()


def _runs(evidence: Evidence) -> list[tuple[int, int]]:
    """Return the places of the words that matched, neighbours as one: a reader sees a phrase, not its words."""
    runs: list[tuple[int, int]] = []
    for start, end, *_ in sorted(evidence.spans):
        if runs and runs[-1][1] < start and evidence.sentence[runs[-1][1] : start].isspace():
            start = runs.pop()[0]  # noqa: PLW2901 - it begins where its neighbour does
        runs.append((start, end))
    return runs


def _window(sentence: str, spans: list[tuple[int, int]], width: int) -> tuple[int, int]:
    if len(sentence) <= width:
        return 0, len(sentence)
    centre = spans[0][0] if spans else 0
    start = max(0, min(centre - width // 4, len(sentence) - width))
    end = max(start + width, spans[0][1] if spans else 0)
    begin = sentence.find(" ", start, centre) + 1 or start if start else 0  # not in the middle of a word
    stop = sentence.rfind(" ", centre + 1, end) if end < len(sentence) else -1
    return begin, stop if stop > (spans[0][1] if spans else 0) else end


# -- text ------------------------------------------------------------------------------------------------------------


def _text(alert: Alert, zone: tzinfo, *, repeats: bool) -> str:
    quotes = _sentences(alert, width=_TEXT_WIDTH, mark="[{}]".format, plain=str)
    return _paragraphs(
        [_headline(alert), f"{_source(alert)}, {_when(alert, zone)}", link(alert.link)],
        [f'  "{quote}"' for quote in quotes],
        _reasons(alert),
        [_REPEATS if repeats else ""],
        [f"rule {alert.rule}, alert {_short_id(alert)}"],
    )


def _paragraphs(*paragraphs: Iterable[str]) -> str:
    whole = ("\n".join(line for line in lines if line) for lines in paragraphs)
    return "\n\n".join(paragraph for paragraph in whole if paragraph)


def _line(alert: Alert, zone: tzinfo, *, repeats: bool) -> str:
    made = alert.made_at.astimezone(zone)
    published = _published(alert, zone, made).removeprefix(" (").removesuffix(")")
    where = ", ".join(part for part in (_source(alert), published) if part)
    return _repeating(f'{made:%H:%M:%S} {alert.rule} rang: "{_headline(alert)}" ({where})', repeats)


def block(what: Message, *, colour: bool) -> str:
    """Return what a terminal shows: the line, and below it what matched and where to read on."""
    _, *below = what.text.split("\n")
    if what.payload["schema"] == "alert.v1":
        quotes = [line.strip() for line in below if line.startswith(_EVIDENCE)]
        below = [*quotes[:1], *filter(_is_address, below)]
    head = f"\x1b[{'1;31' if what.urgent else '1'}m{what.line}\x1b[0m" if colour else what.line
    return "".join(f"{line}\n" for line in (head, *(f"         {line}" for line in below if line)))


#: Where a chat that reads markup unasked might see a mention, a tag, a link or code begin.
_TRIGGER = re.compile(r"@(?=\S)|<(?=[^\s])|\](?=[(\[:])|!(?=\[)|`(?=`)|~(?=~)")


def inert(text: str) -> str:
    """Return plain text with an invisible space wherever a chat might take it for a mention, a link or a tag.

    Mattermost, Discord and others read Markdown and mentions in what was declared as text. Addresses stay whole.
    """
    return "\n".join(line if _is_address(line) else _TRIGGER.sub("\\g<0>\u200b", line) for line in text.split("\n"))


def _is_address(line: str) -> bool:
    return bool(line) and line == link(line)


# -- Markdown --------------------------------------------------------------------------------------------------------

_MARKUP = re.compile(r"[\\`*_\[\]<>~|]|&(?=#?\w+;)")
#: Where an escape alone does not do: mentions, and links in chats that drop the escapes (Google Chat).
_BREAKS = re.compile(r"@(?!\s)|(?<=<)!|\](?=\\?[(\[:])")
_BLOCK = re.compile(r"^(\s*)([#+=-]|\d+(?=[.)]))")


def markdown(text: str) -> str:
    """Return the text so that CommonMark shows it as it is, and no chat takes part of it for a mention."""
    escaped = _MARKUP.sub(r"\\\g<0>", text)
    return _BREAKS.sub("\\g<0>\u200b", escaped)


def _line_start(text: str) -> str:
    """Keep a line from beginning a heading or a list."""
    return _BLOCK.sub(lambda found: f"{found[1]}{_escaped_start(found[2])}", text)


def _escaped_start(sign: str) -> str:
    return f"{sign}\\" if sign.isdigit() else f"\\{sign}"


def _markdown(alert: Alert, zone: tzinfo, *, repeats: bool) -> str:
    headline, source = markdown(_headline(alert)), markdown(_source(alert))
    quotes = _sentences(alert, width=_CHAT_WIDTH, mark="**{}**".format, plain=markdown)
    note = _judged_on(alert)
    footer = [markdown(alert.rule), markdown(_briefly(alert.place)), _short_id(alert), "may repeat" if repeats else ""]
    address = link(alert.link)
    return _paragraphs(
        [
            f"**{headline}** ({source}, {alert.seen.astimezone(zone):%H:%M})",
            f"<{address}>" if address else "",
            *(f"> {_line_start(quote)}" for quote in quotes),
        ],
        [f"{markdown(note)}." if note else "", " · ".join(part for part in footer if part)],
    )


# -- HTML ------------------------------------------------------------------------------------------------------------

#: Colours come from the reader's scheme; only the mark brings its own pair, readable on light and dark alike. It is
#: bold too, for services such as Telegram that keep little but bold, links and quotes. No title: they would show it.
_OPENING = '<div style="max-width:640px;margin:0 auto">'
_PAGE = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
</head>
<body style="margin:0;padding:24px;font:16px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif">
<div style="max-width:640px;margin:0 auto">
{content}
</div>
</body>
</html>
"""
_MARK = '<mark style="background:#ffe08a;color:#1a1a1a;padding:0 2px;border-radius:2px"><b>{}</b></mark>'
_QUOTE = (
    '<blockquote dir="auto" style="margin:16px 0;padding:2px 0 2px 16px;border-left:3px solid #d9a514">{}</blockquote>'
)
_SMALL = '<p style="margin:{margin};font-size:14px;opacity:.75">{words}</p>'


def html(text: str) -> str:
    """Return the text so that HTML shows it as it is, and no chat that takes HTML finds a mention in it."""
    return escape(re.sub(r"@(?!\s)", "@\u200b", text))


_ADDRESS = '<p style="margin:0;font-size:14px;word-break:break-all"><a href="{0}">{0}</a></p>'


def _html(alert: Alert, zone: tzinfo, *, repeats: bool) -> str:
    headline, address = html(_headline(alert)), escape(link(alert.link))
    titled = f'<a href="{address}" style="color:inherit;text-decoration:none">{headline}</a>' if address else headline
    quotes = _sentences(alert, width=_TEXT_WIDTH, mark=_MARK.format, plain=html)
    content = [
        f'<h1 dir="auto" style="margin:0 0 4px;font-size:22px;line-height:1.3">{titled}</h1>',
        _small(f"{_source(alert)}, {_when(alert, zone)}", margin="0 0 4px"),
        _ADDRESS.format(address) if address else "",
        *map(_QUOTE.format, quotes),
        *(f'<p style="margin:0 0 8px">{html(line)}</p>' for line in (*_reasons(alert), *[_REPEATS] * repeats)),
        _small(f"rule {alert.rule}, alert {_short_id(alert)}", margin="16px 0 0"),
    ]
    return _page(content, alert.language)


def _small(words: str, *, margin: str) -> str:
    return _SMALL.format(words=html(words), margin=margin)


def _page(content: Iterable[str], language: str | None = None) -> str:
    tag = language if language and re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", language) else "en"
    return _PAGE.format(language=tag, content="\n".join(part for part in content if part))


# -- notices ---------------------------------------------------------------------------------------------------------


def _notice(notice: Notice, delivery: Delivery, zone: tzinfo) -> Message:
    repeats = delivery.may_repeat
    subject = _repeating(clean(notice.subject), repeats)
    lines = [line for line in map(clean, notice.message.split("\n")) if line]
    content = [
        f'<h1 dir="auto" style="margin:0 0 12px;font-size:22px;line-height:1.3">{html(clean(notice.subject))}</h1>',
        *(f'<p dir="auto" style="margin:0 0 8px">{html(line)}</p>' for line in lines),
        _small(_REPEATS, margin="16px 0 0") if repeats else "",
    ]
    return Message(
        id=delivery.id,
        receiver=delivery.receiver,
        subject=subject,
        text=_paragraphs([clean(notice.subject)], lines, [_REPEATS if repeats else ""]),
        markdown=_paragraphs(
            [f"**{markdown(clean(notice.subject))}**", *(_line_start(markdown(line)) for line in lines)],
            ["may repeat" if repeats else ""],
        ),
        html=_page(content),
        payload=_marked(notice_json(notice), repeats=repeats),
        line=f"{notice.made_at.astimezone(zone):%H:%M:%S} {subject}",
    )


# -- digests ---------------------------------------------------------------------------------------------------------

#: Alerts that a digest shows in a chat; the others are counted.
_CHAT_ALERTS = 10


#: How the subject of each kind of digest begins.
_TOGETHER = {Kind.LATE: "{count}, late", Kind.DIGEST: "{count}", Kind.BUNDLE: "{rule}: {count}"}


def digest_json(digest: Digest) -> dict[str, object]:
    """Return the digest as a ``digest.v1`` document."""
    return {
        "schema": "digest.v1",
        "id": digest.id,
        "reason": digest.kind.value,
        "alerts": [alert_json(each) for each in digest.alerts],
    }


def _digest(digest: Digest, delivery: Delivery, zone: tzinfo) -> Message:
    repeats = delivery.may_repeat
    subject = (
        f"{_TOGETHER[digest.kind].format(rule=digest.alerts[0].rule, count=_count(digest))} ({_span(digest, zone)})"
    )
    urgent = any(each.priority is Priority.URGENT for each in digest.alerts)
    return Message(
        id=delivery.id,
        receiver=delivery.receiver,
        subject=_repeating(subject, repeats),
        text=_digest_text(digest, subject, zone, repeats=repeats),
        markdown=_digest_markdown(digest, subject, zone, repeats=repeats),
        html=_digest_html(digest, subject, zone, repeats=repeats),
        payload=_marked(digest_json(digest), repeats=repeats),
        line=f"{digest.made_at.astimezone(zone):%H:%M:%S} {_repeating(subject, repeats)}",
        urgent=urgent,
    )


def _count(digest: Digest) -> str:
    return f"{len(digest.alerts)} alert{'' if len(digest.alerts) == 1 else 's'}"


def _span(digest: Digest, zone: tzinfo) -> str:
    """Return from when to when its items were seen."""
    first = min(each.seen for each in digest.alerts).astimezone(zone)
    last = max(each.seen for each in digest.alerts).astimezone(zone)
    return f"{_day(first)} to {f'{last:%H:%M}' if last.date() == first.date() else _day(last)}"


def _by_rule(digest: Digest) -> list[tuple[str, list[Alert]]]:
    """Return the alerts under the rules that rang, the rules in the order of their first alert."""
    found: dict[str, list[Alert]] = {}
    for each in digest.alerts:
        found.setdefault(each.rule, []).append(each)
    return list(found.items())


def _digest_text(digest: Digest, subject: str, zone: tzinfo, *, repeats: bool) -> str:
    rules = [
        [f"{rule}:", *(f"  {_entry(each, zone)} {link(each.link)}".rstrip() for each in rung)]
        for rule, rung in _by_rule(digest)
    ]
    return _paragraphs([subject], *rules, [_REPEATS if repeats else ""], ["All of them: wirebell alerts list"])


def _entry(alert: Alert, zone: tzinfo) -> str:
    headline = _short(_headline(alert), _SUBJECT_WIDTH)
    return f"{alert.seen.astimezone(zone):%H:%M}  {headline} ({_source(alert)}, {_short_id(alert)})"


def _digest_markdown(digest: Digest, subject: str, zone: tzinfo, *, repeats: bool) -> str:
    shown = digest.alerts[:_CHAT_ALERTS]
    more = len(digest.alerts) - len(shown)
    lines = [line for each in shown for line in _markdown_entry(each, zone)]
    footer = [f"and {more} more: wirebell alerts list" if more else "", "may repeat" if repeats else ""]
    return _paragraphs([f"**{markdown(subject)}**"], lines, [" · ".join(part for part in footer if part)])


def _markdown_entry(alert: Alert, zone: tzinfo) -> tuple[str, str]:
    headline = markdown(_short(_headline(alert), _TEXT_WIDTH // 4))
    names = f"{markdown(alert.rule)}, {markdown(_source(alert))}, {_short_id(alert)}"
    address = link(alert.link)
    return f"{alert.seen.astimezone(zone):%H:%M} **{headline}** ({names})", f"<{address}>" if address else ""


def _digest_html(digest: Digest, subject: str, zone: tzinfo, *, repeats: bool) -> str:
    content = [f'<h1 style="margin:0 0 12px;font-size:22px;line-height:1.3">{html(subject)}</h1>']
    for rule, rung in _by_rule(digest):
        content.append(f'<h2 style="margin:16px 0 4px;font-size:16px">{html(rule)}</h2>')
        content += [_html_entry(each, zone) for each in rung]
    content.append(_small(_REPEATS, margin="16px 0 0") if repeats else "")
    return _page(content)


def _html_entry(alert: Alert, zone: tzinfo) -> str:
    headline, address = html(_headline(alert)), escape(link(alert.link))
    titled = f'<a href="{address}">{headline}</a>' if address else headline
    where = html(f"{_source(alert)}, {_short_id(alert)}")
    return f'<p dir="auto" style="margin:0 0 8px">{alert.seen.astimezone(zone):%H:%M} {titled} ({where})</p>'


# -- fitting ---------------------------------------------------------------------------------------------------------


def fitted(form: str, limit: int) -> str:
    """Return a text or Markdown form within so many characters, as far as that can be.

    Further evidence is given up first, then the last of it, then what explains; then the headline is cut. The address
    and the last line, which names the alert, stay whole: a message without them cannot be followed up.
    """
    lines = form.split("\n")
    while _length(lines) > limit and (victim := _victim(lines)) is not None:
        del lines[victim]
    excess = _length(lines) - limit
    if excess > 0 and not _ALERT.search(lines[-1]):
        return _short(_joined(lines), limit)
    if excess > 0:
        lines[0] = _cut(lines[0], len(lines[0]) - excess)
    return _joined(lines)


#: How the last line of an alert names it.
_ALERT = re.compile(rf"\ba-[a-z2-7]{{{SHOWN}}}\b")


def _length(lines: list[str]) -> int:
    return len(_joined(lines))


def _joined(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _victim(lines: list[str]) -> int | None:
    """Return the line to give up next: the last one of evidence, else the last that is neither address nor id."""
    inner = range(len(lines) - 2, 0, -1)
    evidence = (n for n in inner if lines[n].startswith(_EVIDENCE))
    other = (n for n in inner if not lines[n].startswith(("http", "<http")))
    return next(evidence, None) or next(other, None)


def _cut(line: str, width: int) -> str:
    """Cut a headline; the marks of bold type around it, and an escape at the cut, are not left half."""
    bold = line.startswith("**")
    words = line.removeprefix("**").replace("**", "") if bold else line
    kept = _short(words, width - 4 if bold else width)
    kept = re.sub(r"(?<!\\)((?:\\\\)*)\\…$", r"\1…", kept)
    return (f"**{kept}**" if bold else kept) if len(kept) > 1 else ""
