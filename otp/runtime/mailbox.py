"""The mailbox of one process: the pipe, and what was taken out of it.

            pull: read, split, sort         take: decode, once
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

Other signals have handlers that raise: Ctrl-C, an alarm as a timeout. Whoever catches that and goes
on must find every message, once:

1. `read` has taken a message out of the pipe and returns
2. the handler raises before the message is stored: it is lost
3. so each step leaves what it works on where it was until it is done, and then moves it by
   assignments and operators alone. CPython runs handlers where functions are called or entered and
   where loops jump back, never within ``for data in ...`` up to its target, ``+=`` or ``del``
4. what a handler has interrupted is still in `_raw` or `_own`, and the next `pull` goes on with it
"""

from __future__ import annotations

import logging
import select
from collections import deque
from collections.abc import Callable
from functools import partial
from os import read, sched_yield
from select import PIPE_BUF
from time import monotonic, perf_counter
from typing import Any, Final, NoReturn, TypeAlias

from otp.errors import NodeDown
from otp.wire.frame import HEAD, Frame, begins_again, header_at
from otp.wire.pipe import READ
from otp.wire.protocol import (
    ANSWER,
    CALL,
    CAST,
    MESSAGE,
    PARCEL,
    REFUSED,
    REPLY,
    SYSTEM,
    TIMEOUT,
    VERSION,
)
from otp.wire.waiting import Spin

log = logging.getLogger("otp.process")

Heard: TypeAlias = tuple[Any, ...]
"""A frame whose payload may have been fetched already, or which brings a name along (`Context`)."""

CAME, LATE, DEAD = range(3)
NOTHING: Final = object()

_PLAIN: Final = (MESSAGE, CALL, CAST, SYSTEM, TIMEOUT)
_MESSAGES: Final = frozenset([*_PLAIN, *(kind | PARCEL for kind in _PLAIN)])
_REPLIES: Final = frozenset(k | p for k in (REPLY, REFUSED, ANSWER) for p in (0, PARCEL))
_LONGEST: Final = 1e9  # milliseconds: `poll` overflows soon after; who waits longer looks again
_AT_MOST: Final = 16  # full pipes in one go, so that a flood cannot keep a process in `pull`


def raise_node_down() -> NoReturn:
    raise NodeDown


class Mailbox:
    """What has come for one process. Only its own thread, and the doorbell, may use it."""

    def __init__(self, fd: int, kernel: int) -> None:
        self.fd = fd
        self.arrived: deque[Heard] = deque()
        self.passed: deque[Any] = deque()
        self.awaited: dict[int, Frame | None] = {}
        self.signal: Callable[[Frame], Heard | None] = lambda frame: None
        self.node_is_gone: Callable[[], object] = raise_node_down
        self._kernel = kernel
        self._reads = iter(partial(read, fd, READ), None)
        self._raw = b""
        self._at = 0
        self._own: list[Frame] = []
        self.fresh = False
        self._pulling = self._parked = self._rang = False
        self._spin = Spin()
        self._sleepers: dict[int, Any] = {}

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
            except BlockingIOError:
                pass  # it is empty
            finally:
                self._pulling = False
            if not self._rang:
                return
            self._rang = False

    def unread(self, data: bytes) -> None:
        """Give back what somebody else has read from the pipe."""
        self._raw += data
        self.fresh = True

    def put(self, frame: Frame) -> None:
        """A frame that needs no pipe, behind all that has come; `signal` decides about it."""
        self.pull()
        self._own += (frame,)
        self.pull()

    def abandon(self) -> None:
        """In a forked child: whoever goes on with it hears that it is over."""
        self._reads = iter(raise_node_down, b"")
        self.node_is_gone = raise_node_down
        self.fresh = True

    def _read_all(self) -> None:
        if self._raw or self._own:  # half a frame; or somebody's signal handler has raised in here
            self._sort()
        while self._own:
            if (heard := self.signal(self._own[0])) is not None:
                self.arrived += (heard,)
            del self._own[0]
        left = _AT_MOST
        for data in self._reads:
            self._raw += data
            self.fresh = True
            self._sort()
            if self._raw and len(data) < READ:  # nobody of ours writes halves (`otp.wire.hearing`)
                self._drop("half a frame")
            left -= 1
            if len(data) < READ or not left:
                return

    def _sort(self) -> None:
        """Put each whole frame where it belongs."""
        raw, at = self._raw, self._at
        end = len(raw)
        while end - at >= HEAD:
            size, version, kind, sender, ref = header_at(raw, at)
            if version != VERSION or not HEAD <= size <= PIPE_BUF:
                return self._drop(f"version {version}, {size} bytes, kind {kind}")
            if at + size > end:
                break
            frame = (kind, sender, ref, raw[at + HEAD : at + size])
            if kind in _MESSAGES:
                self.arrived += (frame,)
            elif kind in _REPLIES and self.awaited.get(ref, frame) is None:
                self.awaited[ref] = frame
            elif (heard := self.signal(frame)) is not None:
                self.arrived += (heard,)
            self._at = at = at + size
        self._raw = raw[at:]
        self._at = 0

    def _drop(self, why: str) -> None:
        """What is no frame, up to where frames begin again; those are sorted."""
        bad = self._raw[self._at :]
        found = begins_again(bad)
        self._raw, self._at = bad[found:], 0
        log.error("dropped %d bytes that are no message: %s", found, why)
        self._sort()

    # ---- waiting

    def wait(self, deadline: float | None, sensor: int = -1) -> int:
        """Wait until something came (CAME), `deadline` passed (LATE) or `sensor` died (DEAD).

        `deadline` is monotonic time in seconds, None for ever; `sensor` is the write end of
        somebody's pipe. When the kernel is gone, `node_is_gone` is called, which raises `NodeDown`.
        """
        came = CAME
        if not (self.fresh or self._try()):
            came = self._sleep(deadline, sensor)
            self.pull()
        self.fresh = False
        return came

    def _try(self) -> bool:
        """Spin, for as long as `Spin` thinks it worth the processor; whether something came."""
        spin = self._spin
        window = spin.window or spin.probe()
        if not window:
            return False
        begin, in_vain = perf_counter(), 0.0
        while in_vain <= window:
            sched_yield()
            self.pull()
            so_far = perf_counter() - begin
            if self.fresh:
                spin.hit(in_vain, so_far - in_vain)
                return True
            in_vain = so_far
        spin.missed(in_vain)
        return False

    def _sleep(self, deadline: float | None, sensor: int) -> int:
        poll = self._sleepers.get(sensor) or self._sleeper(sensor)
        begin = monotonic()
        left = None if deadline is None else min(max(0.0, (deadline - begin) * 1000), _LONGEST)
        self._parked = True
        try:
            ready = [(self.fd, 0)] if self.fresh else poll(left)
        finally:
            self._parked = False
        for fd, _ in ready:
            if fd == self.fd:
                self._spin.slept(monotonic() - begin)
                return CAME
        if not ready:
            return CAME if left == _LONGEST else LATE
        if any(fd == sensor != self._kernel for fd, _ in ready):
            return DEAD
        self.node_is_gone()
        return LATE

    def _sleeper(self, sensor: int) -> Any:
        """`poll` on my pipe, the kernel's, and a sensor; kept, for the next call to the same."""
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        poll.register(self._kernel, 0)
        if sensor >= 0:
            poll.register(sensor, 0)
        self._sleepers[sensor] = poll.poll
        return poll.poll

    def closed(self, sensor: int) -> None:
        """Forget the sensor: its number will mean something else."""
        self._sleepers.pop(sensor, None)
