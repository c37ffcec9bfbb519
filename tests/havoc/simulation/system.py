"""An operating system to play on: pipes, processes, signals and a clock, all in memory.

It stands where the kernel and the processes of a node have `os`, `pipe`, `select`, `signal` and the
time. A pipe keeps whole frames, and its room is a number of them.
"""

from __future__ import annotations

import errno
import signal
from collections import deque
from collections.abc import Callable
from math import inf
from typing import Any, Final

from otp.wire.orphan import BELL

KERNEL_PIPE: Final = "p/0"
TO_KERNEL: Final = 3  # everybody's descriptor of the kernel's pipe
ROOM: Final = 64
_DESCRIPTORS: Final = 1000


class Pipe:
    __slots__ = ("frames", "owner", "readers", "room")

    def __init__(self) -> None:
        self.frames: deque[bytes] = deque()
        self.readers = 0
        self.room: float = ROOM
        self.owner: Any = None
        """The process that reads it, when it does."""


class OsProcess:
    __slots__ = ("at_end", "is_alive", "is_reaped", "os_pid", "status")

    def __init__(self, os_pid: int) -> None:
        self.os_pid = os_pid
        self.is_alive = True
        self.is_reaped = False
        self.status = 0
        self.at_end: Callable[[], None] = lambda: None

    def end(self, status: int) -> None:
        if self.is_alive:
            self.is_alive, self.status = False, status
            self.at_end()


class NoPoll:
    """In place of `select.poll`: whoever waits does so as the schedule says."""

    def register(self, fd: int, events: int) -> None: ...

    def poll(self, left: float) -> list[Any]:
        return []


