"""Receivers of JSON by the Standard Webhooks convention."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from urllib.parse import quote, unquote, urlsplit

from standardwebhooks import Webhook as Signer

from monitor.alert import Outcome
from monitor.channel import Message, Webhook
from monitor.send.outcome import CONNECT, READ, answered, lost, own_words, strings, struck, unreached, wait_asked


def faults(target: Webhook) -> Iterator[str]:
    """Yield what is wrong with the address or the secret, in words that hold none of it."""
    if not _usable(target.url):
        yield "the webhook is not an address that begins with https:// or http://"
    if target.secret is not None and _key(target.secret) is None:
        yield "the webhook's secret is not base64, as the Standard Webhooks convention wants it (whsec_…)"


def _usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _key(secret: str) -> bytes | None:
    """Return the secret's bytes; None where it is none. The package itself passes over letters that are not base64."""
    digits = secret.strip().removeprefix("whsec_").rstrip("=")
    try:
        return b64decode(digits + "=" * (-len(digits) % 4), validate=True) or None
    except ValueError:
        return None


#: Bytes of an answer's body that are read, and seconds that they are waited for: what counts is the status.
_BODY, _BODY_WAIT = 400, 0.5


def _said(answer: http.client.HTTPResponse, sock: socket.socket) -> str:
    """Return how the receiver explains a refusal, as far as that has come already."""
    if answer.status < HTTPStatus.BAD_REQUEST:
        return ""
    with suppress(OSError, ValueError, http.client.HTTPException):  # ValueError: a chunk without a length
        sock.settimeout(_BODY_WAIT)
        return own_words(answer.read1(_BODY))
    return ""


class WebhookSender:
    """Posts JSON by the Standard Webhooks convention; follows no redirect."""

    def __init__(self, target: Webhook, now: Callable[[], datetime], limit: float) -> None:
        self._url, self._now, self._limit = urlsplit(target.url), now, limit
        self._secrets = strings((target.url, target.secret or "")) - {self._url.scheme}
        self._key = None if target.secret is None else _key(target.secret)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Return whom this machine trusts: read with the first message, for it takes 30 ms."""
        return ssl.create_default_context()

    def send(self, message: Message) -> Outcome:
        """Post the message's document; what fails after the connection stands may have arrived."""
        body = json.dumps(message.payload, ensure_ascii=False).encode("utf-8", "replace")
        ends = time.monotonic() + self._limit
        connection = self._connection()
        with closing(connection):
            try:
                connection.connect()
            except (OSError, UnicodeError) as error:  # UnicodeError: a host name that DNS cannot hold
                return unreached(error)
            sock = connection.sock  # the connection lets go of it with the answer's head
            sock.settimeout(max(0.1, min(READ, ends - time.monotonic())))
            try:
                connection.request("POST", self._path(), body, self._headers(message, body))
                answer = connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                return lost(error)
            wait = wait_asked(answer.headers.get("Retry-After"), self._now())
            return answered(answer.status, wait, struck(_said(answer, sock), self._secrets))

    def _connection(self) -> http.client.HTTPConnection:
        host, timeout = self._url.hostname or "", min(CONNECT, self._limit)
        if self._url.scheme == "https":
            return http.client.HTTPSConnection(host, self._url.port, timeout=timeout, context=self._tls)
        return http.client.HTTPConnection(host, self._url.port, timeout=timeout)

    def _path(self) -> str:
        query = f"?{self._url.query}" if self._url.query else ""
        return quote((self._url.path or "/") + query, safe="/?%:@!$&'()*+,;=~")

    def _headers(self, message: Message, body: bytes) -> dict[str, str]:
        now = self._now().astimezone(UTC)  # the signer takes any time for UTC
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "wirebell",
            "Connection": "close",
            "webhook-id": message.id,
            "webhook-timestamp": str(int(now.timestamp())),
        }
        if self._key is not None:
            headers["webhook-signature"] = Signer(self._key).sign(message.id, now, body.decode())
        if self._url.username is not None:
            login = f"{unquote(self._url.username)}:{unquote(self._url.password or '')}"
            headers["Authorization"] = f"Basic {b64encode(login.encode()).decode()}"
        return headers
