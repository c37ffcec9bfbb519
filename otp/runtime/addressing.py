"""From what the user writes as a destination to the process that is meant now."""

from __future__ import annotations

import importlib
from typing import Any

from otp.runtime.context import Context
from otp.terms import Global, Pid, Server, Via

NOBODY = -1


def destination(context: Context, server: Server) -> int:
    """The serial number of the process, or NOBODY: a free name, a pid of another or ended node.

    Raises `TypeError` for what cannot name a process.
    """
    if isinstance(server, Pid):
        return server.id if server.node == context.pid.node else NOBODY
    if isinstance(server, str):
        found = context.place.whereis(server)
        return NOBODY if found is None else found
    if isinstance(server, Via):
        pid = registry(server).whereis_name(server.key)
        return NOBODY if pid is None else destination(context, pid)
    match server:
        case Global():
            return NOBODY  # nobody can have such a name as long as nodes do not know each other
        case (str(name), str(node)):
            return destination(context, name) if node == context.pid.node else NOBODY
    raise TypeError(f"a process is named by a Pid, a str or Via(module, key), not {server!r}")


def registry(via: Via) -> Any:
    """The module that keeps this name. Raises `ImportError` if there is none."""
    return importlib.import_module(via.module)


def refuse_global(server: object) -> None:
    if isinstance(server, Global):
        raise NotImplementedError(
            f"{server!r}: global names are not available yet; use a str, or Via(module, key)"
        )
