"""Follows a process, counts the system calls by which its threads change anything, and kills it at one of them.

The calls are counted over all threads together, in the order in which they begin, and the one that the kill meets does
nothing any more. strace can inject a kill too, but counts each thread's calls apart, so that the first thread to come
to a number hides all others. Processes that the one followed starts are not followed.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
from dataclasses import dataclass, field

#: The numbers of the calls that leave something behind outside of the process, or wait for an answer to what did.
CALLS = {
    "x86_64": {1: "write", 18: "pwrite64", 20: "writev", 74: "fsync", 75: "fdatasync", 77: "ftruncate"}
    | {42: "connect", 44: "sendto", 45: "recvfrom", 46: "sendmsg", 47: "recvmsg", 48: "shutdown"}
    | {82: "rename", 87: "unlink", 263: "unlinkat", 264: "renameat", 316: "renameat2"},
    "aarch64": {64: "write", 68: "pwrite64", 66: "writev", 82: "fsync", 83: "fdatasync", 46: "ftruncate"}
    | {203: "connect", 206: "sendto", 207: "recvfrom", 211: "sendmsg", 212: "recvmsg", 210: "shutdown"}
    | {35: "unlinkat", 38: "renameat", 276: "renameat2"},
}
_TRACEME, _SYSCALL, _SETOPTIONS, _SYSCALL_INFO = 0, 24, 0x4200, 0x420E
#: Stops at calls can be told from signals; threads are followed; the program never outlives this one.
_OPTIONS = 0x1 | 0x8 | 0x100000
_ALL_THREADS = 0x40000000
_ENTRY = 1
#: How many bytes a thread sends to wake asyncio's loop, and how many the loop asks for then: both are a pair of sockets
#: within the process, leave nothing behind, and were two calls of three.
_WAKING = {"sendto": 1, "recvfrom": 4096}


class _Info(ctypes.Structure):
    """``struct ptrace_syscall_info`` (Linux 5.3) up to the number of the call, and room for the rest."""

    _fields_ = (
        ("op", ctypes.c_uint8),
        ("head", ctypes.c_uint8 * 23),
        ("number", ctypes.c_uint64),
        ("arguments", ctypes.c_uint64 * 7),
    )


_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
_libc.ptrace.restype = ctypes.c_long


def _ptrace(request: int, thread: int, address: int = 0, data: int = 0) -> None:
    if _libc.ptrace(request, thread, address, data) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@dataclass(kw_only=True)
class Report:
    """What was seen of a process."""

    #: The name of each call, in order; the last is where it was killed, if it was. None of them where nobody counted.
    calls: list[str] = field(default_factory=list)
    killed: bool = False
    #: As a shell tells it apart: below 0 it was a signal.
    code: int = 0
    #: Why it could not be followed; empty if it could.
    refused: str = ""


def offer() -> None:
    """Let the parent follow this process from here on."""
    _ptrace(_TRACEME, 0)
    os.kill(os.getpid(), signal.SIGSTOP)


def follow(pid: int, point: int) -> Report:
    """Follow a child that offers itself to its end, and kill it at the point, counted from 1; 0 lets it live."""
    report = Report()
    try:
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            return Report(refused="this system does not let a process trace another")
        _ptrace(_SETOPTIONS, pid, data=_OPTIONS)
        _ptrace(_SYSCALL, pid)
        report.code = os.waitstatus_to_exitcode(_Tracer(pid, point, report).follow())
    except (OSError, KeyError) as error:
        os.kill(pid, signal.SIGKILL)
        report.refused = f"{type(error).__name__}: {error}"
    return report


class _Tracer:
    def __init__(self, pid: int, point: int, report: Report) -> None:
        self._pid, self._point, self._report = pid, point, report
        self._calls, self._info = CALLS[platform.machine()], _Info()

    def follow(self) -> int:
        """Follow the program to its end, and return how it ended, as ``waitpid`` says it."""
        while True:
            thread, status = os.waitpid(-1, _ALL_THREADS)
            if not os.WIFSTOPPED(status):
                if thread == self._pid:
                    return status
                continue
            try:
                self._go_on(thread, os.WSTOPSIG(status))
            except ProcessLookupError:  # killed between its stop and our answer
                continue

    def _go_on(self, thread: int, stopped_by: int) -> None:
        handed_on = 0
        if stopped_by == signal.SIGTRAP | 0x80:
            self._note(thread)
        elif stopped_by not in (signal.SIGSTOP, signal.SIGTRAP):  # how a thread begins, and other events of ours
            handed_on = stopped_by
        _ptrace(_SYSCALL, thread, data=handed_on)

    def _note(self, thread: int) -> None:
        _ptrace(_SYSCALL_INFO, thread, ctypes.sizeof(self._info), ctypes.addressof(self._info))
        name = self._calls.get(self._info.number)
        if self._info.op != _ENTRY or name is None or self._report.killed:
            return
        if self._info.arguments[2] == _WAKING.get(name):
            return
        self._report.calls.append(name)
        if len(self._report.calls) == self._point:
            os.kill(self._pid, signal.SIGKILL)
            self._report.killed = True
