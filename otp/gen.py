"""What all behaviours share: call, cast, reply, stop (Erlang's `gen`).

A call needs no monitor and no message to the kernel:

1. the request goes into the server's pipe, with a tag
2. the caller waits for the reply with that tag in its own pipe, and for the death of the server,
   which the write end of the server's pipe tells by ``POLLERR``
3. the server may have replied and died: so the mailbox is drained once more after the death
4. only if there is no reply is the kernel asked what the server died of

What a call asks of the operating system, on either side:

    one CPU for both     write, sched_yield (the other works meanwhile), read
    a CPU for each       write, then sched_yield and read until something stands there: some five
                         times, while the other works
    it takes longer      write, poll, read (`otp.wire.waiting` decides when)

On one CPU a call from a program to a server takes 1.4 times as long as the same call between two
processes of the node. These are forks of one launcher, so their interpreters lie at the same
addresses, and the branch predictor learns the path of a call once for both; the program's lies at
random ones. (``setarch -R`` makes the two equal.)
"""

from __future__ import annotations

from pickle import dumps, loads
from time import monotonic
from typing import Any

from otp.errors import (
    BadRequest,
    CallError,
    CallsItself,
    CallTimeout,
    NodeDown,
    NoProcess,
    ServerDied,
)
from otp.runtime import checking, here, reasons, signalling
from otp.runtime.addressing import NOBODY, destination
from otp.runtime.context import Context
from otp.runtime.reasons import is_reason, unpack_reason
from otp.terms import From, Server
from otp.wire import pipe
from otp.wire.frame import Frame
from otp.wire.protocol import (
    CALL,
    CAST,
    MONITOR,
    PARCEL,
    REASON_OF,
    REFUSED,
    REPLY,
    SYSTEM,
)

# ---- call, cast, reply


def call(server: Server, request: Any, timeout: float | None = 5.0, *, kind: int = CALL) -> Any:
    """Send a request and wait for the reply. Raises the subclasses of `CallError`."""
    deadline = checking.deadline(timeout)
    context = here.current()
    to = destination(context, server)
    if to == NOBODY:
        raise _nobody(context, server, request)
    if to == context.serial:
        raise CallsItself(server, request)
    tag, sent = context.new_tag(), context.signals_sent
    context.mailbox.awaited[tag] = None
    try:
        sensor = context.outbox.send(kind, to, tag, request)
        if sensor < 0:
            raise _nobody(context, server, request)
        frame = context.reply(tag, deadline, sensor)
    except BaseException:
        context.forget(tag)
        raise
    if frame is None:
        reason = _died_of(context, to, sent, deadline)
        if reason is None:
            raise CallTimeout(server, request, seconds=timeout)
        raise no_reply(server, request, unpack_reason(reason))
    try:
        return opened(context, server, request, frame)
    except BaseException:
        context.drop(frame)
        raise


def _nobody(context: Context, server: Server, request: Any) -> NoProcess | NodeDown:
    """Nobody is there; or the whole node has ended, which is worse and to be told first."""
    if pipe.has_reader(context.kernel):
        return NoProcess(server, request)
    return NodeDown()


def opened(context: Context, server: Server, request: Any, frame: Frame) -> Any:
    """The value in a reply, or the error that it carries."""
    if frame[0] & PARCEL:
        frame = _whole(context, server, request, frame)
    try:
        value = loads(frame[3]) if frame[0] == REPLY else context.opener.value(frame)
    except BaseException:  # it cannot be loaded here, or a signal handler has raised
        if (fault := context.opener.fault_of(frame)) is None:
            raise
        raise CallError(server, request, reasons.reason_of(fault)) from fault
    if frame[0] & ~PARCEL == REFUSED:
        raise BadRequest(server, request, value)
    return value


def _whole(context: Context, server: Server, request: Any, frame: Frame) -> Frame:
    """The frame with its parcel in memory. Raises `CallError` if it is lost."""
    try:
        whole: Frame = context.opener.whole(frame)
    except (OSError, ValueError) as error:
        if isinstance(error, TimeoutError):
            raise  # somebody's alarm
        raise CallError(server, request, reasons.reason_of(error)) from error
    return whole


def _died_of(context: Context, to: int, sent: int, deadline: float | None) -> bytes | None:
    """What the server died of; None if the time is over, and neither it nor the kernel has said."""
    here.check(context)  # it may be we who are to die
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
    here.current().answer(caller, value)


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
    try:
        context.tell(MONITOR, tag, to)
        context.outbox.send(SYSTEM, to, context.new_tag(), ("terminate", reason))
        frame = context.reply(tag, deadline)
        if frame is None:
            signalling.demonitor(context, context.ref(tag), flush=True)
            raise CallTimeout(server, request, seconds=timeout)
    except BaseException:
        context.forget(tag)
        signalling.demonitor(context, context.ref(tag), flush=True)
        raise
    died_of = context.opener.payload(frame)
    if not is_reason(died_of, reason):
        raise no_reply(server, request, unpack_reason(died_of))
