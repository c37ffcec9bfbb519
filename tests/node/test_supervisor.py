"""A supervisor and its management functions."""

from __future__ import annotations

from functools import partial

import pytest

from otp import gen_server, process, supervisor
from otp.errors import AlreadyStarted, FunctionClause, NoProcess, ServerDied, SupervisorError
from otp.supervisor import ChildInfo, ChildSpec
from otp.terms import Crash
from tests.expecting import expect, expect_down
from tests.family import all_quiet, children, end, ended, heard, pids, start, there
from tests.servers import worker
from tests.servers.worker import spec


def refused(function, *args):
    with pytest.raises(SupervisorError) as raised:
        function(*args)
    return raised.value.reason


def test_children_start_in_order_and_stop_in_reverse_each_before_the_next() -> None:
    sup = start(spec("a", trap=True), spec("b", trap=True), spec("c", trap=True))
    heard("init a", "init b", "init c")
    process.exit(sup, "shutdown")
    heard("terminate c 'shutdown'", "terminate b 'shutdown'", "terminate a 'shutdown'")
    assert ended(sup) == "shutdown"


def test_each_child_is_dead_before_the_next_is_told() -> None:
    sup = start(spec("a", trap=True), spec("b", trap=True, holds=True))
    heard("init a", "init b")
    process.exit(sup, "shutdown")
    (b,) = heard("terminate b 'shutdown'")
    process.send(b, "let go")
    heard("terminate a 'shutdown'")
    assert not process.is_alive(b)
    ended(sup)


def test_which_children_shows_the_last_started_first() -> None:
    sup = start(spec("a"), spec("b"), ChildSpec("c", worker.ignores, kind="supervisor"))
    a, b = heard("init a", "init b")
    assert supervisor.which_children(sup) == [
        ChildInfo("c", None, "supervisor"),
        ChildInfo("b", b, "worker"),
        ChildInfo("a", a, "worker"),
    ]


def test_count_children_counts_entries_and_live_processes() -> None:
    below = partial(supervisor.start_link, [spec("x")])
    sup = start(spec("a"), spec("b"), spec("c"), ChildSpec("below", below, kind="supervisor"))
    counts = {"specs": 4, "active": 4, "supervisors": 1, "workers": 3}
    assert supervisor.count_children(sup) == counts
    supervisor.terminate_child(sup, "b")
    assert supervisor.count_children(sup) == {**counts, "active": 3}


def test_the_management_functions_and_their_refusals() -> None:
    sup = start(spec("a"))
    (a,) = heard("init a")
    assert refused(supervisor.start_child, sup, spec("a")) == ("already_started", a)
    assert refused(supervisor.delete_child, sup, "a") == "running"
    assert refused(supervisor.restart_child, sup, "a") == "running"
    supervisor.terminate_child(sup, "a")
    assert children(sup) == [("a", None)]
    supervisor.terminate_child(sup, "a")
    assert refused(supervisor.start_child, sup, spec("a")) == "already_present"
    a2 = supervisor.restart_child(sup, "a")
    assert children(sup) == [("a", a2)] == [("a", *heard("init a"))]
    supervisor.terminate_child(sup, "a")
    supervisor.delete_child(sup, "a")
    assert children(sup) == []


@pytest.mark.parametrize(
    "function",
    [
        supervisor.delete_child,
        supervisor.restart_child,
        supervisor.terminate_child,
        supervisor.get_child_spec,
    ],
)
def test_an_unknown_id_is_not_found(function) -> None:
    sup = start(spec("a"))
    assert refused(function, sup, "b") == "not_found"
    assert refused(function, sup, there("a")) == "not_found"


def test_a_new_child_is_the_last_in_start_order() -> None:
    sup = start(spec("a"))
    b = supervisor.start_child(sup, spec("b"))
    assert [id for id, _ in children(sup)] == ["b", "a"]
    assert b == there("b")


def test_a_temporary_child_is_forgotten_when_it_is_stopped() -> None:
    sup = start(spec("s", restart="temporary"))
    supervisor.start_child(sup, spec("t", restart="temporary"))
    supervisor.terminate_child(sup, "t")
    supervisor.terminate_child(sup, "s")
    assert refused(supervisor.restart_child, sup, "t") == "not_found"
    assert children(sup) == []


def test_get_child_spec_returns_it_complete() -> None:
    sup = start(
        ChildSpec("a", worker.ignores),
        ChildSpec("b", worker.ignores, "transient", "brutal_kill"),
        ChildSpec("c", partial(supervisor.start_link, []), kind="supervisor"),
    )
    assert supervisor.get_child_spec(sup, "a") == ChildSpec(
        "a", worker.ignores, "permanent", 5.0, "worker", significant=False
    )
    assert supervisor.get_child_spec(sup, "b").shutdown == "brutal_kill"
    assert supervisor.get_child_spec(sup, "c").shutdown == "infinity"


def test_the_arguments_of_a_temporary_child_are_not_kept() -> None:
    sup = start()
    supervisor.start_child(sup, spec("t", restart="temporary"))
    assert supervisor.get_child_spec(sup, "t").start is worker.start_link


def test_a_child_stopped_on_purpose_is_not_restarted_nor_counted() -> None:
    sup = start(spec("a"), spec("b"), strategy="one_for_all", intensity=1, period=10)
    a, _ = heard("init a", "init b")
    for _ in range(3):
        supervisor.terminate_child(sup, "b")
        assert children(sup) == [("b", None), ("a", a)]
        supervisor.restart_child(sup, "b")
        heard("init b")
    all_quiet(sup)


