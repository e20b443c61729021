"""Channels as remembered."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from monitor.channel import ChannelState
from monitor.store import channels
from monitor.store.database import Database
from tests.store.samples import MINUTE, NOW

DESK = ChannelState(name="desk", paused_until=NOW + MINUTE, failures=3, last_sent_at=NOW)


def get(database: Database, name: str = "desk") -> ChannelState:
    return database.read_now(partial(channels.get, name=name))


def test_a_new_channel_has_no_past(database: Database) -> None:
    assert get(database) == ChannelState(name="desk")


def test_a_channel_comes_back_as_it_was_put(database: Database) -> None:
    database.write_now(partial(channels.put, state=DESK))
    assert (get(database), get(database, "mail")) == (DESK, ChannelState(name="mail"))


def test_the_last_word_holds(database: Database) -> None:
    recovered = replace(DESK, paused_until=None, failures=0)
    for state in (DESK, recovered):
        database.write_now(partial(channels.put, state=state))
    assert get(database) == recovered


def test_all_channels_are_told_by_name(database: Database) -> None:
    for name in ("mail", "desk"):
        database.write_now(partial(channels.put, state=replace(DESK, name=name)))
    assert database.read_now(channels.all_states) == (DESK, replace(DESK, name="mail"))
