"""A daemon that is killed at any moment loses nothing, and marks what may repeat."""

from __future__ import annotations

import random
import signal
import socket
import time
from collections import defaultdict
from pathlib import Path

import pytest

from monitor.alert import DeliveryState
from tests.http_server import HANG, HttpServer, Mode, Reply
from tests.proofs.newsroom import READY, Copy, Newsroom, copies, kill, stop, wait_until
from tests.scenarios.house import rss

pytestmark = pytest.mark.slow

KILLS = 10
#: Entries published before each life; with the receiver's delay they are some 0.2 s of sending.
NEWS = 4
DELAY = 0.03


@pytest.fixture
def room(tmp_path: Path, wire: HttpServer, receiver: HttpServer) -> Newsroom:
    return Newsroom(tmp_path, wire, receiver.reply("/hook", Reply(status=204)))


def by_headline(arrived: list[Copy]) -> dict[str, list[Copy]]:
    found: dict[str, list[Copy]] = defaultdict(list)
    for each in arrived:
        found[each.headline].append(each)
    return found


def live_and_be_killed(room: Newsroom, receiver: HttpServer) -> None:
    """Run a daemon and kill it while it starts, or a moment after one of its first requests."""
    room.publish(NEWS)
    before = len(room.wire.received) + len(receiver.received)
    requests = random.randint(0, NEWS + 1)  # noqa: S311 - pytest-randomly seeds it, and says with what
    with room.run() as daemon:
        wait_until(lambda: len(room.wire.received) + len(receiver.received) - before >= requests)
        time.sleep(random.uniform(0, 0.08 if requests else 1.2))  # noqa: S311 - as above
        kill(daemon)
        assert "Traceback" not in daemon.said


def test_kills_at_random_moments_lose_no_alert_and_mark_each_repeat(room: Newsroom, receiver: HttpServer) -> None:
    receiver.reply("/hook", Reply(status=204, delay=DELAY))
    for _ in range(KILLS):
        live_and_be_killed(room, receiver)
    room.publish(NEWS)
    with room.run() as daemon:
        wait_until(lambda: set(room.published) <= set(by_headline(copies(receiver.received))))
        stop(daemon)
    arrived = by_headline(copies(receiver.received))
    repeats = [again for same in arrived.values() for again in same[1:]]
    print(f"{KILLS} kills, {len(room.published)} alerts, {len(repeats)} repeats")
    assert set(arrived) == set(room.published)
    assert all(again.may_repeat for again in repeats)
    assert {len({each.id for each in same}) for same in arrived.values()} == {1}
    assert len(repeats) <= KILLS  # a kill meets one message under way at most
    assert [each.state for each in room.deliveries()] == [DeliveryState.SENT] * len(room.published)


def test_a_message_whose_receiver_was_silent_when_the_kill_came_goes_again_marked(
    room: Newsroom, receiver: HttpServer
) -> None:
    receiver.reply("/hook", HANG, Reply(status=204))
    room.publish()
    with room.run() as daemon:
        wait_until(lambda: copies(receiver.received))
        kill(daemon)
    with room.run("--once") as daemon:
        assert daemon.end() == 0
    first, second = copies(receiver.received)
    assert (first.may_repeat, second.may_repeat) == (False, True)
    assert first.id == second.id
    (delivery,) = room.deliveries()
    assert (delivery.state, delivery.attempts, delivery.unknown) == (DeliveryState.SENT, 2, 1)


def test_what_stood_in_a_feed_whose_first_poll_was_killed_is_not_rung(
    tmp_path: Path, wire: HttpServer, receiver: HttpServer
) -> None:
    room = Newsroom(tmp_path, wire, receiver.reply("/hook", Reply(status=204)), catch_up="0s")
    room.publish(30)
    for mode in (Mode.DRIP, Mode.ANSWER):  # killed with half the feed read, and about when the items are stored
        wire.reply("/rss", Reply(body=room.document, mode=mode))
        before = len(wire.received)
        with room.run() as daemon:
            wait_until(lambda: len(wire.received) > before)  # noqa: B023 - called here
            kill(daemon)
    with room.run() as daemon:
        daemon.wait_until_it_says(READY)
        room.publish()
        wait_until(lambda: copies(receiver.received))
        stop(daemon)
    assert [each.headline for each in copies(receiver.received)] == room.published[-1:]


def test_an_article_that_was_being_read_when_the_kill_came_is_read_again_and_rings(
    room: Newsroom, receiver: HttpServer
) -> None:
    text = "The glacier above the valley moved by four metres in one night, the wardens say. " * 12
    page = f"<html><body><article><p>{text}</p></article></body></html>"
    link = room.wire.reply("/article", HANG, Reply(body=page.encode()))
    entry = {"guid": "1", "title": "Wardens close a path", "description": "Details follow.", "link": link}
    room.wire.reply("/rss", Reply(body=rss([entry], at=room.began)))
    with room.run() as daemon:
        wait_until(lambda: room.wire.asked("/article"))
        kill(daemon)
    assert copies(receiver.received) == []
    with room.run("--once") as daemon:
        assert daemon.end() == 0
    assert [each.headline for each in copies(receiver.received)] == ["Wardens close a path"]


def test_what_was_owed_to_a_receiver_that_was_down_over_several_kills_arrives_in_order(
    tmp_path: Path, wire: HttpServer
) -> None:
    with socket.socket() as held:  # bound and not listening: whoever connects is refused, and nobody takes the port
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        room = Newsroom(tmp_path, wire, f"http://127.0.0.1:{port}/hook")
        for _ in range(3):
            room.publish(2)
            with room.run() as daemon:
                polled = f"{len(room.published)}"
                daemon.wait_until_it_says('"Glacier report ' + polled)
                kill(daemon)
        with HttpServer(port=port) as receiver:
            receiver.reply("/hook", Reply(status=204))
            with room.run() as daemon:
                daemon.wait_until_it_says(READY)
                daemon.tell(signal.SIGHUP)  # as an owner does who does not want to wait for the next attempt
                wait_until(lambda: len(copies(receiver.received)) >= len(room.published))
                stop(daemon)
            arrived = copies(receiver.received)
    assert [each.headline for each in arrived] == room.published
    assert not any(each.may_repeat for each in arrived[1:])
