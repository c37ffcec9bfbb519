"""Processes that acknowledge their start and report their crash."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from otp import gen_server, proc_lib, process, system
from otp.errors import StartError, StartTimeout
from otp.gen_server import GenServer, Ok, Reply
from otp.terms import Crash, Exit, Pid, Shutdown, Timeout
from tests.expecting import expect, expect_down, expect_nothing
from tests.servers import crasher
from tests.servers.counter import Counter
from tests.servers.witness import Told, Witness


def ready(*news: Any) -> None:
    proc_lib.init_ack((process.self(), *news))
    process.receive(lambda message: message == "end")


def hears_all(owner: Pid) -> None:
    """Tells its owner what is logged in it, and ends as it is told to."""

    class Teller(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            process.send(owner, ("logged", getattr(record, "report", None)))

    logging.getLogger("otp").addHandler(Teller())
    proc_lib.init_ack(process.self())
    process.receive()()


def test_start_returns_what_is_acknowledged() -> None:
    pid, *news = proc_lib.start_link(ready, 1, {"a": [2]})
    assert news == [1, {"a": [2]}]
    assert pid in (process.info(process.self()) or {})["links"]
    assert proc_lib.start(proc_lib.init_ack) is None


def test_start_monitor_has_its_monitor_from_the_start() -> None:
    (pid,), ref = proc_lib.start_monitor(ready)
    process.send(pid, "end")
    assert expect_down(ref) == "normal"
    _, ref = proc_lib.start_monitor(proc_lib.init_ack)
    assert expect_down(ref) == "normal"


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda: process.exit("no"), "no"),
        (lambda: None, "normal"),
        (crasher.raises, Crash(ValueError("boom"))),
        (lambda: proc_lib.init_fail("not today"), "not today"),
        (lambda: proc_lib.init_fail("not today", "why"), "not today"),
    ],
    ids=["exit", "returns", "raises", "init_fail", "init_fail with a reason"],
)
def test_a_start_that_fails_raises_and_leaves_nothing(
    function: Callable[[], Any], reason: Any
) -> None:
    process.trap_exit()
    with pytest.raises(StartError) as caught:
        proc_lib.start_link(function)
    assert caught.value.reason == reason
    expect_nothing()


def test_a_start_that_takes_too_long_is_killed() -> None:
    process.trap_exit()
    before = set(process.processes())
    with pytest.raises(StartTimeout):
        proc_lib.start_link(process.receive, timeout=0.05)
    assert set(process.processes()) == before
    expect_nothing()


def test_after_the_acknowledgement_an_end_is_news() -> None:
    process.trap_exit()
    (pid,) = proc_lib.start_link(ready)
    process.send(pid, "end")
    assert expect() == Exit(pid, "normal")


def test_ancestors_are_the_starters() -> None:
    def child() -> None:
        proc_lib.init_ack(proc_lib.ancestors())

    def parent() -> None:
        proc_lib.init_ack((process.self(), proc_lib.start(child)))

    pid, of_child = proc_lib.start(parent)
    assert of_child == [pid, process.self()]
    assert proc_lib.ancestors() == []


def test_the_initial_call_is_known() -> None:
    pid, _ = proc_lib.start_link(ready, "news")
    assert (process.info(pid) or {})["initial_call"] == (__name__, "ready", 1)


@pytest.mark.parametrize(
    ("end", "reason", "kind"),
    [
        (lambda: process.exit("boom"), "boom", "exit"),
        (crasher.raises, Crash(ValueError("boom")), "error"),
    ],
    ids=["exit", "error"],
)
def test_a_crash_is_reported(end: Callable[[], Any], reason: Any, kind: str) -> None:
    pid = proc_lib.start(hears_all, process.self())
    ref = process.monitor(pid)
    process.send(pid, end)
    _, report = expect(lambda message: isinstance(message, tuple))
    assert report["label"] == ("proc_lib", "crash")
    assert (report["reason"], report["class"], report["pid"]) == (reason, kind, pid)
    assert report["initial_call"] == (__name__, "hears_all", 1)
    assert report["ancestors"] == (process.self(),)
    assert expect_down(ref) == reason


@pytest.mark.parametrize("reason", ["normal", "shutdown", Shutdown("x")], ids=repr)
def test_an_orderly_end_is_not_reported(reason: Any) -> None:
    pid = proc_lib.start(hears_all, process.self())
    ref = process.monitor(pid)
    process.send(pid, lambda: process.exit(reason))
    assert expect_down(ref) == reason
    expect_nothing()


@pytest.mark.parametrize("spawn", [proc_lib.spawn, proc_lib.spawn_link])
def test_spawned_ones_run_their_function(spawn: Callable[..., Pid]) -> None:
    def tell(owner: Pid, n: int, more: int) -> None:
        process.send(owner, (process.self(), proc_lib.ancestors(), n + more))

    me = process.self()
    pid = spawn(tell, me, 1, more=2)
    assert expect() == (pid, [me], 3)


def test_a_spawned_one_is_monitored_from_the_start() -> None:
    _, ref = proc_lib.spawn_monitor(process.exit, "boom")
    assert expect_down(ref) == "boom"


def test_nobody_acknowledges_who_was_not_started() -> None:
    with pytest.raises(RuntimeError, match="nobody waits"):
        proc_lib.init_ack()


def test_a_process_that_heeds_system_requests_is_stopped() -> None:
    class Stoppable(GenServer[None]):
        def init(self, arg: None, /) -> Ok[None]:
            return Ok(None)

        def handle_call(self, request: Any, caller: Any, state: None) -> Reply[None]:
            return Reply(None, state)

    pid = gen_server.start(Stoppable, None)
    proc_lib.stop(pid, "enough")
    assert not process.is_alive(pid)


# ---- a process that becomes a server


def becomes_a_server(name: str | None, registered: bool) -> None:
    if registered:
        process.register(name or "", process.self())
    proc_lib.init_ack(process.self())
    process.receive(lambda message: message == "begin")
    gen_server.enter_loop(Counter, 7, name=name)


def test_a_process_becomes_a_server() -> None:
    process.trap_exit()
    pid = proc_lib.start_link(becomes_a_server, "late", True)
    process.send(pid, "begin")
    gen_server.cast(pid, "one")
    assert gen_server.call("late", "?") == 8
    assert system.get_status(pid)["parent"] == process.self()
    gen_server.stop(pid, "enough")
    assert expect() == Exit(pid, "enough")


def test_a_process_becomes_a_server_with_an_idle_timeout() -> None:
    def idle(owner: Pid) -> None:
        proc_lib.init_ack(process.self())
        gen_server.enter_loop(Witness, Told(owner), timeout=0.0)

    proc_lib.start_link(idle, process.self())
    assert expect() == ("info", Timeout())


def test_a_server_must_have_the_name_that_it_says() -> None:
    pid = proc_lib.start(becomes_a_server, "nobody's", False)
    ref = process.monitor(pid)
    process.send(pid, "begin")
    assert expect_down(ref) == "process_not_registered"


def test_only_what_proc_lib_has_started_becomes_a_server() -> None:
    _, ref = process.spawn_monitor(gen_server.enter_loop, Counter, 0)
    assert expect_down(ref) == "process_was_not_started_by_proc_lib"
