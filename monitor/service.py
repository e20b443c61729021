"""The daemon: start, ticks, signals, reload, and an end that loses nothing."""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import signal
import ssl
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from monitor import alert, greeting, record, systemd
from monitor.channel import Channel
from monitor.clock import Clock
from monitor.config import Config
from monitor.errors import ConfigError, StoreError
from monitor.feed import Feed
from monitor.herald import Herald
from monitor.judge import Watch
from monitor.loading import load, load_or_last_good
from monitor.pipeline import Pipeline
from monitor.runtime import Runtime, Tools
from monitor.sandbox import Sandbox
from monitor.store import configs, deliveries, feeds, items, records, schedule
from monitor.store.database import Database, Tx
from monitor.store.retention import Pruning
from monitor.tending import Tending
from monitor.vigil import Vigil

log = logging.getLogger(__name__)

#: How long the first screen waits for feeds that do not answer.
FIRST_ROUND = 12.0
#: Time between two signs of life, and between two words to systemd on how things are.
SIGN_EVERY = timedelta(seconds=5)
STATUS_EVERY = timedelta(seconds=30)
#: So often feeds are looked after.
TEND_EVERY = timedelta(seconds=15)
#: Between two signs of life to elsewhere, and two looks at what is due once a day.
VIGIL_EVERY = timedelta(minutes=1)
#: What was kept long enough is dropped once a day, first when the start is well over; between two steps, each of some
#: ten milliseconds at the most, others may write.
FIRST_PRUNING, PRUNE_EVERY, STEP_PAUSE = timedelta(hours=1), timedelta(days=1), timedelta(milliseconds=10)
#: What is under way may take this long after the signal to stop.
GRACE = 8.0
#: A wall clock that departs from the monotonic one by more than this was set.
CLOCK_JUMP = timedelta(seconds=5)
#: A reload asked for within so many seconds of one that met the same files is the same.
ONE_RELOAD = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the command line wants the daemon to run."""

    path: Path
    environment: Mapping[str, str]
    console: TextIO = sys.stdout
    #: Ring also for stored items that were published within this time.
    catch_up: timedelta | None = None


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class EachSecond(BaseTrigger):  # type: ignore[misc] # APScheduler has no types
    """Fires a second after it last did.

    APScheduler's own interval first counts every second that a clock set forward has left out: 2.9 s and 45 MB for ten
    days, and more memory than there is for a small computer whose clock goes from 1970 to now.
    """

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
        """Return when it fires next."""
        return now + timedelta(seconds=1)


class Service:
    """One daemon over one database."""

    def __init__(self, settings: Settings, *, now: Callable[[], datetime] = utc_now) -> None:
        """Load the config and open the database; raise ConfigError, StoreError or AlreadyRunning."""
        self._settings, self._now = settings, Clock(now)
        loaded, self._refused = load_or_last_good(settings.path, settings.environment, now().date())
        loaded = _catching_up(loaded, settings.catch_up)
        self._database = Database.open(loaded.database)
        try:
            self._database.lock()
        except BaseException:
            self._database.close()
            raise
        self._tls = ssl.create_default_context()
        self._sandbox = Sandbox()
        self._runtime = self._prepare(loaded)
        tools = Tools(database=self._database, sandbox=self._sandbox, now=self._now, jitter=random.random)
        self._pipeline = Pipeline(tools, self._runtime)
        self._tending = Tending(lambda: self._runtime, tools)
        self._vigil = Vigil(self._pipeline, tools)
        self._started_at = self._now()
        self._herald = Herald(self._database, console=settings.console, now=self._now)
        self._stop, self._edited = asyncio.Event(), asyncio.Event()
        self._reloaded_at = -ONE_RELOAD
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self._stamp = _stamp(loaded)
        self._rounds: Sequence[int] = ()

    @property
    def config(self) -> Config:
        """Return the config that is in force."""
        return self._runtime.config

    def _prepare(self, loaded: Config, before: Runtime | None = None) -> Runtime:
        """Record the config in the store and make it ready, of the one before what is still the same."""

        def write(tx: Tx) -> int:
            now = self._now()  # here: the clock may be set while this waits for its turn
            version = configs.record(tx, loaded.sha256, loaded.toml, now)
            feeds.sync(tx, loaded.feeds, now)
            return version

        version = self._database.write_now(write)
        console = self._settings.console
        return Runtime(loaded, version=version, console=console, tls=self._tls, now=self._now, before=before)

    def stop(self) -> None:
        """Have ``run`` end as it does at a signal."""
        self._stop.set()

    # --- start -------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT."""
        try:
            await self._recover()
            await self._answer_for_the_file()
            tasks = self._start()
            stopped = asyncio.create_task(self._stop.wait())
            ended, _ = await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
            await self._end([stopped, *tasks])
            for task in ended:  # what ended by itself ended in a fault
                task.result()
        finally:
            await self._close()

    async def run_once(self) -> bool:
        """Poll every feed, read, judge, deliver what is due; return whether all of it worked."""
        try:
            await self._recover()
            await self._answer_for_the_file()
            await self._database.write(partial(feeds.poll_all_now, now=self._now()))
            await self._pipeline.polls.drain()
            await self._pipeline.judgements.drain()
            await self._herald.greet(self._runtime)
            await self._pipeline.reads.drain()
            await self._pipeline.judgements.drain()
            await self._pipeline.deliveries.drain()
            return await self._database.read(self._all_worked)
        finally:
            await self._close()

    def _all_worked(self, tx: Tx) -> bool:
        return feeds.count_unread(tx) == 0 and deliveries.failed_since(tx, self._started_at) == 0

    async def _answer_for_the_file(self) -> None:
        """Say what is odd in the config, or that the last good one runs in the place of a file that cannot be used."""
        _warn(self._runtime.config)
        if self._refused is not None:
            await self._refuse(self._refused)

    async def _recover(self) -> None:
        """Void what a killed daemon held, and let history ring where that is asked for."""
        now = self._now()
        latest_poll = now + self._runtime.config.pace.max_interval

        def write(tx: Tx) -> None:
            feeds.void_leases(tx)
            items.void_leases(tx)
            feeds.clamp(tx, latest_poll)
            feeds.spread_out(tx, now)
            schedule.settle(tx, now)
            records.add(tx, [record.run("started", version("wirebell"), now)])
            for delivery in deliveries.interrupted(tx):
                deliveries.put_back(tx, alert.interrupted(delivery, now))
            deliveries.withhold_removed(tx, tuple(self._runtime.lines))
            if self._settings.catch_up is not None:
                items.release_baseline(tx, now - self._settings.catch_up, now)

        await self._database.write(write)

    def _start(self) -> list[asyncio.Task[None]]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._edited.set)
        self._scheduler.add_job(self._tick, EachSecond(), id="tick")
        self._scheduler.start()
        # What the libraries hold from here on is never garbage, and a look at their 137,000 objects took 50 to 100 ms.
        gc.freeze()
        self._pipeline.wake()
        systemd.ready(self._watching())
        work = (
            *(each.run() for each in self._pipeline.loops),
            self._watch_loops(),
            self._tell_status(),
            self._watch_clock(),
            self._watch_edits(),
            self._keep_doing(
                self._prune, first=FIRST_PRUNING, every=PRUNE_EVERY, fault="what was kept long enough was not dropped"
            ),
            self._keep_doing(self._tend, first=TEND_EVERY, every=TEND_EVERY, fault="the feeds were not looked after"),
            self._keep_doing(self._keep_vigil, first=VIGIL_EVERY, every=VIGIL_EVERY, fault="the vigil was not kept"),
            self._open(),
        )
        return [asyncio.create_task(each) for each in work]

    async def _surviving(self, work: Awaitable[None]) -> None:
        """Do the work; a database that cannot be used for a while, such as on a full disk, is no end of the daemon."""
        try:
            await work
        except StoreError as error:
            log.error("%s", error)  # noqa: TRY400 - the sentence says it all

    async def _repeating(self, work: Awaitable[None], fault: str) -> None:
        """Do the work as ``_surviving`` does; what fails again and again is said once a minute, as of the loops."""
        try:
            await work
        except StoreError as error:
            self._pipeline.meet(fault, error)

    async def _open(self) -> None:
        await self._surviving(self._present())
        await self._stop.wait()  # a task that ends by itself would end the daemon

    async def _present(self) -> None:
        """Say what is watched once every feed was asked; one that does not answer holds that up for a while only."""
        started, deadline = self._now(), time.monotonic() + FIRST_ROUND
        busy = partial(self._busy, since=started)
        while time.monotonic() < deadline and await self._database.read(busy):  # noqa: ASYNC110 - rows tell it
            await asyncio.sleep(0.1)
        await self._herald.greet(self._runtime)
        self._pipeline.deliveries.wake()
        await self._herald.screen(self._runtime)

    def _busy(self, tx: Tx, since: datetime) -> bool:
        """Return whether a feed that was due at the start has not been polled, or an item not been judged."""
        return feeds.is_any_unpolled(tx, since) or bool(items.judge_due(tx, self._now(), limit=1))

    # --- ticks -------------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        self._pipeline.wake()
        if _stamp(self._runtime.config) != self._stamp:
            self._edited.set()

    async def _watch_loops(self) -> None:
        """Feed systemd's watchdog and ``status --live``, by a clock that nobody sets."""
        pause = min(SIGN_EVERY, systemd.watched() or SIGN_EVERY)
        while True:
            await asyncio.sleep(pause.total_seconds())
            self._watchdog()

    def _watchdog(self) -> None:
        """Give a sign of life, but only while every loop goes round."""
        rounds = [loop.rounds for loop in self._pipeline.loops]
        # Since the last sign, not since the last look: while another program holds the write lock, the loops wait for
        # it one after another, each for longer than it is to the next look.
        if not self._rounds or all(now > before for now, before in zip(rounds, self._rounds, strict=True)):
            systemd.alive()
            self._database.beat(self._pipeline.trouble)
            self._rounds = rounds

    async def _tell_status(self) -> None:
        """Keep what ``systemctl status`` shows up to date."""
        while True:
            await asyncio.sleep(STATUS_EVERY.total_seconds())
            if systemd.is_there():
                await self._repeating(self._say_status(), "the status was not told")

    async def _say_status(self) -> None:
        systemd.status(self._pipeline.trouble or await self._database.read(self._doing))

    def _doing(self, tx: Tx) -> str:
        troubled = feeds.count_unread(tx)
        waiting = deliveries.count_queued(tx)
        failing = f", {troubled} failing" if troubled else ""
        messages = f"; {waiting} message{'' if waiting == 1 else 's'} waiting" if waiting else ""
        return f"{self._watching()}{failing}{messages}"

    def _watching(self) -> str:
        count = len(self._runtime.feeds)
        return f"watching {count} feed{'' if count == 1 else 's'}"

    async def _keep_doing(
        self, work: Callable[[], Awaitable[None]], *, first: timedelta, every: timedelta, fault: str
    ) -> None:
        """Do what can wait now and then, by a clock that nobody sets; a fault of ours in it ends nothing else."""
        await asyncio.sleep(first.total_seconds())
        while True:
            try:
                await self._repeating(work(), fault)
            except Exception:  # must survive anything, as the loops do
                log.exception("%s", fault)
            await asyncio.sleep(every.total_seconds())

    async def _tend(self) -> None:
        if await self._tending.round():
            self._pipeline.deliveries.wake()

    async def _keep_vigil(self) -> None:
        """Show that all is well, or that it is not."""
        await self._repeating(self._vigil.round(), "the vigil was not kept")
        await self._vigil.ping()

    async def _prune(self) -> None:
        """Drop what was kept long enough."""
        keep = self._runtime.config.keep
        pruning = Pruning(keep, self._now())
        while await self._database.write(pruning.step):  # noqa: ASYNC110 - nobody else ends the round
            await asyncio.sleep(STEP_PAUSE.total_seconds())
        if words := pruning.pruned.words:
            log.info("kept long enough, and dropped: %s", words)
        if short := pruning.pruned.short_of_room(keep):
            log.warning("%s", short)

    async def _watch_clock(self) -> None:
        """Keep every wait as long as it was when the wall clock is set; asyncio's own waits do not see that clock."""
        while True:
            await asyncio.sleep(1)
            jump = self._now.jump()
            if abs(jump) <= CLOCK_JUMP:
                self._now.move(jump)
            else:
                await self._surviving(self._jump(jump))

    async def _jump(self, by: timedelta) -> None:
        """Move what is due and the daemon's clock together; while a full disk forbids that, the old time holds."""
        for job in self._scheduler.get_jobs():  # it goes by the wall clock: set back by an hour, it would rest for one
            job.reschedule(job.trigger)
        # Not awaited: a piece of work that asks for the time now and writes after this would be left behind.
        before = self._now()

        def write(tx: Tx) -> None:
            schedule.shift(tx, by=by, now=before + by)
            records.add(tx, [record.clock_set(by, before, before + by)])

        self._pipeline.hand_over()
        self._database.write_now(write)
        self._now.move(by)
        log.warning("the clock jumped by %.0f s; what is due moves with it", by.total_seconds())
        self._pipeline.wake()

    # --- reload ------------------------------------------------------------------------------------------------

    async def _watch_edits(self) -> None:
        while True:
            await self._edited.wait()
            self._edited.clear()
            await self._surviving(self._reload_once())

    async def _reload_once(self) -> None:
        """Reload, unless it was just done: an edit and the signal that follows it are one reload."""
        stamp, steady = _stamp(self._runtime.config), time.monotonic()
        if stamp == self._stamp and steady - self._reloaded_at < ONE_RELOAD:
            return
        self._stamp = stamp
        await self._reload()
        self._reloaded_at = time.monotonic()

    async def _reload(self) -> None:
        """Load the config again; apply it whole, or not at all, and say which on the health channel."""
        systemd.reloading()
        try:
            today, before = self._now().date(), self._runtime.config
            loaded = await asyncio.to_thread(load, self._settings.path, self._settings.environment, today, before)
        except ConfigError as error:
            await self._refuse(error)
        else:
            await self._apply(loaded)
        finally:  # whatever became of it, or systemd takes it to be under way for ever
            systemd.ready(self._watching())

    async def _refuse(self, error: ConfigError) -> None:
        zone, name = self._runtime.config.zone, self._settings.path.name
        log.error("%s NOT applied:\n%s", name, error)
        in_force = await self._database.read(configs.latest)
        since = in_force.loaded_at if in_force else self._started_at
        answer = greeting.refused(name, [str(fault) for fault in error.faults], since, self._now(), zone)
        await self._herald.announce(self._runtime, answer)
        self._pipeline.deliveries.wake()

    async def _apply(self, loaded: Config) -> None:
        before = self._runtime.config
        if loaded.database != before.database:
            log.warning("the database stays %s until the next start", before.database_name)
        runtime = await asyncio.to_thread(self._prepare, loaded, self._runtime)
        self._runtime = runtime
        self._pipeline.runtime = runtime
        self._stamp = _stamp(loaded)
        changed = _changed_rules(before, loaded)
        trials = await self._herald.try_rules(runtime, changed)

        def write(tx: Tx) -> int:
            deliveries.release_held(tx, self._now())
            return deliveries.withhold_removed(tx, tuple(runtime.lines))

        withheld = await self._database.write(write)
        said = (*_changes(before, loaded, changed), *greeting.withheld(withheld))
        _warn(loaded)
        log.info("%s applied: %s", self._settings.path.name, ", ".join(said) or "nothing that is watched changed")
        await self._herald.greet(runtime)
        answer = greeting.applied(self._settings.path.name, said, trials, self._now(), loaded.zone)
        await self._herald.announce(runtime, answer)
        self._pipeline.wake()

    # --- end ---------------------------------------------------------------------------------------------------

    async def _end(self, tasks: Sequence[asyncio.Task[Any]]) -> None:
        """Claim nothing more, and let what is under way end within the grace."""
        systemd.stopping()
        self._scheduler.shutdown(wait=False)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        late = await asyncio.gather(*(loop.finish(GRACE) for loop in self._pipeline.loops))
        if any(late):
            log.warning("%d pieces of work did not end in time; they are taken up at the next start", sum(late))

    async def _close(self) -> None:
        stopped = record.run("stopped", version("wirebell"), self._now())
        await self._surviving(self._database.write(partial(records.add, facts=[stopped])))
        self._sandbox.close()
        await self._runtime.network.aclose()
        self._database.close()


