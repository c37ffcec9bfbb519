"""What a supervisor does with its children: starts, stops and restarts them.

`restarting` decides, this file acts on it, `supervising` is the process that all this runs in. The
entries in `State.children` are always brought up to date before the next step is taken, so that
whatever happens in between, `stop_all` finds every process that is there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from otp import process
from otp.behaviour import supervisor_reports as report
from otp.behaviour.child import ChildSpec
from otp.behaviour.children import Child, Children
from otp.behaviour.restarting import (
    Group,
    add_restart,
    decide,
    group,
    shuts_down,
    stopped_as_told,
    too_many,
)
from otp.behaviour.starting import Failed, Started, run_start
from otp.behaviour.stopping import stop_one, stop_together
from otp.behaviour.supervisor_flags import Flags
from otp.errors import shorten
from otp.terms import Pid, Server


@dataclass(slots=True)
class State:
    """`name` is how reports call the supervisor; `template` is set for simple_one_for_one."""

    name: Server
    flags: Flags
    children: Children
    template: ChildSpec | None = None
    restarts: tuple[int, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class TryAgain:
    """A message of the supervisor to itself, so that others are served between two tries."""

    key: Any


def start_all(state: State, keys: Iterable[Any]) -> tuple[Any, Any] | None:
    """Start these children one after the other; if one fails, its key and the reason."""
    for key in keys:
        child = state.children.get(key)
        came = start(state, child, logging.INFO)
        if isinstance(came, Failed):
            report.start_error(state.name, child, came.reason, came.words)
            return key, came.reason
    return None


def start(state: State, child: Child, level: int) -> Started | Failed:
    """Start a child that has an entry; `level` is that of the progress report."""
    came = run_start(child.spec, state.name)
    if isinstance(came, Failed):
        return came
    if came.pid is None:
        state.children.ended(child.key)
        return came
    state.children.started(child.key, came.pid)
    if not state.flags.is_simple:
        report.progress(state.name, child, level)
    return came


def stop(state: State, child: Child) -> None:
    """Stop a child on purpose: its end counts for nothing, and its entry stays if it may."""
    if child.pid is not None:
        reason = stop_one(child.pid, child.spec.shutdown)
        if not stopped_as_told(child.spec.shutdown, child.spec.restart, reason):
            report.shutdown_error(state.name, child, reason)
    state.children.ended(child.key)


def stop_all(state: State) -> None:
    """The last one first; those of simple_one_for_one all at once, in no order."""
    if state.template is not None:
        _stop_instances(state, state.template)
        return
    for child in reversed(list(state.children)):
        stop(state, child)


def child_ended(state: State, child: Child, reason: Any) -> bool:
    """A child has ended by itself; whether the supervisor is to end now."""
    decision = decide(state.flags.strategy, state.children.family, child.key, reason)
    if decision.reported:
        report.child_terminated(state.name, child, reason)
    if decision.restart is not None:
        return restart(state, child, decision.restart)
    state.children.ended(child.key)
    left = state.children.significant_left()
    return shuts_down(state.flags.auto_shutdown, child.spec.significant, left)


def try_again(state: State, child: Child) -> bool:
    """Another try to restart a child, with all that belong to it."""
    return restart(state, child, group(state.flags.strategy, state.children.family, child.key))


def restart(state: State, child: Child, members: Group) -> bool:
    """Restart a child that has ended, and its group; whether the supervisor is to end now."""
    state.restarts = add_restart(state.restarts, monotonic(), state.flags.period)
    if too_many(state.restarts, state.flags.intensity):
        report.too_many_restarts(state.name, child, state.flags.intensity, state.flags.period)
        state.children.ended(child.key)
        return True
    former = child.pid or child.former
    state.children.down(child.key)
    for key in members.stop:
        stop(state, state.children.get(key))
    failed = start_all(state, members.start)
    if failed is not None:
        key, _ = failed
        state.children.not_restarted(key, former if key == child.key else None)
        process.send(process.self(), TryAgain(key))
    return False


def _stop_instances(state: State, template: ChildSpec) -> None:
    """As in OTP, one report tells of all children that ended for the same unwanted reason."""
    running = [child.pid for child in state.children if child.pid is not None]
    unwanted: dict[str, list[tuple[Pid, Any]]] = {}
    for pid, reason in stop_together(running, template.shutdown):
        if not stopped_as_told(template.shutdown, template.restart, reason):
            unwanted.setdefault(shorten(reason), []).append((pid, reason))
    for same in unwanted.values():
        pid, reason = same[0]
        report.shutdown_error(state.name, Child(None, template, pid), reason, len(same))
