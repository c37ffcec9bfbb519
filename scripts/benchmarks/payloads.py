"""Large payloads, there and back, beside one copy of as many bytes into freshly mapped memory.

The ratio is one of speed: 1.0 would be as fast as copying once, and copied once it must be.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import numpy as np
import psutil

from benchmarks.nodes import Bench, Notes, a_node, times
from benchmarks.table import Row, latency
from otp import gen_server
from otp.gen_server import CallResult, GenServer, Ok, Reply
from otp.terms import From, Pid

KB, MB = 1_000, 1_000_000
BUDGETED, LARGEST, ROOM = 100 * MB, 1_000 * MB, 8
BUDGETS = {"numpy": 0.5, "bytes": 0.25}
SIZES = (4 * KB, 64 * KB, MB, 16 * MB, BUDGETED)


def _array(size: int) -> Any:
    return np.ones(size // 8)


def _nested(size: int) -> Any:
    part = size // 4
    return {"parts": [_array(part), _array(part)], "more": {"left": _array(part), "right": [
        _array(part)]}}  # fmt: skip


KINDS: dict[str, Callable[[int], Any]] = {
    "numpy": _array,
    "bytes": bytes,
    "bytearray": bytearray,
    "nested arrays": _nested,
}


class Store(GenServer[Any]):
    """Takes values, says how large they were, keeps one and gives it back."""

    def init(self, arg: Any, /) -> Ok[Any]:
        return Ok(None)

    def handle_call(self, request: Any, caller: From, state: Any) -> CallResult[Any]:
        match request:
            case ("take", value):
                return Reply(number_of_bytes(value), state)
            case ("keep", value):
                return Reply(None, value)
            case "give":
                return Reply(state, state)
            case _:
                return super().handle_call(request, caller, state)


def number_of_bytes(value: Any) -> int:
    """What a payload holds, but for the little around it."""
    match value:
        case np.ndarray():
            return value.nbytes
        case dict():
            return sum(map(number_of_bytes, value.values()))
        case list():
            return sum(map(number_of_bytes, value))
        case _:
            return len(value)


def rows(bench: Bench) -> Iterator[Row]:
    has_room = psutil.virtual_memory().available > ROOM * LARGEST
    sizes = (*SIZES, LARGEST) if bench.long and has_room else SIZES
    with a_node() as running:
        store = gen_server.start_link(Store, None)
        for size in sizes:
            yield from _of_size(bench, store, size)
        left = sum(len(files) for _, _, files in os.walk(f"{running.directory}/parcels"))
        yield Row("files of payloads left behind", left, "", budget=0)
    if bench.long and not has_room:
        print(f"skipped: {LARGEST // MB:,} MB, for too little memory is free", file=sys.stderr)


def _of_size(bench: Bench, store: Pid, size: int) -> Iterator[Row]:
    rounds = bench.rounds if size < LARGEST else 2
    count = max(1, min(200, 20 * MB // size))
    got = Notes()
    for _ in range(rounds):
        got.note("memcpy", bench.bare.copies(count, size))
        for kind, make in KINDS.items():
            _there_and_back(got, store, kind, make(size), count)
    yield latency(
        f"memcpy of {_named(size)}", got["memcpy"], _unit(size), curve="payloads: memcpy", x=size
    )
    for name in [name for name in got if name != "memcpy"]:
        kind = name.split(",")[0]
        budget = BUDGETS.get(kind) if size == BUDGETED else None
        yield latency(
            f"{_named(size)} {name}", got[name], _unit(size), of="the speed of memcpy",
            ratio=median(got["memcpy"]) / median(got[name]), budget=budget, at_least=True,
            curve=f"payloads: {name}", x=size,
        )  # fmt: skip


def _there_and_back(got: Notes, store: Pid, kind: str, value: Any, count: int) -> None:
    if (came := gen_server.call(store, ("take", value), None)) != number_of_bytes(value):
        raise RuntimeError(f"{came} bytes have come of {number_of_bytes(value)}")
    got.note(f"{kind}, to a server", times(count, gen_server.call, store, ("take", value), None))
    gen_server.call(store, ("keep", value), None)
    got.note(f"{kind}, from a server", times(count, gen_server.call, store, "give", None))
    gen_server.call(store, ("keep", None), None)


def _named(size: int) -> str:
    return f"{size // MB:,} MB" if size >= MB else f"{size // KB} KB"


def _unit(size: int) -> str:
    return "ms" if size >= MB else "µs"
