"""The program, the kernel and launchers are killed, in every combination and at one moment.

With each of them the node ends. It is idle or busy, or has a worker that is stopped; a supervisor
or another worker may die at the same moment. Of a node whose processes are all killed at once a
directory remains, which is removed by the next node.
"""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain, combinations, cycle, product
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from tests.havoc.machine import runtime_directory, slowness
from tests.havoc.report import Row
from tests.programs import Program, comm, gone, launchers, program

WITHIN = 2.0
"""Seconds: guarantee 6, on a machine that has nothing else to do."""

_PROMISED = "within 2 s no process, file or name is left"

HEARTS: dict[str, Callable[[Program], list[int]]] = {
    "program": lambda program: [program.os_pid],
    "kernel": lambda program: [program.pids["kernel"]],
    "launchers": lambda program: launchers(program.pids["kernel"]),
}
OTHERS: dict[str, Callable[[Program], list[int]]] = {
    "supervisor": lambda program: [program.pids["top"]],
    "worker": lambda program: [program.pids["idle"]],
}
EVERYBODY = ("everybody",)
STATES = ("idle", "under load", "one stopped")
"""One who is stopped does nothing about the end of the others, but the others about its own."""


def _subsets(names: Any) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(names, count) for count in range(len(names) + 1))


class End(NamedTuple):
    hearts: tuple[str, ...]
    others: tuple[str, ...]
    state: str

    def __str__(self) -> str:
        return f"{' + '.join(self.hearts + self.others)}, {self.state}"


def ends(seed: int) -> Iterator[End]:
    """Without end: each combination of hearts in turn, with all that may go along one by one."""
    chance = random.Random(seed)
    hearts = [*filter(None, _subsets(HEARTS)), EVERYBODY]
    along = {}
    for heart in hearts:
        ways = list(product(_subsets(OTHERS) if heart != EVERYBODY else [()], STATES))
        ways = [
            way for way in ways if way != (tuple(OTHERS), "one stopped")
        ]  # nobody would be left
        chance.shuffle(ways)
        along[heart] = cycle(ways)
    while True:
        chance.shuffle(hearts)
        for heart in hearts:
            yield End(heart, *next(along[heart]))


def run(seed: int, dose: float) -> list[Row]:
    seconds = 8 * dose
    until, done, lost = monotonic() + seconds, Counter[tuple[str, ...]](), Counter[Any]()
    with runtime_directory() as base:
        for number, end in enumerate(ends(seed)):
            if monotonic() > until and done.keys() >= set(_all_hearts()):
                break
            harm = end_of(Path(base, str(number)), end)
            done[end.hearts] += 1
            lost[end.hearts] += bool(harm)
            if harm:
                print(f"end {number} of seed {seed}: {end}: {'; '.join(harm)}", flush=True)
    print(f"{done.total():6} ends of a node", flush=True)
    return [
        Row(f"kill -9: {' + '.join(hearts)}", done[hearts], _promise(hearts), lost[hearts])
        for hearts in _all_hearts()
    ]


def _all_hearts() -> list[tuple[str, ...]]:
    return [*filter(None, _subsets(HEARTS)), EVERYBODY]


def _promise(hearts: tuple[str, ...]) -> str:
    return "the next node removes its directory" if hearts == EVERYBODY else _PROMISED


def end_of(base: Path, end: End) -> list[str]:
    """What was wrong with this end of a node."""
    within = WITHIN * slowness()
    with program(base, "tree", "load" * (end.state == "under load")) as running:
        everyone = running.node()
        if end.state == "one stopped":
            os.kill(running.pids["counter"], signal.SIGSTOP)
        if end.hearts == EVERYBODY:
            _kill_everybody(running)
        else:
            victims = [(HEARTS | OTHERS)[who](running) for who in end.hearts + end.others]
            running.kill(*chain.from_iterable(victims))
        harm = list(_remains(running, everyone, within))
        if end.hearts != EVERYBODY:
            harm += _files(base)
    return harm + list(_swept(base) if end.hearts == EVERYBODY else ())


def _kill_everybody(running: Program) -> None:
    """Nobody is forked between two of these: all of the node are one group."""
    for sent in (signal.SIGSTOP, signal.SIGKILL):
        os.kill(running.os_pid, sent)
        os.killpg(running.pids["kernel"], sent)


def _remains(running: Program, everyone: list[int], within: float) -> Iterator[str]:
    """Whoever still lives after so many seconds, and the files; newcomers are waited for too."""
    until, alive = monotonic() + within, everyone
    while alive and gone(alive, max(0.0, until - monotonic())):
        alive = running.node()
    for os_pid in alive:
        if name := comm(os_pid):
            yield f"{os_pid} ({name}) lives"


def _swept(base: Path) -> Iterator[str]:
    """A node that is begun now removes what is left of the other one."""
    before = set(os.listdir(base))
    following = Program(base, "bare")
    try:
        if left := before & set(os.listdir(base)):
            yield f"the next node has not removed {left}"
        everyone = following.node()
        following.kill(following.os_pid)
        yield from _remains(following, everyone, WITHIN * slowness())
        yield from _files(base)
    finally:
        following.close()


def _files(base: Path) -> Iterator[str]:
    if left := sorted(str(path.relative_to(base)) for path in base.rglob("*")):
        yield f"files are left: {left}"
