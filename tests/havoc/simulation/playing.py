"""Schedules by their seeds, the shortest part of one that breaks a promise, and its history."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from traceback import format_exc
from typing import NamedTuple

from tests.havoc.simulation.acting import Action, Player
from tests.havoc.simulation.choosing import Chooser
from tests.havoc.simulation.facts import Broken
from tests.havoc.simulation.pretending import in_place_of_the_real_one
from tests.havoc.simulation.supervising import FAMILIES
from tests.havoc.simulation.system import System
from tests.havoc.simulation.watching import Log, WatchedActing

_SHORTEST, _LONGEST = 10, 20
_FIRST = 2  # so many of them make a worker
_ROUNDS = 12  # in which a supervisor starts its children
_ENDS = ("rest",) * 9 + ("stop", "kill", "deaf")


class Story(NamedTuple):
    actions: list[Action]
    broken: str | None
    """Which promise, or what was raised."""


@contextmanager
def stage() -> Iterator[System]:
    """The library runs on a pretended system."""
    system = System()
    with in_place_of_the_real_one(system, log=Log(), Acting=WatchedActing):
        yield system


def by_seed(system: System, seed: int) -> Story:
    """The schedule that this seed draws."""
    random, actions = Random(seed), list[Action]()
    try:
        player = Player(system)
        for action in _drawn(random, Chooser(random, player.node)):
            actions.append(action)
            player.act(action)
            if player.node.kernel.is_over:
                break
    except Broken as broken:
        return Story(actions, str(broken))
    except Exception:
        return Story(actions, format_exc())
    return Story(actions, None)


def _drawn(random: Random, chooser: Chooser) -> Iterator[Action]:
    """One in eight is about a supervisor."""
    count = random.randint(_SHORTEST, _LONGEST)
    if random.randrange(8):
        for number in range(count):
            yield chooser.first() if number < _FIRST else chooser.next()
    else:
        yield ("supervise", "main", random.randrange(len(FAMILIES)), "top")
        yield ("rounds", _ROUNDS)
        for _ in range(count):
            yield chooser.of_a_family()
    yield ("finish", random.choice(_ENDS))


def again(system: System, actions: Sequence[Action], history: list[str] | None = None) -> Story:
    """These actions, from the beginning; what happened by each is written into `history`."""
    try:
        player = Player(system)
        player.node.kernel.history = history
        for action in actions:
            if history is not None:
                history.append(" ".join(map(str, action)))
            player.act(action)
            if player.node.kernel.is_over:
                break
    except Broken as broken:
        return Story(list(actions), str(broken))
    except Exception:
        return Story(list(actions), format_exc())
    return Story(list(actions), None)


def shrunk(system: System, story: Story) -> Story:
    """As few of its actions as break the same promise: parts are left out, large ones first."""
    size = max(1, len(story.actions) // 2)
    while True:
        at, before = 0, len(story.actions)
        while at < len(story.actions):
            shorter = again(system, story.actions[:at] + story.actions[at + size :])
            if _kind(shorter) == _kind(story):
                story = shorter
            else:
                at += size
        if size == 1 and len(story.actions) == before:
            return story
        size = max(1, size // 2)


def _kind(story: Story) -> str | None:
    """Serial numbers change when something is left out; what is broken stays the same."""
    if story.broken is None:
        return None
    return re.sub(r"\bp?[\d.]+\b", "N", story.broken.strip().splitlines()[-1])[:40]


def told(system: System, seed: int) -> str:
    """What breaks with this seed, as short as it can be; empty if nothing does."""
    story = by_seed(system, seed)
    if story.broken is None:
        return ""
    short = shrunk(system, story)
    history: list[str] = []
    end = again(system, short.actions, history)
    lines = [f"seed {seed}: {len(story.actions)} actions, {len(short.actions)} of them needed:"]
    return "\n".join([*lines, *(f"  {line}" for line in history), f"BROKEN: {end.broken}"])
