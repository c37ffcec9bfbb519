"""Counts the system calls of a process, and kills it at the one it was told.

A point is a place between two system calls: before one and after one count as two. How often a
process looks into an empty pipe while it waits for an answer is a matter of microseconds; so what
it does while it waits is one call, however often it does it, and the points of a path have nearly
the same numbers each time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, NamedTuple

from tests.havoc.killing.ptrace import Stop, Traced

END_OF_PATH: Final = 1_000_000

_MARK: Final = "getpriority"
_WAITS: Final = {
    "poll", "ppoll", "pselect6", "epoll_wait", "epoll_pwait", "sched_yield", "restart_syscall",
    "read",
}  # fmt: skip


def mark() -> None:
    """In the victim: its path ends here. No part of the library asks for a priority."""
    os.getpriority(os.PRIO_PROCESS, 0)


class Point(NamedTuple):
    """Where a process was killed, or at which number it has ended by itself."""

    number: int
    call: str = ""
    before: bool = False

    @property
    def done(self) -> bool:
        """It had come to the end of its path."""
        return self.call == _MARK

    @property
    def ended(self) -> bool:
        """It was not killed: there is no such point."""
        return not self.call

    def __str__(self) -> str:
        if self.ended or self.done:
            return f"{self.number} (at {'its' if self.ended else 'the'} end)"
        return f"{self.number} ({'before' if self.before else 'after'} {self.call})"


class _Count:
    """Which stops are points, and how many there were."""

    def __init__(self) -> None:
        self.points = 0
        self._waits = 0

    def is_point(self, stop: Stop) -> bool:
        if stop.call not in _WAITS:
            self._waits = 0
            return True
        self._waits += 1
        if self._waits <= 2:
            return True
        if stop.call == "read" and not stop.entered and stop.result > 0:
            self._waits = 0
            return True
        return False


class Hunter:
    """All that it does is done by a thread of its own: the requests of ptrace must be."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._prey: Traced | None = None

    def close(self) -> None:
        self._thread.shutdown()

    def seize(self, os_pid: int) -> None:
        """It stands still when this returns."""
        self._do(self._seize, os_pid).result()

    def run_to(self, number: int) -> Future[Point]:
        """Let the prey run to this point, or the end of its path."""
        return self._do(self._run_to, number)

    def run_to_and_kill(self, number: int) -> Future[Point]:
        return self._do(self._run_to_and_kill, number)

    def run_who_says_so(self, said: int, go: int, number: int) -> Future[Point]:
        """The same with one who is to be, says who it is, and waits for a byte to go.

        Its path begins when it has loaded its program: with its first ``prctl``.
        """
        return self._do(self._run_who_says_so, said, go, number)

    def kill(self) -> None:
        self._do(self._kill).result()

    def _do(self, act: Callable[..., Any], *args: Any) -> Future[Any]:
        return self._thread.submit(act, *args)

    # ---- in the thread

    def _seize(self, os_pid: int) -> None:
        self._prey = Traced(os_pid)
        self._prey.interrupt()

    def _run_to_and_kill(self, number: int) -> Point:
        point = self._run_to(number)
        if not point.ended:
            self._kill()
        return point

    def _run_who_says_so(self, said: int, go: int, number: int) -> Point:
        self._seize(int(os.read(said, 20)))
        os.write(go, b"!")
        stop, pass_on = self._prey.go_on(), 0
        while stop is not None and stop.call != "prctl":
            pass_on = stop.pass_on
            stop = self._prey.go_on(pass_on)
        return self._run_to_and_kill(number)

    def _kill(self) -> None:
        assert self._prey is not None
        self._prey.kill()

    def _run_to(self, number: int) -> Point:
        assert self._prey is not None
        count, pass_on = _Count(), 0
        while (stop := self._prey.go_on(pass_on)) is not None:
            pass_on = stop.pass_on
            if stop.call and count.is_point(stop):
                point = Point(count.points, stop.call, stop.entered)
                if point.done or point.number == number:
                    return point
                count.points += 1
        return Point(count.points)
