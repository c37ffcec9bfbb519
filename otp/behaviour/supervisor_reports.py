"""What a supervisor writes into the log `otp.supervisor`: a line for people, a dict for programs.

    label                level           when
    progress             info, debug     a child was started; debug if somebody asked for it
    child_terminated     error           a child ended that should not have
    start_error          error           a child could not be started or restarted
    shutdown             error           too many restarts: the supervisor gives up
    shutdown_error       error           a child that was told to stop ended otherwise
    not_linked           warning         a child was started that the supervisor cannot watch

The dict is ``record.report``, with the keys `label`, `supervisor` (its name or pid), `reason`,
`child` (its id) and `offender`, the child in detail. Simple_one_for_one supervisors report no
progress, for they are made for very many children.
"""

from __future__ import annotations

import logging
from typing import Any, TypeAlias

from otp.behaviour import logs
from otp.behaviour.children import Child
from otp.errors import shorten
from otp.terms import Pid, Server, shown

LOG = logging.getLogger("otp.supervisor")

Report: TypeAlias = dict[str, Any]


def progress(supervisor: Server, child: Child, level: int) -> None:
    text = f"child {shorten(child.spec.id)} started as {child.pid}"
    _write(level, "progress", supervisor, child, None, text)


def child_terminated(supervisor: Server, child: Child, reason: Any) -> None:
    text = f"child {_shown(child)} ended: {shorten(reason)}"
    _write(logging.ERROR, "child_terminated", supervisor, child, reason, text)


def start_error(supervisor: Server, child: Child, reason: Any, why: str) -> None:
    """`why` is the reason in words."""
    text = f"child {shorten(child.spec.id)} was not started: {why}"
    _write(logging.ERROR, "start_error", supervisor, child, reason, text)


def too_many_restarts(supervisor: Server, child: Child, intensity: int, period: float) -> None:
    text = (
        f"ends itself: more than {intensity} restarts within {period} s "
        f"(intensity, period); the last to end was child {_shown(child)}"
    )
    _write(logging.ERROR, "shutdown", supervisor, child, "reached_max_restart_intensity", text)


def shutdown_error(supervisor: Server, child: Child, reason: Any, count: int = 1) -> None:
    """`count` is how many children of the same specification ended for this reason."""
    who = f"child {_shown(child)}" if count == 1 else f"{count} children {shorten(child.spec.id)}"
    text = f"{who} did not stop as told: {shorten(reason)}"
    _write(logging.ERROR, "shutdown_error", supervisor, child, reason, text, count=count)


def not_linked(supervisor: Server, child: Child) -> None:
    text = (
        f"child {_shown(child)} is not linked to its supervisor, which never hears of its end and "
        "never restarts it; let it be started by start_link, not start, as in "
        "partial(kv.start_link, {})"
    )
    _write(logging.WARNING, "not_linked", supervisor, child, None, text)


def unexpected_message(supervisor: Server, message: Any) -> None:
    text = f"dropped an unexpected message: {shorten(message)}"
    logs.write(LOG, logging.ERROR, f"supervisor {shown(supervisor, str)}: {text}")


def _shown(child: Child) -> str:
    pid = child.pid or child.former
    return f"{shorten(child.spec.id)} ({pid})" if pid else shorten(child.spec.id)


def _write(
    level: int, label: str, supervisor: Server, child: Child, reason: Any, text: str, count: int = 1
) -> None:
    if not LOG.isEnabledFor(level):
        return
    report: Report = {
        "label": label,
        "supervisor": supervisor,
        "reason": reason,
        "child": child.spec.id,
        "offender": _details(child, count),
    }
    logs.write(LOG, level, f"supervisor {shown(supervisor, str)}: {text}", report)


def _details(child: Child, count: int) -> Report:
    spec = child.spec
    who: dict[str, Pid | int | None] = {"pid": child.pid} if count == 1 else {"children": count}
    return {
        **who,
        "id": spec.id,
        "start": spec.start,
        "restart": spec.restart,
        "significant": spec.significant,
        "shutdown": spec.shutdown,
        "kind": spec.kind,
    }
