"""What ``make havoc`` expects of supervisors, and when it says that something grows."""

from __future__ import annotations

from typing import Any

import pytest

from otp.terms import Pid
from tests.havoc.machine import Size
from tests.havoc.slow_poison.curve import growth
from tests.havoc.violence.family import Case, Family
from tests.havoc.violence.people import Born
from tests.havoc.violence.shape import Shape


def family(strategy: Any, intensity: int) -> Family:
    """One region, with a group of three."""
    shape = Shape({(): 1, (0,): 1, (0, 0): 3}, {(0, 0): strategy}, {(0, 0): intensity, (0,): 1})
    made, start = Family(shape), Family(shape).begins()
    for number, path in enumerate([*shape.below(()), ()]):
        made.born(Born(path, Pid(number, "demo"), 0), start)
    assert start.is_over
    return made


@pytest.mark.parametrize(
    ("strategy", "others"),
    [("one_for_one", []), ("rest_for_one", [2]), ("one_for_all", [0, 2])],
)
def test_whom_a_restart_takes_along(strategy: str, others: list[int]) -> None:
    case = Case("")
    family(strategy, 1).server_dies(case, (0, 0, 1), "boom")
    assert case.downs == {Pid(1, "demo"): "boom", **{Pid(n, "demo"): "shutdown" for n in others}}
    assert sorted(case.births) == sorted([(0, 0, 1), *((0, 0, n) for n in others)])
    assert not case.given_up


def test_with_one_restart_too_many_a_supervisor_gives_up_and_is_restarted() -> None:
    case = Case("")
    family("one_for_one", 0).server_dies(case, (0, 0, 1), "boom")
    assert case.given_up == 1
    assert set(case.births) == {(0, 0), (0, 0, 0), (0, 0, 1), (0, 0, 2)}
    assert case.downs.pop(Pid(1, "demo")) == "boom"
    assert case.downs == {Pid(n, "demo"): "shutdown" for n in (0, 2, 3)}


def test_what_is_not_due_is_harm() -> None:
    made, case = family("one_for_one", 1), Case("")
    made.died(Pid(0, "demo"), "boom", case)
    made.born(Born((0, 0, 0), Pid(9, "demo"), 0), case)
    assert len(case.harm) == 2
    assert case.is_over


@pytest.mark.parametrize(
    ("size", "grows"),
    [
        (lambda done: Size(4096 * (done % 7), 7), False),
        (lambda done: Size(200 * done, 7), False),
        (lambda done: Size(2000 * done, 7), True),
        (lambda done: Size(4096, 7 + done), True),
    ],
)
def test_who_grows_with_what_is_done(size: Any, grows: bool) -> None:
    assert bool(growth([(done, {"kernel": size(done)}) for done in range(0, 1000, 50)])) == grows
