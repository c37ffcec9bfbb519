"""Questions that the kernel cannot answer by itself: it waits for what another process does.

That one may be stopped, or stuck in C code, and do nothing for hours. So none waits for longer
than `GRACE`: then the asker is told what the kernel knows. A process that is not forked yet, or
not seen yet, is given that time from then on.
"""

from __future__ import annotations

from typing import Any, Final

from otp.kernel.effects import Effect, Send, answer
from otp.kernel.table import Process, Question, State

GRACE: Final = 0.25
"""Seconds for which something waits until a process has heard what was sent to it before."""


def wait(state: State, question: Question, process: Process, otherwise: Any, now: float) -> None:
    """Remember a question about this process, and the answer if it does not help in time."""
    state.questions.add(question, now + GRACE, (process.serial, otherwise))


def settle(state: State, questions: list[Question], value: Any) -> list[Effect]:
    """Answer them, but for those that are answered already."""
    open_ = [question for question in questions if state.questions.cancel(question) is not None]
    return [answer(*question, value) for question in open_]


def give_up(state: State, now: float) -> list[Effect]:
    """Answer what has waited for long enough."""
    effects: list[Effect] = []
    for question, (serial, otherwise) in state.questions.due(now):
        process = state.processes[serial]
        if process.os_pid:
            effects.append(_forget(process, question, otherwise))
        else:
            wait(state, question, process, otherwise, now)
    return effects


def _forget(process: Process, question: Question, otherwise: Any) -> Send:
    for waiting in (process.wondering, process.pondering, process.asked_for_timers):
        if question in waiting:
            waiting.remove(question)
    return answer(*question, otherwise)
