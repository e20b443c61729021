"""Alerts, notices and their deliveries: what they are, their ids, and what follows an attempt to deliver."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b

from monitor.rule import Evidence
from monitor.urgency import Urgency

#: First wait before another attempt; it doubles up to the longest (measured as kind to receivers and quick enough).
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=15)
#: A receiver that asks for a longer wait is tried after this one.
LONGEST_ASKED = timedelta(hours=1)
#: After an answer that never came: long enough for a slow receiver to have shown the message.
UNKNOWN_WAIT = timedelta(minutes=1)
#: This long after its first attempt a delivery is given up: shown, and never forgotten.
PATIENCE = timedelta(hours=48)


class Priority(StrEnum):
    """How much an alert matters, from least to most."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """Return its place in the order, from 0."""
        return list(Priority).index(self)


class Kind(StrEnum):
    """What a message is about."""

    NEW = "new"
    #: More of a story that was told.
    UPDATE = "update"
    #: The publisher took words back that were told; or the whole item.
    CORRECTION = "correction"
    RETRACTION = "retraction"
    HELLO = "hello"
    RELOAD = "reload"
    #: A channel that cannot be reached, or works again.
    CHANNEL = "channel"
    #: Feeds that fail, are silent, have moved, or work again.
    HEALTH = "health"
    #: Entries of a feed that may have come and gone unseen.
    LOSS = "loss"
    #: What a day brought.
    SUMMARY = "summary"
    #: The daily test of a channel that did not arrive.
    CANARY = "canary"
    #: Alerts in one message, because they are late.
    LATE = "late"
    #: The same, because they waited for a time of day.
    DIGEST = "digest"
    #: Alerts of one rule in one message, because it rings too often.
    BUNDLE = "bundle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Words of an item that were told, and those that stand in their place now; either may be empty."""

    before: str
    after: str


