"""Ways for a process to end. Each function ends the process that calls it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from otp import process


def returns() -> str:
    return "a value that nobody sees"


def raises(text: str = "boom") -> None:
    raise ValueError(text)


def exits(reason: object) -> None:
    process.exit(reason)


def leaves(code: object = 0) -> None:
    sys.exit(code)


def leaves_at_once(code: int) -> None:
    os._exit(code)


def aborts() -> None:
    os.abort()


def segfaults() -> None:
    ctypes.string_at(0)


def signals(number: int = signal.SIGKILL) -> None:
    os.kill(os.getpid(), number)
    signal.pause()


def request(text: str, caller: object, state: object) -> None:
    """A request to a witness that crashes it."""
    raises(text)
