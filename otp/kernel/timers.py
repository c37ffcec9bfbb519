"""Timers whose message goes to somebody else. (Those for oneself never leave the process.)

The destination's name is looked up when the timer is due. It is forgotten when its destination
dies, but not when the one who started it does.

Anyone may cancel or read any timer. One that is not here may be one that its owner keeps for
itself: then the question is passed on to the owner, whose answer, or death, comes back this way.
One that does not react counts as one that has no such timer.
"""

from __future__ import annotations

from math import isnan
from pickle import dumps

from otp.errors import shorten
from otp.kernel.effects import Effect, Ring, Send, answer
from otp.kernel.questions import settle, wait
from otp.kernel.table import Question, State, Timer
from otp.wire.protocol import MESSAGE, TIMEOUT, TIMER_ASKED


def start(
    state: State, asker: int, ref: int, tag: int, when: float, timer: tuple[int, int | str, bytes]
) -> list[Effect]:
    """No answer: a destination that is dead gets nothing, and nobody is told."""
    entry = Timer(*timer)
    if isnan(when) or entry.kind not in (MESSAGE, TIMEOUT) or not _is_for_somebody(entry):
        raise ValueError(f"no timer is due at {when} with {shorten(entry)}")
    if isinstance(entry.destination, int):
        if entry.destination not in state.processes:
            return []
        state.timers_to[entry.destination].add((asker, tag))
    state.timers.add((asker, tag), when, entry)
    return []


def _is_for_somebody(entry: Timer) -> bool:
    return isinstance(entry.destination, int | str) and isinstance(entry.message, bytes)


def _forget(state: State, key: tuple[int, int], timer: Timer | None) -> None:
    """It is over: its destination need not think of it any more."""
    if timer is not None and isinstance(timer.destination, int):
        others = state.timers_to[timer.destination]
        others.discard(key)
        if not others:
            del state.timers_to[timer.destination]


def cancel(state: State, asker: int, ref: int, owner: int, tag: int, now: float) -> list[Effect]:
    """Answers when it was due, or None."""
    _forget(state, (owner, tag), state.timers.item((owner, tag)))
    when = state.timers.cancel((owner, tag))
    if when is not None:
        return [answer(asker, ref, when)]
    return _ask(state, Question(asker, ref), owner, dumps((tag, True)), now)


def read(state: State, asker: int, ref: int, owner: int, tag: int, now: float) -> list[Effect]:
    when = state.timers.when((owner, tag))
    if when is not None:
        return [answer(asker, ref, when)]
    return _ask(state, Question(asker, ref), owner, dumps((tag, False)), now)


def _ask(state: State, question: Question, owner: int, asked: bytes, now: float) -> list[Effect]:
    """One who has no doorbell may not hear us for long; its timers count as over."""
    process = state.processes.get(owner)
    if process is None or not process.bell or owner == question.asker:
        return [answer(*question, None)]
    process.asked_for_timers.append(question)
    wait(state, question, process, None, now)
    return [Send(owner, TIMER_ASKED, question.asker, question.ref, asked), Ring(owner)]


def left(
    state: State, owner: int, ref: int, asker: int, asked: int, when: float | None
) -> list[Effect]:
    """The owner knows when it was due, or that it is over."""
    process, question = state.processes.get(owner), Question(asker, asked)
    if process is None or question not in process.asked_for_timers:
        return []
    process.asked_for_timers.remove(question)
    return settle(state, [question], when)


def fire(state: State, now: float) -> list[Effect]:
    """The messages that are due."""
    effects: list[Effect] = []
    for (owner, tag), timer in state.timers.due(now):
        _forget(state, (owner, tag), timer)
        found = state.find(timer.destination)
        if found is not None:
            effects.append(Send(found.serial, timer.kind, owner, tag, timer.message))
    return effects


def forget(state: State, destination: int) -> None:
    """The destination is dead."""
    for key in state.timers_to.pop(destination, ()):
        state.timers.cancel(key)
