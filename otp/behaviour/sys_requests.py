"""Requests that every server answers without its callbacks (`otp.system`, Erlang's `sys`).

They are served between messages, in the order of the mailbox; while a server is suspended they are
all that is served. What they let run may be the user's: a function, a hook, `code_change`, the
`repr` or `__reduce__` of a state. Whatever that raises is the answer, and the server goes on.
"""

from __future__ import annotations

from typing import Any, NoReturn, Protocol

from otp import gen
from otp.behaviour import reports
from otp.behaviour.callbacks import GenServer
from otp.behaviour.code_change import NewCode, Refused, changed
from otp.behaviour.debugging import Debug
from otp.runtime.reasons import portable, reason_of
from otp.terms import From, Pid


class Served(Protocol):
    """A server at work, as far as this file is concerned (`otp.behaviour.serving.Serving`)."""

    server: GenServer[Any]
    name: object
    parent: Pid
    state: Any
    suspended: bool
    debug: Debug

    def end(self, reason: Any, message: Any) -> NoReturn: ...


Answer = tuple[str, Any]
"""("ok", value), or ("error", reason), which `otp.system` raises."""


def serve(serving: Served, request: Any, caller: From) -> None:
    """Answer one request."""
    match request:
        case ("terminate", reason):
            gen.reply(caller, ("ok", None))
            serving.end(reason, [])  # as in OTP: no message is to blame
        case "suspend" | "resume":
            serving.suspended = request == "suspend"
            gen.reply(caller, ("ok", None))
        case _:
            _answer(caller, _served(serving, request))


def _answer(caller: From, answer: Answer) -> None:
    """A state that cannot be sent is no reason to die."""
    try:
        gen.reply(caller, answer)
    except BaseException as raised:
        gen.reply(caller, ("error", portable(reason_of(raised))))


def _served(serving: Served, request: Any) -> Answer:
    try:
        return _looked(serving, request) or _debugged(serving, request)
    except BaseException as raised:
        return ("error", ("callback_failed", portable(reason_of(raised))))


def _looked(serving: Served, request: Any) -> Answer | None:
    """What has to do with the state; None if it has not."""
    match request:
        case "get_state":
            return ("ok", serving.state)
        case ("replace_state", replace):
            serving.state = replace(serving.state)  # one that raises changes nothing
            return ("ok", serving.state)
        case "get_status":
            return ("ok", _status(serving))
        case ("change_code", code, old_version, extra) if serving.suspended:
            return _change_code(serving, code, old_version, extra)
    return None


def _debugged(serving: Served, request: Any) -> Answer:
    debug = serving.debug
    match request:
        case ("log", flag):
            return ("ok", debug.log(flag, serving.name))
        case ("statistics", flag):
            return ("ok", debug.statistics(flag))
        case ("trace", on):
            debug.trace(on)
        case ("install", id, hook, state):
            debug.install(id, hook, state)
        case ("remove", id):
            debug.remove(id)
        case "no_debug":
            debug.clear()
        case _:
            return ("error", ("unknown_system_msg", request))
    return ("ok", None)


def _change_code(serving: Served, code: NewCode, old_version: Any, extra: Any) -> Answer:
    """New code that fails, or does not take the state, changes nothing."""
    try:
        serving.server, serving.state = changed(
            serving.server, code, old_version, serving.state, extra
        )
    except Refused as refused:
        return ("error", refused.args[0])
    return ("ok", None)


def _status(serving: Served) -> dict[str, Any]:
    known = {
        "state": serving.state, "message": None, "reason": None, "log": serving.debug.events(),
    }  # fmt: skip
    shown = reports.status(serving.server, known)
    return {
        "module": type(serving.server).__name__,
        "name": serving.name,
        "parent": serving.parent,
        "status": "suspended" if serving.suspended else "running",
        "state": shown["state"],
        "log": shown["log"],
    }
