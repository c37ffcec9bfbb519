"""Processes that acknowledge their start, and report their crash (Erlang's `proc_lib`).

A server of your own, with a `receive` loop instead of callbacks:

>>> from otp import proc_lib, process
>>> def counter(first):
...     proc_lib.init_ack(process.self())
...     match process.receive():
...         case ("count", customer):
...             process.send(customer, first + 1)
>>> pid = proc_lib.start_link(counter, 41)
>>> process.send(pid, ("count", process.self()))
>>> process.receive(timeout=10)
42

`start` returns when the process has called `init_ack`. Ends for other reasons than "normal",
"shutdown" and `Shutdown` are reported in the log, `process.exit` too, which `process.spawn` leaves
unsaid. All times are in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from otp import gen, process
from otp.behaviour import reports
from otp.runtime import here, starting
from otp.runtime.spawning import InitialCall, Wish, initial_call
from otp.runtime.spawning import spawn as _spawn
from otp.terms import From, Pid, Ref, Server

__all__ = [
    "ancestors", "init_ack", "init_fail", "spawn", "spawn_link", "spawn_monitor", "start",
    "start_link", "start_monitor", "stop",
]  # fmt: skip


# ---- started, with an acknowledgement


def start(function: Callable[..., Any], *args: Any, timeout: float | None = None) -> Any:
    """Start a process that runs the function; return what it gives to `init_ack` (`start/4`).

    Raises `StartError` if it ends before that or calls `init_fail`, and `StartTimeout` if it is
    not ready within `timeout`: it is killed then. When it raises, the process is gone.
    """
    return starting.start(_how(function, args, timeout, link=False)).detail


def start_link(function: Callable[..., Any], *args: Any, timeout: float | None = None) -> Any:
    """The same, linked to the caller (`start_link/4`)."""
    return starting.start(_how(function, args, timeout, link=True)).detail


def start_monitor(
    function: Callable[..., Any], *args: Any, timeout: float | None = None
) -> tuple[Any, Ref]:
    """The same as `start`, monitored by the caller (`start_monitor/4`)."""
    started = starting.start_monitor(_how(function, args, timeout, link=False))
    assert started.monitor is not None
    return started.detail, started.monitor


def init_ack(value: Any = None) -> None:
    """In the new process: all is well, let `start` return this (`init_ack/1`).

    Raises `RuntimeError` in a process that nobody waits for.
    """
    starting.acknowledge(_starter(), "ok", value)


def init_fail(reason: Any, exit_reason: Any = "normal") -> NoReturn:
    """In the new process: let `start` raise ``StartError(reason)``, and end (`init_fail/2`).

    The process ends with `exit_reason`; the starter learns of the failure when it is gone.
    """
    starting.acknowledge(_starter(), "error", reason)
    process.exit(exit_reason)


def ancestors() -> list[Pid]:
    """Who has started this process, who has started that one, and so on (``'$ancestors'``)."""
    return list(here.current().ancestors)


def stop(server: Server, reason: Any = "normal", timeout: float | None = None) -> None:
    """Let a process terminate that heeds `otp.system`; return when it is dead (`stop/3`).

    Raises what `gen_server.stop` raises.
    """
    gen.stop(server, reason, timeout)


def _starter() -> From:
    starter = here.current().starter
    if starter is None:
        raise RuntimeError("this process was not started by proc_lib: nobody waits for it")
    return starter


def _how(
    function: Callable[..., Any], args: tuple[Any, ...], timeout: float | None, *, link: bool
) -> starting.Start:
    call = initial_call(function, len(args))
    return starting.Start(
        _run, (call, function, args), call[1], call[0], link=link, timeout=timeout, call=call
    )


def _run(
    starter: From,
    name: None,
    call: InitialCall,
    function: Callable[..., Any],
    args: tuple[Any, ...],
) -> None:
    reports.crash(call, partial(function, *args))


# ---- spawned


def spawn(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Pid:
    """As `process.spawn`; a crash is reported as that of a server (`spawn/3`)."""
    return _spawned(function, args, kwargs, Wish())


def spawn_link(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Pid:
    """The same, linked to the caller (`spawn_link/3`)."""
    return _spawned(function, args, kwargs, Wish(link=True))


def spawn_monitor(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> tuple[Pid, Ref]:
    """The same, monitored by the caller (`spawn_opt` with `monitor`)."""
    context = here.current()
    tag = context.new_tag()
    context.monitors[tag] = None
    pid = _spawned(function, args, kwargs, Wish(monitor=tag))
    return pid, context.ref(tag)


def _spawned(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], wish: Wish
) -> Pid:
    context = here.current()
    call = initial_call(function, len(args) + len(kwargs))
    wish = Wish(wish.link, wish.monitor, label=call[1], module=call[0] or None, call=call)
    return _spawn(context, _begin, (context.lineage(), call, function, args, kwargs), {}, wish)


def _begin(
    lineage: tuple[Pid, ...],
    call: InitialCall,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> None:
    here.current().ancestors = lineage
    reports.crash(call, partial(function, *args, **kwargs))
