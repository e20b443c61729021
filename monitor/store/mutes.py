"""Mutes: those in force, and those that were."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, insert, literal_column, or_, select, update

from monitor.mute import Mute, Scope
from monitor.policy import HELD
from monitor.store.database import Tx
from monitor.store.tables import delivery, mute

#: Written out, not bound: only so does SQLite see that its partial index holds the rows.
_QUEUED = delivery.c.state == literal_column("'queued'")


def add(tx: Tx, placed: Mute, now: datetime) -> None:
    """Keep a mute, and have what waits asked about again."""
    tx.execute(insert(mute).values(**asdict(placed)))
    ask_again(tx, now)


def in_force(tx: Tx, now: datetime) -> tuple[Mute, ...]:
    """Return the mutes that hold now, in the order in which they end."""
    return _mutes(tx, select(mute).where(holds(now)).order_by(mute.c.until, mute.c.id))


def listing(tx: Tx, limit: int) -> tuple[Mute, ...]:
    """Return the newest mutes, over or not, newest first."""
    return _mutes(tx, select(mute).order_by(mute.c.made_at.desc(), mute.c.id).limit(limit))


def holds(now: Any) -> Any:  # noqa: ANN401 - a time or what stands for one, and a condition on it
    """Return what is true of a mute that holds at the time."""
    return and_(mute.c.ended_at.is_(None), mute.c.until > now)


def by_prefix(tx: Tx, prefix: str, now: datetime) -> tuple[Mute, ...]:
    """Return the mutes in force whose id begins so."""
    return _mutes(tx, select(mute).where(holds(now), mute.c.id.startswith(prefix.lower(), autoescape=True)))


def end(tx: Tx, mute_id: str, now: datetime) -> None:
    """End a mute before its time, and have what waits asked about again."""
    tx.execute(update(mute).where(mute.c.id == mute_id, mute.c.ended_at.is_(None)).values(ended_at=now))
    ask_again(tx, now)


def ask_again(tx: Tx, now: datetime) -> None:
    """Make due what policy holds: it is asked about again, and mostly held again."""
    held = and_(_QUEUED, delivery.c.due_at > now, or_(*(delivery.c.reason == reason for reason in HELD)))
    tx.execute(update(delivery).where(held).values(due_at=now))


def _mutes(tx: Tx, wanted: Select[Any]) -> tuple[Mute, ...]:
    rows = tx.execute(wanted)
    return tuple(Mute(**{**row._mapping, "scope": Scope(row.scope)}) for row in rows)  # noqa: SLF001 - SQLAlchemy's name
