"""What leaves through the door to the network, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A server that asks others in our place."""

    #: Without what it is proved with.
    url: str
    #: User and password; None where it lets everybody through.
    login: tuple[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a server lets us in with, and the way to it."""

    #: An address of the server that the headers are for: where a redirect leads to another origin, they stay behind.
    url: str = ""
    #: Names and values: keys, logins, cookies.
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    #: What stands in those headers and in the proxy's login, and may not be told to anybody.
    secrets: tuple[str, ...] = field(default=(), repr=False)
    #: Who every server on the way is told to be asked by; None for wirebell's own words.
    user_agent: str | None = None
    proxy: Proxy | None = None
    #: Authorities that are trusted besides the machine's, as certificates in PEM.
    authorities: str | None = field(default=None, repr=False)

    def shows(self, words: str) -> bool:
        """Return whether a secret stands in the words."""
        return any(secret in words for secret in self.secrets)

    def scrubbed(self, words: str) -> str:
        """Return the words without the secrets: a server may repeat what it was told."""
        for secret in self.secrets:
            words = words.replace(secret, "…")
        return words


#: The access that everybody has.
ANYBODY = Access()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A GET of one address."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    access: Access = ANYBODY
    #: Most bytes of decoded body that are taken (a bomb or an endless answer ends here).
    limit: int
    #: What comes is known to take long to read: where it waits, it keeps no room from what is read at once.
    slow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A whole answer, decoded, from the address that the redirects led to."""

    url: str
    status: int
    #: Names in lower case; of a repeated header, the first.
    headers: Mapping[str, str]
    #: Empty for answers that have none (304, 410, 429 …).
    body: bytes
    #: Where the address has moved for good: set when every redirect on the way was a 301 or a 308.
    moved_to: str | None = None


class Refusal(StrEnum):
    """Why there is no answer; the values are the words shown to people."""

    ADDRESS = "address is not public"
    URL = "address cannot be used"
    DNS = "name does not resolve"
    CONNECT = "connection failed"
    TLS = "secure connection failed"
    TIMEOUT = "no whole answer in time"
    TOO_LARGE = "answer is too large"
    ENCODING = "answer has an encoding that was not asked for"
    PROTOCOL = "answer is not proper HTTP"
    REDIRECTS = "too many redirects"
    PROXY = "proxy failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """No answer, with the reason and what exactly was seen."""

    reason: Refusal
    detail: str

    def __str__(self) -> str:
        """Return the reason in words for people."""
        return f"{self.reason} ({self.detail})" if self.detail else str(self.reason)


Answer = Response | Refused
