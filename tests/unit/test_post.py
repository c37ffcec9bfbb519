"""The kernel's way into all mailboxes: nothing is lost, doubled or overtaken, nobody waited for."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator

import pytest

from otp.kernel.post import DEAD, DIRECT, QUEUED, Post
from otp.wire import parcel, pipe
from otp.wire.frame import Frame, pack, split
from otp.wire.place import Place
from otp.wire.protocol import DOWN, EXIT, MESSAGE, PARCEL
from tests.footprint import opened_by

TO = 5
MOST = 3
LONG = bytes(4000)


class Bench:
    """A post, and readers with their pipes."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.poll = select.epoll()
        self.post = Post(place, self.poll, MOST)
        self.readers: dict[int, int] = {}

    def reader(self, serial: int) -> int:
        pipe.make(self.place.pipe(serial))
        parcel.begin(self.place, serial)
        self.readers[serial] = pipe.open_mailbox(self.place.pipe(serial))
        return serial

    def dies(self, serial: int) -> None:
        os.close(self.readers.pop(serial))

    def read(self, serial: int = TO) -> list[Frame]:
        frames, rest = split(pipe.read(self.readers[serial]))
        assert rest == b""
        return frames

    def numbers(self, serial: int = TO) -> list[int]:
        return [frame[1] for frame in self.read(serial)]

    def put(self, number: int, kind: int = MESSAGE) -> str:
        return self.post.put(TO, pack(kind, number, 0, LONG))

    def fill(self, serial: int = TO) -> int:
        """Put frames, numbered from 0, until one is queued; how many there are."""
        number = 0
        while self.post.put(serial, pack(MESSAGE, number, 0, LONG)) == DIRECT:
            number += 1
        return number + 1

    def flush(self) -> set[int | None]:
        """Do what the kernel does about the pipes that have room."""
        return {self.post.flush(fd) for fd, _ in self.poll.poll(0)}

    def close(self) -> None:
        for serial in [TO, *self.readers]:
            self.post.forget(serial)
        for fd in self.readers.values():
            os.close(fd)
        self.poll.close()


@pytest.fixture
def bench(place: Place) -> Iterator[Bench]:
    bench = Bench(place)
    bench.reader(TO)
    yield bench
    bench.close()


def test_what_has_room_is_written_at_once(bench: Bench) -> None:
    assert [bench.put(number) for number in range(3)] == [DIRECT] * 3
    assert bench.numbers() == [0, 1, 2]


def test_what_has_no_room_waits_and_comes_once_and_in_order(bench: Bench) -> None:
    count = bench.fill()
    more = 40
    assert [bench.put(count + number) for number in range(more)] == [QUEUED] * more
    heard = []
    while numbers := bench.numbers():
        heard += numbers
        bench.flush()
    assert heard == list(range(count + more))


@pytest.mark.parametrize("kind", [MESSAGE, EXIT, DOWN])
def test_nothing_overtakes_what_waits_though_there_is_room_by_now(bench: Bench, kind: int) -> None:
    """Its reader has made room, and the kernel speaks to it before it has seen that."""
    count = bench.fill()
    heard = bench.numbers()
    assert bench.put(count, kind) == QUEUED
    assert bench.numbers() == []
    assert bench.flush() == {TO}
    assert heard + bench.numbers() == list(range(count + 1))


def test_when_nothing_waits_any_more_the_way_is_straight_again(bench: Bench) -> None:
    bench.fill()
    bench.read()
    assert bench.flush() == {TO}
    bench.read()
    assert bench.put(1) == DIRECT
    assert bench.flush() == set()


def test_one_that_is_full_holds_up_nobody_else(bench: Bench) -> None:
    other = bench.reader(6)
    bench.fill()
    assert bench.post.put(other, pack(MESSAGE, 1, 0)) == DIRECT
    assert bench.numbers(other) == [1]


def test_the_pipe_of_which_something_waits_is_never_closed(bench: Bench) -> None:
    """Only so many are kept open; the others make room for each other."""
    count = bench.fill()
    for serial in range(10, 20):
        assert bench.post.put(bench.reader(serial), pack(MESSAGE, serial, 0)) == DIRECT
        assert bench.numbers(serial) == [serial]
    heard = bench.numbers()
    assert bench.flush() == {TO}
    assert heard + bench.numbers() == list(range(count))
    opened = [path for path in opened_by("self").values() if path.startswith(bench.place.root)]
    assert len(opened) == len(bench.readers) + MOST


def test_the_dead_get_nothing(bench: Bench) -> None:
    assert bench.put(0) == DIRECT
    bench.dies(TO)
    assert bench.put(1) == DEAD
    assert bench.post.put(99, pack(MESSAGE, 1, 0)) == DEAD


def test_who_dies_with_its_pipe_full_is_waited_for_no_longer(bench: Bench) -> None:
    bench.fill()
    bench.dies(TO)
    assert bench.flush() == {TO}
    assert bench.flush() == set()
    assert bench.put(1) == DEAD


def test_who_is_forgotten_is_waited_for_no_longer(bench: Bench) -> None:
    bench.fill()
    bench.read()
    bench.post.forget(TO)
    assert bench.flush() == set()
    assert bench.put(1) == DIRECT


def test_a_descriptor_that_nothing_waits_for_is_not_its_business(bench: Bench) -> None:
    assert bench.post.flush(bench.readers[TO]) is None


def test_what_takes_more_than_a_frame_goes_by_parcel(bench: Bench) -> None:
    assert bench.post.send(TO, DOWN, 9, 7, bytes(100_000)) == DIRECT
    ((kind, sender, ref, ticket),) = bench.read()
    assert (kind, sender, ref) == (DOWN | PARCEL, 9, 7)
    assert parcel.read_bytes(bench.place, ticket) == bytes(100_000)
