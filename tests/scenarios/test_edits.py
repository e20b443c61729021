"""The config is edited while wirebell works: what changes holds at once, and what was known and owed stays so."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.alert import Delivery, DeliveryState
from monitor.service import Service, Settings
from monitor.store import alerts, feeds
from tests.http_server import HttpServer, Reply
from tests.scenarios.house import MORNING, House, payloads, rss

OLD = {"guid": "1", "title": "Canal lock repaired", "description": "Barges pass again."}
NEW = {"guid": "2", "title": "Canal freezes", "description": "Ice stops the barges."}
LATER = {"guid": "3", "title": "Canal thaws", "description": "Barges sail at dawn."}


def config(wire: HttpServer, receiver: HttpServer, *, feed: str = "", rules: str = 'rules.canal = "canal"') -> str:
    receiver.reply("/hook", Reply(status=204))
    return f"""
        timezone = "UTC"
        feeds.wire = {{ url = "{wire.url("/rss")}", interval = "5m"{feed} }}
        {rules}
        channels.desk = {{ webhook = "{receiver.url("/hook")}", default = true }}
        polling.full_text = "never"
        network.allow = ["127.0.0.0/8"]
    """


def serve(wire: HttpServer, *polls: list[dict[str, str]], path: str = "/rss") -> None:
    """Have the feed list these entries, poll by poll."""
    wire.reply(path, *(Reply(body=rss(entries)) for entries in polls))


def rung(receiver: HttpServer, path: str = "/hook") -> list[tuple[object, object]]:
    return [(alert["rule"], alert["headline"]) for alert in payloads(r.body for r in receiver.asked(path))]


# --- rules ---------------------------------------------------------------------------------------------------------


async def test_a_rule_that_is_added_rings_for_what_comes_and_not_for_what_is_there(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, [OLD], [NEW, OLD], [LATER, NEW, OLD])
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=5)
    house.configure(config(wire, receiver, rules='rules.canal = "canal"\nrules.barge = "barges"'))
    await house.work()
    assert rung(receiver) == [("canal", "Canal freezes")]
    await house.after(minutes=5)
    assert sorted(rung(receiver)[1:]) == [("barge", "Canal thaws"), ("canal", "Canal thaws")]


async def test_a_rule_that_is_changed_rings_by_its_new_words_from_then_on(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, [OLD], [NEW, OLD], [LATER, NEW, OLD])
    house.configure(config(wire, receiver, rules='rules.canal = "ice"'))
    await house.work()
    await house.after(minutes=5)
    house.configure(config(wire, receiver, rules='rules.canal = "dawn OR freezes"'))
    await house.after(minutes=5)
    assert rung(receiver) == [("canal", "Canal freezes"), ("canal", "Canal thaws")]


async def test_a_rule_that_is_removed_is_silent_and_the_others_go_on(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, [OLD], [NEW, OLD])
    house.configure(config(wire, receiver, rules='rules.canal = "canal"\nrules.ice = "ice"'))
    await house.work()
    house.configure(config(wire, receiver, rules='rules.ice = "ice"'))
    await house.after(minutes=5)
    assert rung(receiver) == [("ice", "Canal freezes")]


async def test_what_a_removed_rule_had_matched_still_arrives(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, [OLD], [NEW, OLD])
    house.configure(config(wire, receiver))
    receiver.reply("/hook", Reply(status=503), Reply(status=204))
    await house.work()
    await house.after(minutes=5)
    assert [each.state for each in house.deliveries()] == [DeliveryState.QUEUED]
    house.configure(config(wire, receiver, rules='rules.ice = "ice"'))
    await house.after(minutes=1)
    assert rung(receiver)[-1] == ("canal", "Canal freezes")
    assert [each.state for each in house.deliveries()] == [DeliveryState.SENT]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param("", ', priority = "urgent"', {("priority", "urgent")}, id="priority"),
        pytest.param(', where = "headline"', "", {("headline", "Quiet day")}, id="where"),
        pytest.param(', except = "quiet"', "", {("headline", "Quiet day")}, id="except"),
        pytest.param(', feeds = "other"', "", {("headline", "Quiet day")}, id="feeds"),
    ],
)
async def test_every_key_of_a_rule_may_change(  # noqa: PLR0913, PLR0917
    house: House, wire: HttpServer, receiver: HttpServer, before: str, after: str, told: set[tuple[str, str]]
) -> None:
    entry = {"guid": "9", "title": "Quiet day", "description": "Nothing moves on the canal."}
    serve(wire, [], [OLD], [entry, OLD])
    serve(wire, [], path="/other")
    other = f'feeds.other = "{wire.url("/other")}"\n'
    house.configure(config(wire, receiver, rules=f'{other}rules.canal = {{ match = "canal"{before} }}'))
    await house.work()
    await house.after(minutes=5)
    house.configure(config(wire, receiver, rules=f'{other}rules.canal = {{ match = "canal"{after} }}'))
    await house.after(minutes=5)
    last = payloads(request.body for request in receiver.asked("/hook"))[-1]
    assert told <= {(key, str(value)) for key, value in last.items()}


# --- feeds ---------------------------------------------------------------------------------------------------------


async def test_a_feed_that_is_renamed_keeps_its_history(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    serve(wire, [OLD], [NEW, OLD], [LATER, NEW, OLD])
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=5)
    house.configure(config(wire, receiver).replace("feeds.wire", "feeds.river"))
    await house.work()
    assert rung(receiver) == [("canal", "Canal freezes")]
    await house.after(minutes=5)
    told = payloads(request.body for request in receiver.asked("/hook"))
    assert [(each["feed"], each["headline"]) for each in told] == [("wire", "Canal freezes"), ("river", "Canal thaws")]
    (facts,) = house.database.read_now(feeds.facts)
    assert (facts.state.name, facts.items) == ("river", 3)


async def test_an_item_that_rang_does_not_ring_again_when_it_is_edited_under_its_feeds_new_name(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, [OLD], [NEW, OLD], [{**NEW, "title": "Canal freezes over"}, OLD])
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=5)
    house.configure(config(wire, receiver).replace("feeds.wire", "feeds.river"))
    await house.after(minutes=5)
    assert rung(receiver) == [("canal", "Canal freezes")]


async def test_a_feed_that_is_added_has_a_baseline_of_its_own(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, [OLD])
    serve(wire, [NEW], [LATER, NEW], path="/second")
    house.configure(config(wire, receiver))
    await house.work()
    more = f'\nfeeds.second = {{ url = "{wire.url("/second")}", interval = "5m" }}'
    house.configure(config(wire, receiver) + more)
    await house.work()
    assert rung(receiver) == []
    await house.after(minutes=5)
    assert rung(receiver) == [("canal", "Canal thaws")]


async def test_a_shorter_interval_holds_at_once(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    serve(wire, [OLD])
    slow = config(wire, receiver).replace('"5m"', '"6h"')
    house.configure(slow)
    await house.work()
    await house.after(minutes=10)
    house.configure(slow.replace('"6h"', '"1m"'))
    await house.work()
    assert len(wire.asked("/rss")) == 1
    await house.after(minutes=1)
    assert len(wire.asked("/rss")) == 2


async def test_a_longer_interval_holds_from_the_next_poll(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    serve(wire, [OLD])
    house.configure(config(wire, receiver))
    await house.work()
    house.configure(config(wire, receiver).replace('"5m"', '"1h"'))
    await house.after(minutes=5)
    assert len(wire.asked("/rss")) == 2
    await house.after(minutes=59)
    assert len(wire.asked("/rss")) == 2


async def test_a_feed_that_is_switched_off_is_not_asked_and_goes_on_later_where_it_was(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, [OLD], [NEW, OLD])
    serve(wire, [], path="/second")
    second = f'\nfeeds.second = "{wire.url("/second")}"'
    house.configure(config(wire, receiver) + second)
    await house.work()
    house.configure(config(wire, receiver, feed=", enabled = false") + second)
    await house.after(hours=8)
    assert len(wire.asked("/rss")) == 1
    house.configure(config(wire, receiver) + second)
    await house.work()
    assert rung(receiver) == [("canal", "Canal freezes")]


async def test_tags_that_change_move_the_feed_to_other_rules(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, [OLD], [NEW, OLD])
    serve(wire, [], path="/second")
    rules = f"""
        feeds.second = {{ url = "{wire.url("/second")}", tags = ["ice", "water"] }}
        rules.of_ice = {{ match = "canal", feeds = "tag:ice" }}
        rules.of_water = {{ match = "canal", feeds = "tag:water" }}
    """
    house.configure(config(wire, receiver, feed=', tags = ["ice"]', rules=rules))
    await house.work()
    house.configure(config(wire, receiver, feed=', tags = ["water"]', rules=rules))
    await house.after(minutes=5)
    assert rung(receiver) == [("of_water", "Canal freezes")]


async def test_included_files_hold_rules_and_feeds_as_the_main_file_does(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, [OLD], [NEW, OLD])
    serve(wire, [], [LATER], path="/second")
    folder = house.folder / "rules.d"
    folder.mkdir()
    (folder / "ice.toml").write_text('rules.ice = "@cold"\nterms.cold = ["ice", "frost"]', encoding="utf-8")
    main = 'include = ["rules.d/*.toml"]\n' + config(wire, receiver)
    house.configure(main)
    await house.work()
    added = f'feeds.second = {{ url = "{wire.url("/second")}", interval = "5m" }}\nrules.dawn = "dawn"'
    (folder / "more.toml").write_text(added, encoding="utf-8")
    (folder / "ice.toml").write_text('rules.ice = "@cold"\nterms.cold = ["stops the barges"]', encoding="utf-8")
    house.configure(main)
    await house.work()
    await house.after(minutes=5)
    assert sorted(rung(receiver)) == [
        ("canal", "Canal freezes"), ("canal", "Canal thaws"), ("dawn", "Canal thaws"), ("ice", "Canal freezes"),
    ]  # fmt: skip


# --- time and channels ---------------------------------------------------------------------------------------------


async def test_another_zone_moves_the_quiet_hours(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    """At 08:00 UTC it is 17:00 in Tokyo and three in the night in New York."""
    serve(wire, [OLD], [NEW, OLD], [LATER, NEW, OLD])
    resting = config(wire, receiver).replace("default = true", 'quiet = "22:00-07:00"')
    house.configure(resting.replace('"UTC"', '"Asia/Tokyo"'))
    await house.work()
    await house.after(minutes=5)
    assert rung(receiver) == [("canal", "Canal freezes")]
    house.configure(resting.replace('"UTC"', '"America/New_York"'))
    await house.after(minutes=5)
    assert len(rung(receiver)) == 1
    (held,) = [each for each in house.deliveries() if each.state is DeliveryState.QUEUED]
    assert held.due_at == datetime(2026, 11, 24, 12, tzinfo=UTC)


async def test_what_waits_for_a_channel_goes_to_its_new_address(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, [OLD], [NEW, OLD])
    house.configure(config(wire, receiver))
    receiver.reply("/hook", Reply(status=503))
    receiver.reply("/other", Reply(status=204))
    await house.work()
    await house.after(minutes=5)
    house.configure((house.folder / "config.toml").read_text(encoding="utf-8").replace("/hook", "/other"))
    await house.after(minutes=1)
    assert rung(receiver, "/other") == [("canal", "Canal freezes")]
    first, second = receiver.asked("/hook")[0], receiver.asked("/other")[0]
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


async def test_an_item_that_rang_does_not_ring_again_at_a_channel_that_came_later(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, [OLD], [NEW, OLD], [LATER, {**NEW, "title": "Canal freezes over"}, OLD])
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=5)
    url = receiver.reply("/third", Reply(status=204))
    house.configure(config(wire, receiver) + f'\nchannels.third = {{ webhook = "{url}", default = true }}')
    await house.after(minutes=5)
    assert rung(receiver, "/third") == [("canal", "Canal thaws")]


# --- the daemon's answers ------------------------------------------------------------------------------------------


class Desk:
    """A daemon in this process, its file, and what its channels were told."""

    def __init__(self, service: Service, path: Path, receiver: HttpServer) -> None:
        self.service, self._path, self._receiver = service, path, receiver

    def edit(self, *changes: tuple[str, str]) -> None:
        """Replace words of the config file; the daemon is to see that by itself."""
        text = self._path.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self._path.write_text(text, encoding="utf-8")

    def told(self, path: str = "/hook", kind: str = "reload") -> list[str]:
        """Return the notices of the kind that a webhook got."""
        notices = payloads((request.body for request in self._receiver.asked(path)), "notice.v1")
        return [str(notice["message"]) for notice in notices if notice["kind"] == kind]

    async def deliveries(self, channel: str) -> list[Delivery]:
        """Return the deliveries of alerts and notices to a channel."""
        listed = await self.service._database.read(lambda tx: alerts.listing(tx, limit=100))
        return [each for alert in listed for each in alert.deliveries if each.channel == channel]

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until it holds."""
        async with asyncio.timeout(30):
            while not holds():
                await asyncio.sleep(0.02)


