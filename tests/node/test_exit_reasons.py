"""How a process ends, and what others are told of it: OTP's table and the operating system's."""

from __future__ import annotations

import signal
from functools import partial

import pytest

from otp import process
from otp.errors import shorten
from otp.terms import Crash, Down, Exit, ExitStatus, Shutdown, Signal
from tests.expecting import expect, expect_down
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
