"""Starting and restarting: one, one with a slow import, very many."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from functools import partial

import psutil

from benchmarks.nodes import Bench, Notes, a_node, timed
from benchmarks.plain import Plain, start_link
from benchmarks.servers import os_pid_of
from benchmarks.table import Row, compared, latency
from benchmarks.with_numpy import WithNumpy
from otp import gen_server, process, supervisor
from otp.supervisor import ChildSpec, Strategy
from otp.terms import Exit, Pid

STARTS, STORM, ALL, TRIES = 20, 500, 100, 30
KINDS = {"plain": Plain, "numpy": WithNumpy}


def rows(bench: Bench) -> Iterator[Row]:
    with a_node():
        for kind in KINDS.values():
            _wait_until_warm(kind)
        got = Notes()
        _supervise()
        for _ in range(bench.rounds):
            _measure(bench, got)
        yield from _of_times(got)
        yield from _of_memory()
    with a_node():
        yield from _one_for_all(bench)
    if bench.long:
        with a_node():
            yield from _storm()


def _wait_until_warm(kind: type[Plain]) -> None:
    """Start until one comes from a launcher that has imported the module, if one ever does."""
    for _ in range(TRIES):
        pid = start_link(kind)
        warm = gen_server.call(pid, "is warm")
        _stop(pid)
        if warm:
            return
    print(f"the module of {kind.__name__} does not get warm", file=sys.stderr)


def _supervise() -> None:
    """A supervisor with one child of each kind, which tells us whenever it is up."""
    me = process.self()
    specs = [
        ChildSpec(name, partial(start_link, kind, name, me)) for name, kind in KINDS.items()
    ]  # fmt: skip
    supervisor.start_link(specs, intensity=10**6)
    _wait_until_up(len(specs))


def _measure(bench: Bench, got: Notes) -> None:
    got.note("bare start", bench.bare.starts(STARTS))
    got.note("start plain", [_start(Plain) for _ in range(STARTS)])
    got.note("bare restart", bench.bare.restarts(STARTS))
    got.note("restart plain", [_restart("plain") for _ in range(STARTS)])
    got.note("start numpy", [_start(WithNumpy) for _ in range(STARTS)])
    got.note("restart numpy", [_restart("numpy") for _ in range(STARTS)])


def _start(kind: type[Plain]) -> float:
    started = []
    took = timed(lambda: started.append(start_link(kind)))
    _stop(started[0])
    return took


def _stop(pid: Pid) -> None:
    gen_server.stop(pid)
    process.receive(Exit, timeout=10)


def _wait_until_up(count: int) -> None:
    for _ in range(count):
        process.receive(lambda message: message == "up", timeout=60)


def _restart(name: str) -> float:
    """From the kill to the first answer of the restarted server."""
    os_pid = os_pid_of(name)

    def kill_and_call() -> None:
        os.kill(os_pid, signal.SIGKILL)
        _wait_until_up(1)
        gen_server.call(name, "you")

    return timed(kill_and_call)


def _of_times(got: Notes) -> Iterator[Row]:
    yield latency("bare fork start", got["bare start"], "ms")
    yield compared("start_link, module warm", got["start plain"], got["bare start"],
                   "bare fork start", "ms", budget=2.0)  # fmt: skip
    yield latency("bare fork restart", got["bare restart"], "ms")
    yield compared("kill -9 to the first answer", got["restart plain"], got["bare restart"],
                   "bare fork restart", "ms", budget=2.5)  # fmt: skip
    for what in ("start", "restart"):
        yield compared(f"{what}, its module imports numpy", got[f"{what} numpy"],
                       got[f"{what} plain"], "one that imports nothing", "ms",
                       budget=1.5)  # fmt: skip


def _of_memory() -> Iterator[Row]:
    for name, kind in KINDS.items():
        pid = start_link(kind)
        gen_server.call(pid, "you")
        memory = psutil.Process(os_pid_of(pid)).memory_full_info()
        more = "" if name == "plain" else ", its module imports numpy"
        budget = 1.5 if name == "plain" else None
        yield Row(f"an idle server{more}: USS", memory.uss / 1e6, "MB", budget=budget)
        yield Row(f"an idle server{more}: PSS", memory.pss / 1e6, "MB")


def _one_for_all(bench: Bench) -> Iterator[Row]:
    _supervise_many("one_for_all", ALL)
    kill_one = partial(_kill_and_wait_for, ["0"], ALL)
    took = [timed(kill_one) for _ in range(bench.rounds)]
    yield latency(f"one_for_all of {ALL}: kill one, until all are back", took, "ms")


def _storm() -> Iterator[Row]:
    _supervise_many("one_for_one", STORM)
    took = timed(lambda: _kill_and_wait_for([str(i) for i in range(STORM)], STORM))
    yield Row(f"{STORM} children killed at once, until all are back", took, "s")
    yield Row("restarts in such a storm", STORM / took, "/s")


def _supervise_many(strategy: Strategy, count: int) -> None:
    me = process.self()
    specs = [
        ChildSpec(i, partial(start_link, Plain, str(i), me), shutdown="brutal_kill")
        for i in range(count)
    ]
    supervisor.start_link(specs, strategy=strategy, intensity=10**6)
    _wait_until_up(count)


def _kill_and_wait_for(victims: list[str], count: int) -> None:
    for os_pid in [os_pid_of(name) for name in victims]:
        os.kill(os_pid, signal.SIGKILL)
    _wait_until_up(count)
    for i in range(count):
        gen_server.call(str(i), "you")
