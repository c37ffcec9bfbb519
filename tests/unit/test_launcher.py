"""What a launcher does when there is no kernel, and when the system refuses it a child."""

from __future__ import annotations

import errno
import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path
from pickle import dumps
from typing import Any, NoReturn

import pytest

from otp.kernel import launcher as launchers
from otp.kernel.launcher import Launcher
from otp.terms import Crash
from otp.wire import pipe
from otp.wire.codec import decode
from otp.wire.frame import pack, split
from otp.wire.place import Place
from otp.wire.plain import plain
from otp.wire.protocol import FORK, FORKED, KERNEL, LAUNCHER, PARCEL, STOP


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(str(tmp_path / "node"))
    place.make()
    for serial in (KERNEL, LAUNCHER):
        pipe.make(place.pipe(serial))
    return place


def test_one_whose_kernel_died_before_it_began_puts_out_the_light(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the last one, if the other launchers were killed with the kernel."""
    ended: list[tuple[Place, int]] = []

    def put_out(place: Place, group: int) -> NoReturn:
        ended.append((place, group))
        raise SystemExit

    monkeypatch.setattr(launchers, "put_out_the_light", put_out)
    opened: list[int] = []
    opens = pipe.open_mailbox
    monkeypatch.setattr(pipe, "open_mailbox", lambda path: opened.append(opens(path)))
    with pytest.raises(SystemExit):
        Launcher(place.root, LAUNCHER, lambda *birth: os._exit(0), "no.rehearsal")
    assert ended == [(place, os.getpgrp())]
    os.close(opened[0])


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (errno.EAGAIN, "no room for another process: out of processes (ulimit -u, "),
        (errno.ENOMEM, "no room for another process: out of memory"),
        (errno.ENOSYS, "Function not implemented"),
    ],
)
def test_a_fork_that_is_refused_says_what_there_is_too_little_of(
    place: Place, monkeypatch: pytest.MonkeyPatch, number: int, text: str
) -> None:
    def refuse(process: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(multiprocessing.get_context("fork").Process, "start", refuse)
    kernel = pipe.open_mailbox(place.pipe(KERNEL))
    launcher = Launcher(place.root, LAUNCHER, lambda *birth: os._exit(0), "")
    try:
        launcher._obey(FORK, dumps(("worker", 12, {})))
        [(kind, sender, _, payload)], _ = split(pipe.read(kernel))
    finally:
        for fd in (kernel, launcher._mailbox, launcher._kernel, launcher._woken, launcher._wake):
            os.close(fd)
    serial, os_pid, reason = plain(payload)
    crash = decode(reason)
    assert (kind, sender, serial, os_pid) == (FORKED, LAUNCHER, 12, 0)
    assert isinstance(crash, Crash)
    assert (crash.exception.errno, text in str(crash.exception)) == (number, True)


NONSENSE = [
    b"", b"no pickle", dumps(()), dumps(("worker",)), dumps(("worker", "12", {})), dumps(7),
    dumps(("nobody", 12, {})), dumps(("generation", 12, [])), dumps((["worker"], 12, {})),
]  # fmt: skip


@pytest.fixture
def launcher(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Launcher]:
    """One that forks nobody, and whose kernel is only a pipe."""
    kernel = pipe.open_mailbox(place.pipe(KERNEL))
    launcher = Launcher(place.root, LAUNCHER, lambda *birth: os._exit(0), "")

    def stops(*order: Any) -> None:
        raise Forked(order)

    monkeypatch.setattr(launcher, "_fork", stops)
    yield launcher
    for fd in (kernel, launcher._mailbox, launcher._kernel, launcher._woken, launcher._wake):
        os.close(fd)


class Forked(Exception):
    pass


@pytest.mark.parametrize("payload", NONSENSE)
def test_an_order_that_is_none_is_refused_and_the_next_obeyed(
    place: Place, launcher: Launcher, payload: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    write = pipe.open_writer(place.pipe(LAUNCHER))
    assert write is not None
    for kind, order in ((FORK, payload), (FORK | PARCEL, payload), (FORK | PARCEL, b"n1/0/1")):
        os.write(write, pack(kind, KERNEL, 0, order))
    os.write(write, pack(STOP, KERNEL, 0))  # the first launcher ends with its node, not before
    os.write(write, pack(FORK, KERNEL, 0, dumps(("worker", 12, {}))) + b"text")
    os.close(write)
    with pytest.raises(Forked, match=r"\(12, <bound method Launcher\._worker"):
        launcher._serve()
    assert caplog.text.count("given an order that is none") == 3
    assert "dropped 4 bytes that are no order" in caplog.text
