"""How a worker hangs its doorbell: what came before is not missed, a lost launcher least of all."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from otp.runtime import entry, here
from otp.runtime.context import Context
from otp.wire import pipe
from otp.wire.frame import pack
from otp.wire.orphan import BELL
from otp.wire.place import Place
from otp.wire.protocol import KERNEL, MESSAGE

ME = 5


class LightIsOut(Exception):
    """Where the real one would end this OS process and all of its node."""


@pytest.fixture
def context(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    """The process that this test is; its mailbox holds a message."""

    def out(place: Place, group: int) -> None:
        raise LightIsOut(place, group)

    monkeypatch.setattr(entry, "put_out_the_light", out)
    monkeypatch.setattr(entry, "hear_of_parent", lambda: None)
    for serial in (KERNEL, ME):
        pipe.make(place.pipe(serial))
    kernel, mailbox = (pipe.open_mailbox(place.pipe(serial)) for serial in (KERNEL, ME))
    context = Context(place, ME, mailbox, kernel)
    os.write(mailbox, pack(MESSAGE, 1, 0, b"came before"))
    before = signal.getsignal(BELL)
    here.adopt(context)
    yield context
    here._forget_thread()
    signal.signal(BELL, before)
    here._close(context)


def test_what_came_before_the_bell_hung_is_taken_in(context: Context) -> None:
    """It was rung for, when only the launcher's handler was there to hear it."""
    entry._hang_bell(context.place, launcher=os.getppid())
    assert [frame[3] for frame in context.mailbox.arrived] == [b"came before"]


def test_the_bell_takes_in_what_has_come(context: Context) -> None:
    entry._hang_bell(context.place, launcher=os.getppid())
    os.write(context.mailbox.fd, pack(MESSAGE, 1, 0, b"later"))
    signal.raise_signal(BELL)
    assert [frame[3] for frame in context.mailbox.arrived] == [b"came before", b"later"]


def test_a_launcher_that_died_before_anyone_could_hear_of_it_is_missed(
    context: Context, monkeypatch
) -> None:
    monkeypatch.setattr(entry.os, "getppid", lambda: 1)
    with pytest.raises(LightIsOut):
        entry._hang_bell(context.place, launcher=-1)


@pytest.mark.parametrize("adopted_by", ["the kernel", "a stranger"])
def test_the_bell_of_a_lost_launcher(context: Context, adopted_by: str, monkeypatch) -> None:
    """Who is adopted by the kernel goes on: it is the kernel that ends the node."""
    entry._hang_bell(context.place, launcher=os.getppid())
    monkeypatch.setattr(
        entry.os, "getppid", lambda: os.getpgrp() if adopted_by == "the kernel" else 1
    )
    if adopted_by == "the kernel":
        signal.raise_signal(BELL)
    else:
        with pytest.raises(LightIsOut):
            signal.raise_signal(BELL)
