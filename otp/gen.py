"""What all behaviours share: start with an acknowledgement, call, reply, stop (Erlang's `gen`).

A call needs no monitor and no message to the kernel:

1. the request goes into the server's pipe, with a tag
2. the caller waits for the reply with that tag in its own pipe, and for the death of the server,
   which the write end of the server's pipe tells by ``POLLERR``
3. the server may have replied and died: so the mailbox is drained once more after the death
4. only if there is no reply is the kernel asked what the server died of
"""

from __future__ import annotations

from collections.abc import Callable
from pickle import dumps, loads
from time import monotonic
from typing import Any, NamedTuple, NoReturn

from otp.errors import AlreadyStarted as NameTaken
from otp.errors import (
    BadRequest,
    CallError,
    CallsItself,
    CallTimeout,
    Ignored,
    NoProcess,
    ServerDied,
    StartError,
    StartTimeout,
)
from otp.runtime import checking, here, reasons, signalling
from otp.runtime.addressing import NOBODY, destination, refuse_global, registry
from otp.runtime.context import Context
from otp.runtime.reasons import KILLED, is_reason, pack_reason, unpack_reason
from otp.runtime.spawning import PATIENCE, InitialCall, Wish, spawn
from otp.terms import From, Pid, Ref, Server, Via
from otp.wire.codec import flat
from otp.wire.frame import Frame
from otp.wire.protocol import (
    CALL,
    CAST,
    EXIT,
    MONITOR,
    PARCEL,
    REASON_OF,
    REFUSED,
    REPLY,
    SIGNAL,
    SYSTEM,
    UNLINK,
)

# ---- call, cast, reply


def call(server: Server, request: Any, timeout: float | None = 5.0, *, kind: int = CALL) -> Any:
    """Send a request and wait for the reply. Raises the subclasses of `CallError`."""
    deadline = checking.deadline(timeout)
    context = here.current()
    to = destination(context, server)
    if to == NOBODY:
        raise NoProcess(server, request)
    if to == context.serial:
        raise CallsItself(server, request)
    tag, sent = context.new_tag(), context.signals_sent
    context.mailbox.awaited[tag] = None
    try:
        sensor = context.outbox.send(kind, to, tag, request)
    except BaseException:
        del context.mailbox.awaited[tag]
        raise
    if sensor < 0:
        del context.mailbox.awaited[tag]
        raise NoProcess(server, request)
    frame = context.reply(tag, deadline, sensor)
    if frame is None:
        reason = _died_of(context, to, sent, deadline)
        if reason is None:
            raise CallTimeout(server, request, seconds=timeout)
        raise no_reply(server, request, unpack_reason(reason))
    return opened(context, server, request, frame)


def opened(context: Context, server: Server, request: Any, frame: Frame) -> Any:
    """The value in a reply, or the error that it carries."""
    try:
        value = loads(frame[3]) if frame[0] == REPLY else context.opener.value(frame)
    except Exception as error:  # it cannot be loaded here
        raise CallError(server, request, reasons.reason_of(error)) from error
    if frame[0] & ~PARCEL == REFUSED:
        raise BadRequest(server, request, value)
    return value


def _died_of(context: Context, to: int, sent: int, deadline: float | None) -> bytes | None:
    """What the server died of; None if the time is over, and neither it nor the kernel has said."""
    here.current()  # raises if it is we who are to die
    if deadline is not None and monotonic() >= deadline:
        return None
    reason: bytes | None = context.ask(REASON_OF, dumps((to, sent)), deadline)
    return reason


def no_reply(server: Server, request: Any, reason: Any) -> NoProcess | ServerDied:
    """The error for a server that ended with this reason."""
    if isinstance(reason, str) and reason == "noproc":
        return NoProcess(server, request)
    return ServerDied(server, request, reason)


def cast(server: Server, request: Any) -> None:
    """Send a request that has no reply. Never waits, never fails but for what is no message."""
    context = here.current()
    to = destination(context, server)
    if to != NOBODY:
        context.outbox.send(CAST, to, 0, request)


def reply(caller: From, value: Any) -> None:
    """Answer a caller, from any process; one that waits no more never sees it."""
    if not isinstance(caller, From):
        raise TypeError(f"reply goes to the caller that handle_call was given, not to {caller!r}")
    answer(here.current(), caller, value)


def answer(context: Context, caller: From, value: Any) -> None:
    """`reply`, by a process that knows who it is and that this is a caller."""
    to = caller.pid.id
    if caller.pid.node != context.pid.node:
        return
    if to != context.serial:
        context.outbox.send(REPLY, to, caller.tag, value)
    else:
        context.mailbox.put((REPLY, to, caller.tag, flat(value)))


# ---- start


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
    if (down := context.mailbox.awaited.pop(monitor)) is not None:
        context.mailbox.arrived.append(down)
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
    try:
        args = (context.lineage(), how.body, From(context.pid, ack), how.name, *how.args)
        pid = spawn(context, _begin, args, {}, wish)
    except BaseException:
        del awaited[ack], awaited[monitor], context.monitors[monitor]
        raise
    context.first_of((ack, monitor), deadline, pid)
    frame = awaited.pop(ack)
    if frame is None and awaited[monitor] is None:
        _give_up(context, pid, monitor)
    outcome, detail = ("died", None) if frame is None else context.opener.value(frame)
    if outcome == "ok":
        return context, Started(pid, detail), monitor
    died_of = _bury(context, pid, monitor)
    _raise(outcome, died_of if frame is None else detail)


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
            raise NameTaken(taken)
        return None
    return checking.name(name)


def _give_up(context: Context, pid: Pid, monitor: int) -> NoReturn:
    """Too slow: unlinked, killed, and dead before we say so."""
    context.question(UNLINK, pid.id)
    context.question(SIGNAL, pid.id, KILLED, True, 0)
    _bury(context, pid, monitor)
    here.current()  # raises if it was we who could not wait
    raise StartTimeout


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
            raise NameTaken(detail)
        case "ignore":
            raise Ignored
        case "died":
            raise StartError(detail)
    raise StartError(unpack_reason(detail))


def acknowledge(starter: From, outcome: str, detail: Any = None) -> None:
    """In the new process: "ok", "ignore", "error" with a reason, "already_started" with a pid."""
    reply(starter, (outcome, pack_reason(detail) if outcome == "error" else detail))


# ---- stop


def stop(server: Server, reason: Any, timeout: float | None) -> None:
    """Let a server terminate with this reason; return when it is dead.

    Raises `NoProcess`, `CallTimeout` (it goes on ending), `CallsItself`, and `ServerDied` if it
    ended with another reason.
    """
    deadline = checking.deadline(timeout)
    context = here.current()
    request = ("stop", reason)
    to = destination(context, server)
    if to == context.serial:
        raise CallsItself(server, request)
    if to == NOBODY:
        raise NoProcess(server, request)
    tag = context.new_tag()
    context.mailbox.awaited[tag] = context.monitors[tag] = None
    context.tell(MONITOR, tag, to)
    try:
        context.outbox.send(SYSTEM, to, context.new_tag(), ("terminate", reason))
    except BaseException:
        del context.mailbox.awaited[tag]
        signalling.demonitor(context, context.ref(tag), flush=True)
        raise
    frame = context.reply(tag, deadline)
    if frame is None:
        signalling.demonitor(context, context.ref(tag), flush=True)
        raise CallTimeout(server, request, seconds=timeout)
    died_of = context.opener.payload(frame)
    if not is_reason(died_of, reason):
        raise no_reply(server, request, unpack_reason(died_of))
