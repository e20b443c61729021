"""Channels, and the messages they carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.alert import (
    UNKNOWN_WAIT,
    Delivery,
    DeliveryState,
    Failed,
    Fault,
    Outcome,
    Priority,
    Sent,
    Unknown,
    backoff,
)
from monitor.hours import Quiet, Times
from monitor.limit import DEFAULT_BURST, Burst
from monitor.sheet import Brief, Form, Sheet

#: So long somebody has to acknowledge an alert.
ESCALATE_AFTER = timedelta(minutes=10)


class Security(StrEnum):
    """How the connection to a mail server is secured."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """The terminal or journal that the daemon writes to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Any service that Apprise knows, by its address."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A receiver of JSON by the Standard Webhooks convention."""

    url: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Mailboxes, reached through one mail server."""

    to: tuple[str, ...]
    smtp: str
    port: int
    security: Security
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


Target = Console | Service | Webhook | Mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """How a user writes alerts: names such as ``$headline`` in words of a form."""

    text: str
    form: Form = Form.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One way to reach people."""

    name: str
    target: Target
    #: Rules that name no channel ring here.
    default: bool = False
    quiet: Quiet | None = None
    #: When it brings what it held since the last time; None where it holds nothing for such a time.
    digest: Times | None = None
    #: How many messages of one rule it brings to a receiver; None for any number.
    burst: Burst | None = DEFAULT_BURST
    #: Alerts of at least this priority wait neither for the end of the quiet hours nor for the time of a digest.
    wake: Priority = Priority.URGENT
    #: What its messages are written as; what its service reads best when None.
    form: Form | None = None
    #: How its alerts are written; as all are when None.
    template: Template | None = None
    #: The channel that tells an alert which would wake this one, and which nobody acknowledged; empty for none.
    escalate: str = ""
    escalate_after: timedelta = ESCALATE_AFTER
    #: Channels that may tell its alerts while it cannot be reached, the best first.
    fallback: tuple[str, ...] = ()

    @property
    def is_paced(self) -> bool:
        """Return whether its messages keep a distance: chats and the like refuse who hurries, and ask for a wait."""
        return isinstance(self.target, Service)

    @property
    def receivers(self) -> tuple[str, ...]:
        """Return who is told apart: each address of a mail channel, else one without a name."""
        return self.target.to if isinstance(self.target, Mail) else ("",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """A channel as remembered between messages."""

    name: str
    #: Nothing is sent before this time; None while the channel works.
    paused_until: datetime | None = None
    #: Failed attempts in a row that were the channel's own fault.
    failures: int = 0
    #: When the first of them was; None while it works.
    failing_since: datetime | None = None
    last_sent_at: datetime | None = None


def after(state: ChannelState, delivery: Delivery, result: Outcome, now: datetime) -> ChannelState:
    """Return the channel as it stands after an attempt, ``delivery`` being what the attempt made of its delivery.

    A fault of the channel pauses it until that delivery is tried again: the order holds, and a dead channel gets one
    probe for each pause. A fault of the message says nothing about the channel. An answer that never came holds up no
    other message, but the second in a row does: a receiver that hangs would use up every alert that waits for it, since
    none is tried a third time.
    """
    match result:
        case Sent():
            return replace(state, paused_until=None, failures=0, failing_since=None, last_sent_at=now)
        case Failed(fault=Fault.MESSAGE):
            return state
        case Failed():
            waits = delivery.state is DeliveryState.QUEUED
            return replace(_failing(state, now), paused_until=delivery.due_at if waits else None)
        case Unknown():
            return replace(_failing(state, now), paused_until=_silent_until(state, now))


def _silent_until(before: ChannelState, now: datetime) -> datetime | None:
    wait = max(UNKNOWN_WAIT, backoff(before.failures, jitter=1.0))
    return now + wait if before.failures else before.paused_until


def _failing(state: ChannelState, now: datetime) -> ChannelState:
    return replace(state, failures=state.failures + 1, failing_since=state.failing_since or now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An alert or a notice, ready for one receiver; whoever sends it writes it in the form that its channel takes."""

    #: The delivery's id: the same over all attempts.
    id: str
    receiver: str
    subject: str
    #: What it says in full.
    sheet: Sheet
    #: What it says in a chat's narrow column.
    chat: Sheet
    #: What it says on one line; None where a template says it.
    brief: Brief | None
    #: The ``alert.v1``, ``digest.v1`` or ``notice.v1`` document.
    payload: Mapping[str, object]
    #: What to show on one line of a terminal.
    line: str
    #: What mails are sorted by: the rule that rang, else what kind of message it is.
    topic: str
    #: Groups mails of one story into a thread; empty for digests and notices.
    thread: str = ""
    urgent: bool = False


#: Longest wait for a receiver's answer; a longer silence means that nobody knows whether the message arrived.
SEND_LIMIT = timedelta(seconds=15)
