"""What becomes of a message: real receivers that take, refuse, hang and drop it."""

from __future__ import annotations

import io
import json
import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parsedate_to_datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import trustme
from apprise import AppriseResult, AppriseResultStatus, NotifyAttempt, NotifyResult
from apprise.logger import NotifyLogEntry
from standardwebhooks import Webhook as Verifier

from monitor import send
from monitor.alert import (
    Digest,
    Failed,
    Fault,
    Kind,
    Notice,
    Outcome,
    Priority,
    Sent,
    Unknown,
)
from monitor.channel import Channel, Console, Mail, Message, Security, Service, Target, Webhook
from monitor.rule import Evidence
from monitor.send import records, service
from monitor.sheet import Form
from tests import alerts
from tests.alerts import NOW, alert
from tests.conftest import ROOT
from tests.forms import forms
from tests.http_server import DROP, HANG, HttpServer, Mode, Reply
from tests.injections import INJECTIONS
from tests.smtp_server import DROP as SMTP_DROP
from tests.smtp_server import HANG as SMTP_HANG
from tests.smtp_server import SmtpServer

#: Importing all plugins imports imghdr, which goes with Python 3.13.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#: Long enough for a loopback server on a busy machine, short enough to wait for one that hangs.
LIMIT = timedelta(seconds=0.6)
#: Words that must never leave an address: a token in a path, a password, a header.
CANARIES = ("canarytoken", "canarypassword", "canaryheader", "3ccdd113474722377935511fc85d3dd4")


message = partial(alerts.message, receiver="anna@bank.example")


def sender(target: Target, *, limit: timedelta = LIMIT, console: io.StringIO | None = None) -> send.Sender:
    channel = Channel(name="desk", target=target)
    return send.open_sender(channel, console=console or io.StringIO(), now=lambda: NOW, limit=limit)


@pytest.fixture
def http() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


@pytest.fixture
def everything_logged() -> Iterator[io.StringIO]:
    """What a log that keeps everything would hold; caplog listens to loggers that reach no log, too."""
    stream, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(stream), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(level)
    root.removeHandler(handler)


