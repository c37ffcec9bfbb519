"""What spinning costs those who have work to do: the same with and without it."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from benchmarks.clients import calls_a_second, crowd
from benchmarks.nodes import Bench, Notes, a_node
from benchmarks.servers import loops_for
from benchmarks.table import Row
from benchmarks.values import REQUEST

SECONDS = 0.7
WORK = 200e-6


def rows(bench: Bench) -> Iterator[Row]:
    got = Notes()
    loops = loops_for(WORK)
    for _ in range(bench.rounds):
        _measure(got, "", loops)
        _measure(got, "sleeping ", loops, "benchmarks.sleeping")
    of = "without spinning"
    for name, budget in (("2 pairs, 200 µs of work a call", 0.95), ("16 pairs, no work", None)):
        rate = median(got[name])
        yield Row(name, rate, "/s", None, rate / median(got[f"sleeping {name}"]), of, budget, True)


def _measure(got: Notes, how: str, loops: int, *preload: str) -> None:
    with a_node(*preload):
        working = crowd(2, 2, ("work", loops))
        tiny = crowd(16, 16, REQUEST)
        got.note(f"{how}2 pairs, 200 µs of work a call", calls_a_second(working, SECONDS))
        got.note(f"{how}16 pairs, no work", calls_a_second(tiny, SECONDS))
