"""call, cast, reply, stop: all that can happen to a request."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from otp import gen_server, node, process
from otp.errors import CallsItself, CallTimeout, NoProcess, ServerDied
from otp.gen_server import NoReply, Reply, Stop
from otp.terms import Crash, ExitStatus, From, Global, Pid, Shutdown, Signal, Via
from otp.wire.protocol import KERNEL, LAUNCHER
from tests.expecting import expect, expect_down, expect_nothing
from tests.footprint import parcels
from tests.servers import crasher, keeper, witness
from tests.servers.counter import Counter


def dead() -> Pid:
    pid, ref = process.spawn_monitor(crasher.returns)
    expect_down(ref)
    return pid


def alive(server: Pid) -> bool:
    return gen_server.call(server, lambda caller, state: Reply(True, state))


# ---- call: nobody is there


@pytest.mark.parametrize(
    "server",
    [dead, lambda: "free", lambda: Via(keeper, "free"), lambda: Global("free"),
     lambda: Pid(process.self().id, "node-1-00000000")],
    ids=["dead", "free name", "free key", "global name", "another node"],
)  # fmt: skip
@pytest.mark.parametrize("timeout", [0, 5.0, None])
def test_a_call_to_nobody_raises_at_once(server: Callable[[], Any], timeout: float | None) -> None:
    who = server()
    with pytest.raises(NoProcess) as caught:
        gen_server.call(who, "request", timeout)
    assert (caught.value.reason, caught.value.server) == ("noproc", who)
    assert caught.value.request == "request"


def test_one_whom_the_caller_has_killed_is_nobody() -> None:
    for reason in ("kill", "boom"):
        server = gen_server.start(Counter, 0)
        process.exit(server, reason)
        with pytest.raises(NoProcess):
            gen_server.call(server, "count")


# ---- call: it ends before it replies

ENDS = [
    (lambda caller, state: Stop("normal", state), "normal"),
    (lambda caller, state: Stop("shutdown", state), "shutdown"),
    (lambda caller, state: Stop(Shutdown("x"), state), Shutdown("x")),
    (lambda caller, state: Stop("boom", state), "boom"),
    (lambda caller, state: process.exit("gone"), "gone"),
    (lambda caller, state: crasher.raises(), Crash(ValueError("boom"))),
    (lambda caller, state: crasher.leaves(3), ExitStatus(3)),
    (lambda caller, state: crasher.leaves_at_once(3), ExitStatus(3)),
    (lambda caller, state: crasher.segfaults(), Signal("SIGSEGV")),
    (lambda caller, state: crasher.aborts(), Signal("SIGABRT")),
    (lambda caller, state: crasher.signals(), "killed"),
    (lambda caller, state: process.exit(process.self(), "kill"), "killed"),
    (lambda caller, state: process.exit(process.self(), "normal"), "normal"),
]


@pytest.mark.parametrize(("request_", "reason"), ENDS, ids=lambda value: repr(value)[:30])
def test_a_server_that_ends_tells_its_caller_why(request_: Any, reason: Any) -> None:
    server = witness.start()
    with pytest.raises(ServerDied) as caught:
        gen_server.call(server, request_)
    assert caught.value.reason == reason
    assert caught.value.server == server
    assert not process.is_alive(server)


def test_a_crash_of_the_server_is_the_cause_of_the_error() -> None:
    with pytest.raises(ServerDied) as caught:
        gen_server.call(witness.start(), lambda caller, state: crasher.raises())
    assert str(caught.value.__cause__) == "boom"
    assert "crasher.py" in str(caught.value.__cause__.__cause__)
    assert "died before it answered" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_a_crash_says_at_length_is_told_in_short() -> None:
    """The exception itself arrives whole."""
    long = "x" * 3000

    def raises(caller: From, state: Any) -> Any:
        raise ValueError("no", long)

    with pytest.raises(ServerDied) as caught:
        gen_server.call(witness.start(), raises)
    assert caught.value.__cause__.args == ("no", long)
    assert len(str(caught.value)) < 2000


def test_a_forgotten_return_is_told_with_what_to_do() -> None:
    with pytest.raises(ServerDied, match="a callback returned None: it is to return NoReply"):
        gen_server.call(witness.start(), lambda caller, state: None)


def test_a_reply_that_was_sent_before_the_death_counts() -> None:
    for end in (crasher.signals, crasher.segfaults, partial(crasher.exits, "boom")):

        def replies_and_dies(caller, state, end=end):
            gen_server.reply(caller, "last words")
            end()

        assert gen_server.call(witness.start(), replies_and_dies) == "last words"


def test_callers_in_the_queue_are_told_too() -> None:
    me, server = process.self(), witness.start()

    def dies_when_five_wait(state):
        while process.info(process.self())["message_queue_len"] < 5:
            pass
        crasher.signals()

    def calls():
        try:
            gen_server.call(server, lambda caller, state: Reply("x", state))
        except ServerDied as error:
            process.send(me, error.reason)

    gen_server.cast(server, dies_when_five_wait)
    for _ in range(5):
        process.spawn(calls)
    assert [expect("killed") for _ in range(5)] == ["killed"] * 5


# ---- call: it takes too long


@pytest.mark.parametrize("late", ["short", bytes(100_000)], ids=["short", "long"])
def test_a_call_ends_with_its_time_and_a_late_reply_is_dropped(late: Any) -> None:
    server = witness.start()
    with pytest.raises(CallTimeout) as caught:
        gen_server.call(server, lambda caller, state: (state.tell(caller), NoReply(state))[1], 0.01)
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.reason == "timeout"
    assert str(caught.value).endswith(" within 0.01 s")
    (caller,) = expect(tuple)
    gen_server.cast(server, lambda state: (gen_server.reply(caller, late), NoReply(state))[1])
    assert alive(server)
    expect_nothing()
    assert parcels(node.current().directory) == []
    process.exit(server, "kill")


def test_a_request_that_timed_out_is_handled_all_the_same() -> None:
    server = gen_server.start_link(Counter, 0)
    os_pid = process.info(server)["os_pid"]
    os.kill(os_pid, signal.SIGSTOP)
    with pytest.raises(CallTimeout):
        gen_server.call(server, "count", 0)
    gen_server.cast(server, "one")
    os.kill(os_pid, signal.SIGCONT)
    assert gen_server.call(server, "count") == 1


@pytest.mark.parametrize("timeout", [-1, "5", float("nan"), True])
def test_a_time_is_a_number_of_seconds(timeout: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="timeout is to be"):
        gen_server.call("anybody", "x", timeout)


def test_a_process_that_is_no_server_lets_the_call_time_out() -> None:
    with pytest.raises(CallTimeout):
        gen_server.call(process.spawn_link(process.receive, int), "x", 0.01)


def test_nobody_calls_himself() -> None:
    process.register("me", process.self())
    for me in (process.self(), "me"):
        with pytest.raises(CallsItself) as caught:
            gen_server.call(me, "x")
        assert caught.value.reason == "calling_self"
    expect_nothing()


def test_a_server_that_calls_itself_is_told_so() -> None:
    with pytest.raises(ServerDied) as caught:
        gen_server.call(witness.start(), lambda caller, state: gen_server.call(process.self(), "x"))
    assert isinstance(caught.value.reason.exception, CallsItself)


def test_a_call_leaves_other_messages_where_they_are() -> None:
    server = gen_server.start_link(Counter, 0)
    process.send(process.self(), "first")
    ref = process.monitor(dead())
    assert gen_server.call(server, "count") == 0
    assert expect() == "first"
    assert expect_down(ref) == "noproc"


def test_a_caller_that_is_ended_in_a_call_is_gone_and_the_server_is_not() -> None:
    server = witness.start()

    def calls():
        gen_server.call(server, lambda caller, state: (state.tell(caller), NoReply(state))[1], None)

    pid, ref = process.spawn_monitor(calls)
    (caller,) = expect(tuple)
    process.exit(pid, "boom")
    assert expect_down(ref) == "boom"
    gen_server.reply(caller, "for the dead")
    assert alive(server)
    process.exit(server, "kill")


# ---- reply


def test_a_reply_may_come_later_and_from_another_process() -> None:
    me, server = process.self(), witness.start()

    def hands_on(caller, state):
        state.tell(caller)
        return NoReply(state)

    process.spawn(lambda: process.send(me, ("reply", gen_server.call(server, hands_on))))
    (caller,) = expect(lambda m: isinstance(m[0], From))
    assert alive(server)
    process.spawn(gen_server.reply, caller, "from a third")
    assert expect() == ("reply", "from a third")
    process.exit(server, "kill")


def test_a_second_reply_is_dropped() -> None:
    server = witness.start()

    def replies_twice(caller, state):
        gen_server.reply(caller, 1)
        return Reply(2, state)

    assert gen_server.call(server, replies_twice) == 1
    assert alive(server)
    expect_nothing()
    process.exit(server, "kill")


def test_a_reply_needs_a_caller() -> None:
    with pytest.raises(TypeError, match="reply goes to the caller that handle_call was given"):
        gen_server.reply(process.self(), "x")


@pytest.mark.parametrize(
    "value", [None, bytes(50_000_000), np.arange(2_000_000)], ids=["None", "bytes", "array"]
)
def test_requests_and_replies_of_any_size(value: Any) -> None:
    server = witness.start()
    reply = gen_server.call(server, partial(witness.echo, value), None)
    assert type(reply) is type(value)
    assert np.array_equal(reply, value) if isinstance(value, np.ndarray) else reply == value
    assert parcels(node.current().directory) == []
    process.exit(server, "kill")


@pytest.mark.parametrize("serial", [KERNEL, LAUNCHER, 999_999])
def test_a_pid_that_nobody_has_been_given_is_dead(serial: int) -> None:
    nobody = Pid(serial, process.self().node)
    with pytest.raises(NoProcess):
        gen_server.call(nobody, "x")
    process.send(nobody, bytes(10_000))
    ref = process.monitor(nobody)
    assert expect_down(ref) == "noproc"


def test_a_time_may_be_any_number() -> None:
    server = gen_server.start_link(Counter, 0)
    assert gen_server.call(server, "count", timeout=10**400) == 0
