"""How children are stopped: the shutdown values, stubborn children, simple_one_for_one."""

from __future__ import annotations

from itertools import count

import pytest

from otp import process, supervisor
from otp.behaviour import stopping
from otp.errors import SupervisorError
from otp.terms import Pid
from tests.expecting import at_most, expect_down, expect_nothing
from tests.family import (
    all_quiet,
    asked,
    between_tries,
    children,
    end,
    ended,
    heard,
    heard_in_any_order,
    kill,
    start,
    there,
)
from tests.servers.worker import spec, start_link, template


def stopped(sup, id):
    """What a child died of when it was stopped; it is dead when `terminate_child` returns."""
    pid = there(id)
    ref = process.monitor(pid)
    supervisor.terminate_child(sup, id)
    assert not process.is_alive(pid)
    return expect_down(ref)


# ---- the shutdown values


def test_a_child_that_traps_exits_cleans_up_within_its_time() -> None:
    sup = start(spec("polite", trap=True, shutdown=30))
    heard("init polite")
    assert stopped(sup, "polite") == "shutdown"
    heard("terminate polite 'shutdown'")


@pytest.mark.parametrize("shutdown", [0, 0.05])
def test_a_child_that_takes_longer_is_killed(shutdown) -> None:
    sup = start(spec("slow", trap=True, holds=True, shutdown=shutdown))
    heard("init slow")
    assert stopped(sup, "slow") == "killed"


def test_brutal_kill_lets_no_child_clean_up() -> None:
    sup = start(spec("brutal", trap=True, shutdown="brutal_kill"))
    heard("init brutal")
    assert stopped(sup, "brutal") == "killed"
    all_quiet(sup)


def test_infinity_waits_for_as_long_as_it_takes() -> None:
    sup = start(spec("patient", trap=True, holds=True, shutdown="infinity"))
    heard("init patient")
    process.send_after(0.1, there("patient"), "let go")
    assert stopped(sup, "patient") == "shutdown"
    heard("terminate patient 'shutdown'")


@pytest.mark.parametrize(("shutdown", "reason"), [("infinity", "shutdown"), (3600.0, "killed")])
def test_only_a_time_comes_to_its_end(shutdown, reason: str, monkeypatch) -> None:
    """By a clock that is days later at each look."""
    clock = count(0.0, 1e6)
    monkeypatch.setattr(stopping, "monotonic", lambda: next(clock))
    process.trap_exit()
    pid = start_link("patient", process.self(), trap=True, holds=True)
    heard("init patient")
    process.send_after(0.05, pid, "let go")
    with at_most(5):
        assert stopping.stop_one(pid, shutdown) == reason


def test_a_child_that_does_not_trap_exits_dies_at_once() -> None:
    sup = start(spec("deaf"))
    heard("init deaf")
    assert stopped(sup, "deaf") == "shutdown"
    all_quiet(sup)


def test_no_news_of_a_stopped_child_are_left_for_later() -> None:
    """An `Exit` that is left behind would be taken for the end of the next child of that pid."""
    sup = start(spec("a", trap=True), spec("b"), intensity=0)
    for _ in range(10):
        for id in ("a", "b"):
            supervisor.terminate_child(sup, id)
            supervisor.restart_child(sup, id)
    assert [id for id, pid in children(sup) if isinstance(pid, Pid)] == ["b", "a"]


def test_a_supervisor_whose_child_died_meanwhile_stops_all_the_same() -> None:
    sup = start(spec("a", trap=True), spec("b", again="ask"), spec("c", trap=True), intensity=9)
    heard("init a", "init b", "init c")
    kill("b")
    b = asked("b")  # the supervisor is busy with b from here on
    end("c", "boom")
    process.exit(sup, "shutdown")
    process.send(b, ("be", "ok"))
    heard("terminate c 'boom'", "init c", "terminate c 'shutdown'", "terminate a 'shutdown'")
    assert ended(sup) == "shutdown"


# ---- simple_one_for_one


def simple(**options):
    flags = {name: options.pop(name) for name in ("intensity",) if name in options}
    return start(template(**options), strategy="simple_one_for_one", **flags)


def refused(function, *args):
    with pytest.raises(SupervisorError) as raised:
        function(*args)
    return raised.value.reason


def test_instances_come_from_the_template_with_further_arguments() -> None:
    sup = simple(restart="temporary")
    assert children(sup) == []
    a = supervisor.start_child(sup, ["a"])
    b = supervisor.start_child(sup, ("b",))
    assert [a, b] == heard("init a", "init b")
    assert sorted(children(sup), key=repr) == sorted([(None, a), (None, b)], key=repr)
    counts = {"specs": 1, "active": 2, "supervisors": 0, "workers": 2}
    assert supervisor.count_children(sup) == counts


