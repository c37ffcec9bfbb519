"""The class that a GenServer of yours derives from: OTP's defaults and two guards."""

from __future__ import annotations

import logging
from difflib import get_close_matches
from typing import Any, ClassVar, Generic, NoReturn, TypeVar

from otp import process
from otp.behaviour import logs
from otp.behaviour.results import CallResult, NoReply, Ok, Result, Started
from otp.errors import FunctionClause, Undef, shorten
from otp.terms import From

log = logging.getLogger("otp.gen_server")

State = TypeVar("State")


class GenServer(Generic[State]):
    """The callbacks of a server. `self` is only a namespace: all it knows is in `state`.

    Each callback gets the state and returns it in its result; nothing is kept on `self`, and
    setting an attribute raises. You may change the state in place and return it: the process owns
    it. But after a crash `terminate` gets the state that was last returned, changed or not.
    """

    version: ClassVar[Any] = None
    """The version of the code, for `code_change`."""

    # ---- the guards

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, value in vars(cls).items():
            if callable(value) and (meant := _misspelt(name)):
                raise TypeError(f"{cls.__name__}.{name} is not a callback; did you mean {meant}?")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(
            f"{type(self).__name__}.{name}: a GenServer keeps nothing on self; "
            "put it in the state and return it, as in NoReply(state)"
        )

    # ---- the callbacks

    def init(self, arg: Any, /) -> Started[State]:
        """Begin: make the first state out of what `start` was given (`init/1`).

        It runs in the new process while its starter waits. `Stop(reason)` or an exception lets
        the start fail.
        """
        raise Undef(f"{type(self).__name__} has no init")

    def handle_call(self, request: Any, caller: From, state: State) -> CallResult[State]:
        """Answer a request (`handle_call/3`). By default nothing is understood: it crashes."""
        raise _no_clause(self, "handle_call", request)

    def handle_cast(self, request: Any, state: State) -> Result[State]:
        """Do what needs no answer (`handle_cast/2`). By default nothing is understood."""
        raise _no_clause(self, "handle_cast", request)

    def handle_info(self, message: Any, state: State) -> Result[State]:
        """Hear any other message: `Down`, `Exit`, `Timeout`, what was sent (`handle_info/2`).

        By default it is logged and dropped.
        """
        who = f"{type(self).__name__} {process.self()!r}"
        report = {"label": ("gen_server", "no_handle_info"), "message": message}
        text = f"{who} got a message it does not expect: {shorten(message)}"
        logs.write(log, logging.WARNING, text, report)
        return NoReply(state)

    def handle_continue(self, then: Any, state: State) -> Result[State]:
        """Go on with what a result named `then`, before any message (`handle_continue/2`)."""
        raise _no_clause(self, "handle_continue", then)

    def terminate(self, reason: Any, state: State) -> object:
        """Clean up before the process ends (`terminate/2`); what it returns does not matter.

        Called when a callback stops the server, raises or returns no result, on `stop`, and if the
        server traps exits, when its parent ends. Not called when it is killed or dies of an exit
        signal that it does not trap.
        """

    def code_change(self, old_version: Any, state: State, extra: Any) -> Any:
        """Make the state fit for the code that was just loaded: return `Ok(new_state)`."""
        return Ok(state)

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        """Hide or shorten what reports show: "state", "message", "reason" (`format_status/1`)."""
        return status


def _no_clause(server: GenServer[Any], callback: str, what: Any) -> FunctionClause:
    """Undef, if the server does not have the callback at all."""
    cls = type(server)
    missing = getattr(cls, callback) is getattr(GenServer, callback)
    error = Undef if missing else FunctionClause
    return error(f"{cls.__name__}.{callback} has no clause for {shorten(what)}")


CALLBACKS = [name for name in vars(GenServer) if not name.startswith("_") and name != "version"]


def _misspelt(name: str) -> str:
    """The callback that was meant by a method of this name; empty if it is one, or none was."""
    if name.startswith("_") or name in CALLBACKS:
        return ""
    close = get_close_matches(name, CALLBACKS, 1, cutoff=0.6 if name.startswith("handle_") else 0.9)
    if close or name.startswith("handle_"):
        return close[0] if close else " or ".join(CALLBACKS)
    return ""
