"""The end of a message's life: `receive`, which takes the first one that is wanted.

Messages that a receive looked at and did not want have been decoded; they wait in `passed`, before
all that has not been looked at. One receive looks at each message once, however often it is woken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from otp.runtime import here
from otp.runtime.context import Context
from otp.runtime.mailbox import LATE, NOTHING
from otp.runtime.opening import UNREADABLE

Match = Callable[[Any], Any]


def receive(context: Context, match: Match | None, deadline: float | None) -> Any:
    """The first message that `match` wants; NOTHING if `deadline` passes."""
    found = _from_passed(context, match)
    timers = context.timers
    while found is NOTHING:
        if context.dead_senders:
            context.sweep()
        if len(timers):
            context.fire_timers()
        found = _from_arrived(context, match)
        if found is not NOTHING:
            break
        until = context.next_due(deadline) if len(timers) else deadline
        late = context.mailbox.wait(until) == LATE
        if context.condemned is not None:
            here.current()  # raises
        if late and until == deadline and not context.mailbox.arrived:
            return NOTHING
    return found


def _from_passed(context: Context, match: Match | None) -> Any:
    passed = context.mailbox.passed
    if not passed:
        return NOTHING
    if match is None:
        return passed.popleft()
    for i, message in enumerate(passed):
        if match(message):
            del passed[i]
            return message
    return NOTHING


def _from_arrived(context: Context, match: Match | None) -> Any:
    arrived, passed, open_frame = (
        context.mailbox.arrived, context.mailbox.passed, context.opener.open,
    )  # fmt: skip
    while arrived:
        message = open_frame(arrived.popleft())
        if message is UNREADABLE:
            continue
        if match is None or _is_wanted(match, message, passed):
            return message
        passed.append(message)
    return NOTHING


def _is_wanted(match: Match, message: Any, passed: deque[Any]) -> bool:
    """A match that raises has looked at the message and not taken it."""
    try:
        return bool(match(message))
    except BaseException:
        passed.append(message)
        raise
