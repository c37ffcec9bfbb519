"""The same round trip, and the same start, through what others have built.

Each peer is a context that yields a function which asks and waits for the answer; entering it is
its start: from nothing until it has answered once. "two CPUs" is one for this program, the other
for all that it has started; the BEAM has both. What is not installed is named as skipped.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib.util import find_spec
from multiprocessing.connection import Connection
from multiprocessing.managers import BaseManager
from shutil import which
from time import perf_counter
from typing import Any

import psutil

from benchmarks import beam
from benchmarks.baselines import CPUS
from benchmarks.nodes import Bench, Notes, a_node, times
from benchmarks.plain import Plain, start_link
from benchmarks.table import Row, compared
from benchmarks.values import REQUEST
from otp.gen_server import call

Ask = Callable[[Any], Any]

CALLS = 500
US = "this library"


def rows(bench: Bench) -> Iterator[Row]:
    peers = {name: peer for name, (module, peer) in PEERS.items() if find_spec(module)}
    got = Notes()
    for _ in range(max(1, bench.rounds // 2)):
        for name, peer in {US: this_library, **peers}.items():
            _measure(got, name, peer)
    for name in (US, *peers):
        for where in ("one CPU", "two CPUs"):
            called, base = got[f"{name}, {where}"], got[f"{US}, {where}"]
            yield compared(f"{name}: call, {where}", called, base, US)
        yield compared(f"{name}: start", got[f"{name}: start"], got[f"{US}: start"], US, "ms")
    if which("erl") and which("erlc"):
        yield from beam.rows(got[f"{US}, two CPUs"], US)
    missing = [name for name in PEERS if name not in peers]
    missing += [] if which("erl") and which("erlc") else ["the BEAM"]
    if missing:
        print(f"skipped, for they are not installed: {', '.join(missing)}", file=sys.stderr)


def _measure(got: Notes, name: str, peer: Callable[[], AbstractContextManager[Ask]]) -> None:
    begin = perf_counter()
    with peer() as ask:
        got.note(f"{name}: start", perf_counter() - begin)
        with _on(CPUS[:1], CPUS[:1]):
            got.note(f"{name}, one CPU", times(CALLS, ask, REQUEST))
        with _on(CPUS[:1], CPUS[-1:]):
            got.note(f"{name}, two CPUs", times(CALLS, ask, REQUEST))


@contextmanager
def _on(ours: list[int], theirs: list[int]) -> Iterator[None]:
    """Let this program run here, and all that it has started there."""
    us, children = psutil.Process(), psutil.Process().children(recursive=True)
    _place([us], ours)
    _place(children, theirs)
    yield
    _place([us, *children], CPUS)


def _place(processes: list[psutil.Process], cpus: list[int]) -> None:
    for process in processes:
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
            for thread in os.listdir(f"/proc/{process.pid}/task"):
                os.sched_setaffinity(int(thread), cpus)


# ---- peers


@contextmanager
def this_library() -> Iterator[Ask]:
    with a_node():
        pid = start_link(Plain)
        call(pid, "you")
        yield lambda request: call(pid, request)


@contextmanager
def pipe() -> Iterator[Ask]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_answer, args=(there,))
    process.start()

    def ask(request: Any) -> Any:
        here.send(request)
        return here.recv()

    ask("you")
    yield ask
    here.send(None)
    process.join()


def _answer(pipe: Connection) -> None:
    while (request := pipe.recv()) is not None:
        pipe.send(request)


class _Echo:
    def ask(self, request: Any) -> Any:
        return request


class _Manager(BaseManager):
    """Keeps an object in a process of its own and gives out proxies."""


_Manager.register("Echo", _Echo)


@contextmanager
def manager() -> Iterator[Ask]:
    with _Manager(ctx=multiprocessing.get_context("fork")) as running:
        echo = running.Echo()  # type: ignore[attr-defined]
        echo.ask("you")
        yield echo.ask


@contextmanager
def executor() -> Iterator[Ask]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        pool.submit(_same, "you").result()
        yield lambda request: pool.submit(_same, request).result()


def _same(request: Any) -> Any:
    return request


@contextmanager
def ray() -> Iterator[Ask]:
    import ray

    ray.init(num_cpus=2, include_dashboard=False, logging_level=logging.ERROR)
    echo = ray.remote(_Echo).remote()
    ray.get(echo.ask.remote("you"))
    yield lambda request: ray.get(echo.ask.remote(request))
    ray.shutdown()


@contextmanager
def xoscar() -> Iterator[Ask]:
    import xoscar

    class Echo(xoscar.Actor):  # type: ignore[misc]
        async def ask(self, request: Any) -> Any:
            return request

    async def start() -> tuple[Any, Any]:
        pool = await xoscar.create_actor_pool("127.0.0.1", n_process=1)
        echo = await xoscar.create_actor(
            Echo, address=pool.external_address, uid="echo",
            allocate_strategy=xoscar.allocate_strategy.ProcessIndex(1),
        )  # fmt: skip
        await echo.ask("you")
        return pool, echo

    loop = asyncio.new_event_loop()
    pool, echo = loop.run_until_complete(start())
    yield lambda request: loop.run_until_complete(echo.ask(request))
    loop.run_until_complete(pool.stop())
    loop.close()


@contextmanager
def thespian() -> Iterator[Ask]:
    from thespian.actors import ActorSystem

    from benchmarks.thespian_echo import Echo

    system = ActorSystem("multiprocQueueBase")
    echo = system.createActor(Echo)
    system.ask(echo, "you", 10)
    yield lambda request: system.ask(echo, request, 10)
    system.shutdown()


PEERS: dict[str, tuple[str, Callable[[], AbstractContextManager[Ask]]]] = {
    "multiprocessing.Pipe": ("multiprocessing", pipe),
    "Manager": ("multiprocessing", manager),
    "ProcessPoolExecutor": ("multiprocessing", executor),
    "Ray": ("ray", ray),
    "xoscar": ("xoscar", xoscar),
    "Thespian": ("thespian", thespian),
}
