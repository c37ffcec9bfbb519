"""A whole node in one process, under schedules that a seed draws: a part of ``make havoc``.

The kernel is the real one, its loop, its decisions and its hands (`otp.kernel`); so are the context
and mailbox of each process (`otp.runtime`), and how a supervisor decides (`otp.behaviour`). Pipes,
signals, forks and the clock are pretended (`system`), so that each step of each process can be put
before or after each step of any other:

    system       pipes, descriptors, OS processes, time     forking    the launchers
    living       one process                                doing      what it may do
    supervising  a supervisor                               node       all of them
    acting       what may happen                            choosing   what happens next
    promises     what must come of it (of `facts`)          watching   whether it does
    rest         what holds when nothing moves any more     playing    by a seed, again, in short

What breaks is told with as few actions as it takes: ``python -m tests.havoc.simulation --seed N``.
"""

from __future__ import annotations

import gc
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from time import monotonic
from typing import NamedTuple

from tests.havoc.report import Row
from tests.havoc.simulation.playing import by_seed, stage, told

_EACH = 1 << 32  # seeds apart, so that no two processes draw the same
_MOST_TOLD = 3
_COLLECT_EVERY = 500


class Count(NamedTuple):
    schedules: int
    verbs: Counter[str]
    broken: list[int]
    """Seeds."""


def run(seed: int, dose: float) -> list[Row]:
    """As many schedules as there is time for, on all processors."""
    seconds = 11 * dose
    cores = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(cores) as pool:
        parts = [pool.submit(_many, seed + n * _EACH, seconds) for n in range(cores)]
        counts = [part.result() for part in parts]
    broken = [each for count in counts for each in count.broken]
    for each in broken[:_MOST_TOLD]:
        _tell(each)
    verbs = sum((count.verbs for count in counts), Counter[str]())
    done = ", ".join(f"{verb} {number:,}" for verb, number in verbs.most_common())
    print(f"actions: {done}")
    schedules = sum(count.schedules for count in counts)
    return [
        Row("schedule of a simulated node", schedules, "all that a kernel promises", len(broken))
    ]


def _many(seed: int, seconds: float) -> Count:
    until, verbs, broken = monotonic() + seconds, Counter[str](), list[int]()
    gc.disable()
    with stage() as system:
        for number in count():
            if monotonic() >= until:
                return Count(number, verbs, broken)
            story = by_seed(system, seed + number)
            verbs.update(verb for verb, *_ in story.actions)
            if story.broken is not None:
                broken.append(seed + number)
            if number % _COLLECT_EVERY == 0:
                gc.collect()
    raise AssertionError("there is always another seed")


def _tell(seed: int) -> None:
    with stage() as system:
        print(told(system, seed))
    print(f"again: python -m tests.havoc.simulation --seed {seed}")
