"""What a configuration may hold: its tables, their keys, types, defaults and meaning.

The reference page is made from these models. What needs more than one key to be judged is judged by the modules that
make feeds, channels and watches.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.alert import Priority
from monitor.channel import ESCALATE_AFTER, Security
from monitor.config.kinds import (
    Age,
    Daily,
    Day,
    DayTimes,
    Duration,
    Fallback,
    Hours,
    Language,
    Limit,
    Networks,
    ProxyAddress,
    Room,
    SomeTexts,
    Span,
    Tables,
    Text,
    Texts,
    Timeout,
    choice,
    refusal,
)
from monitor.feed import FullText, Window
from monitor.keep import Keep
from monitor.limit import DEFAULT_BURST
from monitor.rule import Precision, Where
from monitor.sheet import Form


class Level(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a line of the log is written."""

    TEXT = "text"
    JSON = "json"


def key(meaning: str, example: str, default: Any = ..., **more: Any) -> Any:  # noqa: ANN401 - as pydantic's Field
    """Return a field with what the reference page says of it."""
    return Field(default, description=meaning, examples=[example], **more)


class Table(BaseModel):
    """A table of the config: no key but those that are named, and no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


#: Names and values of the user's.
Pairs = dict[str, str]


class Named(Table):
    """A table with a name of the user's, and a short form on one line."""

    #: The key that the short form gives, and what it may be written as.
    short: ClassVar[str]
    forms: ClassVar[tuple[type, ...]] = (str,)
    #: Whether there is a long form.
    long: ClassVar[bool] = True
    #: Names stand in patterns, commands and messages, where these would be read as something else.
    unfit: ClassVar[str] = "*?[]:,\"'"


class AuthTable(Table):
    """What proves to a server who asks: a user and a password, or a token."""

    user: Text | None = key("The name to log in with, by HTTP's basic scheme.", '"anna"', None)
    password: Text | None = key("The password itself; `password_file` is safer.", '"…"', None)
    password_file: Text | None = key("A file that holds the password.", '"wire.pw"', None)
    password_env: Text | None = key("A variable of the environment that holds the password.", '"WIRE_PASSWORD"', None)
    token: Text | None = key("The token itself, sent by the bearer scheme; `token_file` is safer.", '"…"', None)
    token_file: Text | None = key("A file that holds the token.", '"wire.token"', None)
    token_env: Text | None = key("A variable of the environment that holds the token.", '"WIRE_TOKEN"', None)


class FeedTable(Named):
    """A feed; its short form is its address."""

    short = "url"

    url: Text = key("Where the feed is: an http or https address.", '"https://news.example/rss.xml"')
    interval: Duration | None = key(
        "How often it is polled, never under `polling.min_interval`; when absent, as often as its news are worth.",
        '"2m"',
        None,
    )
    tags: Texts = key("Words by which rules name several feeds at once, as `tag:…`.", '["wire", "europe"]', ())
    full_text: Annotated[FullText, choice(FullText)] | None = key(
        "Whether its articles are read: `auto` reads those of items whose feed text is short and that some rule could "
        "judge, and leaves hosts alone whose articles give no more; `polling.full_text` when absent.",
        '"always"',
        None,
    )
    language: Language | None = key("The language it is written in, as a code by BCP 47.", '"en"', None)
    catch_up: Span | None = key(
        "At its first poll, items younger than this ring; `polling.catch_up` when absent.", '"6h"', None
    )
    silent_after: Duration | None = key(
        "After so long without anything new it is silent, and people are told; learned from its own past when absent.",
        '"24h"',
        None,
    )
    window: Annotated[Window, choice(Window)] | None = key(
        "What it lists: the newest of all (`time`), of which some may roll off between two polls, or a choice "
        "(`selection`) such as a search or a top list, which tells nothing of the rest; learned when absent.",
        '"selection"',
        None,
    )
    wire: bool = key(
        "Whether it is a wire, whose words for what is urgent count: FLASH, URGENT, СРОЧНО and others at the head of a "
        "headline; see `urgency:` in rules.",
        "true",
        default=False,
    )
    enabled: bool = key("Whether it is polled.", "false", default=True)
    headers: Pairs = key("Headers that its server is sent.", '{ Accept-Language = "de" }', {})
    headers_file: Text | None = key(
        "A file that holds further headers, one on each line as `Name: value`.", '"wire.headers"', None
    )
    headers_env: Text | None = key(
        "A variable of the environment that holds further headers, written so.", '"WIRE_HEADERS"', None
    )
    auth: AuthTable = key(
        "What its server lets it in with.", '{ user = "anna", password_file = "wire.pw" }', AuthTable()
    )
    cookies: Pairs = key("Cookies that its server is sent.", '{ edition = "world" }', {})
    cookies_file: Text | None = key(
        "A file that holds further cookies, as `name=value`, with a `;` or a line end between them.",
        '"wire.cookies"',
        None,
    )
    cookies_env: Text | None = key(
        "A variable of the environment that holds further cookies, written so.", '"WIRE_COOKIES"', None
    )
    proxy: ProxyAddress | None = key(
        "The http or https proxy that asks in its place; `network.proxy` when absent, none with `false`.",
        '"http://proxy.bank.example:3128"',
        None,
    )
    proxy_file: Text | None = key("A file that holds the proxy's address, with its login.", '"proxy.url"', None)
    proxy_env: Text | None = key(
        "A variable of the environment that holds the proxy's address, with its login.", '"PROXY"', None
    )
    user_agent: Text | None = key(
        "What servers are told about who asks, in place of wirebell's own words.",
        '"Mozilla/5.0 (X11; Linux x86_64)"',
        None,
    )
    ca: Text | None = key(
        "A file of certificates in PEM: authorities that are trusted besides the machine's.", '"intranet.pem"', None
    )


