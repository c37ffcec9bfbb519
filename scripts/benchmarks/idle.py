"""What servers cost that have nothing to do."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psutil

from benchmarks.nodes import Bench, a_node
from benchmarks.table import Row
from otp import node
from otp.examples import kv_store

SERVERS, SECONDS = 100, 30


def rows(bench: Bench) -> Iterator[Row]:
    if not bench.long:
        return
    with a_node() as running:
        for _ in range(SERVERS):
            kv_store.start_link(name=None)
        before = _processor_time(running)
        time.sleep(SECONDS)
        took = _processor_time(running) - before
    yield Row(f"processor time of {SERVERS} idle servers in {SECONDS} s", took * 1e3, "ms")


def _processor_time(running: node.Node) -> float:
    """Of the kernel, the launchers and all that they have started."""
    kernel = psutil.Process(running.os_pid)
    everyone = [kernel, *kernel.children(recursive=True)]
    return sum(one.cpu_times().user + one.cpu_times().system for one in everyone)
