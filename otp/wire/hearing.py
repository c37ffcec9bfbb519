"""Hearing from a pipe: all that was written into it, frame by frame.

Whoever runs as this user can write what is no frame. It is dropped, and what others write is heard,
unless the two look like a frame together:

1. somebody writes the header of a frame of 4,096 bytes, and nothing more
2. what all others write from then on would be taken for the rest of it, and they wait for answers
3. but a frame is written whole, and one `read` empties the pipe, unless it brings as much as was
   asked for: so half a frame behind anything shorter is nobody's
4. and what stands behind it ends where the read ended, frame by frame (`begins_again`)
"""

from __future__ import annotations

from collections.abc import Callable

from otp.wire import pipe
from otp.wire.frame import CorruptFrame, Frame, begins_again, split


class Hearing:
    """One pipe. `dropped` is told how many bytes were no frame, and why."""

    def __init__(self, fd: int, dropped: Callable[[int, str], object]) -> None:
        self._fd = fd
        self._dropped = dropped
        self._heard: list[Frame] = []
        self._rest = b""

    def read(self) -> bool:
        """Take out what stands in the pipe; whether there was anything."""
        data = pipe.read(self._fd)
        if data:
            self._split(self._rest + data, cut=len(data) == pipe.READ)
        return bool(data)

    def frames(self) -> list[Frame]:
        """All that was heard since the last time."""
        heard, self._heard = self._heard, []
        return heard

    def _split(self, data: bytes, *, cut: bool) -> None:
        why = "half a frame"
        try:
            frames, self._rest = split(data)
        except CorruptFrame as error:
            frames, self._rest, why = error.frames, error.rest, str(error)
            cut = False
        self._heard += frames
        if self._rest and not cut:
            self._drop(why)

    def _drop(self, why: str) -> None:
        found = begins_again(self._rest)
        self._dropped(found, why)
        frames, self._rest = split(self._rest[found:])
        self._heard += frames