class RuleTestTable(Table):
    """A text that a rule is tested on."""

    headline: str = key("The headline of the text.", '"Allies weigh guarantees"', "")
    lead: str = key("Its lead.", '"Ministers met in Brussels."', "")
    text: str = key("The text below the lead.", '"NATO discussed written security guarantees."', "")
    match: bool = key("Whether the rule must match it.", "false", default=True)

    @model_validator(mode="after")
    def _is_not_empty(self) -> RuleTestTable:
        if not (self.headline + self.lead + self.text).strip():
            raise refusal("has no text", 'write such as { text = "…", match = true }')
        return self


class RuleTable(Named):
    """A rule; its short form is what it matches."""

    short = "match"
    forms = (str, list)

    match: SomeTexts = key("What to look for, in the rule language; of a list, any.", '"NATO security guarantees"')
    except_: Text = key(
        "Drops an item whose headline or lead says so.", '"share price, price target"', "", alias="except"
    )
    precision: Annotated[Precision, choice(Precision)] = key(
        "How surely an item must be about a topic to ring.", '"precise"', Precision.NORMAL
    )
    where: Annotated[Where, choice(Where)] = key(
        "How much of an item may decide: its headline, its headline and lead, or its article too.",
        '"lead"',
        Where.ANYWHERE,
    )
    feeds: SomeTexts | None = key(
        "The feeds it watches: names, patterns such as `bbc*`, and `tag:…`; every feed when absent.",
        '["tass", "tag:wire"]',
        None,
    )
    notify: SomeTexts | None = key("The channels it rings; the default ones when absent.", '"desk"', None)
    priority: Annotated[Priority, choice(Priority)] = key(
        "How much its alerts matter; see a channel's `wake`.", '"high"', Priority.NORMAL
    )
    at_most: Daily | None = key(
        "How many messages of it a receiver gets a day; what is beyond comes in one bundle each hour, and says so.",
        '"20/day"',
        None,
    )
    trial: bool = key(
        "Whether it is on trial: what it matches is kept as an alert, and nobody is told.", "true", default=False
    )
    until: Day | None = key(
        "The last day on which it rings; what it matches later is kept, and nobody is told.", "2026-12-31", None
    )
    note: str = key("Why the rule is there, for those who read it later.", '"asked for by the Berlin desk"', "")
    tests: Annotated[tuple[RuleTestTable, ...], Tables] = key(
        "Texts that it must match, or must not; `wirebell check` and `wirebell rules test` try them.",
        '[{ text = "NATO gives security guarantees.", match = true }]',
        (),
    )


class TermTable(Named):
    """A list of words that a rule names as `@name`."""

    short = "words"
    forms = (str, list)
    long = False
    unfit = f"{Named.unfit}() "

    words: SomeTexts = key("What may stand for the name.", '["NATO", "НАТО", "OTAN"]')


