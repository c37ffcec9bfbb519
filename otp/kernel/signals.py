"""Links, monitors and exit signals: what each request decides.

The signals of one process to another count in the order sent:

1. after an exit signal that ends it, a process is dead to its sender: monitors and links that the
   sender makes then tell "noproc", whatever it died of
2. of two exit signals the first counts. "kill" would overtake those that still stand in the
   mailbox: so it waits for them to be heard, but no longer than `GRACE`
"""

from __future__ import annotations

from math import inf

from otp.kernel.effects import Confirm, Effect, Kill, Ring, Send, answer
from otp.kernel.questions import GRACE, settle, wait
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
    found = state.processes.get(target)
    if found is not None and not state.graph.are_linked(asker, target):
        state.graph.link(asker, target)
        _note_if_late(found, asker, 0)
    return [answer(asker, ref, found is not None)]


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
        _note_if_late(found, asker, tag)
    return []


def _note_if_late(process: Process, asker: int, tag: int) -> None:
    if number := max(_unheard_of(process, asker), default=0):
        process.latecomers[asker, tag] = number


def _unheard_of(process: Process, asker: int) -> list[int]:
    """The exit signals of this sender that the process has not survived yet."""
    killed = process.killed
    kills = [killed.number] if killed is not None and killed.by == asker else []
    return [*kills, *(number for sender, number in process.unheard if sender == asker)]


def demonitor(state: State, asker: int, ref: int, tag: int) -> list[Effect]:
    state.graph.demonitor(asker, tag)
    return []


def signal(
    state: State,
    asker: int,
    ref: int,
    target: int,
    reason: bytes,
    kill: bool,
    number: int,
    now: float,
) -> list[Effect]:
    """exit/2: the answer comes when the signal stands in the mailbox, or `SIGKILL` is sent.

    It may also have to wait here, for room in a full pipe. The asker does not wait for that, but
    what it sends next must not overtake the signal:

    1. B's pipe is full: A's signal to it is kept  2. A is answered; B empties its pipe  3. A's next
    message finds room there, before the signal does: so the answer tells A to send it through us
    """
    process = state.processes.get(target)
    if process is None or (process.killed is not None and not process.attached):
        return [answer(asker, ref, True)]
    if kill:
        death = Death(KILLED, asker, number)
        return [*_kill(state, process, death, now), answer(asker, ref, True)]
    if reason != NORMAL:
        process.unheard.add((asker, number))
    return [*exit_signal(process, asker, number, reason), Confirm(target, asker, ref)]


def _kill(state: State, process: Process, death: Death, now: float) -> list[Effect]:
    if process.attached or not _unheard_of(process, death.by):
        return slay(process, death)
    process.killed = death
    state.spared.add(process.serial, now + GRACE, None)
    return []


def strike(state: State, now: float) -> list[Effect]:
    """Kill those who were spared for long enough."""
    return [effect for serial, _ in state.spared.due(now) for effect in _strike(state, serial)]


def _strike(state: State, serial: int) -> list[Effect]:
    process = state.processes[serial]
    return slay(process, process.killed) if process.killed else []


def slay(process: Process, death: Death) -> list[Effect]:
    """The signal that cannot be trapped. A thread of the user's program only hears of it."""
    process.killed = process.killed or death
    if process.attached:
        return [Send(process.serial, KILL, death.by, death.number), Ring(process.serial)]
    return [Kill(process.serial)] if process.os_pid else []  # else as soon as it has one


def exit_signal(process: Process, sender: int, number: int, reason: bytes) -> list[Effect]:
    """A busy process is to hear of its end at once; of a normal one it can hear later."""
    process.missed_bell = not process.os_pid
    send = Send(process.serial, EXIT, sender, number, reason)
    return [send] if reason == NORMAL or not process.bell else [send, Ring(process.serial)]


def survived(state: State, asker: int, ref: int, sender: int, number: int) -> list[Effect]:
    """It has heard an exit signal and lives; some waited for that."""
    process = state.processes.get(asker)
    if process is None:
        return []
    process.unheard.discard((sender, number))
    if not number:
        process.bereaved.discard(sender)
    _forgive(process, sender)
    waiting = {asked for asked, _ in process.unheard}
    content = [q for q in process.wondering if q.asker not in waiting]
    process.wondering = [q for q in process.wondering if q.asker in waiting]
    effects = [*settle(state, content, True), *_relieved(state, process)]
    if process.killed is None or asker not in state.spared or process.killed.by in waiting:
        return effects
    state.spared.cancel(asker)
    return [*effects, *_strike(state, asker)]


def _relieved(state: State, process: Process) -> list[Effect]:
    """If it has heard everything, it survives everything."""
    if process.unheard or process.bereaved:
        return []
    pondering, process.pondering = process.pondering, []
    return settle(state, pondering, True)


def _forgive(process: Process, sender: int) -> None:
    """It has heard the signals that these were too late for, and lives.

    A thread that is condemned may still hear a normal signal: what it dies of is unheard then.
    """
    first, late = min(_unheard_of(process, sender), default=inf), process.latecomers
    for key in [key for key in late if key[0] == sender and late[key] < first]:
        del late[key]


def is_alive(state: State, asker: int, ref: int, target: int, now: float) -> list[Effect]:
    """Signals that the asker has sent before are taken into account, as in OTP.

    A thread hears of them at its next call, which may never come: it is alive until then. So is
    one that does not react for `GRACE`.
    """
    process = state.processes.get(target)
    if process is None or process.is_leaving:
        return [answer(asker, ref, False)]
    if not process.attached and any(sender == asker for sender, _ in process.unheard):
        question = Question(asker, ref)
        process.wondering.append(question)
        wait(state, question, process, True, now)
        return []
    return [answer(asker, ref, True)]


def survives(state: State, asker: int, ref: int, target: int, now: float) -> list[Effect]:
    """Whether it lives on, once it has heard the exit signals that anybody has sent it.

    False is answered as soon as that is known, which is before its name is free. Threads are not
    waited for.
    """
    process = state.processes.get(target)
    if process is None or (process.is_leaving and not process.attached):
        return [answer(asker, ref, False)]
    if process.attached or not (process.unheard or process.bereaved):
        return [answer(asker, ref, True)]
    question = Question(asker, ref)
    process.pondering.append(question)
    wait(state, question, process, True, now)
    return []


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
            reason = epitaph(death, peer, process.latecomers.get((peer, 0), 0))
            if reason != NORMAL:
                found.bereaved.add(process.serial)
            effects += exit_signal(found, process.serial, 0, reason)
    for to, tag in watchers:
        reason = epitaph(death, to, process.latecomers.get((to, tag), 0))
        effects.append(Send(to, DOWN, process.serial, tag, reason))
    effects += settle(state, [*process.wondering, *process.pondering], False)
    effects += settle(state, process.asked_for_timers, None)
    effects += [
        answer(*question, epitaph(death, question.asker, sent)) for question, sent in process.asking
    ]
    return effects
