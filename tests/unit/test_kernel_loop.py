"""The kernel's loop: what it reads and when, of what comes at one moment."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path
from pickle import dumps

import pytest

from otp.kernel import main
from otp.kernel.main import Kernel
from otp.wire import pipe
from otp.wire.codec import decode, flat
from otp.wire.frame import Frame, pack, split
from otp.wire.place import Place
from otp.wire.protocol import (
    ANSWER,
    ATTACH,
    DOWN,
    EXITING,
    KERNEL,
    LAUNCHER,
    MONITOR,
    PROCESSES,
    REFUSED,
    REGISTER,
    WARMED,
)

TAG = 7


class Bench:
    """A kernel whose program is the test; `watcher` is a process of it, `mailbox` its pipe."""

    def __init__(self, place: Place) -> None:
        self.place = place
        pipe.make(place.pipe(KERNEL))
        self.pipe = pipe.open_mailbox(place.pipe(KERNEL))
        self.kernel = Kernel(place, self.pipe, 0, os.getpid())
        self.mailboxes: list[int] = []
        self.watcher = self.attach(os.getpid())
        self.mailbox = self.mailboxes[0]

    def attach(self, os_pid: int) -> int:
        path = f"{self.place.root}/p/new"
        pipe.make(path)
        self.mailboxes.append(pipe.open_mailbox(path))
        self.kernel._step((ATTACH, 0, 0, dumps(("new", os_pid, True))))
        ((_, _, _, serial),), _ = split(pipe.read(self.mailboxes[-1]))
        return int(decode(serial))

    def tell(self, kind: int, sender: int, *args: object, ref: int = 0) -> None:
        os.write(self.pipe, pack(kind, sender, ref, dumps(args)))

    def once(self) -> None:
        """One round of the loop."""
        self.kernel._acting.halted = False
        self.kernel.serve()

    def heard(self) -> list[Frame]:
        return split(pipe.read(self.mailbox))[0]

    def close(self) -> None:
        acting = self.kernel._acting
        for fd in list(acting.handles._os_pids):
            acting.handles.unwatch(fd)
        for serial in list(acting.post._pipes):
            acting.post.forget(serial)
        for fd in (self.pipe, *self.mailboxes):
            os.close(fd)
        self.kernel._poll.close()


@pytest.fixture
def bench(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """It hears no signals, ends nothing, and goes round once."""
    monkeypatch.setattr(Kernel, "_wake_on", lambda *signals: -1)
    monkeypatch.setattr(Kernel, "_reap", lambda kernel: None)
    monkeypatch.setattr(main.Acting, "end", lambda acting: None)
    bench = Bench(place)

    def tick(state: object, now: float) -> list[object]:
        bench.kernel._acting.halted = True
        return []

    monkeypatch.setattr(main.state, "tick", tick)
    yield bench
    bench.close()


# ---- a pidfd is believed after what was written before the death


@pytest.mark.parametrize("last_words", [True, False])
def test_who_was_watched_at_its_last_moment_is_reported_truly(
    bench: Bench, monkeypatch, last_words: bool
) -> None:
    """The request comes between the look at the pipe and the look at everything at once."""
    program = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    pidfd = os.pidfd_open(program.pid)
    dying = bench.attach(program.pid)

    def nothing_yet() -> bool:
        bench.tell(MONITOR, bench.watcher, TAG, dying)
        if last_words:
            bench.tell(EXITING, dying, flat("last words"), 0, 0)
        program.kill()
        select.select([pidfd], [], [])
        return False

    monkeypatch.setattr(bench.kernel, "_try", nothing_yet)
    bench.once()
    ((kind, dead, tag, reason),) = bench.heard()
    assert (kind, dead, tag) == (DOWN, dying, TAG)
    assert decode(reason) == ("last words" if last_words else "killed")
    program.communicate()
    os.close(pidfd)


def test_a_program_that_died_while_its_node_began_is_no_failure_of_the_kernel(
    bench: Bench,
) -> None:
    """Its pidfd is ready before all is warm: that is news but once, and no other will come."""
    ready, write = os.pipe()
    os.close(ready)
    bench.kernel._gone.append(os.getpid())
    bench.tell(WARMED, LAUNCHER, [], [], True)
    bench.kernel.wait_until_warm({"ready": write, "preload": ["a.module"]})
    assert bench.kernel._acting.halted


# ---- reading


@pytest.mark.parametrize(
    "garbage", [pack(PROCESSES, 2, 1, bytes(4000))[:20], b"text\n", b"", bytes(100)]
)
def test_whatever_somebody_writes_the_requests_before_and_after_it_are_heard(
    bench: Bench, garbage: bytes
) -> None:
    request = pack(PROCESSES, bench.watcher, TAG, dumps(()))
    for data in (request + garbage, request):
        os.write(bench.pipe, data)
        bench.once()
        assert [frame[:3] for frame in bench.heard()] == [(ANSWER, KERNEL, TAG)]


def test_what_comes_between_two_looks_is_kept_with_what_came_before(
    bench: Bench, monkeypatch
) -> None:
    look = bench.kernel._try

    def looked() -> bool:
        bench.tell(PROCESSES, bench.watcher, ref=1)
        came = look()
        bench.tell(PROCESSES, bench.watcher, ref=2)
        return came

    monkeypatch.setattr(bench.kernel, "_try", looked)
    bench.once()
    assert [ref for _, _, ref, _ in bench.heard()] == [1, 2]


def test_what_is_no_request_is_dropped_or_refused_and_the_next_is_answered(
    bench: Bench, caplog
) -> None:
    os.write(bench.pipe, b"somebody writes text into the kernel's pipe\n")
    bench.once()
    assert "no request" in caplog.text
    bench.tell(REGISTER, bench.watcher, "too few", ref=1)
    bench.tell(99, bench.watcher, ref=2)
    bench.tell(PROCESSES, bench.watcher, ref=3)
    bench.once()
    answers = [(kind, ref) for kind, _, ref, _ in bench.heard()]
    assert answers == [(REFUSED, 1), (REFUSED, 2), (ANSWER, 3)]


class RunsCode:
    """Unpickled, it makes a directory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return os.mkdir, (self.path,)


def test_the_kernel_runs_no_code_of_others(bench: Bench, tmp_path: Path) -> None:
    bench.tell(REGISTER, bench.watcher, RunsCode(tmp_path / "made"), bench.watcher, ref=1)
    bench.once()
    assert [frame[0] for frame in bench.heard()] == [REFUSED]
    assert not (tmp_path / "made").exists()
