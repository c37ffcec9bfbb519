"""Timers that repeat, and timers that call a function (Erlang's `timer`).

>>> from otp import process, timer
>>> ticks = timer.send_interval(0.01, process.self(), "tick")
>>> [process.receive(timeout=5), process.receive(timeout=5)]
['tick', 'tick']
>>> timer.cancel(ticks)

They are kept by one process of the node, named "timer_server", which is started at the first use
and runs no function itself: each call of one is a process of its own. An interval ends when the
process that it is for does; a timer that is due once does not care. All times are in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, NamedTuple

from otp import gen_server, process
from otp.errors import AlreadyStarted, NoProcess
from otp.gen_server import CallResult, GenServer, NoReply, Ok, Reply
from otp.runtime import checking
from otp.terms import Down, From, Pid, Ref, Timeout

__all__ = [
    "apply_after", "apply_interval", "apply_repeatedly", "cancel", "exit_after", "kill_after",
    "send_after", "send_interval", "tc",
]  # fmt: skip

NAME = "timer_server"


# ---- once


def send_after(seconds: float, dest: Pid | str, message: Any) -> Ref:
    """Send the message in that many seconds (`timer:send_after/3`); as `process.send_after`."""
    return process.send_after(seconds, dest, message)


def apply_after(seconds: float, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Ref:
    """Call the function in that many seconds, in a new process (`timer:apply_after/4`)."""
    checking.span(seconds, "the time of a timer")
    return _ask(("once", seconds, Job(function, args, kwargs)))


def exit_after(seconds: float, pid: Pid, reason: Any) -> Ref:
    """Send the process an exit signal in that many seconds (`timer:exit_after/3`)."""
    return apply_after(seconds, process.exit, checking.pid(pid), reason)


def kill_after(seconds: float, pid: Pid) -> Ref:
    """The same with the reason "kill", which cannot be trapped (`timer:kill_after/2`)."""
    return exit_after(seconds, pid, "kill")


# ---- again and again


def send_interval(seconds: float, dest: Pid | str, message: Any) -> Ref:
    """Send the message every so many seconds (`timer:send_interval/3`).

    It ends with the process that is `dest`; a name is looked up for that now.
    """
    if not isinstance(dest, (Pid, str)):
        raise TypeError(f"a timer sends to a Pid or a name, not to {dest!r}")
    return _repeat(seconds, dest, Message(dest, message))


def apply_interval(
    seconds: float, function: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> Ref:
    """Call the function every so many seconds, in a new process each time.

    It ends with the calling process. A call does not wait for the one before it
    (`timer:apply_interval/4`).
    """
    return _repeat(seconds, process.self(), Job(function, args, kwargs))


def apply_repeatedly(
    seconds: float, function: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> Ref:
    """The same, but a call begins only when the one before it is over.

    Calls that are late by then follow without a pause (`timer:apply_repeatedly/4`).
    """
    return _repeat(seconds, process.self(), Job(function, args, kwargs), in_turn=True)


# ---- both


def cancel(ref: Ref) -> None:
    """Stop a timer of this module; nothing happens if it is over (`timer:cancel/1`)."""
    if process.cancel_timer(ref) is None and ref.owner == process.whereis(NAME):
        try:
            gen_server.call(ref.owner, ("cancel", ref), None)
        except NoProcess:
            return


def tc(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> tuple[float, Any]:
    """Call the function here and now; how many seconds it took, and its value (`timer:tc/2`)."""
    begin = monotonic()
    value = function(*args, **kwargs)
    return monotonic() - begin, value


# ---- the server


class Job(NamedTuple):
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Message(NamedTuple):
    dest: Pid | str
    message: Any


@dataclass(frozen=True, slots=True)
class Interval:
    every: float
    due: float
    """When the next time is, in monotonic time."""
    what: Job | Message
    in_turn: bool
    timer: Ref
    call: Ref | None = None
    """The monitor of a call that must be over before the next."""


State = dict[Ref, Interval]
"""Each interval by its ref, which is the monitor of the process that it is for."""


def _repeat(seconds: float, owner: Pid | str, what: Job | Message, *, in_turn: bool = False) -> Ref:
    if checking.span(seconds, "the time of an interval") == 0:
        raise ValueError("the time of an interval is to be more than 0 seconds")
    return _ask(("every", seconds, owner, what, in_turn))


def _ask(request: Any) -> Ref:
    ref: Ref = gen_server.call(_server(), request, None)
    return ref


def _server() -> Pid:
    running = process.whereis(NAME)
    if running is not None:
        return running
    try:
        return gen_server.start(TimerServer, None, name=NAME)
    except AlreadyStarted as other:
        return other.pid


class TimerServer(GenServer[State]):
    def init(self, _: None, /) -> Ok[State]:
        return Ok({})

    def handle_call(self, request: Any, caller: From, state: State) -> CallResult[State]:
        match request:
            case ("once", seconds, what):
                return Reply(process.start_timer(seconds, process.self(), what), state)
            case ("every", seconds, owner, what, in_turn):
                ref, due = process.monitor(owner), monotonic() + seconds
                interval = Interval(seconds, due, what, in_turn, _wake(ref, due))
                return Reply(ref, {**state, ref: interval})
            case ("cancel", ref):
                return Reply(None, _without(ref, state))
            case _:
                return super().handle_call(request, caller, state)

    def handle_info(self, message: Any, state: State) -> NoReply[State]:
        match message:
            case Timeout(ref=Ref(), message=Ref() as interval):
                return NoReply(_again(interval, state))
            case Timeout(ref=Ref(), message=once):
                _do(once)
                return NoReply(state)
            case Down(ref) if ref in state:
                return NoReply(_without(ref, state))
            case Down(ref):
                return NoReply(_call_over(ref, state))
            case _:
                return NoReply(state)


def _wake(interval: Ref, due: float) -> Ref:
    return process.start_timer(max(0.0, due - monotonic()), process.self(), interval)


def _do(what: Job | Message) -> None:
    match what:
        case Message(str() as name, message):
            pid = process.whereis(name)
            if pid is not None:  # sent to the pid: to a name that is free by now would raise
                process.send(pid, message)
        case Message(dest, message):
            process.send(dest, message)
        case Job(function, args, kwargs):
            process.spawn(function, *args, **kwargs)


def _again(ref: Ref, state: State) -> State:
    """An interval is due."""
    if ref not in state:
        return state
    interval = state[ref]
    due = interval.due + interval.every
    if interval.in_turn and isinstance(interval.what, Job):
        function, args, kwargs = interval.what
        _, call = process.spawn_monitor(function, *args, **kwargs)
        return {**state, ref: replace(interval, due=due, call=call)}
    _do(interval.what)
    return {**state, ref: replace(interval, due=due, timer=_wake(ref, due))}


def _call_over(call: Ref, state: State) -> State:
    for ref, interval in state.items():
        if interval.call == call:
            timer = _wake(ref, interval.due)
            return {**state, ref: replace(interval, timer=timer, call=None)}
    return state


def _without(ref: Ref, state: State) -> State:
    if ref not in state:
        return state
    process.demonitor(ref, flush=True)
    process.cancel_timer(state[ref].timer)
    return {other: interval for other, interval in state.items() if other != ref}