def authority(monkeypatch: pytest.MonkeyPatch, folder: Path) -> ssl.SSLContext:
    """A server's side of TLS, whose authority this process trusts."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    return context


def refused_port() -> int:
    """A port on which nothing listens."""
    with HttpServer() as server:
        return server.port


# -- console ---------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_console_shows_the_line_the_evidence_and_the_address() -> None:
    stream = io.StringIO()
    assert sender(Console(), console=stream).send(message()) == Sent()
    assert [line.strip() for line in stream.getvalue().splitlines()] == [
        '10:11:07 nato rang: "Allies weigh written guarantees for Kyiv" (Reuters)',
        '"[NATO] foreign ministers discussed [security guarantees]."',
        "https://example.com/world/allies-weigh",
    ]


def test_a_terminal_has_colours_unless_they_are_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured, plain = Terminal(), Terminal()
    sender(Console(), console=coloured).send(message())
    monkeypatch.setenv("NO_COLOR", "1")
    sender(Console(), console=plain).send(message())
    assert "\x1b[1m" in coloured.getvalue()
    assert "\x1b" not in plain.getvalue()


def test_a_console_that_is_no_terminal_gets_no_escapes_from_hostile_words() -> None:
    stream = io.StringIO()
    sender(Console(), console=stream).send(message(alert(headline="red \x1b[31malert\x07\r\nforged rang")))
    assert stream.getvalue().count("\n") == 3
    assert "\x1b" not in stream.getvalue()


def test_a_console_that_knows_ascii_only_still_shows_the_alert() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    channel = Channel(name="desk", target=Console())
    assert send.open_sender(channel, console=stream, now=lambda: NOW).send(message(alert(headline="НАТО"))) == Sent()
    assert b'rang: "????"' in raw.getvalue()


class Broken(io.StringIO):
    """A stream whose reader is gone."""

    def write(self, _: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize(("stream", "why"), [(Broken(), "Broken pipe"), (closed(), "the stream is closed")])
def test_a_console_that_is_gone_is_a_fault_of_the_channel(stream: io.StringIO, why: str) -> None:
    outcome = sender(Console(), console=stream).send(message())
    assert outcome == Failed(reason=f"could not write: {why}", fault=Fault.CHANNEL, permanent=False)


# -- webhook ---------------------------------------------------------------------------------------------------------


def test_a_webhook_gets_the_document_and_the_same_id_each_time(http: HttpServer) -> None:
    channel = sender(Webhook(url=http.reply("/hook?team=desk", Reply(status=204))))
    assert [channel.send(message()), channel.send(message(unknown=1))] == [
        Sent(detail="server answered 204 (No Content)")
    ] * 2
    first, second = http.received
    assert first.method == "POST"
    assert first.headers["content-type"] == "application/json"
    assert json.loads(first.body) == message().payload
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "delivery22222222"
    assert first.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert "webhook-signature" not in first.headers
    assert json.loads(second.body)["may_repeat"] is True


def test_a_webhook_with_a_secret_is_signed_so_that_the_reference_verifies(http: HttpServer) -> None:
    url = http.reply("/hook", Reply())
    channel = Channel(name="desk", target=Webhook(url=url, secret=SECRET))
    clock = NOW.astimezone(ZoneInfo("Asia/Tokyo"))  # the signature is over UTC, whatever zone the clock speaks
    opened = send.open_sender(channel, console=io.StringIO(), now=lambda: clock)
    assert isinstance(opened.send(message(alert(headline="Ünïcode"))), Sent)
    (request,) = http.received
    headers = dict(request.headers)
    text = request.body.decode()
    signed = Verifier(SECRET).sign(headers["webhook-id"], NOW, text)
    assert headers["webhook-signature"] == signed


def test_a_webhook_may_carry_a_login(http: HttpServer) -> None:
    url = http.reply("/hook", Reply()).replace("http://", "http://bot:p%40ss%2F%23@")
    assert isinstance(sender(Webhook(url=url)).send(message()), Sent)
    assert http.received[0].headers["authorization"] == "Basic Ym90OnBAc3MvIw=="


def test_a_webhook_over_tls_is_reached_when_its_certificate_is_good(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with HttpServer(tls=authority(monkeypatch, tmp_path)) as server:
        assert isinstance(sender(Webhook(url=server.reply("/", Reply()))).send(message()), Sent)


def test_a_webhook_whose_certificate_is_not_accepted_gets_nothing(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        context = authority(patch, tmp_path)
    with HttpServer(tls=context) as server:
        outcome = sender(Webhook(url=server.reply("/", Reply()))).send(message())
        assert isinstance(outcome, Failed)
        assert outcome.reason.startswith("certificate not accepted: ")
        assert not outcome.permanent
        assert server.received == ()


CHANNEL_GONE = {401, 403, 404, 410}
PASSING = {301, 302, 307, 408, 425, 429, 500, 502, 503, 504, 599}


@pytest.mark.parametrize("status", sorted(CHANNEL_GONE | PASSING | {400, 402, 405, 413, 422}))
def test_an_answer_says_whose_fault_it_is_and_whether_it_passes(http: HttpServer, status: int) -> None:
    url = http.reply("/", Reply(status=status, headers={"Location": http.url("/elsewhere")}))
    outcome = sender(Webhook(url=url)).send(message())
    assert isinstance(outcome, Failed)
    assert outcome.fault is (Fault.CHANNEL if status in CHANNEL_GONE | PASSING else Fault.MESSAGE)
    assert outcome.permanent is (status not in PASSING)
    assert outcome.reason.startswith(f"server answered {status}")
    assert [request.path for request in http.received] == ["/"]  # no redirect is followed


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("7", timedelta(seconds=7)),
        (format_datetime(NOW + timedelta(minutes=2)), timedelta(minutes=2)),
        (format_datetime(NOW - timedelta(minutes=2)), timedelta(0)),
        ("soon", None),
        ("9" * 30, None),
        ("", None),
    ],
)
def test_the_wait_that_a_receiver_asks_for_is_kept(http: HttpServer, value: str, wait: timedelta | None) -> None:
    outcome = sender(Webhook(url=http.reply("/", Reply(status=429, headers={"Retry-After": value})))).send(message())
    assert isinstance(outcome, Failed)
    assert outcome.retry_after == wait


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (HANG, "no answer in time"),
        (DROP, "connection lost before the answer"),
        (Reply(raw=b"not HTTP at all\r\n\r\n"), "connection lost before the answer"),
        (Reply(mode=Mode.HINTS, pace=0.01), "server answered 103 (Early Hints)"),
    ],
)
def test_an_answer_that_never_comes_leaves_it_unknown(http: HttpServer, reply: Reply, reason: str) -> None:
    started = time.monotonic()
    assert sender(Webhook(url=http.reply("/", reply))).send(message()) == Unknown(reason=reason)
    assert time.monotonic() - started < LIMIT.total_seconds() + 1
    assert len(http.received) == 1


def test_a_body_without_end_does_not_hold_up_a_webhook(http: HttpServer) -> None:
    url = http.reply("/", Reply(status=200, body=b"x" * 1000, mode=Mode.ENDLESS))
    assert isinstance(sender(Webhook(url=url)).send(message()), Sent)


def test_what_a_receiver_repeats_of_an_address_or_a_password_is_struck_out(http: HttpServer) -> None:
    http.reply("/canarytoken", Reply(status=403, body=b"no /canarytoken here" + b"." * 170 + b"canarytoken"))
    posted = sender(Webhook(url=http.url("/canarytoken"))).send(message())
    with SmtpServer(login=("bot", "x"), says={"AUTH": "535 5.7.8 canarypassword is wrong"}) as server:
        mailed = sender(mail(server.port, user="bot", password="canarypassword")).send(message())
    assert isinstance(posted, Failed)
    assert isinstance(mailed, Failed)
    assert posted.said.startswith("no /*** here")
    assert "canary" not in posted.said
    assert mailed.said == "5.7.8 *** is wrong"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(status=400, body=b"invalid_payload\r\nat \x1b[31mcanarytoken"), "invalid_payload at [31mcanarytoken"),
        (Reply(status=400, body=b"x" * 1000, mode=Mode.ENDLESS), "x" * 200),
        (Reply(status=400, mode=Mode.STALL), ""),
        (Reply(status=400), ""),
    ],
)
def test_what_a_receiver_says_of_a_refusal_is_told_and_stands_in_no_log(
    http: HttpServer, reply: Reply, said: str
) -> None:
    outcome = sender(Webhook(url=http.reply("/", reply))).send(message())
    assert isinstance(outcome, Failed)
    assert (outcome.reason, outcome.said) == ("server answered 400 (Bad Request)", said)
    assert "canary" not in repr(outcome)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/canarytoken",
        "http://canarytoken.invalid/",
        "http://" + "a" * 64 + ".example/",
    ],
)
def test_a_receiver_that_cannot_be_reached_may_be_there_later(url: str) -> None:
    outcome = sender(Webhook(url=url.format(port=refused_port())), limit=timedelta(seconds=5)).send(message())
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("could not connect: ")
    assert (outcome.fault, outcome.permanent) == (Fault.CHANNEL, False)


def test_a_receiver_that_takes_no_connection_is_not_waited_for_long() -> None:
    with socket.socket() as full:  # its queue holds two, and nobody takes them out
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        with socket.create_connection(address), socket.socket() as second:
            second.setblocking(False)  # noqa: FBT003 - positional in the standard library
            second.connect_ex(address)
            outcome = sender(Webhook(url=f"http://127.0.0.1:{address[1]}/")).send(message())
    assert outcome == Failed(reason="could not connect: no answer in time", fault=Fault.CHANNEL, permanent=False)


@contextmanager
def dribbling() -> Iterator[int]:
    """A receiver whose answer comes byte by byte and never ends, so that no time-out of a socket is ever reached."""
    stop = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 ")
            while not stop.wait(0.05):
                connection.sendall(b"O")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield int(listener.getsockname()[1])
        stop.set()
        thread.join()


def test_an_answer_that_dribbles_is_given_up_and_holds_up_the_next_message_only_while_it_lasts() -> None:
    with dribbling() as port:
        channel = sender(Webhook(url=f"http://127.0.0.1:{port}/"))
        started = time.monotonic()
        assert channel.send(message()) == Unknown(reason="no answer in 0.6 s")
        assert time.monotonic() - started < LIMIT.total_seconds() + 1
        waiting = Failed(reason="an earlier attempt still hangs", fault=Fault.CHANNEL, permanent=False)
        assert channel.send(message()) == waiting
    deadline = time.monotonic() + 5
    while channel.send(message()) == waiting:
        assert time.monotonic() < deadline


def test_a_fault_of_ours_is_raised_where_the_message_was_sent(http: HttpServer) -> None:
    broken = replace(message(), payload={"schema": object()})
    with pytest.raises(send.SenderError, match=r"TypeError at encoder.py:\d+"):
        sender(Webhook(url=http.url())).send(broken)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Webhook(url="https://bank.example/hook"), None),
        (Webhook(url="https://bank.example/hook", secret=SECRET), None),
        (Webhook(url="https://bank.example/hook", secret=SECRET.removeprefix("whsec_") + "="), None),
        (Webhook(url="ftp://bank.example/canarytoken"), "is not an address that begins with https://"),
        (Webhook(url="https:///canarytoken"), "is not an address"),
        (Webhook(url="https://bank.example:canarytoken/"), "is not an address"),
        (Webhook(url="https://bank.example/", secret="canarypassword!"), "secret is not base64"),
        (Webhook(url="https://bank.example/", secret="whsec_"), "secret is not base64"),
    ],
)
def test_a_webhook_is_checked_when_it_is_loaded(target: Webhook, words: str | None) -> None:
    found = send.faults(Channel(name="desk", target=target))
    assert len(found) == (0 if words is None else 1)
    assert words is None or words in found[0]
    assert "canary" not in repr(found)


# -- mail ------------------------------------------------------------------------------------------------------------


def mail(port: int, **changes: object) -> Mail:
    known = Mail(
        to=("anna@bank.example",),
        smtp="127.0.0.1",
        port=port,
        security=Security.NONE,
        sender="wirebell <bot@bank.example>",
    )
    return replace(known, **changes)  # type: ignore[arg-type]


def delivered(what: Message) -> EmailMessage:
    with SmtpServer() as server:
        assert isinstance(sender(mail(server.port)).send(what), Sent)
        (letter,) = server.letters
        assert letter.sender == "bot@bank.example"
        assert letter.receivers == ("anna@bank.example",)
        return letter.message


def test_a_mail_says_what_rang_in_text_and_html() -> None:
    letter = delivered(message())
    assert letter["Subject"] == "nato: Allies weigh written guarantees for Kyiv (Reuters)"
    assert letter["From"] == "wirebell <bot@bank.example>"
    assert letter["To"] == "anna@bank.example"
    assert parsedate_to_datetime(letter["Date"]) == NOW
    assert letter.get_content_type() == "multipart/alternative"
    text, page = letter.get_body(("plain",)), letter.get_body(("html",))
    assert text is not None
    assert page is not None
    assert text.get_content().replace("\r\n", "\n") == forms(message()).text + "\n"
    assert "<mark" in page.get_content()


def test_a_mail_as_text_has_no_page() -> None:
    with SmtpServer() as server:
        channel = Channel(name="desk", target=mail(server.port), form=Form.TEXT)
        send.open_sender(channel, console=io.StringIO(), now=lambda: NOW).send(message())
        (letter,) = server.letters
    assert letter.message.get_content_type() == "text/plain"


def test_a_mail_of_a_digest_belongs_to_no_thread_and_is_sorted_with_its_rule() -> None:
    what = Digest(id="g" * 16, kind=Kind.BUNDLE, alerts=(alert(), alert(id="b" * 16)), made_at=NOW)
    letter = delivered(message(what))
    assert letter["List-Id"] == "<nato.wirebell.bank.example>"
    assert letter["References"] is None


def test_a_mail_of_a_correction_stands_in_the_thread_of_what_it_corrects() -> None:
    correction = alert(id="c" * 16, kind=Kind.CORRECTION, version=2, headline="Allies reject guarantees")
    assert delivered(message(correction))["References"] == delivered(message())["References"]


def test_a_mail_carries_the_headers_by_which_it_is_sorted_and_threaded() -> None:
    letter = delivered(message())
    assert letter["Message-ID"] == "<delivery22222222@bank.example>"
    assert letter["X-Wirebell-Delivery"] == "delivery22222222"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["List-Id"] == "<nato.wirebell.bank.example>"
    assert letter["References"] == letter["In-Reply-To"] == f"<{message().thread}@bank.example>"
    assert letter["Importance"] is None


def test_an_urgent_mail_is_marked_as_such() -> None:
    letter = delivered(message(alert(priority=Priority.URGENT)))
    assert (letter["Importance"], letter["X-Priority"]) == ("high", "1")


def test_a_notice_by_mail_belongs_to_no_thread() -> None:
    hello = Notice(id="n" * 16, kind=Kind.HELLO, subject="wirebell is watching", message="2 feeds.", made_at=NOW)
    letter = delivered(message(hello))
    assert letter["List-Id"] == "<notices.wirebell.bank.example>"
    assert letter["References"] is None


def test_a_rule_with_any_name_has_a_list_id_that_is_one() -> None:
    assert delivered(message(alert(rule="НАТО & EU")))["List-Id"] == "<eu.wirebell.bank.example>"
    assert delivered(message(alert(rule="НАТО")))["List-Id"] == "<rule.wirebell.bank.example>"


@pytest.mark.parametrize(
    "headline", ["One\r\nBcc: victim@evil.test", "One\nSubject: two", "One\x00two\x1b", "Lone \ud800 half", "é" * 400]
)
def test_hostile_words_add_no_header_to_a_mail(headline: str) -> None:
    letter = delivered(message(alert(headline=headline)))
    assert len(letter.get_all("Subject", [])) == 1
    assert letter["Bcc"] is None
    assert set(letter.keys()) >= {"Subject", "From", "To", "Date", "Message-ID"}
    assert letter["Subject"].startswith("nato: ")


@pytest.mark.parametrize("password", ["p@ss/w#rd", "pässwört", "a b:c%d"])
def test_a_login_takes_any_password(password: str) -> None:
    with SmtpServer(login=("bot@bank", password)) as server:
        target = mail(server.port, user="bot@bank", password=password)
        assert isinstance(sender(target).send(message()), Sent)
        assert len(server.letters) == 1


@pytest.mark.parametrize("password", ["canarypassword", "cänarypassword"])
def test_a_login_that_is_refused_stays_refused(password: str, everything_logged: io.StringIO) -> None:
    with SmtpServer(login=("bot", "another")) as server:
        outcome = sender(mail(server.port, user="bot", password=password)).send(message())
        assert outcome == Failed(reason="server answered 535 5.7.8", fault=Fault.CHANNEL, permanent=True)
        assert server.letters == ()
    assert "canary" not in everything_logged.getvalue() + repr(outcome)


def test_a_server_that_wants_a_login_where_none_is_set_is_a_fault_of_the_channel() -> None:
    with SmtpServer(login=("bot", "secret")) as server:
        outcome = sender(mail(server.port)).send(message())
    assert outcome == Failed(reason="server answered 530 5.7.0", fault=Fault.CHANNEL, permanent=True)


def test_a_server_whose_ways_to_log_in_are_unknown_is_a_fault_of_the_channel() -> None:
    with SmtpServer(says={"EHLO": "250-here\r\n250 AUTH CANARY"}) as server:
        outcome = sender(mail(server.port, user="bot", password="canarypassword")).send(message())
    assert isinstance(outcome, Failed)
    assert (outcome.fault, outcome.permanent) == (Fault.CHANNEL, True)


def test_a_server_that_offers_no_login_is_a_fault_of_the_channel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with SmtpServer(starttls=authority(monkeypatch, tmp_path), login=("bot", "secret")) as server:
        outcome = sender(mail(server.port, user="bot", password="canarypassword")).send(message())
    assert isinstance(outcome, Failed)
    assert (outcome.fault, outcome.permanent) == (Fault.CHANNEL, True)


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_mail_goes_encrypted_where_that_is_set(
    security: Security, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    context = authority(monkeypatch, tmp_path)
    inside = security is Security.STARTTLS
    with SmtpServer(
        starttls=context if inside else None, tls=None if inside else context, login=("bot", "p@ss")
    ) as server:
        target = mail(server.port, security=security, user="bot", password="p@ss")
        assert isinstance(sender(target, limit=timedelta(seconds=3)).send(message()), Sent)
        assert server.letters[0].encrypted is inside  # the other way the server knows of no TLS


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_mail_server_whose_certificate_is_not_accepted_gets_no_letter(security: Security, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        context = authority(patch, tmp_path)
    inside = security is Security.STARTTLS
    with SmtpServer(
        starttls=context if inside else None, tls=None if inside else context, login=("bot", "p@ss")
    ) as server:
        target = mail(server.port, security=security, user="bot", password="p@ss")
        outcome = sender(target, limit=timedelta(seconds=3)).send(message())
        assert isinstance(outcome, Failed)
        assert outcome.reason.startswith("certificate not accepted: ")
        assert server.letters == ()


def test_a_mail_does_not_go_in_the_clear_where_starttls_is_set_but_not_offered() -> None:
    with SmtpServer() as server:
        outcome = sender(mail(server.port, security=Security.STARTTLS)).send(message())
        assert isinstance(outcome, Failed)
        assert (outcome.fault, outcome.permanent) == (Fault.CHANNEL, True)
        assert server.letters == ()


@pytest.mark.parametrize(
    ("command", "reply", "expected"),
    [
        ("RCPT", "550 5.1.1 no canarytoken here", ("server answered 550 5.1.1", Fault.MESSAGE, True)),
        ("RCPT", "450 4.2.0 greylisted", ("server answered 450 4.2.0", Fault.MESSAGE, False)),
        ("RCPT", "421 4.3.2 going down", ("server answered 421 4.3.2", Fault.CHANNEL, False)),
        ("MAIL", "550 5.7.1 not you", ("server answered 550 5.7.1", Fault.CHANNEL, True)),
        ("MAIL", "451 try later", ("server answered 451", Fault.CHANNEL, False)),
        ("DATA", "554 5.6.0 spam", ("server answered 554 5.6.0", Fault.MESSAGE, True)),
        ("DATA", "452 4.3.1 disk full", ("server answered 452 4.3.1", Fault.MESSAGE, False)),
    ],
)
def test_a_reply_code_says_whose_fault_it_is_and_whether_it_passes(
    command: str, reply: str, expected: tuple[str, Fault, bool]
) -> None:
    with SmtpServer(says={command: reply}) as server:
        outcome = sender(mail(server.port)).send(message())
    assert isinstance(outcome, Failed)
    reason, fault, permanent = expected
    assert outcome == Failed(reason=reason, fault=fault, permanent=permanent)
    assert outcome.said == reply[4:]


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ({"DATA": SMTP_HANG}, "no answer in time"),
        ({"DATA": SMTP_DROP}, "connection lost before the answer"),
    ],
)
def test_silence_after_the_letter_leaves_it_unknown(says: dict[str, str], reason: str) -> None:
    with SmtpServer(says=says) as server:
        assert sender(mail(server.port)).send(message()) == Unknown(reason=reason)


@pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT"])
@pytest.mark.parametrize("mode", [SMTP_HANG, SMTP_DROP])
def test_silence_before_the_letter_is_a_failure_that_passes(command: str, mode: str) -> None:
    with SmtpServer(says={command: mode}) as server:
        outcome = sender(mail(server.port)).send(message())
        assert server.letters == ()
    assert isinstance(outcome, Failed)
    assert (outcome.fault, outcome.permanent) == (Fault.CHANNEL, False)


def test_a_mail_server_that_cannot_be_reached_may_be_there_later() -> None:
    outcome = sender(mail(refused_port())).send(message())
    assert outcome == Failed(reason="could not connect: Connection refused", fault=Fault.CHANNEL, permanent=False)


@pytest.mark.parametrize("receiver", ["bär@bank.example", "anna@bank.example\r\nRCPT TO:<x@y>"])
def test_an_address_that_mail_servers_do_not_take_is_a_fault_of_the_message(receiver: str) -> None:
    with SmtpServer() as server:
        outcome = sender(mail(server.port)).send(message(receiver=receiver))
        assert server.letters == ()
    assert isinstance(outcome, Failed)
    assert (outcome.fault, outcome.permanent) == (Fault.MESSAGE, True)


# -- services --------------------------------------------------------------------------------------------------------

TOKEN = "3ccdd113474722377935511fc85d3dd4"
#: Services that can be pointed at a receiver of ours, with the path they post to.
SERVICES = {
    "json://bot:canarypassword@{host}/canarytoken": "/canarytoken",
    f"mmost://{{host}}/{TOKEN}": f"/hooks/{TOKEN}",
    "gotify://{host}/canarytoken": "/message",
    "ntfy://{host}/canarytoken": "/",
    "form://{host}/canarytoken?+X-Key=canaryheader": "/canarytoken",
}


@pytest.fixture(params=sorted(SERVICES), ids=lambda url: str(url).split(":")[0])
def receiver(request: pytest.FixtureRequest, http: HttpServer) -> tuple[str, Callable[[Reply], None]]:
    """The address of a service at the test's server, and how to script its next replies."""
    url, path = request.param, SERVICES[request.param]
    return url.format(host=f"127.0.0.1:{http.port}"), lambda reply: (http.reply(path, reply), None)[1]


