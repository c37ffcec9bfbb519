"""Exit signals: OTP's tables, and when they are honoured.

A probe is a process that has told us it is ready; after a signal it either is gone, or tells what
it heard. Nothing is waited for but that.
"""

from __future__ import annotations

import os
import signal
from functools import partial

import pytest

from otp import process
from otp.errors import ProcessExit, shorten
from otp.terms import Crash, Exit, Pid, Shutdown
from tests.expecting import expect, expect_down, expect_nothing
from tests.servers import crasher, deaf, sleeper


def shown(value: object) -> str:
    """A short id for a case."""
    if isinstance(value, partial):
        return f"{value.func.__name__}({shorten(value.args[0], 30)})"
    return getattr(value, "__name__", shorten(value, 30))


# ---- the matrix: what a signal does to who hears it

DIES, LIVES = "dies", "lives"


def probe(trap: bool) -> tuple[Pid, object]:
    """A process that tells what it hears, and the monitor on it."""
    me = process.self()

    def tells():
        process.trap_exit(trap)
        process.send(me, "ready")
        while True:
            process.send(me, ("heard", process.receive()))

    pid, ref = process.spawn_monitor(tells)
    expect("ready")
    return pid, ref


def fate(pid: Pid, ref, outcome: str) -> tuple:
    """(DIES, reason), or (LIVES, all that was heard)."""
    if outcome == DIES:
        return DIES, expect_down(ref)
    process.send(pid, "last")
    heard = []
    while (news := expect(tuple)) != ("heard", "last"):
        heard.append(news[1])
    process.exit(pid, "kill")
    assert expect_down(ref) == "killed"
    return LIVES, *heard


ME = "me"  # stands for the pid of the sender


@pytest.mark.parametrize(
    ("reason", "trap", "outcome"),
    [
        ("normal", False, (LIVES,)),
        ("normal", True, (LIVES, Exit(ME, "normal"))),
        ("kill", False, (DIES, "killed")),
        ("kill", True, (DIES, "killed")),
        ("boom", False, (DIES, "boom")),
        ("boom", True, (LIVES, Exit(ME, "boom"))),
        ("killed", False, (DIES, "killed")),
        ("killed", True, (LIVES, Exit(ME, "killed"))),
        ("shutdown", False, (DIES, "shutdown")),
        (Shutdown("x"), True, (LIVES, Exit(ME, Shutdown("x")))),
        ("x" * 10_000, False, (DIES, "x" * 10_000)),
        (None, False, (DIES, None)),
    ],
    ids=shown,
)
def test_an_exit_signal(reason, trap: bool, outcome: tuple) -> None:
    pid, ref = probe(trap)
    process.exit(pid, reason)
    me = process.self()
    expected = [Exit(me, e.reason) if isinstance(e, Exit) else e for e in outcome]
    assert list(fate(pid, ref, outcome[0])) == expected


@pytest.mark.parametrize(
    ("end", "trap", "outcome"),
    [
        (crasher.returns, False, (LIVES,)),
        (crasher.returns, True, (LIVES, "normal")),
        (partial(crasher.exits, "boom"), False, (DIES, "boom")),
        (partial(crasher.exits, "boom"), True, (LIVES, "boom")),
        (partial(crasher.exits, "kill"), False, (DIES, "kill")),
        (partial(crasher.exits, "kill"), True, (LIVES, "kill")),
        (crasher.signals, False, (DIES, "killed")),
        (crasher.signals, True, (LIVES, "killed")),
        (crasher.raises, False, (DIES, Crash(ValueError("boom")))),
        (crasher.raises, True, (LIVES, Crash(ValueError("boom")))),
    ],
    ids=shown,
)
def test_the_end_of_a_linked_process(end, trap: bool, outcome: tuple) -> None:
    me = process.self()

    def links():
        process.trap_exit(trap)
        peer = process.spawn_link(lambda: (process.receive(), end()))
        process.send(me, peer)
        while True:
            process.send(me, ("heard", process.receive()))

    pid, ref = process.spawn_monitor(links)
    peer = expect(Pid)
    watch = process.monitor(peer)
    process.send(peer, "go")
    expect_down(watch)
    expected = [Exit(peer, e) if outcome[0] == LIVES and e != LIVES else e for e in outcome]
    assert list(fate(pid, ref, outcome[0])) == expected


# ---- signals to oneself


@pytest.mark.parametrize(
    ("reason", "trap", "outcome"),
    [
        ("normal", False, (DIES, "normal")),
        ("normal", True, (LIVES, "normal")),
        ("kill", False, (DIES, "killed")),
        ("kill", True, (DIES, "killed")),
        ("boom", False, (DIES, "boom")),
        ("boom", True, (LIVES, "boom")),
    ],
)
def test_an_exit_signal_to_oneself(reason: str, trap: bool, outcome: tuple) -> None:
    me = process.self()

    def signals_itself():
        process.trap_exit(trap)
        process.exit(process.self(), reason)
        process.send(me, ("still here", process.receive(timeout=5)))

    pid, ref = process.spawn_monitor(signals_itself)
    if outcome[0] == LIVES:
        assert expect(tuple) == ("still here", Exit(pid, outcome[1]))
    assert expect_down(ref) == ("normal" if outcome[0] == LIVES else outcome[1])
    expect_nothing()


