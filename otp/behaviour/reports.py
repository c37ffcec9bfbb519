"""What a server says in the log when it ends for a reason that somebody should look at.

Two reports, as OTP's: what the server was doing (last message, state), then that its process has
crashed. Both are written by the dying process through `logging`, readable as they are; a handler
finds the parts in the record's `report`. For "normal", "shutdown" and `Shutdown` there is none.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from otp.behaviour import logs
from otp.behaviour.callbacks import GenServer
from otp.errors import ProcessExit, advice, shorten
from otp.runtime import here
from otp.runtime.reasons import reason_of
from otp.runtime.spawning import InitialCall
from otp.terms import Crash, From, is_orderly, shown

log = logging.getLogger("otp.gen_server")
process_log = logging.getLogger("otp.process")

_LONGEST = 1000


def terminating(
    server: GenServer[Any],
    name: object,
    reason: Any,
    message: Any,
    caller: From | None,
    state: Any,
    left_at: str = "",
) -> None:
    """The server is ending while it handled this message, in this state.

    `left_at` is the traceback of a callback that has called `process.exit`.
    """
    if is_orderly(reason):
        return
    told = status(server, {"state": state, "message": message, "reason": reason, "log": []})
    lines = [
        f"{type(server).__name__} {shown(name)} terminating: {shorten(told['reason'], _LONGEST)}",
        f"  last message: {shorten(told['message'], _LONGEST)}",
        f"  state: {shorten(told['state'], _LONGEST)}",
    ]
    if hint := advice(reason):
        lines.insert(1, f"  {hint.removeprefix('; ')}")
    if caller is not None:
        lines.append(f"  client: {caller.pid!r}")
    if left_at:
        lines.append(left_at.rstrip())
    report = {"label": ("gen_server", "terminate"), "name": name, "client": caller}
    report |= {"last_message": told["message"], "reason": reason, "state": told["state"]}
    report |= {"traceback": reason.traceback if isinstance(reason, Crash) else left_at}
    logs.write(log, logging.ERROR, "\n".join(lines), report)


def crash(call: InitialCall, body: Callable[[], object]) -> None:
    """Run the body of a process that was started for this; report its end if it is a crash."""
    try:
        body()
    except BaseException as raised:
        reason = reason_of(raised)
        crashed(call, reason)
        raise ProcessExit(reason) from raised


def crashed(call: InitialCall, reason: Any) -> None:
    """The process is about to end for this reason (`proc_lib`'s report)."""
    if is_orderly(reason):
        return
    context = here.current()
    kind = "raised" if isinstance(reason, Crash) else "exited"
    who = f"process {context.pid!r} (started as {call[0]}.{call[1]})"
    text = f"{who} {kind}: {shorten(reason, _LONGEST)}"
    if isinstance(reason, Crash):
        text += "\n" + reason.traceback.rstrip()
    report = {
        "label": ("proc_lib", "crash"), "initial_call": call, "pid": context.pid, "reason": reason,
        "class": "error" if isinstance(reason, Crash) else "exit",
        "ancestors": context.ancestors, "message_queue_len": len(context.mailbox.arrived),
    }  # fmt: skip
    logs.write(process_log, logging.ERROR, text, report)


def status(server: GenServer[Any], known: dict[str, Any]) -> dict[str, Any]:
    """What `format_status` lets through; everything, with a note, if it fails."""
    try:
        told = server.format_status(dict(known))
        if isinstance(told, dict) and told.keys() <= known.keys():
            return {**known, **told}
        note = f"format_status is to return a dict with some of {', '.join(known)}"
    except BaseException as error:
        note = f"format_status raised {shown(error)}"
    return {**known, "EXIT": note}
