"""Start with an acknowledgement: a process is started when it says so itself (`proc_lib`).

Its starter waits for that, for its death, or for the end of its own patience, whichever is first.
Whatever comes instead of an "ok", nothing is left of the process when the starter goes on: it is
dead, its name free, and no `Exit` of it in the mailbox.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from otp.errors import AlreadyStarted, Ignored, StartError, StartTimeout
from otp.runtime import checking, here, signalling
from otp.runtime.addressing import refuse_global, registry
from otp.runtime.context import Context
from otp.runtime.reasons import pack_reason, unpack_reason
from otp.runtime.spawning import PATIENCE, InitialCall, Wish, kill, spawn
from otp.terms import From, Pid, Ref, Server, Via
from otp.wire.protocol import EXIT, MONITOR, PARCEL


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
    return _start(how, _unwatched)


def start_monitor(how: Start) -> Started:
    """The same; the monitor is there from the first instruction on."""
    return _start(how, _watched)


def _start(how: Start, finish: Callable[[Context, Pid, Any, int], Started]) -> Started:
    """Wait for the acknowledgement or the death, whichever comes first.

    Who is interrupted on the way by a signal handler of its own will not know the process: so it is
    withdrawn, up to the last instruction.
    """
    deadline = checking.deadline(how.timeout)
    context = here.current()
    local = _local_name(context, how.name)
    awaited, ack, monitor = context.mailbox.awaited, context.new_tag(), context.new_tag()
    wish = Wish(how.link, monitor, local, local or how.label, how.module, how.patience, how.call)
    args = (context.lineage(), how.body, From(context.pid, ack), how.name, *how.args)
    awaited[ack] = awaited[monitor] = context.monitors[monitor] = None
    try:
        pid = spawn(context, begin, args, {}, wish, _withdraw)
        try:
            outcome, detail = _acknowledgement(context, ack, monitor, pid, deadline)
            if outcome == "ok":
                return finish(context, pid, detail, monitor)
            died_of = _bury(context, pid, monitor)
        except BaseException:
            _withdraw(context, pid)
            signalling.demonitor(context, context.ref(monitor), flush=True)
            here.check(context)  # it may be we who could not wait
            raise
        _raise(outcome, died_of if outcome == "died" else detail)
    except BaseException:
        awaited.pop(monitor, None)
        context.monitors.pop(monitor, None)
        raise
    finally:
        del awaited[ack]


def _unwatched(context: Context, pid: Pid, detail: Any, monitor: int) -> Started:
    started = Started(pid, detail)
    context.demonitor(monitor)
    del context.mailbox.awaited[monitor]  # only now, so that no `Down` slips between
    return started


def _watched(context: Context, pid: Pid, detail: Any, monitor: int) -> Started:
    awaited, started = context.mailbox.awaited, Started(pid, detail, context.ref(monitor))
    if (down := awaited[monitor]) is not None:
        context.mailbox.arrived += (down,)
    del awaited[monitor]
    return started


def _acknowledgement(
    context: Context, ack: int, monitor: int, pid: Pid, deadline: float | None
) -> tuple[str, Any]:
    """What it says, or that it "died". Raises `StartTimeout`, and what a signal handler raises."""
    context.first_of(ack, monitor, deadline, pid)
    if (frame := context.mailbox.awaited[ack]) is not None:
        outcome, detail = context.opener.value(frame)
        return outcome, detail
    if context.mailbox.awaited[monitor] is None:
        raise StartTimeout
    return "died", None


def begin(
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


def _withdraw(context: Context, pid: Pid) -> None:
    """Nobody waits for it any more: unlinked, killed, and dead before we say so."""
    kill(context, pid)
    monitor = context.new_tag()
    context.mailbox.awaited[monitor] = context.monitors[monitor] = None
    context.tell(MONITOR, monitor, pid.id)
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
