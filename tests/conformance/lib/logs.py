"""What is logged, as lines of a trace: each process of the node writes its own to the collector."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from otp import gen_server
from otp.errors import CallError, NodeDown
from otp.terms import Crash
from tests.conformance.lib.term import reason

MODULES = {"otp.behaviour.supervising": "supervisor"}
"""What is another module in Erlang."""


class Handler(logging.Handler):
    """Runs in the process that logs, so that the order is causal."""

    def emit(self, record: logging.LogRecord) -> None:
        term = ("log", record.levelname.lower(), report(getattr(record, "report", None)))
        with suppress(CallError, NodeDown):  # the trace is printed already; who still ends is late
            gen_server.call("tr", ("log", record.levelno, term), None)


def report(said: dict[str, Any] | None) -> Any:
    """What OTP would have reported; "text" for a line that has no report with it."""
    match said:
        case None:
            return "text"
        case {"label": ("gen_server", "terminate"), "reason": why}:
            stack = said.get("traceback") and not isinstance(why, Crash)
            shown = {key: said[key] for key in ("name", "last_message")}
            return ("gen_server_terminating", shown | {"reason": (why, "stack") if stack else why})
        case {"label": ("gen_server", "no_handle_info"), "message": message}:
            return ("no_handle_info", message)
        case {"label": ("proc_lib", "crash"), "initial_call": (module, *_), "reason": why}:
            bare = reason(why.exception) if isinstance(why, Crash) else why
            scenario = MODULES.get(module) or module.rpartition(".")[2]
            return ("crash_report", scenario, said["class"], bare)
        case {"label": "progress", "child": child}:
            return ("progress", child)
        case {"label": kind, "reason": why, "child": child}:
            return ("supervisor_report", kind, why, child)
    return ("report", said["label"])


LOG = logging.getLogger("otp")
LOG.setLevel(logging.DEBUG)
LOG.propagate = False
if not any(isinstance(handler, Handler) for handler in LOG.handlers):
    LOG.addHandler(Handler())
