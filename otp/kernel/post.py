"""The kernel's way into all mailboxes, on which it never waits.

A frame for which a pipe has no room is kept, and all that follows it for the same process queues
up behind it, until the pipe has room again: so what the kernel says stays in order, behind what it
carries for others (`DELIVER`).

So is a frame for a pipe that cannot even be opened, because no descriptor is left: not one is lost.
Of the pipes that are open, those that nothing waits for are closed before it comes to that.
"""

from __future__ import annotations

import os
import select
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from fcntl import ioctl
from itertools import count
from termios import FIONREAD
from typing import TypeVar

from otp.wire import parcel, pipe
from otp.wire.frame import LIMIT, pack
from otp.wire.place import Place
from otp.wire.protocol import KERNEL, PARCEL

DIRECT, QUEUED, DEAD = "direct", "queued", "dead"

T = TypeVar("T")


class Post:
    """Writes frames; what cannot be written yet waits here, in memory without limit."""

    def __init__(self, place: Place, poll: select.epoll, most: int) -> None:
        self._place = place
        self._poll = poll
        self._pipes: dict[int, int] = {}
        self._serials: dict[int, int] = {}
        self._backlog: dict[int, deque[bytes]] = {}
        self._unopened: set[int] = set()
        """Those in the backlog for whose pipe there was no descriptor."""
        self._parcels = count(1)
        self._most = most  # descriptors to keep open

    def send(self, to: int, kind: int, sender: int, ref: int, payload: bytes) -> str:
        """Put a frame into a mailbox, through a parcel if it is long.

        Raises `OSError` if there is no room for that.
        """
        if len(payload) > LIMIT:
            try:
                payload = self._parcel(to, payload)
            except FileNotFoundError:
                return DEAD
            kind |= PARCEL
        return self.put(to, pack(kind, sender, ref, payload))

    def _parcel(self, to: int, payload: bytes) -> bytes:
        def write() -> bytes:
            return parcel.write(self._place, to, KERNEL, number, payload, [])

        number = next(self._parcels)
        try:
            return self.with_room(write)
        except FileNotFoundError:  # it is our first to this one
            parcel.introduce(self._place, to, KERNEL)
        return self.with_room(write)

    def is_unread(self, to: int) -> bool:
        """Whether something stands in the pipe that its owner has not read."""
        fd = self._pipes.get(to)
        return fd is not None and ioctl(fd, FIONREAD, bytes(4)) != bytes(4)

    def keeps_for(self, to: int) -> bool:
        """Whether something waits here until that process has room."""
        return to in self._backlog

    def put(self, to: int, frame: bytes) -> str:
        """Write a frame now (DIRECT), or as soon as there is room (QUEUED); or nobody is (DEAD)."""
        if to in self._backlog:
            self._backlog[to].append(frame)
            return QUEUED
        try:
            fd = self._open(to)
        except OSError as error:
            if not pipe.no_descriptor(error):
                raise
            self._backlog[to] = deque([frame])
            self._unopened.add(to)
            return QUEUED
        return DEAD if fd is None else self._write(to, fd, frame)

    def _write(self, to: int, fd: int, frame: bytes) -> str:
        try:
            os.write(fd, frame)
        except BlockingIOError:
            self._backlog[to] = deque([frame])
            self._poll.register(fd, select.EPOLLOUT)
            return QUEUED
        except BrokenPipeError:
            return DEAD
        return DIRECT

    def flush(self, fd: int) -> int | None:
        """There is room in this pipe, or nobody reads it any more: write what waits for it.

        Returns whose it is; None if it is none of ours.
        """
        to = self._serials.get(fd)
        if to is None or to not in self._backlog:
            return None
        waiting = self._backlog[to]
        try:
            while waiting:
                os.write(fd, waiting[0])
                waiting.popleft()
        except BlockingIOError:
            return to
        except BrokenPipeError:
            waiting.clear()
        self._poll.unregister(fd)
        del self._backlog[to]
        return to

    # ---- too few descriptors

    @property
    def is_short(self) -> bool:
        """Whether something waits for a descriptor."""
        return bool(self._unopened)

    def retry(self) -> list[int]:
        """Open what could not be opened, if it can be now; returns whose pipe is full."""
        full = []
        for to in tuple(self._unopened):
            self._unopened.discard(to)
            sent = [self.put(to, frame) for frame in self._backlog.pop(to)]
            full += [to] * (QUEUED in sent and to not in self._unopened)
        return full

    def with_room(self, opens: Callable[[], T]) -> T:
        """What opens something; pipes are closed for it as long as it finds no descriptor."""
        while True:
            try:
                return opens()
            except OSError as error:
                if not pipe.no_descriptor(error) or not self._close_one():
                    raise

    def _close_one(self) -> bool:
        for to in self._pipes:
            if to not in self._backlog:
                self.forget(to)
                return True
        return False

    def forget(self, to: int) -> None:
        """The process is dead, or its pipe not needed for now."""
        waits = self._backlog.pop(to, None) is not None
        self._unopened.discard(to)
        fd = self._pipes.pop(to, None)
        if fd is None:
            return
        if waits:
            self._poll.unregister(fd)
        del self._serials[fd]
        os.close(fd)

    def _open(self, to: int) -> int | None:
        if to in self._pipes:
            return self._pipes[to]
        if len(self._pipes) >= self._most:
            self._close_one()
        fd = self.with_room(lambda: pipe.open_writer(self._place.pipe(to)))
        if fd is not None:
            self._pipes[to] = fd
            self._serials[fd] = to
        return fd

    def tell_stranger(self, path: str, frame: bytes) -> None:
        """Write to somebody whose pipe will be closed and gone then."""
        fd = self.with_room(lambda: pipe.open_writer(path))
        parcel.discard(path)
        if fd is not None:
            with suppress(BrokenPipeError):
                os.write(fd, frame)
            os.close(fd)