SERVICE_OUTCOMES: dict[str, tuple[Reply, Outcome]] = {
    "taken": (Reply(), Sent()),
    "500": (
        Reply(status=500),
        Failed(reason="server answered 500 (Internal Server Error)", fault=Fault.CHANNEL, permanent=False),
    ),
    "401": (
        Reply(status=401),
        Failed(reason="server answered 401 (Unauthorized)", fault=Fault.CHANNEL, permanent=True),
    ),
    "400": (
        Reply(status=400),
        Failed(reason="server answered 400 (Bad Request)", fault=Fault.MESSAGE, permanent=True),
    ),
    "429": (  # Apprise does not hand the Retry-After on
        Reply(status=429, headers={"Retry-After": "7"}),
        Failed(reason="server answered 429 (Too Many Requests)", fault=Fault.CHANNEL, permanent=False),
    ),
    "302": (
        Reply(status=302, headers={"Location": "/elsewhere"}),
        Failed(
            reason="server answered 302 (Found), and redirects are not followed",
            fault=Fault.CHANNEL,
            permanent=False,
        ),
    ),
    "hang": (HANG, Unknown(reason="no answer in time")),
    "drop": (DROP, Unknown(reason="connection lost before the answer")),
}


@pytest.mark.parametrize("what", sorted(SERVICE_OUTCOMES))
def test_a_service_says_what_became_of_the_message(
    what: str,
    receiver: tuple[str, Callable[[Reply], None]],
    http: HttpServer,
    everything_logged: io.StringIO,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url, script = receiver
    reply, expected = SERVICE_OUTCOMES[what]
    script(reply)
    outcome = sender(Service(url=url)).send(message())
    assert outcome == expected
    assert len(http.received) == 1
    told = everything_logged.getvalue() + repr(outcome) + "".join(capsys.readouterr())
    assert not [canary for canary in CANARIES if canary in told]


@pytest.mark.parametrize("status", [500, 401])
def test_hostile_words_cannot_pass_for_an_answer(http: HttpServer, status: int) -> None:
    http.reply("/canarytoken", Reply(status=status, body=b"error=404. Read timed out. error=429."))
    hostile = alert(headline="Socket Exception: Read timed out. error=404.", rule="error=429.")
    outcome = sender(Service(url=f"json://127.0.0.1:{http.port}/canarytoken")).send(message(hostile))
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith(f"server answered {status}")


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "canarytoken.invalid"])
def test_a_service_that_cannot_be_reached_may_be_there_later(host: str) -> None:
    url = f"gotify://{host.format(port=refused_port())}/canarytoken"
    outcome = sender(Service(url=url), limit=timedelta(seconds=5)).send(message())
    assert outcome == Failed(reason="could not connect", fault=Fault.CHANNEL, permanent=False)