def _warn(loaded: Config) -> None:
    for warning in loaded.warnings:
        log.warning("%s", warning)


def _catching_up(loaded: Config, span: timedelta | None) -> Config:
    """Let entries within the span ring at a feed's first poll too; what is stored is released at the start."""
    if span is None:
        return loaded
    return replace(loaded, feeds=tuple(replace(feed, catch_up=max(feed.catch_up, span)) for feed in loaded.feeds))


def _stamp(loaded: Config) -> Sequence[tuple[str, int, int]]:
    """Return what changes when one of the config's files is edited or replaced."""
    stamps = []
    for file in loaded.files:
        with suppress(FileNotFoundError):  # between the two steps of an editor's save
            status = file.stat()
            stamps.append((str(file), status.st_mtime_ns, status.st_ino))
    return stamps


def _changed_rules(before: Config, after: Config) -> tuple[str, ...]:
    old: dict[str, Watch] = {watch.name: watch for watch in before.watches}
    return tuple(watch.name for watch in after.watches if old.get(watch.name) != watch)


def _changes(before: Config, after: Config, changed: Sequence[str]) -> tuple[str, ...]:
    rules = _names(before.watches)
    return (
        *greeting.changes(rules, _names(after.watches), "rule", changed=len({*changed} & {*rules})),
        *greeting.changes(_names(before.feeds), _names(after.feeds), "feed"),
        *greeting.changes(_names(before.channels), _names(after.channels), "channel"),
    )


def _names(entries: Sequence[Watch | Feed | Channel]) -> list[str]:
    return [entry.name for entry in entries]
