"""What start callables do, and what becomes of the supervisor that runs them."""

from __future__ import annotations

import threading
from functools import partial
from pickle import PicklingError

import pytest

from otp import gen_server, process, supervisor
from otp.errors import StartError, SupervisorError
from otp.supervisor import ChildSpec
from otp.terms import Crash, Shutdown
from tests.expecting import expect_nothing
from tests.family import all_quiet, children, heard, start, there
from tests.servers import worker
from tests.servers.worker import spec

NO_CONFIG = Crash(KeyError("config"))


def starting(*args) -> ChildSpec:
    return ChildSpec("c", partial(*args))


FAILURES = [
    (starting(worker.refuses, "bad config"), "bad config"),
    (starting(worker.raises, KeyError, "config"), ("EXIT", NO_CONFIG)),
    (starting(worker.exits, "boom"), ("EXIT", "boom")),
    (starting(worker.exits, "normal"), ("EXIT", "normal")),
    (starting(worker.raises, SystemExit, "text"), ("EXIT", Crash(SystemExit("text")))),
    (starting(worker.returns, None), None),
    (starting(worker.returns, "a pid"), "a pid"),
    (starting(worker.returns, ("ok", 1)), ("ok", 1)),
]


@pytest.mark.parametrize(("child", "reason"), FAILURES, ids=repr)
def test_if_a_child_does_not_start_neither_does_the_supervisor(child, reason) -> None:
    with pytest.raises(StartError) as raised:
        start(spec("a", trap=True), spec("b", trap=True), child, spec("d"))
    assert raised.value.reason == Shutdown(("failed_to_start_child", "c", reason))
    heard("init a", "init b", "terminate b 'shutdown'", "terminate a 'shutdown'")
    assert [process.whereis(id) for id in "abcd"] == [None] * 4
    expect_nothing()


@pytest.mark.parametrize(
    ("init", "reason"),
    [
        (("stop", "bad config"), "bad config"),
        (("exit", "bad config"), "bad config"),
        ("raise", Crash(ValueError("c"))),
    ],
    ids=repr,
)
def test_a_server_whose_init_fails_is_a_child_that_does_not_start(init, reason) -> None:
    with pytest.raises(StartError) as raised:
        start(spec("a"), spec("c", init=init))
    assert raised.value.reason == Shutdown(("failed_to_start_child", "c", reason))
    sup = start()
    with pytest.raises(SupervisorError) as refused:
        supervisor.start_child(sup, spec("c", init=init))
    failed, child = refused.value.reason
    assert (failed, child.id) == (reason, "c")
    assert children(sup) == []


@pytest.mark.parametrize(("child", "reason"), FAILURES, ids=repr)
def test_a_child_that_is_added_and_does_not_start_leaves_no_entry(child, reason) -> None:
    sup = start()
    with pytest.raises(SupervisorError) as refused:
        supervisor.start_child(sup, child)
    failed, told = refused.value.reason
    assert (failed, told.id) == (reason, "c")
    assert children(sup) == []


def test_what_is_wrong_with_a_start_can_be_told_though_it_cannot_be_sent() -> None:
    """A lock cannot be pickled; its text can."""
    with pytest.raises(StartError) as raised:
        start(ChildSpec("c", threading.Lock))
    assert isinstance(raised.value.reason, Shutdown)
    what, id, reason = raised.value.reason.why
    assert (what, id) == ("failed_to_start_child", "c")
    assert "lock" in reason


def test_a_name_that_is_taken_is_told_with_its_owner() -> None:
    owner = worker.start_link("w", process.self())
    sup = start()
    with pytest.raises(SupervisorError) as refused:
        supervisor.start_child(sup, spec("w"))
    assert refused.value.reason == ("already_started", owner)


def test_a_child_that_ignores_its_start_keeps_its_entry_unless_temporary() -> None:
    sup = start(spec("a", init="ignore"), spec("t", init="ignore", restart="temporary"))
    heard("init a", "init t")
    assert supervisor.start_child(sup, ChildSpec("b", worker.ignores)) is None
    assert supervisor.start_child(sup, ChildSpec("u", worker.ignores, "temporary")) is None
    assert children(sup) == [("b", None), ("a", None)]
    assert supervisor.restart_child(sup, "b") is None
    all_quiet(sup)


def test_a_start_may_return_more_than_the_pid() -> None:
    sup = start()
    child = ChildSpec("a", partial(worker.with_info, "a", process.self(), {"port": 80}))
    assert supervisor.start_child(sup, child) == (there("a"), {"port": 80})
    assert children(sup) == [("a", there("a"))]
    supervisor.terminate_child(sup, "a")
    assert supervisor.restart_child(sup, "a") == (there("a"), {"port": 80})


def test_a_restart_on_demand_that_fails_changes_nothing() -> None:
    sup = start(spec("a", again=("stop", "not now")))
    supervisor.terminate_child(sup, "a")
    with pytest.raises(SupervisorError) as refused:
        supervisor.restart_child(sup, "a")
    assert refused.value.reason == "not now"
    assert children(sup) == [("a", None)]


def test_a_start_may_be_any_callable_of_anywhere() -> None:
    owner = process.self()
    sup = start(ChildSpec("a", lambda: worker.start_link("a", owner)))
    heard("init a")
    assert gen_server.call("a", "ping") == there("a")
    all_quiet(sup)


def test_a_start_that_cannot_be_sent_is_refused_in_the_caller_by_the_name_of_the_child() -> None:
    bad = ChildSpec("a", partial(worker.returns, threading.Lock()))
    with pytest.raises(PicklingError) as raised:
        start(spec("b"), bad)
    assert raised.value.__notes__ == ["it is part of child 'a'"]
    sup = start(spec("b"))
    with pytest.raises(PicklingError) as raised:
        supervisor.start_child(sup, bad)
    assert raised.value.__notes__ == ["it is part of child 'a'"]
    heard("init b")
    all_quiet(sup)
