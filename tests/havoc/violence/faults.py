"""What is done to servers, supervisors and clients, and of what they must die then."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from otp import gen_server, process
from otp.terms import Crash, ExitStatus, Signal
from tests.havoc.violence.people import FAILURE, Born

Deadly = dict[str, tuple[Callable[[Born], object], Any]]


def _signal(number: signal.Signals) -> Callable[[Born], object]:
    return lambda victim: os.kill(victim.os_pid, number)


def _told(how: str) -> Callable[[Born], object]:
    return lambda victim: gen_server.cast(victim.pid, how)


BY_SIGNALS: Deadly = {
    "kill -9": (_signal(signal.SIGKILL), "killed"),
    "SIGSEGV": (_signal(signal.SIGSEGV), Signal("SIGSEGV")),
    "SIGTERM": (_signal(signal.SIGTERM), Signal("SIGTERM")),
}
TO_SERVERS: Deadly = {
    **BY_SIGNALS,
    "an exit signal": (lambda victim: process.exit(victim.pid, "enough"), "enough"),
    "os._exit": (_told("exit"), ExitStatus(3)),
    "an exception": (_told("raise"), Crash(FAILURE)),
    "its own end": (_told("stop"), "normal"),
    "a memory bomb": (_told("bomb"), Crash(MemoryError())),
}
TO_CLIENTS: Deadly = {
    **BY_SIGNALS,
    "an exception": (lambda victim: process.send(victim.pid, "raise"), Crash(FAILURE)),
}


def stop(os_pid: int) -> None:
    """Returns when it stands still."""
    os.kill(os_pid, signal.SIGSTOP)
    while _state(os_pid) not in "TZX":
        os.sched_yield()


def _state(os_pid: int) -> str:
    with open(f"/proc/{os_pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0]


@contextmanager
def stopped(os_pid: int) -> Iterator[None]:
    """It hears and does nothing meanwhile."""
    stop(os_pid)
    try:
        yield
    finally:
        os.kill(os_pid, signal.SIGCONT)


def kill_and_wait(os_pid: int) -> None:
    """Returns when it runs no more, whether or not anybody has heard of it."""
    pidfd = os.pidfd_open(os_pid)
    os.kill(os_pid, signal.SIGKILL)
    select.select([pidfd], [], [])
    os.close(pidfd)
