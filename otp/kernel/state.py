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

from collections.abc import Callable
from pickle import dumps
from struct import Struct
from types import UnionType
from typing import Any, Final, NamedTuple, TypeAlias

from otp.errors import shorten
from otp.kernel import ending, lives, names, questions, signals, timers, warming
from otp.kernel.effects import Effect, Forward, Ring, Send, answer
from otp.kernel.table import SHUTDOWN, Death, Process, State
from otp.wire.frame import Frame, split
from otp.wire.plain import plain
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
    KERNEL,
    KNOCK,
    LIMIT,
    LINK,
    MONITOR,
    PARCELS,
    PROCESSES,
    READ_TIMER,
    READY,
    REAPED,
    REASON_OF,
    REFUSED,
    REGISTER,
    REGISTERED,
    RING,
    SIGNAL,
    SPAWN,
    STALE,
    START_TIMER,
    STOP,
    SURVIVED,
    SURVIVES,
    TIMER_LEFT,
    UNLINK,
    UNREGISTER,
    WARMED,
)

__all__ = ["State", "next_deadline", "step", "tick"]

_DESTINATION: Final = Struct("<I")
_LONGEST: Final = 1000
"""Characters of a refusal."""


def step(state: State, frame: Frame, now: float) -> list[Effect]:
    """Decide what one request means. Raises whatever a request raises that is none."""
    kind, sender, ref, payload = frame
    if kind in _RAW:
        return list(_RAW[kind](state, sender, ref, payload))
    if kind not in _REQUESTS:
        raise ValueError(f"no request has the kind {kind}")
    request, arguments = _REQUESTS[kind], plain(payload)
    _check(state, request, sender, arguments)
    if request.timed:
        return list(request.handler(state, sender, ref, *arguments, now))
    return list(request.handler(state, sender, ref, *arguments))


def _check(state: State, request: Request, sender: int, arguments: Any) -> None:
    """A request that is not made as it should be is refused before it has changed anything."""
    if request.of_launchers and not state.is_launcher(sender):
        raise ValueError(f"<0.{sender}.0> is no launcher")
    if not isinstance(arguments, tuple) or not all(map(isinstance, arguments, request.types)):
        raise TypeError(f"the request takes {request.types}, not {shorten(arguments)}")


def refuse(frame: Frame, error: Exception) -> list[Effect]:
    """Nobody waits in vain for the answer to what is no request. (The kernel waits for none.)"""
    _, sender, ref, _ = frame
    if not ref or sender == KERNEL:
        return []
    return [Send(sender, REFUSED, KERNEL, ref, dumps(shorten(error, _LONGEST)))]


def tick(state: State, now: float) -> list[Effect]:
    """What is due by now."""
    return [
        *timers.fire(state, now), *signals.strike(state, now), *ending.enforce(state, now),
        *questions.give_up(state, now),
    ]  # fmt: skip


def next_deadline(state: State) -> float | None:
    """When `tick` will have something to do."""
    times = [
        state.timers.first(), state.spared.first(), state.patience.first(), state.questions.first(),
        state.unborn.first(),
    ]  # fmt: skip
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
    frame = payload[_DESTINATION.size :]
    frames, rest = split(frame)
    if len(frames) != 1 or rest:
        raise ValueError("what is to be delivered is no frame")
    if target not in state.processes:
        return [answer(asker, ref, "dead")]
    return [Forward(target, frame, asker, ref)]


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


Types: TypeAlias = tuple[type | UnionType, ...]


class Request(NamedTuple):
    """Who decides what a request means, and the types of its arguments."""

    handler: Callable[..., list[Effect]]
    types: Types
    timed: bool = False
    """Whether the decision depends on the time."""
    of_launchers: bool = False
    """Whether only a launcher may say so."""


_REQUESTS: Final[dict[int, Request]] = {
    ATTACH: Request(lives.attach, (str, int, bool)),
    CANCEL_TIMER: Request(timers.cancel, (int, int), timed=True),
    DEMONITOR: Request(signals.demonitor, (int,)),
    EXITING: Request(lives.leaving, (bytes, int, int), timed=True),
    FORKED: Request(lives.forked, (int, int, bytes), timed=True, of_launchers=True),
    HIBERNATING: Request(lives.hibernating, (bool,)),
    INFO: Request(info, (int,)),
    IS_ALIVE: Request(signals.is_alive, (int,), timed=True),
    LIMIT: Request(ending.limit, (float | int | None,), timed=True),
    KNOCK: Request(lives.knock, (str, int)),
    LINK: Request(signals.link, (int,)),
    MONITOR: Request(signals.monitor, (int, int | str)),
    PARCELS: Request(lives.parcels, (int,)),
    PROCESSES: Request(processes, ()),
    READY: Request(lives.ready, (str | None, dict, int)),
    READ_TIMER: Request(timers.read, (int, int), timed=True),
    REAPED: Request(lives.reaped, (int, int), timed=True, of_launchers=True),
    REASON_OF: Request(signals.reason_of, (int, int)),
    REGISTER: Request(names.register, (str, int)),
    REGISTERED: Request(names.registered, ()),
    SIGNAL: Request(signals.signal, (int, bytes, bool, int), timed=True),
    SPAWN: Request(lives.spawn, (dict,), timed=True),
    STALE: Request(warming.stale, (str,)),
    START_TIMER: Request(timers.start, (int, float, tuple)),
    STOP: Request(stop, (), timed=True),
    SURVIVED: Request(signals.survived, (int, int)),
    SURVIVES: Request(signals.survives, (int,), timed=True),
    TIMER_LEFT: Request(timers.left, (int, int, float | None)),
    UNLINK: Request(signals.unlink, (int,)),
    UNREGISTER: Request(names.unregister, (str,)),
    WARMED: Request(warming.warmed, (list, list, bool), of_launchers=True),
}

_RAW: Final[dict[int, Any]] = {DELIVER: deliver, RING: ring}