#: Kinds by which people first learn of an item, and those that take back what they learnt.
FIRST = (Kind.NEW, Kind.UPDATE)
CORRECTING = (Kind.CORRECTION, Kind.RETRACTION)
#: Kinds of message that bring several alerts.
TOGETHER = (Kind.LATE, Kind.DIGEST, Kind.BUNDLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A rule's match with an item, as it was when it was made; later edits of the item do not change it."""

    id: str
    kind: Kind
    rule: str
    priority: Priority
    item_id: int
    #: The item's version that matched.
    version: int
    feed: str
    #: The feed's own title, such as "TASS"; its name where it gives none.
    source: str
    headline: str
    link: str
    published: datetime
    seen: datetime
    language: str | None
    #: How much could be read: "headline", "lead" or "article".
    read: str
    #: Why no more could be read, in words for people; empty where all was read that was wanted.
    read_reason: str
    strength: float
    place: str
    evidence: tuple[Evidence, ...]
    made_at: datetime
    #: What the wire called it; None where it said nothing, or its feed is no wire.
    urgency: Urgency | None = None
    #: What a correction changed.
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message of wirebell about itself: a greeting, a reload, a channel that fails."""

    id: str
    kind: Kind
    subject: str
    message: str
    made_at: datetime
    feed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Several alerts for one receiver in one message."""

    id: str
    #: Why they come together.
    kind: Kind
    alerts: tuple[Alert, ...]
    made_at: datetime
    #: Why each of them was held, in their order; empty where that is the kind alone.
    reasons: tuple[str, ...] = ()


What = Alert | Notice | Digest


class DeliveryState(StrEnum):
    """How far a delivery has come."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    UNDELIVERED = "undelivered"
    WITHHELD = "withheld"
    #: A digest carries it.
    BUNDLED = "bundled"


#: States in which a delivery is still owed.
OPEN = (DeliveryState.QUEUED, DeliveryState.SENDING)
#: States in which a delivery surely told nobody, and will not.
LOST = (DeliveryState.UNDELIVERED, DeliveryState.WITHHELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One alert, notice or digest that is owed to one receiver of one channel."""

    id: str
    alert_id: str
    channel: str
    #: One of a mail channel's addresses; empty for channels that have a single receiver.
    receiver: str = ""
    #: The channel in whose place this one tells it; empty where it was owed to this one from the start.
    instead_of: str = ""
    #: The channel on which nobody acknowledged it in time; empty where it was owed from the start.
    escalated_from: str = ""
    #: The rule that rang; empty for a notice, and for a digest of several rules.
    rule: str = ""
    #: Whether people asked for it to be sent again, so that no policy holds it.
    by_hand: bool = False
    state: DeliveryState = DeliveryState.QUEUED
    #: Why it stands as it does, in words for people.
    reason: str = ""
    due_at: datetime
    made_at: datetime
    attempts: int = 0
    #: Attempts whose answer never came; the message says "may repeat" from the second on.
    unknown: int = 0
    #: Waits since the head of its channel's line was last tried, all for a fault of the channel.
    pauses: int = 0
    #: None before the first attempt.
    first_tried_at: datetime | None = None
    sent_at: datetime | None = None

    @property
    def receiver_name(self) -> str:
        """Return what people call the receiver: the channel, with the address where it has several."""
        return f"{self.channel} ({self.receiver})" if self.receiver else self.channel

    @property
    def may_repeat(self) -> bool:
        """Return whether an earlier attempt may have arrived."""
        return self.unknown > 0

    @property
    def waits_since(self) -> datetime:
        """Return since when it waits for its channel; quiet hours do not count."""
        return self.first_tried_at or self.due_at


class Sign(StrEnum):
    """What people say of an alert."""

    ACKNOWLEDGED = "ack"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What somebody said of an alert."""

    alert_id: str
    sign: Sign
    who: str
    at: datetime


class Fault(StrEnum):
    """What a failed attempt is the fault of."""

    MESSAGE = "message"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The receiver took the message."""

    detail: str = ""
    #: The receiver's own words, told to who sends a test, neither kept nor logged: they may hold anything.
    said: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The receiver did not take the message."""

    reason: str
    fault: Fault
    #: Another attempt cannot help: a login refused, an address that is not known.
    permanent: bool
    #: The wait that the receiver asked for.
    retry_after: timedelta | None = None
    #: As of ``Sent``.
    said: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The receiver may have taken the message: the answer never came."""

    reason: str


Outcome = Sent | Failed | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to deliver, as kept."""

    delivery_id: str
    n: int
    at: datetime
    outcome: str
    reason: str


def derived_id(*parts: str | bytes | int) -> str:
    """Return 16 characters of base32 that follow from the parts alone, so the same fact never has two ids."""
    state = blake2b(digest_size=10)
    for part in parts:
        raw = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        state.update(len(raw).to_bytes(4) + raw)
    return b32encode(state.digest()).decode().lower()


def alert_id(rule: str, feed: str, item_key: bytes, kind: Kind, version: int = 1) -> str:
    """Return the id of an alert; for a ``new`` one the version is always 1, so an item rings once for a rule."""
    return derived_id(rule, feed, item_key, kind, version)


def delivery_id(alert: str, channel: str, receiver: str = "") -> str:
    """Return the id of a delivery."""
    return derived_id(alert, channel, receiver)


def owed(
    alert: str, channel: str, receivers: tuple[str, ...], now: datetime, *, rule: str = ""
) -> tuple[Delivery, ...]:
    """Return the deliveries of an alert, or of something else without a rule, to each receiver of a channel."""
    return tuple(
        Delivery(
            id=delivery_id(alert, channel, receiver),
            alert_id=alert,
            channel=channel,
            receiver=receiver,
            rule=rule,
            due_at=now,
            made_at=now,
        )
        for receiver in receivers
    )


def escalated(owed: Sequence[Delivery], channel: str, after: timedelta, reason: str) -> tuple[Delivery, ...]:
    """Return the deliveries as they wait for so long for somebody on another channel to acknowledge the alert."""
    return tuple(replace(each, escalated_from=channel, due_at=each.made_at + after, reason=reason) for each in owed)


def handed_on(delivery: Delivery, channel: str, receivers: tuple[str, ...], now: datetime) -> tuple[Delivery, ...]:
    """Return the deliveries to another channel that tells what one could not bring; they are as late as that one."""
    return tuple(
        replace(each, instead_of=delivery.channel, due_at=min(delivery.waits_since, now))
        for each in owed(delivery.alert_id, channel, receivers, now, rule=delivery.rule)
    )


def bundled(
    parts: Sequence[tuple[Delivery, Alert]], now: datetime, *, kind: Kind = Kind.LATE, reasons: Sequence[str] = ()
) -> tuple[Digest, Delivery]:
    """Return the digest that carries alerts of one receiver, and its delivery in their place."""
    first, _ = parts[0]
    digest = Digest(
        id=derived_id(kind, first.channel, first.receiver, first.id),
        kind=kind,
        alerts=tuple(alert for _, alert in parts),
        made_at=now,
        reasons=tuple(reasons),
    )
    rule = first.rule if kind is Kind.BUNDLE else ""
    (delivery,) = owed(digest.id, first.channel, (first.receiver,), now, rule=rule)
    return digest, replace(delivery, instead_of=first.instead_of)


def backoff(failures: int, jitter: float) -> timedelta:
    """Return the wait after so many failures in a row; ``jitter`` from 0 to 1 spreads it over its upper half."""
    wait = min(FIRST_WAIT * (1 << min(max(failures, 1) - 1, 20)), LONGEST_WAIT)
    return wait * (0.5 + 0.5 * jitter)


def after(delivery: Delivery, result: Outcome, now: datetime, jitter: float, *, failures: int = 0) -> Delivery:
    """Return the delivery as it stands after an attempt, before which its channel failed so often in a row."""
    tried = replace(delivery, attempts=delivery.attempts + 1, first_tried_at=delivery.first_tried_at or now)
    match result:
        case Sent():
            return replace(tried, state=DeliveryState.SENT, sent_at=now, reason=result.detail)
        case Failed(permanent=True):
            return replace(tried, state=DeliveryState.UNDELIVERED, reason=result.reason)
        case Failed():
            in_a_row = failures + 1 if result.fault is Fault.CHANNEL else 0  # else each new alert would begin at 5 s
            return _again(tried, result, now, backoff(max(tried.attempts, in_a_row), jitter))
        case Unknown():
            return _uncertain(tried, result, now)


def _again(tried: Delivery, result: Failed, now: datetime, wait: timedelta) -> Delivery:
    if tried.first_tried_at and now - tried.first_tried_at >= PATIENCE:
        return replace(tried, state=DeliveryState.UNDELIVERED, reason=f"given up after 48 h: {result.reason}")
    wait = max(wait, min(result.retry_after or timedelta(0), LONGEST_ASKED))
    pauses = tried.pauses + (result.fault is Fault.CHANNEL)
    return replace(tried, state=DeliveryState.QUEUED, due_at=now + wait, reason=result.reason, pauses=pauses)


def _uncertain(tried: Delivery, result: Unknown, now: datetime) -> Delivery:
    """An answer that never came may be a message that arrived: one more attempt, marked, and no third."""
    unknown = tried.unknown + 1
    if unknown > 1:
        return replace(tried, state=DeliveryState.UNKNOWN, unknown=unknown, reason=result.reason)
    return replace(
        tried,
        state=DeliveryState.QUEUED,
        unknown=unknown,
        due_at=now + UNKNOWN_WAIT,
        reason=f"{result.reason}; tried once more, marked as one that may repeat",
    )


def by_hand(delivery: Delivery, now: datetime) -> Delivery:
    """Return a delivery that people want to be sent now, whatever became of it before."""
    return replace(
        delivery,
        state=DeliveryState.QUEUED,
        by_hand=True,
        due_at=now,
        pauses=0,
        first_tried_at=None,
        sent_at=None,
        reason="sent again by hand",
    )


def interrupted(delivery: Delivery, now: datetime) -> Delivery:
    """Return a delivery that was being sent when the daemon ended: it may have arrived, and goes again, marked."""
    return replace(
        delivery,
        state=DeliveryState.QUEUED,
        attempts=delivery.attempts + 1,
        first_tried_at=delivery.first_tried_at or now,
        unknown=max(delivery.unknown, 1),
        due_at=now,
        reason="interrupted while sending",
    )
