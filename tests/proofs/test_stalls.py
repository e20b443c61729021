"""A daemon that is stopped, raced, locked out or without space goes on where it was."""

from __future__ import annotations

import asyncio
import resource
import signal
import time
from pathlib import Path

import pytest

from monitor.alert import DeliveryState
from monitor.feed import State
from monitor.store import feeds
from tests.daemon import PATIENCE, Daemon
from tests.http_server import HttpServer, Reply
from tests.proofs.newsroom import READY, Newsroom, copies, stop, wait_until
from tests.scenarios.house import House, payloads, rss

#: Seconds that something stands still.
PAUSE = 2.0


@pytest.fixture
def room(tmp_path: Path, wire: HttpServer, receiver: HttpServer) -> Newsroom:
    return Newsroom(tmp_path, wire, receiver.reply("/hook", Reply(status=204)))


@pytest.mark.slow
def test_a_daemon_that_stood_still_while_it_sent_goes_on_and_repeats_nothing(
    room: Newsroom, receiver: HttpServer
) -> None:
    receiver.reply("/hook", Reply(status=204, delay=0.3))
    room.publish(2)
    with room.run() as daemon:
        wait_until(lambda: copies(receiver.received))
        daemon.tell(signal.SIGSTOP)
        room.publish(2)
        time.sleep(PAUSE)
        assert len(copies(receiver.received)) == 1
        daemon.tell(signal.SIGCONT)
        wait_until(lambda: len(copies(receiver.received)) == len(room.published))
        stop(daemon)
    arrived = copies(receiver.received)
    assert [each.headline for each in arrived] == room.published
    assert not any(each.may_repeat for each in arrived)


@pytest.mark.slow
def test_of_two_daemons_that_start_at_once_one_works_and_the_other_is_refused(
    room: Newsroom, receiver: HttpServer
) -> None:
    room.publish(3)
    with room.run() as one, room.run() as two:
        wait_until(lambda: any("is running on it" in daemon.said for daemon in (one, two)))
        loser, winner = (one, two) if "is running on it" in one.said else (two, one)
        assert loser.end() == 3
        winner.wait_until_it_says(READY)
        wait_until(lambda: len(copies(receiver.received)) == len(room.published))
        stop(winner)
    assert [each.headline for each in copies(receiver.received)] == room.published
    hellos = payloads((request.body for request in receiver.received), "notice.v1")
    assert [hello["kind"] for hello in hellos] == ["hello"]


