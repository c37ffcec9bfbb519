"""How processes come to be and cease: spawn, attach, ready, leaving, reaped."""

from __future__ import annotations

import re
import signal
from pickle import dumps
from typing import Any, Final

from otp.errors import shorten
from otp.kernel import ending, names, signals, timers, warming
from otp.kernel.effects import (
    Discard,
    Effect,
    Expect,
    Halt,
    Hold,
    Launch,
    Release,
    Remove,
    Ring,
    Send,
    TurnAway,
    Welcome,
    answer,
)
from otp.kernel.questions import settle
from otp.kernel.table import KILLED, SHUTDOWN, Death, Process, Question, State
from otp.terms import ExitStatus, Signal
from otp.wire import parcel
from otp.wire.codec import flat
from otp.wire.protocol import SWEEP

_FAREWELL: Final = 1.0
"""How long a worker may take to leave after its last words, in seconds."""

_DOOR: Final = re.compile(r"new[-\w]{0,100}", re.ASCII)
_LAST: Final = (1 << 31) - 1  # no OS process has a greater number
_ORDER: Final[dict[str, Any]] = {
    "name": str | None, "label": str, "patience": float | int | None, "link": bool,
    "monitor": int, "module": str | None, "work": bytes, "in_parcel": bool, "surroundings": dict,
}  # fmt: skip


def spawn(state: State, asker: int, ref: int, order: dict[str, Any], now: float) -> list[Effect]:
    """Answers ("ok", pid) before the fork; or ("already_started", pid), ("ending",), ("error", ..).

    The name, the link and the monitor are there before the process is: no death can slip between.
    """
    if not all(isinstance(order[key], types) for key, types in _ORDER.items()):
        raise TypeError(f"no process can be made of {shorten(order)}")
    ending.check_seconds(order["patience"])
    if state.ending and not state.is_worker(asker):  # a worker may need help to come to its end
        return [answer(asker, ref, ("ending",))]
    name = order["name"]
    if name is not None and name in state.names:
        return [answer(asker, ref, ("already_started", state.names[name]))]
    serial, work = state.new_serial(), order["work"] if order["in_parcel"] else None
    process = Process(
        serial, asker, order["label"], order["patience"], state.warmth.current, name=name,
        initial_call=order.get("initial_call"),
    )  # fmt: skip
    more = {"parent": asker, "stale": sorted(state.warmth.stale)}
    if work is not None:
        more["work"] = parcel.forwarded(work, serial)
    sheet = dumps((warming.WORKER, serial, {**order, **more}))
    _enter(state, process, asker, order)
    ending.expect_birth(state, process, now)
    return [Launch(serial, process.launcher, sheet, asker, ref, name, work)]


def _enter(state: State, process: Process, asker: int, order: dict[str, Any]) -> None:
    state.enter(process)
    if process.name is not None:
        state.names[process.name] = process.serial
    if order["link"]:
        state.graph.link(asker, process.serial)
    if order["monitor"]:
        state.graph.monitor(asker, order["monitor"], target=process.serial)


def undo(state: State, effect: Launch | Welcome, error: OSError) -> list[Effect]:
    """There was no room for a process: all is as before, and who asked for it is told."""
    if isinstance(effect, Launch):
        return _launch_failed(state, effect.serial, Question(effect.asker, effect.ref), error)
    state.remove(state.processes[effect.serial])
    refusal = dumps(("error", error.errno, error.strerror))
    return [TurnAway(effect.pipe, refusal), Remove(effect.serial)]


def _launch_failed(state: State, serial: int, question: Question, error: OSError) -> list[Effect]:
    process = state.processes.get(serial)
    if process is None:
        return _without(state, serial)
    state.remove(process)
    state.graph.died(serial)
    freed = names.release(state, process)
    return [Remove(serial), *freed, answer(*question, ("error", error.errno, str(error)))]


def knock(state: State, asker: int, ref: int, pipe: str, os_pid: int) -> list[Effect]:
    """Somebody is about to make a mailbox and to attach with it; no answer.

    1. a forked child makes its mailbox  2. it is killed before it can say so  3. nobody would ever
    know whose that is: so it is announced first, and goes with the OS process that has announced it
    """
    _check_guest(pipe, os_pid)
    state.doors.setdefault(os_pid, set()).add(pipe)
    return [Expect(os_pid)]


def _check_guest(pipe: str, os_pid: int) -> None:
    """Only the door of a guest may be renamed or removed in his name: no mailbox of another."""
    if not _DOOR.fullmatch(pipe) or not 0 < os_pid <= _LAST:
        raise ValueError(f"nobody attaches with {shorten(pipe)} and OS process {shorten(os_pid)}")


def attach(state: State, asker: int, ref: int, pipe: str, os_pid: int, bell: bool) -> list[Effect]:
    """A thread becomes a process. The first thing in its mailbox is its serial number.

    Or ("error", number, text), if there is no room for it.
    """
    _check_guest(pipe, os_pid)
    state.doors.get(os_pid, set()).discard(pipe)
    serial = state.new_serial()
    state.enter(Process(serial, 0, "attached", os_pid=os_pid, attached=True, bell=bell))
    return [Welcome(serial, pipe, os_pid), answer(serial, 0, serial)]


def forked(
    state: State, launcher: int, ref: int, serial: int, os_pid: int, reason: bytes, now: float
) -> list[Effect]:
    """The fork is done; or it was refused, for this reason."""
    process = state.processes.get(serial)
    if process is not None and os_pid:
        return _exists(state, process, os_pid)
    if process is not None:
        return died(state, process, Death(reason), now)
    if serial not in state.launchers:
        return []
    state.launchers[serial] = os_pid
    return [Hold(serial, os_pid)] if os_pid else _without(state, serial)


