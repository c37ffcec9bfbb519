"""A signal handler that raises, at a place of the test's choosing.

CPython runs the Python handler of a signal not between any two instructions but where a function of
ours is entered, after a call of a function in C, and where a loop jumps back. `Interrupter` counts
these places in the modules under test and raises `Interrupted` at the one it was told.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dis import opname
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any


class Interrupted(BaseException):
    """What the handler raises."""


@contextmanager
def alarm_raises() -> Iterator[None]:
    """Meanwhile `SIGALRM` has a handler that raises `Interrupted`."""

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)


@lru_cache
def _instructions(code: CodeType) -> bytes:
    return code.co_code


class Interrupter:
    """Raises at the place with this number, from 1 on; `raised` tells whether there was one."""

    def __init__(
        self, at: int, modules: tuple[str, ...], kind: type[BaseException] = Interrupted
    ) -> None:
        self._kind = kind
        self.raised = False
        self._left = at
        self._modules = modules
        self._previous: tuple[FrameType, str] | None = None

    @contextmanager
    def at_work(self) -> Iterator[None]:
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            yield
        finally:
            sys.settrace(before)
            self._previous = None

    def _enter(self, frame: FrameType, event: str, arg: Any) -> Any:
        if frame.f_globals.get("__name__") not in self._modules:
            return None
        frame.f_trace_opcodes = True
        self._previous = None
        self._look()
        return self._step

    def _step(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "opcode":
            before, name = self._previous, opname[_instructions(frame.f_code)[frame.f_lasti]]
            self._previous = (frame, name)
            if before is not None and before[0] is frame and _is_a_look(before[1]):
                self._look()
        return self._step

    def _look(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.raised = True
            raise self._kind


def _is_a_look(name: str) -> bool:
    is_call = name.startswith("CALL") and not name.startswith("CALL_INTRINSIC")
    return is_call or name == "JUMP_BACKWARD"