def allow_writing(daemon: Daemon, size: int) -> None:
    """Let the daemon's files reach no further than that, from now on."""
    hard = resource.prlimit(daemon.number, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(daemon.number, resource.RLIMIT_FSIZE, (size, hard))


@pytest.mark.slow
def test_a_daemon_that_cannot_write_says_so_and_goes_on_when_it_can(room: Newsroom, receiver: HttpServer) -> None:
    room.publish()
    with room.run() as daemon:
        wait_until(lambda: copies(receiver.received))
        daemon.wait_until_it_says(READY)
        allow_writing(daemon, 0)
        room.publish(2)
        daemon.wait_until_it_says("the disk does not read or write; check the disk")
        assert len(copies(receiver.received)) == 1
        allow_writing(daemon, resource.RLIM_INFINITY)
        wait_until(lambda: len(copies(receiver.received)) >= len(room.published))
        stop(daemon)
    assert [each.headline for each in copies(receiver.received)] == room.published
    assert [each.state for each in room.deliveries()] == [DeliveryState.SENT] * len(room.published)


def configure(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    house.configure(
        f"""feeds.wire = {{ url = "{wire.url("/rss")}", interval = "5m" }}
        rules.road = "glacier"
        channels.desk = {{ webhook = "{receiver.url("/hook")}", burst = false }}
        network.allow = ["127.0.0.0/8"]"""
    )


async def test_what_a_full_disk_did_not_take_is_taken_when_there_is_space(
    house: House, wire: HttpServer, receiver: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    news = [{"guid": str(n), "title": f"Glacier report {n}", "description": "Ice moves. " * 40} for n in range(60)]
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss(news)))
    receiver.reply("/hook", Reply(status=204))
    configure(house, wire, receiver)
    await house.work()
    house.database._driver("PRAGMA max_page_count = 1")  # the size it has: not one page more
    await house.after(minutes=5)
    assert "the disk is full" in caplog.text
    (state,) = house.database.read_now(feeds.all_states)
    assert (state.state, receiver.received) == (State.OK, ())
    house.database._driver("PRAGMA max_page_count = 1000000")
    await house.after(seconds=19)
    assert len(wire.received) == 2  # the server is not asked again at once, only to be told that there is no space
    await house.after(seconds=1)
    rung = payloads(request.body for request in receiver.received)
    assert {alert["headline"] for alert in rung} == {entry["title"] for entry in news}
    assert len(rung) == len(news)


async def test_an_item_that_could_not_be_judged_on_a_full_disk_is_judged_soon_after(
    house: House, wire: HttpServer, receiver: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    news = [{"guid": str(n), "title": f"Glacier report {n}", "description": "Ice moves. " * 80} for n in range(60)]
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss(news)))
    receiver.reply("/hook", Reply(status=204))
    configure(house, wire, receiver)
    await house.work()
    assert house.pipeline
    house.clock.forward(minutes=5)
    await house.pipeline.polls.drain()
    house.database._driver("PRAGMA max_page_count = 1")
    for _ in range(3):
        await house.pipeline.judgements.drain()
    assert ("the disk is full" in caplog.text, receiver.received) == (True, ())
    house.database._driver("PRAGMA max_page_count = 1000000")
    await house.after(seconds=20)
    assert len(payloads(request.body for request in receiver.received)) == len(news)


async def test_an_article_that_could_not_be_kept_on_a_full_disk_is_read_again_soon_after(
    house: House, wire: HttpServer, receiver: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    text = "The glacier above the valley moved by four metres in one night, the wardens say. " * 600
    page = f"<html><body><article><p>{text}</p></article></body></html>"
    link = wire.reply("/article", Reply(body=page.encode()))
    entry = {"guid": "1", "title": "Wardens close a path", "description": "Details follow.", "link": link}
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss([entry])))
    receiver.reply("/hook", Reply(status=204))
    configure(house, wire, receiver)
    await house.work()
    assert house.pipeline
    house.clock.forward(minutes=5)
    await house.pipeline.polls.drain()
    house.database._driver("PRAGMA max_page_count = 1")
    await house.pipeline.reads.drain()
    assert ("the disk is full" in caplog.text, len(wire.asked("/article"))) == (True, 1)
    house.database._driver("PRAGMA max_page_count = 1000000")
    await house.after(seconds=20)
    (rung,) = payloads(request.body for request in receiver.received)
    assert rung["headline"] == "Wardens close a path"


async def test_the_outcome_of_a_message_is_kept_once_it_can_be_written_and_nothing_repeats(
    house: House, wire: HttpServer, receiver: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss([{"guid": "1", "title": "Glacier road closed"}])))
    receiver.reply("/hook", Reply(status=204, delay=0.3))
    configure(house, wire, receiver)
    await house.work()
    sending = asyncio.create_task(house.after(minutes=5))
    await receiver.arrived(1)
    await house.database.write(lambda tx: tx.exec_driver_sql("PRAGMA query_only = ON"))
    async with asyncio.timeout(PATIENCE):
        while "cannot keep what became of a message" not in caplog.text:
            await asyncio.sleep(0.01)
    house.database._driver("PRAGMA query_only = OFF")
    await sending
    await house.after(minutes=10)  # when a lease would have ended
    assert [each.state for each in house.deliveries()] == [DeliveryState.SENT]
    assert [each.may_repeat for each in copies(receiver.received)] == [False]
