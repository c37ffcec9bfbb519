"""What the operating system and `multiprocessing` need for the same: the yardsticks of `bench`."""

from __future__ import annotations

import mmap
import multiprocessing.connection
import os
import pickle
import signal
import time
from collections.abc import Callable

REQUEST = ("get", "b")
CPUS = sorted(os.sched_getaffinity(0))


def timed(act: Callable[[], object]) -> float:
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def bare_copy(data: bytes) -> float:
    """Bytes a second of one copy into memory that was mapped for it."""
    begin = time.perf_counter()
    with mmap.mmap(-1, len(data)) as fresh:
        fresh[:] = data
        took = time.perf_counter() - begin
    return len(data) / took


def echo(read: int, write: int) -> None:
    """The far end of the bare ping-pong: unpickle, pickle, as a server must."""
    while data := os.read(read, 65536):
        os.write(write, pickle.dumps(pickle.loads(data), 5))


def bare_calls(count: int) -> list[float]:
    """Blocking ping-pong of the pickled request over two pipes, both ends on one CPU."""
    (to_read, to_write), (back_read, back_write) = os.pipe(), os.pipe()
    os.sched_setaffinity(0, CPUS[:1])
    child = os.fork()
    if not child:
        os.close(to_write)
        echo(to_read, back_write)
        os._exit(0)
    os.close(to_read)
    times = [timed(lambda: _ping(to_write, back_read)) for _ in range(count)]
    for fd in (to_write, back_read, back_write):
        os.close(fd)
    os.waitpid(child, 0)
    os.sched_setaffinity(0, CPUS)
    return times


def _ping(write: int, read: int) -> None:
    os.write(write, pickle.dumps(REQUEST, 5))
    pickle.loads(os.read(read, 65536))


def bare_casts(count: int) -> float:
    """Casts a second of a loop of dumps and write into a pipe whose reader unpickles."""
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
    return count / (time.perf_counter() - begin)


class Small:
    """A small process that starts children by fork, as the yardstick wants it."""

    def __init__(self) -> None:
        self._here, there = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(
            target=_serve_starts, args=(there,)
        )
        self._process.start()

    def start(self) -> float:
        self._here.send("start")
        return float(self._here.recv())

    def restart(self) -> float:
        self._here.send("restart")
        return float(self._here.recv())

    def close(self) -> None:
        self._here.send(None)
        self._process.join()


def _serve_starts(pipe: multiprocessing.connection.Connection) -> None:
    fork = multiprocessing.get_context("fork")
    while what := pipe.recv():
        ready, tell = os.pipe()
        child = fork.Process(target=_child, args=(tell,))
        begin = time.perf_counter()
        child.start()
        os.read(ready, 1)
        if what == "restart":
            begin = time.perf_counter()
            os.kill(child.pid or 0, signal.SIGKILL)
            multiprocessing.connection.wait([child.sentinel])
            child.join()
            child = fork.Process(target=_child, args=(tell,))
            child.start()
            os.read(ready, 1)
        pipe.send(time.perf_counter() - begin)
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
        os.close(ready)
        os.close(tell)


def _child(tell: int) -> None:
    os.write(tell, b"x")
    signal.pause()
