"""A call and a cast, beside the same bytes through bare pipes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from benchmarks.baselines import Bare
from benchmarks.nodes import Bench, Notes, a_node, one_cpu, times
from benchmarks.servers import Echo, os_pid_of
from benchmarks.table import UNITS, Row, compared, latency, p99
from benchmarks.values import ORDER, REQUEST
from otp import gen_server
from otp.examples import kv_store
from otp.gen_server import call
from otp.terms import Pid

CALLS, CASTS = 2_000, 20_000
PIPE, NAME = "bare pipe, one CPU", "store"


def rows(bench: Bench) -> Iterator[Row]:
    with a_node():
        store = kv_store.start_link(name=NAME)
        echo = gen_server.start_link(Echo, None)
        got = Notes()
        for _ in range(bench.rounds):
            _calls(bench.bare, got, store, echo)
        yield from _of_calls(got)
        got = Notes()
        for _ in range(bench.rounds):
            _casts(bench.bare, got, echo)
        yield from _of_casts(got)


def _calls(bare: Bare, got: Notes, store: Pid, echo: Pid) -> None:
    got.note("bare", bare.calls(CALLS, REQUEST))
    got.note("bare, free", bare.calls(CALLS, REQUEST, False))
    got.note("call", times(CALLS, call, store, REQUEST))
    got.note("by name", times(CALLS, call, NAME, REQUEST))
    got.note("bare dataclass", bare.calls(CALLS, ORDER))
    got.note("dataclass", times(CALLS, call, echo, ORDER))
    with one_cpu(os_pid_of(store), os_pid_of(echo)):
        got.note("call, one CPU", times(CALLS, call, store, REQUEST))
        got.note("by name, one CPU", times(CALLS, call, NAME, REQUEST))
        got.note("dataclass, one CPU", times(CALLS, call, echo, ORDER))


def _of_calls(got: Notes) -> Iterator[Row]:
    bare, called, pinned = got["bare"], got["call"], got["call, one CPU"]
    us = UNITS["µs"]
    late, late_pinned = p99(called), p99(pinned)
    yield latency("bare pipe and pickle, one CPU", bare)
    yield latency("bare pipe and pickle, free", got["bare, free"])
    yield compared("call", called, bare, PIPE, budget=2.5)
    yield Row("call, p99", late * us, "µs", None, late / median(bare), PIPE, 12)
    yield compared("call, one CPU", pinned, bare, PIPE, budget=3.0)
    yield Row("call, one CPU, p99", late_pinned * us, "µs", None, late_pinned / p99(bare),
              "its p99")  # fmt: skip
    yield compared("call by name", got["by name"], called, "call", budget=1.25)
    yield compared("call by name, one CPU", got["by name, one CPU"], pinned, "call, one CPU",
                   budget=1.25)  # fmt: skip
    base, what = got["bare dataclass"], "the same by bare pipe"
    yield compared("call, a dataclass there and back", got["dataclass"], base, what)
    yield compared("the same, one CPU", got["dataclass, one CPU"], base, what)


def _casts(bare: Bare, got: Notes, echo: Pid) -> None:
    got.note("bare", bare.casts(CASTS))
    got.note("cast", _cast(echo))
    got.note("bare, one CPU", bare.casts(CASTS, True))
    with one_cpu(os_pid_of(echo)):
        got.note("cast, one CPU", _cast(echo))


def _cast(server: Pid) -> float:
    """Casts a second, until the last one is handled."""
    begin = time.perf_counter()
    for i in range(CASTS):
        gen_server.cast(server, ("delete", i))
    handled = call(server, "count", None)
    took = time.perf_counter() - begin
    if handled != CASTS:
        raise RuntimeError(f"{handled} of {CASTS} casts have come")
    return CASTS / took


def _of_casts(got: Notes) -> Iterator[Row]:
    for more, budget in (("", 0.4), (", one CPU", None)):
        bare, ours = median(got["bare" + more]), median(got["cast" + more])
        what = "bare dumps and write"
        yield Row(f"casts, drained{more}", ours, "/s", None, ours / bare, what, budget, True)
