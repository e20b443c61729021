"""A user's own way to write an alert: fixed names over plain text or markup, and no code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from difflib import get_close_matches
from html.parser import HTMLParser
from string import Template as Pattern

from monitor.alert import Alert, Change, Kind, Priority
from monitor.channel import Template
from monitor.render import moments
from monitor.render.alert import WIDTH, change, headline, short_id, source
from monitor.render.dialect import COMMONMARK
from monitor.render.html import page
from monitor.render.inert import clean, link
from monitor.render.markdown import markdown
from monitor.render.quote import quote
from monitor.rule import Evidence
from monitor.sheet import Form, Line, Part, Run, Sheet, sheet

Value = Callable[[Alert, tzinfo], tuple[Run, ...]]

#: Characters of a template.
_LONGEST = 4_000
#: What may stand in a template, each name with what it stands for.
NAMES: Mapping[str, Value] = {
    "headline": lambda alert, _: (Run(text=headline(alert), cut=True),),
    "link": lambda alert, _: (Run(text=link(alert.link), link=link(alert.link)),),
    "source": lambda alert, _: (Run(text=source(alert)),),
    "feed": lambda alert, _: (Run(text=alert.feed),),
    "rule": lambda alert, _: (Run(text=alert.rule),),
    "priority": lambda alert, _: (Run(text=alert.priority),),
    "evidence": lambda alert, _: quote(alert.evidence[0], WIDTH).runs if alert.evidence else (),
    "place": lambda alert, _: (Run(text=clean(alert.place)),),
    "change": lambda alert, _: found.runs if (found := change(alert)) else (),
    "time": lambda alert, zone: (Run(text=moments.whole(alert.seen, zone)),),
    "published": lambda alert, zone: (Run(text=moments.whole(alert.published, zone)),),
    "id": lambda alert, _: (Run(text=short_id(alert), whole=True),),
}


def written(alert: Alert, template: Template, zone: tzinfo) -> Sheet:
    """Return the alert as the template writes it; a line whose names all stand for nothing is left out."""
    paragraphs = re.split(r"\n[ \t]*\n", template.text.strip("\n"))
    lines = [[_line(line, alert, template.form, zone) for line in each.split("\n")] for each in paragraphs]
    return sheet(*lines, language=alert.language)


def _line(line: str, alert: Alert, form: Form, zone: tzinfo) -> Line | None:
    runs: list[Run] = []
    at, empty = 0, True
    for found in Pattern.pattern.finditer(line):
        name = found["named"] or found["braced"]
        value = [run for run in NAMES[name](alert, zone) if run.text] if name in NAMES else []
        runs += [Run(text=line[at : found.start()] + ("" if name else "$"), own=form), *value]
        at, empty = found.end(), empty and name in NAMES and not value
    runs.append(Run(text=line[at:], own=form))
    return None if empty and at else Line(part=Part.OWN, runs=tuple(runs))


# --- what is wrong with one --------------------------------------------------------------------------------------


def faults(template: Template) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a template, and the cure; it is tried with words that a hostile publisher writes."""
    if len(template.text) > _LONGEST:
        yield f"is longer than {_LONGEST} characters", "an alert is read at a glance: say less"
        return
    found = [*_misspelt(template.text)]
    yield from found
    if not template.text.strip():
        yield "is empty", 'write such as "$headline\\n$link\\n$id"'
    elif not found and any(_acts(template, words) for words in _HOSTILE):
        yield (
            "lets a headline act as markup",
            "put names between tags, or in quotation marks; not inside of a tag or <…>",
        )


def _misspelt(text: str) -> Iterator[tuple[str, str]]:
    for found in Pattern.pattern.finditer(text):
        name = found["named"] or found["braced"]
        if found["invalid"] is not None:
            yield f"has a bare $ before {text[found.end() :][:12]!r}", "write $$ for a dollar sign"
        elif name and name not in NAMES:
            close = get_close_matches(name.lower(), NAMES, 1)
            yield f"knows no ${name}", f"did you mean ${close[0]}?" if close else f"there are {_listed()}"


def _listed() -> str:
    return ", ".join(f"${name}" for name in NAMES)


def lacks(template: Template) -> tuple[str, str] | None:
    """Return what a template should name and does not, with the cure: an alert without it cannot be followed up."""
    named = {found["named"] or found["braced"] for found in Pattern.pattern.finditer(template.text)}
    if named & {"link", "id"}:
        return None
    return "names neither $link nor $id", "an alert could not be followed up; add one of them"


#: What a publisher could write to get out of where a name stands.
_HOSTILE = (
    "x onmouseover=alert(1) y",
    "' onmouseover='alert(1)",
    '" onmouseover="alert(1)',
    "</script></style><script>alert(1)</script>",
    "http://evil.example/",
    "](http://evil.example/)",
    "javascript:alert(1)",
    "{{7*7}} ${7*7} $headline %s {0.__class__}",
)
_TIME = datetime(2026, 11, 24, 9, 11, tzinfo=UTC)
#: Where Markdown makes a link.
_LINKS = re.compile(r"(?<!\\)\]\(|(?<!\\)<(?:http|javascript)|(?<!\\)!\[")


def _acts(template: Template, words: str) -> bool:
    """Return whether such words change what an alert would do, in the form that the template is written in."""
    calm, hostile = (written(_sample(each), template, UTC) for each in ("calm", words))
    match template.form:
        case Form.HTML:
            return _Tags(page(calm)).found != _Tags(page(hostile)).found
        case Form.MARKDOWN:
            both = (_LINKS.findall(markdown(each, COMMONMARK)) for each in (calm, hostile))
            return next(both) != next(both)
        case Form.TEXT:
            return False


class _Tags(HTMLParser):
    """Notes the tags of a page, their attributes, where those lead, and what runs."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[object] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [(name, value if name in {"href", "src", "style"} else "") for name, value in attrs]))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem:  # a script or a style
            self.found.append(data)


def _sample(words: str) -> Alert:
    """Return an alert whose words are all a publisher's."""
    return Alert(
        id="7f3k2bq5aaaaaaaa",
        kind=Kind.CORRECTION,
        rule="rule",
        priority=Priority.NORMAL,
        item_id=1,
        version=1,
        feed="feed",
        source=words,
        headline=words,
        link="https://example.com/",
        published=_TIME,
        seen=_TIME,
        language=None,
        read="article",
        read_reason="",
        strength=1.0,
        place="in the headline",
        evidence=(Evidence(field="headline", sentence=words, spans=((0, 1, "x"),)),),
        made_at=_TIME,
        changes=(Change(before=words, after=words),),
    )
