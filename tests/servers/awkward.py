"""Values that are hard to send."""

from __future__ import annotations

import sys
import threading
from typing import Any, NoReturn


def cannot_be_built() -> NoReturn:
    raise ValueError("cannot be built here")


class Unreadable:
    """Can be sent, but whoever receives it cannot load it."""

    def __init__(self, padding: bytes = b"") -> None:
        self.padding = padding

    def __reduce__(self) -> Any:
        return cannot_be_built, (), self.padding


class EndsTheInterpreter(Unreadable):
    """Can be sent; whoever loads it is told to exit."""

    def __reduce__(self) -> Any:
        return sys.exit, ("the end of whoever loads me",), self.padding


class Opaque(Exception):
    """An exception that cannot be sent."""

    def __init__(self) -> None:
        super().__init__("opaque")
        self.lock = threading.Lock()


def unpicklable() -> Any:
    """A value that cannot be sent."""
    return threading.Lock()


class Unshowable:
    """A value without a text: asked for one, it raises."""

    def __init__(self, raises: type[BaseException] = ValueError) -> None:
        self.raises = raises

    def __repr__(self) -> str:
        raise self.raises("no picture")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unshowable) and self.raises == other.raises

    def __hash__(self) -> int:
        return hash(self.raises)


class Faceless(Exception):
    """The same as an exception."""

    def __init__(self, raises: type[BaseException] = ValueError) -> None:
        super().__init__(raises)
        self.raises = raises

    def __str__(self) -> str:
        raise self.raises("no face")

    __repr__ = __str__
