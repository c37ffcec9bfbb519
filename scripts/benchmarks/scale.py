"""Many servers under one supervisor: how fast they start and stop, what they take, who feels it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from statistics import median

import psutil

from benchmarks.nodes import Bench, Notes, a_node, apart, timed, times
from benchmarks.plain import Plain, start_link
from benchmarks.servers import os_pid_of
from benchmarks.table import Row, compared, latency
from benchmarks.values import REQUEST
from otp import gen_server, node, process, supervisor
from otp.supervisor import ChildSpec
from otp.terms import Down, Pid

SCALES, LONG, BUDGETED = (1, 10, 100, 1_000), 2_000, 1_000
CALLS, MONITORS, DEPTH = 500, 1_000, 5


def rows(bench: Bench) -> Iterator[Row]:
    alone: list[float] = []
    for count in (*SCALES, LONG) if bench.long else SCALES:
        with a_node() as running:
            yield from _of_servers(bench, running, count, alone)
    with a_node():
        yield from _monitors()
        yield from _tree()


def _of_servers(bench: Bench, running: node.Node, count: int, alone: list[float]) -> Iterator[Row]:
    is_budgeted = count == BUDGETED
    tops: list[Pid] = []
    specs = [ChildSpec(i, partial(start_link, Plain, f"s{i}")) for i in range(count)]
    took = timed(lambda: tops.append(supervisor.start_link(specs)))
    servers = f"{count:,} server{'s' * (count > 1)}"
    yield Row(f"{servers}: started", count / took, "/s", curve="scale: starts a second", x=count,
              budget=300 if is_budgeted else None, at_least=True)  # fmt: skip
    yield from _memory(running, servers, count)
    yield from _calls(bench, servers, count, alone)
    yield from _names(servers, count)
    down = timed(lambda: supervisor.stop(tops[0]))
    yield Row(f"{servers}: ordered shutdown", down, "s", curve="scale: shutdown", x=count,
              budget=10 if is_budgeted else None)  # fmt: skip


def _memory(running: node.Node, servers: str, count: int) -> Iterator[Row]:
    """Of the whole node, kernel and launchers included, for each server."""
    kernel = psutil.Process(running.os_pid)
    everyone = [one.memory_full_info() for one in (kernel, *kernel.children(recursive=True))]
    for which in ("uss", "pss"):
        each = sum(getattr(one, which) for one in everyone) / count / 1e6
        name = f"{servers}: {which.upper()} of the node, for each"
        yield Row(name, each, "MB", curve=f"scale: {which.upper()} for each", x=count)


def _calls(bench: Bench, servers: str, count: int, alone: list[float]) -> Iterator[Row]:
    """One is called while all others idle; as a multiple of the baseline it must stay the same."""
    got = Notes()
    for _ in range(bench.rounds):
        got.note("bare", bench.bare.calls(CALLS, REQUEST))
        with apart(os_pid_of("s0")):
            got.note("call", times(CALLS, gen_server.call, "s0", REQUEST))
    ratio = median(got["call"]) / median(got["bare"])
    alone[:] = alone or [ratio]
    budget = 1.2 if count == BUDGETED else None
    yield latency(f"{servers}: call one", got["call"], ratio=ratio / alone[0], budget=budget,
                  of="with 1 server, by baseline", curve="scale: call", x=count)  # fmt: skip
    pids = [process.whereis(f"s{i}") for i in range(count)]
    if count > 1:
        each = [timed(partial(gen_server.call, pid, REQUEST)) for pid in [*pids, *pids]][count:]
        yield compared(f"{servers}: call each in turn", each, got["call"], "call one")


def _names(servers: str, count: int) -> Iterator[Row]:
    last = f"s{count - 1}"
    yield latency(f"{servers}, as many names: whereis", times(CALLS, process.whereis, last))
    yield latency(f"{servers}, as many names: registered", times(9, process.registered), "ms")


def _monitors() -> Iterator[Row]:
    pid = start_link(Plain)
    process.unlink(pid)
    refs: set[object] = set()
    took = timed(lambda: refs.update(process.monitor(pid) for _ in range(MONITORS)))
    yield Row(f"{MONITORS:,} monitors on one process: set up", took * 1e3, "ms")

    def kill_and_hear() -> None:
        process.exit(pid, "kill")
        refs.difference_update(process.receive(Down, timeout=10).ref for _ in range(MONITORS))

    yield Row(
        f"{MONITORS:,} monitors: killed, until each is told", timed(kill_and_hear) * 1e3, "ms"
    )
    if refs:
        raise RuntimeError(f"{len(refs)} monitors have not been told")


def grow(depth: int) -> Pid:
    """A supervisor of two supervisors of ..., of two servers each at the end."""
    start = partial(grow, depth - 1) if depth > 1 else partial(start_link, Plain)
    kind = "supervisor" if depth > 1 else "worker"
    return supervisor.start_link([ChildSpec(i, start, kind=kind) for i in range(2)])


def _tree() -> Iterator[Row]:
    tops: list[Pid] = []
    started = timed(lambda: tops.append(grow(DEPTH)))
    size = 2 ** (DEPTH + 1) - 1
    yield Row(f"a tree {DEPTH} deep, {size} processes: started", started * 1e3, "ms")
    stopped = timed(lambda: supervisor.stop(tops[0]))
    yield Row(f"a tree {DEPTH} deep, {size} processes: stopped", stopped * 1e3, "ms")
