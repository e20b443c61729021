"""Tells systemd how the service is doing (sd_notify(3)); silent where no one listens."""

from __future__ import annotations

import os
import socket
import time
from datetime import timedelta


def notify(*lines: str) -> bool:
    """Send the lines, such as ``READY=1``, to the supervisor; return whether there is one."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):  # an abstract socket: sd_notify(3) writes its leading NUL as @
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as link:
        try:
            link.sendto("\n".join(lines).encode(), address)
        except OSError:  # a supervisor that went away must not end what it supervised
            return False
    return True


def is_there() -> bool:
    """Return whether a supervisor listens."""
    return bool(os.environ.get("NOTIFY_SOCKET"))


def ready(words: str) -> None:
    """Say that the service is up, and what it does."""
    notify("READY=1", _status(words))


def status(words: str) -> None:
    """Say what the service does, for ``systemctl status``."""
    notify(_status(words))


def _status(words: str) -> str:
    return f"STATUS={' '.join(words.split())}"  # a line end would begin another word to systemd


def reloading() -> None:
    """Say that a reload has begun; ``ready`` ends it."""
    notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


def stopping() -> None:
    """Say that the service is going down."""
    notify("STOPPING=1", _status("finishing what is under way"))


def alive() -> None:
    """Feed the watchdog."""
    notify("WATCHDOG=1")


def watched() -> timedelta | None:
    """Return how often the watchdog wants to be fed: twice in its time (sd_watchdog_enabled(3)); None without one."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    ours = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    if not ours or not microseconds.isdecimal() or int(microseconds) == 0:
        return None
    return timedelta(microseconds=int(microseconds)) / 2
