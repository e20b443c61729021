"""What is kept as evidence: facts about what was seen, judged and sent, as they were at their moment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from monitor.alert import Attempt, Delivery, Digest, Mark, What
from monitor.channel import Message
from monitor.item import Item
from monitor.judge import Ruling, Watch


class Sort(StrEnum):
    """What a fact is about."""

    #: wirebell started, or was stopped.
    RUN = "run"
    #: A config came into force.
    CONFIG = "config"
    #: The clock was set.
    CLOCK = "clock"
    #: How far the clock was off.
    OFFSET = "offset"
    #: An item was judged, on what could be read of it.
    ITEM = "item"
    ALERT = "alert"
    NOTICE = "notice"
    #: One try to deliver a message.
    ATTEMPT = "attempt"
    #: Somebody said something of an alert, such as that it is taken care of.
    MARK = "mark"
    #: How often a feed was asked on a day, and answered.
    COVERAGE = "coverage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A fact on its way into the chain."""

    sort: Sort
    at: datetime
    #: Values that JSON has.
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The config that was in force, as facts name it."""

    version: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """How far the machine's clock is off, as far as the machine knows."""

    #: Whether anybody sets it by another clock.
    synchronised: bool
    offset: timedelta
    #: It is off by so much at the most.
    most: timedelta


# --- facts -------------------------------------------------------------------------------------------------------


def run(event: str, version: str, at: datetime) -> Fact:
    """Return that wirebell ``started`` or ``stopped``."""
    return Fact(sort=Sort.RUN, at=at, body={"event": event, "program": version})


def applied(config: Config, toml: str, at: datetime) -> Fact:
    """Return that a config came into force; secrets that stand in it are not shown, the hash is that of the whole."""
    return Fact(
        sort=Sort.CONFIG,
        at=at,
        body={"version": config.version, "sha256": config.sha256, "toml": without_secrets(toml)},
    )


def clock_set(by: timedelta, before: datetime, at: datetime) -> Fact:
    """Return that the machine's clock was set."""
    return Fact(sort=Sort.CLOCK, at=at, body={"step": by.total_seconds(), "before": before.isoformat()})


def clock_off(offset: Offset, at: datetime) -> Fact:
    """Return how far the machine's clock is off."""
    body = {
        "synchronised": offset.synchronised,
        "offset": offset.offset.total_seconds(),
        "most": offset.most.total_seconds(),
    }
    return Fact(sort=Sort.OFFSET, at=at, body=body)


def judged(item: Item, ruling: Ruling, config: Config, at: datetime) -> Fact:
    """Return an item as it was seen, what could be read of it, and which rules it met."""
    entry, text = item.entry, item.full_text
    body = {
        "item": item.id,
        "feed": item.feed,
        "key": item.key.hex(),
        "version": item.version,
        "guid": entry.guid,
        "link": entry.link,
        "headline": entry.headline,
        "lead": entry.lead,
        "published": entry.published.isoformat() if entry.published else None,
        "seen": item.seen_at.isoformat(),
        "baseline": item.baseline,
        "read": item.depth,
        "reading": item.reading,
        "reading_reason": item.reading_reason,
        "text_length": len(text),
        "text_sha256": digest(text),
        "config": config.version,
        "rules": [match.rule for match in ruling.matches],
    }
    return Fact(sort=Sort.ITEM, at=at, body=body)


def rang(snapshot: Mapping[str, Any], watch: Watch | None, config: Config, at: datetime) -> Fact:
    """Return an alert as it was made, with the text of its rule; a rule that is gone has none."""
    body = {"alert": dict(snapshot), "config": config.version, "config_sha256": config.sha256, "rule": _rule(watch)}
    return Fact(sort=Sort.ALERT, at=at, body=body)


def noticed(snapshot: Mapping[str, Any], at: datetime) -> Fact:
    """Return a notice as it was made."""
    return Fact(sort=Sort.NOTICE, at=at, body={"notice": dict(snapshot)})


def tried(delivery: Delivery, attempt: Attempt, what: What, message: Message, text: str) -> Fact:
    """Return a try to deliver: what was sent to whom, what came of it, and how the delivery stands after it."""
    body = {
        "delivery": delivery.id,
        "alert": delivery.alert_id,
        "carries": [alert.id for alert in what.alerts] if isinstance(what, Digest) else [],
        "channel": delivery.channel,
        "receiver": delivery.receiver,
        "instead_of": delivery.instead_of,
        "attempt": attempt.n,
        "outcome": attempt.outcome,
        "reason": attempt.reason,
        "state": delivery.state,
        "subject": message.subject,
        "text": text,
        "message": dict(message.payload),
    }
    return Fact(sort=Sort.ATTEMPT, at=attempt.at, body=body)


def marked(mark: Mark) -> Fact:
    """Return what somebody said of an alert."""
    return Fact(sort=Sort.MARK, at=mark.at, body={"alert": mark.alert_id, "mark": mark.sign, "who": mark.who})


def _rule(watch: Watch | None) -> Mapping[str, Any] | None:
    if watch is None:
        return None
    rule = watch.rule
    text = {
        "name": rule.name,
        "match": list(rule.sources),
        "except": rule.how.excepted,
        "lists": _lists(rule.how.lists),
    }
    return {**text, "sha256": digest(repr(sorted(text.items())))}


def _lists(lists: Sequence[tuple[str, tuple[str, ...]]]) -> Mapping[str, Sequence[str]]:
    return {name: list(words) for name, words in lists}


def digest(text: str) -> str:
    """Return the SHA-256 of a text."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


#: A value that may be a secret: by its key, or as the address of a service, which carries its token.
_SECRET = re.compile(
    r"""(?P<key>\b(?:password|secret|token|webhook|ping|auth|cookies|headers)\s*=\s*)(?:"[^"\n]*"|'[^'\n]*'|\{[^}\n]*\})"""
    r"""|(?P<scheme>["'](?!https?:)[a-z][a-z0-9+.-]*://)[^"'\n]*"""
    r"""|(?P<user>["']https?://)[^"'/@\n]*@"""
)


def without_secrets(toml: str) -> str:
    """Return the text of a config without what stands where secrets stand."""

    def mask(found: re.Match[str]) -> str:
        if found["key"]:
            return f'{found["key"]}"…"'
        return f"{found['scheme']}…" if found["scheme"] else f"{found['user']}…@"

    return _SECRET.sub(mask, toml)
