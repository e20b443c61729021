"""The four loops, joined by due rows.

    poll(feed)     network.answering | feed.outcome | documents.read | item.compare
                                                         tx: feed (fenced), seen, items (judge due, read due)
    read(item)     gain, robots | network.answering | item.page | sandbox(article.text)
                                                         tx: text or the reason why not, judge due again
    judge(items)   text.read | rule.match | alert        one batch at a time, in its thread
                                                         tx: matches, alerts, deliveries; judge mark cleared
    deliver(line)  policy.decide(now) | render.message | send | alert.after
                                                         tx before: sending; tx after: outcome

Each loop claims due rows, does one kind of effect, writes once, and wakes the next.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import uuid4

from monitor import feed, item, record
from monitor.alert import FIRST, Alert
from monitor.delivering import Delivering
from monitor.documents import Documents
from monitor.errors import StoreError
from monitor.exchange import Answer
from monitor.feed import FeedState, listing, poll, rhythm, week
from monitor.intake import Answered, Rules
from monitor.item import Item
from monitor.judge import Ruling
from monitor.loop import Loop, Trouble
from monitor.reading import ArticleReading
from monitor.rule import Unjudged
from monitor.runtime import LEASE, Line, Runtime, Tools
from monitor.saving import Saving
from monitor.store import feeds as feed_rows
from monitor.store import items as item_rows
from monitor.store import records as record_rows
from monitor.store import rulings as ruling_rows
from monitor.store import snapshot
from monitor.store.database import Lease, Tx
from monitor.unkept import KEEP_AGAIN, Unkept

T = TypeVar("T")
log = logging.getLogger(__name__)

#: How polls are shared out among feeds without an interval is decided anew after so long.
PLAN_LASTS = timedelta(minutes=10)
#: While polls are under way, feeds are claimed so far apart, many in one transaction: not one at each end of a poll.
CLAIMS_APART = timedelta(milliseconds=50)
#: What cannot be polled yet is tried again after so long.
SOON = timedelta(seconds=1)
#: Items judged in one transaction.
BATCH = 50
#: A batch that takes longer hangs: with 1,000 rules one takes 0.1 s. Nothing else bounds it, whereas servers, readers
#: and channels are given up after a time of their own.
JUDGE_PATIENCE = timedelta(minutes=1)
ARTICLES_AT_ONCE = 8
#: An item that judging fails on is tried again this much later, and delays no other.
JUDGE_AGAIN = timedelta(minutes=10)
#: A rule that runs out of time is told of so often, with how many items that was.
TELL_UNJUDGED = timedelta(hours=1)


class Pipeline:
    """The four loops over one database; ``runtime`` may be swapped for another at any time."""

    def __init__(self, tools: Tools, runtime: Runtime) -> None:
        self.runtime = runtime
        self._trouble = Trouble()
        self._polling = Polling(self, tools)
        self._reading = ArticleReading(lambda: self.runtime, tools, self._wake_judging)
        self._judging = Judging(self, tools)
        self._delivering = Delivering(lambda: self.runtime, tools)
        self.polls: Loop[FeedState] = Loop(
            "poll",
            claim=self._polling.claim,
            work=self._polling.poll,
            limit=lambda: self.runtime.config.polling.concurrency,
            failed=self._polling.give_up,
            trouble=self._trouble,
            apart=CLAIMS_APART,
        )
        self.reads: Loop[Item] = Loop(
            "read",
            claim=self._reading.claim,
            work=self._reading.read,
            limit=lambda: ARTICLES_AT_ONCE,
            failed=self._reading.give_up,
            trouble=self._trouble,
        )
        self.judgements: Loop[Sequence[Item]] = Loop(
            "judge",
            claim=self._judging.claim,
            work=self._judging.judge,
            limit=lambda: 1,
            failed=self._judging.isolate,
            trouble=self._trouble,
            patience=JUDGE_PATIENCE,
        )
        self.deliveries: Loop[Line] = Loop(
            "deliver",
            claim=self._delivering.claim,
            work=self._delivering.deliver,
            limit=lambda: len(self.runtime.lines),
            trouble=self._trouble,
        )

    def _wake_judging(self) -> None:
        self.judgements.wake()

    @property
    def loops(self) -> tuple[Loop[FeedState], Loop[Item], Loop[Sequence[Item]], Loop[Line]]:
        """Return the loops in the order in which work flows."""
        return self.polls, self.reads, self.judgements, self.deliveries

    @property
    def trouble(self) -> str:
        """Return what is in the way of the loops; empty where nothing is."""
        return self._trouble.words

    def meet(self, what: str, error: StoreError) -> None:
        """Take note of what an error kept from being done beside the loops."""
        self._trouble.meet(what, error)

    def wake(self) -> None:
        """Have every loop look for due work."""
        for loop in self.loops:
            loop.wake()

    def hand_over(self) -> None:
        """Give the database all that was found until now, before whatever it is given next."""
        self._polling.hand_over()

    async def drain(self) -> None:
        """Work until nothing is due in any loop."""
        for loop in self.loops:
            await loop.drain()


class Polling:
    """Asks feeds for news."""

    def __init__(self, pipeline: Pipeline, tools: Tools) -> None:
        self._pipeline, self._tools = pipeline, tools
        self._unkept = Unkept(tools, feed_rows.cut_leases)
        self._documents = Documents(tools.sandbox)
        self._saving = Saving(tools.database, apart=tools.saves_apart)
        #: Polls under way by host.
        self._asked: Counter[str] = Counter()
        #: Hosts that were asked a moment ago, and keep their place until they are to be asked again.
        self._resting: set[asyncio.Task[None]] = set()
        self._plan = rhythm.Plan(bound=rhythm.FIRST_BOUND)
        #: When the plan was made, and for which config.
        self._planned: tuple[datetime, Runtime] | None = None

    async def claim(self, limit: int) -> Sequence[FeedState]:
        """Return feeds that are due, leased, as many of a host as may be asked of it at once."""
        await self._renew_plan()
        while not (claimed := await self._claim(limit)) and (rests := await self._in_the_way()):
            await asyncio.wait(rests, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(CLAIMS_APART.total_seconds())
        self._asked.update(state.host for state in claimed)
        return claimed

    async def _claim(self, limit: int) -> Sequence[FeedState]:
        now, at_once = self._tools.now(), self._pipeline.runtime.config.polling.per_host
        return await self._unkept.claim(
            partial(
                feed_rows.claim,
                now=now,
                limit=limit,
                lease=uuid4().hex,
                until=now + LEASE,
                room=lambda host: at_once - self._asked[host],
            )
        )

    async def _in_the_way(self) -> AbstractSet[asyncio.Task[None]]:
        """Return the rests of hosts that keep feeds waiting; one that ends meanwhile is no longer in the way."""
        if not (rests := frozenset(self._resting)):
            return rests
        is_due = await self._tools.database.read(partial(feed_rows.is_any_due, now=self._tools.now()))
        return rests if is_due else frozenset()

    def _let_rest(self, host: str) -> None:
        span = self._pipeline.runtime.spacing.get(host)
        if not span:
            self._release(host)
            return
        rest = asyncio.create_task(self._rest(host, span))
        self._resting.add(rest)
        rest.add_done_callback(self._resting.discard)

    async def _rest(self, host: str, span: timedelta) -> None:
        """Leave a host alone for a while before another of its feeds is asked."""
        await asyncio.sleep(span.total_seconds())
        self._release(host)

    def _release(self, host: str) -> None:
        self._asked[host] -= 1
        self._pipeline.polls.wake()

    async def _renew_plan(self) -> None:
        """Share the polls out anew among the feeds without an interval, by what is known of them by now."""
        runtime, now = self._pipeline.runtime, self._tools.now()
        if self._planned and self._planned[1] is runtime and self._planned[0] <= now < self._planned[0] + PLAN_LASTS:
            return
        free = {name for name, each in runtime.feeds.items() if each.interval is None and each.enabled}
        if free:
            since = now - rhythm.LOOK_BACK
            rates = [each for each in await self._tools.database.read(feed_rows.rates) if each[0] in free]
            moments = await self._tools.database.read(partial(item_rows.published_since, when=since))
            weights, pace = runtime.weights, runtime.config.pace
            self._plan = await asyncio.to_thread(lambda: rhythm.plan(rates, weights, week.learned(moments), pace))
        self._planned = (now, runtime)

    def hand_over(self) -> None:
        """Give the database what waits to be kept with other states."""
        self._saving.hand_over()

    async def give_up(self, state: FeedState, error: Exception) -> None:
        """Have a feed asked again soon whose answer could not be kept."""
        self._unkept.add(state.id, state.lease, error)

    async def poll(self, state: FeedState) -> None:
        """Ask the feed once, keep what is new, and set when to ask again."""
        runtime = self._pipeline.runtime
        async with AsyncExitStack() as held:
            try:
                declared = runtime.feeds.get(state.name)
                if declared is None:
                    await self._hand_back(state)
                    return
                asked = replace(feed.request(state), access=declared.access)
                answer = await held.enter_async_context(runtime.network.answering(asked))
            finally:
                self._let_rest(state.host)
            await self._heed(state, declared, answer)

    async def _hand_back(self, state: FeedState) -> None:
        """End the lease of a feed that the config does not know: it was removed, or is about to be known."""
        lease = Lease(number=state.id, token=state.lease, until=self._tools.now() + SOON)
        await self._tools.database.write(partial(feed_rows.cut_leases, leases=[lease]))

    async def _heed(self, state: FeedState, declared: feed.Feed, answer: Answer) -> None:
        outcome = feed.outcome(state, answer, self._tools.now())
        match outcome:
            case feed.Unchanged():
                log.debug("%s unchanged", state.name)
                await self._save(state, self._unchanged(state, declared, outcome))
            case feed.Failed():
                await self._fail(state, declared, outcome)
            case feed.Document():
                await self._read(state, declared, outcome)

    def _unchanged(self, state: FeedState, declared: feed.Feed, outcome: feed.Unchanged) -> FeedState:
        now = self._tools.now()
        news, watched = rhythm.after(state, poll.Brought(), (), now)
        listed = len(state.window) // listing.SHORT_KEY
        within = listing.within(state, 0, listed, lost=False, now=now)
        learned = replace(state, news=news, watched=watched, within=within)
        return poll.unchanged(learned, outcome, self._wait(declared, learned, outcome.fresh), now)

    def _wait(self, declared: feed.Feed, state: FeedState, fresh: timedelta) -> timedelta:
        pace = self._pipeline.runtime.config.pace
        return rhythm.wait(declared, state, self._plan, pace, self._tools.now(), fresh=fresh)

    async def _read(self, state: FeedState, declared: feed.Feed, document: feed.Document) -> None:
        network = self._pipeline.runtime.network
        read = await self._documents.read(network, state, declared.access, document, self._tools.now())
        match read.found:
            case feed.Failed() as failure:
                await self._fail(replace(state, slow=state.slow or read.slow), declared, failure)
            case feed.Parsed() as parsed:
                answered = Answered(
                    state=state,
                    declared=declared,
                    document=read.document,
                    parsed=parsed,
                    slow=read.slow,
                    now=self._tools.now(),
                )
                await self._take(answered)

    async def _fail(self, state: FeedState, declared: feed.Feed, failure: feed.Failed) -> None:
        wait, pace = declared.interval or rhythm.MEAN_INTERVAL, self._pipeline.runtime.config.pace
        await self._save(state, poll.failed(state, failure, wait, pace, self._tools.now()))

    async def _save(self, before: FeedState, after: FeedState) -> None:
        if await self._saving.save(after):
            _tell(before, after)

    async def _take(self, answered: Answered) -> None:
        state, declared, parsed = answered.state, answered.declared, answered.parsed
        rules = Rules(wait=partial(self._wait, declared), wants_article=partial(self._wants_article, declared))
        taken = await self._saving.take(answered, rules)
        if taken is None:  # another holds the feed now: what was found here is thrown away
            return
        self._documents.kept(state, parsed)
        _tell(state, taken.after)
        if taken.starts_over:
            log.warning("%s has another address and other items; what is there now is not rung", state.name)
        if taken.loss:
            log.warning("%s: entries may be lost, no entry of the poll before is listed any more", state.name)
        if not taken.new and not taken.changed:
            log.debug("%s polled: no news in %d", state.name, taken.listed)
            return
        log.info("%s polled: %d new, %d changed of %d", state.name, taken.new, taken.changed, taken.listed)
        if parsed.left_out:
            log.warning("%s truncated: %d more entries were not read", state.name, parsed.left_out)
        self._pipeline.judgements.wake()
        self._pipeline.reads.wake()

    def _wants_article(self, declared: feed.Feed, entry: item.Entry, baseline: bool) -> bool:  # noqa: FBT001 - of a new entry, the one thing beside it
        if declared.full_text is feed.FullText.NEVER:
            return False
        return item.wants_article(
            entry,
            always=declared.full_text is feed.FullText.ALWAYS,
            baseline=baseline,
            judged_by_text=self._pipeline.runtime.bench.reads_articles(declared),
        )


def _tell(before: FeedState, after: FeedState) -> None:
    """Say that a feed begins to fail, fails for another reason or works again; not that it goes on as it was."""
    if after.state is feed.State.ODD and before.state is not feed.State.ODD:
        log.warning("%s is odd: %s", after.name, after.reason)
    if after.failures:
        another = logging.INFO if after.reason != before.reason else logging.DEBUG
        level = logging.WARNING if after.state is not before.state else another
        log.log(level, "%s %s: %s", after.name, after.state, after.reason)
    elif before.failures:
        polls = "poll" if before.failures == 1 else "polls"
        log.info("%s works again, after %d failed %s", after.name, before.failures, polls)


class Judging:
    """Judges items in the order of their arrival."""

    def __init__(self, pipeline: Pipeline, tools: Tools) -> None:
        self._pipeline, self._tools = pipeline, tools
        self._batch = BATCH
        #: Items since the last warning for each pattern of a rule that ran out of time, and when that was.
        self._unjudged: Counter[Unjudged] = Counter()
        self._told: dict[Unjudged, datetime] = {}

    async def claim(self, limit: int) -> Sequence[Sequence[Item]]:
        """Return one batch of items that are due, if there is any."""
        now = self._tools.now()
        due = await self._tools.database.read(partial(item_rows.judge_due, now=now, limit=self._batch))
        return [due][:limit] if due else []

    async def judge(self, batch: Sequence[Item]) -> None:
        """Judge the batch and put what is owed into the outbox, in one transaction."""
        fresh = await self._judge(batch)
        self._batch = BATCH
        for alert in fresh:
            said = "matched" if alert.kind in FIRST else alert.place
            log.info('%s %s: "%s" (%s)', alert.rule, said, alert.headline, alert.source)
        if fresh:
            self._pipeline.deliveries.wake()

    async def _judge(self, batch: Sequence[Item]) -> Sequence[Alert]:
        runtime, now = self._pipeline.runtime, self._tools.now()
        edited = [each for each in batch if each.version > 1]
        told = await self._tools.database.read(partial(ruling_rows.told, items=edited)) if edited else {}

        def rulings() -> tuple[Ruling, ...]:
            known = [each for each in batch if each.feed in runtime.feeds]
            return tuple(runtime.bench.judge(each, now=now, told=told.get(each.id, ())) for each in known)

        found = await asyncio.to_thread(rulings)
        self._warn_of([late for ruling in found for late in ruling.unjudged], now)

        def write(tx: Tx) -> Sequence[Alert]:
            # Asked anew: had the clock been set back since, what was due then would wait for that time to come again.
            fresh = ruling_rows.record(tx, found, self._tools.now(), channels=tuple(runtime.lines))
            item_rows.judged(tx, batch, runtime.version)
            record_rows.add(tx, _evidence(runtime, batch, found, fresh, now))
            for ruling in found:
                if ruling.again_at is not None:
                    item_rows.judge_again(tx, ruling.item_id, ruling.again_at)
            return fresh

        return await self._tools.database.write(write)

    def _warn_of(self, unjudged: Sequence[Unjudged], now: datetime) -> None:
        """Say once an hour for how many items a rule ran out of time."""
        self._unjudged.update(unjudged)
        for late, count in [*self._unjudged.items()]:
            last = self._told.get(late)
            if count and (last is None or not last <= now < last + TELL_UNJUDGED):
                items = "an item" if count == 1 else f"{count} items"
                log.warning("%s did not judge %s: %s ran out of time", late.rule, items, late.pattern)
                self._told[late] = now
                self._unjudged[late] = 0

    async def isolate(self, batch: Sequence[Item], error: Exception) -> None:
        """Keep an item that judging fails on from holding up the others: judge singly, and put the culprit off."""
        if len(batch) > 1:
            self._batch = 1
            return
        passing = isinstance(error, StoreError) and error.passing
        later = self._tools.now() + (KEEP_AGAIN if passing else JUDGE_AGAIN)
        await self._tools.database.write(partial(item_rows.postpone_judging, item_id=batch[0].id, until=later))


def _evidence(
    runtime: Runtime, batch: Sequence[Item], rulings: Sequence[Ruling], fresh: Sequence[Alert], now: datetime
) -> Sequence[record.Fact]:
    """Return what the evidence keeps of a judging."""
    items, watches = {each.id: each for each in batch}, runtime.bench.watches
    config = record.Config(version=runtime.version, sha256=runtime.config.sha256)
    judged = [record.judged(items[each.item_id], each, config, now) for each in rulings]
    return judged + [record.rang(snapshot.document(each), watches.get(each.rule), config, now) for each in fresh]
