"""All points of all paths, in an order of chance, for as long as there is time."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

from tests.havoc.killing.ground import GROUNDS, Ground
from tests.havoc.killing.hunter import END_OF_PATH, Point
from tests.havoc.report import Row

GROUND_OF = {name: ground for ground, names in GROUNDS.items() for name in names}
_ENOUGH = 5
"""A path on which so many kills have done harm is left."""


def sweep(seed: int, seconds: float) -> list[Row]:
    """Each path gets an equal part of the time that is left when its turn comes."""
    os.environ["PYTHONFAULTHANDLER"] = "1"  # who is stuck can be asked where
    chance, end, left, rows = random.Random(seed), monotonic() + seconds, len(GROUND_OF), []
    for kind, names in GROUNDS.items():
        with kind() as ground:
            for name in names:
                begin = monotonic()
                ground.take(name)
                until = begin + max(0.0, end - begin) / left
                kills, lost = _strikes(ground, chance, until)
                left -= 1
                print(f"{kills:6} kills, {monotonic() - begin:5.1f} s: {name}", flush=True)
                rows.append(Row(f"{name}: killed at a system call", kills, ground.promised, lost))
    return rows


def _strikes(ground: Ground, chance: random.Random, until: float) -> tuple[int, int]:
    """How many kills there were, and how many of them did harm."""
    kills = lost = 0
    for point, harm in _all_points(ground, chance.shuffle):
        kills += not point.ended
        lost += bool(harm)
        if lost == _ENOUGH or (kills and monotonic() > until):
            break
    return kills, lost


def whole(ground: Ground, name: str, say: Callable[[str], Any] = print) -> list[str]:
    """Every point of one path; where a kill did harm."""
    ground.take(name)
    harmed: list[str] = []
    for point, harm in _all_points(ground):
        say(f"{name} {point}")
        harmed += [f"{name} {point}: {what}" for what in harm]
        if len(harmed) >= _ENOUGH:
            break
    return harmed


def _all_points(
    ground: Ground, order: Callable[[list[int]], Any] = list.sort
) -> Iterator[tuple[Point, list[str]]]:
    """The first victim comes to the end of the path, and tells how many points there are."""
    last, harm = ground.strike(END_OF_PATH)
    yield last, harm
    numbers = [] if harm else list(range(last.number))
    order(numbers)
    for number in numbers:
        yield ground.strike(number)


def once(ground: Ground, name: str, number: int = END_OF_PATH) -> list[str]:
    """One kill; what was wrong after it."""
    ground.take(name)
    point, harm = ground.strike(number)
    print(f"{name} {point}")
    return harm
