"""Watches the watcher: a summary each day, a canary that goes the way of an alert, and a sign of life to elsewhere."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta

from monitor import alert, item, outage, record, summary
from monitor.alert import Notice, Outcome, Sent
from monitor.hours import Times
from monitor.item import Reading
from monitor.pipeline import Pipeline
from monitor.runtime import Runtime, Tools
from monitor.send.ping import ping
from monitor.store import channels as channel_rows
from monitor.store import coverage, records
from monitor.store import deliveries as delivery_rows
from monitor.store import items as item_rows
from monitor.store import rulings as ruling_rows
from monitor.store import summaries as summary_rows
from monitor.store.database import Tx
from monitor.store.items import Arrival

log = logging.getLogger(__name__)

#: Days of feeds told in one transaction: those of 100,000 would keep polls from being kept for ten seconds.
_TOLD_AT_ONCE = 500


class Vigil:
    """Says that wirebell is alive, and what it brought; its words go through the outbox, as alerts do."""

    def __init__(self, pipeline: Pipeline, tools: Tools) -> None:
        self._pipeline, self._tools = pipeline, tools
        #: The day of UTC whose predecessors are told in the chain of evidence.
        self._told: date | None = None
        #: How often each loop had gone round at the last sign of life.
        self._rounds: Sequence[int] = ()
        self._heard = True

    @property
    def _runtime(self) -> Runtime:
        return self._pipeline.runtime

    async def round(self) -> None:
        """Do what is due once a day."""
        today = self._tools.now().date()
        if today != self._told:
            while await self._tools.database.write(self._tell_days):
                pass
            await self._tools.database.write(self._tell_offset)
            self._told = today
        await self._do(self._summary_due, self._summarise)
        await self._do(self._canary_due, self._release)
        await self._do(self._lost, self._miss)

    def _tell_offset(self, tx: Tx) -> None:
        if offset := self._tools.offset():
            records.add(tx, [record.clock_off(offset, self._tools.now())])

    async def _do(self, due: Callable[[Tx], datetime | None], work: Callable[[Tx, datetime], None]) -> None:
        at = await self._tools.database.read(due)
        if at is not None:
            await self._tools.database.write(lambda tx: work(tx, at))
            self._pipeline.wake()

    def _tell_days(self, tx: Tx) -> int:
        return coverage.tell(tx, self._tools.now(), today=False, most=_TOLD_AT_ONCE)

    # --- the summary -------------------------------------------------------------------------------------------

    def _summary_due(self, tx: Tx) -> datetime | None:
        times = self._runtime.config.health.summary
        at = self._newest(tx, times) if times else None
        return None if at is None or ruling_rows.is_kept(tx, summary.notice_id(at)) else at

    def _newest(self, tx: Tx, times: Times) -> datetime | None:
        return summary.due(times, summary_rows.born(tx), self._tools.now(), self._runtime.config.zone)

    def _summarise(self, tx: Tx, at: datetime) -> None:
        coverage.tell(tx, self._tools.now(), today=False)
        born = summary_rows.born(tx) or at
        since = max(born, self._since(at))
        self._owe(tx, summary.notice(summary_rows.day(tx, since, at), self._runtime.config.zone), self._notified())

    def _since(self, at: datetime) -> datetime:
        """Return when the day began that ends then: at the time of the summary before."""
        times, zone = self._runtime.config.health.summary, self._runtime.config.zone
        return times.last(at - timedelta(microseconds=1), zone) if times else at - timedelta(days=1)

    # --- the canary --------------------------------------------------------------------------------------------

    def _canary_due(self, tx: Tx) -> datetime | None:
        at = self._set_out(tx)
        return None if at is None or self._released(tx, at) is not None else at

    def _set_out(self, tx: Tx) -> datetime | None:
        """Return when the newest canary was to set out; None where there is none."""
        health = self._runtime.config.health
        return self._newest(tx, health.summary or summary.MORNING) if health.canary else None

    def _released(self, tx: Tx, at: datetime) -> datetime | None:
        """Return when the canary of a day set out; None before."""
        key = item.key(summary.canary(at, self._runtime.config.zone))
        known = item_rows.known(tx, summary_rows.canary_feed(tx), [key]).get(key)
        kept = item_rows.get(tx, known.item_id) if known else None
        return kept.seen_at if kept else None

    def _release(self, tx: Tx, at: datetime) -> None:
        entry = summary.canary(at, self._runtime.config.zone)
        arrival = Arrival(
            key=item.key(entry),
            entry=entry,
            digest=item.digest(entry),
            seen_at=self._tools.now(),
            baseline=False,
            reading=Reading.NOT_WANTED,
        )
        item_rows.add(tx, summary_rows.canary_feed(tx), [arrival])

    def _lost(self, tx: Tx) -> datetime | None:
        """Return when the newest canary was to set out, if it did, has not arrived, and nobody was told."""
        at = self._set_out(tx)
        released = self._released(tx, at) if at else None
        if at is None or released is None:
            return None
        missing = summary.is_missing(self._canaries(tx, at), released, self._tools.now())
        return at if missing and not ruling_rows.is_kept(tx, summary.missing_id(at)) else None

    def _miss(self, tx: Tx, at: datetime) -> None:
        config, silent = self._runtime.config, self._runtime.config.health.canary or ""
        others = [name for name in self._runtime.lines if name != silent]
        told = [name for name in self._notified() if name != silent] or others[:1]
        notice = summary.missing(silent, self._canaries(tx, at), at, self._tools.now(), config.zone)
        self._owe(tx, notice, told)
        log.warning("%s", notice.subject)

    def _canaries(self, tx: Tx, at: datetime) -> Sequence[alert.Delivery]:
        made = summary.canary_id(at, self._runtime.config.zone)
        return delivery_rows.of_alerts(tx, [made])[made]

    # --- signs of life -----------------------------------------------------------------------------------------

    async def ping(self) -> None:
        """Ask the address that stands watch, if every loop goes round and some channel can be reached."""
        url = self._runtime.config.health.ping
        if url is None or not self._goes_round() or not await self._tools.database.read(self._reaches_somebody):
            return
        outcome = await asyncio.to_thread(ping, url)
        heard = isinstance(outcome, Sent)
        if heard != self._heard:
            _tell(outcome)
        self._heard = heard

    def _goes_round(self) -> bool:
        before, self._rounds = self._rounds, [loop.rounds for loop in self._pipeline.loops]
        moved = all(now > then for now, then in zip(self._rounds, before, strict=False))
        return moved and not self._pipeline.trouble

    def _reaches_somebody(self, tx: Tx) -> bool:
        now, lines = self._tools.now(), self._runtime.lines
        out = {state.name for state in channel_rows.failing(tx) if outage.is_out(state, now)}
        return not lines or bool(lines.keys() - out)

    # --- messages ----------------------------------------------------------------------------------------------

    def _notified(self) -> Sequence[str]:
        return [name for name in self._runtime.config.notices if name in self._runtime.lines]

    def _owe(self, tx: Tx, notice: Notice, names: Iterable[str]) -> None:
        ruling_rows.add_notice(tx, notice, self._runtime.owed(notice, names, self._tools.now()))


def _tell(outcome: Outcome) -> None:
    """Say that the sign of life is not heard any more, or heard again."""
    if isinstance(outcome, Sent):
        log.info("health.ping: the sign of life is heard again")
    else:
        log.warning("health.ping: the sign of life is not heard: %s", outcome.reason)