def test_an_address_without_a_service_fails_for_good() -> None:
    outcome = sender(Service(url="slack://canarytoken")).send(message())
    assert outcome == Failed(reason="the address is not one that can be used", fault=Fault.CHANNEL, permanent=True)


def test_one_channel_that_hangs_does_not_slow_another(http: HttpServer) -> None:
    hanging = [sender(Service(url=f"json://127.0.0.1:{http.port}/hang{n}")) for n in range(8)]
    for n in range(8):
        http.reply(f"/hang{n}", HANG)
    http.reply("/quick", Reply())
    quick = sender(Service(url=f"json://127.0.0.1:{http.port}/quick"))
    with ThreadPoolExecutor(8) as threads:
        slow = [threads.submit(channel.send, message()) for channel in hanging]
        http.wait_for(8)
        started = time.monotonic()
        assert quick.send(message()) == Sent()
        elapsed = time.monotonic() - started
        assert not any(future.done() for future in slow) or elapsed < LIMIT.total_seconds()
        assert {type(future.result()) for future in slow} == {Unknown}


def test_threads_that_send_at_once_do_not_hear_each_other(http: HttpServer) -> None:
    statuses = [500, 401, 429, 400, 503, 404]
    for status in statuses:
        http.reply(f"/{status}", Reply(status=status, delay=0.05))
    channels = [sender(Service(url=f"json://127.0.0.1:{http.port}/{status}")) for status in statuses]
    with ThreadPoolExecutor(len(channels)) as threads:
        outcomes = list(threads.map(lambda channel: channel.send(message()), channels))
    for status, outcome in zip(statuses, outcomes, strict=True):
        assert isinstance(outcome, Failed)
        assert outcome.reason.startswith(f"server answered {status}")


