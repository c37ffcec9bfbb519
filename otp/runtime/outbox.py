"""The way out of one process: straight into the mailbox pipe of whoever is meant.

A pipe holds 64 KiB, a mailbox has no end. When a pipe is full:

1. we ask the kernel to ring: the doorbell makes a busy receiver drain its pipe into memory
2. we wait for room; our own bell is answered meanwhile, so two that flood each other both go on
3. a receiver may be deaf: stopped, in C code that runs for minutes, or a thread without a bell.
   After `_PATIENCE` the frame goes to the kernel instead (`DELIVER`), which keeps it in memory
4. from then on (and after an exit signal for which the kernel found no room) all we send there
   must take this detour, or it would overtake what the kernel still holds; when the kernel answers
   that nothing of it is left, we write directly again

So a sender waits `_PATIENCE` once for a deaf receiver, and never for what it does. That the kernel
holds the rest, and not the sender, keeps the promise that what was sent is not lost by the
sender's own death. (A thread that drains for its process would need a thread in every program and
would still not serve a stopped one.)
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from os import write
from pickle import dumps
from struct import Struct
from time import monotonic
from typing import Any, Final, TypeVar

from otp.errors import NodeDown
from otp.wire import parcel, pipe
from otp.wire.codec import Encoded, encode
from otp.wire.frame import HEAD, LIMIT, ROOM, header, pack
from otp.wire.place import Place
from otp.wire.protocol import DELIVER, KERNEL, LAUNCHER, PARCEL, PARCELS, RING, VERSION

_PATIENCE: Final = 0.05
_OPEN: Final = 256
_DESTINATION: Final = Struct("<I")

Ask = Callable[[int, bytes], Any]
T = TypeVar("T")


class Outbox:
    """What one process sends.

    `ask` puts a question to the kernel and returns its answer; `closed` is told each descriptor
    that is closed.
    """

    def __init__(
        self,
        place: Place,
        serial: int,
        kernel: int,
        ask: Ask,
        closed: Callable[[int], None] = lambda fd: None,
    ) -> None:
        self._place = place
        self._closed = closed
        self._serial = serial
        self._kernel = kernel
        self._ask = ask
        self._pipes: dict[int, int] = {}
        self._detours: set[int] = set()
        self._sent = False
        """Whether the frame of the parcel that is being sent is on its way, as far as we know."""
        self._parcels = count(1)

    def send(self, kind: int, to: int, ref: int, value: Any) -> int:
        """Send a value of the user's. Raises if it cannot be pickled.

        Returns the write end of the mailbox, or -1 if nobody is there.
        """
        data, buffers = encode(value)
        size = len(data)
        if buffers or size > LIMIT:
            return self._send_parcel(kind, to, ref, (data, buffers))
        return self.put(to, header(HEAD + size, VERSION, kind, self._serial, ref) + data)

    def tell_kernel(self, kind: int, ref: int, payload: bytes) -> None:
        """Send a request to the kernel. Raises `NodeDown` if it is gone."""
        if len(payload) > ROOM:
            payload = self.parcel(KERNEL, (payload, []))
            kind |= PARCEL
        write_to_kernel(self._kernel, pack(kind, self._serial, ref, payload))

    def parcel(self, to: int, encoded: Encoded) -> bytes:
        """Put a long payload into a file for `to`; return its ticket.

        Raises `FileNotFoundError` if nobody is there, `OSError` if there is no room for it, and
        `NodeDown` if the node has ended.
        """
        number = next(self._parcels)
        try:
            return self._written(to, number, encoded)
        except BaseException:
            parcel.withdraw(self._place, to, self._serial, number)
            raise

    def _written(self, to: int, number: int, encoded: Encoded) -> bytes:
        write = partial(parcel.write, self._place, to, self._serial, number, *encoded)
        with suppress(FileNotFoundError):
            return self.with_room(write)
        self.tell_kernel(PARCELS, 0, dumps((to,)))  # it is our first, or nobody is there
        parcel.introduce(self._place, to, self._serial)
        return self.with_room(write)

    def pipe_to(self, to: int) -> int:
        """The write end of that mailbox, from the cache if it is there; -1 if its owner is dead."""
        fd = self._pipes.get(to)
        if fd is not None:
            return fd
        if to <= LAUNCHER:  # a pid that somebody has made: these two are no processes
            return -1
        opened = self.with_room(lambda: pipe.open_writer(self._place.pipe(to)))
        if opened is None:
            return -1
        self._pipes[to] = opened  # at once: whoever is interrupted before knows no descriptor
        if len(self._pipes) > _OPEN:
            self.forget(next(iter(self._pipes)))
        return opened

    def with_room(self, act: Callable[[], T]) -> T:
        """Do what takes a descriptor; where none is left, close the pipes that are kept open."""
        try:
            return act()
        except OSError as error:
            if not pipe.no_descriptor(error) or not self._pipes:
                raise
        self.close()
        return act()

    def forget(self, to: int) -> None:
        """Close the pipe to one who is dead or was not written to for long."""
        fd = self._pipes.get(to)
        if fd is not None:
            del self._pipes[to]
            try:
                self._closed(fd)
            finally:
                os.close(fd)

    def put(self, to: int, frame: bytes, write: Callable[[int, bytes], object] = os.write) -> int:
        """Write one frame; return where, or -1 if nobody is there."""
        fd = self._pipes.get(to) or self.pipe_to(to)
        if fd < 0:
            return -1
        if to in self._detours:
            return fd if self._detour(to, frame) else -1
        try:
            write(fd, frame)
        except BlockingIOError:
            return fd if self._wait_for_room(to, fd, frame) else -1
        except BrokenPipeError:
            self.forget(to)
            return -1
        return fd

    def take_detour(self, to: int) -> None:
        """The kernel keeps something of ours for this one: what we send must not overtake it."""
        self._detours.add(to)

    def close(self) -> None:
        for to in list(self._pipes):
            self.forget(to)

    # ---- the long, and the full

    def _send_parcel(self, kind: int, to: int, ref: int, encoded: Encoded) -> int:
        if self.pipe_to(to) < 0:
            return -1
        try:
            ticket = self.parcel(to, encoded)
        except FileNotFoundError:
            return -1
        fd, self._sent = -1, False
        try:
            fd = self.put(to, pack(kind | PARCEL, self._serial, ref, ticket), self._write)
        finally:  # also if the handler of a signal has raised
            if fd < 0 and not self._sent:
                parcel.discard(parcel.path_of(self._place, ticket))
        return fd

    def _write(self, fd: int, frame: bytes) -> None:
        """Write a frame and note that: no handler runs between the two (`pipe.descriptor`)."""
        for _ in iter(partial(write, fd, frame), None):
            self._sent = True
            return

    def _wait_for_room(self, to: int, fd: int, frame: bytes) -> bool:
        answer = self._ask(RING, _DESTINATION.pack(to))
        deadline = monotonic() + _PATIENCE
        while answer == "rung" and (left := deadline - monotonic()) > 0:
            if not _room(fd, left):
                break
            try:
                self._write(fd, frame)
                return True
            except BlockingIOError:
                continue
            except BrokenPipeError:
                answer = "dead"
        if answer == "dead":
            self.forget(to)
            return False
        return self._detour(to, frame)

    def _detour(self, to: int, frame: bytes) -> bool:
        self._detours.add(to)  # first: once it is asked, the kernel may hold the frame
        self._sent = True
        answer = self._ask(DELIVER, _DESTINATION.pack(to) + frame)
        if answer != "queued":
            self._detours.discard(to)
        self._sent = answer != "dead"
        return self._sent


def write_to_kernel(kernel: int, frame: bytes) -> None:
    """Write a frame to the kernel, which always has room soon. Raises `NodeDown` if it is gone.

    It is written if and only if this returns, whatever handlers of signals raise.
    """
    attempt = partial(write, kernel, frame)
    while True:
        try:
            for _ in iter(attempt, None):  # no handler runs from here on (`pipe.descriptor`)
                return
        except BlockingIOError:
            _room(kernel, None)
        except BrokenPipeError:
            raise NodeDown from None


def _room(fd: int, seconds: float | None) -> bool:
    """Wait until a pipe has room, or has no reader; False when the time is over."""
    poll = select.poll()
    poll.register(fd, select.POLLOUT)
    return bool(poll.poll(None if seconds is None else seconds * 1000))
