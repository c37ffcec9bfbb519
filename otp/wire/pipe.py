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
import select
from collections.abc import Callable
from fcntl import F_DUPFD_CLOEXEC, fcntl
from functools import partial
from typing import Final

READ: Final = 65536
"""As much as a pipe can hold by default: one `read` empties it."""

_FIRST: Final = 3
_GONE: Final = {errno.ENXIO, errno.ENOENT, errno.EPIPE}


def make(path: str) -> None:
    """Create the FIFO, for this user only."""
    os.mkfifo(path, 0o600)


def open_mailbox(path: str) -> int:
    """The reader's descriptor."""
    return _open(path, os.O_RDWR)


def open_writer(path: str) -> int | None:
    """A writer's descriptor, or None if the mailbox has no owner any more."""
    try:
        return _open(path, os.O_WRONLY)
    except OSError as error:
        if error.errno in _GONE:
            return None
        raise


def _open(path: str, flags: int) -> int:
    try:
        fd = descriptor(os.open, path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
        return fd if fd >= _FIRST else above_stdio(fd)
    except OSError as error:
        if no_descriptor(error):
            raise _too_many(error) from error
        raise


def duplicate(fd: int) -> int:
    """Another descriptor for the same pipe."""
    try:
        return descriptor(fcntl, fd, F_DUPFD_CLOEXEC, _FIRST)
    except OSError as error:
        if error.errno == errno.EMFILE:
            raise _too_many(error) from error
        raise


def descriptor(act: Callable[..., int], *args: object) -> int:
    """What a system call returns that opens a descriptor.

    1. ``fd = os.open(path)`` has opened it  2. before `fd` is assigned, the handler of a signal
    raises  3. it stays open and nobody knows its number. Between the steps of a ``for`` and its
    target CPython runs no handler, nor when a function in Python returns.
    """
    for fd in iter(partial(act, *args), None):
        return fd
    raise AssertionError("a system call returns a number")


def above_stdio(fd: int) -> int:
    """The same pipe, by a descriptor that nobody takes for the standard input or an output.

    In a program without these, a mailbox would get their numbers, and what the programs that it
    runs print.
    """
    if fd >= _FIRST:
        return fd
    try:
        return descriptor(fcntl, fd, F_DUPFD_CLOEXEC, _FIRST)
    finally:
        os.close(fd)


def _too_many(error: OSError) -> OSError:
    text = "no descriptor left to open a mailbox; raise the limit (ulimit -n)"
    return OSError(error.errno, text)


def file_of(which: int | str) -> tuple[int, int] | None:
    """The file that a descriptor or a path means, as device and inode; None if there is none."""
    try:
        found = os.stat(which)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def has_reader(fd: int) -> bool:
    """Whether the owner of the mailbox lives, into which this descriptor writes."""
    poll = select.poll()
    poll.register(fd, 0)
    return not poll.poll(0)


def no_descriptor(error: OSError) -> bool:
    """Whether this is for want of a descriptor, here or in the whole system."""
    return error.errno in (errno.EMFILE, errno.ENFILE)


def read(fd: int) -> bytes:
    """All that stands in the pipe; nothing if it is empty."""
    try:
        return os.read(fd, READ)
    except BlockingIOError:
        return b""
