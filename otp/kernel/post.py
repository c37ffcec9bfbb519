"""The kernel's way into all mailboxes, on which it never waits.

A frame for which a pipe has no room is kept, and all that follows it for the same process queues
up behind it, until the pipe has room again: so what the kernel says stays in order, behind what it
carries for others (`DELIVER`).
"""

from __future__ import annotations

import os
import select
from collections import deque
from itertools import count

from otp.wire import parcel, pipe
from otp.wire.frame import LIMIT, pack
from otp.wire.place import Place
from otp.wire.protocol import KERNEL, PARCEL

DIRECT, QUEUED, DEAD = "direct", "queued", "dead"


class Post:
    """Writes frames; what cannot be written yet waits here, in memory without limit."""

    def __init__(self, place: Place, poll: select.epoll, most: int) -> None:
        self._place = place
        self._poll = poll
        self._pipes: dict[int, int] = {}
        self._serials: dict[int, int] = {}
        self._backlog: dict[int, deque[bytes]] = {}
        self._parcels = count(1)
        self._most = most  # descriptors to keep open

    def send(self, to: int, kind: int, sender: int, ref: int, payload: bytes) -> str:
        """Put a frame into a mailbox, through a parcel if it is long."""
        if len(payload) > LIMIT:
            number = next(self._parcels)
            payload = parcel.write(self._place, to, KERNEL, number, payload, [])
            kind |= PARCEL
        return self.put(to, pack(kind, sender, ref, payload))

    def put(self, to: int, frame: bytes) -> str:
        """Write a frame now (DIRECT), or as soon as there is room (QUEUED); or nobody is (DEAD)."""
        if to in self._backlog:
            self._backlog[to].append(frame)
            return QUEUED
        fd = self._open(to)
        if fd is None:
            return DEAD
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

    def forget(self, to: int) -> None:
        """The process is dead, or its pipe not needed for now."""
        fd = self._pipes.pop(to, None)
        if fd is None:
            return
        if self._backlog.pop(to, None) is not None:
            self._poll.unregister(fd)
        del self._serials[fd]
        os.close(fd)

    def _open(self, to: int) -> int | None:
        fd = self._pipes.get(to)
        if fd is None and (fd := pipe.open_writer(self._place.pipe(to))) is not None:
            self._make_room()
            self._pipes[to] = fd
            self._serials[fd] = to
        return fd

    def _make_room(self) -> None:
        if len(self._pipes) < self._most:
            return
        for to in self._pipes:
            if to not in self._backlog:
                self.forget(to)
                return
