"""Looking into a running server and steering it (Erlang's `sys`): works on every GenServer.

>>> from otp import gen_server, system
>>> from otp.examples import kv_store
>>> store = kv_store.start_link(name="doctest_system")
>>> system.replace_state(store, lambda state: {**state, "a": 1})
{'a': 1}
>>> kv_store.get("a", store)
1
>>> gen_server.stop(store)

Requests stand in the server's mailbox like any other and are served between two messages. All
times are in seconds; all functions raise what `gen_server.call` raises, and TypeError or ValueError
for arguments that make no sense; where a server cannot do what is asked, they raise `SystemError`.
None of them ends the server, but `terminate`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, Literal

from otp import gen
from otp.behaviour.callbacks import GenServer
from otp.errors import OtpError, blame, shorten
from otp.terms import Server, shown
from otp.wire.protocol import SYSTEM

__all__ = [
    "SystemError", "change_code", "get_state", "get_status", "install", "log", "no_debug", "remove",
    "replace_state", "resume", "statistics", "suspend", "terminate", "trace",
]  # fmt: skip


class SystemError(OtpError):
    """The server could not do what was asked; `.reason` says why."""

    def __init__(self, reason: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        blame(self, reason)

    def __str__(self) -> str:
        return shown(self.reason, str)


# ---- its state


def get_state(server: Server, timeout: float | None = 5.0) -> Any:
    """A copy of the server's state (`sys:get_state/2`). For looking, not for programs."""
    return _ask(server, "get_state", timeout)


def replace_state(
    server: Server, replace: Callable[[Any], Any], timeout: float | None = 5.0
) -> Any:
    """Let the server go on with ``replace(state)``; return that (`sys:replace_state/3`).

    The function runs in the server. If it raises, the state is kept and `SystemError` is raised,
    with the reason ``("callback_failed", Crash)``.
    """
    _check(callable(replace), "replace must be a function of the state", replace)
    return _ask(server, ("replace_state", replace), timeout)


def get_status(server: Server, timeout: float | None = 5.0) -> dict[str, Any]:
    """What the server is (`sys:get_status/2`).

    Keys: "module", "name", "parent" (the server itself, if it has none), "status" ("running",
    "suspended"), and "state" and "log" as `format_status` shows them.
    """
    status: dict[str, Any] = _ask(server, "get_status", timeout)
    return status


# ---- its course


def suspend(server: Server, timeout: float | None = 5.0) -> None:
    """Let the server serve nothing but this module until `resume`; the rest waits in order."""
    _ask(server, "suspend", timeout)


def resume(server: Server, timeout: float | None = 5.0) -> None:
    """Let it go on (`sys:resume/2`)."""
    _ask(server, "resume", timeout)


def change_code(
    server: Server,
    code: str | ModuleType | type[GenServer[Any]],
    old_version: Any = None,
    extra: Any = None,
    timeout: float | None = 5.0,
) -> None:
    """Let a suspended server go on with new code (`sys:change_code/5`).

    `code` is its module, which is loaded from disk again in the server's process, or its class:
    one of a module stands for that module, one of a script or the REPL goes there as it is. Then
    ``code_change(old_version, state, extra)`` of the new class returns ``Ok(new_state)``.

    Raises `SystemError` and leaves code and state as they were if `code_change` returns anything
    else (the reason is that), if it or the module raises (``("EXIT", Crash)``), or if the server
    is not suspended (``("unknown_system_msg", request)``).
    """
    is_server = isinstance(code, type) and issubclass(code, GenServer)
    wants = "code must be a module, its name or a class derived from GenServer"
    _check(is_server or isinstance(code, (str, ModuleType)), wants, code)
    if isinstance(code, ModuleType):
        code = code.__name__
    elif isinstance(code, type) and code.__module__ != "__main__":
        code = code.__module__
    _ask(server, ("change_code", code, old_version, extra), timeout)


def terminate(server: Server, reason: Any, timeout: float | None = 5.0) -> None:
    """Order the server to terminate; returns before it has (`sys:terminate/3`)."""
    _ask(server, ("terminate", reason), timeout)


# ---- what it does


def log(
    server: Server,
    flag: bool | int | Literal["get", "print"] = "get",
    timeout: float | None = 5.0,
) -> list[Any] | None:
    """Let the server keep its last events; or get them, or let it print them (`sys:log/3`).

    True keeps 10 of them, a number so many, False none. "get" returns them, oldest first:
    ``("in", message)``, ``("out", value, caller, state)``, ``("noreply", state)``,
    ``("continue", then)``.
    """
    wants = "flag must be True, False, 'get', 'print' or how many events to keep, 1 or more"
    _check(isinstance(flag, (bool, int, str)), wants, flag)
    known = flag in ("get", "print") if isinstance(flag, str) else flag is False or flag >= 1
    _check(known, wants, flag, ValueError)
    events: list[Any] | None = _ask(server, ("log", flag), timeout)
    return events


def statistics(
    server: Server, flag: bool | Literal["get"] = "get", timeout: float | None = 5.0
) -> dict[str, Any] | str | None:
    """Let the server count, or no longer; or get what it has counted (`sys:statistics/3`).

    "get" returns the keys "start_time", "current_time" (`datetime`), "cpu_time" (seconds),
    "messages_in" and "messages_out" (replies); "no_statistics" if it does not count.
    """
    wants = "flag must be True, False or 'get'"
    _check(isinstance(flag, (bool, str)), wants, flag)
    _check(isinstance(flag, bool) or flag == "get", wants, flag, ValueError)
    counted: dict[str, Any] | str | None = _ask(server, ("statistics", flag), timeout)
    return counted


def trace(server: Server, on: bool = True, timeout: float | None = 5.0) -> None:
    """Let the server print all its events to its standard output, or no longer (`sys:trace/3`)."""
    _check(isinstance(on, bool), "on must be True or False", on)
    _ask(server, ("trace", on), timeout)


def install(
    server: Server,
    hook: Callable[[Any, Any, Any], Any],
    state: Any = None,
    *,
    id: Any = None,
    timeout: float | None = 5.0,
) -> None:
    """Let the server call ``hook(state, event, server_name)`` on each event (`sys:install/3`).

    It returns its next state, or "done" to be removed; one that raises is removed too. `id` is
    what `remove` takes, by default the hook itself; one that is installed already stays as it is.
    """
    _check(callable(hook), "hook must be a function of its state, an event and a name", hook)
    _check(_is_hashable(id), "id must be hashable", id)
    _ask(server, ("install", hook if id is None else id, hook, state), timeout)


def remove(server: Server, id: Any, timeout: float | None = 5.0) -> None:
    """Call the hook with this id no more (`sys:remove/3`)."""
    _check(_is_hashable(id), "id must be hashable", id)
    _ask(server, ("remove", id), timeout)


def no_debug(server: Server, timeout: float | None = 5.0) -> None:
    """End all that `log`, `statistics`, `trace` and `install` have begun (`sys:no_debug/2`)."""
    _ask(server, "no_debug", timeout)


def _check(makes_sense: bool, wants: str, got: object, error: type[Exception] = TypeError) -> None:
    if not makes_sense:
        raise error(f"{wants}, not {shorten(got)}")


def _is_hashable(id: Any) -> bool:
    try:
        hash(id)
    except TypeError:
        return False
    return True


def _ask(server: Server, request: Any, timeout: float | None) -> Any:
    outcome, value = gen.call(server, request, timeout, kind=SYSTEM)
    if outcome == "error":
        raise SystemError(value)
    return value
