"""Start with an acknowledgement: a process is started when it says so itself (`proc_lib`).

Its starter waits for that, for its death, or for the end of its own patience, whichever is first.
Whatever comes instead of an "ok", nothing is left of the process when the starter goes on: it is
dead, its name free, and no `Exit` of it in the mailbox.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, NoReturn

from otp.errors import AlreadyStarted, Ignored, StartError, StartTimeout
from otp.runtime import checking, here
from otp.runtime.addressing import refuse_global, registry
from otp.runtime.context import Context
from otp.runtime.reasons import pack_reason, unpack_reason
from otp.runtime.spawning import PATIENCE, InitialCall, Wish, kill, spawn
from otp.terms import From, Pid, Ref, Server, Via
from otp.wire.protocol import EXIT, PARCEL


class Start(NamedTuple):
    """How a behaviour wants its process to be started."""

    body: Callable[..., Any]
    """Runs in the new process as ``body(starter, name, *args)``; it must `acknowledge` or end."""
    args: tuple[Any, ...]
    label: str
    module: str
    name: Server | None = None
    link: bool = False
    timeout: float | None = None
    patience: float | None = PATIENCE
    call: InitialCall | None = None
    """What the process is for, if that is not its body (`process.info`)."""


class Started(NamedTuple):
    """A process that has acknowledged."""

    pid: Pid
    detail: Any
    """What it has acknowledged with, besides "ok"."""
    monitor: Ref | None = None


def start(how: Start) -> Started:
    """Start a process and wait until it has acknowledged. Raises `StartError` and subclasses."""
    context, started, monitor = _start(how)
    context.demonitor(monitor)
    del context.mailbox.awaited[monitor]
    return started


def start_monitor(how: Start) -> Started:
    """The same; the monitor is there from the first instruction on."""
    context, started, monitor = _start(how)
    if (down := context.mailbox.awaited[monitor]) is not None:
        context.mailbox.arrived += (down,)
    del context.mailbox.awaited[monitor]
    return started._replace(monitor=context.ref(monitor))


def _start(how: Start) -> tuple[Context, Started, int]:
    """Wait for the acknowledgement or the death, whichever comes first.

    The tag of the monitor is still awaited after a success, so that no `Down` slips between.
    """
    deadline = checking.deadline(how.timeout)
    context = here.current()
    local = _local_name(context, how.name)
    awaited, ack, monitor = context.mailbox.awaited, context.new_tag(), context.new_tag()
    awaited[ack] = awaited[monitor] = context.monitors[monitor] = None
    wish = Wish(how.link, monitor, local, local or how.label, how.module, how.patience, how.call)
    withdraw = partial(_withdraw, monitor=monitor)
    try:
        args = (context.lineage(), how.body, From(context.pid, ack), how.name, *how.args)
        pid = spawn(context, _begin, args, {}, wish, withdraw)
        try:
            outcome, detail = _acknowledgement(context, ack, monitor, pid, deadline)
        except BaseException:
            withdraw(context, pid)
            here.current()  # raises if it was we who could not wait
            raise
        if outcome == "ok":
            return context, Started(pid, detail), monitor
        died_of = _bury(context, pid, monitor)
        _raise(outcome, died_of if outcome == "died" else detail)
    except BaseException:
        awaited.pop(monitor, None)
        context.monitors.pop(monitor, None)
        raise
    finally:
        del awaited[ack]


def _acknowledgement(
    context: Context, ack: int, monitor: int, pid: Pid, deadline: float | None
) -> tuple[str, Any]:
    """What it says, or that it "died". Raises `StartTimeout`, and what a signal handler raises."""
    context.first_of((ack, monitor), deadline, pid)
    if (frame := context.mailbox.awaited[ack]) is not None:
        outcome, detail = context.opener.value(frame)
        return outcome, detail
    if context.mailbox.awaited[monitor] is None:
        raise StartTimeout
    return "died", None


def _begin(
    lineage: tuple[Pid, ...], body: Callable[..., Any], starter: From, name: Any, *args: Any
) -> None:
    """In the new process."""
    context = here.current()
    context.ancestors, context.starter = lineage, starter
    body(starter, name, *args)


def _local_name(context: Context, name: Server | None) -> str | None:
    """The name that the kernel is to give; a `Via` is registered by the process itself."""
    if name is None:
        return None
    refuse_global(name)
    if isinstance(name, Via):
        if (taken := registry(name).whereis_name(name.key)) is not None:
            raise AlreadyStarted(taken)
        return None
    return checking.name(name)


def _withdraw(context: Context, pid: Pid, monitor: int) -> None:
    """Nobody waits for it any more: unlinked, killed, and dead before we say so."""
    kill(context, pid)
    _bury(context, pid, monitor)


def _bury(context: Context, pid: Pid, monitor: int) -> Any:
    """Wait until it is dead, its name free; forget the `Exit` of the link. Why it died."""
    down = context.reply(monitor)
    assert down is not None
    arrived = context.mailbox.arrived
    for frame in list(arrived):  # a copy: the doorbell may append meanwhile
        if frame[0] & ~PARCEL == EXIT and frame[1] == pid.id and not frame[2]:
            arrived.remove(frame)
    return unpack_reason(context.opener.payload(down))


def _raise(outcome: str, detail: Any) -> NoReturn:
    match outcome:
        case "already_started":
            raise AlreadyStarted(detail)
        case "ignore":
            raise Ignored
        case "died":
            raise StartError(detail)
    raise StartError(unpack_reason(detail))


def acknowledge(starter: From, outcome: str, detail: Any = None) -> None:
    """In the new process: "ok", "ignore", "error" with a reason, "already_started" with a pid."""
    here.current().answer(starter, (outcome, pack_reason(detail) if outcome == "error" else detail))
