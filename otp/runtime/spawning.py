"""Asking the kernel for a new process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pickle import PicklingError, dumps
from typing import Any, Final, TypeAlias

from otp.errors import AlreadyStarted, NodeDown
from otp.runtime import signalling, surroundings
from otp.runtime.context import Context
from otp.runtime.reasons import KILLED
from otp.terms import Pid, Ref
from otp.wire import parcel
from otp.wire.codec import Encoded, encode
from otp.wire.protocol import IS_ALIVE, KERNEL, SIGNAL, SPAWN, UNLINK

PATIENCE: Final = 1.5
"""How long the node's end waits for a process that nobody supervises, in seconds."""

_INLINE: Final = 2000  # bytes of work that travel in the request itself


InitialCall: TypeAlias = tuple[str, str, int]
"""Module, function and number of arguments of what a process was started for."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a spawner may ask for besides the function."""

    link: bool = False
    monitor: int = 0
    """The tag of a monitor that is to be there from the start."""
    name: str | None = None
    label: str = ""
    module: str | None = None
    """What the function needs imported; by default where it is from."""
    patience: float | None = PATIENCE
    """How long the node's end waits for it once it is told to end, in seconds."""
    call: InitialCall | None = None
    """What it is for; by default the function itself."""


def kill(context: Context, pid: Pid) -> None:
    """Nobody wants this process any more."""
    context.question(UNLINK, pid.id)
    context.question(SIGNAL, pid.id, KILLED, True, 0)


def spawn(
    context: Context,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    wish: Wish,
    withdraw: Callable[[Context, Pid], None] = kill,
) -> Pid:
    """A new process that runs the function.

    Whoever is interrupted here by a signal handler of its own will never know the pid: so the
    process is withdrawn.

    Raises `pickle.PicklingError` if it cannot be sent, `AlreadyStarted` if the name is taken,
    `OSError` if the system has no room for another process, `NodeDown` if the node is ending.
    """
    if not callable(function):
        raise TypeError(f"spawn(function, *args) takes a function, not {function!r}")
    data, buffers = _encoded(function, args, kwargs, wish)
    module = wish.module or getattr(function, "__module__", None)
    order = {
        "link": wish.link,
        "monitor": wish.monitor,
        "name": wish.name,
        "label": wish.label or _name(function),
        "patience": wish.patience,
        "initial_call": wish.call or initial_call(function, len(args) + len(kwargs)),
        "module": None if module == "__main__" else module,
        "work": data,
        "in_parcel": bool(buffers) or len(data) > _INLINE,
        "surroundings": surroundings.changed(),
    }
    if not order["in_parcel"]:
        return _ordered(context, order, withdraw)
    work = order["work"] = context.outbox.parcel(KERNEL, (data, buffers))
    try:
        return _ordered(context, order, withdraw)
    except BaseException:
        parcel.discard(parcel.path_of(context.place, work))
        raise


def spawn_monitored(
    context: Context, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Pid, Ref]:
    """The same, with a monitor from the first instruction on."""
    tag = context.new_tag()
    ref, wish = context.ref(tag), Wish(monitor=tag)
    context.monitors[tag] = None
    try:
        return spawn(context, function, args, kwargs, wish), ref
    except BaseException:
        signalling.demonitor(context, ref, flush=True)
        raise


def _ordered(
    context: Context, order: dict[str, Any], withdraw: Callable[[Context, Pid], None]
) -> Pid:
    """Ask the kernel and wait for its answer.

    An interruption may come before or after the question has been sent. So the kernel is asked
    something else: it answers in order, and what it has said to the first question by then is all
    that it will ever say.
    """
    tag, awaited = context.new_tag(), context.mailbox.awaited
    awaited[tag] = None
    try:
        context.outbox.tell_kernel(SPAWN, tag, dumps((order,)))
        while (frame := awaited[tag]) is None:
            context.mailbox.wait(None)
        return _pid(context, *context.answer_in(frame))
    except BaseException:
        context.question(IS_ALIVE, context.serial)
        if (frame := awaited[tag]) is not None:
            outcome, *more = context.answer_in(frame)
            if outcome == "ok":
                withdraw(context, context.opener.pid(more[0]))
        raise
    finally:
        del awaited[tag]


def _encoded(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], wish: Wish
) -> Encoded:
    try:
        return encode((function, args, kwargs))
    except PicklingError as error:
        what = wish.label or _name(function)
        raise PicklingError(
            f"what {what} is started with cannot be sent to another process: {error.__cause__}"
        ) from error


def initial_call(function: Callable[..., Any], arguments: int) -> InitialCall:
    return getattr(function, "__module__", None) or "", _name(function), arguments


def _name(function: Callable[..., Any]) -> str:
    name: str = getattr(function, "__name__", type(function).__name__)
    return name


def _pid(context: Context, outcome: str, *more: Any) -> Pid:
    match outcome:
        case "ok":
            return context.opener.pid(more[0])
        case "already_started":
            raise AlreadyStarted(context.opener.pid(more[0]))
        case "ending":
            raise NodeDown("the node is ending; nothing is started any more")
    raise OSError(more[0], f"no room for another process: {more[1]}")