def body(http: HttpServer) -> dict[str, str]:
    document = json.loads(http.received[-1].body)
    assert isinstance(document, dict)
    return document


def test_a_service_with_markdown_gets_markdown(http: HttpServer) -> None:
    http.reply("/", Reply())
    sender(Service(url=f"json://127.0.0.1:{http.port}/")).send(message())
    assert body(http)["title"] == message().subject
    assert body(http)["message"] == forms(message()).markdown


def test_a_service_takes_the_format_that_its_address_asks_for(http: HttpServer) -> None:
    http.reply("/", Reply())
    sender(Service(url=f"json://127.0.0.1:{http.port}/?format=html")).send(message())
    assert body(http)["message"].rstrip() == forms(message()).html.rstrip()
    sender(Service(url=f"json://127.0.0.1:{http.port}/?format=text")).send(message())
    assert body(http)["message"] == forms(message()).text


def test_a_service_without_titles_gets_none(http: HttpServer) -> None:
    http.reply(f"/hooks/{TOKEN}", Reply())
    sender(Service(url=f"mmost://127.0.0.1:{http.port}/{TOKEN}")).send(message())
    assert body(http)["text"] == forms(message()).markdown


def test_a_service_that_reads_markup_unasked_gets_hostile_words_defused(http: HttpServer) -> None:
    http.reply(f"/hooks/{TOKEN}", Reply())
    hostile = alert(headline="@everyone [x](http://evil.test) <!channel>")
    sender(Service(url=f"mmost://127.0.0.1:{http.port}/{TOKEN}")).send(message(hostile))
    text = body(http)["text"]
    assert "@everyone" not in text
    assert not re.search(r"(?<!\\)\]\(", text)
    assert "<!c" not in text
    assert alert().link in text


