"""The process that a supervisor is: a GenServer that traps exits and keeps its children.

It hears of the end of a child by the `Exit` message of the link, so a child that is not linked to
it, or unlinks itself, ends unnoticed. While a start callable runs, the supervisor serves nothing
else, but it heeds that its parent tells it to end (`otp.behaviour.starting`). When it ends, for
whatever reason but "kill", it stops its children first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from otp import process
from otp.behaviour import supervisor_reports as report
from otp.behaviour.administering import answer
from otp.behaviour.callbacks import GenServer
from otp.behaviour.child import ChildSpec
from otp.behaviour.children import Children
from otp.behaviour.healing import State, TryAgain, child_ended, start_all, stop_all, try_again
from otp.behaviour.results import CallResult, NoReply, Ok, Reply, Result, Stop
from otp.behaviour.supervisor_flags import Flags
from otp.terms import Exit, From, Server, Shutdown


@dataclass(frozen=True, slots=True)
class Setup:
    """What a supervisor is started with: checked data, nothing to call but the start callables."""

    name: Server | None
    flags: Flags
    specs: tuple[ChildSpec, ...]


class Supervisor(GenServer[State]):
    def init(self, setup: Setup, /) -> Ok[State] | Stop[State]:
        process.trap_exit()
        name = process.self() if setup.name is None else setup.name
        state = State(name, setup.flags, Children(setup.flags.strategy))
        if setup.flags.is_simple:
            (state.template,) = setup.specs
            return Ok(state)
        for spec in setup.specs:
            state.children.add(spec)
        failed = start_all(state, [spec.id for spec in setup.specs])
        if failed is None:
            return Ok(state)
        stop_all(state)
        return Stop(Shutdown(("failed_to_start_child", *failed)))

    def handle_call(self, request: Any, caller: From, state: State) -> CallResult[State]:
        said = answer(request, state)
        if said is None:
            return super().handle_call(request, caller, state)
        return Reply(said, state)

    def handle_info(self, message: Any, state: State) -> Result[State]:
        match message:
            case Exit(pid, reason):
                child = state.children.running(pid)
                ends = child is not None and child_ended(state, child, reason)
            case TryAgain(key):
                child = state.children.find(key)
                ends = child is not None and child.restarting and try_again(state, child)
            case _:
                report.unexpected_message(state.name, message)
                ends = False
        return Stop("shutdown", state) if ends else NoReply(state)

    def terminate(self, reason: Any, state: State) -> None:
        stop_all(state)
