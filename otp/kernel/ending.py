"""The end of a node, in good order.

It comes when the program says so or has died. The program's own processes are dead from then on;
what was linked to them hears of that, so supervision trees come down as they would for any parent.

1. every top-level process, whose parent is no live worker, gets the exit signal that its parent's
   end is; a supervisor stops its children in order, each within its own `shutdown` time
2. one that has not gone within its own patience is killed (a supervisor's patience has no end)
3. whoever loses its parent on the way becomes top-level
4. when no worker is left, the kernel kills what else there may be, cleans up and ends
"""

from __future__ import annotations

from otp.kernel.effects import Effect, Halt
from otp.kernel.signals import exit_signal, slay
from otp.kernel.table import KILLED, SHUTDOWN, Death, Process, State


def begin(state: State, now: float) -> list[Effect]:
    """Tell the top-level processes. The attached ones are buried by the caller."""
    state.ending = True
    effects: list[Effect] = []
    for process in workers(state):
        if process.parent not in state.processes:
            effects += tell(process, now)
    return [*effects, *finish(state)]


def tell(process: Process, now: float) -> list[Effect]:
    """It is to end, and has its own patience to do so."""
    if process.told_to_end is not None:
        return []
    process.told_to_end = now
    return exit_signal(process, process.parent, 0, SHUTDOWN)


def orphans(state: State, dead: int, now: float) -> list[Effect]:
    """Its children are top-level now."""
    if not state.ending:
        return []
    effects = [e for p in workers(state) if p.parent == dead for e in tell(p, now)]
    return [*effects, *finish(state)]


def deadline(process: Process) -> float | None:
    if process.told_to_end is None or process.patience is None or process.killed is not None:
        return None
    return process.told_to_end + process.patience


def next_deadline(state: State) -> float | None:
    """When the next one's patience is over."""
    if not state.ending:
        return None
    return min((d for p in workers(state) if (d := deadline(p)) is not None), default=None)


def enforce(state: State, now: float) -> list[Effect]:
    """Kill those who took too long."""
    late = [p for p in workers(state) if (d := deadline(p)) is not None and d <= now]
    return [effect for p in late for effect in slay(p, Death(KILLED))]


def finish(state: State) -> list[Effect]:
    return [] if workers(state) else [Halt()]


def workers(state: State) -> list[Process]:
    return [p for p in state.processes.values() if not p.attached]
