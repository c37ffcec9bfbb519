"""What the kernel decides: from a request and what it knows to what is to be done.

Nothing here reads a clock, a pipe or a process: `step(state, frame, now)` is a function of its
arguments (it changes `state`), so a whole node can be played through in a test without any process.

>>> from pickle import dumps
>>> state = State(program=100)
>>> [welcome, told] = step(state, (ATTACH, 0, 0, dumps(("new-1", 100, True))), now=0.0)
>>> welcome
Welcome(serial=2, pipe='new-1', os_pid=100)
>>> step(state, (REGISTER, 2, 7, dumps(("kv", 2))), now=0.0)[0]
Name(name='kv', serial=2)
"""

from __future__ import annotations

from struct import Struct
from typing import Any, Final

from otp.kernel import ending, lives, names, signals, timers, warming
from otp.kernel.effects import Effect, Forward, Ring, answer
from otp.kernel.table import SHUTDOWN, Death, Process, State
from otp.wire.codec import plain
from otp.wire.frame import Frame
from otp.wire.protocol import (
    ATTACH,
    CANCEL_TIMER,
    DELIVER,
    DEMONITOR,
    EXITING,
    FORKED,
    HIBERNATING,
    INFO,
    IS_ALIVE,
    LINK,
    MONITOR,
    PROCESSES,
    READ_TIMER,
    READY,
    REAPED,
    REASON_OF,
    REGISTER,
    REGISTERED,
    RING,
    SIGNAL,
    SPAWN,
    STALE,
    START_TIMER,
    STOP,
    SURVIVED,
    TIMER_LEFT,
    UNLINK,
    UNREGISTER,
    WARMED,
)

__all__ = ["State", "next_deadline", "step", "tick"]

_DESTINATION: Final = Struct("<I")


def step(state: State, frame: Frame, now: float) -> list[Effect]:
    """Decide what one request means. Raises whatever a request raises that is none."""
    kind, sender, ref, payload = frame
    if kind in _REQUESTS:
        return list(_REQUESTS[kind](state, sender, ref, *plain(payload)))
    if kind in _TIMED:
        return list(_TIMED[kind](state, sender, ref, *plain(payload), now))
    if kind in _RAW:
        return list(_RAW[kind](state, sender, ref, payload))
    raise ValueError(f"no request has the kind {kind}")


def tick(state: State, now: float) -> list[Effect]:
    """What is due by now."""
    return [
        *timers.fire(state, now), *signals.strike(state, now), *ending.enforce(state, now),
    ]  # fmt: skip


def next_deadline(state: State) -> float | None:
    """When `tick` will have something to do."""
    times = [state.timers.first(), ending.next_deadline(state), *state.spared.values()]
    return min((t for t in times if t is not None), default=None)


def stop(state: State, asker: int, ref: int, now: float) -> list[Effect]:
    """The program ends the node: its own threads are dead to the others from now on."""
    if state.ending:
        return []
    attached = [p for p in state.processes.values() if p.attached]
    effects = [e for p in attached for e in lives.died(state, p, Death(SHUTDOWN), now)]
    return [*effects, *ending.begin(state, now)]


def ring(state: State, asker: int, ref: int, payload: bytes) -> list[Effect]:
    """Somebody's pipe is full."""
    (target,) = _DESTINATION.unpack(payload)
    process = state.processes.get(target)
    if process is None:
        return [answer(asker, ref, "dead")]
    if not process.bell or not process.os_pid:
        return [answer(asker, ref, "deaf")]
    return [Ring(target), answer(asker, ref, "rung")]


def deliver(state: State, asker: int, ref: int, payload: bytes) -> list[Effect]:
    """A frame for somebody whose pipe stays full."""
    (target,) = _DESTINATION.unpack_from(payload)
    if target not in state.processes:
        return [answer(asker, ref, "dead")]
    return [Forward(target, payload[_DESTINATION.size :], asker, ref)]


def processes(state: State, asker: int, ref: int) -> list[Effect]:
    return [answer(asker, ref, sorted(state.processes))]


def info(state: State, asker: int, ref: int, serial: int) -> list[Effect]:
    """Answers what is known of a process, or None if it is dead."""
    process = state.processes.get(serial)
    return [answer(asker, ref, None if process is None else _described(state, process))]


def _described(state: State, process: Process) -> dict[str, Any]:
    serial = process.serial
    return {
        "os_pid": process.os_pid or None,
        "registered_name": process.name,
        "label": process.label,
        "initial_call": process.initial_call,
        "status": _status(process),
        "parent": process.parent or None,
        "links": state.graph.links(serial),
        "monitors": state.graph.targets(serial),
        "monitored_by": state.graph.watchers(serial),
    }


def _status(process: Process) -> str:
    if process.is_leaving:
        return "exiting"
    if process.attached:
        return "attached"
    if process.hibernating:
        return "hibernating"
    return "running" if process.os_pid else "starting"


_REQUESTS: Final[dict[int, Any]] = {
    ATTACH: lives.attach,
    CANCEL_TIMER: timers.cancel,
    DEMONITOR: signals.demonitor,
    HIBERNATING: lives.hibernating,
    INFO: info,
    IS_ALIVE: signals.is_alive,
    LINK: signals.link,
    MONITOR: signals.monitor,
    PROCESSES: processes,
    READY: lives.ready,
    READ_TIMER: timers.read,
    REASON_OF: signals.reason_of,
    REGISTER: names.register,
    REGISTERED: names.registered,
    SPAWN: lives.spawn,
    STALE: warming.stale,
    START_TIMER: timers.start,
    SURVIVED: signals.survived,
    TIMER_LEFT: timers.left,
    UNLINK: signals.unlink,
    UNREGISTER: names.unregister,
    WARMED: warming.warmed,
}

_TIMED: Final[dict[int, Any]] = {
    EXITING: lives.leaving,
    FORKED: lives.forked,
    REAPED: lives.reaped,
    SIGNAL: signals.signal,
    STOP: stop,
}

_RAW: Final[dict[int, Any]] = {DELIVER: deliver, RING: ring}
