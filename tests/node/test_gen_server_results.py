"""What callbacks may return and raise, and what a server does then."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from otp import gen_server, process
from otp.errors import ServerDied
from otp.gen_server import GenServer, Ignore, NoReply, Ok, Reply, Stop
from otp.terms import Crash, ExitStatus, Pid
from tests.expecting import expect, expect_down
from tests.servers import crasher, witness

# ---- states


def test_a_state_lives_from_result_to_result() -> None:
    class Counts(GenServer[int]):
        def init(self, start):
            return Ok(start)

        def handle_call(self, request, caller, state):
            return Reply((request, state), state + 1)

        handle_cast = handle_info = lambda self, message, state: NoReply(state + message)

    server = gen_server.start_link(Counts, 5)
    gen_server.cast(server, 10)
    process.send(server, 100)
    assert gen_server.call(server, "a") == ("a", 115)
    assert gen_server.call(server, "b") == ("b", 116)


def test_a_state_may_be_changed_in_place() -> None:
    class Keeps(GenServer[list[int]]):
        def init(self, items):
            return Ok(items)

        def handle_call(self, request, caller, state):
            state.append(request)
            return Reply(list(state), state)

    server = gen_server.start_link(Keeps, [])
    assert [gen_server.call(server, n) for n in (1, 2)] == [[1], [1, 2]]


def test_a_reply_is_sent_before_the_server_goes_on() -> None:
    server = witness.start()
    busy_after = lambda caller, state: Reply("now", state, then=lambda s: process.receive())  # noqa: E731
    assert gen_server.call(server, busy_after) == "now"
    process.exit(server, "kill")


# ---- continue


def test_what_then_says_is_done_before_any_message() -> None:
    def first(state):
        state.tell("continue", 1)
        return NoReply(state, then=second)

    def second(state):
        state.tell("continue", 2)
        return NoReply(state)

    def starts(told):
        process.send(process.self(), "queued")
        return Ok(told, then=first)

    server = witness.start(init=starts)
    order = [("continue", 1), ("continue", 2), ("info", "queued")]
    assert [expect() for _ in order] == order
    gen_server.call(server, lambda caller, state: Reply("r", state, then=second))
    assert expect() == ("continue", 2)
    gen_server.cast(server, lambda state: NoReply(state, then=second))
    assert expect() == ("continue", 2)
    process.exit(server, "kill")


def test_a_continue_may_stop_the_server() -> None:
    server = witness.start()
    ref = process.monitor(server)
    stops = lambda state: Stop("enough", state)  # noqa: E731
    gen_server.cast(server, lambda state: NoReply(state, then=stops))
    assert expect() == ("terminate", "enough")
    assert expect_down(ref) == "enough"


def test_a_continue_that_nobody_handles_is_a_crash() -> None:
    class Forgets(GenServer[None]):
        def init(self, arg):
            return Ok(None, then="forgotten")

    _, ref = gen_server.start_monitor(Forgets, None)
    assert "handle_continue has no clause for 'forgotten'" in str(expect_down(ref).exception)


# ---- the end of a server: by its results, by what it raises

BAD: list[Any] = [None, "nonsense", ("noreply", 1), Ok(1), Ignore(), Stop("no state"), Reply, 0]
CALLBACKS: dict[str, Callable[[Pid, Callable[..., Any]], Any]] = {
    "handle_call": lambda server, act: process.spawn(
        lambda: gen_server.call(server, lambda caller, state: act(state))
    ),
    "handle_cast": gen_server.cast,
    "handle_continue": lambda server, act: gen_server.cast(
        server, lambda state: NoReply(state, then=act)
    ),
}


@pytest.mark.parametrize("callback", CALLBACKS)
@pytest.mark.parametrize("value", BAD, ids=repr)
def test_what_is_no_result_ends_the_server(callback: str, value: Any) -> None:
    server = witness.start()
    ref = process.monitor(server)
    CALLBACKS[callback](server, lambda state: value)
    assert expect() == ("terminate", ("bad_return_value", value))
    assert expect_down(ref) == ("bad_return_value", value)


def test_a_reply_is_no_result_of_a_cast() -> None:
    server = witness.start()
    gen_server.cast(server, lambda state: Reply(1, 2))
    assert expect() == ("terminate", ("bad_return_value", Reply(1, 2)))


@pytest.mark.parametrize("timeout", [-1, "soon", True, [1]])
@pytest.mark.parametrize("result", [NoReply, lambda state, **kw: Reply(1, state, **kw)])
def test_a_bad_idle_time_is_no_result(result: Callable[..., Any], timeout: Any) -> None:
    server = witness.start()
    with pytest.raises(ServerDied) as caught:
        gen_server.call(server, lambda caller, state: result(1, timeout=timeout))
    assert caught.value.reason[0] == "bad_return_value"


RAISES = [
    (crasher.raises, Crash(ValueError("boom"))),
    (lambda: process.exit("gone"), "gone"),
    (lambda: sys.exit(3), ExitStatus(3)),
    (sys.exit, "normal"),
]


@pytest.mark.parametrize("callback", CALLBACKS)
@pytest.mark.parametrize(
    ("raises", "reason"), RAISES, ids=["raise", "exit", "sys.exit(3)", "sys.exit"]
)
def test_what_a_callback_raises_ends_the_server(callback: str, raises: Any, reason: Any) -> None:
    server = witness.start()
    ref = process.monitor(server)
    CALLBACKS[callback](server, lambda state: raises())
    assert expect() == ("terminate", reason)
    assert expect_down(ref) == reason


def test_an_exception_in_handle_info_ends_the_server() -> None:
    server = witness.start(init=lambda told: Ok("a state that cannot tell"))
    ref = process.monitor(server)
    process.send(server, "x")
    assert isinstance(expect_down(ref).exception, AttributeError)


def test_terminate_gets_the_state_that_was_last_returned() -> None:
    me = process.self()

    class Keeps(GenServer[int]):
        def init(self, start):
            return Ok(start)

        def handle_call(self, request, caller, state):
            return request(state)

        def terminate(self, reason, state):
            process.send(me, state)

    for act, last in [
        (lambda state: Stop("x", 2), 2),
        (lambda state: Stop("x", 2, "reply"), 2),
        (lambda state: crasher.raises(), 1),
        (lambda state: "nonsense", 1),
        (lambda state: process.exit("x"), 1),
    ]:
        server = gen_server.start(Keeps, 1)
        try:
            assert gen_server.call(server, act) == "reply"
        except ServerDied:
            pass
        assert expect() == last


# ---- stop with a reply


def test_the_reply_of_a_stop_comes_after_terminate() -> None:
    server = witness.start(terminate=lambda: process.receive(lambda message: message == "go on"))
    ref = process.monitor(server)
    stops = lambda caller, state: Stop("done", state, reply="bye")  # noqa: E731
    request = gen_server.send_request(server, stops)
    assert expect() == ("terminate", "done")
    assert gen_server.wait_response(request, 0.0) == "timeout"
    process.send(server, "go on")
    assert gen_server.receive_response(request, 5.0) == ("reply", "bye")
    assert expect_down(ref) == "done"


@pytest.mark.parametrize("ends", [crasher.raises, lambda: process.exit("other")])
def test_the_reply_of_a_stop_comes_though_terminate_fails(ends: Callable[[], Any]) -> None:
    server = witness.start(terminate=ends)
    stops = lambda caller, state: Stop("done", state, reply="bye")  # noqa: E731
    assert gen_server.call(server, stops) == "bye"


def test_a_stop_without_reply_is_a_death_for_its_caller() -> None:
    for reason in ("normal", "boom"):
        with pytest.raises(ServerDied) as caught:
            gen_server.call(witness.start(), lambda caller, state, r=reason: Stop(r, state))
        assert caught.value.reason == reason


# ---- what nobody expects


def test_an_unknown_call_and_cast_are_crashes_and_a_message_is_not() -> None:
    class Bare(GenServer[int]):
        def init(self, arg):
            return Ok(arg)

    server, ref = gen_server.start_monitor(Bare, 0)
    process.send(server, "an unknown message")
    with pytest.raises(ServerDied, match="has no clause for 'an unknown call'"):
        gen_server.call(server, "an unknown call")
    expect_down(ref)
    server, ref = gen_server.start_monitor(Bare, 0)
    gen_server.cast(server, "an unknown cast")
    assert "has no clause for 'an unknown cast'" in str(expect_down(ref).exception)


def test_what_looks_like_a_request_but_is_none_is_a_message() -> None:
    server = witness.start()
    for message in [("$gen_call",), ("$gen_cast", 1, 2), ("system", 1), ["$gen_cast", 1], (), None]:
        process.send(server, message)
        assert expect() == ("info", message)
    process.exit(server, "kill")


def test_an_attribute_that_is_set_on_self_is_a_crash_that_says_so() -> None:
    class Forgets(GenServer[None]):
        def init(self, arg):
            return Ok(None)

        def handle_cast(self, request, state):
            self.count = 1
            return NoReply(state)

    server, ref = gen_server.start_monitor(Forgets, None)
    gen_server.cast(server, "x")
    assert "Forgets.count: a GenServer keeps nothing on self" in str(expect_down(ref).exception)
