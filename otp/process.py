"""Processes: spawn, send, receive, links, monitors, exit signals, names, timers.

Every process is an OS process with a mailbox; the thread that uses this library is one too.

>>> from otp import process
>>> from otp.terms import Down
>>> def double(customer, number):
...     process.send(customer, ("doubled", 2 * number))
>>> pid, ref = process.spawn_monitor(double, process.self(), 21)
>>> process.receive(timeout=10)
('doubled', 42)
>>> process.receive(timeout=10) == Down(ref, pid, "normal")
True

Functions, lambdas, closures and classes may come from anywhere, a script or the REPL too: what
another process cannot import travels by value. All times are in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, get_args, overload

from otp.runtime import checking, here, signalling, timing
from otp.runtime.addressing import NOBODY, destination, registry
from otp.runtime.aliasing import AliasOption, MonitorAlias
from otp.runtime.mailbox import NOTHING
from otp.runtime.receiving import receive as _receive
from otp.runtime.spawning import Wish
from otp.runtime.spawning import spawn as _spawn
from otp.runtime.spawning import spawn_monitored as _spawn_monitored
from otp.terms import Global, Pid, Ref, Server, Via
from otp.wire import protocol

__all__ = [
    "alias", "cancel_timer", "demonitor", "exit", "info", "is_alive", "link", "monitor",
    "processes", "read_timer", "receive", "register", "registered", "self", "send", "send_after",
    "spawn", "spawn_link", "spawn_monitor", "start_timer", "trap_exit", "unalias", "unlink",
    "unregister", "whereis",
]  # fmt: skip

_INDIRECT = (Via, Ref)


def self() -> Pid:
    """The pid of the calling process (Erlang's `self/0`)."""
    return here.current().pid


# ---- beginning


def spawn(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Pid:
    """Start a process that runs the function, and return its pid at once (`spawn/3`).

    It ends with reason "normal" when the function returns. What is given is copied. Raises
    `pickle.PicklingError` if it cannot be, `OSError` if the system has no room for a process.
    """
    return _spawn(here.current(), function, args, kwargs, Wish())


def spawn_link(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Pid:
    """The same, linked to the caller from its first instruction on (`spawn_link/3`)."""
    return _spawn(here.current(), function, args, kwargs, Wish(link=True))


def spawn_monitor(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> tuple[Pid, Ref]:
    """The same, monitored by the caller from its first instruction on (`spawn_monitor/3`)."""
    return _spawn_monitored(here.current(), function, args, kwargs)


# ---- messages


def send(dest: Server | Ref, message: Any) -> None:
    """Put a copy of the message into the mailbox of `dest`; never wait for it to be handled.

    `dest` may also be an `alias`. To a dead pid, or an alias that is not active any more, it is
    dropped silently, as in Erlang. Raises `ValueError` if `dest` is a name
    that nobody has, `pickle.PicklingError` if the message cannot be copied: nothing is sent then.
    """
    if isinstance(dest, _INDIRECT):
        _send_indirectly(dest, message)
        return
    context = here.current()
    to = destination(context, dest)
    if to == context.serial:
        signalling.send_to_oneself(context, message)
    elif to != NOBODY:
        context.outbox.send(protocol.MESSAGE, to, 0, message)
    elif isinstance(dest, (str, Global)):
        raise ValueError(f"no process is registered as {dest!r}")


def _send_indirectly(dest: Via | Ref, message: Any) -> None:
    if isinstance(dest, Via):
        registry(dest).send(dest.key, message)
    else:
        signalling.send_by_alias(here.current(), dest, message)


def alias(option: AliasOption = "explicit_unalias") -> Ref:
    """A temporary address of the calling process: `send` takes it, until `unalias` (`alias/1`).

    With "reply" it is good for one message.
    """
    checking.one_of(option, get_args(AliasOption), "the option of an alias")
    context = here.current()
    tag = context.new_tag()
    context.aliases.add(tag, option)
    return context.ref(tag)


def unalias(alias: Ref) -> bool:
    """Switch an alias off: what comes by it from now on is dropped. Whether it was active."""
    context = here.current()
    return checking.ref(alias).owner == context.pid and context.aliases.remove(alias.id)


def receive(match: Callable[[Any], Any] | type | None = None, timeout: float | None = None) -> Any:
    """Take the first message out of the mailbox; with `match`, the first that it wants.

    `match` is a function of the message that returns true or false, or a class (`receive(Down)`).
    The other messages stay, in order. Raises `TimeoutError` when `timeout` seconds have passed.
    """
    if isinstance(match, type):
        wanted = match
        match = lambda message: isinstance(message, wanted)  # noqa: E731
    elif match is not None and not callable(match):
        raise TypeError(f"match is to be a function of the message or a class, not {match!r}")
    message = _receive(here.current(), match, checking.deadline(timeout))
    if message is NOTHING:
        raise TimeoutError(f"no such message within {timeout} s")
    return message


# ---- links, monitors and exit signals


def link(pid: Pid) -> None:
    """Let the two processes share their ends: an exit signal goes to whoever survives (`link/1`).

    If `pid` is dead already: a process that traps exits gets ``Exit(pid, "noproc")``, any other
    `NoProcess` raised.
    """
    signalling.link(here.current(), checking.pid(pid))


def unlink(pid: Pid) -> None:
    """Undo a link, for both (`unlink/1`).

    Afterwards no exit signal of it comes; an `Exit` that is in the mailbox already stays there.
    """
    signalling.unlink(here.current(), checking.pid(pid))


def monitor(server: Server, alias: MonitorAlias | None = None) -> Ref:
    """Ask for a `Down` when that process ends, for whatever reason (`monitor/2,3`).

    A dead pid or a free name gives a `Down` with reason "noproc" at once. A name is looked up now;
    its `Down` carries the name instead of the pid.

    With `alias` the ref is an `alias` too. "demonitor": it ends with the monitor;
    "reply_demonitor": the first message by it ends both; "explicit_unalias": it stays.
    """
    if alias is not None:
        checking.one_of(alias, get_args(MonitorAlias), "the alias of a monitor")
    context = here.current()
    return context.ref(signalling.monitor(context, server, alias))


def demonitor(ref: Ref, flush: bool = False) -> bool:
    """Stop a monitor (`demonitor/2`): no `Down` comes any more.

    One that is in the mailbox already stays there, unless `flush`. Returns whether the monitor was
    still active.
    """
    return signalling.demonitor(here.current(), checking.ref(ref), flush)


@overload
def exit(reason: Any, /) -> NoReturn: ...
@overload
def exit(pid: Pid, reason: Any, /) -> None: ...
def exit(*args: Any) -> None:
    """``exit(reason)`` ends the calling process; ``exit(pid, reason)`` signals another one.

    The first raises `ProcessExit` (`exit/1`). The second sends an exit signal (`exit/2`): a
    process that traps exits gets an `Exit` message; others die of it, unless the reason is
    "normal". "kill" cannot be trapped, and the reason that others see is "killed". To a dead pid
    it does nothing.
    """
    match args:
        case (reason,):
            signalling.leave(reason)
        case (target, reason):
            signalling.signal(here.current(), checking.pid(target), reason)
        case _:
            raise TypeError(f"exit(reason) or exit(pid, reason), not {len(args)} arguments")


def trap_exit(on: bool = True) -> bool:
    """Let exit signals arrive as `Exit` messages, or no longer; return what was before.

    As ``process_flag(trap_exit, on)``.
    """
    if not isinstance(on, bool):
        raise TypeError(f"trap_exit takes True or False, not {on!r}")
    context = here.current()
    before, context.trapping = context.trapping, on
    return before


# ---- who is there


def is_alive(pid: Pid) -> bool:
    """Whether the process has not begun to end; exit signals sent to it before are heard first."""
    context = here.current()
    if checking.pid(pid) == context.pid:
        return True
    if destination(context, pid) == NOBODY:
        return False
    return bool(context.question(protocol.IS_ALIVE, pid.id))


def processes() -> list[Pid]:
    """All processes of the node."""
    context = here.current()
    return [context.opener.pid(serial) for serial in context.question(protocol.PROCESSES)]


def info(pid: Pid) -> dict[str, Any] | None:
    """What the kernel knows of a process, or None if it is dead (`process_info/1`).

    Keys: "os_pid", "registered_name", "label", "initial_call" (module, function, number of
    arguments), "status" ("starting", "running", "hibernating", "attached", "exiting"), "parent",
    "links", "monitors", "monitored_by"; of oneself also "message_queue_len" and "trap_exit".
    """
    return signalling.info(here.current(), checking.pid(pid))


# ---- names


def register(name: str, pid: Pid) -> None:
    """Give a process a name, by which it can be called and sent to (`register/2`).

    Raises `ValueError` if the name is taken or is "undefined", if the process is dead, or if it has
    a name already: it can have one. The name is free again when the process ends.
    """
    signalling.register(here.current(), checking.name(name), checking.pid(pid))


def unregister(name: str) -> None:
    """Take a name away (`unregister/1`). Raises `ValueError` if nobody has it."""
    if not here.current().question(protocol.UNREGISTER, checking.name(name)):
        raise ValueError(f"no process is registered as {name!r}")


def whereis(name: Server) -> Pid | None:
    """The process that has this name, or None (`whereis/1`)."""
    context = here.current()
    to = destination(context, name)
    return None if to == NOBODY else context.opener.pid(to)


def registered() -> list[str]:
    """All names."""
    names: list[str] = here.current().question(protocol.REGISTERED)
    return names


# ---- timers


def send_after(seconds: float, dest: Pid | str, message: Any) -> Ref:
    """Send the message in that many seconds, never earlier (`erlang:send_after/3`).

    A name is looked up when the time has come. The message is not sent if `dest` is dead then.
    """
    return timing.start(here.current(), seconds, dest, message, protocol.MESSAGE)


def start_timer(seconds: float, dest: Pid | str, message: Any) -> Ref:
    """The same, delivered as ``Timeout(ref, message)`` with the ref that is returned here."""
    return timing.start(here.current(), seconds, dest, message, protocol.TIMEOUT)


def cancel_timer(ref: Ref) -> float | None:
    """Stop a timer; return the seconds that were left, None if it has fired or been cancelled."""
    return timing.cancel(here.current(), checking.ref(ref))


def read_timer(ref: Ref) -> float | None:
    """The seconds left, None if it has fired or been cancelled."""
    return timing.read(here.current(), checking.ref(ref))
