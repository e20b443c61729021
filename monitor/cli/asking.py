"""The questions of ``wirebell init``: each answered by an option, by its guess, or by a person."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import count
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import click

from monitor import config, rule, send
from monitor.channel import Channel, Security, Service
from monitor.cli import known
from monitor.cli.draft import Chat, Draft, Mailbox, Reader, Screen, feed_name
from monitor.cli.known import Server, Wire
from monitor.errors import RuleError

T = TypeVar("T")
#: What is watched for somebody who only presses Enter.
_TOPIC = "NATO security guarantees"
_CONSOLE = "console:"
_MAILBOX = re.compile(r"[^\s@<>,;:\"/]+@[^\s@<>,;:\"/]+")
#: How a connection to the usual ports of a mail server is secured.
_SECURITY = {25: Security.NONE, 465: Security.TLS, 587: Security.STARTTLS}
_LAST_PORT = 65535
_NOBODY = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the options answer; None and nothing where they do not."""

    topic: str | None = None
    to: str | None = None
    feeds: tuple[str, ...] = ()
    zone: str | None = None
    smtp: str | None = None
    security: Security | None = None
    user: str | None = None
    password_file: Path | None = None
    allow: tuple[str, ...] = ()
    #: Ask nothing.
    yes: bool = False


class Questions:
    """Asks what the options do not answer."""

    def __init__(self, given: Given, folder: Path, environment: Mapping[str, str]) -> None:
        """Take the folder in which the config will stand, for the names of files beside it."""
        self._given, self._folder, self._environment = given, folder, environment

    @property
    def silent(self) -> bool:
        """Return whether nobody is asked."""
        return self._given.yes

    def draft(self) -> Draft:
        """Return the answers to all questions."""
        given = self._given
        return Draft(
            topic=self._ask("What do you want to hear of? All of its words must occur", given.topic, _TOPIC, topic),
            reader=self._reader(),
            feeds=self._feeds(),
            zone=self._ask("Your time zone", given.zone, config.machine_zone(self._environment).key, zone),
            allow=given.allow,
        )

    def again(self, draft: Draft) -> Draft:
        """Return the draft with what the test message depends on asked anew."""
        self._given = replace(self._given, to=None, smtp=None, security=None, user=None, password_file=None)
        return replace(draft, reader=self._reader(draft.reader))

    def _ask(self, question: str, given: str | None, guess: str, read: Callable[[str], T]) -> T:
        if given is not None or self._given.yes:
            return read(guess if given is None else given)
        answer: T = click.prompt(question, default=guess, value_proc=read)
        return answer

    def _feeds(self) -> tuple[Wire, ...]:
        if not self._given.feeds and not self._given.yes:
            click.echo(f"Known by name: {', '.join(known.names())}.")
        given = ",".join(self._given.feeds) or None
        return self._ask("Feeds, by name or address", given, ", ".join(known.usual()), feeds)

    # --- who is told -----------------------------------------------------------------------------------------------

    def _reader(self, before: Reader | None = None) -> Reader:
        guess = before.to if isinstance(before, Mailbox) else _own_address(self._environment)
        question = "Who is told? A mail address, the address of a chat as Apprise writes it, or console:"
        to = self._ask(question, self._given.to, guess, receiver)
        if to == _CONSOLE:
            return Screen()
        if "://" in to:
            return Chat(url=to, file=_free(self._folder, "chat.url"))
        return self._mailbox(to, before)

    def _mailbox(self, to: str, before: Reader | None) -> Mailbox:
        provider = None if self._given.smtp else known.server(to)
        server = provider or self._server(to, before)
        user = self._user(to, is_known=provider is not None)
        if user is None:
            return Mailbox(to=to, server=server)
        if self._given.password_file:
            return Mailbox(to=to, server=server, user=user, file=self._named(self._given.password_file))
        if self._given.yes:
            raise click.UsageError(f"{server.smtp} wants a password; name the file that holds it with --password-file")
        password = self._password(user, server)
        return Mailbox(to=to, server=server, user=user, password=password, file=_free(self._folder, "mail.pw"))

    def _server(self, to: str, before: Reader | None) -> Server:
        usual = before.server if isinstance(before, Mailbox) and before.to == to else None
        guess = _named_server(usual) if usual else f"smtp.{to.rpartition('@')[2]}"
        question = "The server that takes your mail, with :port where that is not 587"
        found = self._ask(question, self._given.smtp, guess, server)
        return replace(found, security=self._given.security or found.security)

    def _user(self, to: str, *, is_known: bool) -> str | None:
        if is_known and self._given.user is None:
            return to
        question = f"The name to log in with there, or {_NOBODY} for none"
        nobody = self._given.yes and not self._given.password_file
        return self._ask(question, self._given.user, _NOBODY if nobody else to, login)

    @staticmethod
    def _password(user: str, server: Server) -> str:
        if server.password:
            click.echo(f"{server.password}.")
        password: str = click.prompt(f"The password of {user} at {server.smtp}, which is not shown", hide_input=True)
        return password

    def _named(self, file: Path) -> str:
        """Return the file as a config in the folder names it."""
        if not file.is_file():
            raise click.UsageError(f"{file}: there is no such file; write the password into it, and nothing else")
        whole = file.absolute()
        folder = self._folder.absolute()
        return str(whole.relative_to(folder) if whole.is_relative_to(folder) else whole)


