"""What waits, over all tables: how it moves when the clock is set, and what a start makes of times that cannot be."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Integer, and_, not_, or_, true, type_coerce, update

from monitor.alert import LONGEST_ASKED, OPEN
from monitor.feed.silence import LONGEST_UNLOOKED
from monitor.item import READING_RETRY
from monitor.policy import HELD, Reason
from monitor.store.database import Tx
from monitor.store.tables import channel, delivery, feed, item

_OPEN = delivery.c.state.in_(OPEN)
#: Policy put it off to a time of day, and is asked again whenever it is due.
_HELD = and_(_OPEN, delivery.c.reason.in_(HELD))
#: It waits for people to acknowledge it, however long the config lets them.
_UNACKNOWLEDGED = delivery.c.reason == Reason.UNACKNOWLEDGED
_WAITING = or_(item.c.judge_due_at.is_not(None), item.c.read_due_at.is_not(None))

#: What a clock that is set takes along: waits, leases, and since when something lasts. What only tells when something
#: happened stays.
_MOVES = (
    (feed.c.next_poll_at, true()),
    (feed.c.leased_until, true()),
    (feed.c.look_at, true()),
    (feed.c.since, true()),
    (item.c.judge_due_at, _WAITING),
    (item.c.read_due_at, _WAITING),
    (item.c.leased_until, _WAITING),
    (delivery.c.due_at, and_(_OPEN, not_(_HELD))),
    (delivery.c.leased_until, _OPEN),
    (delivery.c.first_tried_at, _OPEN),
    (channel.c.paused_until, true()),
    (channel.c.failing_since, true()),
)
#: The longest waits that can be; feeds have a rule of their own, since the config knows how long theirs are.
_LONGEST = (
    (item.c.judge_due_at, timedelta(0), true()),
    (item.c.read_due_at, READING_RETRY, true()),
    (delivery.c.due_at, timedelta(0), and_(_OPEN, or_(_HELD, delivery.c.attempts == 0), not_(_UNACKNOWLEDGED))),
    (delivery.c.due_at, LONGEST_ASKED, and_(_OPEN, not_(_UNACKNOWLEDGED))),
    (delivery.c.first_tried_at, timedelta(0), _OPEN),
    (channel.c.paused_until, LONGEST_ASKED, true()),
    (channel.c.failing_since, timedelta(0), true()),
    (feed.c.look_at, LONGEST_UNLOOKED, true()),
    (feed.c.since, timedelta(0), true()),
)


def shift(tx: Tx, by: timedelta, now: datetime) -> None:
    """Move what waits by the jump of a clock that was set, so that each wait stays as long as it was.

    What policy holds waits for a time of day, which a jump brings nearer or takes away: it is asked about ``now``,
    the time after the jump.
    """
    microseconds = by // timedelta(microseconds=1)
    for column, waits in _MOVES:
        moved = update(column.table).where(column.is_not(None), waits)
        tx.execute(moved.values({column: type_coerce(column, Integer) + microseconds}))
    tx.execute(update(delivery).where(_HELD).values(due_at=now))


def settle(tx: Tx, now: datetime) -> None:
    """Make due what waits longer than anything can, as after a clock that ran far ahead and was set right meanwhile."""
    for column, longest, which in _LONGEST:
        tx.execute(update(column.table).where(column > now + longest, which).values({column: now}))