def test_a_chain_of_links_falls_from_end_to_end() -> None:
    me = process.self()

    def chain(length: int):
        if length:
            process.spawn_link(chain, length - 1)
        else:
            process.send(me, process.self())
        process.receive()

    _, ref = process.spawn_monitor(chain, 5)
    process.exit(expect(Pid), "boom")
    assert expect_down(ref) == "boom"


def test_trapping_is_judged_when_the_signal_is_heard_and_messages_stay_messages() -> None:
    me = process.self()

    def toggles():
        before = process.trap_exit()
        process.send(me, "trapping")
        trapped = process.receive(timeout=5)
        process.send(me, (before, process.trap_exit(False), trapped))
        process.receive()

    pid, ref = process.spawn_monitor(toggles)
    expect("trapping")
    process.exit(pid, "first")
    assert expect(tuple) == (False, True, Exit(me, "first"))
    process.exit(pid, "second")
    assert expect_down(ref) == "second"


# ---- when it is honoured


@pytest.mark.parametrize("busy", sleeper.WAYS)
@pytest.mark.parametrize("reason", ["boom", "kill"])
def test_a_busy_process_that_does_not_trap_dies_at_once(busy, reason: str) -> None:
    pid, ref = process.spawn_monitor(busy, process.self())
    expect(sleeper.BEGUN)
    process.exit(pid, reason)
    assert expect_down(ref, within=2) == {"kill": "killed"}.get(reason, reason)


@pytest.mark.parametrize("busy", sleeper.WAYS)
def test_a_busy_process_that_traps_lives_on_and_dies_of_kill(busy) -> None:
    pid, ref = process.spawn_monitor(busy, process.self(), True)
    expect(sleeper.BEGUN)
    process.exit(pid, "boom")
    assert process.is_alive(pid)
    process.exit(pid, "kill")
    assert expect_down(ref, within=2) == "killed"


@pytest.mark.parametrize("before", [None, "boom"], ids=["alone", "behind a signal it never hears"])
def test_a_stopped_process_dies_of_kill(before: str | None) -> None:
    pid, ref = process.spawn_monitor(sleeper.sleeps, process.self())
    expect(sleeper.BEGUN)
    os.kill(process.info(pid)["os_pid"], signal.SIGSTOP)
    if before:
        process.exit(pid, before)
    process.exit(pid, "kill")
    assert expect_down(ref) == "killed"


def test_a_process_that_is_not_there_yet_hears_of_it_when_it_begins() -> None:
    for reason, told in [("boom", "boom"), ("kill", "killed")]:
        pid, ref = process.spawn_monitor(process.receive)
        process.exit(pid, reason)
        assert expect_down(ref) == told


def test_after_exit_returns_the_process_is_not_alive() -> None:
    for reason in ("boom", "kill"):
        pid = process.spawn(process.receive)
        process.exit(pid, reason)
        assert not process.is_alive(pid)


def test_one_that_survives_a_signal_is_alive() -> None:
    pid, ref = process.spawn_monitor(deaf.ignores, process.self())
    expect("deaf")
    process.exit(pid, "boom")
    assert process.is_alive(pid)
    process.exit(pid, "kill")
    assert not process.is_alive(pid)
    assert expect_down(ref) == "killed"


def test_exit_takes_pids_only() -> None:
    process.register("somebody", process.self())
    with pytest.raises(TypeError, match="this takes a Pid, not 'somebody'"):
        process.exit("somebody", "boom")
    with pytest.raises(TypeError, match="not 3 arguments"):
        process.exit(process.self(), "boom", "more")


def test_exit_to_the_dead_does_nothing() -> None:
    pid, ref = process.spawn_monitor(crasher.returns)
    expect_down(ref)
    assert process.exit(pid, "boom") is None
    assert process.exit(pid, "kill") is None
    expect_nothing()


def test_exit_ends_what_calls_it_and_errors_do_not_catch_it() -> None:
    def tries():
        try:
            process.exit("boom")
        except Exception:
            process.exit("caught")

    _, ref = process.spawn_monitor(tries)
    assert expect_down(ref) == "boom"
    assert not issubclass(ProcessExit, Exception)


def test_nobody_waits_for_a_stopped_process_to_hear_of_its_end() -> None:
    """It is alive until it goes on, and dies of the signal then."""
    pid, ref = process.spawn_monitor(sleeper.sleeps, process.self())
    expect(sleeper.BEGUN)
    os_pid = process.info(pid)["os_pid"]
    os.kill(os_pid, signal.SIGSTOP)
    process.exit(pid, "boom")
    assert process.is_alive(pid)
    os.kill(os_pid, signal.SIGCONT)
    assert expect_down(ref) == "boom"
    assert not process.is_alive(pid)
