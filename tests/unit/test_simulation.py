"""The simulated node of ``make havoc``: some schedules, and whether it finds what is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from otp.kernel import names, timers
from otp.kernel.graph import Graph
from tests.havoc.simulation.playing import again, by_seed, shrunk, stage, told
from tests.havoc.simulation.system import System

SCHEDULES, AT_ONCE = 2000, 250


@pytest.fixture
def system() -> Iterator[System]:
    with stage() as system:
        yield system


@pytest.mark.parametrize("first", range(0, SCHEDULES, AT_ONCE))
def test_every_promise_is_kept(system: System, first: int) -> None:
    broken = [n for n in range(first, first + AT_ONCE) if by_seed(system, n).broken is not None]
    assert not broken, told(system, broken[0])


def test_a_seed_draws_the_same_schedule_each_time(system: System) -> None:
    assert by_seed(system, 7) == by_seed(system, 7) == again(system, by_seed(system, 7).actions)


def twice(self: Graph, who: int) -> tuple[list[int], list[tuple[int, int]]]:
    linked, watchers = DIED(self, who)
    return linked, watchers * 2


DIED = Graph.died
MUTANTS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "links stay": (Graph, "unlink", lambda self, a, b: None),
    "each Down twice": (Graph, "died", twice),
    "names stay": (names, "release", lambda state, process: []),
    "timers to the dead stay": (timers, "forget", lambda state, destination: None),
}


@pytest.mark.parametrize("what", MUTANTS)
def test_a_broken_kernel_is_found_and_what_it_does_told_in_short(
    system: System, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(*MUTANTS[what])
    story = next(story for n in range(300) if (story := by_seed(system, n)).broken is not None)
    short = shrunk(system, story)
    assert short.broken is not None
    assert len(short.actions) < len(story.actions)
    assert again(system, short.actions) == short


def test_a_broken_seed_is_told_with_its_history(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*MUTANTS["names stay"])
    seed = next(n for n in range(300) if by_seed(system, n).broken is not None)
    lines = told(system, seed).splitlines()
    assert lines[0].startswith(f"seed {seed}: ")
    assert any("kernel reads REAPED" in line for line in lines)
    assert lines[-1].startswith("BROKEN: ")
