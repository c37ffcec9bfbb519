"""Timers: for oneself in one's own memory, for others in the kernel."""

from __future__ import annotations

from time import monotonic
from typing import Any

from otp.runtime import checking
from otp.runtime.addressing import refuse_global
from otp.runtime.context import Context
from otp.terms import Pid, Ref
from otp.wire.codec import flat
from otp.wire.protocol import CANCEL_TIMER, READ_TIMER, START_TIMER


def start(context: Context, after: float, dest: Pid | str, message: Any, kind: int) -> Ref:
    """A timer that sends the message, as a frame of this kind. The message is copied now."""
    when = monotonic() + checking.span(after, "the time of a timer")
    refuse_global(dest)
    if not isinstance(dest, (Pid, str)):
        raise TypeError(f"a timer sends to a Pid or a name, not to {dest!r}")
    tag, data = context.new_tag(), flat(message)
    if dest == context.pid:
        context.timers.add(tag, when, (kind, context.serial, tag, data))
    elif isinstance(dest, str) or dest.node == context.pid.node:
        to = dest if isinstance(dest, str) else dest.id
        context.tell(START_TIMER, tag, when, (kind, to, data))
    return context.ref(tag)


def cancel(context: Context, ref: Ref) -> float | None:
    """The seconds that were left, None if it is over."""
    return _ask(context, ref, cancels=True)


def read(context: Context, ref: Ref) -> float | None:
    return _ask(context, ref, cancels=False)


def _ask(context: Context, ref: Ref, *, cancels: bool) -> float | None:
    if ref.owner == context.pid and context.timers.when(ref.id) is not None:
        return _left(context.timer_due(ref.id, cancels=cancels))
    kind = CANCEL_TIMER if cancels else READ_TIMER
    return _left(context.question(kind, ref.owner.id, ref.id))


def _left(when: float | None) -> float | None:
    return None if when is None else max(0.0, when - monotonic())
