"""Requests that every server answers without its callbacks (`otp.system`, Erlang's `sys`).

They are served between messages, in the order of the mailbox; while a server is suspended they are
all that is served.
"""

from __future__ import annotations

from collections import deque
from typing import Any, NoReturn, Protocol

from otp import gen
from otp.behaviour import reports
from otp.behaviour.callbacks import GenServer
from otp.runtime.reasons import reason_of
from otp.terms import From, Pid


class Served(Protocol):
    """A server at work, as far as this file is concerned (`otp.behaviour.serving.Serving`)."""

    server: GenServer[Any]
    name: object
    parent: Pid
    state: Any
    suspended: bool

    def end(self, reason: Any, message: Any) -> NoReturn: ...


class Debug:
    """Who looks at what a server does: `on` is all that the loop asks when nobody does."""

    def __init__(self) -> None:
        self.on = False
        self.log: deque[Any] | None = None

    def event(self, serving: Served, event: Any) -> None:
        """("in", message), ("out", value, caller, state) or ("noreply", state)."""
        if self.log is not None:
            self.log.append(event)


def serve(serving: Served, request: Any, caller: From) -> None:
    """Answer one request."""
    match request:
        case ("terminate", reason):
            gen.reply(caller, ("ok", None))
            serving.end(reason, request)
        case "get_state":
            answer = ("ok", serving.state)
        case ("replace_state", replace):
            answer = _replace_state(serving, replace)
        case "suspend" | "resume":
            serving.suspended = request == "suspend"
            answer = ("ok", None)
        case "get_status":
            answer = ("ok", _status(serving))
        case _:
            answer = ("error", ("unknown_system_msg", request))
    gen.reply(caller, answer)


def _replace_state(serving: Served, replace: Any) -> tuple[str, Any]:
    """A function that fails changes nothing."""
    try:
        state = replace(serving.state)
    except Exception as raised:
        return ("error", ("callback_failed", reason_of(raised)))
    serving.state = state
    return ("ok", state)


def _status(serving: Served) -> dict[str, Any]:
    known = {"state": serving.state, "message": None, "reason": None, "log": []}
    shown = reports.status(serving.server, known)
    return {
        "module": type(serving.server).__name__,
        "name": serving.name,
        "parent": serving.parent,
        "status": "suspended" if serving.suspended else "running",
        "state": shown["state"],
    }
