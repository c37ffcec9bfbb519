"""The mailbox of one process: the pipe, and what was taken out of it.

            pull: read and split            take: decode, once
    pipe ──────────────────────► arrived ────────────────────► the receiver
         │                              └── not wanted now ──► passed ──► a later receive
         ├── REPLY, ANSWER ─────► awaited, by tag; if nobody awaits it, `signal` decides
         └── EXIT, DOWN, ... ───► `signal` decides: into `arrived`, or not

`pull` may be called by the doorbell (`SIGURG`), that is: between any two instructions of the
process, even those of `pull` itself. Reading and splitting are therefore one critical section:

1. the process is inside `pull`, with half a frame in `_rest`
2. the bell rings; its handler must not read, or the halves would be joined wrongly
3. so it only notes `_rang`, and `pull` reads again before it returns
4. a bell between the last look at `_rang` and the end finds `_pulling` unset and pulls itself

The bell must not make a process sleep beside what has come, either:

1. the receiver looks at `arrived` and finds nothing
2. the bell rings, its handler takes a message out of the pipe
3. the receiver goes to sleep on a pipe that is empty
4. so every `pull` that brings something sets `fresh`, and `wait` does not sleep while it is set. It
   looks once more when it is `_parked`: from then on the handler leaves the pipe alone, and `poll`
   sees for itself what comes
"""

from __future__ import annotations

import logging
import select
from collections import deque
from collections.abc import Callable
from os import read, sched_yield
from time import monotonic, perf_counter
from typing import Any, Final, NoReturn

from otp.errors import NodeDown
from otp.wire import pipe
from otp.wire.frame import CorruptFrame, Frame, split
from otp.wire.place import Place
from otp.wire.protocol import ANSWER, CALL, CAST, MESSAGE, PARCEL, REFUSED, REPLY, SYSTEM, TIMEOUT
from otp.wire.waiting import Spin

log = logging.getLogger("otp.process")

CAME, LATE, DEAD = range(3)
NOTHING: Final = object()

_PLAIN: Final = (MESSAGE, CALL, CAST, SYSTEM, TIMEOUT)
_MESSAGES: Final = frozenset([*_PLAIN, *(kind | PARCEL for kind in _PLAIN)])
_REPLIES: Final = frozenset(k | p for k in (REPLY, REFUSED, ANSWER) for p in (0, PARCEL))
_LONGEST: Final = 1e9  # milliseconds: `poll` overflows soon after; who waits longer looks again
_AT_MOST: Final = 16  # full pipes in one go, so that a flood cannot keep a process in `pull`


def raise_node_down() -> NoReturn:
    raise NodeDown("the node has ended; otp.node.start() begins a new one")


class Mailbox:
    """What has come for one process. Only its own thread, and the doorbell, may use it."""

    def __init__(self, fd: int, kernel: int, place: Place) -> None:
        self.fd = fd
        self.place = place
        self.arrived: deque[Frame] = deque()
        self.passed: deque[Any] = deque()
        self.awaited: dict[int, Frame | None] = {}
        self.signal: Callable[[Frame], bool] = lambda frame: False
        self.node_is_gone: Callable[[], object] = raise_node_down
        self._kernel = kernel
        self._rest = b""
        self.fresh = False
        self._pulling = self._parked = self._rang = False
        self._spin = Spin()
        looking = select.poll()
        looking.register(fd, select.POLLIN)
        self._has_come = looking.poll  # asked with 0: cheaper than a `read` that fails

    # ---- from the pipe into memory

    def ring(self) -> None:
        """The doorbell: take in what has come, unless the process is about to do so itself."""
        if self._pulling or self._parked:
            self._rang = True
        else:
            self.pull()

    def pull(self) -> None:
        """Empty the pipe into memory, without waiting."""
        while True:
            self._pulling = True
            try:
                self._read_all()
            finally:
                self._pulling = False
            if not self._rang:
                return
            self._rang = False

    def _read_all(self) -> None:
        for _ in range(_AT_MOST):
            try:
                data = read(self.fd, pipe.READ)
            except BlockingIOError:
                return
            self.fresh = True
            self._take(data)
            if len(data) < pipe.READ:
                return

    def _take(self, data: bytes) -> None:
        try:
            frames, self._rest = split(self._rest + data if self._rest else data)
        except CorruptFrame as error:
            self._rest = b""
            log.error("dropped %d bytes that are no message: %s", len(data), error)
            return
        self.sort(frames)

    def sort(self, frames: list[Frame]) -> None:
        """Put each frame where it belongs."""
        for frame in frames:
            kind = frame[0]
            if kind in _MESSAGES or (kind not in _REPLIES and self.signal(frame)):
                self.arrived.append(frame)
            elif kind in _REPLIES:
                self._reply(frame)

    def _reply(self, frame: Frame) -> None:
        """For whoever awaits it, else a message if it has come by an alias, else dropped."""
        tag = frame[2]
        if tag in self.awaited and self.awaited[tag] is None:
            self.awaited[tag] = frame
        elif self.signal(frame):
            self.arrived.append(frame)

    # ---- waiting

    def wait(self, deadline: float | None, sensor: int = -1) -> int:
        """Wait until something came (CAME), `deadline` passed (LATE) or `sensor` died (DEAD).

        `deadline` is monotonic time in seconds, None for ever; `sensor` is the write end of
        somebody's pipe. When the kernel is gone, `node_is_gone` is called, which raises `NodeDown`.
        """
        came = CAME
        if not self.fresh and not self._has_come(0) and not self._try():
            came = self._sleep(deadline, sensor)
        self.pull()
        self.fresh = False
        return came

    def _try(self) -> bool:
        """Spin, for as long as `Spin` thinks it worth the processor; whether something came."""
        window = self._spin.window()
        if not window:
            return False
        begin = perf_counter()
        while True:
            sched_yield()
            came = self._has_come(0) or self.fresh
            took = perf_counter() - begin
            if came:
                self._spin.hit(took)
                return True
            if took > window:
                self._spin.missed()
                return False

    def _sleep(self, deadline: float | None, sensor: int) -> int:
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        poll.register(self._kernel, 0)
        if sensor >= 0:
            poll.register(sensor, 0)
        begin = monotonic()
        left = None if deadline is None else min(max(0.0, (deadline - begin) * 1000), _LONGEST)
        self._parked = True
        try:
            ready = {self.fd} if self.fresh else {fd for fd, _ in poll.poll(left)}
        finally:
            self._parked = False
        if self.fd in ready:
            self._spin.slept(monotonic() - begin)
            return CAME
        if sensor in ready and sensor != self._kernel:
            return DEAD
        if self._kernel in ready:
            self.node_is_gone()
        return CAME if left == _LONGEST else LATE
