"""What the kernel does about its decisions, as far as no process is needed to see it."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from pathlib import Path
from pickle import loads

import pytest

from otp.kernel.acting import Acting
from otp.kernel.effects import Confirm, Forward, Launch, Release, Remove, Ring, Send
from otp.wire import parcel, pipe
from otp.wire.frame import Frame, pack, split
from otp.wire.orphan import BELL
from otp.wire.place import Place
from otp.wire.protocol import ANSWER, EXIT, KERNEL, LAUNCHER, MESSAGE
from tests.footprint import parcels

ASKER, TO, DEAD = 2, 5, 6


class Bench:
    """Acting without a kernel: three mailboxes, and signals that are only noted."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.poll = select.epoll()
        self.acting = Acting(place, self.poll)
        self.rung: list[tuple[int, signal.Signals]] = []
        self.acting.handles.signal = lambda *what: self.rung.append(what)
        self.readers = {serial: self.reader(serial) for serial in (LAUNCHER, ASKER, TO, DEAD)}
        parcel.begin(place, KERNEL)

    def reader(self, serial: int) -> int:
        pipe.make(self.place.pipe(serial))
        parcel.begin(self.place, serial)
        return pipe.open_mailbox(self.place.pipe(serial))

    def read(self, serial: int) -> list[Frame]:
        frames, rest = split(pipe.read(self.readers[serial]))
        assert rest == b""
        return frames

    def fill(self) -> None:
        while self.acting.post.put(TO, pack(MESSAGE, 1, 0, bytes(4000))) == "direct":
            pass

    def parcel(self, to: int, sender: int) -> bytes:
        parcel.introduce(self.place, to, sender)
        return parcel.write(self.place, to, sender, 1, b"value", [])

    def close(self) -> None:
        for serial, fd in self.readers.items():
            self.acting.post.forget(serial)
            os.close(fd)
        self.poll.close()


@pytest.fixture
def bench(place: Place) -> Iterator[Bench]:
    bench = Bench(place)
    yield bench
    bench.close()


# ---- the doorbell


def test_who_has_not_read_its_pipe_is_rung_for_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bell came when the interpreter had just looked, and went to sleep without another."""
    now = 100.0
    monkeypatch.setattr("otp.kernel.handles.monotonic", lambda: now)
    bench.acting.do(Send(TO, EXIT, 9, 0, b"reason"))
    bench.acting.do(Ring(TO))
    assert bench.rung == [(TO, BELL)]
    for again in range(2, 5):
        bench.acting.retry()
        assert len(bench.rung) == again - 1
        now = bench.acting.soon(None)
        bench.acting.retry()
        assert bench.rung == [(TO, BELL)] * again
    bench.read(TO)
    now = bench.acting.soon(now + 60)
    bench.acting.retry()
    assert len(bench.rung) == 4
    assert bench.acting.soon(None) is None


def test_the_dead_are_not_rung_for(bench: Bench) -> None:
    bench.acting.do(Ring(TO))
    bench.acting.do(Remove(TO))
    assert bench.acting.soon(None) is None


# ---- frames


@pytest.mark.parametrize("full", [False, True])
def test_a_carried_frame_is_put_once_and_its_sender_told_how(bench: Bench, full: bool) -> None:
    if full:
        bench.fill()
    bench.acting.do(Forward(TO, pack(MESSAGE, ASKER, 0, b"carried"), ASKER, 7))
    ((kind, _, ref, payload),) = bench.read(ASKER)
    assert (kind, ref, loads(payload)) == (ANSWER, 7, "queued" if full else "direct")
    heard = bench.read(TO)
    for fd, _ in bench.poll.poll(0):
        bench.acting.flush(fd)
    heard += bench.read(TO)
    assert [frame for frame in heard if frame[3] == b"carried"] == [(MESSAGE, ASKER, 0, b"carried")]


@pytest.mark.parametrize("full", [False, True])
def test_who_signals_is_told_whether_the_signal_stands_in_the_mailbox(
    bench: Bench, full: bool
) -> None:
    if full:
        bench.fill()
    bench.acting.do(Send(TO, EXIT, ASKER, 1, b"reason"))
    bench.acting.do(Confirm(TO, ASKER, 7))
    ((kind, _, ref, payload),) = bench.read(ASKER)
    assert (kind, ref, loads(payload)) == (ANSWER, 7, "queued" if full else "direct")


def test_who_has_no_room_for_the_kernel_is_rung_for(bench: Bench) -> None:
    bench.acting.do(Send(TO, EXIT, 9, 0, b"reason"))
    assert bench.rung == []
    bench.fill()
    bench.acting.do(Send(TO, EXIT, 9, 0, b"reason"))
    assert bench.rung == [(TO, BELL)]


def test_who_has_got_a_part_of_what_waits_is_rung_for_the_rest(bench: Bench) -> None:
    bench.fill()
    bench.read(TO)
    ((fd, _),) = bench.poll.poll(0)
    assert bench.acting.flush(fd)
    assert bench.rung == [(TO, BELL)]
    assert not bench.acting.flush(fd)


# ---- what the dead leave


def test_a_mailbox_is_open_from_the_launch_until_the_process_reads_it(bench: Bench) -> None:
    """Whoever is told the pid may send at once, and nothing of that is lost."""
    bench.acting.do(Launch(9, LAUNCHER, b"order", ASKER, 7))
    writer = pipe.open_writer(bench.place.pipe(9))
    assert writer is not None
    os.write(writer, b"x")
    bench.acting.do(Release(9))
    assert pipe.open_writer(bench.place.pipe(9)) is None
    os.close(writer)


def test_what_the_dead_was_sent_goes_and_what_it_sent_to_the_kernel(bench: Bench) -> None:
    """What it sent to others may still be announced in their mailboxes."""
    bench.parcel(DEAD, ASKER)
    bench.parcel(KERNEL, DEAD)
    kept = [bench.parcel(TO, DEAD), bench.parcel(KERNEL, ASKER), bench.parcel(TO, ASKER)]
    bench.acting.do(Remove(DEAD))
    assert set(parcels(bench.place.root)) == {Path(parcel.path_of(bench.place, t)) for t in kept}
    assert not os.path.exists(bench.place.pipe(DEAD))


def test_what_a_worker_never_began_goes_with_it(bench: Bench) -> None:
    bench.acting.do(Launch(9, LAUNCHER, b"order", ASKER, 7, work=bench.parcel(KERNEL, ASKER)))
    assert len(parcels(bench.place.root)) == 1
    bench.acting.do(Remove(9))
    assert parcels(bench.place.root) == []
