"""Launcher generations: a restart should cost a fork, not an import.

The first launcher imports nothing of the user's. When a worker had to import its module, a new
launcher is forked that imports it too; from then on workers come from there, with the module in
shared pages. A generation imports before its first fork and never after.

1. one generation is built at a time; what is wanted meanwhile goes into the next
2. one that finds threads (but such as end when it forks) or open descriptors after importing must
   not be forked from: it is given up, and its modules are not tried again
3. one that is superseded stays as long as it has children: it is their parent and reaps them
"""

from __future__ import annotations

from pickle import dumps
from typing import Any

from otp.kernel.effects import Effect, Kill, Launch, Send
from otp.kernel.table import State
from otp.wire.protocol import KERNEL, LAUNCHER, STOP

WORKER, GENERATION = "worker", "generation"


def wanted(state: State, module: str, surroundings: dict[str, Any]) -> list[Effect]:
    """A worker has imported this module itself."""
    warmth = state.warmth
    if module in warmth.warm or module in warmth.refused or module in warmth.asked:
        return []
    warmth.wanted[module] = surroundings
    return build(state)


def stale(state: State, asker: int, ref: int, module: str) -> list[Effect]:
    """A server goes on with new code: whoever is started from now on imports this module anew."""
    state.warmth.stale.add(module)
    return []


def build(state: State) -> list[Effect]:
    """Order the next generation, if one is wanted and none is in the making."""
    warmth = state.warmth
    if warmth.building or not warmth.wanted or state.ending:
        return []
    warmth.building = state.new_serial()
    state.launchers[warmth.building] = 0
    warmth.asked = set(warmth.wanted)
    modules = [*sorted(warmth.warm), *warmth.wanted]
    surroundings = list(warmth.wanted.values())[-1]
    warmth.wanted = {}
    order = dumps((GENERATION, warmth.building, modules, surroundings))
    return [Launch(warmth.building, LAUNCHER, order, KERNEL, 0)]


def warmed(
    state: State, launcher: int, ref: int, imported: list[str], refused: list[str], good: bool
) -> list[Effect]:
    """The generation says how it went."""
    if not all(isinstance(module, str) for module in (*imported, *refused)):
        raise TypeError("modules have names")
    warmth = state.warmth
    warmth.building = 0
    asked, warmth.asked = warmth.asked, set()
    if not good:
        warmth.refused |= asked
        return build(state)
    warmth.warm |= set(imported)
    warmth.refused |= set(refused)
    old, warmth.current = warmth.current, launcher
    return [*retire(state, old), *build(state)]


def retire(state: State, launcher: int) -> list[Effect]:
    """Let a superseded generation go when its last child is gone."""
    if launcher in (LAUNCHER, state.warmth.current) or launcher not in state.launchers:
        return []
    if launcher in state.brood:
        return []
    return [Send(launcher, STOP, KERNEL, 0)]


def failed(state: State, launcher: int) -> list[Effect]:
    """The generation died while it imported."""
    state.warmth.building = 0
    state.warmth.refused |= state.warmth.asked
    state.warmth.asked = set()
    return [Kill(launcher), *build(state)]