def test_a_child_belongs_to_its_supervisor_whoever_asked_for_it() -> None:
    sup = start()
    _, ref = process.spawn_monitor(_start_and_crash, sup, spec("a"))
    assert expect_down(ref) == "client bug"
    (a,) = heard("init a")
    known = process.info(a)
    assert known is not None
    assert (known["parent"], known["links"]) == (sup, [sup])
    assert gen_server.call("a", "ping") == a


def _start_and_crash(sup, child) -> None:
    supervisor.start_child(sup, child)
    process.exit("client bug")


def test_a_supervisor_serves_nobody_while_a_child_starts() -> None:
    sup = start(spec("a"))
    heard("init a")
    process.spawn(supervisor.start_child, sup, spec("b", init="ask"))
    (b,) = heard("init b")
    with pytest.raises(TimeoutError):
        gen_server.call(sup, "which_children", timeout=0.05)
    process.send(b, ("be", "ok"))
    assert children(sup) == [("b", b), ("a", there("a"))]


def test_a_taken_name_is_told_and_the_supervisor_runs_on() -> None:
    first = start(spec("a"), name="boss")
    with pytest.raises(AlreadyStarted) as raised:
        start(spec("b"), name="boss")
    assert raised.value.pid == first
    assert [child.id for child in supervisor.which_children("boss")] == ["a"]
    heard("init a")
    all_quiet(first)


@pytest.mark.parametrize(
    "ask",
    [
        supervisor.which_children,
        supervisor.count_children,
        supervisor.stop,
        partial(supervisor.start_child, child=["x"]),
        partial(supervisor.terminate_child, id="x"),
    ],
)
def test_nobody_answers_for_a_supervisor_that_is_not_there(ask) -> None:
    with pytest.raises(NoProcess):
        ask("nobody")


def test_stop_ends_all_and_returns_when_it_is_done() -> None:
    sup = start(spec("a", trap=True))
    heard("init a")
    supervisor.stop(sup)
    heard("terminate a 'shutdown'")
    assert ended(sup) == "normal"
    assert process.whereis("a") is None


@pytest.mark.parametrize("send", [gen_server.call, gen_server.cast])
def test_what_no_supervisor_understands_ends_it_and_its_children_in_order(send) -> None:
    sup = start(spec("a", trap=True))
    heard("init a")
    if send is gen_server.call:
        with pytest.raises(ServerDied):
            send(sup, "how are you?")
    else:
        send(sup, "how are you?")
    heard("terminate a 'shutdown'")
    reason = ended(sup)
    assert isinstance(reason, Crash)
    assert isinstance(reason.exception, FunctionClause)


def test_an_unknown_message_is_ignored() -> None:
    sup = start(spec("a"))
    process.send(sup, "how are you?")
    process.send(sup, ("init", "a"))
    assert pids(sup).keys() == {"a"}


def test_an_exit_signal_of_a_stranger_is_ignored() -> None:
    sup = start(spec("a"))
    heard("init a")
    _, ref = process.spawn_monitor(process.exit, sup, "shutdown")
    assert expect_down(ref) == "normal"
    all_quiet(sup)


def test_a_child_that_is_not_linked_ends_unnoticed() -> None:
    unlinked = ChildSpec("u", partial(worker.not_linked, "u", process.self()))
    sup = start(unlinked, spec("a"))
    u, _ = heard("init u", "init a")
    gen_server.cast("a", "unlink from parent")
    gen_server.call("a", "ping")
    a = there("a")
    end("a", "boom")
    end("u", "boom")
    heard("terminate a 'boom'", "terminate u 'boom'")
    assert children(sup) == [("a", a), ("u", u)]
    assert supervisor.count_children(sup)["active"] == 0
    assert refused(supervisor.restart_child, sup, "a") == "running"
    supervisor.terminate_child(sup, "a")
    supervisor.restart_child(sup, "a")
    heard("init a")


def test_wrong_arguments_for_this_supervisor_are_refused_in_the_caller() -> None:
    sup = start(spec("a"))
    heard("init a")
    with pytest.raises(TypeError, match="takes a ChildSpec, got"):
        supervisor.start_child(sup, ["b"])
    with pytest.raises(ValueError, match="child 's': significant=True must go with a supervisor"):
        supervisor.start_child(sup, spec("s", restart="transient", significant=True))
    all_quiet(sup)


def test_a_supervisor_under_a_supervisor_is_restarted_with_its_children() -> None:
    below = partial(supervisor.start_link, [spec("x")], name="below", intensity=0)
    sup = start(ChildSpec("below", below, kind="supervisor"))
    heard("init x")
    before = there("below")
    ref = process.monitor(before)
    end("x", "boom")
    assert expect_down(ref) == "shutdown"
    heard("terminate x 'boom'", "init x")
    assert pids(sup)["below"] == there("below") != before


def test_what_the_calling_process_starts_it_stops_when_it_ends() -> None:
    owner, ref = process.spawn_monitor(_owner, [spec("a", trap=True)])
    heard("init a")
    sup = expect(lambda message: isinstance(message, type(owner)))
    down = process.monitor(sup)
    process.exit(owner, "shutdown")
    assert expect_down(ref) == "shutdown"
    heard("terminate a 'shutdown'")
    assert expect_down(down) == "shutdown"


def _owner(specs) -> None:
    sup = supervisor.start_link(specs)
    process.send(process.info(process.self())["parent"], sup)
    process.receive()
