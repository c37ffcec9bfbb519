"""What code of the user's raises, wherever it runs, harms no more than in OTP.

Callbacks and start callables: a crash, a failed start. Hooks, log handlers, what is asked for by
`otp.system`: nothing at all. `KeyboardInterrupt` and its like are nothing special.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from otp import gen_server, proc_lib, process, supervisor, system
from otp.errors import ProcessExit, ServerDied, StartError, SupervisorError
from otp.gen_server import GenServer, Ok, Reply, Stop
from otp.supervisor import ChildSpec
from otp.terms import Crash, Shutdown
from tests.expecting import expect, expect_down
from tests.family import children, heard, start
from tests.servers import reporter, witness, worker
from tests.servers.reporter import Logged
from tests.servers.worker import spec

KINDS = [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit, ProcessExit]
RAISES = pytest.mark.parametrize("kind", KINDS)


def reason_for(kind: type[BaseException], text: str) -> Any:
    return text if kind is ProcessExit else Crash(kind(text))


def throw(raised: BaseException) -> Any:
    raise raised


# ---- callbacks


@RAISES
def test_a_callback_that_raises_is_a_crash(kind) -> None:
    server = witness.start(init=lambda told: (reporter.install(told.owner), Ok(told))[1])
    ref = process.monitor(server)
    gen_server.cast(server, lambda state: throw(kind("boom")))
    reason = reason_for(kind, "boom")
    assert expect() == ("terminate", reason)
    assert [expect(Logged).report["reason"] for _ in range(2)] == [reason, reason]
    assert expect_down(ref) == reason


@RAISES
def test_a_call_that_raises_is_a_crash(kind) -> None:
    server = witness.start()
    with pytest.raises(ServerDied) as died:
        gen_server.call(server, lambda caller, state: throw(kind("boom")))
    assert died.value.reason == reason_for(kind, "boom")
    assert expect() == ("terminate", reason_for(kind, "boom"))


@RAISES
def test_init_and_terminate_that_raise_are_crashes(kind) -> None:
    with pytest.raises(StartError) as failed:
        witness.start(init=lambda told: throw(kind("boom")))
    assert failed.value.reason == reason_for(kind, "boom")
    server = witness.start(terminate=lambda: throw(kind("at the end")))
    ref = process.monitor(server)
    gen_server.cast(server, lambda state: Stop("first", state))
    assert expect() == ("terminate", "first")
    assert expect_down(ref) == reason_for(kind, "at the end")


@RAISES
def test_a_process_of_proc_lib_that_raises_is_reported(kind) -> None:
    me = process.self()

    def fails() -> None:
        reporter.install(me)
        raise kind("boom")

    _, ref = proc_lib.spawn_monitor(fails)
    assert expect(Logged).report["reason"] == reason_for(kind, "boom")
    assert expect_down(ref) == reason_for(kind, "boom")


# ---- start callables


@RAISES
def test_a_start_that_raises_is_a_failed_start(kind) -> None:
    bad = ChildSpec("bad", partial(worker.raises, kind, "boom"))
    reason = ("EXIT", reason_for(kind, "boom"))
    with pytest.raises(StartError) as failed:
        start(spec("a", trap=True), bad)
    assert failed.value.reason == Shutdown(("failed_to_start_child", "bad", reason))
    heard("init a", "terminate a 'shutdown'")
    sup = start(spec("a"))
    with pytest.raises(SupervisorError) as refused:
        supervisor.start_child(sup, bad)
    assert refused.value.reason[0] == reason
    assert [id for id, _ in children(sup)] == ["a"]


class Halved(tuple[Any, ...]):
    """What a start callable should not return."""

    __slots__ = ()

    def __len__(self) -> int:
        raise KeyboardInterrupt


def test_a_start_that_returns_something_malicious_is_a_failed_start() -> None:
    sup = start()
    with pytest.raises(SupervisorError):
        supervisor.start_child(sup, ChildSpec("bad", partial(worker.returns, Halved((1, 2)))))
    assert children(sup) == []


class Incomparable:
    """As a numpy array, which is neither equal to a string nor not."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("which of its elements?")

    def __hash__(self) -> int:
        return 0


def test_a_start_that_is_refused_for_a_reason_that_cannot_be_compared() -> None:
    sup = start()
    with pytest.raises(SupervisorError):
        supervisor.start_child(sup, ChildSpec("bad", partial(worker.refuses, (Incomparable(), 1))))
    assert children(sup) == []


def test_messages_and_reasons_that_cannot_be_compared_are_like_others() -> None:
    server = witness.start(init=lambda told: (reporter.install(told.owner), Ok(told))[1])
    system.suspend(server)
    process.send(server, (Incomparable(), 1, 2))
    assert system.get_status(server)["status"] == "suspended"
    system.resume(server)
    assert type(expect()[1][0]) is Incomparable
    ref = process.monitor(server)
    gen_server.cast(server, lambda state: Stop((Incomparable(), 1), state))
    assert expect()[0] == "terminate"
    assert "Incomparable" in expect(Logged).text
    expect(Logged)
    assert type(expect_down(ref)[0]) is Incomparable


