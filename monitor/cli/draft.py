"""What ``wirebell init`` was told, and the config that follows from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import assert_never

from monitor.channel import Security
from monitor.cli.known import Server, Wire
from monitor.config import Value, sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Someone who is told by mail."""

    to: str
    server: Server
    #: None where the server wants no login.
    user: str | None = None
    #: None where there is no login, or where the file holds it already.
    password: str | None = field(default=None, repr=False)
    #: The file of the password, as the config names it.
    file: str = "mail.pw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A chat, by its address."""

    url: str = field(repr=False)
    #: The file of the address, as the config names it.
    file: str = "chat.url"


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """The terminal in which wirebell runs."""


Reader = Mailbox | Chat | Screen


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The answers of somebody who sets wirebell up."""

    topic: str
    reader: Reader
    feeds: tuple[Wire, ...]
    zone: str
    #: Ranges of addresses that are not public and may be read from.
    allow: tuple[str, ...] = ()

    @property
    def secret(self) -> tuple[str, str] | None:
        """Return the file that is to be written beside the config, and what belongs into it."""
        match self.reader:
            case Mailbox(password=str() as password, file=file):
                return file, password
            case Chat(url=url, file=file):
                return file, url
            case _:
                return None

    def toml(self) -> str:
        """Return the config."""
        values: dict[str, Value] = {
            "timezone": self.zone,
            "feeds": {wire.name: wire.url for wire in self.feeds},
            "rules": {rule_name(self.topic): self.topic},
            "channels": _channels(self.reader),
        }
        return sample(values | ({"network": {"allow": list(self.allow)}} if self.allow else {}))


def _channels(reader: Reader) -> dict[str, Value]:
    match reader:
        case Mailbox():
            return {"mail": _mail(reader)}
        case Chat(file=file):
            return {"chat": {"url_file": file}}
        case Screen():
            return {"screen": "console:"}
        case _:
            assert_never(reader)


def _mail(reader: Mailbox) -> dict[str, Value]:
    keys: dict[str, Value] = {"to": reader.to, "smtp": reader.server.smtp}
    if reader.server.port is not None:
        keys["port"] = reader.server.port
    if reader.server.security is not Security.STARTTLS:
        keys["security"] = reader.server.security.value
    return keys | ({"user": reader.user, "password_file": reader.file} if reader.user else {})


#: Words of the rule language, which name no topic.
_OPERATORS = {"and", "or", "not", "near", "before"}


def rule_name(topic: str) -> str:
    """Return a short name for a rule: the first word of its topic that is one."""
    words = (word.lower() for word in re.findall(r"\w[\w-]*", topic))
    return next((word[:24] for word in words if word not in _OPERATORS), "topic")


def feed_name(host: str, taken: set[str]) -> str:
    """Return a short name for a feed of a host, unlike those that are taken: ``www.bank.example`` is ``bank``."""
    labels = [label for label in host.lower().split(".")[:-1] if label not in {"www", "rss", "feeds", "feed", "news"}]
    name = labels[-1] if labels and not host.replace(".", "").isdecimal() else host.replace(":", "-") or "feed"
    numbered = (f"{name}-{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(each for each in numbered if each not in taken)
