"""The end of a node, in good order.

It comes when the program says so or has died. The program's own processes are dead from then on;
what was linked to them hears of that, so supervision trees come down as they would for any parent.

1. who was stopped (`SIGSTOP`) goes on, launchers too: nobody else could reap the dead
2. every top-level process, whose parent is no live worker, gets the exit signal that its parent's
   end is; a supervisor stops its children in order, each within its own `shutdown` time. (A thread
   of another program that has attached lives on, but nothing that it has started does, or the node
   would outlive its own program; nor does such a thread start anything more)
3. one that has not gone within its own patience is killed (a supervisor's patience has no end)
4. a supervisor that runs a start callable just then asks for a `LIMIT` itself; and everyone has one
   who has said its last words, for what it has printed may find no reader
5. one that was ordered and is not there within `_BIRTH` never will be: its launcher hangs. Nobody
   can kill what has no OS process, so everything is killed then
6. whoever loses its parent on the way becomes top-level
7. when no worker is left, the kernel kills what else there may be, cleans up and ends
"""

from __future__ import annotations

from typing import Final

from otp.errors import shorten
from otp.kernel.effects import Continue, Effect, Halt
from otp.kernel.signals import exit_signal, slay
from otp.kernel.table import KILLED, SHUTDOWN, Death, Process, State

_BIRTH: Final = 10.0  # seconds
_LONGEST: Final = 1e300  # seconds; an int may be more than a float can be


def begin(state: State, now: float) -> list[Effect]:
    """Tell the top-level processes. The attached ones are buried by the caller."""
    state.ending = True
    workers = [process for process in state.processes.values() if not process.attached]
    top = [worker for worker in workers if not state.is_worker(worker.parent)]
    for worker in workers:
        expect_birth(state, worker, now)
    return [Continue(), *_tell(state, top, now), *finish(state)]


def expect_birth(state: State, worker: Process, now: float) -> None:
    """While the node ends, whoever is not there yet must be so soon."""
    if state.ending and not worker.os_pid:
        state.unborn.add(worker.serial, now + _BIRTH, None)


def limit(state: State, asker: int, ref: int, seconds: float | None, now: float) -> list[Effect]:
    """It is to be killed if it has not ended by then; or no longer."""
    check_seconds(seconds)
    if asker in state.processes:
        state.patience.cancel(asker)
        if seconds is not None:
            state.patience.add(asker, now + seconds, None)
    return []


def check_seconds(seconds: float | None) -> None:
    """Before it is too late: what cannot be added to a time would keep the node from its end."""
    if seconds is not None and not 0 <= seconds <= _LONGEST:
        raise ValueError(f"nobody has {shorten(seconds)} seconds to end")


def _tell(state: State, workers: list[Process], now: float) -> list[Effect]:
    """They are to end; each has its own patience to do so."""
    effects: list[Effect] = []
    for process in workers:
        if not process.told_to_end:
            process.told_to_end = True
            if process.patience is not None:
                state.patience.add(process.serial, now + process.patience, None)
            effects += exit_signal(process, process.parent, 0, SHUTDOWN)
    return effects


def bereaved(state: State, dead: int, now: float) -> list[Effect]:
    """Its children are top-level now."""
    state.patience.cancel(dead)
    if not state.ending:
        return []
    children = [state.processes[serial] for serial in state.children.of(dead)]
    return [*_tell(state, children, now), *finish(state)]


def enforce(state: State, now: float) -> list[Effect]:
    """Kill those who took too long."""
    if state.unborn.due(now):
        return [Halt()]
    late = [state.processes[serial] for serial, _ in state.patience.due(now)]
    return [e for p in late if p.killed is None for e in slay(p, Death(KILLED))]


def finish(state: State) -> list[Effect]:
    return [] if state.brood else [Halt()]