# ---- otp.system


@RAISES
def test_a_replacement_of_the_state_that_raises_changes_nothing(kind) -> None:
    server = witness.start_link()
    with pytest.raises(system.SystemError) as failed:
        system.replace_state(server, lambda state: throw(kind("boom")))
    assert failed.value.reason == ("callback_failed", reason_for(kind, "boom"))
    assert gen_server.call(server, partial(witness.echo, "alive")) == "alive"


@RAISES
def test_a_hook_that_raises_is_removed(kind) -> None:
    def hook(state: Any, event: Any, name: Any) -> Any:
        raise kind("boom")

    server = witness.start_link()
    system.install(server, hook)
    assert gen_server.call(server, partial(witness.echo, 1)) == 1
    assert gen_server.call(server, partial(witness.echo, 2)) == 2


class Fragile(GenServer[Any]):
    """Its state does what it can to end it."""

    def init(self, kind: type[BaseException]) -> Ok[Any]:
        return Ok(kind)

    def handle_call(self, request: Any, caller: Any, state: Any) -> Any:
        return Reply(request, state)

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        raise status["state"]("boom")

    def code_change(self, old_version: Any, state: Any, extra: Any) -> Any:
        raise state("boom")


@RAISES
def test_callbacks_that_a_system_request_calls_may_raise(kind) -> None:
    server = gen_server.start_link(Fragile, kind)
    assert system.get_status(server)["state"] == kind
    system.suspend(server)
    with pytest.raises(system.SystemError) as failed:
        system.change_code(server, _of_main(Fragile))
    assert failed.value.reason == ("EXIT", reason_for(kind, "boom"))
    system.resume(server)
    assert gen_server.call(server, "alive") == "alive"


def _of_main(cls: type[GenServer[Any]]) -> type[GenServer[Any]]:
    """The same as a class that no module holds."""
    return type(cls.__name__, (cls,), {"__module__": "__main__"})


class Unsendable:
    def __init__(self, kind: type[BaseException]) -> None:
        self.kind = kind

    def __reduce__(self) -> Any:
        raise self.kind("cannot be sent")


@RAISES
def test_a_state_that_raises_when_it_is_sent_is_no_harm(kind) -> None:
    server = witness.start_link()
    with pytest.raises(system.SystemError):
        system.replace_state(server, lambda told: Unsendable(kind))
    with pytest.raises(system.SystemError):
        system.get_state(server)
    assert gen_server.call(server, partial(witness.echo, "alive")) == "alive"


def test_a_trace_that_cannot_be_printed_is_switched_off() -> None:
    def without_output(state: Any) -> Any:
        sys.stdout = None  # type: ignore[assignment]
        return state

    server = witness.start_link()
    system.replace_state(server, without_output)
    system.trace(server)
    assert gen_server.call(server, partial(witness.echo, "alive")) == "alive"
    system.log(server, True)
    gen_server.call(server, partial(witness.echo, 1))
    with pytest.raises(system.SystemError):
        system.log(server, "print")
    assert gen_server.call(server, partial(witness.echo, "alive")) == "alive"


# ---- wrong arguments

REFUSED: list[tuple[Callable[[Any], Any], str]] = [
    (lambda server: system.log(server, -1), "how many events to keep, 1 or more, not -1"),
    (lambda server: system.log(server, 0), "how many events to keep, 1 or more, not 0"),
    (lambda server: system.log(server, "nonsense"), "'get', 'print' or .* not 'nonsense'"),
    (lambda server: system.log(server, 1.5), "not 1.5"),
    (lambda server: system.log(server, None), "not None"),
    (lambda server: system.statistics(server, "all"), "True, False or 'get', not 'all'"),
    (lambda server: system.statistics(server, 1), "True, False or 'get', not 1"),
    (lambda server: system.trace(server, "on"), "True or False, not 'on'"),
    (lambda server: system.replace_state(server, 5), "a function of the state, not 5"),
    (lambda server: system.install(server, "hook"), "function of its state.* not 'hook'"),
    (lambda server: system.install(server, print, id=[]), r"id must be hashable, not \[\]"),
    (lambda server: system.remove(server, ([],)), r"id must be hashable, not \(\[\],\)"),
    (lambda server: system.change_code(server, 5), "a module, its name or a class .* not 5"),
    (lambda server: system.change_code(server, dict), "not <class 'dict'>"),
]


@pytest.mark.parametrize(("ask", "says"), REFUSED)
def test_wrong_arguments_are_refused_in_the_caller(ask, says: str) -> None:
    for server in (witness.start_link(), "nobody"):
        with pytest.raises((TypeError, ValueError), match=says):
            ask(server)


def test_what_a_caller_did_not_check_is_refused_by_the_server() -> None:
    server = witness.start_link()
    for request in [("log", -1), ("log", "x"), ("install", [], print, 1), 5]:
        with pytest.raises(system.SystemError):
            system._ask(server, request, 5.0)
    assert gen_server.call(server, partial(witness.echo, "alive")) == "alive"
