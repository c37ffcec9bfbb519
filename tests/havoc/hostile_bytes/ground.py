"""What the targets of the fuzzer read from: a pipe, and the directories of a node of nobody."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from select import PIPE_BUF
from typing import Final

from otp.wire import parcel
from otp.wire.place import Place

ME: Final = 5
"""Who is written to, by the process 1."""


class Ground:
    def __init__(self, directory: str) -> None:
        self.read, self._write = os.pipe2(os.O_NONBLOCK)
        self.place = Place(f"{directory}/node")
        self.place.make()
        parcel.begin(self.place, ME)
        parcel.introduce(self.place, ME, 1)

    def write(self, data: bytes) -> None:
        """Into the pipe, as much at once as a frame may be."""
        for at in range(0, len(data), PIPE_BUF):
            os.write(self._write, data[at : at + PIPE_BUF])

    def close(self) -> None:
        os.close(self.read)
        os.close(self._write)


_grounds: list[Ground] = []


def ground() -> Ground:
    """The one that is taken."""
    return _grounds[-1]


@contextmanager
def taken() -> Iterator[None]:
    with tempfile.TemporaryDirectory(
        dir="/dev/shm" if os.path.isdir("/dev/shm") else None
    ) as where:
        _grounds.append(Ground(where))
        try:
            yield
        finally:
            _grounds.pop().close()
