"""When `terminate` is called, with what, and how the server ends then: OTP's table, row by row.

Each case does something to a witness, which tells what its callbacks hear; its end is watched.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from otp import gen_server, process, system
from otp.errors import ServerDied
from otp.gen_server import NoReply, Stop
from otp.terms import Crash, Exit, Pid, Ref, Shutdown
from tests.expecting import expect, expect_down, expect_nothing
from tests.servers import crasher, witness
from tests.servers.witness import Told, Witness

TRAPPING = pytest.mark.parametrize("trap", [False, True], ids=["not trapping", "trapping"])


class Child:
    """A witness with a parent, who ends when and as it is told."""

    def __init__(self, trap: bool) -> None:
        me = process.self()

        def parent() -> None:
            process.send(me, gen_server.start_link(Witness, Told(me, trap=trap)))
            process.exit(process.receive())

        self.parent = process.spawn(parent)
        self.pid: Pid = expect(Pid)
        self.ref: Ref = process.monitor(self.pid)

    def hears_nothing_and_lives(self) -> bool:
        """It is alive, and has told nothing, when it has handled all that we have sent so far."""
        gen_server.call(
            self.pid, lambda caller, state: (gen_server.reply(caller, 1), NoReply(state))[1]
        )
        expect_nothing()
        process.exit(self.pid, "kill")
        return expect_down(self.ref) == "killed"


# ---- it ends itself, or is told to

BY_ITSELF: dict[str, tuple[Callable[[Pid], Any], Any]] = {
    "Stop": (lambda pid: gen_server.cast(pid, lambda state: Stop("enough", state)), "enough"),
    "Stop normal": (lambda pid: gen_server.cast(pid, lambda s: Stop("normal", s)), "normal"),
    "stop": (lambda pid: gen_server.stop(pid, Shutdown("x")), Shutdown("x")),
    "system.terminate": (lambda pid: system.terminate(pid, "boom"), "boom"),
    "an exception": (
        lambda pid: gen_server.cast(pid, lambda state: crasher.raises()),
        Crash(ValueError("boom")),
    ),
    "process.exit": (lambda pid: gen_server.cast(pid, lambda state: process.exit("x")), "x"),
    "exit('kill')": (lambda pid: gen_server.cast(pid, lambda state: process.exit("kill")), "kill"),
    "a bad result": (
        lambda pid: gen_server.cast(pid, lambda state: None),
        ("bad_return_value", None),
    ),
}  # fmt: skip


@TRAPPING
@pytest.mark.parametrize(("ends", "reason"), BY_ITSELF.values(), ids=BY_ITSELF)
def test_terminate_is_called(ends: Callable[[Pid], Any], reason: Any, trap: bool) -> None:
    server = witness.start(trap=trap)
    ref = process.monitor(server)
    ends(server)
    assert expect() == ("terminate", reason)
    assert expect_down(ref) == reason
    expect_nothing()


# ---- its parent ends


@pytest.mark.parametrize("reason", ["normal", "shutdown", "boom", "kill", "killed", ("any", 1)])
def test_the_end_of_the_parent_ends_a_server_that_traps(reason: Any) -> None:
    child = Child(trap=True)
    process.send(child.parent, reason)
    assert expect() == ("terminate", reason)
    assert expect_down(child.ref) == reason
    expect_nothing()


@pytest.mark.parametrize("reason", ["shutdown", "boom", "kill", ("any", 1)])
def test_without_trapping_it_dies_at_once(reason: Any) -> None:
    child = Child(trap=False)
    process.send(child.parent, reason)
    assert expect_down(child.ref) == reason
    expect_nothing()


def test_the_normal_end_of_the_parent_is_nothing_to_a_server_that_does_not_trap() -> None:
    child = Child(trap=False)
    parent = process.monitor(child.parent)
    process.send(child.parent, "normal")
    assert expect_down(parent) == "normal"
    assert child.hears_nothing_and_lives()


def test_an_exit_signal_that_the_parent_sends_is_its_end_too() -> None:
    process.trap_exit()
    server = witness.start_link(trap=True)
    process.exit(server, "enough")
    assert expect() == ("terminate", "enough")
    assert expect() == Exit(server, "enough")


def test_a_server_that_was_started_without_a_link_has_no_parent() -> None:
    server = witness.start(trap=True)
    process.exit(server, "boom")
    assert expect() == ("info", Exit(process.self(), "boom"))
    process.link(server)
    process.exit(server, "bang")
    assert expect() == ("info", Exit(process.self(), "bang"))
    process.unlink(server)
    process.exit(server, "kill")


# ---- somebody else does something to it


@pytest.mark.parametrize("reason", ["normal", "shutdown", "boom", "killed"])
def test_an_exit_signal_of_a_stranger_is_a_message_to_who_traps(reason: str) -> None:
    child = Child(trap=True)
    process.exit(child.pid, reason)
    assert expect() == ("info", Exit(process.self(), reason))
    assert child.hears_nothing_and_lives()


@pytest.mark.parametrize("reason", ["shutdown", "boom", "killed"])
def test_an_exit_signal_of_a_stranger_is_the_end_of_who_does_not(reason: str) -> None:
    child = Child(trap=False)
    process.exit(child.pid, reason)
    assert expect_down(child.ref) == reason
    expect_nothing()


@TRAPPING
def test_the_end_of_a_linked_helper(trap: bool) -> None:
    child = Child(trap)

    def starts_a_helper(state: Any) -> NoReply[Any]:
        state.tell("helper", process.spawn_link(lambda: process.exit(process.receive())))
        return NoReply(state)

    gen_server.cast(child.pid, starts_a_helper)
    _, helper = expect(tuple)
    process.send(helper, "boom")
    if trap:
        assert expect() == ("info", Exit(helper, "boom"))
        assert child.hears_nothing_and_lives()
    else:
        assert expect_down(child.ref) == "boom"
        expect_nothing()


@TRAPPING
@pytest.mark.parametrize("who", ["a stranger", "itself", "the operating system"])
def test_kill_calls_nothing(who: str, trap: bool) -> None:
    child = Child(trap)
    if who == "a stranger":
        process.exit(child.pid, "kill")
    elif who == "itself":
        gen_server.cast(child.pid, lambda state: process.exit(process.self(), "kill"))
    else:
        gen_server.cast(child.pid, lambda state: crasher.signals())
    assert expect_down(child.ref) == "killed"
    expect_nothing()


def test_a_normal_exit_signal_to_itself_in_a_callback_calls_nothing() -> None:
    server = witness.start()
    ref = process.monitor(server)
    gen_server.cast(server, lambda state: process.exit(process.self(), "normal"))
    assert expect_down(ref) == "normal"
    expect_nothing()


# ---- what terminate does


@pytest.mark.parametrize(
    ("fails", "reason"),
    [
        (partial(crasher.raises, "in terminate"), Crash(ValueError("in terminate"))),
        (partial(crasher.exits, "other"), "other"),
        (partial(crasher.exits, "normal"), "normal"),
        (crasher.signals, "killed"),
    ],
    ids=["raises", "exits", "exits normally", "is killed"],
)
def test_a_failure_of_terminate_replaces_the_reason(fails: Callable[[], Any], reason: Any) -> None:
    server = witness.start(terminate=fails)
    ref = process.monitor(server)
    gen_server.cast(server, lambda state: Stop("first", state))
    assert expect() == ("terminate", "first")
    assert expect_down(ref) == reason


def test_what_terminate_returns_does_not_matter() -> None:
    gen_server.stop(witness.start(terminate=lambda: Stop("whatever")))
    assert expect() == ("terminate", "normal")


def test_the_name_is_kept_until_terminate_is_done() -> None:
    me = process.self()
    server = witness.start(terminate=lambda: process.send(me, process.whereis("kept")))
    process.register("kept", server)
    gen_server.stop(server)
    assert expect() == ("terminate", "normal")
    assert expect() == server
    assert process.whereis("kept") is None


def test_the_news_of_the_death_comes_after_all_that_terminate_sends() -> None:
    me = process.self()
    server = witness.start(terminate=lambda: [process.send(me, n) for n in range(1000)])
    ref = process.monitor(server)
    gen_server.cast(server, lambda state: Stop("normal", state))
    assert expect() == ("terminate", "normal")
    assert [expect() for _ in range(1000)] == list(range(1000))
    assert expect_down(ref) == "normal"


def test_messages_in_the_queue_are_dropped_and_callers_told() -> None:
    me = process.self()

    def stops_when_two_wait(state: Any) -> Stop[Any]:
        while process.info(process.self())["message_queue_len"] < 2:
            pass
        return Stop("enough", state)

    def calls() -> None:
        try:
            gen_server.call(server, lambda caller, state: NoReply(state))
        except ServerDied as error:
            process.send(me, ("caller", error.reason))

    server = witness.start()
    gen_server.cast(server, stops_when_two_wait)
    process.send(server, "never handled")
    process.spawn(calls)
    assert expect() == ("terminate", "enough")
    assert expect() == ("caller", "enough")
    expect_nothing()


def test_an_exit_signal_during_terminate_ends_it_there() -> None:
    me = process.self()

    def waits() -> None:
        process.send(me, "in terminate")
        process.receive()

    server = witness.start(terminate=waits)
    ref = process.monitor(server)
    gen_server.cast(server, lambda state: Stop("first", state))
    expect("in terminate")
    process.exit(server, "second")
    assert expect_down(ref) == "second"
