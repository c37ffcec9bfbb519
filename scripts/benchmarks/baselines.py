"""What the machine itself takes: the same work without the library.

Everything here runs in a small process of its own, whatever the measuring program has imported:
a fork of a large process takes longer. `Bare` is the handle by which that process is told to.
"""

from __future__ import annotations

import mmap
import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

CPUS = sorted(os.sched_getaffinity(0))
READ = 65536


class Bare:
    """``bare.calls(100)`` runs the function `calls` of this file in the small process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from benchmarks.baselines import serve; serve()"],
            cwd=Path(__file__).parents[1], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def __getattr__(self, function: str) -> Callable[..., Any]:
        def ask(*args: Any) -> Any:
            orders, answers = self._process.stdin, self._process.stdout
            assert orders is not None
            assert answers is not None
            pickle.dump((function, args), orders)
            orders.flush()
            return pickle.load(answers)

        return ask

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._process.communicate()


def serve() -> None:
    """The small process: do as told until nobody tells anything any more."""
    orders, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    while orders.peek(1):
        function, args = pickle.load(orders)
        pickle.dump(globals()[function](*args), answers)
        answers.flush()


# ---- messages


def calls(count: int, value: Any, pinned: bool = True) -> list[float]:
    """Blocking ping-pong of a pickled value over two pipes, both ends on one CPU if `pinned`."""
    (to_read, to_write), (back_read, back_write) = os.pipe(), os.pipe()
    os.sched_setaffinity(0, CPUS[:1] if pinned else CPUS)
    child = os.fork()
    if not child:
        os.close(to_write)
        _echo(to_read, back_write)
        os._exit(0)
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        os.write(to_write, pickle.dumps(value, 5))
        pickle.loads(os.read(back_read, READ))
        times.append(time.perf_counter() - begin)
    for fd in (to_read, to_write, back_read, back_write):
        os.close(fd)
    os.waitpid(child, 0)
    os.sched_setaffinity(0, CPUS)
    return times


def _echo(read: int, write: int) -> None:
    """The far end: unpickle, pickle, as a server must."""
    while data := os.read(read, READ):
        os.write(write, pickle.dumps(pickle.loads(data), 5))


def casts(count: int, pinned: bool = False) -> float:
    """Casts a second of a loop of dumps and write into a pipe whose reader unpickles."""
    os.sched_setaffinity(0, CPUS[:1] if pinned else CPUS)
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(write)
        with open(read, "rb") as file:
            for _ in range(count):
                pickle.load(file)
        os._exit(0)
    os.close(read)
    begin = time.perf_counter()
    for i in range(count):
        os.write(write, pickle.dumps(("delete", i), 5))
    os.close(write)
    os.waitpid(child, 0)
    took = time.perf_counter() - begin
    os.sched_setaffinity(0, CPUS)
    return count / took


def copies(count: int, size: int) -> list[float]:
    """`memcpy` of so many bytes into freshly mapped memory."""
    data = os.urandom(min(size, 1 << 20)) * max(1, size >> 20)
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        fresh = mmap.mmap(-1, len(data), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        fresh[:] = data
        times.append(time.perf_counter() - begin)
        fresh.close()
    return times


# ---- processes


def starts(count: int) -> list[float]:
    """`multiprocessing` by fork, until the child says that it runs."""
    return [_start_and_kill(restart=False) for _ in range(count)]


def restarts(count: int) -> list[float]:
    """From the kill of such a child, watched by its sentinel, until the next one runs."""
    return [_start_and_kill(restart=True) for _ in range(count)]


def _start_and_kill(*, restart: bool) -> float:
    fork = multiprocessing.get_context("fork")
    ready, tell = os.pipe()
    child = fork.Process(target=_child, args=(tell,))
    begin = time.perf_counter()
    child.start()
    os.read(ready, 1)
    if restart:
        begin = time.perf_counter()
        os.kill(child.pid or 0, signal.SIGKILL)
        multiprocessing.connection.wait([child.sentinel])
        child.join()
        child = fork.Process(target=_child, args=(tell,))
        child.start()
        os.read(ready, 1)
    took = time.perf_counter() - begin
    os.kill(child.pid or 0, signal.SIGKILL)
    child.join()
    os.close(ready)
    os.close(tell)
    return took


def _child(tell: int) -> None:
    os.write(tell, b"x")
    signal.pause()
