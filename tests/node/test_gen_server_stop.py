"""cast and stop: what they do, and what becomes of those who are not there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from otp import gen_server, process
from otp.errors import CallError, CallsItself, CallTimeout, NoProcess, ServerDied
from otp.terms import Pid, Shutdown, Via
from tests.expecting import expect, expect_down, expect_nothing
from tests.servers import crasher, keeper, witness


def dead() -> Pid:
    pid, ref = process.spawn_monitor(crasher.returns)
    expect_down(ref)
    return pid


# ---- cast


@pytest.mark.parametrize("server", [dead, lambda: "free", lambda: Via(keeper, "free")])
def test_a_cast_to_nobody_is_silent(server: Callable[[], Any]) -> None:
    assert gen_server.cast(server(), "x") is None
    assert gen_server.cast(server(), bytes(100_000)) is None


def test_a_cast_needs_a_server() -> None:
    with pytest.raises(TypeError, match="a process is named by"):
        gen_server.cast(12, "x")


# ---- stop


@pytest.mark.parametrize("reason", ["normal", "shutdown", Shutdown(1), "boom", ("any", [1])])
def test_stop_lets_it_terminate_and_returns_when_it_is_dead(reason: Any) -> None:
    server = witness.start()
    ref = process.monitor(server)
    gen_server.stop(server, reason)
    assert process.info(server) is None
    assert expect() == ("terminate", reason)
    assert expect_down(ref) == reason


@pytest.mark.parametrize("server", [dead, lambda: "free", lambda: Via(keeper, "free")])
def test_nobody_cannot_be_stopped(server: Callable[[], Any]) -> None:
    with pytest.raises(NoProcess):
        gen_server.stop(server())


def test_a_stop_that_takes_too_long_goes_on() -> None:
    server = witness.start(terminate=process.receive)
    with pytest.raises(CallTimeout, match=r"to \('stop', 'normal'\) within 0.01 s$"):
        gen_server.stop(server, timeout=0.01)
    assert expect() == ("terminate", "normal")
    ref = process.monitor(server)
    process.send(server, "now")
    assert expect_down(ref) == "normal"
    expect_nothing()


def test_a_stop_that_ends_otherwise_raises_how() -> None:
    with pytest.raises(ServerDied) as caught:
        gen_server.stop(witness.start(terminate=partial(crasher.exits, "otherwise")))
    assert caught.value.reason == "otherwise"


def test_nobody_stops_himself() -> None:
    with pytest.raises(CallsItself):
        gen_server.stop(process.self())


def test_stop_waits_its_turn() -> None:
    server = witness.start()
    for number in range(100):
        process.send(server, number)
    gen_server.stop(server)
    assert [expect() for _ in range(100)] == [("info", number) for number in range(100)]
    assert expect() == ("terminate", "normal")


def test_every_failure_is_a_call_error_that_carries_the_request() -> None:
    for fails in (partial(gen_server.call, "free", "x"), partial(gen_server.stop, "free")):
        with pytest.raises(CallError) as caught:
            fails()
        assert caught.value.server == "free"
