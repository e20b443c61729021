"""Tells people what wirebell watches: the first screen, each channel's hello, and the answer to a reload."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TextIO

from monitor import alert, greeting
from monitor.alert import Delivery, Notice
from monitor.feed import FullText
from monitor.runtime import Runtime
from monitor.store import deliveries, feeds, items, rulings
from monitor.store.database import Database, Tx

#: How long the first screen waits for the channels to take their hello.
HELLO_WAIT = 5.0
#: How far back a new rule is tried, and on how many items at the most.
TRIAL = timedelta(days=7)
TRIAL_ITEMS = 5000
#: Feeds on the first screen; to look 10,000 of them up held up their polls for half a minute.
MOST_FEEDS = 200


class Herald:
    """Speaks for one daemon; what it says to channels goes through the outbox, as alerts do."""

    def __init__(self, database: Database, *, console: TextIO, now: Callable[[], datetime]) -> None:
        self._database, self._console, self._now = database, console, now
        self._tried: tuple[Runtime, tuple[greeting.RuleFacts, ...]] | None = None

    async def greet(self, runtime: Runtime) -> None:
        """Owe each channel that never had one its hello."""
        rules, now, zone = await self._rule_facts(runtime), self._now(), runtime.config.zone
        watched = sum(feed.enabled for feed in runtime.config.feeds)

        def write(tx: Tx) -> None:
            for line in runtime.lines.values():
                notice = greeting.hello(line.channel.name, watched, rules, now, zone)
                rulings.add_notice(tx, notice, runtime.owed(notice, (line.channel.name,), now))

        await self._database.write(write)

    async def announce(self, runtime: Runtime, notice: Notice) -> None:
        """Owe the notice to the channels that hear of wirebell itself."""
        owed = runtime.owed(notice, runtime.config.notices, self._now())
        await self._database.write(partial(rulings.add_notice, notice=notice, deliveries=owed))

    async def screen(self, runtime: Runtime) -> None:
        """Print the first screen."""
        loaded, now = runtime.config, self._now()
        zone = loaded.zone
        shown = tuple(runtime.feeds)[:MOST_FEEDS]
        more = len(runtime.feeds) - len(shown)
        names = (*shown, *runtime.bench.watches, *runtime.lines)
        width = max(map(len, names)) + 2
        hellos = await self._hello_states(runtime)
        local = now.astimezone(zone).strftime("%H:%M")
        lines = [
            f"{loaded.path.name} is fine. Data: {loaded.database_name}. Times are {loaded.zone_name} (now {local}).",
            *(f"  {name:<{width}}{words}" for name, words in (await self._feed_words(runtime, shown, now)).items()),
            *([f"  and {more:,} more feed{'' if more == 1 else 's'}     see: wirebell status"] if more else []),
            *(
                f"  {facts.name:<{width}}{greeting.rule_words(facts, now, zone)}"
                + (f"     see: wirebell rules try {facts.name}" if facts.hits else "")
                for facts in await self._rule_facts(runtime)
            ),
            *(f"  {name:<{width}}{words}" for name, words in hellos.items()),
            "Watching. Old items are not sent (want them: wirebell run --catch-up 24h). The next match rings at once.",
        ]
        print(*lines, sep="\n", file=self._console, flush=True)

    async def try_rules(self, runtime: Runtime, names: Sequence[str]) -> tuple[greeting.RuleFacts, ...]:
        """Return what the rules would have rung for in the stored items of the last seven days."""
        if not names:
            return ()
        return await self._try(runtime, names, history=False)

    async def _try(self, runtime: Runtime, names: Sequence[str], *, history: bool) -> tuple[greeting.RuleFacts, ...]:
        """Return what the rules would have rung for in what was stored lately, or in the history alone."""
        since = self._now() - TRIAL
        stored = await self._database.read(partial(items.since, when=since, limit=TRIAL_ITEMS, history=history))

        def judge() -> tuple[greeting.RuleFacts, ...]:
            hits: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
            for item in stored:
                for name in runtime.bench.hits(item):
                    hits[name].append((item.published, item.source))
            return tuple(greeting.rung(name, hits[name]) for name in names)

        return await asyncio.to_thread(judge)

    async def _rule_facts(self, runtime: Runtime) -> tuple[greeting.RuleFacts, ...]:
        """Return what the rules would have rung for in what the feeds held at their first polls."""
        if self._tried is None or self._tried[0] is not runtime:
            self._tried = runtime, await self._try(runtime, tuple(runtime.bench.watches), history=True)
        return self._tried[1]

    async def _feed_words(self, runtime: Runtime, shown: Sequence[str], now: datetime) -> Mapping[str, str]:
        words = {}
        for known in await self._database.read(partial(feeds.facts, names=shown)):
            declared = runtime.feeds.get(known.state.name)
            if declared is not None:
                reads = declared.full_text is FullText.ALWAYS and runtime.bench.reads_articles(declared)
                facts = greeting.FeedFacts(
                    state=known.state, items=known.items, published=known.published, reads_articles=reads
                )
                words[known.state.name] = greeting.feed_words(facts, now, runtime.config.zone)
        return words

    async def _hello_states(self, runtime: Runtime) -> Mapping[str, str]:
        """Return what became of each channel's hello, once that is known or has taken too long."""
        ids = {name: greeting.hello_id(name) for name in runtime.lines}
        deadline = time.monotonic() + HELLO_WAIT
        while True:
            owed = await self._database.read(partial(deliveries.of_alerts, ids=tuple(ids.values())))
            waiting = any(_on_its_way(each) for found in owed.values() for each in found)
            if not waiting or time.monotonic() > deadline:
                return {name: greeting.channel_words(owed.get(ids[name], ())) for name in ids}
            await asyncio.sleep(0.05)


def _on_its_way(owed: Delivery) -> bool:
    """Return whether it will be tried in a moment; what is held, as in quiet hours, has its reason already."""
    return owed.state in alert.OPEN and not owed.attempts and not owed.reason
