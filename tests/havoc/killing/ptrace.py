"""ptrace(2) by ctypes: a process is stopped where it enters a system call and where it leaves it.

Killed where it enters one, a process never makes it; killed where it leaves one, the call is done
and nothing after it. All requests must come from the thread that has seized the process.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
from contextlib import suppress
from typing import Final, NamedTuple

from tests.havoc.killing.numbers import name_of

_SYSCALL: Final = 24
_SEIZE: Final = 0x4206
_INTERRUPT: Final = 0x4207
_GET_SYSCALL_INFO: Final = 0x420E

_GOOD: Final = 1  # a stop at a system call is told apart from a SIGTRAP
_IS_SYSCALL: Final = signal.SIGTRAP | 0x80
_WALL: Final = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.restype = ctypes.c_long
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


class _Info(ctypes.Structure):
    """``struct ptrace_syscall_info`` of linux/ptrace.h, as far as it is of use here."""

    _fields_ = (
        ("op", ctypes.c_uint8),
        ("arch", ctypes.c_uint32),
        ("instruction_pointer", ctypes.c_uint64),
        ("stack_pointer", ctypes.c_uint64),
        ("first", ctypes.c_int64),  # at the entry the number, at the exit the result
        ("args", ctypes.c_uint64 * 6),
    )


class Stop(NamedTuple):
    """Where a process stands: at a system call, or elsewhere for a signal that is to go on."""

    call: str = ""
    entered: bool = False
    result: int = 0
    pass_on: int = 0


class Traced:
    """A process that this thread has seized."""

    def __init__(self, os_pid: int) -> None:
        self.os_pid = os_pid
        self._call = ""
        _ask(_SEIZE, os_pid, 0, _GOOD)

    def interrupt(self) -> bool:
        """Stop it wherever it is; False if it is dead already."""
        with suppress(ProcessLookupError):
            _ask(_INTERRUPT, self.os_pid)
        return self.wait() is not None

    def go_on(self, pass_on: int = 0) -> Stop | None:
        """Let it run up to its next stop; None if it is dead then."""
        with suppress(ProcessLookupError):  # somebody else has killed it
            _ask(_SYSCALL, self.os_pid, 0, pass_on)
        return self.wait()

    def wait(self) -> Stop | None:
        while True:
            try:
                _, status = os.waitpid(self.os_pid, _WALL)
            except ChildProcessError:  # a child of ours, of whose end another thread has heard
                return None
            if not os.WIFSTOPPED(status):
                return None
            with suppress(ProcessLookupError):  # it is killed while it stands: its end comes next
                return self._stopped(status)

    def _stopped(self, status: int) -> Stop:
        if os.WSTOPSIG(status) == _IS_SYSCALL:
            return self._at_call()
        event = status >> 16
        return Stop(pass_on=0 if event else os.WSTOPSIG(status))

    def _at_call(self) -> Stop:
        info = _Info()
        _ask(_GET_SYSCALL_INFO, self.os_pid, ctypes.sizeof(info), ctypes.addressof(info))
        if info.op == 1:
            self._call = name_of(info.first)
            return Stop(self._call, entered=True)
        return Stop(self._call, result=info.first)

    def kill(self) -> None:
        """SIGKILL; returns when it is dead and its parent can know it."""
        os.kill(self.os_pid, signal.SIGKILL)
        while self.wait() is not None:
            pass


def _ask(request: int, os_pid: int, address: int = 0, data: int = 0) -> None:
    if _libc.ptrace(request, os_pid, address, data) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"ptrace({request:#x}, {os_pid}): {os.strerror(number)}")


def refusal() -> str:
    """Why processes cannot be seized here; nothing if they can."""
    if platform.machine() not in ("x86_64", "aarch64"):
        return f"system calls of {platform.machine()} are not known here"
    child = os.fork()
    if not child:
        signal.pause()
    try:
        traced = Traced(child)
        traced.interrupt()
        while (stop := traced.go_on()) is not None and not stop.call:
            pass
    except OSError as error:
        return f"the system refuses it: {error}"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, _WALL)
    return ""