class System:
    """The methods have the names and errors of what they stand for."""

    EPOLLIN, EPOLLOUT, POLLIN = 1, 4, 1
    READ = 65536
    SIGCHLD, SIGTERM, SIGKILL = signal.SIGCHLD, signal.SIGTERM, signal.SIGKILL
    O_NONBLOCK = O_CLOEXEC = RLIMIT_NOFILE = 0

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Nothing is there but the kernel's pipe."""
        self.now = 0.0
        self.is_scarce = False
        """The kernel has no descriptor left."""
        self.in_kernel = False
        self.at_continue: Callable[[], None] = lambda: None
        self.pipes: dict[str, Pipe] = {}
        self.names: dict[str, int] = {}
        self.processes: dict[int, OsProcess] = {}
        self.parcels: set[int] = set()
        self._last = 10
        self._readers: dict[int, Pipe] = {}
        self._writers: dict[int, Pipe] = {}
        self._pidfds: dict[int, OsProcess] = {}
        self._polled: set[int] = set()
        self.kernel = self.pipes[KERNEL_PIPE] = Pipe()
        self.kernel.room = inf
        self.kernel.readers = 1
        self._writers[TO_KERNEL] = self.kernel
        self.at_most: float = inf
        """How many frames the kernel finds in its pipe; more come a moment later."""

    # ---- time

    def monotonic(self) -> float:
        return self.now

    def sched_yield(self) -> None: ...

    # ---- descriptors

    def _new(self, table: dict[int, Any], what: Any) -> int:
        if self.is_scarce and self.in_kernel:
            raise OSError(errno.EMFILE, "Too many open files")
        self._last += 1
        table[self._last] = what
        return self._last

    def close(self, fd: int) -> None:
        if (pipe := self._readers.pop(fd, None)) is not None:
            pipe.readers -= 1
        elif self._writers.pop(fd, None) is None:
            del self._pidfds[fd]
        self._polled.discard(fd)

    def open_descriptors(self) -> int:
        """How many are open, of all processes and the kernel."""
        return len(self._readers) + len(self._writers) + len(self._pidfds)

    # ---- pipes

    def make(self, path: str) -> None:
        self.pipes[path] = Pipe()

    def open_mailbox(self, path: str) -> int:
        pipe = self.pipes[path]
        fd = self._new(self._readers, pipe)
        pipe.readers += 1
        return fd

    def open_writer(self, path: str) -> int | None:
        pipe = self.pipes.get(path)
        return self._new(self._writers, pipe) if pipe is not None and pipe.readers else None

    def reader(self, fd: int) -> Pipe:
        return self._readers[fd]

    def pipe2(self, flags: int) -> tuple[int, int]:
        return 4, 5

    def pipe(self) -> tuple[int, int]:
        """What stands in for a pidfd of one who is gone already: readable at once."""
        gone = OsProcess(0)
        gone.is_alive = False
        return self._new(self._pidfds, gone), self._new(self._writers, Pipe())

    def write(self, fd: int, data: bytes) -> int:
        pipe = self._writers[fd]
        if not pipe.readers:
            raise BrokenPipeError
        if len(pipe.frames) >= pipe.room:
            raise BlockingIOError
        pipe.frames.append(bytes(data))
        return len(data)

    def is_gone(self, fd: int) -> bool:
        """What `poll` says of a write end whose reader is dead."""
        return not self._writers[fd].readers

    def has_room(self, fd: int) -> bool:
        pipe = self._writers[fd]
        return not pipe.readers or len(pipe.frames) < pipe.room

    def read(self, fd: int, most: int = 0) -> bytes:
        if fd == TO_KERNEL:
            return self._for_kernel()
        if fd == 4:  # the kernel's signals
            return b""
        pipe = self._readers[fd]
        if not pipe.frames:
            raise BlockingIOError
        data = list(pipe.frames)
        pipe.frames.clear()
        if pipe.owner is not None:
            pipe.owner.pulled(data)
        return b"".join(data)

    def _for_kernel(self) -> bytes:
        frames, out = self.kernel.frames, []
        while frames and self.at_most > 0:
            out.append(frames.popleft())
            self.at_most -= 1
        return b"".join(out)

    def ioctl(self, fd: int, request: int, argument: bytes) -> bytes:
        return len(self._writers[fd].frames).to_bytes(4, "little")

    @staticmethod
    def no_descriptor(error: OSError) -> bool:
        return error.errno == errno.EMFILE

    # ---- files

    def rename(self, path: str, to: str) -> None:
        if path not in self.pipes:
            raise FileNotFoundError(path)
        self.pipes[to] = self.pipes.pop(path)

    def symlink(self, target: str, path: str) -> None:
        if path in self.names:
            raise FileExistsError(path)
        self.names[path] = int(target)

    def discard(self, path: str) -> None:
        self.pipes.pop(path, None)
        self.names.pop(path, None)

    # ---- processes and signals

    def pidfd_open(self, os_pid: int) -> int:
        process = self.processes[os_pid]
        if process.is_reaped:
            raise ProcessLookupError
        return self._new(self._pidfds, process)

    def pidfd_send_signal(self, pidfd: int, number: int) -> None:
        process = self._pidfds[pidfd]
        if process.is_reaped:
            raise ProcessLookupError
        if number != BELL:
            process.end(-number)

    def waitpid(self, os_pid: int, options: int) -> tuple[int, int]:
        raise ChildProcessError

    def signal(self, number: int, handler: object) -> None: ...

    def getpgrp(self) -> int:
        return 1

    getpid = getpgrp

    def killpg(self, group: int, number: int) -> None:
        """`SIGCONT` is all that the kernel sends to its group."""
        self.at_continue()

    def set_wakeup_fd(self, fd: int, *, warn_on_full_buffer: bool) -> None: ...

    def getrlimit(self, resource: int) -> tuple[int, int]:
        return _DESCRIPTORS, _DESCRIPTORS

    # ---- poll

    def epoll(self) -> System:
        return self

    def register(self, fd: int, events: int = 0) -> None:
        self._polled.add(fd)

    def unregister(self, fd: int) -> None:
        self._polled.remove(fd)

    def poll(self, left: float | None = None) -> Any:
        if left is None:
            return NoPoll()
        ready = [fd for fd in sorted(self._polled) if self._is_ready(fd)]
        if any(fd in self._pidfds for fd in ready):
            self.at_most = inf  # what stands in the pipe now is read before the dead are buried
        return [(fd, 0) for fd in ready]

    def _is_ready(self, fd: int) -> bool:
        if fd in self._pidfds:
            return not self._pidfds[fd].is_alive
        if fd in self._writers and fd != TO_KERNEL:
            return self.has_room(fd)
        return False
