"""What a new process finds around it: the import path, directory and environment of its spawner.

The launcher that forks it has those of the time when the node began; a spawn carries only what is
different from that, which mostly is nothing.
"""

from __future__ import annotations

import os
import sys
from typing import Any

_first: dict[str, Any] = {}


def _now() -> dict[str, Any]:
    try:
        directory = os.getcwd()
    except FileNotFoundError:
        directory = ""
    return {
        "path": [os.fspath(entry) for entry in sys.path],
        "cwd": directory,
        "environ": dict(os.environ),
    }


def remember() -> None:
    """These are the launcher's."""
    _first.update(_now())


def changed() -> dict[str, Any]:
    """What is different by now; a variable that is gone is None."""
    now = _now()
    change: dict[str, Any] = {key: now[key] for key in ("path", "cwd") if now[key] != _first[key]}
    if (before := _first["environ"]) != (after := now["environ"]):
        names = before.keys() | after.keys()
        change["environ"] = {
            name: after.get(name) for name in names if before.get(name) != after.get(name)
        }
    return change


def take_on(change: dict[str, Any]) -> None:
    """Make it so here."""
    if path := change.get("path"):
        sys.path[:] = path
    if directory := change.get("cwd"):
        os.chdir(directory)
    for name, value in change.get("environ", {}).items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
