"""A fuzzer that is guided by coverage: what takes a new step through the code is worth changing.

1. begin with what a target calls real
2. change one of the inputs that are known, by chance (`mutating`)
3. run it: a property that does not hold, or that is not decided within `_PATIENCE`, is a finding
4. who took an edge that none has taken before joins the inputs that are known

A seed gives the same inputs again, and an input is all there is to a finding.
"""

from __future__ import annotations

import gc
import random
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType, ModuleType
from typing import Final, NamedTuple, NoReturn

from tests.havoc.hostile_bytes.coverage import Edge, Edges
from tests.havoc.hostile_bytes.ground import taken
from tests.havoc.hostile_bytes.mutating import mutated

_PATIENCE: Final = 2.0  # seconds for one input
_ENOUGH: Final = 3
"""Findings of one kind are alike."""


class Stuck(BaseException):
    """It does not come to an end."""


class Target(NamedTuple):
    """`check` raises whatever shows that a property of the code does not hold for these bytes."""

    name: str
    promised: str
    modules: tuple[ModuleType, ...]
    """Whose lines count."""
    seeds: tuple[bytes, ...]
    check: Callable[[bytes], object]
    share: int = 1
    """Of the time."""


class Finding(NamedTuple):
    data: bytes
    what: str


class Outcome(NamedTuple):
    executions: int
    edges: int
    findings: list[Finding]
    known: list[bytes]
    """The seeds, and all that was found to be worth changing."""


def fuzz(
    target: Target, seed: int, seconds: float, most: int | None = None, enough: int = _ENOUGH
) -> Outcome:
    """For so long, or `most` executions, or `enough` findings, whatever is over first."""
    chance, until = random.Random(f"{target.name} {seed}"), monotonic() + seconds
    edges, known, seen = Edges(target.modules), list(target.seeds), set[Edge]()
    findings: dict[str, Finding] = {}
    executions = 0
    gc.collect()
    with _alarm(), taken():
        for data in _inputs(chance, known):
            if executions == most or monotonic() >= until or len(findings) == enough:
                break
            executions += 1
            if what := _tried(target, data, edges):
                findings.setdefault(what, Finding(data, what))
            if not edges.taken <= seen:
                seen |= edges.taken
                known.append(data)
            edges.taken.clear()
    return Outcome(executions, len(seen), list(findings.values()), known)


def _inputs(chance: random.Random, known: list[bytes]) -> Iterator[bytes]:
    yield from tuple(known)
    while True:
        yield mutated(chance, chance.choice(known), known)


def _tried(target: Target, data: bytes, edges: Edges) -> str:
    """What is wrong; nothing if nothing is."""
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
    try:
        with edges.watched():
            target.check(data)
    except (Exception, Stuck) as error:
        return f"{type(error).__name__}: {str(error)[:300]}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return ""


@contextmanager
def _alarm() -> Iterator[None]:
    def over(signum: int, frame: FrameType | None) -> NoReturn:
        raise Stuck(f"not done within {_PATIENCE} s")

    before = signal.signal(signal.SIGALRM, over)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)


def again(target: Target, data: bytes) -> None:
    """Raises what is wrong, if anything is."""
    with _alarm(), taken():
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
        try:
            target.check(data)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


def told(target: Target, findings: Iterable[Finding]) -> str:
    """Each with the line that shows it again."""
    return "\n".join(
        f"{target.name}: {what}\n"
        f'    again: python -m tests.havoc.hostile_bytes {target.name} "{data!r}"'
        for data, what in findings
    )
