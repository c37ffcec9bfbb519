"""A registry of one's own, for `Via`: keys as they are, kept under local names."""

from __future__ import annotations

from typing import Any

from otp import process
from otp.terms import Pid


def _name(key: Any) -> str:
    return f"kept {key!r}"


def register_name(key: Any, pid: Pid) -> bool:
    if process.whereis(_name(key)) is not None:
        return False
    process.register(_name(key), pid)
    return True


def unregister_name(key: Any) -> None:
    process.unregister(_name(key))


def whereis_name(key: Any) -> Pid | None:
    return process.whereis(_name(key))


def send(key: Any, message: Any) -> None:
    process.send(_name(key), message)
