"""What a server does is logged, counted, traced and given to hooks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from otp import gen_server, process, system
from otp.gen_server import NoReply, Reply
from otp.terms import Pid
from tests.expecting import expect, expect_nothing
from tests.servers import witness
from tests.servers.counter import Counter


def counter(n: int = 0, name: str | None = None) -> Pid:
    return gen_server.start_link(Counter, n, name=name)


def test_the_log_keeps_the_last_events() -> None:
    server = counter()
    assert system.log(server) == []
    system.log(server, 3)
    gen_server.cast(server, "one")
    gen_server.call(server, "?")
    _, asked, (out, value, caller, state) = system.log(server) or []
    assert asked == ("in", ("$gen_call", caller, "?"))
    assert (out, value, caller.pid, state) == ("out", 1, process.self(), 1)
    system.log(server, True)
    assert len(system.log(server) or []) == 3
    system.log(server, False)
    assert system.log(server) == []


def test_all_kinds_of_events_are_logged() -> None:
    server = witness.start_link()
    system.log(server, True)
    gen_server.cast(server, lambda told: NoReply(told, then=NoReply))
    process.send(server, "hello")
    gen_server.call(server, lambda caller, told: Reply(1, told))
    kinds = [event[0] for event in system.log(server) or []]
    assert kinds == ["in", "noreply", "continue", "noreply", "in", "noreply", "in", "out"]
    assert expect() == ("info", "hello")


def test_the_log_is_part_of_the_status() -> None:
    server = counter()
    system.log(server, True)
    gen_server.cast(server, "one")
    assert system.get_status(server)["log"] == [("in", ("$gen_cast", "one")), ("noreply", 1)]


def test_statistics_count_messages_and_replies() -> None:
    server = counter()
    assert system.statistics(server) == "no_statistics"
    system.statistics(server, True)
    gen_server.cast(server, "one")
    gen_server.call(server, "?")
    counted = system.statistics(server)
    assert isinstance(counted, dict)
    assert (counted["messages_in"], counted["messages_out"]) == (2, 1)
    assert counted["start_time"] <= counted["current_time"]
    system.statistics(server, False)
    assert system.statistics(server) == "no_statistics"


def test_a_hook_is_called_until_it_is_done() -> None:
    def hook(state: tuple[Pid, int], event: Any, name: Any) -> Any:
        owner, left = state
        process.send(owner, (name, event[0], left))
        return (owner, left - 1) if left else "done"

    server = counter(name="hooked")
    system.install(server, hook, (process.self(), 1))
    for _ in range(3):
        gen_server.cast(server, "one")
    assert gen_server.call(server, "?") == 3
    assert [expect(), expect()] == [("hooked", "in", 1), ("hooked", "noreply", 0)]
    expect_nothing()


def test_a_hook_that_raises_is_removed_and_the_server_goes_on() -> None:
    def hook(owner: Pid, event: Any, name: Any) -> Any:
        process.send(owner, "called")
        raise ValueError

    server = counter()
    system.install(server, hook, process.self())
    assert gen_server.call(server, "?") == gen_server.call(server, "?") == 0
    assert expect() == "called"
    expect_nothing()


def tell(owner: Pid, event: Any, name: Any) -> Pid:
    process.send(owner, event[0])
    return owner


def test_hooks_are_removed_by_id_and_all_together() -> None:
    server = counter()
    system.install(server, tell, process.self())
    system.remove(server, tell)
    system.install(server, tell, process.self(), id=("my", "hook"))
    system.remove(server, ("my", "hook"))
    system.install(server, tell, process.self(), id=1)
    system.log(server, True)
    system.no_debug(server)
    gen_server.call(server, "?")
    assert system.log(server) == []
    expect_nothing()


def test_a_second_hook_with_the_same_id_is_not_installed() -> None:
    server = counter()
    system.install(server, tell, process.self(), id="tell")
    system.install(server, tell, None, id="tell")
    gen_server.call(server, "?")
    assert [expect(), expect()] == ["in", "out"]


def test_a_trace_is_printed_by_the_server(tmp_path: Path) -> None:
    output = tmp_path / "output"

    def redirect(state: int) -> int:
        sys.stdout = output.open("w")
        return state

    server = counter(name="traced")
    system.replace_state(server, redirect)
    system.trace(server)
    gen_server.cast(server, "one")
    gen_server.call(server, "?")
    system.log(server, True)
    gen_server.cast(server, "one")
    system.trace(server, False)
    system.log(server, "print")
    me = process.self()
    assert output.read_text().splitlines() == [
        "*DBG* traced got cast 'one'",
        "*DBG* traced new state 1",
        f"*DBG* traced got call '?' from {me!r}",
        f"*DBG* traced sent 1 to {me!r}, new state 1",
        *(2 * ["*DBG* traced got cast 'one'", "*DBG* traced new state 2"]),
    ]
