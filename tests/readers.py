"""What readers may do to their worker, from the best to the worst; apart, so that workers import no tests."""

from __future__ import annotations

import collections
import ctypes
import itertools
import os
import re
import signal
import threading


def echo(value: object, *, again: object = None) -> object:
    return (value, again)


def worker() -> int:
    return os.getpid()


def hang_in_a_pattern() -> None:
    re.match(r"(a+)+$", "a" * 60 + "b")


def hang_in_c() -> None:
    """Run C code that neither lets go of the interpreter nor looks for signals."""
    collections.deque(itertools.repeat(None), maxlen=0)


def say_so_and_hang() -> None:
    print("hanging", flush=True)
    hang_in_c()


def hang_asleep() -> None:
    threading.Event().wait()


def stop() -> None:
    """Stop the process, so that it cannot even end itself."""
    os.kill(os.getpid(), signal.SIGSTOP)


def crash() -> None:
    ctypes.string_at(0)


def leave() -> None:
    os._exit(3)


def recurse() -> None:
    recurse()


class UnforeseenError(Exception):
    """What no list of a parser's faults has."""


def raise_what_nobody_expects() -> None:
    raise UnforeseenError


def take(size: int) -> int:
    return len(bytearray(size))


def handled(signum: int) -> bool:
    return signal.getsignal(signum) is not signal.SIG_IGN


def refuse_to_serve(_pipe: object) -> None:
    """Stand in for a worker's work, and end at once."""