def _exists(state: State, process: Process, os_pid: int) -> list[Effect]:
    """Its OS process is known, from its launcher or from itself, whoever comes first."""
    if process.os_pid:
        return []
    serial, process.os_pid = process.serial, os_pid
    state.workers[os_pid] = serial
    state.unborn.cancel(serial)
    hold: list[Effect] = [Hold(serial, os_pid)]
    if process.missed_bell:  # it may be busy by now: its launcher is in no hurry to tell of it
        hold.append(Ring(serial))
    if process.killed is None or serial in state.spared:
        return hold
    return [*hold, *signals.slay(process, process.killed)]


def ready(
    state: State,
    asker: int,
    ref: int,
    module: str | None,
    surroundings: dict[str, Any],
    os_pid: int = 0,
) -> list[Effect]:
    """It reads its own pipe and has loaded its function.

    It also names its OS process: its launcher may be in no hurry to, and whoever has heard of it
    should find it in `process.info`.
    """
    process = state.processes.get(asker)
    if process is None or not 0 <= os_pid <= _LAST:
        return []
    warm = warming.wanted(state, module, surroundings) if module else []
    known = _exists(state, process, os_pid) if os_pid else []
    return [Release(asker), *known, *warm]


def hibernating(state: State, asker: int, ref: int, on: bool) -> list[Effect]:
    """It waits with as little memory as it can; or does no longer."""
    if (process := state.processes.get(asker)) is not None:
        process.hibernating = on
    return []


def leaving(
    state: State, asker: int, ref: int, reason: bytes, by: int, number: int, now: float
) -> list[Effect]:
    """Its last words. A thread is dead with them; a worker when it is reaped."""
    process = state.processes.get(asker)
    if process is None:
        return []
    said, killed = Death(reason, by, number), process.killed
    if killed is None or (by == killed.by and number < killed.number):
        process.said = process.said or said
    if process.attached:
        return died(state, process, process.said or killed or said, now)
    ending.limit(state, asker, 0, _FAREWELL, now)
    curious = [*process.wondering, *process.pondering]
    process.wondering, process.pondering = [], []
    return settle(state, curious, False)


def reaped(
    state: State, launcher: int, ref: int, os_pid: int, status: int, now: float
) -> list[Effect]:
    """An OS process is gone: the one true sign of a worker's death."""
    serial = state.workers.pop(os_pid, None)
    if serial is not None and serial in state.processes:
        process = state.processes[serial]
        return died(state, process, _verdict(process, status), now)
    return launcher_gone(state, os_pid)


def launcher_gone(state: State, os_pid: int) -> list[Effect]:
    """A generation has ended: one that was being built, or one that is needed no more.

    If it is the one that forks our workers, or the parent of some, or has still to fork one, the
    node cannot go on, as without its first launcher.
    """
    for serial, known in list(state.launchers.items()):
        if known == os_pid != 0:
            if serial == state.warmth.current or serial in state.brood:
                return [Remove(serial), Halt()]
            return _without(state, serial)
    return []


def _without(state: State, launcher: int) -> list[Effect]:
    """Go on without this generation."""
    failed = launcher == state.warmth.building
    del state.launchers[launcher]
    return [Remove(launcher), *(warming.failed(state, launcher) if failed else [])]


def _verdict(process: Process, status: int) -> Death:
    """The reason of a death: its own words, else what the operating system says."""
    if (known := process.said or process.killed) is not None:
        return known
    if status < 0 and -status == signal.SIGKILL:
        return Death(KILLED)
    if status < 0:
        return Death(flat(Signal(_name_of(-status))))
    return Death(flat(ExitStatus(status)))


def _name_of(number: int) -> str:
    """As in signal(7); Python has no names for the real-time signals between the first and last."""
    try:
        return signal.Signals(number).name
    except ValueError:
        above = number - signal.SIGRTMIN
        return f"SIGRTMIN+{above}" if above > 0 else f"SIG{number}"


def gone(state: State, os_pid: int, now: float) -> list[Effect]:
    """An OS process with attached threads is gone; with the program, the node ends."""
    doors: list[Effect] = [Discard(pipe) for pipe in state.doors.pop(os_pid, ())]
    dead = [state.processes[serial] for serial in state.threads.of(os_pid)]
    reason = SHUTDOWN if os_pid == state.program else KILLED
    effects = [*doors, *(effect for p in dead for effect in died(state, p, Death(reason), now))]
    if os_pid == state.program and not state.ending:
        effects += ending.begin(state, now)
    return effects


def died(state: State, process: Process, death: Death, now: float) -> list[Effect]:
    """Bury it. Its name is free before anyone is told; nothing of it is left when they are."""
    serial = process.serial
    state.remove(process)
    state.spared.cancel(serial)
    state.bury(serial, death)
    timers.forget(state, serial)
    return [
        *names.release(state, process),
        *_sweep(state, serial),
        *signals.died(state, process, death),
        *warming.retire(state, process.launcher),
        *ending.bereaved(state, serial, now),
    ]


def _sweep(state: State, dead: int) -> list[Effect]:
    """What it was sent goes; who has something from it is told to look through that.

    When the node ends, its directory goes as a whole.
    """
    others, _ = state.parcels.died(dead)
    if state.ending:
        return [Remove(dead, parcels=False)]
    return [Remove(dead), *(Send(other, SWEEP, dead, 0) for other in others)]


def parcels(state: State, sender: int, ref: int, to: int) -> list[Effect]:
    """It is about to write its first parcel to this process."""
    if sender in state.processes and to in state.processes:
        state.parcels.link(sender, to)
    return []
