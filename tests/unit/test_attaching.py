"""A thread becomes a process: what the kernel writes behind its serial number is heard too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pickle import dumps, loads
from types import SimpleNamespace

import pytest

from otp.runtime import attaching, boot, here
from otp.wire import pipe
from otp.wire.frame import pack, split
from otp.wire.place import Place
from otp.wire.protocol import ANSWER, ATTACH, EXITING, KERNEL, KNOCK, MESSAGE

SERIAL = 12


@pytest.fixture
def kernel(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The kernel's mailbox; it has answered before one can look."""
    pipe.make(place.pipe(KERNEL))
    mailbox = pipe.open_mailbox(place.pipe(KERNEL))
    writer = pipe.open_writer(place.pipe(KERNEL))
    member = SimpleNamespace(place=place, kernel=writer)
    monkeypatch.setattr(boot, "ensure", lambda: member)
    monkeypatch.setattr(boot, "membership", lambda: member)

    def answered(fd: int, frame: bytes) -> None:
        ((kind, _, _, payload),), _ = split(frame)
        if kind == KNOCK:
            assert not os.path.exists(f"{place.root}/p/{loads(payload)[0]}")
            return
        assert kind == ATTACH
        new = pipe.open_writer(f"{place.root}/p/{loads(payload)[0]}")
        assert new is not None
        told = pack(ANSWER, KERNEL, 0, dumps(SERIAL))
        os.write(new, told + pack(MESSAGE, 3, 0, dumps("first")) + pack(MESSAGE, 3, 0, dumps(2)))
        os.close(new)

    monkeypatch.setattr(attaching, "write_to_kernel", answered)
    yield mailbox
    assert writer is not None
    for fd in (mailbox, writer):
        os.close(fd)


def test_what_comes_with_the_serial_number_is_not_lost(kernel: int) -> None:
    """Others may know the pid before the thread has looked into its mailbox."""

    def thread() -> tuple[int, list[object]]:
        context = here.current()
        context.mailbox.pull()
        return context.serial, [loads(frame[3]) for frame in context.mailbox.arrived]

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(thread).result() == (SERIAL, ["first", 2])
    ((kind, sender, _, _),), _ = split(pipe.read(kernel))
    assert (kind, sender) == (EXITING, SERIAL)
