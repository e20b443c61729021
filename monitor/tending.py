"""Looks after the feeds: which have fallen silent, and what people are to be told of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from monitor.alert import Notice
from monitor.feed import FeedState, State, bulletin, health, silence
from monitor.feed.bulletin import About, Desk
from monitor.feed.health import Network, Tidings
from monitor.feed.silence import Habit, Look
from monitor.runtime import Runtime, Tools
from monitor.store import feeds as feed_rows
from monitor.store import rulings as ruling_rows
from monitor.store.database import Tx

log = logging.getLogger(__name__)

#: Feeds looked at in one round; each takes some milliseconds.
_AT_ONCE = 50


class Tending:
    """Looks after the feeds of the config in force; what it says goes through the outbox, as alerts do."""

    def __init__(self, runtime: Callable[[], Runtime], tools: Tools) -> None:
        """Build it; ``runtime`` tells which config is in force."""
        self._runtime, self._tools = runtime, tools
        #: When feeds were last told of, and losses; what happens soon afterwards waits for its turn.
        self._told_at: datetime | None = None
        self._losses_told_at: datetime | None = None

    async def round(self) -> bool:
        """Look at what is to be looked at, and tell what is to be told; return whether something was."""
        await self._look()
        told = [await self._tell(self._feeds), await self._tell(self._losses)]
        return any(told)

    # --- silence -----------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        found = await self._tools.database.read(self._looks)
        if not found:
            return

        def write(tx: Tx) -> None:
            for state, habit, look in found:
                feed_rows.looked_at(tx, state.id, look.again_at, look.since, self._silence(look, habit))

        await self._tools.database.write(write)
        for state, habit, look in found:
            if look.since is not None:
                log.warning("%s is silent: %s", state.name, self._silence(look, habit))

    def _looks(self, tx: Tx) -> Sequence[tuple[FeedState, Habit | None, Look]]:
        now = self._tools.now()
        return [self._look_at(tx, state, now) for state in feed_rows.to_look_at(tx, now, _AT_ONCE)]

    def _look_at(self, tx: Tx, state: FeedState, now: datetime) -> tuple[FeedState, Habit | None, Look]:
        moments = feed_rows.came(tx, state.id, silence.MOST_ITEMS)
        habit = silence.habit(moments, now)
        declared = self._runtime().feeds.get(state.name)
        last = max(moments, default=state.baseline_at)
        return state, habit, silence.look(habit, last, declared.silent_after if declared else None, now)

    def _silence(self, look: Look, habit: Habit | None) -> str:
        if look.since is None:
            return ""
        usually = f", usually every {bulletin.length(habit.usual)}" if habit else ""
        return f"nothing new for {bulletin.length(self._tools.now() - look.since)}{usually}"

    # --- what is told ------------------------------------------------------------------------------------------

    async def _tell(self, what: Callable[[Tx], Sequence[Notice]]) -> bool:
        """Owe what there is to tell to those who hear of wirebell itself, and keep at once that they know."""
        if not await self._tools.database.read(self._is_anything):
            return False

        def write(tx: Tx) -> Sequence[Notice]:
            notices = what(tx)
            for notice in notices:
                self._owe(tx, notice)
            return notices

        notices = await self._tools.database.write(write)
        for notice in notices:
            log.warning("%s", notice.subject)
        return bool(notices)

    def _is_anything(self, tx: Tx) -> bool:
        return bool(feed_rows.to_tell(tx) or feed_rows.untold_losses(tx))

    def _owe(self, tx: Tx, notice: Notice) -> None:
        runtime, now = self._runtime(), self._tools.now()
        ruling_rows.add_notice(tx, notice, runtime.owed(notice, runtime.config.notices, now))

    def _feeds(self, tx: Tx) -> Sequence[Notice]:
        now, before = self._tools.now(), feed_rows.to_tell(tx)
        net = health.network(before, self._watched)
        states = health.marked(before, net)
        feed_rows.tell(tx, [after for known, after in zip(before, states, strict=True) if known != after])
        feed_rows.hasten(tx, [state.id for state in health.to_ask(net)], now)
        tidings = health.tidings(states, net, now)
        return (*self._of_network(tx, net), *self._of_feeds(tx, states, tidings))

    def _of_network(self, tx: Tx, net: Network) -> Sequence[Notice]:
        if net.begun:
            return (bulletin.network_out(net, self._desk(tx, ())),)
        return (bulletin.network_back(net, self._desk(tx, ())),) if net.ended else ()

    def _of_feeds(self, tx: Tx, states: Sequence[FeedState], tidings: Tidings) -> Sequence[Notice]:
        now = self._tools.now()
        if not tidings or not self._may_tell(self._told_at, now):
            return ()
        self._told_at = now
        feed_rows.tell(tx, health.told(tidings))
        return (bulletin.health(tidings, self._desk(tx, states, tidings.begun)),)

    def _losses(self, tx: Tx) -> Sequence[Notice]:
        now = self._tools.now()
        untold = feed_rows.untold_losses(tx)
        ripe = {name: losses for name, (losses, last) in untold.items() if health.ripe(losses, last, now)}
        if not ripe or not self._may_tell(self._losses_told_at, now):
            return ()
        feed_rows.tell_losses(tx, (each for losses in ripe.values() for each in losses))
        self._losses_told_at = now
        return (bulletin.losses(ripe, self._desk(tx, ())),)

    @staticmethod
    def _may_tell(last: datetime | None, now: datetime) -> bool:
        return last is None or not last <= now < last + health.PAUSE

    @property
    def _watched(self) -> int:
        return sum(feed.enabled for feed in self._runtime().feeds.values())

    def _desk(self, tx: Tx, states: Sequence[FeedState], begun: Sequence[FeedState] = ()) -> Desk:
        troubled = sum(state.state not in (State.NEW, State.OK) for state in states)
        return Desk(
            watched=self._watched,
            troubled=troubled,
            about=self._about(tx, begun),
            now=self._tools.now(),
            zone=self._runtime().config.zone,
        )

    def _about(self, tx: Tx, begun: Sequence[FeedState]) -> Mapping[str, About]:
        return {state.name: self._about_one(tx, state) for state in begun}

    def _about_one(self, tx: Tx, state: FeedState) -> About:
        runtime, now = self._runtime(), self._tools.now()
        declared = runtime.feeds.get(state.name)
        rules = tuple(watch.name for watch in runtime.bench.watching(declared)) if declared else ()
        moments = feed_rows.came(tx, state.id, silence.MOST_ITEMS) if state.state is State.SILENT else ()
        return About(rules=rules, habit=silence.habit(moments, now))
