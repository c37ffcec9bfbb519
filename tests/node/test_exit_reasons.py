"""How a process ends, and what others are told of it: OTP's table and the operating system's."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest

from otp import node, process
from otp.errors import ProcessExit, shorten
from otp.runtime import here
from otp.terms import Crash, Down, Exit, ExitStatus, Pid, Shutdown, Signal
from otp.wire import parcel
from tests.expecting import expect, expect_down
from tests.footprint import parcels
from tests.servers import awkward, crasher


def shown(value: object) -> str:
    """A short id for a case."""
    if isinstance(value, partial):
        return f"{value.func.__name__}({shorten(value.args[0], 30)})"
    return getattr(value, "__name__", shorten(value, 30))


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (crasher.returns, "normal"),
        (partial(crasher.exits, "normal"), "normal"),
        (partial(crasher.exits, "boom"), "boom"),
        (partial(crasher.exits, "kill"), "kill"),
        (partial(crasher.exits, "killed"), "killed"),
        (partial(crasher.exits, Shutdown("why")), Shutdown("why")),
        (partial(crasher.exits, {"any": ["value", None]}), {"any": ["value", None]}),
        (partial(crasher.exits, None), None),
        (partial(crasher.exits, "x" * 10_000), "x" * 10_000),
        (crasher.raises, Crash(ValueError("boom"))),
        (crasher.leaves, "normal"),
        (partial(crasher.leaves, None), "normal"),
        (partial(crasher.leaves, 3), ExitStatus(3)),
        (partial(crasher.leaves, "text"), Crash(SystemExit("text"))),
        (partial(crasher.leaves_at_once, 3), ExitStatus(3)),
        (partial(crasher.leaves_at_once, 0), ExitStatus(0)),
        (crasher.aborts, Signal("SIGABRT")),
        (crasher.segfaults, Signal("SIGSEGV")),
        (partial(crasher.signals, signal.SIGKILL), "killed"),
        (partial(crasher.signals, signal.SIGTERM), Signal("SIGTERM")),
        (partial(crasher.signals, signal.SIGRTMIN + 5), Signal("SIGRTMIN+5")),
    ],
    ids=shown,
)
def test_the_reason_of_an_end_is_told_exactly(end, reason) -> None:
    process.trap_exit()
    linked = process.spawn_link(end)
    watched, ref = process.spawn_monitor(end)
    assert expect(Exit) == Exit(linked, reason)
    assert expect(Down) == Down(ref, watched, reason)


def test_a_crash_tells_where_it_was() -> None:
    _, ref = process.spawn_monitor(crasher.raises, "boom")
    crash = expect_down(ref)
    assert "crasher.py" in crash.traceback
    assert crash.traceback.rstrip().endswith("ValueError: boom")


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (lambda: process.exit(awkward.unpicklable()), "<unlocked _thread.lock object"),
        (lambda: process.exit(("tag", awkward.unpicklable())), "('tag', '<unlocked _thread.lock"),
        (lambda: (_ for _ in ()).throw(awkward.Opaque()), "Crash(OpaqueException("),
    ],
    ids=["exit", "exit with a tuple", "raise"],
)
def test_a_reason_that_cannot_be_pickled_is_told_as_text(end, reason: str) -> None:
    _, ref = process.spawn_monitor(end)
    told = expect_down(ref)
    assert (told if isinstance(told, str) else repr(told)).startswith(reason)


def test_a_reason_that_cannot_be_unpickled_is_told_as_a_sentence() -> None:
    process.trap_exit()
    process.spawn_link(lambda: process.exit(awkward.Unreadable()))
    assert "cannot be loaded here: ValueError('cannot be built" in expect(Exit).reason


# ---- a reason for which there is no room


def no_room(*args: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def ends_on_a_full_disk(ends: Callable[[], object]) -> None:
    parcel._fill = no_room
    ends()


LONG = "long " * 20_000


@pytest.mark.parametrize(
    ("ends", "begin"),
    [
        (partial(crasher.raises, LONG), "Crash(OpaqueException(\"ValueError('long long"),
        (partial(process.exit, LONG), "\"'long long"),
        (partial(process.exit, Shutdown(LONG)), "Shutdown(why=\"'long long"),
        (partial(process.exit, ("tag", 1, [LONG])), "('tag', 1, \"['long long"),
        (partial(process.exit, tuple(LONG)), "\"('l', 'o', 'n', 'g'"),
    ],
    ids=["a crash", "a text", "a shutdown", "a tuple", "a long tuple"],
)
def test_a_reason_for_which_there_is_no_room_is_told_in_brief(ends, begin: str) -> None:
    _, ref = process.spawn_monitor(ends_on_a_full_disk, ends)
    told = repr(expect_down(ref))
    assert told.startswith(begin)
    assert len(told) < 3000


def test_a_thread_whose_last_words_are_too_long_is_dead_all_the_same(monkeypatch) -> None:
    told, go_on = threading.Event(), threading.Event()
    pids: list[Pid] = []

    def thread() -> None:
        pids.append(process.self())
        told.set()
        go_on.wait()
        with suppress(ProcessExit):
            process.exit(LONG)

    runs = threading.Thread(target=thread)
    runs.start()
    told.wait()
    ref = process.monitor(pids[0])
    monkeypatch.setattr(parcel, "_fill", no_room)
    go_on.set()
    assert expect_down(ref).startswith("'long long")
    runs.join()


def test_a_long_request_for_which_there_is_no_room_raises_and_changes_nothing(monkeypatch) -> None:
    pid, ref = process.spawn_monitor(process.receive)
    monkeypatch.setattr(parcel, "_fill", no_room)
    for request in (
        lambda: process.exit(pid, LONG),
        lambda: process.spawn(len, LONG),
        lambda: process.register(LONG, pid),
        lambda: process.send_after(0.0, pid, LONG),
        lambda: process.send(pid, LONG),
    ):
        with pytest.raises(OSError, match="No space left"):
            request()
    assert process.is_alive(pid)
    assert not here.current().mailbox.awaited
    assert parcels(node.current().directory) == []
    process.send(pid, "end")
    assert expect_down(ref) == "normal"


def prints_into_a_full_pipe(owner: Pid) -> None:
    _, out = os.pipe2(os.O_NONBLOCK)
    with suppress(BlockingIOError):
        while True:
            os.write(out, bytes(4096))
    os.set_blocking(out, True)
    sys.stdout = os.fdopen(out, "w")
    sys.stdout.write("nobody reads this")
    process.send(owner, "full")
    process.receive()


def test_whose_output_nobody_reads_dies_all_the_same() -> None:
    pid, ref = process.spawn_monitor(prints_into_a_full_pipe, process.self())
    expect("full")
    process.exit(pid, "bye")
    assert expect_down(ref) == "bye"


def test_who_cannot_say_how_it_ends_has_failed() -> None:
    """It has closed the pipe to the kernel, like all others."""
    _, ref = process.spawn_monitor(os.closerange, 3, 100)
    assert expect_down(ref) == ExitStatus(1)
