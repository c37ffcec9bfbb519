"""Looking into a running server and steering it."""

from __future__ import annotations

from typing import Any

import pytest

from otp import gen_server, process, system
from otp.errors import CallError, CallTimeout, NoProcess, ServerDied
from otp.gen_server import GenServer, Ok, Reply
from otp.terms import Crash, Exit, Pid, Timeout
from tests.expecting import expect, expect_down
from tests.servers import awkward, crasher, witness
from tests.servers.counter import Counter


@pytest.fixture
def counter() -> Pid:
    return gen_server.start_link(Counter, 5)


def test_the_state_can_be_seen(counter: Pid) -> None:
    assert system.get_state(counter) == 5


def test_the_state_can_be_replaced(counter: Pid) -> None:
    assert system.replace_state(counter, lambda state: state * 2) == 10
    assert gen_server.call(counter, "count") == 10


def test_a_replacement_that_fails_changes_nothing(counter: Pid) -> None:
    with pytest.raises(system.SystemError) as caught:
        system.replace_state(counter, lambda state: crasher.raises())
    assert caught.value.reason == ("callback_failed", Crash(ValueError("boom")))
    assert gen_server.call(counter, "count") == 5


def test_requests_are_served_in_the_order_of_the_mailbox(counter: Pid) -> None:
    for number in range(100):
        gen_server.cast(counter, "one")
        assert system.get_state(counter) == 6 + number


def test_the_status_tells_what_the_server_is(counter: Pid) -> None:
    process.register("counter", counter)
    status = system.get_status("counter")
    assert status["status"] == "running"
    assert status["parent"] == process.self()
    assert status["state"] == 5


def test_a_server_that_was_started_without_a_link_is_its_own_parent() -> None:
    server = gen_server.start(Counter, 0)
    assert system.get_status(server)["parent"] == server
    gen_server.stop(server)


# ---- suspend and resume


def test_a_suspended_server_keeps_what_comes_in_order(counter: Pid) -> None:
    system.suspend(counter)
    system.suspend(counter)
    for _ in range(3):
        gen_server.cast(counter, "one")
    with pytest.raises(CallTimeout):
        gen_server.call(counter, "count", 0.01)
    assert system.get_state(counter) == 5
    assert system.get_status(counter)["status"] == "suspended"
    system.resume(counter)
    system.resume(counter)
    assert gen_server.call(counter, "count") == 8


def test_a_suspended_server_hears_its_parents_end() -> None:
    process.trap_exit()
    server = witness.start_link(trap=True)
    system.suspend(server)
    process.send(server, "kept back")
    process.exit(server, "shutdown")
    assert expect() == ("terminate", "shutdown")
    assert expect() == Exit(server, "shutdown")


def test_a_suspended_server_can_be_stopped_and_killed() -> None:
    for ends, news in [(gen_server.stop, [("terminate", "normal")]), (_kill, [])]:
        server = witness.start(trap=True)
        system.suspend(server)
        ref = process.monitor(server)
        ends(server)
        assert [expect(tuple) for _ in news] == news
        assert expect_down(ref) in ("normal", "killed")


def _kill(pid: Pid) -> None:
    process.exit(pid, "kill")


def test_an_idle_time_begins_again_after_a_system_request() -> None:
    server = witness.start(init=lambda told: Ok(told, timeout=0.05))
    assert system.get_status(server)["status"] == "running"
    assert expect() == ("info", Timeout())
    process.exit(server, "kill")


# ---- terminate


def test_terminate_returns_before_the_server_has(counter: Pid) -> None:
    server = witness.start(terminate=process.receive)
    ref = process.monitor(server)
    system.terminate(server, "enough")
    assert expect() == ("terminate", "enough")
    process.send(server, "go on")
    assert expect_down(ref) == "enough"


# ---- failures


@pytest.mark.parametrize(
    "ask",
    [system.get_state, system.get_status, system.suspend, system.resume],
    ids=lambda f: f.__name__,
)
def test_nobody_can_be_asked(ask: Any) -> None:
    with pytest.raises(NoProcess):
        ask("nobody")


def test_a_busy_server_lets_the_request_time_out() -> None:
    server = witness.start(init=lambda told: Ok(told, then=lambda state: process.receive(int)))
    with pytest.raises(CallTimeout):
        system.get_state(server, timeout=0.01)
    process.exit(server, "kill")


def test_a_server_that_dies_meanwhile_is_a_call_error() -> None:
    server = witness.start()
    with pytest.raises(CallError) as caught:
        system.replace_state(server, lambda state: crasher.signals())
    assert isinstance(caught.value, ServerDied)
    assert caught.value.reason == "killed"


def test_a_state_that_cannot_be_sent_is_no_harm(counter: Pid) -> None:
    server = witness.start(init=lambda told: Ok(awkward.unpicklable()))
    with pytest.raises((CallError, system.SystemError)):
        system.get_state(server)
    assert process.is_alive(server)
    process.exit(server, "kill")


# ---- code change


def test_code_can_be_changed_while_the_server_is_suspended() -> None:
    class New(GenServer[Any]):
        def init(self, arg):
            return Ok(arg)

        def handle_call(self, request, caller, state):
            return Reply(("new", state), state)

        def code_change(self, old_version, state, extra):
            return Ok((old_version, state, extra))

    New.__module__ = "__main__"
    counter = gen_server.start_link(Counter, 5)
    with pytest.raises(system.SystemError):
        system.change_code(counter, New, 1, "extra")
    system.suspend(counter)
    system.change_code(counter, New, 1, "extra")
    system.resume(counter)
    assert gen_server.call(counter, "x") == ("new", (1, 5, "extra"))


def test_format_status_decides_what_is_shown() -> None:
    class Secret(GenServer[Any]):
        def init(self, arg):
            return Ok(arg)

        def format_status(self, status):
            return {**status, "state": "hidden"}

    server = gen_server.start_link(Secret, "password")
    assert system.get_status(server)["state"] == "hidden"
    assert system.get_state(server) == "password"


@pytest.mark.parametrize("shows", [lambda s: crasher.raises(), lambda s: None, lambda s: {"x": 1}])
def test_a_format_status_that_fails_hides_nothing_and_harms_nobody(shows: Any) -> None:
    class Clumsy(GenServer[Any]):
        def init(self, arg):
            return Ok(arg)

        def format_status(self, status):
            return shows(status)

    server = gen_server.start_link(Clumsy, "state")
    assert system.get_status(server)["state"] == "state"
    assert system.get_state(server) == "state"
