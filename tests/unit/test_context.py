"""What a process does about parcels of the dead, its own sentence, and few descriptors."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest

from otp.runtime.context import Context
from otp.runtime.receiving import receive
from otp.wire import parcel, pipe
from otp.wire.codec import decode, encode, flat
from otp.wire.frame import Frame, pack, split
from otp.wire.place import Place
from otp.wire.protocol import EXIT, MESSAGE, PARCEL, REPLY, SURVIVED, SWEEP
from tests.expecting import at_most

ME, DEAD, LIVING = 5, 6, 7


class Bench:
    """A process without a kernel or a pipe that anybody knows."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.fds = [*os.pipe2(os.O_NONBLOCK), *os.pipe2(os.O_NONBLOCK)]
        parcel.begin(place, ME)
        parcel.begin(place, LIVING)
        self.context = Context(place, ME, self.fds[0], self.fds[3])
        self.parcels = 0

    def parcel(self, sender: int, to: int = ME, kind: int = MESSAGE) -> tuple[Frame, str]:
        """The frame that would announce it, and the file."""
        self.parcels += 1
        parcel.introduce(self.place, to, sender)
        ticket = parcel.write(self.place, to, sender, self.parcels, *encode("value"))
        return (kind | PARCEL, sender, 7, ticket), parcel.path_of(self.place, ticket)

    def hears(self, *frames: Frame) -> None:
        for frame in frames:
            os.write(self.fds[1], pack(*frame))
        self.context.mailbox.pull()


@pytest.fixture
def bench(place: Place) -> Iterator[Bench]:
    bench = Bench(place)
    yield bench
    for fd in bench.fds:
        os.close(fd)


# ---- parcels of the dead: those that a frame names are kept

SWEPT = (SWEEP, DEAD, 0, b"")


def test_what_the_dead_never_announced_is_removed(bench: Bench) -> None:
    _, path = bench.parcel(DEAD)
    bench.hears(SWEPT)
    bench.context.sweeping.sweep()
    assert not os.path.exists(path)


def test_a_message_that_waits_keeps_its_parcel(bench: Bench) -> None:
    frame, path = bench.parcel(DEAD)
    bench.hears(frame, SWEPT)
    bench.context.sweeping.sweep()
    assert os.path.exists(path)
    assert receive(bench.context, None, 0.0) == "value"
    assert not os.path.exists(path)


def test_a_reply_that_is_awaited_keeps_its_parcel(bench: Bench) -> None:
    bench.context.mailbox.awaited[7] = None
    frame, path = bench.parcel(DEAD, kind=REPLY)
    bench.hears(frame, SWEPT)
    bench.context.sweeping.sweep()
    assert os.path.exists(path)
    assert bench.context.reply(7) == frame


def test_parcels_of_the_living_and_for_others_are_none_of_its_business(bench: Bench) -> None:
    paths = [bench.parcel(LIVING)[1], bench.parcel(DEAD, to=LIVING)[1]]
    bench.hears(SWEPT)
    bench.context.sweeping.sweep()
    assert all(map(os.path.exists, paths))


def test_nothing_is_swept_before_the_next_message_is_asked_for(bench: Bench) -> None:
    """The bell brings the news while a frame, taken out already, is just being opened."""
    frame, path = bench.parcel(DEAD)
    bench.hears(frame)
    taken = bench.context.mailbox.arrived.popleft()
    bench.hears(SWEPT)
    assert os.path.exists(path)
    assert bench.context.opener.open(taken) == "value"


def test_asking_for_a_message_sweeps(bench: Bench) -> None:
    _, path = bench.parcel(DEAD)
    bench.hears(SWEPT)
    receive(bench.context, None, 0.0)
    assert not os.path.exists(path)


# ---- what is told to the kernel, where others wait for it


@pytest.mark.parametrize("reason", ["boom", "normal"])
def test_who_survives_a_signal_says_so(bench: Bench, reason: str) -> None:
    bench.context.trapping = reason != "normal"
    bench.hears((EXIT, LIVING, 3, flat(reason)))
    ((kind, sender, _, payload),), _ = split(pipe.read(bench.fds[2]))
    assert (kind, sender, decode(payload)) == (SURVIVED, ME, (LIVING, 3))


# ---- condemned while it waits for somebody

WAITS: dict[str, Callable[[Context, int], Any]] = {
    "for a reply": lambda context, sensor: context.reply(7, None, sensor),
    "for a start": lambda context, sensor: context.first_of(7, 7, None, context.pid),
}


@pytest.mark.parametrize("waits", WAITS)
def test_who_is_condemned_waits_no_longer(bench: Bench, waits: str) -> None:
    reads, sensor = os.pipe()
    bench.context.mailbox.awaited[7] = None
    os.write(bench.fds[1], pack(EXIT, LIVING, 1, flat("boom")))
    with at_most(5):
        assert WAITS[waits](bench.context, sensor) is None
    assert bench.context.condemned == (flat("boom"), LIVING, 1)
    for fd in (reads, sensor):
        os.close(fd)


# ---- few descriptors


def no_descriptor(*_: object) -> NoReturn:
    raise OSError(errno.EMFILE, "Too many open files")


def no_memory(*_: object) -> NoReturn:
    raise OSError(errno.ENOMEM, "Cannot allocate memory")


@pytest.mark.parametrize(
    ("refuses", "advice"), [(no_descriptor, "raise ulimit -n"), (no_memory, "raise ulimit -v")]
)
def test_a_long_message_for_which_there_is_no_room_stays(
    bench: Bench, monkeypatch, refuses, advice: str
) -> None:
    frame, path = bench.parcel(LIVING)
    bench.hears(frame, (MESSAGE, LIVING, 0, flat("next")))
    with monkeypatch.context() as patched:
        patched.setattr(parcel, "fetch", refuses)
        with pytest.raises(OSError, match=f"a long message waits that cannot be opened; {advice}"):
            receive(bench.context, None, 0.0)
    assert os.path.exists(path)
    assert [receive(bench.context, None, 0.0) for _ in range(2)] == ["value", "next"]


@pytest.mark.parametrize("what", ["another pipe", "a long message"])
def test_pipes_that_are_kept_open_are_closed_for_something_else(
    bench: Bench, monkeypatch, what: str
) -> None:
    outbox = bench.context.outbox
    readers = []
    for serial in (LIVING, DEAD):
        pipe.make(bench.place.pipe(serial))
        readers.append(pipe.open_mailbox(bench.place.pipe(serial)))
    outbox.pipe_to(LIVING)
    where, name = (pipe, "open_writer") if what == "another pipe" else (parcel, "write")
    really = getattr(where, name)

    def short(*args: Any) -> Any:
        return no_descriptor() if LIVING in outbox._pipes else really(*args)

    parcel.introduce(bench.place, LIVING, ME)
    monkeypatch.setattr(where, name, short)
    if what == "another pipe":
        assert outbox.pipe_to(DEAD) >= 0
    else:
        assert outbox.parcel(LIVING, encode("value"))
    assert LIVING not in outbox._pipes
    outbox.close()
    for fd in readers:
        os.close(fd)
