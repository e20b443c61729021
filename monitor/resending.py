"""What people want to be told after all: an alert that reached nobody goes once more, to its channels or to another."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from monitor import alert as alerts
from monitor.alert import LOST, Delivery
from monitor.channel import Channel
from monitor.render import SHOWN
from monitor.store import alerts as alert_rows
from monitor.store import deliveries as delivery_rows
from monitor.store.alerts import Kept
from monitor.store.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of the wish, for an alert and mostly for one receiver of it."""

    done: bool
    #: For people.
    words: str


def resend(tx: Tx, prefix: str, channels: Collection[Channel], to: Channel | None, now: datetime) -> tuple[Answer, ...]:
    """Let an alert, notice or digest go once more; ``to`` is the channel that is to tell it, None for its own ones."""
    found = alert_rows.by_prefix(tx, prefix.lower().removeprefix("a-"))
    if len(found) != 1:
        return (_no(f"{'several alerts have' if found else 'no alert has'} an id that begins with {prefix}"),)
    answers = _elsewhere(tx, found[0], to, now) if to else _again(tx, found[0], channels, now)
    return tuple(replace(each, words=f"a-{found[0].what.id[:SHOWN]}: {each.words}") for each in answers)


def _again(tx: Tx, kept: Kept, channels: Collection[Channel], now: datetime) -> Iterator[Answer]:
    names = {channel.name for channel in channels}
    lost = [each for each in kept.deliveries if each.state in LOST and not each.escalated_from]
    if not lost:
        states = ", ".join(f"{each.receiver_name} {each.state}" for each in kept.deliveries)
        yield _no(f"nothing to send again ({states or 'owed to no channel'}); name another channel with --to")
    for each in lost:
        if each.channel not in names:
            yield _no(f"there is no channel {each.channel} any more; name another one with --to")
        else:
            delivery_rows.resend(tx, each, now)
            yield _yes(each)


def _elsewhere(tx: Tx, kept: Kept, to: Channel, now: datetime) -> Iterator[Answer]:
    known = {each.id: each for each in kept.deliveries}
    rule = next((each.rule for each in kept.deliveries), "")
    for owed in alerts.owed(kept.what.id, to.name, to.receivers, now, rule=rule):
        before = known.get(owed.id)
        if before is None:
            delivery_rows.add(tx, [alerts.by_hand(owed, now)])
        elif before.state in LOST:
            delivery_rows.resend(tx, before, now)
        else:
            yield _no(f"{before.receiver_name} is {before.state} already")
            continue
        yield _yes(owed)


def _yes(each: Delivery) -> Answer:
    return Answer(done=True, words=f"goes to {each.receiver_name}")


def _no(words: str) -> Answer:
    return Answer(done=False, words=words)
