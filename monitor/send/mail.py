"""Mail, handed to an SMTP server directly: its reply codes say what failed and whose fault it is."""

from __future__ import annotations

import re
import smtplib
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cached_property

from monitor.alert import Failed, Fault, Outcome, Sent, Unknown
from monitor.channel import Mail, Message, Security
from monitor.render import clean, page, text
from monitor.send.outcome import READ, channel_fault, lost, own_words, silent, strings, struck, unreached
from monitor.sheet import Form

_OK, _FORWARDED, _CLOSING, _NO_LOGIN = 250, 251, 421, 530
_PERMANENT = 500
#: The enhanced status code at the beginning of a reply (RFC 3463).
_ENHANCED = re.compile(rb"\s*([245]\.\d{1,3}\.\d{1,3})\b")


class MailSender:
    """Hands mail to an SMTP server itself, because its reply codes say what failed, and whose fault it is."""

    def __init__(self, target: Mail, now: Callable[[], datetime], limit: float, form: Form | None = None) -> None:
        self._target, self._now, self._limit, self._form = target, now, limit, form

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Return whom this machine trusts: read with the first message, for it takes 30 ms."""
        return ssl.create_default_context()

    def send(self, message: Message) -> Outcome:
        """Send the letter; what fails once the server may hold the whole of it may have arrived."""
        outcome = self._hand_over(message)
        if isinstance(outcome, Unknown):
            return outcome
        return replace(outcome, said=struck(outcome.said, strings([self._target.password or ""])))

    def _hand_over(self, message: Message) -> Outcome:
        talk = _Talk(self._target, self._tls, ends=time.monotonic() + self._limit)
        try:
            letter = _letter(message, self._target.sender, self._now(), with_page=self._form is not Form.TEXT)
            return talk.hand_over(letter.as_bytes(), to=message.receiver)
        except (OSError, ValueError) as error:  # smtplib's own errors are OSErrors
            return _broken_off(error, talk)


def _broken_off(error: Exception, talk: _Talk) -> Outcome:  # noqa: PLR0911 - one for each way to break
    match error:
        case smtplib.SMTPResponseException():
            return refused(error.smtp_code, error.smtp_error, talk.stage)
        case smtplib.SMTPNotSupportedError():
            return channel_fault("server does not offer the security or login that is asked for", permanent=True)
        case ssl.SSLCertVerificationError():  # a ValueError as well
            return unreached(error)
        case ValueError():
            reason = "the address holds characters that mail servers do not take"
            return Failed(reason=reason, fault=Fault.MESSAGE, permanent=True)
        case _ if talk.handed:
            return lost(error)
        case smtplib.SMTPServerDisconnected():
            return channel_fault("no answer in time" if silent(error) else "server ended the connection")
        case smtplib.SMTPException():
            return channel_fault("server knows no way to log in that is known here", permanent=True)
        case _:
            return unreached(error)


class _Talk:
    """One conversation with a mail server, up to a moment of the monotonic clock."""

    def __init__(self, target: Mail, tls: ssl.SSLContext, *, ends: float) -> None:
        self._target, self._tls, self._ends = target, tls, ends
        #: Whose fault a refusal is at this point.
        self.stage = Fault.CHANNEL
        #: The server may hold the whole message: silence from here on says nothing.
        self.handed = False

    def hand_over(self, letter: bytes, *, to: str) -> Outcome:
        """Connect, log in and hand the letter over."""
        with self._connected() as smtp:
            self._log_in(smtp)
            code, reply = smtp.mail(parseaddr(self._target.sender)[1])
            if code != _OK:
                return refused(code, reply, Fault.CHANNEL)
            self.stage = Fault.MESSAGE
            code, reply = smtp.rcpt(to)
            if code not in (_OK, _FORWARDED):
                return refused(code, reply, Fault.MESSAGE)
            self._hurry(smtp)
            self.handed = True
            code, reply = smtp.data(letter)
            with suppress(OSError):
                smtp.putcmd("QUIT")  # its answer is not awaited: the letter is theirs
            if code != _OK:
                return refused(code, reply, Fault.MESSAGE)
            return Sent(detail=_reply_words(code, reply), said=own_words(reply))

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        host, port, timeout = self._target.smtp, self._target.port, self._left()
        if self._target.security is Security.TLS:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=timeout, context=self._tls)
        else:
            smtp = smtplib.SMTP(host, port, timeout=timeout)
        with closing(smtp):
            self._hurry(smtp)
            yield smtp

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        if self._target.security is Security.STARTTLS:
            smtp.starttls(context=self._tls)
            self._hurry(smtp)
        if self._target.user is not None:
            _log_in(smtp, self._target.user, self._target.password or "")
        smtp.ehlo_or_helo_if_needed()
        self._hurry(smtp)

    def _left(self) -> float:
        return max(0.1, min(READ, self._ends - time.monotonic()))

    def _hurry(self, smtp: smtplib.SMTP) -> None:
        """Have the next replies come within what is left of the time."""
        if smtp.sock is not None:
            smtp.sock.settimeout(self._left())


def _log_in(smtp: smtplib.SMTP, user: str, password: str) -> None:
    if user.isascii() and password.isascii():
        smtp.login(user, password)
        return
    secret = b64encode(f"\0{user}\0{password}".encode()).decode()  # smtplib knows ASCII only; PLAIN is UTF-8 (RFC 4616)
    smtp.ehlo_or_helo_if_needed()
    code, reply = smtp.docmd("AUTH", f"PLAIN {secret}")
    if code != 235:  # noqa: PLR2004 - authentication succeeded (RFC 4954)
        raise smtplib.SMTPAuthenticationError(code, reply)


def _reply_words(code: int, reply: bytes | str) -> str:
    """Return the codes of a reply; its words are the server's, and may hold anything."""
    enhanced = _ENHANCED.match(reply if isinstance(reply, bytes) else reply.encode())
    return f"server answered {code}" + (f" {enhanced[1].decode()}" if enhanced else "")


def refused(code: int, reply: bytes | str, fault: Fault) -> Failed:
    """Return the outcome of a refusal: 5xx stays, 4xx passes; 421 and 530 are about the connection, never a letter."""
    whose = Fault.CHANNEL if code in (_CLOSING, _NO_LOGIN) else fault
    reason, said = _reply_words(code, reply), own_words(reply)
    return Failed(reason=reason, fault=whose, permanent=code >= _PERMANENT, said=said)


def _letter(message: Message, sender: str, now: datetime, *, with_page: bool) -> EmailMessage:
    domain = parseaddr(sender)[1].rpartition("@")[2]
    letter = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    letter["Subject"] = clean(message.subject)
    letter["From"] = sender
    letter["To"] = message.receiver
    letter["Date"] = format_datetime(now)
    letter["Message-ID"] = f"<{message.id}@{domain}>"
    for name, value in headers(message, domain).items():
        letter[name] = value
    letter.set_content(text(message.sheet) + "\n")
    if with_page:
        letter.add_alternative(page(message.sheet), subtype="html")
    return letter


def headers(message: Message, domain: str) -> dict[str, str]:
    """Return the headers by which mail programs sort, thread and do not answer."""
    label = re.sub(r"[^a-z0-9-]+", "-", message.topic.lower()).strip("-") or "rule"
    headers = {
        "X-Wirebell-Delivery": message.id,
        "Auto-Submitted": "auto-generated",
        "List-Id": f"<{label}.wirebell.{domain}>",
    }
    if message.thread:
        root = f"<{message.thread}@{domain}>"
        headers |= {"In-Reply-To": root, "References": root}
    return headers | ({"Importance": "high", "X-Priority": "1"} if message.urgent else {})