@pytest.mark.parametrize(
    ("scheme", "title"),
    [
        ("slack", "nato: Allies weigh written guarantees for Kyiv (Reuters)"),
        ("zulip", "nato"),
        ("discord", ""),
        ("matrix", ""),
        ("mmost", ""),
    ],
)
def test_a_title_is_for_services_that_show_one_apart(scheme: str, title: str) -> None:
    (plugin,) = service._open(ELSEWHERE[scheme])
    assert service._title(plugin, scheme, message()) == title


def test_a_title_that_is_too_long_is_cut_where_one_sees_it() -> None:
    (plugin,) = service._open(ELSEWHERE["slack"])
    title = service._title(plugin, "slack", message(alert(headline="x" * 190, source="y" * 90)))
    assert len(title) == plugin.title_maxlen
    assert title.endswith("…")


def test_an_urgent_alert_is_a_warning_to_a_service(http: HttpServer) -> None:
    http.reply("/", Reply())
    sender(Service(url=f"json://127.0.0.1:{http.port}/")).send(message(alert(priority=Priority.URGENT)))
    assert body(http)["type"] == "warning"


def test_a_message_is_fitted_to_what_the_service_takes(http: HttpServer) -> None:
    http.reply("/message", Reply())
    channel = sender(Service(url=f"gotify://127.0.0.1:{http.port}/canarytoken"))
    plain = next(iter(channel._sender._bell))  # type: ignore[attr-defined]
    plain.body_maxlen = 500
    sentence = "NATO said so, and more of it, again and again, at length."
    evidence = tuple(Evidence(field="text", sentence=f"{sentence} {n}", spans=((0, 4, "NATO"),)) for n in range(3))
    channel.send(message(alert(evidence=evidence)))
    text = body(http)["message"]
    assert alert().link in text
    assert text.endswith("rule nato, alert a-7f3k2b")
    assert len(text) + len(body(http)["title"]) <= 500


#: Services that cannot be pointed elsewhere: what they would send is asked of the plugin.
ELSEWHERE = {
    "discord": "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
    "gchat": "gchat://workspace/key/token/",
    "irc": "irc://bot:canarypassword@127.0.0.1/%23desk",
    "matrix": "matrix://bot:canarypassword@127.0.0.1/!room:bank.example",
    "mmost": "mmost://127.0.0.1/3ccdd113474722377935511fc85d3dd4",
    "ntfy": "ntfy://canarytoken",
    "pover": "pover://uuuuuuuuuuuuuuuuuuuuuuuuuuuuuu@tttttttttttttttttttttttttttttt",
    "cliq": "cliq://1001.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/%23desk",
    "rocket": "rocket://3ccdd113474722377935511fc85d3dd4/3ccdd113474722377935511fc85d3dd4@127.0.0.1/%23general",
    "slack": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/%23general",
    "tgram": "tgram://123456789:abcdefg_hijklmnop/12315544/",
    "twilio": "twilio://ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb@15551234567/15557654321",
    "whapi": "whapi://canarytoken@15551234567/15557654321",
    "workflows": "workflows://127.0.0.1:443/canarytoken/signature",
    "zulip": "zulip://bot@bank/tttttttttttttttttttttttttttttttt/general",
}
#: What would ring, link, hide or run there; a service that shows text alone has nothing of the kind.
_LINKS = r"(?<!\\)\]\(http://evil|(?<!\\)<http://evil"
_EVERYBODY = r"@everyone|@here|@channel|@all"
_TAGS = r"<(?!/?(?:b|a|blockquote|br)\b)[a-z!@]|href=\"(?!https://example)"
ACTS = {
    "discord": rf"{_EVERYBODY}|{_LINKS}|(?<!\\)<[@#:t]|(?<!\\)\|\||(?<!\\)`",
    "gchat": rf"{_LINKS}|<users|<at>|`|\*bold\*",
    "matrix": rf"@room|{_TAGS}",
    "mmost": rf"{_EVERYBODY}|{_LINKS}|(?<!\\)!\[|(?<!\\)<(?!https://example)[a-z]|(?<!\\)`",
    "pover": r"<(?!/?(?:b|a|br|font|i|u)\b)[a-z!]|href=\"(?!https://example)",
    "slack": rf"{_LINKS}|<[!@#]|`|\*bold\*|~gone",
    "tgram": _TAGS,
    "whapi": r"`|\*bold\*|~gone",
    "workflows": rf"{_LINKS}|\{{\{{|<at>anna",
    "zulip": rf"@\*\*|@_\*\*|{_LINKS}|(?<!\\)`",
}


def written(scheme: str, what: Message, form: Form | None = None) -> str:
    """What leaves for a service, after all that Apprise does to it."""
    (plugin,) = service._open(ELSEWHERE[scheme])
    shape, manner = service._manner(plugin, scheme, form, 0)
    return str(plugin.dialect_convert(manner.write(what), shape))


def hostile(words: str) -> Message:
    """An alert whose words are all a publisher's, one of them right before a bracket that ends the evidence."""
    evidence = (Evidence(field="lead", sentence=words, spans=((0, max(1, words.find("](")), "x"),)),)
    return message(alert(headline=words, source=words, read="lead", read_reason=words, evidence=evidence))


@pytest.mark.parametrize("scheme", sorted(ACTS))
def test_hostile_words_act_in_no_service(scheme: str) -> None:
    sent = {words: written(scheme, hostile(words)) for words in INJECTIONS}
    assert [(words, found[0]) for words, body in sent.items() if (found := re.search(ACTS[scheme], body))] == []
    assert [words for words, body in sent.items() if alert().link not in body] == []


@pytest.mark.parametrize("scheme", ["discord", "mmost", "slack", "zulip"])
def test_hostile_words_act_in_no_service_that_is_sent_text(scheme: str) -> None:
    acts = re.compile(r"@everyone|@channel|@all\b|@\*\*|\]\(http|<[!@#]")
    sent = {words: written(scheme, hostile(words), Form.TEXT) for words in INJECTIONS}
    assert [(words, found[0]) for words, body in sent.items() if (found := acts.search(body))] == []


