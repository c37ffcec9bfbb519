"""How servers begin: what `init` may end with, names, time limits; OTP's tables."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest

from otp import gen_server, process
from otp.errors import FunctionClause, Ignored, StartError, StartTimeout
from otp.gen_server import GenServer, Ignore, NoReply, Ok, Reply, Stop
from otp.runtime.context import Context
from otp.runtime.mailbox import CAME
from otp.terms import Crash, Down, ExitStatus, Shutdown, Signal
from tests.expecting import expect, expect_down, expect_nothing, flush
from tests.interrupting import Interrupted, alarm_raises
from tests.servers import awkward, crasher, sleeper, witness
from tests.servers.counter import Counter
from tests.servers.witness import Told, Witness


def told(init: Callable[[Any], Any] = Ok, **options: Any) -> Told:
    return Told(process.self(), init=init, **options)


def returns(value: Any) -> Callable[[Any], Any]:
    return lambda told: value


# ---- how init may end: what start raises, what the process dies of

REFUSALS = [
    (returns(Stop("no")), "no", "no"),
    (returns(Stop("normal")), "normal", "normal"),
    (returns(Stop(Shutdown("busy"))), Shutdown("busy"), Shutdown("busy")),
    (returns(Stop("no", "a state")), "no", "no"),
    (returns(Ignore()), "ignore", "normal"),
    (returns(("error", "politely")), "politely", "normal"),
    (returns("nonsense"), ("bad_return_value", "nonsense"), ("bad_return_value", "nonsense")),
    (returns(None), ("bad_return_value", None), ("bad_return_value", None)),
    (returns(NoReply(1)), ("bad_return_value", NoReply(1)), ("bad_return_value", NoReply(1))),
    (returns(Ok(1, timeout=-1)), ("bad_return_value", Ok(1, -1)), ("bad_return_value", Ok(1, -1))),
    (lambda told: crasher.raises(), Crash(ValueError("boom")), Crash(ValueError("boom"))),
    (lambda told: process.exit("no"), "no", "no"),
    (lambda told: sys.exit(3), ExitStatus(3), ExitStatus(3)),
    (lambda told: os._exit(3), ExitStatus(3), ExitStatus(3)),
    (lambda told: crasher.segfaults(), Signal("SIGSEGV"), Signal("SIGSEGV")),
    (lambda told: crasher.signals(), "killed", "killed"),
]
KINDS = ["stop", "normal", "shutdown", "stop with state", "ignore", "error", "nonsense", "none",
         "another result", "bad timeout", "raise", "exit", "sys.exit", "os._exit", "segfault",
         "kill -9"]  # fmt: skip


def outcome(start: Callable[..., Any], init: Any, **options: Any) -> StartError:
    with pytest.raises(StartError) as caught:
        start(Witness, told(init), **options)
    return caught.value


@pytest.mark.parametrize(("init", "reason", "died_of"), REFUSALS, ids=KINDS)
class TestWhenInitRefuses:
    def test_start_raises_its_reason(self, init, reason, died_of) -> None:
        error = outcome(gen_server.start, init, name="refused")
        assert error.reason == reason
        assert isinstance(error, Ignored) == (reason == "ignore")
        assert process.whereis("refused") is None
        assert process.processes() == [process.self()]
        expect_nothing()

    def test_start_link_of_one_that_traps_raises_and_tells_nothing_else(
        self, init, reason, died_of
    ) -> None:
        process.trap_exit()
        assert outcome(gen_server.start_link, init, name="refused").reason == reason
        assert process.whereis("refused") is None
        assert process.info(process.self())["links"] == []
        expect_nothing()

    def test_start_link_of_one_that_does_not_trap_ends_it_too(self, init, reason, died_of) -> None:
        me = process.self()

        def starts() -> None:
            try:
                gen_server.start_link(Witness, Told(me, init=init))
            except StartError as error:
                process.exit(("survived", error.reason))

        _, ref = process.spawn_monitor(starts)
        assert expect_down(ref) == (("survived", reason) if died_of == "normal" else died_of)

    def test_start_monitor_raises_and_leaves_no_monitor(self, init, reason, died_of) -> None:
        assert outcome(gen_server.start_monitor, init).reason == reason
        assert process.info(process.self())["monitors"] == []
        expect_nothing()

    def test_others_who_are_linked_hear_of_the_true_reason(self, init, reason, died_of) -> None:
        me = process.self()

        def tells_and_goes_on(told: Any) -> Any:
            told.tell(process.self())
            process.receive()
            return init(told)

        process.spawn(lambda: gen_server.start(Witness, Told(me, init=tells_and_goes_on)))
        (pid,) = expect(tuple)
        ref = process.monitor(pid)
        process.send(pid, "go on")
        assert expect_down(ref) == died_of


def test_a_failed_start_shows_where_it_failed() -> None:
    error = outcome(gen_server.start, lambda told: crasher.raises("in init"))
    assert isinstance(error.__cause__, ValueError)
    assert "crasher.py" in str(error.__cause__.__cause__)
    assert str(error) == "not started: Crash(ValueError('in init'))"


def test_a_server_without_init_does_not_start() -> None:
    class Empty(GenServer[None]):
        pass

    with pytest.raises(StartError) as caught:
        gen_server.start(Empty, None)
    assert isinstance(caught.value.reason.exception, FunctionClause)


# ---- a start that succeeds


@pytest.mark.parametrize("result", [Ok("state"), Ok("state", timeout=60), Ok("state", then="go")])
def test_start_returns_when_init_is_done(result: Ok[str]) -> None:
    me = process.self()

    class Begins(GenServer[str]):
        def init(self, arg):
            process.send(me, "init")
            return arg

        def handle_continue(self, then, state):
            return NoReply(state)

        def handle_call(self, request, caller, state):
            return Reply(state, state)

    pid = gen_server.start(Begins, result)
    assert expect() == "init"
    assert gen_server.call(pid, "state") == "state"
    process.exit(pid, "kill")


def test_start_is_not_linked_start_link_is_and_start_monitor_is_watched() -> None:
    me = process.self()
    alone, linked = gen_server.start(Counter, 0), gen_server.start_link(Counter, 0)
    watched, ref = gen_server.start_monitor(Counter, 0)
    assert [process.info(pid)["links"] for pid in (alone, linked, watched)] == [[], [me], []]
    assert [process.info(pid)["monitored_by"] for pid in (alone, linked, watched)] == [[], [], [me]]
    gen_server.stop(alone)
    gen_server.stop(watched, "shutdown")
    assert expect() == Down(ref, watched, "shutdown")


def test_what_init_sends_itself_stands_before_all_that_is_sent_after_start() -> None:
    def sends_itself(told: Any) -> Any:
        process.send(process.self(), "first")
        return Ok(told)

    server = witness.start(init=sends_itself)
    process.send(server, "second")
    assert [expect(), expect()] == [("info", "first"), ("info", "second")]
    process.exit(server, "kill")


def test_the_class_may_be_of_this_very_function_and_use_what_is_around_it() -> None:
    greeting = "hello"

    class Polite(GenServer[str]):
        def init(self, name):
            return Ok(name)

        def handle_call(self, request, caller, state):
            return Reply(f"{greeting} {state}", state)

    server = gen_server.start_link(Polite, "world")
    assert gen_server.call(server, None) == "hello world"


# ---- the other arguments


@pytest.mark.parametrize("option", ["timeout", "hibernate_after"])
@pytest.mark.parametrize("value", [-1, "5", float("nan"), True])
def test_times_are_numbers_of_seconds(option: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=f"{option} is to be"):
        gen_server.start(Counter, 0, **{option: value})


@pytest.mark.parametrize("cls", [None, "Counter", Counter(), int])
def test_only_a_gen_server_can_be_started(cls: Any) -> None:
    with pytest.raises(TypeError, match="start takes a class derived from GenServer, not"):
        gen_server.start(cls, 0)


@pytest.mark.parametrize("busy", sleeper.WAYS)
def test_an_init_that_takes_too_long_is_killed(busy: Callable[..., None]) -> None:
    def init(told: Any) -> None:
        busy(told.owner, trap=True)

    process.trap_exit()
    for start in (gen_server.start, gen_server.start_link):
        with pytest.raises(StartTimeout):
            start(Witness, told(init), name="slow", timeout=0.05)
        assert process.whereis("slow") is None
    assert process.processes() == [process.self()]
    assert set(flush()) <= {sleeper.BEGUN}


@pytest.mark.parametrize("start", [gen_server.start, gen_server.start_link])
def test_a_start_that_a_signal_handler_interrupts_leaves_nothing(start: Callable[..., Any]) -> None:
    """Ctrl-C, say, of somebody who then goes on: the half-started server would be nobody's."""
    tester = os.getpid()

    def init(told: Any) -> None:
        os.kill(tester, signal.SIGALRM)
        sleeper.sleeps(told.owner)

    with alarm_raises(), pytest.raises(Interrupted):
        start(Witness, told(init), name="slow")
    assert process.whereis("slow") is None
    assert process.processes() == [process.self()]
    assert set(flush()) <= {sleeper.BEGUN}


