"""A mailbox pipe: a named FIFO with many writers and one reader.

* The reader opens it for reading *and* writing, so it never sees the end of file when the last
  writer leaves.
* A writer opens it without blocking. ``ENXIO`` (nobody reads) and ``ENOENT`` (the kernel has
  removed it) mean that its owner is dead, and so does ``EPIPE`` on a later write.
* The write end is the death sensor: `poll` reports ``POLLERR`` on it microseconds after the last
  reader is gone. Hence nobody else may keep a pipe open for reading: a forked child closes what it
  inherits (`otp.runtime.context`), and the kernel, which opens the pipe before the process exists,
  lets go as soon as it is ready.
"""

from __future__ import annotations

import errno
import os
from typing import Final

READ: Final = 65536
"""As much as a pipe can hold by default: one `read` empties it."""

_GONE: Final = {errno.ENXIO, errno.ENOENT, errno.EPIPE}


def make(path: str) -> None:
    """Create the FIFO, for this user only."""
    os.mkfifo(path, 0o600)


def open_mailbox(path: str) -> int:
    """The reader's descriptor."""
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)


def open_writer(path: str) -> int | None:
    """A writer's descriptor, or None if the mailbox has no owner any more."""
    try:
        return os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in _GONE:
            return None
        if error.errno in (errno.EMFILE, errno.ENFILE):
            raise OSError(
                error.errno,
                "no descriptor left to open a mailbox; raise the limit (ulimit -n)",
            ) from error
        raise


def read(fd: int) -> bytes:
    """All that stands in the pipe; nothing if it is empty."""
    try:
        return os.read(fd, READ)
    except BlockingIOError:
        return b""
