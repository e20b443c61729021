"""A real SMTP server on loopback that keeps the mail it takes, and can refuse, hang or drop at any command."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

#: What a command may be answered with instead of a reply.
HANG, DROP = "hang", "drop"
#: Seconds that no wait outlasts.
PATIENCE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail as it arrived."""

    sender: str
    receivers: tuple[str, ...]
    raw: bytes
    #: The connection was encrypted when it came.
    encrypted: bool

    @property
    def message(self) -> EmailMessage:
        """Return the mail, parsed."""
        parsed = message_from_bytes(self.raw, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed


class SmtpServer:
    """Serves on a free loopback port, in a thread of its own.

    ``says`` maps a command (EHLO, AUTH, MAIL, RCPT, DATA for the end of the body) to the reply it gets in place of the
    usual one: ``{"RCPT": "550 5.1.1 unknown"}``, ``{"DATA": HANG}``, ``{"MAIL": DROP}``::

        with SmtpServer(login=("bot", "p@ss")) as server:
            ...
            assert server.letters[0].message["Subject"] == "…"
    """

    def __init__(
        self,
        *,
        says: Mapping[str, str] | None = None,
        login: tuple[str, str] | None = None,
        starttls: ssl.SSLContext | None = None,
        tls: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        self._handler = _Handler(says or {}, login=login is not None)
        self._controller = _Controller(
            self._handler,
            hostname="127.0.0.1",
            port=port,
            ssl_context=tls,
            tls_context=starttls,
            auth_require_tls=starttls is not None,
            authenticator=_authenticator(login, (says or {}).get("AUTH")) if login else None,
        )

    @property
    def letters(self) -> tuple[Letter, ...]:
        """Every mail that was taken, in order."""
        return tuple(self._handler.letters)

    def wait_for(self, subject: str) -> Letter:
        """Wait for a mail whose subject begins so, and return the first."""
        with self._handler.changed:
            found = self._handler.changed.wait_for(lambda: self._find(subject), PATIENCE)
        assert found, [letter.message["Subject"] for letter in self.letters]
        return found

    def _find(self, subject: str) -> Letter | None:
        return next((each for each in self._handler.letters if each.message["Subject"].startswith(subject)), None)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._controller.port)

    def __enter__(self) -> Self:
        """Start the server; it accepts when this returns."""
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End every connection and the thread."""
        self._controller.stop()


class _Controller(Controller):
    """Learns its port after the start, so that the system chooses a free one."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


class _Handler:
    def __init__(self, says: Mapping[str, str], *, login: bool) -> None:
        self._says, self._login = says, login
        self.letters: list[Letter] = []
        self.changed = threading.Condition()

    async def _say(self, command: str, server: SMTP, usual: str) -> str:
        match self._says.get(command, usual):
            case "hang":
                await asyncio.Event().wait()
                raise AssertionError
            case "drop":
                assert isinstance(server.transport, asyncio.WriteTransport)
                server.transport.abort()
                return usual
            case reply:
                return reply

    async def handle_EHLO(  # noqa: N802 - aiosmtpd finds it by this name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        del envelope
        session.host_name = hostname
        reply = await self._say("EHLO", server, "")
        return [reply] if reply else responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._login and not session.authenticated:  # aiosmtpd can ask for it too, but warns where there is no TLS
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return await self._say("MAIL", server, "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del session, options
        envelope.rcpt_tos.append(address)
        return await self._say("RCPT", server, "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        letter = Letter(
            sender=envelope.mail_from or "",
            receivers=tuple(map(str, envelope.rcpt_tos)),
            raw=envelope.content,
            encrypted=session.ssl is not None,
        )
        with self.changed:
            self.letters.append(letter)
            self.changed.notify_all()
        return await self._say("DATA", server, "250 2.0.0 taken")


def _authenticator(login: tuple[str, str], reply: str | None) -> object:
    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
        del server, session, envelope, mechanism
        good = (data.login.decode(), data.password.decode()) == login and reply is None
        return AuthResult(success=good, handled=False, message=None if good else reply)

    return check