def test_a_start_in_time_is_no_timeout() -> None:
    assert gen_server.call(gen_server.start_link(Counter, 1, timeout=5), "count") == 1


def test_a_server_that_is_dead_before_its_start_returns_is_reported(monkeypatch) -> None:
    """The acknowledgement and the `Down` are taken out of the pipe together."""

    def all_of(context: Context, ack: int, monitor: int, *_: Any) -> None:
        while any(context.mailbox.awaited[tag] is None for tag in (ack, monitor)):
            assert context.mailbox.wait(monotonic() + 5) == CAME

    monkeypatch.setattr(Context, "first_of", all_of)
    dies = told(lambda told: Ok(told, then=lambda state: Stop("at once", state)))
    server, ref = gen_server.start_monitor(Witness, dies)
    assert expect() == ("terminate", "at once")
    assert expect() == Down(ref, server, "at once")
    expect_nothing()


def test_an_argument_that_cannot_be_read_is_a_start_error() -> None:
    with pytest.raises(StartError, match="cannot be built here"):
        gen_server.start(Counter, awkward.Unreadable())


def test_a_starter_that_is_ended_while_it_waits_leaves_a_linked_server_dead() -> None:
    me = process.self()

    def starts() -> None:
        gen_server.start_link(Witness, Told(me, init=lambda told: sleeper.sleeps(told.owner)))

    starter = process.spawn(starts)
    expect(sleeper.BEGUN)
    (server,) = process.info(starter)["links"]
    ref = process.monitor(server)
    process.exit(starter, "boom")
    assert expect_down(ref) == "boom"


def test_a_reason_that_cannot_be_sent_or_read_is_told_in_words() -> None:
    for value, says in [
        (awkward.unpicklable, "lock"),
        (awkward.Unreadable, "cannot be built here"),
    ]:
        error = outcome(gen_server.start, lambda told, value=value: Stop(value()))
        assert says in str(error)
