"""The way out: what is written where, in which order, and how often, whatever the kernel answers.

The steps are those at the head of `otp.runtime.outbox`. The kernel is a list of answers here.
"""

from __future__ import annotations

import os
import signal
import threading
from select import PIPE_BUF
from typing import Any

import pytest

from otp.errors import NodeDown
from otp.runtime import outbox as module
from otp.wire import parcel, pipe
from otp.wire.frame import LIMIT, pack, split
from otp.wire.orphan import BELL
from otp.wire.protocol import DELIVER, LINK, MESSAGE, PARCEL, RING
from tests.footprint import parcels
from tests.unit.posting import ME, PEER, Bench, values


def test_what_has_room_is_written_at_once_and_nobody_is_asked(bench: Bench) -> None:
    assert all(bench.send(number) for number in range(10))
    assert values(bench.heard()) == list(range(10))
    assert bench.asked == []


@pytest.mark.parametrize("size", [0, 1, LIMIT - 100, LIMIT, LIMIT + 1, PIPE_BUF, 100_000])
def test_a_frame_is_one_write_that_is_atomic(bench: Bench, size: int, monkeypatch) -> None:
    writes = []

    def counted(fd: int, data: bytes) -> int:
        if fd != bench.kernel:
            writes.append(len(data))
        return os.write(fd, data)

    monkeypatch.setattr(module, "write", counted)
    monkeypatch.setattr(module.Outbox.put, "__defaults__", (counted,))
    assert bench.send(bytes(size))
    (length,) = writes
    assert length <= PIPE_BUF


# ---- a full pipe


def test_a_full_pipe_is_rung_for_and_then_written_to_once(bench: Bench) -> None:
    bench.fill()
    bench.when_rung = bench.heard
    assert bench.send("one")
    assert bench.asked == [RING]
    assert values(bench.heard()) == ["one"]


def test_room_that_comes_later_is_waited_for(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 10.0)
    bench.fill()
    drains = threading.Thread(target=bench.heard)
    bench.when_rung = drains.start
    assert bench.send("one")
    drains.join()
    assert values(bench.heard()) == ["one"]
    assert bench.asked == [RING]


def test_our_own_bell_is_heard_while_we_wait_for_room(bench: Bench, monkeypatch) -> None:
    """So two that flood each other make room for each other."""
    poll = module.select.poll

    class Rung:
        def __init__(self) -> None:
            self.poller = poll()
            self.register = self.poller.register

        def poll(self, left):
            os.kill(os.getpid(), BELL)
            return self.poller.poll(left)

    monkeypatch.setattr(module.select, "poll", Rung)
    monkeypatch.setattr(module, "_PATIENCE", 10.0)
    before = signal.signal(BELL, lambda signum, frame: bench.heard())
    bench.fill()
    assert bench.send("one")
    signal.signal(BELL, before)
    assert bench.asked == [RING]
    assert values(bench.heard()) == ["one"]


@pytest.mark.parametrize("answer", ["deaf", "rung"])
def test_for_who_makes_no_room_the_kernel_carries_it(bench: Bench, answer: str) -> None:
    bench.fill()
    bench.answers[RING] = answer
    assert bench.send("one")
    assert bench.asked == [RING, DELIVER]
    assert values(bench.carried) == ["one"]
    assert bench.heard() == []


@pytest.mark.parametrize("size", range(LIMIT - 20, LIMIT + 1))
def test_whatever_fits_into_a_frame_can_be_carried(bench: Bench, size: int) -> None:
    bench.fill()
    bench.answers[RING] = "deaf"
    assert bench.outbox.put(PEER, pack(MESSAGE, ME, 0, bytes(size))) >= 0
    assert bench.send(bytes(size))
    assert len(bench.carried) == 2


def test_nothing_overtakes_what_the_kernel_holds(bench: Bench) -> None:
    bench.fill()
    assert bench.send("one")
    bench.heard()
    assert all(bench.send(value) for value in ("two", bytes(100_000), "three"))
    assert bench.heard() == []
    assert [frame[0] for frame in bench.carried] == [MESSAGE, MESSAGE, MESSAGE | PARCEL, MESSAGE]


def test_when_the_kernel_holds_nothing_more_the_way_is_straight_again(bench: Bench) -> None:
    bench.fill()
    assert bench.send("one")
    bench.heard()
    bench.answers[DELIVER] = "direct"
    assert bench.send("two")
    assert bench.send("three")
    assert values(bench.carried) == ["one", "two"]
    assert values(bench.heard()) == ["three"]


# ---- the dead


@pytest.mark.parametrize("asked", [RING, DELIVER])
def test_the_dead_are_nobody_whoever_says_so(bench: Bench, asked: int) -> None:
    bench.fill()
    bench.answers[asked] = "dead"
    assert not bench.send("one")


def test_who_dies_while_we_wait_for_room_is_nobody(bench: Bench) -> None:
    bench.fill()
    bench.when_rung = bench.dies
    assert not bench.send("one")
    assert bench.carried == []


@pytest.mark.parametrize("value", ["short", bytes(100_000)], ids=["short", "long"])
@pytest.mark.parametrize("known", [True, False], ids=["known before", "unknown"])
def test_to_the_dead_nothing_is_sent(bench: Bench, value: Any, known: bool) -> None:
    if known:
        assert bench.send("alive")
    bench.dies()
    assert not bench.send(value)
    assert parcels(bench.place.root) == []
    assert bench.asked == []


# ---- the kernel


@pytest.mark.parametrize("size", [10, 100_000])
def test_the_kernel_gets_long_requests_by_parcel(bench: Bench, size: int) -> None:
    bench.outbox.tell_kernel(LINK, 7, bytes(size))
    *_, (kind, sender, ref, payload) = split(pipe.read(bench.kernel_reads))[0]
    assert (kind & ~PARCEL, sender, ref) == (LINK, ME, 7)
    assert (parcel.read_bytes(bench.place, payload) if kind & PARCEL else payload) == bytes(size)
    assert parcels(bench.place.root) == []
    assert bool(kind & PARCEL) == (size > PIPE_BUF)


def test_without_a_kernel_the_node_is_down(bench: Bench) -> None:
    os.close(bench.kernel_reads)
    bench.kernel_reads = -1
    with pytest.raises(NodeDown):
        bench.outbox.tell_kernel(LINK, 7, b"")
