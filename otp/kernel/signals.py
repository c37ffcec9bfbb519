"""Links, monitors and exit signals: what each request decides."""

from __future__ import annotations

from otp.kernel.effects import Effect, Kill, Ring, Send, answer
from otp.kernel.table import (
    KILLED,
    NOPROC,
    NORMAL,
    Death,
    Process,
    Question,
    State,
)
from otp.wire.protocol import DOWN, EXIT, KILL


def link(state: State, asker: int, ref: int, target: int) -> list[Effect]:
    """Answers whether the target is there."""
    found = target in state.processes
    if found:
        state.graph.link(asker, target)
    return [answer(asker, ref, found)]


def unlink(state: State, asker: int, ref: int, target: int) -> list[Effect]:
    """An EXIT of this link stands before the answer, or never comes."""
    state.graph.unlink(asker, target)
    return [answer(asker, ref, True)]


def monitor(state: State, asker: int, ref: int, tag: int, target: int | str) -> list[Effect]:
    """No answer: if nobody is there, that is news like any other."""
    found = state.find(target)
    if found is None:
        dead = target if isinstance(target, int) else 0
        return [Send(asker, DOWN, dead, tag, NOPROC)]
    if found.serial != asker:
        state.graph.monitor(asker, tag, target=found.serial)
    return []


def demonitor(state: State, asker: int, ref: int, tag: int) -> list[Effect]:
    state.graph.demonitor(asker, tag)
    return []


def signal(
    state: State, asker: int, ref: int, target: int, reason: bytes, kill: bool, number: int
) -> list[Effect]:
    """exit/2: the answer comes when the signal stands in the mailbox, or `SIGKILL` is sent."""
    process = state.processes.get(target)
    if process is None:
        return [answer(asker, ref, True)]
    if kill:
        return [*slay(process, Death(KILLED, asker, number)), answer(asker, ref, True)]
    process.unheard.add((asker, number))
    return [*exit_signal(process, asker, number, reason), answer(asker, ref, True)]


def slay(process: Process, death: Death) -> list[Effect]:
    """The signal that cannot be trapped. A thread of the user's program only hears of it."""
    process.killed = process.killed or death
    if process.attached:
        return [Send(process.serial, KILL, death.by, death.number), Ring(process.serial)]
    return [Kill(process.serial)] if process.os_pid else []  # else as soon as it has one


def exit_signal(process: Process, sender: int, number: int, reason: bytes) -> list[Effect]:
    """A busy process is to hear of its end at once; of a normal one it can hear later."""
    send = Send(process.serial, EXIT, sender, number, reason)
    return [send] if reason == NORMAL or not process.bell else [send, Ring(process.serial)]


def survived(state: State, asker: int, ref: int, sender: int, number: int) -> list[Effect]:
    """It has heard an exit signal and lives; some waited for that."""
    process = state.processes.get(asker)
    if process is None:
        return []
    process.unheard.discard((sender, number))
    waiting = {asked for asked, _ in process.unheard}
    content = [q for q in process.wondering if q.asker not in waiting]
    process.wondering = [q for q in process.wondering if q.asker in waiting]
    return [answer(*question, True) for question in content]


def is_alive(state: State, asker: int, ref: int, target: int) -> list[Effect]:
    """Signals that the asker has sent before are taken into account, as in OTP.

    A thread hears of them at its next call, which may never come: it is alive until then.
    """
    process = state.processes.get(target)
    if process is None or process.is_leaving:
        return [answer(asker, ref, False)]
    if not process.attached and any(sender == asker for sender, _ in process.unheard):
        process.wondering.append(Question(asker, ref))
        return []
    return [answer(asker, ref, True)]


def reason_of(state: State, asker: int, ref: int, target: int, sent: int) -> list[Effect]:
    """Why it died, as soon as it has; "noproc" if the asker's own signal came first.

    `sent` is how many exit signals the asker had sent when its request went out.
    """
    process = state.processes.get(target)
    if process is not None:
        process.asking.append((Question(asker, ref), sent))
        return []
    return [answer(asker, ref, epitaph(state.graves.get(target), asker, sent))]


def epitaph(death: Death | None, asker: int, sent: int) -> bytes:
    if death is None or (death.by == asker and 0 < death.number <= sent):
        return NOPROC
    return death.reason


def died(state: State, process: Process, death: Death) -> list[Effect]:
    """Tell everyone who must hear of a death: links first."""
    linked, watchers = state.graph.died(process.serial)
    effects: list[Effect] = []
    for peer in linked:
        if (found := state.processes.get(peer)) is not None:
            effects += exit_signal(found, process.serial, 0, death.reason)
    effects += [Send(to, DOWN, process.serial, tag, death.reason) for to, tag in watchers]
    effects += [answer(*question, False) for question in process.wondering]
    effects += [answer(*question, None) for question in process.asked_for_timers]
    effects += [
        answer(*question, epitaph(death, question.asker, sent)) for question, sent in process.asking
    ]
    return effects
