"""A signal handler that raises (Ctrl-C, an alarm) loses no message and doubles none.

Every place where it may strike is tried; after each the process goes on as if it had caught it.
"""

from __future__ import annotations

import os
from pickle import dumps
from typing import Any

import pytest

from otp.runtime.context import Context
from otp.runtime.mailbox import NOTHING
from otp.runtime.receiving import receive
from otp.terms import Down, Exit, Pid, Ref, Timeout
from otp.wire import parcel
from otp.wire.codec import flat
from otp.wire.frame import pack
from otp.wire.place import Place
from otp.wire.protocol import ALIASED, CAST, DOWN, EXIT, MESSAGE, PARCEL, REPLY, TIMEOUT
from tests.interrupting import Interrupted, Interrupter

HERE = (
    "otp.runtime.aliasing", "otp.runtime.context", "otp.runtime.mailbox", "otp.runtime.opening",
    "otp.runtime.receiving", "otp.wire.deadlines",
)  # fmt: skip


class Process:
    """A process of nobody's: its pipe, and a kernel that is only a pipe."""

    def __init__(self, place: Place) -> None:
        read, self.write = os.pipe2(os.O_NONBLOCK)
        self.kernel, write = os.pipe2(os.O_NONBLOCK)
        self.context = Context(place, 2, read, write)
        self.context.trapping = True

    def close(self) -> None:
        for fd in (self.write, self.kernel, self.context.mailbox.fd, self.context.kernel):
            os.close(fd)


@pytest.fixture
def place(tmp_path) -> Place:
    place = Place(str(tmp_path / "node"))
    place.make()
    parcel.begin(place, 2)
    parcel.introduce(place, 2, 9)
    return place


def arrive(process: Process, place: Place) -> list[Any]:
    """One of everything comes into the pipe; what is to be heard of it, in order."""
    context, peer = process.context, Pid(9, place.id)
    context.monitors.update({11: None, 12: "watched"})
    context.aliases.add(13, "reply_demonitor")
    context.monitors[13] = None
    context.mailbox.awaited[14] = None
    for tag in (16, 17):
        context.timers.add(tag, 0.0, (MESSAGE, 2, tag, flat(f"timer {tag}")))
    ticket = parcel.write(place, 2, 9, 1, b"\x80\x05" + dumps("long", 5)[2:], [])
    frames = [
        pack(MESSAGE, 9, 0, flat("one")), pack(CAST, 9, 0, flat("two")),
        pack(DOWN, 9, 11, flat("boom")), pack(DOWN, 9, 12, flat("boom")),
        pack(DOWN, 9, 99, flat("of no monitor of mine")), pack(EXIT, 9, 3, flat("trapped")),
        pack(MESSAGE | PARCEL, 9, 0, ticket), pack(ALIASED, 9, 13, flat("by an alias")),
        pack(ALIASED, 9, 13, flat("too late")), pack(REPLY, 9, 14, flat("awaited")),
        pack(TIMEOUT, 9, 15, flat("due")), pack(MESSAGE, 9, 0, flat("last")),
    ]  # fmt: skip
    os.write(process.write, b"".join(frames[:3]))
    context.mailbox.pull()
    os.write(process.write, b"".join(frames[3:]))
    down = Ref(11, context.pid), Ref(12, context.pid)
    return [
        "one", ("$gen_cast", "two"), Down(down[0], peer, "boom"), Down(down[1], "watched", "boom"),
        Exit(peer, "trapped"), "long", "by an alias", Timeout(Ref(15, peer), "due"), "last",
        "timer 16", "timer 17",
    ]  # fmt: skip


def heard(
    process: Process, places: tuple[int, ...], match: Any, kind: type[BaseException] = Interrupted
) -> tuple[list[Any], bool]:
    """All that there is, asked for again after each interruption; whether the first one struck."""
    messages: list[Any] = []
    interrupters = [Interrupter(at, HERE, kind) for at in (*places, 0)]
    turn = iter(interrupters)
    current = next(turn)
    while True:
        try:
            with current.at_work():
                message = receive(process.context, match, 0.0)
        except kind:
            current = next(turn)
            continue
        if message is NOTHING:
            return messages, interrupters[0].raised
        messages.append(message)


def last_first(message: Any) -> bool:
    return bool(message == "timer 17")


@pytest.mark.parametrize("kind", [Interrupted, TimeoutError])
@pytest.mark.parametrize("again", [0, 3, 40])
def test_every_message_is_heard_once_and_in_order(
    place: Place, again: int, kind: type[BaseException]
) -> None:
    at, struck = 0, True
    while struck:
        at += 1
        process = Process(place)
        wanted = arrive(process, place)
        messages, struck = heard(process, (at, again), None, kind)
        assert messages == wanted, f"interrupted at place {at}"
        assert process.context.mailbox.awaited[14] == (REPLY, 9, 14, flat("awaited"))
        assert not os.listdir(f"{place.parcels}/2/9")
        process.close()
    assert at > 50


def test_those_that_a_receive_has_passed_over_stay_in_order(place: Place) -> None:
    at, struck = 0, True
    while struck:
        at += 1
        process = Process(place)
        wanted = arrive(process, place)
        first, struck = heard(process, (at,), last_first)
        rest, _ = heard(process, (), None)
        assert (first, rest) == (["timer 17"], wanted[:-1]), f"interrupted at place {at}"
        process.close()
    assert at > 50
