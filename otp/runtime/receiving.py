"""The end of a message's life: `receive`, which takes the first one that is wanted.

Messages that a receive looked at and did not want have been decoded; they wait in `passed`, before
all that has not been looked at. One receive looks at each message once, however often it is woken.

A message stays where it is until it is wanted or not, and is then taken by an operator: a signal
handler that raises meanwhile loses none (`otp.runtime.mailbox`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from otp.runtime import here
from otp.runtime.context import Context
from otp.runtime.mailbox import LATE, NOTHING, Heard
from otp.runtime.opening import UNREADABLE
from otp.wire import parcel
from otp.wire.protocol import PARCEL

Match = Callable[[Any], Any]


def receive(context: Context, match: Match | None, deadline: float | None) -> Any:
    """The first message that `match` wants; NOTHING if `deadline` passes."""
    mailbox, timers = context.mailbox, context.timers
    arrived, passed = mailbox.arrived, mailbox.passed
    if passed and (found := _from_passed(passed, match)) is not NOTHING:
        return found
    while True:
        if timers.items:
            context.fire_timers()
        while arrived:
            if (found := _first(context, arrived, match)) is not NOTHING:
                return found
        if context.sweeping.dead:
            context.sweeping.sweep()
        until = context.next_due(deadline) if timers.items else deadline
        late = mailbox.wait(until) == LATE
        if context.condemned is not None:
            here.check(context)  # raises
        if late and until == deadline and not arrived:
            return NOTHING


def _from_passed(passed: deque[Any], match: Match | None) -> Any:
    if match is None:
        message = passed[0]
        del passed[0]
        return message
    for i, message in enumerate(passed):
        if match(message):
            del passed[i]
            return message
    return NOTHING


def _first(context: Context, arrived: deque[Heard], match: Match | None) -> Any:
    """The first message that has arrived; NOTHING if it is passed over or cannot be read."""
    frame = arrived[0]
    if frame[0] & PARCEL:
        frame = _fetched(context, frame)
    message = context.opener.open(frame)
    if message is UNREADABLE:
        message = NOTHING
    elif match is not None:
        wanted = match(message)
        if not arrived or arrived[0] is not frame:
            return NOTHING  # the match has received it itself
        if not wanted:
            context.mailbox.passed += (message,)
            message = NOTHING
    del arrived[0]
    return message


def _fetched(context: Context, frame: Heard) -> Heard:
    """The first frame that has arrived, with its parcel in memory; only then the file goes."""
    if isinstance(frame[3], bytes):
        contents = context.opener.fetched(frame[3])
        if contents is None:
            return frame
        frame = context.mailbox.arrived[0] = (*frame[:3], contents, *frame[4:])
    parcel.discard(frame[3].path)
    return frame
