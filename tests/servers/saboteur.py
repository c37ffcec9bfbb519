"""Dies at a chosen line of the library: what runs under `dies_at_line` is killed at its n-th line.

A line is one of the files under otp/. The kill is `SIGKILL`: nothing after that line is run.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import otp
from otp import process
from otp.terms import Pid

LIBRARY = str(Path(otp.__file__).parent)


def dies_at_line(number: int, function: Callable[[], Any]) -> None:
    """Run the function; be killed at its n-th line, if it has so many."""
    left = number

    def traced(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(LIBRARY):
            return None
        if event == "line":
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return traced

    sys.settrace(traced)
    try:
        function()
    finally:
        sys.settrace(None)


def tries(owner: Pid, number: int, function: Callable[[], Any]) -> None:
    """The same, and tell if it was not killed: then there is no such line."""
    dies_at_line(number, function)
    process.send(owner, "survived")
