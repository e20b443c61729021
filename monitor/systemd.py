"""Tells systemd how the service is doing (sd_notify(3)); silent where no one listens."""

from __future__ import annotations

import os
import socket
import time


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


def ready(status: str) -> None:
    """Say that the service is up."""
    notify("READY=1", f"STATUS={status}")


def reloading() -> None:
    """Say that a reload has begun; ``ready`` ends it."""
    notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


def stopping() -> None:
    """Say that the service is going down."""
    notify("STOPPING=1", "STATUS=finishing what is under way")


def alive() -> None:
    """Feed the watchdog."""
    notify("WATCHDOG=1")
