"""All points of all paths, in an order of chance, for as long as there is time."""

from __future__ import annotations

import os
import random
from time import monotonic

from tests.havoc.killing.ground import HEARTS, Ground, ground_of
from tests.havoc.killing.hunter import END_OF_PATH
from tests.havoc.killing.paths import PATHS
from tests.havoc.report import Row

ALL = (*PATHS, *HEARTS)
_ENOUGH = 5
"""A path on which so many kills have done harm is left."""


def sweep(seed: int, seconds: float) -> list[Row]:
    """Each path gets an equal part of the time that is left when its turn comes."""
    os.environ["PYTHONFAULTHANDLER"] = "1"  # who is stuck can be asked where
    chance, end, rows = random.Random(seed), monotonic() + seconds, []
    for done, name in enumerate(ALL):
        begin = monotonic()
        with ground_of(name) as ground:
            until = begin + max(0.0, end - begin) / (len(ALL) - done)
            kills, lost = _strikes(ground, chance, until)
        print(f"{kills:6} kills, {monotonic() - begin:5.1f} s: {name}", flush=True)
        rows.append(Row(f"{name}: killed at a system call", kills, ground.promised, lost))
    return rows


def _strikes(ground: Ground, chance: random.Random, until: float) -> tuple[int, int]:
    """How many kills there were, and how many of them did harm."""
    numbers = list(range(ground.length() + 1))
    chance.shuffle(numbers)
    kills = lost = 0
    for number in numbers:
        point, harm = ground.strike(number)
        kills += not point.ended
        lost += bool(harm)
        if lost == _ENOUGH or monotonic() > until:
            break
    return kills, lost


def whole(name: str) -> int:
    """Every point of one path; how many kills did harm."""
    lost = 0
    with ground_of(name) as ground:
        for number in range(ground.length() + 1):
            point, harm = ground.strike(number)
            lost += bool(harm)
            print(f"{name} {point}{': ' if harm else ''}{'; '.join(harm)}", flush=True)
    return lost


def once(name: str, number: int = END_OF_PATH) -> list[str]:
    """One kill; what was wrong after it."""
    with ground_of(name) as ground:
        ground.length()  # what is kept from the first time on is there now
        point, harm = ground.strike(number)
        print(f"{name} {point}")
    return harm