@asynccontextmanager
async def daemon(folder: Path, toml: str, receiver: HttpServer) -> AsyncIterator[Desk]:
    """Run a daemon at the house's morning, from its first screen on."""
    path, console, began = folder / "config.toml", io.StringIO(), time.monotonic()
    path.write_text(toml, encoding="utf-8")
    service = Service(
        Settings(path=path, environment={}, console=console),
        now=lambda: MORNING + timedelta(seconds=time.monotonic() - began),
    )
    running = asyncio.create_task(service.run())
    desk = Desk(service, path, receiver)
    try:
        await desk.until(lambda: "Watching." in console.getvalue())
        yield desk
    finally:
        service.stop()
        await running


@pytest.fixture
async def desk(tmp_path: Path, wire: HttpServer, receiver: HttpServer) -> AsyncIterator[Desk]:
    """A daemon with an item that rings on two channels, one of which rests until nine."""
    receiver.reply("/night", Reply(status=204))
    toml = config(wire, receiver, feed=', catch_up = "24h"').replace("        ", "")
    wire.reply("/rss", Reply(body=rss([NEW], at=MORNING)))
    night = f'channels.night = {{ webhook = "{receiver.url("/night")}", default = true, quiet = "07:00-09:00" }}\n'
    async with daemon(tmp_path, toml + night, receiver) as running:
        await running.until(lambda: rung(receiver))
        yield running


