"""Who looks at what a server does: its log, its trace, its statistics, and hooks of the user's.

    ("in", message)                    a message was taken out of the mailbox
    ("out", value, caller, state)      a caller was answered
    ("noreply", state)                 a callback is done and has answered nobody
    ("continue", then)                 handle_continue is called

A hook is ``function(its_state, event, server_name)``; it returns its next state, or "done" to be
removed. One that raises is removed too, and the server goes on.
"""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import process_time
from typing import Any, Final

from otp.behaviour import logs
from otp.errors import shorten
from otp.terms import shown

log = logging.getLogger("otp.gen_server")

LOG_SIZE: Final = 10
NO_STATISTICS: Final = "no_statistics"

Hook = Callable[[Any, Any, Any], Any]


@dataclass(slots=True)
class Counted:
    """What is counted since statistics were switched on."""

    start_time: datetime
    cpu_time: float
    messages_in: int = 0
    messages_out: int = 0

    def event(self, kind: str) -> None:
        self.messages_in += kind == "in"
        self.messages_out += kind == "out"

    def shown(self) -> dict[str, Any]:
        return {
            "start_time": self.start_time,
            "current_time": now(),
            "cpu_time": process_time() - self.cpu_time,
            "messages_in": self.messages_in,
            "messages_out": self.messages_out,
        }


class Debug:
    """`on` is all that the loop asks when nobody looks."""

    def __init__(self) -> None:
        self.on = False
        self._log: deque[Any] | None = None
        self._tracing = False
        self._counted: Counted | None = None
        self._hooks: dict[Any, tuple[Hook, Any]] = {}

    def event(self, name: object, event: tuple[Any, ...]) -> None:
        """Something happened in the server with this name."""
        if self._tracing:
            self._show(name, event)
        if self._log is not None:
            self._log.append(event)
        if self._counted is not None:
            self._counted.event(event[0])
        for id in reversed(list(self._hooks)):
            self._call(id, name, event)

    def _show(self, name: object, event: tuple[Any, ...]) -> None:
        try:
            _print(name, event)
        except BaseException as error:
            text = f"{shown(name)}: printing its trace raised {shown(error)}; it is switched off"
            logs.write(log, logging.INFO, text)
            self.trace(on=False)

    def _call(self, id: Any, name: object, event: Any) -> None:
        hook, state = self._hooks[id]
        try:
            state = hook(state, event, name)
        except BaseException as error:
            text = f"{shown(name)}: the debug function {shown(id)} raised {shown(error)}"
            logs.write(log, logging.INFO, f"{text} and is removed")
            state = "done"
        if isinstance(state, str) and state == "done":
            self.remove(id)
        else:
            self._hooks[id] = (hook, state)

    # ---- what `otp.system` asks for

    def install(self, id: Any, hook: Hook, state: Any) -> None:
        """A second one with the same id is not installed."""
        self._hooks.setdefault(id, (hook, state))
        self._look()

    def remove(self, id: Any) -> None:
        self._hooks.pop(id, None)
        self._look()

    def clear(self) -> None:
        self._log, self._tracing, self._counted, self._hooks = None, False, None, {}
        self._look()

    def trace(self, on: bool) -> None:
        self._tracing = on
        self._look()

    def log(self, flag: bool | int | str, name: object) -> list[Any] | None:
        """True, False, how many events to keep, "get" or "print"."""
        events = list(self._log or ())
        match flag:
            case "get":
                return events
            case "print":
                for event in events:
                    _print(name, event)
            case False:
                self._log = None
            case _:
                self._log = deque(events, LOG_SIZE if flag is True else int(flag))
        self._look()
        return None

    def statistics(self, flag: bool | str) -> dict[str, Any] | str | None:
        """True, False or "get"."""
        if flag == "get":
            return NO_STATISTICS if self._counted is None else self._counted.shown()
        self._counted = Counted(now(), process_time()) if flag else None
        self._look()
        return None

    def events(self) -> list[Any]:
        """What the log holds."""
        return list(self._log or ())

    def _look(self) -> None:
        counting = self._log is not None or self._counted is not None
        self.on = self._tracing or counting or bool(self._hooks)


def now() -> datetime:
    return datetime.now().astimezone()


def _print(name: object, event: tuple[Any, ...]) -> None:
    sys.stdout.write(f"*DBG* {shown(name, str)} {_told(event)}\n")
    sys.stdout.flush()


def _told(event: tuple[Any, ...]) -> str:
    match event:
        case ("in", ("$gen_call", caller, request)):
            return f"got call {shorten(request)} from {caller.pid!r}"
        case ("in", ("$gen_cast", request)):
            return f"got cast {shorten(request)}"
        case ("in", message):
            return f"got {shorten(message)}"
        case ("out", value, caller, state):
            return f"sent {shorten(value)} to {caller.pid!r}, new state {shorten(state)}"
        case ("noreply", state):
            return f"new state {shorten(state)}"
    return shorten(event)
