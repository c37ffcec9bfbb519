"""How many servers this machine can hold, which resource ends it, and how that is told.

Only when asked for by name: it takes minutes, and most of the machine's memory.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.nodes import Bench, a_node, apart, times
from benchmarks.plain import Plain, start_link
from benchmarks.servers import os_pid_of
from benchmarks.table import Row, latency
from otp import process
from otp.gen_server import call

STEP, KEPT_FREE, CALLS = 1_000, 5e9, 500


def rows(bench: Bench) -> Iterator[Row]:
    for name, most in limits().items():
        yield Row(f"limit: {name}", most, "")
    with a_node():
        count, refused = 0, ""
        while not refused:
            begin, before = time.perf_counter(), psutil.virtual_memory().available
            started, refused = _start_some(count)
            count += started
            took = before - psutil.virtual_memory().available
            rate = started / (time.perf_counter() - begin)
            yield Row(
                f"{count:,} servers: started", rate, "/s", curve="limit: starts a second", x=count
            )
            yield Row(
                f"{count:,} servers: memory taken by each", took / max(1, started) / 1e6, "MB"
            )
            yield latency(f"{count:,} names: whereis", times(CALLS, process.whereis, "s0"))
            yield latency(f"{count:,} names: registered", times(9, process.registered), "ms")
            with apart(os_pid_of("s0")):
                yield latency(f"{count:,} servers: call one", times(CALLS, call, "s0", "you"))
        yield Row(f"servers, then: {refused}", count, "")
        begin = time.perf_counter()
    yield Row(f"{count:,} servers: end of the node", time.perf_counter() - begin, "s")


def limits() -> dict[str, int]:
    """What may set the limit, as the system says."""
    return {
        "processes of a user (ulimit -u)": resource.getrlimit(resource.RLIMIT_NPROC)[0],
        "open files of a process (ulimit -n)": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "kernel.pid_max": int(Path("/proc/sys/kernel/pid_max").read_text()),
        "kernel.threads-max": int(Path("/proc/sys/kernel/threads-max").read_text()),
        "MB of memory available": psutil.virtual_memory().available // 1_000_000,
    }


def _start_some(count: int) -> tuple[int, str]:
    """How many were started, and what was said when no more could be."""
    for started in range(STEP):
        if psutil.virtual_memory().available < KEPT_FREE:
            return started, f"only {KEPT_FREE / 1e9:.0f} GB of memory left"
        try:
            process.unlink(start_link(Plain, f"s{count + started}"))
        except Exception as error:
            return started, f"{type(error).__name__}: {error}"
    return STEP, ""
