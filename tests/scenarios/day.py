"""A day in a house whose news comes when a test says so, and which looks at its clock once a minute."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest
from click.testing import CliRunner, Result

from monitor.alert import Delivery, DeliveryState
from monitor.cli import invocation, wirebell
from monitor.store import alerts as alert_rows
from monitor.store import deliveries as delivery_rows
from monitor.store import feeds as feed_rows
from tests.http_server import HttpServer, Reply
from tests.scenarios.house import House, payloads, rss

TAKEN = Reply(status=204)
DEFAULT = "default = true"
RULES = """
            rules.sea = '"ferry"'
            rules.water = { match = '"flood"', priority = "urgent" }
"""


class Day:
    """A house whose news comes when a test says so, and which looks at its clock once a minute."""

    def __init__(self, house: House, wire: HttpServer, receiver: HttpServer) -> None:
        self.house, self.wire, self.receiver = house, wire, receiver
        self.published: list[str] = []
        #: What stands at the top of the config.
        self.zone, self.rules = "UTC", RULES

    async def begin(self, channels: str, *, at: str = "09:00") -> None:
        """Put channels to work, at nine if no other time is said."""
        self.house.clock.at = self.at(at)
        self.house.database.lock()
        self._serve()
        self.apply(channels)
        await self.house.work()

    def apply(self, channels: str) -> None:
        """Put channels to work in the place of those before."""
        self.house.configure(
            f"""
            timezone = "{self.zone}"
            feeds.wire = {{ url = "{self.wire.url("/rss")}", interval = "1h" }}
            {self.rules}
            network.allow = ["127.0.0.0/8"]
            {channels}
            """
        )

    async def reload(self, channels: str) -> None:
        """Put channels to work as the daemon does when its config was edited."""
        self.apply(channels)
        assert self.house.pipeline
        lines, now = tuple(self.house.pipeline.runtime.lines), self.house.clock()
        await self.house.database.write(partial(delivery_rows.release_held, now=now))
        await self.house.database.write(partial(delivery_rows.withhold_removed, channels=lines))
        await self.house.work()

    async def ring(self, *headlines: str) -> None:
        """Let the wire publish, and wirebell ring."""
        self.published += headlines
        self._serve()
        await self.house.database.write(partial(feed_rows.poll_all_now, now=self.house.clock()))
        await self.house.work()

    async def ring_unheard(self, *headlines: str) -> None:
        """Let the wire publish, and the daemon end before it tells anybody."""
        self.published += headlines
        self._serve()
        await self.house.database.write(partial(feed_rows.poll_all_now, now=self.house.clock()))
        assert self.house.pipeline
        await self.house.pipeline.polls.drain()
        await self.house.pipeline.judgements.drain()

    async def until(self, time: str, *, step: timedelta = timedelta(minutes=1)) -> None:
        """Let the time pass."""
        while self.house.clock() < self.at(time):
            self.house.clock.at = min(self.house.clock() + step, self.at(time))
            await self.house.work()

    def _serve(self) -> None:
        entries = [{"guid": each, "title": each} for each in reversed(self.published)]
        self.wire.reply("/rss", Reply(body=rss(entries)))

    def at(self, time: str) -> datetime:
        """Return a time of this day, or with ``+`` before it of the next."""
        hour, minute = map(int, time.removeprefix("+").split(":"))
        day = self.house.clock().replace(hour=hour, minute=minute, second=0, microsecond=0, day=24)
        return day + timedelta(days=time.startswith("+"))

    def webhook(self, name: str, *replies: Reply, more: str = "") -> str:
        """Return a line of the config, for a channel that answers so."""
        url = self.receiver.reply(f"/{name}", *(replies or [TAKEN]))
        return f'channels.{name} = {{ webhook = "{url}"{f", {more}" if more else ""} }}\n'

    def turns(self, name: str, *replies: Reply) -> None:
        """Let a channel answer otherwise from now on."""
        self.receiver.reply(f"/{name}", *replies)

    def got(self, name: str, schema: str = "alert.v1") -> list[dict[str, object]]:
        """Return what a channel was asked to take, in order."""
        return payloads((request.body for request in self.receiver.asked(f"/{name}")), schema)

    def told(self, name: str) -> list[object]:
        """Return the headlines that a channel was asked to take singly."""
        return [document["headline"] for document in self.got(name)]

    def digests(self, name: str) -> list[list[str]]:
        """Return the headlines in each digest that a channel was asked to take."""
        return [[alert["headline"] for alert in each["alerts"]] for each in self.got(name, "digest.v1")]  # type: ignore[attr-defined]

    def notices(self, name: str) -> list[object]:
        """Return the notices that a channel was asked to take."""
        return [document["message"] for document in self.got(name, "notice.v1")]

    def owed(self, channel: str) -> list[Delivery]:
        """Return the deliveries of alerts to a channel, in the order of the alerts."""
        kept = self.house.database.read_now(partial(alert_rows.listing, limit=1000, notices=False))
        return [one for each in reversed(kept) for one in each.deliveries if one.channel == channel]

    def states(self, channel: str) -> list[DeliveryState]:
        """Return how the deliveries of alerts to a channel stand."""
        return [each.state for each in self.owed(channel)]

    def call(self, *arguments: str) -> Result:
        """Call a command beside the daemon, at the time of the house."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(invocation, "now", self.house.clock)
            return self._call(*arguments)

    def status(self) -> int:
        """Return the exit code of ``wirebell status`` beside a daemon that lives."""
        self.house.database.beat()
        return self._call("status").exit_code

    def _call(self, *arguments: str) -> Result:
        return CliRunner().invoke(wirebell, ["-c", str(self.house.folder / "config.toml"), *arguments])


def ferries(first: int, last: int) -> list[str]:
    return [f"Ferry number {n} is late" for n in range(first, last + 1)]
