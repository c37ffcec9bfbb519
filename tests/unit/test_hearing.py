"""What a kernel and a launcher hear from their pipes, whatever else was written into them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from select import PIPE_BUF

import pytest

from otp.wire import pipe
from otp.wire.frame import CorruptFrame, begins_again, pack, split
from otp.wire.hearing import Hearing
from otp.wire.protocol import MESSAGE

ONE, TWO = (MESSAGE, 1, 0, b"one"), (MESSAGE, 2, 0, b"two")


class Bench:
    def __init__(self) -> None:
        self.fd, self.write = os.pipe2(os.O_NONBLOCK)
        self.dropped: list[tuple[int, str]] = []
        self.hearing = Hearing(self.fd, lambda size, why: self.dropped.append((size, why)))

    def heard(self, *writes: bytes) -> list[object]:
        for data in writes:
            os.write(self.write, data)
        self.hearing.read()
        return list(self.hearing.frames())


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    os.close(bench.fd)
    os.close(bench.write)


def test_frames_are_heard_once_and_in_order(bench: Bench) -> None:
    assert bench.heard(pack(*ONE), pack(*TWO)) == [ONE, TWO]
    assert bench.heard() == []
    assert bench.dropped == []


def test_what_stands_before_bytes_that_are_no_frame_is_heard(bench: Bench) -> None:
    assert bench.heard(pack(*ONE), b"somebody writes text\n") == [ONE]
    assert bench.heard(pack(*TWO)) == [TWO]
    assert [size for size, _ in bench.dropped] == [21]


@pytest.mark.parametrize("cut", [1, 15, 16, 18])
def test_half_a_frame_swallows_nothing_of_what_comes_next(bench: Bench, cut: int) -> None:
    assert bench.heard(pack(*ONE), pack(*TWO)[:cut]) == [ONE]
    assert bench.heard(pack(*TWO)) == [TWO]
    assert bench.dropped == [(cut, "half a frame")]


GARBAGE = [
    b"text\n", bytes(500), b"\xff\x01" * 2000, pack(MESSAGE, 1, 0, bytes(4000))[:30],
    pack(*ONE)[1:], pack(*ONE)[:2],
]  # fmt: skip


@pytest.mark.parametrize("garbage", GARBAGE)
def test_what_stands_behind_it_is_heard_as_well(bench: Bench, garbage: bytes) -> None:
    assert bench.heard(pack(*ONE), garbage[:PIPE_BUF], pack(*TWO), pack(*ONE)) == [ONE, TWO, ONE]
    assert bench.dropped[0][0] == len(garbage[:PIPE_BUF])


def test_very_much_of_what_looks_like_frames_is_looked_at_once(bench: Bench) -> None:
    data = pack(MESSAGE, 1, 0, b"x") * 3000 + b"."
    assert begins_again(b"?" + data) == len(data) + 1


def test_a_frame_that_was_cut_by_a_read_is_put_together(bench: Bench, monkeypatch) -> None:
    """Where a pipe holds more than one `read` brings."""
    monkeypatch.setattr(pipe, "READ", 20)
    os.write(bench.write, pack(*ONE) + pack(*TWO))
    while bench.hearing.read():
        pass
    assert bench.hearing.frames() == [ONE, TWO]
    assert bench.dropped == []


def test_a_corrupt_frame_tells_what_stood_before_it() -> None:
    with pytest.raises(CorruptFrame) as caught:
        split(pack(*ONE) + b"text that is no header at all")
    assert caught.value.frames == [ONE]
    assert caught.value.rest == b"text that is no header at all"
