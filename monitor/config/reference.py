"""The reference page of the configuration, made from the schema."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from monitor import hours, keep
from monitor.config.schema import (
    AuthTable,
    ChannelTable,
    FeedTable,
    HealthTable,
    KeepTable,
    LogTable,
    NetworkTable,
    PollingTable,
    RuleTable,
    RuleTestTable,
    Table,
    Whole,
)
from monitor.hours import Quiet
from monitor.keep import YEAR, Size
from monitor.limit import Burst

_HEAD = """\
# The configuration

One file in TOML, `config.toml` or what `-c FILE` or `$WIREBELL_CONFIG` names. `wirebell check` says what is wrong with
it, each fault with its line and a cure. A configuration with a fault is not used: what runs goes on as it was.

Durations are written `30s`, `5m`, `2h` or `7d`, at most `30d`; hours `22:00-07:00`. Names have up to 64 characters,
none of `* ? [ ] : ,` or quotes. A key that takes texts takes one text too. Paths are relative to the file that they
stand in; a secret's file without a folder is looked for among systemd's credentials first. What `wirebell feeds add`
has written, `feeds.d/added.toml` beside the main file, is read without being included. A configuration of the usual
size:

```toml
timezone = "Europe/Berlin"

[feeds]
tass = "https://tass.com/rss/v2.xml"
un   = { url = "https://news.un.org/feed/subscribe/en/news/all/rss.xml", interval = "5m", tags = ["wire"] }

[rules]
nato    = ["@nato security guarantees", "гарантии безопасности НАТО"]
siemens = { match = "Siemens", except = "share price, price target", feeds = "tag:wire", notify = "mail" }

[terms]
nato = ["NATO", "North Atlantic alliance"]

[channels.desk]
url_file = "desk.url"
default = true
quiet = "22:00-07:00"
wake = "high"

[channels.mail]
to = ["anna@bank.example", "ben@bank.example"]
smtp = "smtp.bank.example"
user = "bot"
password_file = "mail.pw"
```

A key that gets another name is understood under the old one for a year, and each start and `wirebell check` warn of it;
after that it is a fault, as is a key that this version does not know. What was kept as the last good configuration is
understood under old names for ever, since nobody can edit it.

This page is made from the program's own schema.
"""

#: Each table with its heading and what is said of it.
TABLES: tuple[tuple[str, type[Table], str], ...] = (
    ("At the top", Whole, "Keys that stand before the first heading, and the tables that there are."),
    (
        "`[feeds.NAME]`",
        FeedTable,
        'What is watched. Short form: `NAME = "https://…"` below `[feeds]`. No two feeds have the same address.',
    ),
    (
        "`[feeds.NAME.auth]`",
        AuthTable,
        (
            "How a feed's server is proved who asks: a user with one of the passwords, or one of the tokens. On one "
            'line: `auth = { token_file = "wire.token" }`. Headers, cookies and this are told to the origin of the '
            "feed's `url` alone, for feeds and articles alike. More: [read feeds that let not everybody in]"
            "(../how-to/read-closed-feeds.md)."
        ),
    ),
    (
        "`[rules.NAME]`",
        RuleTable,
        'What is looked for. Short forms below `[rules]`: `NAME = "query"`, and `NAME = ["…", "…"]` for any of them.',
    ),
    (
        "`[[rules.NAME.tests]]`",
        RuleTestTable,
        'What a rule is tested on. On one line: `tests = [{ text = "…", match = true }, …]`.',
    ),
    (
        "`[channels.NAME]`",
        ChannelTable,
        (
            'Who is told, and how. Short form: `NAME = "address"` below `[channels]`. A channel has one target: an '
            "address (one of `url`, `url_file`, `url_env`), mailboxes (`to` and `smtp`), or a webhook (one of "
            "`webhook`, `webhook_file`, `webhook_env`). A single channel is the default; of several at least one must "
            "be."
        ),
    ),
    (
        "`[keep]`",
        KeepTable,
        (
            "How long what is stored is kept; the daemon drops what is over once a day. Ages are written `90d` or "
            '`2y`, sizes `500MB` or `5GB` (a thousand MB). `keep = { items = "30d" }` at the top says the same. What '
            "is still due, still owed to a channel or still listed by its feed stays, however old; so does an alert "
            "whose item is kept. More: [keep the database small, and back it up](../how-to/back-up.md)."
        ),
    ),
    ("`[polling]`", PollingTable, "How feeds are polled."),
    (
        "`[network]`",
        NetworkTable,
        "What feeds and articles may be read from, and how. Channels are yours: nothing of it is theirs.",
    ),
    ("`[health]`", HealthTable, "What wirebell says of itself: greetings, and answers to changes of this file."),
    ("`[log]`", LogTable, "What the daemon writes of its work."),
)

_WORDS: dict[object, str] = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    timedelta: "duration",
    Quiet: "hours",
    Size: "size",
    dict: "table",
}


def reference() -> str:
    """Return the page, in Markdown."""
    return "\n".join((_HEAD, *(part for table in TABLES for part in _section(*table))))


def _section(heading: str, model: type[Table], said: str) -> Iterator[str]:
    yield f"## {heading}\n\n{said}\n"
    yield "| key | type | default | meaning | example |\n|---|---|---|---|---|"
    for name, field in model.model_fields.items():
        key = field.alias or name
        example = f"`{key} = {field.examples[0]}`" if field.examples and field.examples[0] else ""
        called = next((part for part in field.metadata if isinstance(part, str)), None)
        kind = f"{called or _type(field.annotation)}{_bounds(field)}"
        yield f"| `{key}` | {kind} | {_default(field)} | {field.description} | {example} |"
    yield ""


def _type(annotation: Any) -> str:  # noqa: ANN401 - an annotation may be anything
    kind = get_origin(annotation) or annotation
    if kind in (Annotated, Union, UnionType):  # of a union, all but None come to one
        first, *more = get_args(annotation)
        return next((part for part in more if isinstance(part, str)), None) or _type(first)
    if kind is tuple:
        return "tables" if get_args(annotation)[0] is RuleTestTable else "texts"
    if issubclass(kind, StrEnum):
        return ", ".join(f"`{member}`" for member in kind)
    return "table" if issubclass(kind, Table) else _WORDS[kind]


def _bounds(field: FieldInfo) -> str:
    bounds = [getattr(part, "ge", None) or getattr(part, "le", None) for part in field.metadata]
    return f" from {bounds[0]} to {bounds[1]}" if bounds and all(bounds) else ""


def _default(field: FieldInfo) -> str:
    value = field.default
    if field.is_required():
        return "required"
    if isinstance(value, timedelta):
        written = keep.age_words(value) if value >= YEAR else hours.words(value)
        return f'`"{written}"`'
    if isinstance(value, Burst):
        return f'`"{value}"`'
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f'`"{value}"`' if isinstance(value, str) and value else f"`{value}`" if isinstance(value, int) else ""
