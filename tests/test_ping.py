"""The sign of life: what becomes of it is an outcome, whatever stands behind the address."""

from __future__ import annotations

import pytest

from monitor.alert import Failed, Sent
from monitor.send.ping import ping
from tests.http_server import HttpServer, Mode, Reply


@pytest.mark.parametrize("status", [200, 204])
def test_an_answer_that_is_fine_is_heard(status: int) -> None:
    with HttpServer() as server:
        server.reply("/alive", Reply(status=status))
        assert isinstance(ping(server.url("/alive")), Sent)
        (asked,) = server.asked("/alive")
    assert asked.headers["user-agent"] == "wirebell"


@pytest.mark.parametrize(("status", "said"), [(404, "server answered 404"), (500, "server answered 500")])
def test_another_is_not(status: int, said: str) -> None:
    with HttpServer() as server:
        server.reply("/alive", Reply(status=status))
        outcome = ping(server.url("/alive"))
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith(said)


def test_a_server_that_is_not_there_cannot_be_reached() -> None:
    with HttpServer() as server:
        url = server.url("/alive")
    outcome = ping(url)
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("could not connect")


def test_a_server_that_hangs_up_is_not_heard() -> None:
    with HttpServer() as server:
        server.reply("/alive", Reply(mode=Mode.DROP))
        assert isinstance(ping(server.url("/alive")), Failed)


def test_an_address_that_names_no_host_that_can_be_is_not_heard() -> None:
    assert isinstance(ping("http://a..b/"), Failed)
