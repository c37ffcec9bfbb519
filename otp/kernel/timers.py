"""Timers whose message goes to somebody else. (Those for oneself never leave the process.)

The destination's name is looked up when the timer is due. It is forgotten when its destination
dies, but not when the one who started it does.
"""

from __future__ import annotations

from otp.kernel.effects import Effect, Send, answer
from otp.kernel.table import State, Timer


def start(
    state: State, asker: int, ref: int, tag: int, when: float, timer: tuple[int, int | str, bytes]
) -> list[Effect]:
    """No answer: a destination that is dead gets nothing, and nobody is told."""
    entry = Timer(*timer)
    if isinstance(entry.destination, int):
        if entry.destination not in state.processes:
            return []
        state.timers_to[entry.destination].add((asker, tag))
    state.timers.add((asker, tag), when, entry)
    return []


def cancel(state: State, asker: int, ref: int, owner: int, tag: int) -> list[Effect]:
    """Answers when it was due, or None."""
    return [answer(asker, ref, state.timers.cancel((owner, tag)))]


def read(state: State, asker: int, ref: int, owner: int, tag: int) -> list[Effect]:
    return [answer(asker, ref, state.timers.when((owner, tag)))]


def fire(state: State, now: float) -> list[Effect]:
    """The messages that are due."""
    effects: list[Effect] = []
    for (owner, tag), timer in state.timers.due(now):
        if isinstance(timer.destination, int):
            state.timers_to[timer.destination].discard((owner, tag))
        found = state.find(timer.destination)
        if found is not None:
            effects.append(Send(found.serial, timer.kind, owner, tag, timer.message))
    return effects


def forget(state: State, destination: int) -> None:
    """The destination is dead."""
    for key in state.timers_to.pop(destination, ()):
        state.timers.cancel(key)
