"""Which steps from line to line some code of ours takes: what the fuzzer is guided by."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType, ModuleType
from typing import Any, TypeAlias

Edge: TypeAlias = tuple[str, int, int]
"""A function's file, and the numbers of two lines of it that run after each other."""


class Edges:
    """The edges of some modules; `taken` since it was emptied last."""

    def __init__(self, modules: Iterable[ModuleType]) -> None:
        self._files = {module.__file__ for module in modules}
        self._lasts: dict[FrameType, int] = {}
        self.taken: set[Edge] = set()

    @contextmanager
    def watched(self) -> Iterator[None]:
        before = sys.gettrace()
        sys.settrace(self._entered)
        try:
            yield
        finally:
            sys.settrace(before)
            self._lasts.clear()

    def _entered(self, frame: FrameType, event: str, arg: Any) -> Any:
        if frame.f_code.co_filename not in self._files:
            return None
        self._lasts[frame] = 0
        return self._moved

    def _moved(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            line = frame.f_lineno
            self.taken.add((frame.f_code.co_filename, self._lasts[frame], line))
            self._lasts[frame] = line
        elif event == "return":
            self._lasts.pop(frame, None)
        return self._moved