@pytest.mark.parametrize("scheme", sorted(ELSEWHERE))
@pytest.mark.parametrize(
    "words", ["Allies weigh guarantees", "НАТО обсуждает гарантии безопасности для Киева " * 9, "[*" * 300]
)
def test_what_a_service_gets_is_within_its_limit_and_keeps_address_and_id(scheme: str, words: str) -> None:
    (plugin,) = service._open(ELSEWHERE[scheme])
    sent = written(scheme, message(alert(headline=words, read_reason=words * 3)))
    assert (len(sent.encode()) if scheme == "irc" else len(sent)) <= plugin.body_maxlen
    assert alert().link in sent
    assert "a-7f3k2b" in sent


@pytest.mark.parametrize("scheme", ["irc", "twilio"])
def test_a_service_for_short_messages_gets_one_line(scheme: str) -> None:
    where = "(Reuters, 10:11) https://example.com/world/allies-weigh a-7f3k2b"
    assert written(scheme, message()) == f"nato: Allies weigh written guarantees for Kyiv {where}"


def test_a_chat_gets_bold_type_links_and_quotations_as_it_writes_them() -> None:
    assert written("slack", message()).split("\n") == [
        "*Allies weigh written guarantees for Kyiv* (Reuters, 10:11)",
        "<https://example.com/world/allies-weigh>",
        "> *NATO* foreign ministers discussed *security guarantees*.",
        "",
        "nato · one sentence, paragraph 3 · a-7f3k2b",
    ]
    assert written("tgram", message()).splitlines() == [
        "<b>Allies weigh written guarantees for Kyiv</b> (Reuters, 10:11)",
        '<a href="https://example.com/world/allies-weigh">https://example.com/world/allies-weigh</a>',
        "<blockquote><b>NATO</b> foreign ministers discussed <b>security guarantees</b>.</blockquote>",
        "nato · one sentence, paragraph 3 · a-7f3k2b",
    ]
    assert written("workflows", message()).split("\n\n")[:3] == [
        "**Allies weigh written guarantees for Kyiv** (Reuters, 10:11)",
        "[https://example.com/world/allies-weigh](https://example.com/world/allies-weigh)",
        "“**NATO** foreign ministers discussed **security guarantees**.”",
    ]


#: How people call the services that write Markdown otherwise than others do.
CALLED = {
    "mmost": "Mattermost, Discord, Zulip, others",
    "slack": "Slack",
    "gchat": "Google Chat",
    "rocket": "Rocket.Chat",
    "workflows": "Teams",
    "whapi": "WhatsApp",
    "cliq": "Zoho Cliq",
}


def row(scheme: str) -> str:
    """A line of the page: how a service writes a headline, an address and a quotation."""
    evidence = (Evidence(field="text", sentence="NATO met.", spans=((0, 4, "NATO"),)),)
    sent = written(scheme, message(alert(headline="5 * 5", link="https://news.example/", evidence=evidence)))
    headline, link, quotation = [line for line in sent.split("\n") if line][:3]
    return f"| {CALLED[scheme]} | `{headline.partition(' (')[0]}` | `{link}` | `{quotation}` |\n"


def test_the_page_says_how_each_dialect_is_written() -> None:
    table = "| service | headline | address | quotation |\n|---|---|---|---|\n" + "".join(map(row, CALLED))
    assert table in (ROOT / "docs" / "reference" / "messages.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("scheme", "form", "begins"),
    [
        ("mmost", None, "**Allies"),
        ("mmost", Form.TEXT, "Allies"),
        ("mmost", Form.HTML, "Allies"),
        ("discord", Form.TEXT, "Allies"),
        ("tgram", Form.MARKDOWN, "*Allies"),
        ("matrix", Form.TEXT, "Allies"),
        ("ntfy", Form.MARKDOWN, "Allies"),
    ],
)
def test_a_channel_chooses_among_the_forms_that_its_service_takes(scheme: str, form: Form | None, begins: str) -> None:
    assert written(scheme, message(), form).startswith(begins)


def test_a_mail_by_apprise_has_the_headers_too() -> None:
    with SmtpServer() as server:
        url = f"mailto://bot:canarypassword@127.0.0.1:{server.port}?from=bot@bank.example&to=anna@bank.example&mode=insecure"
        assert send.faults(Channel(name="desk", target=Service(url=url))) == ()
        with SmtpServer(login=("bot", "canarypassword")) as strict:
            channel = sender(Service(url=url.replace(str(server.port), str(strict.port))))
            assert channel.send(message()) == Sent()
            assert channel.send(message()) == Sent()
            first, second = (letter.message for letter in strict.letters)
    assert first["X-Wirebell-Delivery"] == second["X-Wirebell-Delivery"] == "delivery22222222"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["References"] == second["In-Reply-To"]
    assert len(first.get_all("Message-ID", [])) == 1


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        (
            {"AUTH": "535 5.7.8 canarytoken"},
            Failed(reason="server answered 535 5.7.8", fault=Fault.CHANNEL, permanent=True),
        ),
        ({"DATA": SMTP_HANG}, Unknown(reason="no answer in time")),
    ],
)
def test_a_mail_by_apprise_says_what_became_of_it(says: dict[str, str], expected: Outcome) -> None:
    with SmtpServer(login=("bot", "canarypassword"), says=says) as server:
        url = f"mailto://bot:canarypassword@127.0.0.1:{server.port}?from=bot@bank.example&to=anna@bank.example&mode=insecure"
        assert sender(Service(url=url)).send(message()) == expected


@pytest.mark.parametrize(
    ("said", "broke", "expected"),
    [
        ([], ["Socket Exception: {'x@y': (550, b'5.1.1 unknown')}"], (Fault.MESSAGE, True)),
        ([], ["Socket Exception: (451, b'4.3.0 later', 'bot@bank')"], (Fault.CHANNEL, False)),
        (["Failed to send: error=503."], ["Socket Exception: Read timed out."], (Fault.CHANNEL, False)),
    ],
)
def test_records_of_an_attempt_say_what_became_of_it(
    said: list[str], broke: list[str], expected: tuple[Fault, bool]
) -> None:
    outcome = records.told([*(("WARNING", line) for line in said), *(("DEBUG", line) for line in broke)])
    assert isinstance(outcome, Failed)
    assert (outcome.fault, outcome.permanent) == expected