@pytest.mark.slow
async def test_what_waits_for_a_channel_that_is_removed_is_withheld_and_that_is_said(desk: Desk) -> None:
    desk.edit(("channels.night = {", "# {"))
    await desk.until(desk.told)
    (answer,) = desk.told()
    assert "1 channel removed" in answer
    assert "2 messages withheld, channel removed" in answer  # the alert and the hello
    withheld = {(each.state, each.reason) for each in await desk.deliveries("night")}
    assert withheld == {(DeliveryState.WITHHELD, "channel removed")}


@pytest.mark.slow
async def test_a_channel_that_is_added_gets_its_hello_and_nothing_older(desk: Desk, receiver: HttpServer) -> None:
    url = receiver.reply("/third", Reply(status=204))
    desk.edit(("channels.night = {", f'channels.third = {{ webhook = "{url}", default = true }}\nchannels.night = {{'))
    await desk.until(lambda: desk.told("/third") and desk.told())
    assert len(desk.told("/third", "hello")) == 1
    assert len(desk.told("/hook", "hello")) == 1
    assert "1 channel added" in desk.told()[0]
    assert rung(receiver, "/third") == []


@pytest.mark.slow
async def test_quiet_hours_that_are_taken_away_let_go_what_they_held(desk: Desk, receiver: HttpServer) -> None:
    assert receiver.asked("/night") == ()
    desk.edit((', quiet = "07:00-09:00"', ""))
    await desk.until(lambda: rung(receiver, "/night"))
    assert rung(receiver, "/night") == [("canal", "Canal freezes")]


