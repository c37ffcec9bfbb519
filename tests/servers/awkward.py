"""Values that are hard to send."""

from __future__ import annotations

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


class Opaque(Exception):
    """An exception that cannot be sent."""

    def __init__(self) -> None:
        super().__init__("opaque")
        self.lock = threading.Lock()


def unpicklable() -> Any:
    """A value that cannot be sent."""
    return threading.Lock()


class Unshowable:
    """A value without a text."""

    def __repr__(self) -> str:
        raise ValueError("no picture")