def test_a_record_of_what_was_sent_is_not_one_of_what_was_answered(http: HttpServer) -> None:
    opened = service.ServiceSender(Service(url=http.url().replace("http", "json")), 1)
    logs = [("DEBUG", "Payload: error=404."), ("DEBUG", "Body: Read timed out."), ("WARNING", "Refused")]
    attempt = NotifyAttempt(AppriseResultStatus.FAILURE, logs=[NotifyLogEntry(*each) for each in logs])
    result = AppriseResult(AppriseResultStatus.FAILURE, [NotifyResult("JSON", "json://", attempts=[attempt])])
    assert opened._outcome(result) == Failed(reason="not delivered: Refused", fault=Fault.CHANNEL, permanent=False)


@pytest.mark.parametrize(
    ("url", "status", "expected"),
    [
        ("xmpp://bot:canarypassword@bank.example/anna", AppriseResultStatus.SUCCESS, "handed over, not confirmed"),
        ("irc://bank.example/%23desk", AppriseResultStatus.SUCCESS, "handed over, not confirmed"),
        ("mqtt://bank.example/desk", AppriseResultStatus.SUCCESS, "handed over, not confirmed"),
        ("mqtt://bank.example/desk?qos=1", AppriseResultStatus.SUCCESS, ""),
        ("json://bank.example/", AppriseResultStatus.SUCCESS, ""),
    ],
)
def test_a_success_that_nobody_confirms_is_called_so(url: str, status: AppriseResultStatus, expected: str) -> None:
    assert service.ServiceSender(Service(url=url), 1)._outcome(AppriseResult(status)) == Sent(detail=expected)


def test_a_time_out_of_apprise_leaves_it_unknown() -> None:
    opened = service.ServiceSender(Service(url="json://bank.example/"), 1)
    outcome = opened._outcome(AppriseResult(AppriseResultStatus.TIMEOUT))
    assert outcome == Unknown(reason="no answer in time")


def test_a_service_does_not_sleep_between_messages(http: HttpServer) -> None:
    opened = service.ServiceSender(Service(url=f"ntfy://127.0.0.1:{http.port}/canarytoken"), 1)
    assert [each.request_rate_per_sec for each in opened._bell] == [0]


def test_a_service_that_asks_for_a_long_wait_is_not_waited_for(http: HttpServer) -> None:
    limit = b'{"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": 322935}'
    http.reply("/_matrix/client/v3/login", Reply(status=429, body=limit))
    url = f"matrix://bot:canarypassword@127.0.0.1:{http.port}/!room:bank.example"
    outcome = sender(Service(url=url), limit=timedelta(seconds=5)).send(message())
    wait = timedelta(milliseconds=322935)
    reason = "server answered 429 (Too Many Requests)"
    assert outcome == Failed(reason=reason, fault=Fault.CHANNEL, permanent=False, retry_after=wait)


def test_records_that_say_nothing_known_are_kept_without_secrets() -> None:
    url = "json://bot:canarypassword@127.0.0.1/canarytoken/deep?+X-Key=canaryheader"
    assert records.told([("WARNING", "Something broke"), ("DEBUG", "Socket Exception: Broken pipe")]) is None
    kept = service._scrubbed(["earlier", "Cannot use canarytoken of canaryheader\r\nwith canarypassword"], url)
    assert kept == "Cannot use *** of *** with ***"
    assert service._scrubbed([], url) == "no reason given"


FAULTS = {
    "json://bank.example/hook": None,
    "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ": None,
    "slak://canarytoken/b/c": "no service is called slak://; did you mean slack://?",
    "zzqqxx://canarytoken": "no service is called zzqqxx://",
    "canarytoken": "the address has no scheme",
    "https://bank.example/canarytoken": 'write webhook = "…"',
    "json://one.example, json://two.example": "names 2 services",
    "json://bank.example/?retry=3": "retry= in the address",
    "json://bank.example/?optional=yes": "optional= in the address",
    "mailto://bot:canarypassword@bank.example?to=a@bank.example,b@bank.example": "names 2 receivers",
    "mailto://bot:canarypassword@bank.example?to=a@b,not-one": "is not one that mailto:// takes: Dropped invalid",
    "json://bank.example/?rto=canarytoken": "is not one that json:// takes: Invalid socket read timeout",
    "slack://canarytoken": "is not one that slack:// takes",
    "matrix://bot:canarypassword@bank.example/%23alias": "name the room by its id",
    "growl://bank.example/canarytoken": "growl:// does not work on this machine; it needs gntp",
}


@pytest.mark.parametrize("url", sorted(FAULTS))
def test_a_service_is_checked_when_it_is_loaded(url: str) -> None:
    found = send.faults(Channel(name="desk", target=Service(url=url)))
    words = FAULTS[url]
    assert len(found) == (0 if words is None else 1)
    assert words is None or words in found[0]
    assert not [canary for canary in CANARIES if canary in repr(found)]


@pytest.mark.parametrize(
    ("url", "form", "words"),
    [
        ("ntfy://canarytoken", Form.HTML, 'format = "html" is not one that ntfy:// takes; it takes text'),
        (ELSEWHERE["tgram"], Form.TEXT, 'format = "text" is not one that tgram:// takes; it takes html and markdown'),
        (ELSEWHERE["mmost"], Form.HTML, 'format = "html" is not one that mmost:// takes; it takes text and markdown'),
        (ELSEWHERE["mmost"], Form.MARKDOWN, None),
    ],
)
def test_a_form_that_the_service_does_not_take_is_a_fault(url: str, form: Form, words: str | None) -> None:
    found = send.faults(Channel(name="desk", target=Service(url=url), form=form))
    assert found == (() if words is None else (words,))


@pytest.mark.parametrize("target", [Console(), mail(25)])
def test_a_channel_without_an_address_of_its_own_has_no_faults_here(target: Target) -> None:
    assert send.faults(Channel(name="desk", target=target)) == ()


def test_warnings_of_another_thread_are_not_taken_for_ours() -> None:
    logger, warnings = logging.getLogger("apart"), service._Warnings()
    logger.addHandler(warnings)
    other = threading.Thread(target=logger.warning, args=("theirs",))
    other.start()
    other.join()
    logger.warning("ours")
    logger.removeHandler(warnings)
    assert warnings.lines == ["ours"]