class ChannelTable(Named):
    """A channel; its short form is its address. It has one target: an address, a mailbox or a webhook."""

    short = "url"

    url: Text | None = key("The address of a service as Apprise writes it, or `console:`.", '"console:"', None)
    url_file: Text | None = key("A file that holds the address.", '"desk.url"', None)
    url_env: Text | None = key("A variable of the environment that holds the address.", '"DESK_URL"', None)
    to: SomeTexts | None = key("Mail: who gets it, each a message of their own.", '["anna@bank.example"]', None)
    smtp: Text | None = key("Mail: the server that takes it.", '"smtp.bank.example"', None)
    port: int | None = key(
        "Mail: the server's port; 587 with `starttls`, 465 with `tls`, 25 with `none` when absent.",
        "2525",
        None,
        ge=1,
        le=65535,
    )
    security: Annotated[Security, choice(Security)] = key(
        "Mail: how the connection to the server is secured.", '"tls"', Security.STARTTLS
    )
    from_: Text | None = key(
        "Mail: the sender; `user` when that is an address, else `wirebell` at the first receiver's domain.",
        '"news@bank.example"',
        None,
        alias="from",
    )
    user: Text | None = key("Mail: the name to log in with; no login when absent.", '"bot"', None)
    password: Text | None = key("Mail: the password itself; `password_file` is safer.", '"…"', None)
    password_file: Text | None = key("Mail: a file that holds the password.", '"mail.pw"', None)
    password_env: Text | None = key(
        "Mail: a variable of the environment that holds the password.", '"MAIL_PASSWORD"', None
    )
    webhook: Text | None = key(
        "Webhook: the address that JSON is posted to, by the Standard Webhooks convention.",
        '"https://hooks.bank.example/news"',
        None,
    )
    webhook_file: Text | None = key("Webhook: a file that holds the address.", '"hook.url"', None)
    webhook_env: Text | None = key("Webhook: a variable of the environment that holds the address.", '"HOOK_URL"', None)
    secret: Text | None = key("Webhook: the secret to sign with; `secret_file` is safer.", '"whsec_…"', None)
    secret_file: Text | None = key("Webhook: a file that holds the secret to sign with.", '"hook.secret"', None)
    secret_env: Text | None = key(
        "Webhook: a variable of the environment that holds the secret to sign with.", '"HOOK_SECRET"', None
    )
    default: bool = key("Whether rules without `notify` ring here; a single channel always is.", "true", default=False)
    quiet: Hours | None = key(
        "Hours of the day in which it rests; what is due then waits for their end.", '"22:00-07:00"', None
    )
    wake: Annotated[Priority, choice(Priority)] = key(
        "Alerts of at least this priority wait neither for the end of the quiet hours nor for the time of a digest.",
        '"high"',
        Priority.URGENT,
    )
    digest: DayTimes | None = key(
        "When it brings, in one message, what came since the last time; at once when absent.",
        '["07:00", "18:00"]',
        None,
    )
    burst: Limit = key(
        "How many messages of one rule a receiver gets within a time; what is beyond comes in one bundle, and urgent "
        "alerts are not counted. `false` is no limit.",
        '"3 in 5m"',
        DEFAULT_BURST,
    )
    format: Annotated[Form, choice(Form)] | None = key(
        "What its messages are written as: `text`, `markdown` or `html`; what its service reads best when absent.",
        '"text"',
        None,
    )
    template: str | None = key(
        "How its alerts are written, in its `format` or as text: words with `$headline`, `$link`, `$source`, `$feed`, "
        "`$rule`, `$priority`, `$evidence`, `$place`, `$change`, `$time`, `$published`, `$id`, and `$$` for a dollar "
        "sign.",
        r'"$headline ($source)\n$link\n$id"',
        None,
    )
    escalate: Text | None = key(
        "The channel that tells an alert of at least `wake` too, if nobody acknowledges it in time.", '"boss"', None
    )
    escalate_after: Duration = key("How long people have to acknowledge it.", '"5m"', ESCALATE_AFTER)
    fallback: Fallback | None = key(
        "The channel that tells its alerts while it cannot be reached; any other one when absent, none with `false`.",
        '"mail"',
        None,
    )


