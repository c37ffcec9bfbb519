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
times are in seconds; all functions raise what `gen_server.call` raises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from otp import gen
from otp.errors import OtpError
from otp.terms import Server
from otp.wire.protocol import SYSTEM

__all__ = [
    "SystemError", "get_state", "get_status", "replace_state", "resume", "suspend", "terminate",
]  # fmt: skip


class SystemError(OtpError):
    """The server could not do what was asked; `.reason` says why."""

    def __init__(self, reason: Any) -> None:
        super().__init__(reason)
        self.reason = reason


def get_state(server: Server, timeout: float | None = 5.0) -> Any:
    """A copy of the server's state (`sys:get_state/2`). For looking, not for programs."""
    return _ask(server, "get_state", timeout)


def replace_state(
    server: Server, replace: Callable[[Any], Any], timeout: float | None = 5.0
) -> Any:
    """Let the server go on with ``replace(state)``; return that (`sys:replace_state/3`).

    The function runs in the server. If it raises, the state is kept and `SystemError` is raised.
    """
    return _ask(server, ("replace_state", replace), timeout)


def get_status(server: Server, timeout: float | None = 5.0) -> dict[str, Any]:
    """What the server is (`sys:get_status/2`).

    Keys: "module", "name", "parent", "status" ("running", "suspended"), and "state" as
    `format_status` shows it.
    """
    status: dict[str, Any] = _ask(server, "get_status", timeout)
    return status


def suspend(server: Server, timeout: float | None = 5.0) -> None:
    """Let the server serve nothing but this module until `resume`; the rest waits in order."""
    _ask(server, "suspend", timeout)


def resume(server: Server, timeout: float | None = 5.0) -> None:
    """Let it go on (`sys:resume/2`)."""
    _ask(server, "resume", timeout)


def terminate(server: Server, reason: Any, timeout: float | None = 5.0) -> None:
    """Order the server to terminate; returns before it has (`sys:terminate/3`)."""
    _ask(server, ("terminate", reason), timeout)


def _ask(server: Server, request: Any, timeout: float | None) -> Any:
    outcome, value = gen.call(server, request, timeout, kind=SYSTEM)
    if outcome == "error":
        raise SystemError(value)
    return value
