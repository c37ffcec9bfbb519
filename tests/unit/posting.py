"""What `tests.unit.test_outbox` sends to: a peer with a pipe, a kernel that is a list."""

from __future__ import annotations

import os
from collections.abc import Callable
from select import PIPE_BUF
from typing import Any

from otp.runtime.outbox import Outbox
from otp.wire import parcel, pipe
from otp.wire.codec import decode
from otp.wire.frame import Frame, pack, split
from otp.wire.place import Place
from otp.wire.protocol import DELIVER, KERNEL, MESSAGE, RING

ME, PEER = 2, 5
FILLING = pack(MESSAGE, 0, 0, bytes(PIPE_BUF // 2))


class Bench:
    """An outbox, the pipe of its peer, and a kernel that answers what it is told to."""

    def __init__(self, place: Place) -> None:
        self.place = place
        pipe.make(place.pipe(PEER))
        for serial in (PEER, KERNEL):
            parcel.begin(place, serial)
        self.peer = pipe.open_mailbox(place.pipe(PEER))
        self.kernel_reads, self.kernel = os.pipe2(os.O_NONBLOCK)
        self.asked: list[int] = []
        self.carried: list[Frame] = []
        self.answers: dict[int, str] = {RING: "rung", DELIVER: "queued"}
        self.when_rung: Callable[[], object] = lambda: None
        self.outbox = Outbox(place, ME, self.kernel, self.ask)

    def ask(self, kind: int, payload: bytes) -> str:
        assert payload[:4] == PEER.to_bytes(4, "little")
        assert len(pack(kind, ME, 1, payload)) <= PIPE_BUF
        self.asked.append(kind)
        if kind == DELIVER:
            self.carried += split(payload[4:])[0]
        else:
            self.when_rung()
        return self.answers[kind]

    def fill(self) -> None:
        """Until there is no room for the smallest frame."""
        writer = pipe.open_writer(self.place.pipe(PEER))
        assert writer is not None
        for frame in (FILLING, pack(MESSAGE, 0, 0)):
            while _written(writer, frame):
                pass
        os.close(writer)

    def heard(self) -> list[Frame]:
        """What stands in the peer's pipe, but for what has filled it."""
        frames, rest = split(pipe.read(self.peer))
        assert rest == b""
        return [frame for frame in frames if frame[1]]

    def send(self, value: Any) -> bool:
        """Whether somebody is there."""
        return self.outbox.send(MESSAGE, PEER, 0, value) >= 0

    def dies(self) -> None:
        os.close(self.peer)
        self.peer = -1

    def close(self) -> None:
        self.outbox.close()
        for fd in (self.peer, self.kernel_reads, self.kernel):
            if fd >= 0:
                os.close(fd)


def _written(fd: int, frame: bytes) -> bool:
    try:
        os.write(fd, frame)
    except BlockingIOError:
        return False
    return True


def values(frames: list[Frame]) -> list[Any]:
    return [decode(payload) for _, _, _, payload in frames]
