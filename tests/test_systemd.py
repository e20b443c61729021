"""The words to systemd reach the socket it named, and no socket is no fault."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor import systemd


@pytest.fixture
def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A bound datagram socket in the place of systemd's."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(tmp_path / "notify"))
        bound.settimeout(2)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield bound


def test_ready_names_the_status(supervisor: socket.socket) -> None:
    systemd.ready("watching 2 feeds")
    assert supervisor.recv(100) == b"READY=1\nSTATUS=watching 2 feeds"


def test_what_is_being_done_is_one_line(supervisor: socket.socket) -> None:
    systemd.status("the disk is full;\nREADY=1")
    assert supervisor.recv(100) == b"STATUS=the disk is full; READY=1"


def test_a_reload_carries_the_monotonic_time(supervisor: socket.socket) -> None:
    systemd.reloading()
    first, stamp = supervisor.recv(100).decode().split("\n")
    assert first == "RELOADING=1"
    assert int(stamp.removeprefix("MONOTONIC_USEC=")) > 0


def test_the_watchdog_is_fed_with_one_word(supervisor: socket.socket) -> None:
    systemd.alive()
    assert supervisor.recv(100) == b"WATCHDOG=1"


def test_the_end_is_announced(supervisor: socket.socket) -> None:
    systemd.stopping()
    assert supervisor.recv(100).startswith(b"STOPPING=1\n")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"WATCHDOG_USEC": "60000000"}, timedelta(seconds=30)),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, timedelta(seconds=30)),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": ""}, None),
        ({}, None),
    ],
)
def test_the_watchdog_wants_to_be_fed_twice_in_its_time(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: timedelta | None
) -> None:
    for name in ("WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert systemd.watched() == expected


def test_an_abstract_socket_is_reached_by_its_at_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"wirebell-test-{id(monkeypatch)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(f"\0{name}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        assert systemd.notify("READY=1")
        assert bound.recv(100) == b"READY=1"


def test_without_a_supervisor_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not systemd.is_there()
    assert not systemd.notify("READY=1")


def test_a_supervisor_that_went_away_is_no_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    assert not systemd.notify("READY=1")