# --- what an answer means --------------------------------------------------------------------------------------------


def topic(text: str) -> str:
    """Return the topic where it is a rule."""
    words = text.strip()
    try:
        rule.compile_rule("topic", (words,))
    except RuleError as error:
        fault = error.faults[0]
        raise click.UsageError(f"{fault}\n{fault.caret()}") from error
    return words


def zone(text: str) -> str:
    """Return the name of the zone where there is one."""
    message, cure = config.zone_fault(text.strip())
    if message:
        raise click.UsageError(f"{message}; {cure}")
    return text.strip()


def receiver(text: str) -> str:
    """Return the address where a message can go there."""
    address = text.strip()
    if address == _CONSOLE or _MAILBOX.fullmatch(address):
        return address
    if "://" not in address:
        cure = 'write such as anna@bank.example, slack://… or "console:"'
        raise click.UsageError(f"{address!r} is neither a mail address nor that of a chat; {cure}")
    for fault in send.faults(Channel(name="chat", target=Service(url=address))):
        raise click.UsageError(fault)
    return address


def server(text: str) -> Server:
    """Return the mail server that is named, secured as is usual on its port."""
    host, _, port = text.strip().partition(":")
    if not re.fullmatch(r"[\w.-]+", host) or not re.fullmatch(r"[1-9]\d{0,4}|", port) or int(port or 1) > _LAST_PORT:
        raise click.UsageError(
            f"{text!r} is not a mail server; write such as smtp.bank.example or smtp.bank.example:465"
        )
    security = _SECURITY.get(int(port or 587), Security.STARTTLS)
    return Server(smtp=host, security=security, port=None if not port or int(port) in _SECURITY else int(port))


def login(text: str) -> str | None:
    """Return the name to log in with; None for none."""
    return None if text.strip() == _NOBODY else text.strip()


def feeds(text: str) -> tuple[Wire, ...]:
    """Return the feeds that are named, each under a name of its own."""
    found: dict[str, Wire] = {}
    for word in filter(None, re.split(r"[,\s]+", text)):
        wire = known.wire(word) or _by_address(word, set(found))
        found.setdefault(wire.name, wire)
    if not found:
        raise click.UsageError("there is no feed; name one, or write its address")
    return tuple(found.values())


def _by_address(word: str, taken: set[str]) -> Wire:
    """Return the feed at an address, or at the site of that name, whose page will lead to it."""
    url = f"https://{word}" if re.fullmatch(r"[\w-]+(\.[\w-]+)+(/\S*)?", word) else word
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:  # a bracket that is not closed
        parts, host = urlsplit(""), ""
    if parts.scheme not in {"http", "https"} or not host:
        close = get_close_matches(word.lower(), known.names(), 1)
        cure = (
            f"did you mean {close[0]}?"
            if close
            else "write the address of the site or of its feed, such as https://news.example"
        )
        raise click.UsageError(f"no site is known as {word!r}; {cure}")
    return Wire(name=feed_name(host, taken | set(known.names())), url=url)


# --- guesses ---------------------------------------------------------------------------------------------------------


def _own_address(environment: Mapping[str, str]) -> str:
    """Return the address that mail programs take for the user's own, else the console."""
    own = environment.get("EMAIL", "")
    return own if _MAILBOX.fullmatch(own) else _CONSOLE


def _named_server(server: Server) -> str:
    port = server.port or next((port for port, usual in _SECURITY.items() if usual is server.security), None)
    return f"{server.smtp}:{port}"


def _free(folder: Path, name: str) -> str:
    """Return the name, numbered where a file has it already: none is ever overwritten."""
    stem, dot, kind = name.partition(".")
    names = (f"{stem}{'' if number == 1 else f'-{number}'}{dot}{kind}" for number in count(1))
    return next(each for each in names if not os.path.lexists(folder / each))
