"""A supervisor that is told to end while it waits for the start of a child.

The worker that starts waits to be told how (`tests.servers.worker`, "ask"), so that its `init`
takes as long as the test wants; in most of these it never returns.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from otp import process, supervisor
from otp.errors import Ignored
from otp.runtime import here
from otp.supervisor import ChildSpec
from otp.terms import Pid, Ref, Shutdown
from tests.expecting import expect, expect_down, expect_nothing
from tests.family import asked, ended, heard, kill, start
from tests.programs import gone, program
from tests.servers import sleeper
from tests.servers.worker import spec


def begin(*children: ChildSpec) -> Pid:
    """A process that starts a supervisor and waits for it."""
    return process.spawn(supervisor.start_link, children)


def watch(pid: Pid) -> tuple[Ref, Ref]:
    """The monitors of a child and of its supervisor."""
    info = process.info(pid)
    assert info is not None
    return process.monitor(pid), process.monitor(info["parent"])


def not_started(id: str, reason: object) -> Shutdown:
    return Shutdown(("failed_to_start_child", id, reason))


@pytest.mark.parametrize("shutdown", [0.05, 0, "brutal_kill"])
def test_a_first_start_that_never_ends_has_the_shutdown_time_of_the_child(shutdown) -> None:
    parent = begin(spec("a", trap=True), spec("b", init="ask", trap=True, shutdown=shutdown))
    heard("init a")
    child, sup = watch(asked("b"))
    process.exit(parent, "shutdown")
    assert expect_down(child) == "killed"
    heard("terminate a 'shutdown'")
    assert expect_down(sup) == not_started("b", "timeout")
    assert [process.whereis(id) for id in "ab"] == [None, None]
    expect_nothing()


@pytest.mark.parametrize("end", ["boom", "kill"])
def test_any_end_of_the_parent_counts(end) -> None:
    parent = begin(spec("b", init="ask", shutdown="brutal_kill"))
    child, sup = watch(asked("b"))
    process.exit(parent, end)
    assert expect_down(child) == "killed"
    assert expect_down(sup) == not_started("b", "timeout")


def test_a_restart_that_never_ends_has_the_shutdown_time_of_the_child() -> None:
    sup = start(spec("a", trap=True), spec("b", again="ask", shutdown=0.05), intensity=9)
    heard("init a", "init b")
    kill("b")
    child = process.monitor(asked("b"))
    process.exit(sup, "shutdown")
    assert expect_down(child) == "killed"
    heard("terminate a 'shutdown'")
    assert ended(sup) == "shutdown"
    expect_nothing()


def test_a_start_on_demand_that_never_ends_has_the_shutdown_time_of_the_child() -> None:
    sup = start()
    process.spawn(supervisor.start_child, sup, spec("b", init="ask", shutdown="brutal_kill"))
    child, _ = watch(asked("b"))
    process.exit(sup, "shutdown")
    assert expect_down(child) == "killed"
    assert ended(sup) == "shutdown"


@pytest.mark.parametrize("shutdown", [30.0, "infinity"])
def test_a_start_that_ends_within_that_time_is_a_start(shutdown) -> None:
    parent = begin(spec("a", trap=True), spec("b", init="ask", trap=True, shutdown=shutdown))
    heard("init a")
    b = asked("b")
    child, sup = watch(b)
    process.exit(parent, "enough")
    process.send_after(0.1, b, ("be", "ok"))
    heard("terminate b 'shutdown'", "terminate a 'shutdown'")
    assert expect_down(child) == "shutdown"
    assert expect_down(sup) == "enough"


def test_who_only_traps_the_exit_of_others_is_in_no_hurry() -> None:
    sup = start(spec("b", again="ask", shutdown="brutal_kill"))
    heard("init b")
    kill("b")
    b = asked("b")
    stranger = process.spawn(process.exit, sup, "not your parent")
    expect_down(process.monitor(stranger))
    process.send(b, ("be", "ok"))
    assert supervisor.which_children(sup)[0].pid == b


def test_supervisors_that_are_being_started_are_told_to_end_too() -> None:
    hangs = spec("hangs", init="ask", trap=True, shutdown=0.05)
    inner = ChildSpec(
        "inner", partial(supervisor.start_link, [spec("a", trap=True), hangs]), kind="supervisor"
    )
    middle = ChildSpec("middle", partial(supervisor.start_link, [inner]), kind="supervisor")
    parent = begin(spec("first", trap=True), middle)
    heard("init first", "init a")
    child, sup = watch(asked("hangs"))
    process.exit(parent, "shutdown")
    assert expect_down(child) == "killed"
    heard("terminate a 'shutdown'", "terminate first 'shutdown'")
    assert expect_down(sup) == not_started("hangs", "timeout")


def test_the_end_of_the_node_does_not_wait_for_a_start_that_never_ends(tmp_path: Path) -> None:
    with program(tmp_path / "p", "starting") as running:
        processes = running.node()
        running.popen.communicate()
        assert gone(processes, within=10)


def ends_its_parent() -> None:
    """Run by a supervisor that is told to end before it runs the next."""
    context = here.current()
    process.exit(context.parent, "shutdown")
    while not context.told_to_end:
        context.mailbox.wait(None)
    raise Ignored


@pytest.mark.parametrize("told", ["before", "meanwhile"])
def test_a_start_callable_that_hangs_itself_has_the_shutdown_time_of_the_child(told: str) -> None:
    """Not in the `init` of the child: in the process of the supervisor, which it keeps busy."""
    hangs = partial(sleeper.sleeps, process.self(), trap=True)
    children = [spec("a", trap=True), ChildSpec("hangs", hangs, shutdown=0.05)]
    if told == "before":
        children.insert(1, ChildSpec("ends", ends_its_parent))
    parent = begin(*children)
    a, sup = watch(*heard("init a"))
    expect(sleeper.BEGUN)
    if told == "meanwhile":
        process.exit(parent, "shutdown")
    heard("terminate a 'killed'")
    assert {expect_down(sup), expect_down(a)} == {"killed"}