@pytest.mark.slow
async def test_an_edit_of_many_things_is_answered_once_with_each_and_with_what_new_rules_would_have_rung_for(
    desk: Desk, wire: HttpServer
) -> None:
    serve(wire, [], path="/second")
    second = f'feeds.second = "{wire.url("/second")}"'
    desk.edit(('rules.canal = "canal"', f'{second}\nrules.canal = "canal AND ice"\nrules.none = "lava"'))
    await desk.until(desk.told)
    (answer,) = desk.told()
    assert answer == (
        "config.toml applied 08:00: 1 rule added, 1 rule changed, 1 feed added. "
        "In the last seven days canal would have rung once (last 08:00, Example Wire). "
        "In the last seven days none would not have rung."
    )


@pytest.mark.slow
async def test_a_file_that_joins_an_included_folder_is_seen_without_a_signal(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "rules.d"
    folder.mkdir()
    (folder / "a.toml").write_text('rules.ice = "ice"', encoding="utf-8")
    desk.edit(('timezone = "UTC"', 'include = ["rules.d/*.toml"]\ntimezone = "UTC"'))
    await desk.until(lambda: len(desk.told()) == 1)
    (folder / "b.toml").write_text('rules.frost = "frost"', encoding="utf-8")
    await desk.until(lambda: set(desk.service._runtime.bench.watches) == {"canal", "ice", "frost"})
