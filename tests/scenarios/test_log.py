"""The log has one line for each outcome; what goes on as it was is for those who look for faults."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.http_server import HttpServer, Reply
from tests.scenarios.house import House, rss

OLD = {"guid": "1", "title": "Glacier retreats"}
NEW = {"guid": "2", "title": "Glacier road closed", "description": "A slide blocks the pass."}
FULL, DOWN = Reply(status=503), Reply(status=500)


@pytest.fixture(autouse=True)
def _everything_is_kept(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG, "monitor"):
        yield


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Said:
    return Said(caplog)


class Said:
    """What was logged, by level."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    def __call__(self, level: int) -> list[str]:
        return [
            record.getMessage()
            for record in self._caplog.records
            if record.name.startswith("monitor") and record.levelno == level
        ]

    def anew(self) -> None:
        self._caplog.clear()


def configure(house: House, wire: HttpServer, receiver: HttpServer, more: str = "") -> None:
    house.configure(
        f"""feeds.wire = {{ url = "{wire.url("/rss")}", interval = "5m" }}
        rules.road = "glacier"
        channels.desk = {{ webhook = "{receiver.url("/hook")}" }}
        polling.max_interval = "5m"
        network.allow = ["127.0.0.0/8"]
        {more}"""
    )


async def test_an_hour_without_news_says_nothing(
    house: House, wire: HttpServer, receiver: HttpServer, said: Said
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])), Reply(status=304))
    configure(house, wire, receiver)
    await house.work()
    assert said(logging.INFO) == ["wire polled: 1 new, 0 changed of 1"]
    said.anew()
    for _ in range(12):
        await house.after(minutes=5)
    assert [said(level) for level in (logging.INFO, logging.WARNING, logging.ERROR)] == [[], [], []]
    assert Counter(said(logging.DEBUG)) == {"wire unchanged": 12}


async def test_news_are_one_line_for_the_poll_one_for_the_match_and_one_for_each_delivery(
    house: House, wire: HttpServer, receiver: HttpServer, said: Said
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])), Reply(body=rss([NEW, OLD])))
    receiver.reply("/hook", Reply(status=204))
    configure(house, wire, receiver)
    await house.work()
    said.anew()
    await house.after(minutes=5)
    polled, matched, delivered = said(logging.INFO)
    assert polled == "wire polled: 1 new, 0 changed of 2"
    assert matched.startswith('road matched: "Glacier road closed"')
    assert delivered.startswith("road -> desk delivered in ")
    assert [*said(logging.WARNING), *said(logging.ERROR)] == []


async def test_a_feed_that_fails_for_hours_is_one_warning_one_line_for_another_reason_and_one_for_its_end(
    house: House, wire: HttpServer, receiver: HttpServer, said: Said
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])), *[DOWN] * 20, *[FULL] * 20, Reply(body=rss([OLD])))
    configure(house, wire, receiver)
    await house.work()
    said.anew()
    for _ in range(42):
        await house.after(minutes=5)
    assert said(logging.WARNING) == ["wire failing: server answered: 500 Internal Server Error"]
    assert said(logging.INFO) == [
        "wire failing: server answered: 503 Service Unavailable",
        "wire works again, after 40 failed polls",
    ]
    assert len([line for line in said(logging.DEBUG) if line.startswith("wire failing")]) == 38


async def test_a_feed_that_comes_back_with_news_says_both(
    house: House, wire: HttpServer, receiver: HttpServer, said: Said
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])), DOWN, Reply(body=rss([OLD, {"guid": "3", "title": "Sea rises"}])))
    configure(house, wire, receiver)
    for _ in range(3):
        await house.after(minutes=5)
    assert said(logging.INFO)[-2:] == ["wire works again, after 1 failed poll", "wire polled: 1 new, 0 changed of 2"]


async def test_a_message_that_is_not_taken_is_one_warning_and_then_one_line_for_each_attempt(
    house: House, wire: HttpServer, receiver: HttpServer, said: Said
) -> None:
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss([NEW])))
    receiver.reply("/hook", DOWN, DOWN, DOWN, Reply(status=204))
    configure(house, wire, receiver)
    await house.work()
    await house.after(minutes=5)
    for _ in range(40):
        if len(receiver.received) == 4:
            break
        await house.after(minutes=5)
    (warning,) = said(logging.WARNING)
    assert warning.startswith("road -> desk not delivered, tried again later: ")
    again = [line.partition(" in ")[0] for line in said(logging.INFO) if line.startswith("road ->")]
    assert again == [warning, warning, "road -> desk delivered"]


async def test_a_feed_that_is_too_long_says_so_when_it_has_news(
    house: House, wire: HttpServer, receiver: HttpServer, said: Said
) -> None:
    long = [{"guid": str(n), "title": f"Ice {n}"} for n in range(2005)]
    wire.reply("/rss", Reply(body=rss(long)), Reply(body=rss(long) + b" "), Reply(body=rss(long) + b"  "))
    configure(house, wire, receiver)
    for _ in range(3):
        await house.after(minutes=5)
    assert len([line for line in said(logging.WARNING) if line.startswith("wire truncated")]) == 1


async def test_a_pattern_that_runs_out_of_time_is_one_warning_an_hour_and_harms_no_other_rule(
    house: House, wire: HttpServer, receiver: HttpServer, said: Said
) -> None:
    trap = "a" * 5_000 + "b"
    entries = [{"guid": str(n), "title": f"Glacier {n}", "description": trap} for n in range(7)]
    wire.reply("/rss", *(Reply(body=rss(entries[:n])) for n in (0, 2, 3, 6, 7)))
    receiver.reply("/hook", Reply(status=204))
    configure(house, wire, receiver, 'rules.trap = "/(a+)+$/"')
    await house.work()
    said.anew()
    told = []
    for minutes in (5, 5, 5, 60):
        await house.after(minutes=minutes)
        told.append(said(logging.WARNING))
    once = "trap did not judge 2 items: /(a+)+$/ ran out of time"
    assert told == [[once], [once], [once], [once, once.replace("2 items", "5 items")]]
    assert len([line for line in said(logging.INFO) if line.startswith("road matched")]) == 7