def test_instances_are_stopped_by_their_pid() -> None:
    sup = simple()
    a, b = (supervisor.start_child(sup, [id]) for id in "ab")
    assert refused(supervisor.terminate_child, sup, "a") == "simple_one_for_one"
    assert refused(supervisor.terminate_child, sup, process.self()) == "not_found"
    supervisor.terminate_child(sup, a)
    supervisor.terminate_child(sup, a)
    assert children(sup) == [(None, b)]


def test_instances_are_neither_restarted_nor_deleted_by_hand() -> None:
    sup = simple()
    a = supervisor.start_child(sup, ["a"])
    for function in (supervisor.restart_child, supervisor.delete_child):
        assert refused(function, sup, a) == "simple_one_for_one"
        assert refused(function, sup, "template") == "simple_one_for_one"


def test_an_instance_that_does_not_start_leaves_nothing() -> None:
    sup = simple(init=("stop", "no"))
    assert refused(supervisor.start_child, sup, ["a"]) == "no"
    assert children(sup) == []


def test_an_instance_that_ignores_its_start_leaves_nothing() -> None:
    sup = simple(init="ignore")
    assert supervisor.start_child(sup, ["a"]) is None
    assert children(sup) == []


def test_start_child_of_a_simple_supervisor_takes_arguments_only() -> None:
    sup = simple()
    with pytest.raises(TypeError, match="further arguments as a list or tuple"):
        supervisor.start_child(sup, spec("a"))
    all_quiet(sup)


def test_an_instance_is_restarted_with_its_own_arguments() -> None:
    sup = simple()
    a, b = (supervisor.start_child(sup, [id]) for id in "ab")
    heard("init a", "init b")
    kill(a)
    (new,) = heard("init a")
    assert {pid for _, pid in children(sup)} == {new, b}


@pytest.mark.parametrize("restart", ["transient", "temporary"])
def test_an_instance_that_ends_for_good_is_forgotten(restart) -> None:
    sup = simple(restart=restart)
    a = supervisor.start_child(sup, ["a"])
    end(a, "normal")
    assert children(sup) == []


def test_an_instance_that_cannot_be_restarted_is_known_by_its_former_pid() -> None:
    sup = simple(again="ask", intensity=1000)
    a = supervisor.start_child(sup, ["a"])
    heard("init a")
    kill(a)
    assert between_tries("a", supervisor.which_children, sup) == [(None, "restarting", "worker")]
    assert between_tries("a", supervisor.count_children, sup)["active"] == 0
    assert between_tries("a", supervisor.terminate_child, sup, a) is None
    assert children(sup) == []
    expect_nothing()


def test_one_restart_too_many_ends_all_instances() -> None:
    sup = simple(intensity=0)
    a, b = (supervisor.start_child(sup, [id]) for id in "ab")
    ref = process.monitor(b)
    kill(a)
    assert expect_down(ref) == "shutdown"
    assert ended(sup) == "shutdown"


def test_instances_are_told_all_at_once_and_waited_for_together() -> None:
    sup = simple(trap=True, holds=True)
    pids = [supervisor.start_child(sup, [id]) for id in "abc"]
    heard("init a", "init b", "init c")
    process.exit(sup, "shutdown")
    heard_in_any_order(*(f"terminate {id} 'shutdown'" for id in "abc"))
    for pid in pids:
        process.send(pid, "let go")
    assert ended(sup) == "shutdown"


def test_instances_that_take_too_long_are_killed_together() -> None:
    sup = simple(trap=True, holds=True, shutdown=0.05)
    refs = [process.monitor(supervisor.start_child(sup, [id])) for id in "abc"]
    process.exit(sup, "shutdown")
    assert [expect_down(ref) for ref in refs] == ["killed"] * 3
    assert ended(sup) == "shutdown"


def test_brutal_kill_of_instances() -> None:
    sup = simple(trap=True, shutdown="brutal_kill")
    refs = [process.monitor(supervisor.start_child(sup, [id])) for id in "abc"]
    supervisor.stop(sup)
    assert [expect_down(ref) for ref in refs] == ["killed"] * 3
    assert ended(sup) == "normal"


def test_the_specification_of_instances_is_the_template() -> None:
    sup = simple(shutdown=2.0)
    a = supervisor.start_child(sup, ["a"])
    assert supervisor.get_child_spec(sup, a).shutdown == 2.0
    assert supervisor.get_child_spec(sup, "template").id == "template"
    assert refused(supervisor.get_child_spec, sup, process.self()) == "not_found"
