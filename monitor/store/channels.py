"""Channels as remembered between messages."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from monitor.channel import ChannelState
from monitor.store.database import Tx
from monitor.store.tables import channel


def get(tx: Tx, name: str) -> ChannelState:
    """Return what is remembered of the channel; of a new one, nothing yet."""
    row = tx.execute(select(channel).where(channel.c.name == name)).first()
    return ChannelState(**row._mapping) if row else ChannelState(name=name)  # noqa: SLF001 - SQLAlchemy's public name


def put(tx: Tx, state: ChannelState) -> None:
    """Remember the channel as it is."""
    values = asdict(state)
    remembered = insert(channel).values(**values)
    tx.execute(remembered.on_conflict_do_update(index_elements=[channel.c.name], set_=values))


def all_states(tx: Tx) -> tuple[ChannelState, ...]:
    """Return every channel of which something is remembered, by name."""
    rows = tx.execute(select(channel).order_by(channel.c.name))
    return tuple(ChannelState(**row._mapping) for row in rows)  # noqa: SLF001 - as above


def failing(tx: Tx) -> tuple[ChannelState, ...]:
    """Return the channels that fail, by name."""
    return tuple(state for state in all_states(tx) if state.failing_since is not None)
