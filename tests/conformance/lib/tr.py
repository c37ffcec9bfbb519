"""The trace collector that all scenarios share: `tr.erl`, written again.

One process owns the lines of the trace. Every `p` is a synchronous round trip to it, so that two
lines whose events are causally ordered are always recorded in that order. Times are in seconds.

    Erlang                             Python
    ------                             ------
    tr:p(Term)                         tr.p(term)
    tr:proc(L, fun() -> ... end)       tr.proc("l", fun)
    tr:attempt(fun() ->                tr.attempt(gen_server.call, server, request)
        gen_server:call(S, R) end)
    gen_server:start(M, A, [])         tr.ok(gen_server.start, C, a)      {ok,Pid} | {error,Reason}
    error(R)   exit(R)                 tr.error(r)   process.exit(r)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

import otp.node
from otp import gen_server, process
from otp.errors import (
    AlreadyStarted,
    CallError,
    CallTimeout,
    Ignored,
    ProcessExit,
    StartError,
    SupervisorError,
)
from otp.system import SystemError
from otp.terms import Down, Pid, Ref
from tests.conformance.lib import logs  # noqa: F401  hears what is logged in every process
from tests.conformance.lib.term import Error, called, milliseconds, reason

WAIT = 8.0

# ---- what scenarios call


def p(term: Any) -> None:
    """Append one line to the trace."""
    gen_server.call("tr", ("emit", term), None)


def name(who: Pid | Ref, as_label: str) -> None:
    """Print this process or reference as that label from now on."""
    gen_server.call("tr", ("name", who, as_label), None)


def born(base: str) -> str:
    """Label this process base_1, base_2, ...; return the label."""
    me: str = gen_server.call("tr", ("born", base, process.self()), None)
    return me


def label(pid: Pid) -> str:
    me: str = gen_server.call("tr", ("label", pid), None)
    return me


def wait(term: Any) -> None:
    """Block until a line equal to this one has been recorded."""
    try:
        gen_server.call("tr", ("wait", term), WAIT)
    except CallTimeout:
        p(("wait_timeout", term))


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def park() -> NoReturn:
    """Sleep for ever; what comes is left in the mailbox."""
    process.receive(lambda _: False)
    raise AssertionError


def node() -> str:
    """The name of the local node, printed as this_node."""
    return otp.node.current().id


def alive(pid: Pid) -> bool:
    return process.is_alive(pid)


def mailbox(quiet: float = 0.15) -> list[Any]:
    """Everything received until so many seconds of silence, in order."""
    messages = []
    while True:
        try:
            messages.append(process.receive(timeout=quiet))
        except TimeoutError:
            return messages


def watch(pid: Pid) -> Ref:
    """Start watching a process; collect the reason with `reason_of`."""
    return process.monitor(pid)


def reason_of(ref: Ref) -> Any:
    try:
        down: Down = process.receive(lambda m: isinstance(m, Down) and m.ref == ref, WAIT)
    except TimeoutError:
        return "still_alive"
    return down.reason


def gone(pid: Pid) -> Any:
    """Wait for the death of a process; "noproc" if it was dead already."""
    return reason_of(watch(pid))


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """How many seconds it took, and what it returned."""
    begin = time.monotonic()
    value = function()
    return time.monotonic() - begin, value


def later(seconds: float, function: Callable[[], Any]) -> Pid:
    return process.spawn(_later, seconds, function)


def _later(seconds: float, function: Callable[[], Any]) -> None:
    time.sleep(seconds)
    function()


def proc(as_label: str, function: Callable[..., Any], *args: Any) -> Pid:
    """A plain process, labelled before the function runs."""
    return _proc(process.spawn, as_label, function, args)


def proc_link(as_label: str, function: Callable[..., Any], *args: Any) -> Pid:
    """The same, linked to the caller."""
    return _proc(process.spawn_link, as_label, function, args)


def proc_monitor(as_label: str, function: Callable[..., Any], *args: Any) -> tuple[Pid, Ref]:
    """The same, monitored by the caller."""
    both: tuple[Pid, Ref] = _proc(process.spawn_monitor, as_label, function, args)
    return both


def _proc(spawn: Callable[..., Any], as_label: str, function: Any, args: Any) -> Any:
    pid = spawn(_labelled, process.self(), as_label, function, args)
    process.receive(lambda m: m == ("labelled", as_label))
    return pid


def _labelled(starter: Pid, as_label: str, function: Callable[..., Any], args: Any) -> None:
    name(process.self(), as_label)
    process.send(starter, ("labelled", as_label))
    function(*args)


def log_on(level: str) -> None:
    """From now on every log event of this level or above is a line, written by who logs it."""
    gen_server.call("tr", ("log_on", level), None)


def log_off() -> None:
    gen_server.call("tr", ("log_on", None), None)


# ---- how things end


def error(why: Any) -> NoReturn:
    """Raise the error with this reason, as ``error(Why)``."""
    raise Error(why)


def ok(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What Erlang's function of that name returns: ok, {ok,V}, ignore or {error,Reason}."""
    try:
        value = function(*args, **kwargs)
    except AlreadyStarted as raised:
        return ("error", ("already_started", raised.pid))
    except Ignored:
        return "ignore"
    except (StartError, SupervisorError, SystemError) as raised:
        return ("error", raised.reason)
    return "ok" if value is None else ("ok", value)


def true(function: Callable[..., Any], *args: Any) -> bool:
    """Call a function that returns None in ours and true in Erlang."""
    function(*args)
    return True


def attempt(function: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[str, Any]:
    """Call the function and classify how it ended: returned, exited or raised.

    What a call exits with names the function and its arguments, so give both as they are, rather
    than in a lambda.
    """
    try:
        return ("returned", function(*args, **kwargs))
    except ProcessExit as raised:
        return ("exited", raised.reason)
    except CallError as raised:
        return _failed(raised, *_unwrapped(function, args))
    except Exception as raised:
        return ("raised", reason(raised))


def _unwrapped(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """The function that was called in the end, below `ok` and partials."""
    while function is ok or isinstance(function, partial):
        if isinstance(function, partial):
            function, args = function.func, (*function.args, *args)
        else:
            function, *rest = args
            args = tuple(rest)
    return function, args


def _failed(error: CallError, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    module = getattr(function, "__module__", "").removeprefix("otp.")
    if module == "process":  # what has a reply of its own in ours is an error of the emulator's
        return ("raised", error.reason)
    if function is gen_server.stop and error.reason != "calling_self":
        return ("exited", error.reason)
    if function is gen_server.call:
        mine = [*args[:2], *map(milliseconds, args[2:])]
        return ("exited", called(error, ("gen_server", "call", mine)))
    if module == "system":
        return ("exited", called(error, ("sys", function.__name__, list(args))))
    if module == "supervisor":
        mine = [error.server, error.request, "infinity"]
        return ("exited", called(error, ("gen_server", "call", mine)))
    return ("exited", called(error))
