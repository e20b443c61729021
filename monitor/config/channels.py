"""Channels, made from their tables."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from monitor.channel import Channel, Console, Mail, Security, Service, Target, Template, Webhook
from monitor.config.check import Entry
from monitor.config.kinds import guess, listed, web_fault
from monitor.config.report import Report
from monitor.config.schema import ChannelTable
from monitor.config.secret import Secrets
from monitor.config.source import Place
from monitor.render import template as templates
from monitor.sheet import Form

#: The keys of each kind of target, the first of each kind being what makes it one.
_ADDRESS = ("url", "url_file", "url_env")
_MAIL = ("to", "smtp", "port", "security", "from", "user", "password", "password_file", "password_env")
_POSTED_TO = ("webhook", "webhook_file", "webhook_env")
_WEBHOOK = (*_POSTED_TO, "secret", "secret_file", "secret_env")
_KINDS = (_ADDRESS, _MAIL, _WEBHOOK)

_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}
#: One address as SMTP takes it (RFC 5321, section 4.1.2) without quoted names, which no receiver here needs.
_MAILBOX = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+")
#: What looks like a token: long, and not only letters.
_TOKEN = re.compile(r"(?=[\w:-]*\d)[\w:-]{16,}")
#: Apprise would send behind our back when a send failed, or call one a success that was not.
_REFUSED = ("optional", "retry")


class Channels:
    """Makes channels."""

    def __init__(self, secrets: Secrets, report: Report) -> None:
        self._secrets, self._report = secrets, report

    def make(self, entries: Sequence[Entry[ChannelTable]], names: Collection[str], place: Place) -> tuple[Channel, ...]:
        """Return the channels, of which at least one is a default one."""
        made = [channel for entry in entries if (channel := self._channel(entry))]
        if not names:
            self._report.missing(place, "there is no channel", 'add [channels] with desk = "console:"')
        elif len(names) == 1:
            made = [replace(channel, default=True) for channel in made]
        elif not any(entry.table.default or "default" in entry.spoilt for entry in entries):
            self._report.fault(place, f"none of {len(names)} channels is the default", "give one default = true")
        for entry in entries:
            self._check_other(entry, "fallback", names, "name another channel, or write false")
            self._check_other(entry, "escalate", names, "name another channel")
        wished, others = {entry.name: entry.table.fallback for entry in entries}, tuple(one.name for one in made)
        return tuple(replace(one, fallback=_fallback(wished[one.name], one.name, others)) for one in made)

    def _check_other(self, entry: Entry[ChannelTable], key: str, names: Collection[str], cure: str) -> None:
        """Note a channel that names itself, or one that there is not."""
        wished, place = getattr(entry.table, key), entry.place.at(key)
        if wished == entry.name:
            self._report.fault(place, "is the channel itself", cure)
        elif isinstance(wished, str) and wished not in names:
            self._report.fault(place, f"no channel is called {wished!r}", guess(wished, names) or listed(names))

    def _channel(self, entry: Entry[ChannelTable]) -> Channel | None:
        table = entry.table
        waits = table.quiet or table.digest or table.escalate or entry.spoilt & {"quiet", "digest", "escalate"}
        if "wake" in table.model_fields_set and not waits:
            cure = 'add quiet = "22:00-07:00"'
            self._report.warn(entry.place.at("wake"), "has no effect without quiet, digest or escalate", cure)
        if "escalate_after" in table.model_fields_set and not table.escalate and "escalate" not in entry.spoilt:
            cure = 'add escalate = "boss"'
            self._report.warn(entry.place.at("escalate_after"), "has no effect without escalate", cure)
        self._check_digest(entry)
        target = self._target(entry)
        self._check_form(entry, target)
        template = self._template(entry)
        if target is None:
            return None
        return Channel(
            name=entry.name,
            target=target,
            default=table.default,
            quiet=table.quiet,
            wake=table.wake,
            digest=table.digest,
            burst=table.burst,
            form=table.format,
            template=template,
            escalate=table.escalate or "",
            escalate_after=table.escalate_after,
        )

    def _check_digest(self, entry: Entry[ChannelTable]) -> None:
        """Warn of a digest that its channel would not bring before the end of its quiet hours."""
        quiet, digest = entry.table.quiet, entry.table.digest
        for at in digest.times if quiet and digest else ():
            if quiet and quiet.covers(at):
                cure = f'it comes when they end; write such as "{quiet.end:%H:%M}"'
                self._report.warn(entry.place.at("digest"), f"{at:%H:%M} lies in the quiet hours", cure)

    def _target(self, entry: Entry[ChannelTable]) -> Target | None:
        given = {ChannelTable.model_fields[name].alias or name for name in entry.table.model_fields_set}
        given |= entry.spoilt
        kinds = [kind for kind in _KINDS if given & set(kind)]
        if len(kinds) > 1:
            first, second = (next(key for key in kind if key in given) for kind in kinds[:2])
            cure = "a channel has one target: make two channels"
            self._report.fault(entry.place.at(second), f"cannot stand beside {first}", cure)
        elif not kinds:
            cure = "give it url_file, or to and smtp, or webhook"
            self._report.fault(entry.place, "has no target", cure)
        elif kinds[0] is _ADDRESS:
            return self._service(entry)
        elif kinds[0] is _MAIL:
            return self._mail(entry)
        else:
            return self._webhook(entry)
        return None

    # --- how messages are written ------------------------------------------------------------------------------

    def _check_form(self, entry: Entry[ChannelTable], target: Target | None) -> None:
        if isinstance(target, Mail) and entry.table.format is Form.MARKDOWN:
            self._report.fault(entry.place.at("format"), "mail is not read as Markdown", 'write "text" or "html"')
        if isinstance(target, Console | Webhook):
            reader = "the console has a form of its own" if isinstance(target, Console) else "a webhook gets JSON"
            for key in sorted({"format", "template"} & entry.table.model_fields_set):
                self._report.warn(entry.place.at(key), "has no effect", f"take it out: {reader}")

    def _template(self, entry: Entry[ChannelTable]) -> Template | None:
        if entry.table.template is None:
            return None
        place = entry.place.at("template")
        template = Template(text=entry.table.template, form=entry.table.format or Form.TEXT)
        for message, cure in (found := [*templates.faults(template)]):
            self._report.fault(place, message, cure)
        if not found and (lacking := templates.lacks(template)):
            self._report.warn(place, *lacking)
        return template

    # --- addresses ---------------------------------------------------------------------------------------------

    def _service(self, entry: Entry[ChannelTable]) -> Target | None:
        table, place = entry.table, entry.place
        url = self._secrets.take(place, "url", inside=table.url, file=table.url_file, variable=table.url_env)
        if url is None:
            return None
        place = place.at(next(key for key in _ADDRESS if getattr(table, key)))
        if fault := _address_fault(url):
            self._report.fault(place, *fault)
            return None
        if url == "console:":
            return Console()
        if table.url and _holds_secret(url):
            self._secrets.warn_of(place, "url")
        return Service(url=url)

    # --- mail --------------------------------------------------------------------------------------------------

    def _mail(self, entry: Entry[ChannelTable]) -> Mail | None:
        table, place = entry.table, entry.place
        for key, example in (("to", '"anna@bank.example"'), ("smtp", '"smtp.bank.example"')):
            if getattr(table, key) is None and key not in entry.spoilt:
                self._report.fault(place, f"{key} is missing", f"write such as {key} = {example}")
        password = self._password(entry)
        to = tuple(dict.fromkeys(table.to or ()))
        self._check_mailboxes(entry)
        if not to or table.smtp is None:
            return None
        return Mail(
            to=to,
            smtp=table.smtp,
            port=table.port or _PORTS[table.security],
            security=table.security,
            sender=table.from_ or _sender(table.user, to),
            user=table.user,
            password=password,
        )

    def _check_mailboxes(self, entry: Entry[ChannelTable]) -> None:
        place, sender = entry.place, entry.table.from_
        named = [(place.at("to", n), address) for n, address in enumerate(entry.table.to or ())]
        for spot, address in [*named, (place.at("from"), sender)] if sender else named:
            if not _MAILBOX.fullmatch(address):
                self._report.fault(spot, f"{address!r} is not an address", 'write such as "anna@bank.example"')
        if entry.table.smtp and not re.fullmatch(r"[\w.-]+|[0-9a-fA-F:]+", entry.table.smtp):
            cure = 'write its name alone, such as "smtp.bank.example"; port and security are keys of their own'
            self._report.fault(entry.place.at("smtp"), "is not the name of a server", cure)

    def _password(self, entry: Entry[ChannelTable]) -> str | None:
        table, place = entry.table, entry.place
        password = self._secrets.take(
            place, "password", inside=table.password, file=table.password_file, variable=table.password_env
        )
        given = [key for key in ("password", "password_file", "password_env") if getattr(table, key)]
        spoilt = bool(entry.spoilt & {"user", "password", "password_file", "password_env"})
        if table.user and not given and not spoilt:
            self._report.fault(place.at("user"), "has no password", "add password_file, or remove user")
        if given and not table.user and not spoilt:
            self._report.fault(place.at(given[0]), "has no user", "add user")
        if table.password:
            self._secrets.warn_of(place.at("password"), "password")
        if given and table.security is Security.NONE:
            self._report.warn(place.at("security"), "the password goes over the network in clear", 'write "starttls"')
        return password

    # --- webhooks ----------------------------------------------------------------------------------------------

    def _webhook(self, entry: Entry[ChannelTable]) -> Webhook | None:
        table, place = entry.table, entry.place
        secret = self._secrets.take(
            place, "secret", inside=table.secret, file=table.secret_file, variable=table.secret_env
        )
        if table.secret:
            self._secrets.warn_of(place.at("secret"), "secret")
        url = self._posted_to(entry)
        return None if url is None else Webhook(url=url, secret=secret)

    def _posted_to(self, entry: Entry[ChannelTable]) -> str | None:
        table, place = entry.table, entry.place
        given = [key for key in _POSTED_TO if getattr(table, key)]
        if not given and not entry.spoilt & set(_POSTED_TO):
            self._report.fault(place, "webhook is missing", "write the address that is posted to")
        url = self._secrets.take(
            place, "webhook", inside=table.webhook, file=table.webhook_file, variable=table.webhook_env
        )
        if url is None:
            return None
        place = place.at(given[0])
        if fault := web_fault(url):
            self._report.fault(place, *fault)
        elif table.webhook and _holds_secret(url):
            self._secrets.warn_of(place, "webhook")
        return url


def _fallback(wished: str | bool | None, name: str, channels: Sequence[str]) -> tuple[str, ...]:  # noqa: FBT001 - as written
    """Return who may tell a channel's alerts in its place: the one that is wished for, none, or any other."""
    match wished:
        case str():
            return (wished,)
        case None:
            return tuple(other for other in channels if other != name)
        case _:
            return ()


def _address_fault(url: str) -> tuple[str, str] | None:
    """Return what is wrong with the address of a service, as far as that can be told without asking Apprise."""
    if url == "console:":
        return None
    if any(letter.isspace() for letter in url):
        return "holds more than one address", "a channel has one; make a channel for each"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "is not an address", "look at its brackets"
    if "://" not in url or not parts.scheme:
        return "is not the address of a service", 'write "console:", or one such as "ntfy://my-topic" (see Apprise)'
    for name, _ in parse_qsl(parts.query, keep_blank_values=True):
        if name.lower() in _REFUSED:
            return f"{name}= cannot be used", "take it out: wirebell itself tries again, and says what failed"
    return None


def _holds_secret(url: str) -> bool:
    parts = urlsplit(url)
    return parts.password is not None or any(_TOKEN.search(part) for part in (parts.netloc, parts.path, parts.query))


def _sender(user: str | None, to: Sequence[str]) -> str:
    """Return a sender that the server is likely to take: the one who logs in, else one of the receivers' own domain."""
    if user and _MAILBOX.fullmatch(user):
        return user
    return f"wirebell@{to[0].rpartition('@')[2]}"
