"""Sends one message to one channel, and says what became of it: sent, failed, or nobody knows.

What the world does is a value, and never an exception.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TextIO, assert_never

from monitor.alert import Outcome, Unknown
from monitor.channel import SEND_LIMIT, Channel, Console, Mail, Message, Service, Webhook
from monitor.send import service, webhook
from monitor.send.console import ConsoleSender
from monitor.send.mail import MailSender
from monitor.send.outcome import channel_fault
from monitor.send.service import ServiceSender
from monitor.send.webhook import WebhookSender

#: Seconds that a sender has beyond the limit before it is given up from outside: its own words are better.
_GRACE = 0.5


class SenderError(Exception):
    """A fault of ours, or of a package, on the way to a channel: its kind and place, for its words may hold secrets.

    Its traceback is that of the fault, which shows lines of code and no values.
    """

    def __init__(self, fault: BaseException) -> None:
        place = traceback.extract_tb(fault.__traceback__)[-1]
        super().__init__(f"{type(fault).__name__} at {Path(place.filename).name}:{place.lineno}")
        self.__traceback__ = fault.__traceback__


class Sender(Protocol):
    """An open channel."""

    def send(self, message: Message) -> Outcome:
        """Send the message; what the world does to it is the outcome, never an exception."""


def open_sender(
    channel: Channel, *, console: TextIO, now: Callable[[], datetime], limit: timedelta = SEND_LIMIT
) -> Sender:
    """Return the way to a channel, which takes one message at a time and answers within the limit and a second."""
    seconds = limit.total_seconds()
    match channel.target:
        case Console():
            return ConsoleSender(console)
        case Webhook() as target:
            return _Limited(WebhookSender(target, now, seconds), seconds)
        case Mail() as target:
            return _Limited(MailSender(target, now, seconds, channel.form), seconds)
        case Service() as target:
            return _Limited(ServiceSender(target, seconds, channel.form), seconds)
        case _:
            assert_never(channel.target)


def faults(channel: Channel) -> tuple[str, ...]:
    """Return what is wrong with a channel's address, secret or form, in words that hold none of it."""
    match channel.target:
        case Webhook() as target:
            return tuple(webhook.faults(target))
        case Service() as target:
            return tuple(service.faults(target.url, channel.form))
        case _:
            return ()


class _Limited:
    """Gives a message up after the limit; its thread cannot be killed, so the next waits until it has ended."""

    def __init__(self, sender: Sender, limit: float) -> None:
        self._sender, self._limit = sender, limit
        self._thread: threading.Thread | None = None

    def send(self, message: Message) -> Outcome:
        if self._thread is not None and self._thread.is_alive():
            return channel_fault("an earlier attempt still hangs")
        answer: Future[Outcome] = Future()
        self._thread = threading.Thread(
            target=self._work, args=(message, answer), name=threading.current_thread().name, daemon=True
        )
        self._thread.start()
        try:
            return answer.result(self._limit + _GRACE)
        except TimeoutError:
            return Unknown(reason=f"no answer in {self._limit:g} s")

    def _work(self, message: Message, answer: Future[Outcome]) -> None:
        try:
            answer.set_result(self._sender.send(message))
        except BaseException as error:  # noqa: BLE001 - carried over to the caller, who raises it
            answer.set_exception(SenderError(error))
