"""Idle times and hibernation: what a server does while nothing comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otp import gen_server, process
from otp.gen_server import HIBERNATE, NoReply, Ok, Reply
from otp.terms import Exit, Pid, Timeout
from tests.expecting import expect, expect_nothing
from tests.servers import witness


def state_of(server: Pid) -> Any:
    return gen_server.call(server, lambda caller, state: Reply(state, state))


def idle(result: Callable[[Any], Any]) -> Pid:
    return witness.start(init=result)


def test_an_idle_time_tells_that_nothing_came() -> None:
    server = idle(lambda told: Ok(told, timeout=0.001))
    assert expect() == ("info", Timeout())
    assert state_of(server)
    expect_nothing()  # it has to be asked for again each time
    for again in (
        lambda caller, state: Reply("x", state, timeout=0.001),
        lambda caller, state: (gen_server.reply(caller, "x"), NoReply(state, timeout=0.001))[1],
    ):
        assert gen_server.call(server, again) == "x"
        assert expect() == ("info", Timeout())
    gen_server.cast(server, lambda state: NoReply(state, timeout=0.001))
    assert expect() == ("info", Timeout())
    process.exit(server, "kill")


def test_an_idle_time_of_zero_is_beaten_by_what_stands_in_the_mailbox() -> None:
    def init(told):
        process.send(process.self(), "queued")
        return Ok(told, timeout=0)

    server = idle(init)
    assert expect() == ("info", "queued")
    assert state_of(server)
    expect_nothing()
    gen_server.cast(server, lambda state: NoReply(state, timeout=0))
    assert expect() == ("info", Timeout())
    process.exit(server, "kill")


def test_any_message_ends_an_idle_time() -> None:
    server = idle(lambda told: Ok(told, timeout=0.05))
    assert state_of(server)
    process.send(server, "more")
    assert expect() == ("info", "more")
    with pytest.raises(TimeoutError):
        process.receive(timeout=0.1)
    process.exit(server, "kill")


def test_an_idle_time_without_end_never_comes() -> None:
    server = idle(lambda told: Ok(told, timeout=float("inf")))
    assert state_of(server)
    process.exit(server, "kill")


@pytest.mark.parametrize("how", ["result", "hibernate_after"])
def test_a_server_that_hibernates_wakes_with_the_next_message(how: str) -> None:
    timeout = HIBERNATE if how == "result" else None
    told = witness.Told(process.self(), init=lambda told: Ok(told, timeout=timeout))
    after = 0.001 if how == "hibernate_after" else None
    server = gen_server.start(witness.Witness, told, hibernate_after=after)
    while process.info(server)["status"] != "hibernating":
        pass
    process.send(server, "wake up")
    assert expect() == ("info", "wake up")
    gen_server.call(server, lambda caller, state: Reply("x", state, timeout=HIBERNATE))
    process.trap_exit()
    process.link(server)
    process.exit(server, "kill")
    assert expect() == Exit(server, "killed")


class Treasure:
    """Tells when nobody has it any more."""

    def __init__(self, owner: Pid) -> None:
        self.owner = owner

    def __del__(self) -> None:
        if process.self() != self.owner:
            process.send(self.owner, "forgotten")


@pytest.mark.parametrize("timeout", [None, HIBERNATE, 3600])
@pytest.mark.parametrize("how", ["call", "cast", "info"])
def test_a_server_that_waits_has_forgotten_its_last_message(how: str, timeout: Any) -> None:
    """It may be very long, and the next one may never come."""
    server, treasure = gen_server.start(Forgetful, timeout), Treasure(process.self())
    if how == "call":
        assert gen_server.call(server, treasure) == "taken"
    else:
        (gen_server.cast if how == "cast" else process.send)(server, treasure)
    assert expect() == "forgotten"
    process.exit(server, "kill")


class Forgetful(gen_server.GenServer[Any]):
    def init(self, timeout: Any, /) -> Ok[Any]:
        return Ok(timeout)

    def handle_call(self, request: Any, caller: Any, state: Any) -> Reply[Any]:
        return Reply("taken", state, timeout=state)

    def handle_cast(self, request: Any, state: Any) -> NoReply[Any]:
        return NoReply(state, timeout=state)

    handle_info = handle_cast
