"""A daemon that is killed at any moment loses nothing, and marks what may repeat."""

from __future__ import annotations

import random
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import pytest

from monitor.alert import DeliveryState
from tests.http_server import HANG, HttpServer, Mode, Reply
from tests.proofs import proving
from tests.proofs.newsroom import (
    OUR_TRACEBACK,
    READY,
    Copy,
    Newsroom,
    copies,
    kill,
    letters,
    muted,
    repeats,
    rung,
    stop,
    wait_until,
)
from tests.proofs.nursery import Infant, Nursery
from tests.scenarios.house import rss
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.slow

#: Kills of all houses together.
KILLS = proving.sized(1000, 8)
HOUSES = proving.sized(4, 2)
#: Alerts that each life begins with, still to be brought to four channels: some seconds of sending.
IN_FLIGHT = proving.sized(200, 100)
#: How long a receiver takes to answer, in seconds.
DELAY = 0.02
#: A life is killed after so many requests at the most, and a moment.
REQUESTS, MOMENT = 40, 0.06
#: One life in so many is killed while it starts.
EARLY = 5
#: Between two polls: a life or some. Only a life that polls starts a reader, which takes longer than all else it does.
INTERVAL = "3s"
#: What the first receiver takes of the rule one by one; what is more comes to it in bundles.
BURST = "10 in 1s"
WEBHOOKS = ("desk", "chat", "boss")
#: Entries that the feed lists; a real one forgets too.
LISTED = 400


@pytest.fixture
def room(tmp_path: Path, wire: HttpServer, receiver: HttpServer) -> Newsroom:
    return Newsroom(tmp_path, wire, receiver.reply("/hook", Reply(status=204)))


class House:
    """A daemon that lives many lives, and four receivers that keep what they get."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self._folder, self._chance, self._open = folder, chance, ExitStack()

    def __enter__(self) -> Self:
        self._folder.mkdir()
        self._wire, self._web = self._open.enter_context(HttpServer()), self._open.enter_context(HttpServer())
        self._mail, self._nursery = self._open.enter_context(SmtpServer()), self._open.enter_context(Nursery())
        for name in WEBHOOKS:
            self._web.reply(f"/{name}", Reply(status=204, delay=DELAY))
        post = (
            f'channels.post = {{ to = "anna@bank.example", smtp = "127.0.0.1", port = {self._mail.port}, '
            'security = "none", from = "bot@bank.example", default = true, burst = false, fallback = "chat" }'
        )
        chat = (
            f'channels.chat = {{ webhook = "{self._web.url("/chat")}", default = true, burst = false, '
            'quiet = "00:00-23:59", wake = "low", escalate = "boss", escalate_after = "1s" }'
        )
        boss = f'channels.boss = {{ webhook = "{self._web.url("/boss")}", burst = false }}'
        self._room = Newsroom(
            self._folder,
            self._wire,
            self._web.url("/desk"),
            interval=INTERVAL,
            channels=[chat, boss, post],
            lists=LISTED,
            burst=BURST,
        )
        muted(self._folder)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def published(self) -> Sequence[str]:
        return self._room.published

    def arrived(self) -> dict[str, list[Copy]]:
        """Return what came on each channel."""
        webhooks = {name: copies(self._web.asked(f"/{name}")) for name in WEBHOOKS}
        return webhooks | {"post": letters(self._mail.letters)}

    def _requests(self) -> int:
        return len(self._web.received) + len(self._mail.letters)

    def _is_done(self, daemon: Infant) -> bool:
        return daemon.has_ended or (READY in daemon.said and self._room.owes_nothing())

    def live_and_be_killed(self) -> str:
        """Live with much to bring, be killed at any moment, and return what was said."""
        brought = min(len(self._mail.letters), *(len(self._web.asked(f"/{name}")) for name in WEBHOOKS))
        owed = len(self.published) - brought  # but for what was brought twice, and each channel's hello
        self._room.publish(max(IN_FLIGHT - owed, 0))
        before, early = self._requests(), self._chance.randrange(EARLY) == 0
        enough = before + self._chance.randint(1, REQUESTS)
        daemon = self._nursery.start(self._folder)
        if not early:
            wait_until(lambda: daemon.has_ended or self._requests() >= enough)
        time.sleep(self._chance.uniform(0, 1.0 if early else MOMENT))
        daemon.tell(signal.SIGKILL)
        assert daemon.end().code == -signal.SIGKILL, daemon.said
        return daemon.said

    def live_to_the_end(self) -> str:
        """Live until nothing is owed any more, and return what was said."""
        for name in WEBHOOKS:
            self._web.reply(f"/{name}", Reply(status=204))
        daemon = self._nursery.start(self._folder)
        while not self._is_done(daemon):  # a busy machine may take minutes, but only what is lost never comes
            before = self._requests()
            wait_until(lambda: self._requests() > before or self._is_done(daemon))  # noqa: B023 - called here
        daemon.tell(signal.SIGTERM)
        assert daemon.end().code == 0, daemon.said
        return daemon.said

    def live(self, kills: int) -> str:
        """Be killed so many times, then live to the end; return all that was said."""
        said = [self.live_and_be_killed() for _ in range(kills)]
        return "\n".join([*said, self.live_to_the_end()])

    def states(self) -> Counter[tuple[str, str]]:
        """Return how the deliveries of alerts stand, by channel."""
        return Counter(self._room.states())


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[list[House]]:
    with ExitStack() as stack:
        chances = [random.Random(random.random()) for _ in range(HOUSES)]  # noqa: S311 - pytest-randomly seeds it
        yield [stack.enter_context(House(tmp_path / str(n), chance)) for n, chance in enumerate(chances)]


def repeated(arrived: Sequence[Copy]) -> set[int]:
    """Return the messages that brought again what had come before."""
    return {each.message for each in repeats(arrived)}


def test_kills_at_random_moments_under_load_lose_no_alert_and_mark_each_repeat(houses: list[House]) -> None:
    kills = KILLS // HOUSES
    with ThreadPoolExecutor(HOUSES) as threads:
        said = list(threads.map(lambda house: house.live(kills), houses))
    lines = [(house, arrived) for house in houses for arrived in house.arrived().values()]
    proving.figures(
        "kills at random moments",
        kills=kills * HOUSES,
        alerts=sum(len(house.published) for house in houses),
        arrivals=sum(len(arrived) for _, arrived in lines),
        lost=sum(len({*house.published} - rung(arrived)) for house, arrived in lines),
        repeats=sum(len(repeats(arrived)) for _, arrived in lines),
        most_repeats_of_a_channel=max(len(repeated(arrived)) for _, arrived in lines),
        kills_of_each_house=kills,
    )
    for house, arrived in lines:
        assert rung(arrived) == {*house.published}
        assert [again for again in repeats(arrived) if not again.may_repeat] == []
        assert len(repeated(arrived)) <= kills  # a kill meets one message under way on each channel at most
        assert len({each.id for each in arrived}) == len(house.published)
    for house, words in zip(houses, said, strict=True):
        assert house.states() == Counter({(name, "sent"): len(house.published) for name in house.arrived()})
        assert OUR_TRACEBACK.search(words) is None
        assert "ERROR" not in words


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
