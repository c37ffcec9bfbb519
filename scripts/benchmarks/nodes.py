"""A node for each area, and where its processes run."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.baselines import CPUS, Bare
from otp import node, process
from otp.terms import Pid


@dataclass(frozen=True, slots=True)
class Bench:
    """What an area is given: the baselines, how many rounds to make, and whether it may take long.

    A round measures each thing once beside its baseline, so that the mood of the machine, which
    changes within seconds, is the same for both.
    """

    bare: Bare
    rounds: int = 5
    long: bool = False


@contextmanager
def a_node(*preload: str) -> Iterator[node.Node]:
    """A fresh node whose processes do not report what is killed; nothing of it may remain."""
    wanted = ["benchmarks.quiet", *preload]
    running = node.start(name="bench", preload=wanted)
    process.trap_exit()
    try:
        process.spawn(_tell_what_is_missing, wanted, process.self())
        if missing := process.receive(timeout=10):
            raise RuntimeError(f"{missing} could not be imported")
        yield running
    finally:
        node.stop()
    if os.path.exists(running.directory):
        raise RuntimeError(f"{running.directory} has been left behind")


def _tell_what_is_missing(wanted: list[str], customer: Pid) -> None:
    process.send(customer, [module for module in wanted if module not in sys.modules])


@contextmanager
def one_cpu(*os_pids: int) -> Iterator[None]:
    """Let this program and these processes share one processor."""
    with _pinned(dict.fromkeys((0, *os_pids), CPUS[:1])):
        yield


@contextmanager
def apart(os_pid: int) -> Iterator[None]:
    """Let this program and that process have a processor each, whatever the scheduler thinks."""
    with _pinned({0: CPUS[:1], os_pid: CPUS[-1:]}):
        yield


@contextmanager
def _pinned(places: dict[int, list[int]]) -> Iterator[None]:
    for os_pid, cpus in places.items():
        os.sched_setaffinity(os_pid, cpus)
    try:
        yield
    finally:
        for os_pid in places:
            os.sched_setaffinity(os_pid, CPUS)


def timed(act: Callable[[], object]) -> float:
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def times(count: int, act: Callable[..., object], *args: Any) -> list[float]:
    """How long each of `count` goes took, after some to warm up."""
    for _ in range(count // 20):
        act(*args)
    clock = time.perf_counter
    taken = []
    for _ in range(count):
        begin = clock()
        act(*args)
        taken.append(clock() - begin)
    return taken


class Notes(dict[str, list[float]]):
    """What was measured, by name, round after round."""

    def note(self, name: str, values: list[float] | float) -> None:
        self.setdefault(name, []).extend(values if isinstance(values, list) else [values])
