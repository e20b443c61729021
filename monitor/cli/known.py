"""Sites and mail servers that ``wirebell init`` knows by name, read from the lists beside this file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from monitor.channel import Security


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A feed with the name that it gets in a config."""

    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that takes mail."""

    smtp: str
    security: Security = Security.STARTTLS
    #: None where it is the usual one of its security.
    port: int | None = None
    #: Which password it wants, in words; empty where that is the usual one.
    password: str = ""


@cache
def _list(name: str) -> dict[str, Any]:
    return tomllib.loads((Path(__file__).with_name(name)).read_text(encoding="utf-8"))


def usual() -> tuple[str, ...]:
    """Return the names of the feeds that are offered to who names none."""
    return tuple(_list("wires.toml")["usual"])


def names() -> tuple[str, ...]:
    """Return the names of all feeds that are known."""
    return tuple(_list("wires.toml")["wires"])


def wire(named: str) -> Wire | None:
    """Return the feed of that name or site: ``guardian``, ``theguardian.com``, ``https://www.theguardian.com/``."""
    host = _site(named)
    for name, (site, url) in _list("wires.toml")["wires"].items():
        if named.strip().lower() == name or host == site:
            return Wire(name=name, url=url)
    return None


def _site(named: str) -> str:
    """Return the host that is meant where nothing but a site is named, else an empty text."""
    text = named.strip().lower()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = parts.hostname or ""
    except ValueError:  # a bracket that is not closed
        return ""
    return "" if parts.path.strip("/") or parts.query else host.removeprefix("www.")


def server(address: str) -> Server | None:
    """Return the server that takes the mail of an address; None where its provider is not known."""
    domain = address.rpartition("@")[2].lower()
    for known in _list("mail_servers.toml")["servers"]:
        if domain in known["domains"]:
            return Server(
                smtp=known["smtp"],
                security=Security(known.get("security", Security.STARTTLS)),
                password=known.get("password", ""),
            )
    return None
