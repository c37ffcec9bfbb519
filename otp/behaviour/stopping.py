"""Stopping children so that nothing of them is left: no process, no message.

A child is watched by a monitor before it is told, because one that has unlinked itself would never
be heard of. And it may die by itself meanwhile:

1. the child crashes; the `Exit` of its link is on the way to us
2. we monitor it, too late: the `Down` says "noproc"
3. both have come from the kernel, the `Exit` first, so the true reason stands in our mailbox:
   that is why it is taken out after the `Down`, and believed before it
"""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic
from typing import Any

from otp import process
from otp.behaviour.child import ShutdownTime
from otp.terms import Down, Exit, Pid, Ref


def stop_one(pid: Pid, shutdown: ShutdownTime) -> Any:
    """Stop a process within its time; return the reason it ended with."""
    ((_, reason),) = stop_together([pid], shutdown)
    return reason


def stop_together(pids: Iterable[Pid], shutdown: ShutdownTime) -> list[tuple[Pid, Any]]:
    """Tell all of them at once, then wait for all; return them with their reasons."""
    waiting = {process.monitor(pid): pid for pid in pids}
    _tell(waiting, "kill" if shutdown == "brutal_kill" else "shutdown")
    limit = None if isinstance(shutdown, str) else monotonic() + shutdown
    ended = _wait(waiting, limit)
    if waiting:
        _tell(waiting, "kill")
        ended += _wait(waiting, None)
    return ended


def _tell(waiting: dict[Ref, Pid], reason: str) -> None:
    for pid in waiting.values():
        process.exit(pid, reason)


def _wait(waiting: dict[Ref, Pid], limit: float | None) -> list[tuple[Pid, Any]]:
    """Who ended before the limit; they are taken out of `waiting`."""
    ended = []
    while waiting:
        left = None if limit is None else max(0.0, limit - monotonic())
        try:
            down = process.receive(lambda m: isinstance(m, Down) and m.ref in waiting, left)
        except TimeoutError:
            break
        pid = waiting.pop(down.ref)
        ended.append((pid, _reason(pid, down.reason)))
    return ended


def _reason(pid: Pid, otherwise: Any) -> Any:
    """The reason that the link tells, if it still told; no word of this child comes after this."""
    process.unlink(pid)
    try:
        told = process.receive(lambda m: isinstance(m, Exit) and m.pid == pid, 0)
    except TimeoutError:
        return otherwise
    return told.reason