class PollingTable(Table):
    """How feeds are polled."""

    min_interval: Duration = key("No feed may have a shorter interval.", '"10s"', timedelta(seconds=30))
    max_interval: Duration = key(
        "Waits after failed polls double up to this; and a feed without an interval waits no longer.",
        '"2h"',
        timedelta(hours=1),
    )
    timeout: Timeout = key("A whole answer must have come within this time.", '"20s"', timedelta(seconds=30))
    concurrency: int = key("How many feeds are polled at once.", "20", 50, ge=1, le=1000)
    per_host: int = key("How many feeds of one host are polled at once.", "1", 2, ge=1, le=100)
    full_text: Annotated[FullText, choice(FullText)] = key(
        "`full_text` of feeds that do not say.", '"never"', FullText.AUTO
    )
    catch_up: Span = key("`catch_up` of feeds that do not say.", '"1h"', timedelta(0))


class NetworkTable(Table):
    """What feeds and articles may be read from besides public addresses, and through which proxy."""

    allow: Networks = key("Ranges of addresses that are not public and may be read from.", '["10.1.0.0/16"]', ())
    proxy: Text | None = key(
        "The http or https proxy that asks in the place of all feeds that name no other.",
        '"http://proxy.bank.example:3128"',
        None,
    )
    proxy_file: Text | None = key("A file that holds the proxy's address, with its login.", '"proxy.url"', None)
    proxy_env: Text | None = key(
        "A variable of the environment that holds the proxy's address, with its login.", '"PROXY"', None
    )


class HealthTable(Table):
    """What wirebell says of itself."""

    notify: SomeTexts | None = key(
        "The channels that hear of wirebell itself; the default ones when absent.", '"desk"', None
    )
    summary: DayTimes | None = key(
        "When a summary of the day comes, with the head of the evidence; none when absent.", '"07:30"', None
    )
    canary: Text | None = key(
        "The channel that gets a test each day, the way of every alert; if it stays away, the others are told.",
        '"desk"',
        None,
    )
    ping: Text | None = key(
        "An address that is asked once a minute while all is well; whoever stands behind it rings when it is not.",
        '"https://watch.example/7f3k"',
        None,
    )
    ping_file: Text | None = key("A file that holds this address.", '"ping.url"', None)
    ping_env: Text | None = key("A variable of the environment that holds this address.", '"PING_URL"', None)


class LogTable(Table):
    """What the daemon writes of its work."""

    level: Annotated[Level, choice(Level)] = key("The least that is written.", '"debug"', Level.INFO)
    format: Annotated[LogFormat, choice(LogFormat)] = key("For people or for machines.", '"json"', LogFormat.TEXT)


class KeepTable(Table):
    """How long what is stored is kept."""

    items: Age = key(
        "Items that were seen longer ago go, with what rules found in them, and records of the evidence.",
        '"30d"',
        Keep().items,
    )
    alerts: Age = key("Alerts and notices that were made longer ago go.", '"5y"', Keep().alerts)
    size: Room | None = key(
        "When the database is larger, its oldest items go earlier; no limit when absent.", '"5GB"', None
    )


Names = dict[str, Any]


#: The keys that an included file may hold as well.
SHARED = ("include", "feeds", "rules", "terms", "channels")


class Whole(Table):
    """A file of the configuration."""

    timezone: Text | None = key(
        "The zone of quiet hours and of times in messages; the machine's when absent.", '"Europe/Berlin"', None
    )
    database: Text = key(
        "Where everything is kept: a SQLite file.", '"sqlite:////var/lib/wirebell/wirebell.db"', "sqlite:///wirebell.db"
    )
    keep: KeepTable = key("How long what is stored is kept.", "", KeepTable())
    include: Texts = key(
        "Files to read as well: names or patterns. They hold feeds, rules, terms, channels and `include`.",
        '["rules.d/*.toml"]',
        (),
    )
    opml: Texts = key(
        "Lists of feeds in OPML to watch as well; their folders are tags.",
        '["feeds.opml"]',
        (),
    )
    feeds: Names = key("The feeds, by name.", '{ un = "https://un.example/rss.xml" }', {})
    rules: Names = key("The rules, by name.", '{ siemens = "Siemens" }', {})
    terms: Names = key("Lists of words that rules name as `@name`.", '{ nato = ["NATO", "НАТО", "OTAN"] }', {})
    channels: Names = key("The channels, by name.", '{ desk = "console:" }', {})
    polling: PollingTable = key("How feeds are polled.", "", PollingTable())
    network: NetworkTable = key("What may be read from, and how.", "", NetworkTable())
    health: HealthTable = key("What wirebell says of itself.", "", HealthTable())
    log: LogTable = key("What the daemon writes of its work.", "", LogTable())
