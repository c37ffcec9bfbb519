"""Bytes that nobody of ours has written, wherever somebody of ours reads: a part of ``make havoc``.

A fuzzer looks for them in the code that reads (all of it in one process), and a node is given them
while it works. Each is refused and logged, and nobody dies who should not.

    coverage, mutating, fuzzing   the fuzzer: what is worth changing, changes, findings
    ground                        what it reads from
    wire, requests                what must hold of `otp.wire` and `otp.kernel.state`, for any bytes
    world, trial                  a node, what must hold of it after each case, and many of them
    pipes, files, values          the cases

``python -m tests.havoc.hostile_bytes`` shows one finding, or one case, again.
"""

from __future__ import annotations

import logging
import os
import random
import resource
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from time import monotonic
from typing import Final

from tests.havoc.hostile_bytes import files, pipes, requests, values, wire
from tests.havoc.hostile_bytes.fuzzing import Outcome, Target, fuzz, told
from tests.havoc.hostile_bytes.trial import Trial
from tests.havoc.report import Row

TARGETS: Final = {target.name: target for target in (*wire.TARGETS, requests.TARGET)}
CASES: Final = {
    "frames": (pipes.cases, "refused and logged; all others go on"),
    "files": (files.cases, "refused; what is not ours stays, nothing is left"),
    "pickles": (values.cases, "whoever loads them goes on, or dies alone"),
}
_MEMORY: Final = 2 << 30
"""Bytes of address space for a fuzzer: what asks for more has found a bug."""


def run(seed: int, dose: float) -> list[Row]:
    """Half of the time for the fuzzer, half for the cases."""
    seconds = 11 * dose
    return [*_fuzzed(seed, seconds / 2), *_tried(seed, seconds / 2)]


def _tried(seed: int, seconds: float) -> list[Row]:
    trial, rows = Trial(), []
    try:
        for name, (cases, promised) in CASES.items():
            until = monotonic() + seconds / len(CASES)
            count, lost = trial.run(cases(random.Random(f"{name} {seed}")), until)
            rows.append(Row(f"hostile {name}", count, promised, lost))
    finally:
        trial.close()
    return rows


def _fuzzed(seed: int, seconds: float) -> list[Row]:
    """Each target gets its share of the time, on all processors."""
    cores = len(os.sched_getaffinity(0))
    each = seconds * cores / sum(target.share for target in TARGETS.values())
    with ProcessPoolExecutor(cores, initializer=_limited) as pool:
        slow_first = sorted(TARGETS, key=lambda name: -TARGETS[name].share)
        tried = pool.map(partial(_outcome, seed, each), slow_first)
        outcomes = dict(zip(slow_first, tried, strict=True))
    return [_row(target, outcomes[name]) for name, target in TARGETS.items()]


def _limited() -> None:
    logging.disable()  # each input is refused, and most are told of
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def _outcome(seed: int, seconds: float, name: str) -> Outcome:
    return fuzz(TARGETS[name], seed, seconds * TARGETS[name].share)


def _row(target: Target, out: Outcome) -> Row:
    print(
        f"{target.name:9} {out.executions:8,} executions, {out.edges:4} edges, "
        f"{len(out.known):4} inputs worth changing",
        flush=True,
    )
    if out.findings:
        print(told(target, out.findings), flush=True)
    fault = f"any bytes for {target.name}: {out.edges} edges"
    return Row(fault, out.executions, target.promised, len(out.findings))
