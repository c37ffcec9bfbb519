"""The kernel's hands where room or descriptors are few: nothing that it must tell is lost."""

from __future__ import annotations

import errno
import os
import select
import signal
from collections.abc import Iterator
from pathlib import Path
from pickle import dumps, loads

import pytest

from otp.kernel.acting import Acting, NotDone
from otp.kernel.effects import Hold, Launch, Release, Remove, Ring, Send, TurnAway, Welcome
from otp.wire import parcel, pipe
from otp.wire.codec import flat
from otp.wire.frame import Frame, split
from otp.wire.orphan import BELL
from otp.wire.place import Place
from otp.wire.protocol import ANSWER, DOWN, EXIT, LAUNCHER, MESSAGE, PARCEL, REFUSED

LONG = bytes(10_000)


class Kernel:
    """Its hands, and the mailboxes of a launcher and of processes that are not there."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.poll = select.epoll()
        self.acting = Acting(place, self.poll)
        self.mailboxes: dict[int, int] = {}
        for serial in (LAUNCHER, 5, 6):
            self.open(serial)

    def open(self, serial: int) -> None:
        pipe.make(self.place.pipe(serial))
        parcel.begin(self.place, serial)
        self.mailboxes[serial] = pipe.open_mailbox(self.place.pipe(serial))

    def send(self, to: int, kind: int, payload: bytes = b"") -> None:
        self.acting.do(Send(to, kind, 9, 7, payload))

    def launch(self, serial: int, name: str | None = None, work: bytes | None = None) -> None:
        self.acting.do(Launch(serial, LAUNCHER, b"order", 5, 7, name, work))

    def retry(self) -> None:
        for effect in self.acting.retry():
            self.acting.do(effect)

    def heard(self, serial: int) -> list[Frame]:
        return split(pipe.read(self.mailboxes[serial]))[0]

    def is_short(self) -> bool:
        """Whether something is to be tried again."""
        return bool(self.acting._later or self.acting.post.is_short)

    def close(self) -> None:
        for serial in range(40):
            self.acting.do(Remove(serial))
        for pidfd in list(self.acting.handles._os_pids):
            self.acting.handles.unwatch(pidfd)
        self.poll.close()
        for fd in self.mailboxes.values():
            os.close(fd)


@pytest.fixture
def kernel(tmp_path: Path, place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    monkeypatch.setattr("otp.wire.place._TEMP", str(tmp_path))
    kernel = Kernel(place)
    yield kernel
    monkeypatch.undo()
    kernel.close()


class Few:
    """At most so many descriptors are opened by what is patched with this; None is no limit."""

    def __init__(self, opens, left: int | None, number: int = errno.EMFILE) -> None:
        self.opens, self.left, self.number = opens, left, number

    def __call__(self, *args, **kwargs):
        if self.left == 0:
            raise OSError(self.number, os.strerror(self.number))
        if self.left is not None:
            self.left -= 1
        return self.opens(*args, **kwargs)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Few:
    """How many pipes can still be opened for writing."""
    few = Few(pipe.open_writer, None)
    monkeypatch.setattr(pipe, "open_writer", few)
    return few


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Few:
    """How many parcels there is still room for."""
    full = Few(parcel.write, 0, errno.ENOSPC)
    monkeypatch.setattr(parcel, "write", full)
    return full


# ---- too few descriptors


def test_what_is_for_a_pipe_that_cannot_be_opened_comes_later_and_in_order(
    kernel: Kernel, few: Few
) -> None:
    few.left = 0
    for ref in (b"first", b"second"):
        kernel.send(5, DOWN, ref)
    kernel.retry()
    assert kernel.heard(5) == []
    assert kernel.is_short()
    few.left = None
    kernel.retry()
    kernel.send(5, EXIT, b"third")
    assert [frame[3] for frame in kernel.heard(5)] == [b"first", b"second", b"third"]
    assert not kernel.is_short()


def test_an_idle_pipe_is_closed_for_one_that_is_needed(kernel: Kernel, monkeypatch) -> None:
    kernel.send(5, DOWN)
    opened, opens = [5], pipe.open_writer

    def one_at_a_time(path: str) -> int | None:
        if len(kernel.acting.post._pipes) == 1:
            raise OSError(errno.EMFILE, "Too many open files")
        opened.append(int(path.rpartition("/")[2]))
        return opens(path)

    monkeypatch.setattr(pipe, "open_writer", one_at_a_time)
    for to in (6, 5, 6):
        kernel.send(to, DOWN)
    assert opened == [5, 6, 5, 6]
    assert (len(kernel.heard(5)), len(kernel.heard(6))) == (2, 2)


def test_nothing_is_kept_for_the_dead(kernel: Kernel, few: Few) -> None:
    few.left = 0
    kernel.send(5, DOWN)
    kernel.send(6, DOWN)
    kernel.acting.do(Remove(5))
    few.left = None
    os.unlink(kernel.place.pipe(6))
    kernel.retry()
    assert not kernel.is_short()


def test_a_process_for_which_there_is_no_descriptor_is_refused_and_leaves_nothing(
    kernel: Kernel, monkeypatch
) -> None:
    monkeypatch.setattr(kernel.acting, "_most", 3)
    kernel.launch(10)
    with pytest.raises(NotDone, match="ulimit -n"):
        kernel.launch(11, name="kv")
    kernel.acting.do(Remove(11))
    assert not os.path.exists(kernel.place.pipe(11))
    assert kernel.place.whereis("kv") is None
    kernel.acting.do(Release(10))
    kernel.launch(12)
    assert [frame[1:] for frame in kernel.heard(LAUNCHER)] == [(0, 0, b"order")] * 2


def test_an_order_that_cannot_be_written_is_refused_to_the_spawner(
    kernel: Kernel, full: Few
) -> None:
    with pytest.raises(NotDone, match="No space left"):
        kernel.acting.do(Launch(10, LAUNCHER, LONG, 5, 7, "kv"))
    kernel.acting.do(Remove(10))
    assert not os.path.exists(kernel.place.pipe(10))
    assert kernel.heard(LAUNCHER) == []


def test_a_worker_without_a_pidfd_gets_one_later_and_its_signals_too(
    kernel: Kernel, monkeypatch
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(signal, "pidfd_send_signal", lambda handle, number: rung.append(number))
    pidfd = Few(os.pidfd_open, 0)
    monkeypatch.setattr(os, "pidfd_open", pidfd)
    kernel.launch(10)
    kernel.acting.do(Hold(10, os.getpid()))
    kernel.acting.do(Ring(10))
    kernel.retry()
    assert rung == []
    pidfd.left = None
    kernel.retry()
    assert rung == [BELL]


def attach(kernel: Kernel, name: str) -> int:
    pipe.make(f"{kernel.place.root}/p/{name}")
    return pipe.open_mailbox(f"{kernel.place.root}/p/{name}")


def test_threads_of_one_program_take_one_descriptor(kernel: Kernel, monkeypatch) -> None:
    monkeypatch.setattr(kernel.acting, "_most", 1)
    before = len(os.listdir("/proc/self/fd"))
    doors = [attach(kernel, f"new-{serial}") for serial in range(20, 30)]
    for serial in range(20, 30):
        kernel.acting.do(Welcome(serial, f"new-{serial}", os.getpid()))
    assert len(os.listdir("/proc/self/fd")) == before + len(doors) + 1
    for door in doors:
        os.close(door)


def test_one_who_cannot_be_attached_is_told_so(kernel: Kernel, few: Few, monkeypatch) -> None:
    door = attach(kernel, "new-1")
    monkeypatch.setattr(kernel.acting, "_most", 0)
    with pytest.raises(NotDone, match="ulimit -n"):
        kernel.acting.do(Welcome(20, "new-1", os.getpid()))
    few.left = 0
    kernel.acting.do(TurnAway("new-1", dumps(("error", 24, "no descriptor"))))
    assert pipe.read(door) == b""
    few.left = None
    kernel.retry()
    ((kind, _, _, payload),) = split(pipe.read(door))[0]
    assert (kind, loads(payload)) == (ANSWER, ("error", 24, "no descriptor"))
    assert not os.path.exists(f"{kernel.place.root}/p/new-1")
    os.close(door)


# ---- no room for what is long


@pytest.mark.parametrize("kind", [EXIT, DOWN])
def test_a_death_is_told_though_there_is_no_room_for_its_reason(
    kernel: Kernel, full: Few, kind: int
) -> None:
    reason = flat("x" * 10_000)
    kernel.send(5, kind, reason)
    ((heard, sender, ref, payload),) = kernel.heard(5)
    assert (heard, sender, ref) == (kind, 9, 7)
    assert loads(payload) == f"(a reason of {len(reason)} bytes, for which there is no room)"


def test_a_long_answer_for_which_there_is_no_room_is_a_refusal(kernel: Kernel, full: Few) -> None:
    kernel.send(5, ANSWER, LONG)
    ((kind, _, ref, payload),) = kernel.heard(5)
    assert (kind, ref) == (REFUSED, 7)
    assert "No space left" in loads(payload)


def test_the_long_message_of_a_timer_comes_when_there_is_room(kernel: Kernel, full: Few) -> None:
    kernel.send(5, MESSAGE, LONG)
    assert kernel.heard(5) == []
    assert kernel.is_short()
    full.left = None
    kernel.retry()
    ((kind, _, _, ticket),) = kernel.heard(5)
    assert kind == MESSAGE | PARCEL
    assert parcel.read_bytes(kernel.place, ticket) == LONG
    assert not kernel.is_short()


# ---- parcels of the dead


def test_a_death_removes_what_it_was_sent_and_what_it_wrote_to_the_kernel(kernel: Kernel) -> None:
    parcel.begin(kernel.place, 0)
    parcel.introduce(kernel.place, 0, 5)
    parcel.introduce(kernel.place, 6, 5)
    for to in (0, 6):
        parcel.write(kernel.place, to, 5, 1, b"never announced", [])
    kernel.send(5, MESSAGE, LONG)
    kernel.acting.do(Remove(5))
    assert sorted(os.listdir(kernel.place.parcels)) == ["0", "1", "6"]
    assert os.listdir(f"{kernel.place.parcels}/0") == []
    assert os.listdir(f"{kernel.place.parcels}/6") == ["5"]


def test_what_is_to_run_is_moved_to_the_new_process(kernel: Kernel) -> None:
    parcel.begin(kernel.place, 0)
    parcel.introduce(kernel.place, 0, 5)
    ticket = parcel.write(kernel.place, 0, 5, 1, b"work", [])
    kernel.launch(10, work=ticket)
    assert parcel.read_bytes(kernel.place, parcel.forwarded(ticket, 10)) == b"work"
    with pytest.raises(NotDone, match="No such file"):
        kernel.launch(11, work=ticket)
