"""Links: a pair without direction that shares its end."""

from __future__ import annotations

import pytest

from otp import process
from otp.errors import NoProcess
from otp.terms import Exit, Pid
from tests.expecting import expect, expect_down, expect_nothing
from tests.servers import crasher


def idle() -> Pid:
    """A process that does nothing until it is told to end with a reason."""
    return process.spawn(lambda: process.exit(process.receive()))


def dead() -> Pid:
    pid, ref = process.spawn_monitor(crasher.returns)
    expect_down(ref)
    return pid


def test_either_end_hears_of_the_other() -> None:
    process.trap_exit()
    pid = idle()
    process.link(pid)
    process.send(pid, "boom")
    assert expect() == Exit(pid, "boom")

    watched = idle()
    ref = process.monitor(watched)
    process.spawn(lambda: (process.link(watched), process.exit("from this end")))
    assert expect_down(ref) == "from this end"


def test_a_link_made_twice_is_there_once() -> None:
    process.trap_exit()
    pid = idle()
    process.link(pid)
    process.link(pid)
    assert process.info(pid)["links"] == [process.self()]
    process.send(pid, "boom")
    assert expect() == Exit(pid, "boom")
    expect_nothing()


def test_a_link_to_oneself_is_none() -> None:
    process.link(process.self())
    assert process.info(process.self())["links"] == []


def test_linking_to_the_dead_raises_in_who_does_not_trap() -> None:
    pid = dead()
    with pytest.raises(NoProcess):
        process.link(pid)
    expect_nothing()


def test_linking_to_the_dead_tells_who_traps() -> None:
    pid = dead()
    process.trap_exit()
    process.link(pid)
    assert expect() == Exit(pid, "noproc")


def test_a_pid_of_another_node_is_dead() -> None:
    with pytest.raises(NoProcess):
        process.link(Pid(process.self().id, "node-1-00000000"))


@pytest.mark.parametrize("by_whom", ["the one", "the other"])
def test_either_end_can_undo_a_link(by_whom: str) -> None:
    process.trap_exit()
    me = process.self()

    def body():
        process.receive(lambda message: message == "linked")
        if by_whom == "the other":
            process.unlink(me)
        process.send(me, "ready")
        process.exit(process.receive())

    pid, ref = process.spawn_monitor(body)
    process.link(pid)
    process.send(pid, "linked")
    expect("ready")
    if by_whom == "the one":
        process.unlink(pid)
    process.send(pid, "boom")
    assert expect_down(ref) == "boom"
    expect_nothing()


def test_after_unlink_has_returned_no_exit_of_the_link_comes() -> None:
    process.trap_exit()
    for _ in range(20):
        pid = process.spawn_link(crasher.exits, "boom")
        process.unlink(pid)
        came_before = process.receive(Exit, timeout=0) if _waiting() else None
        ref = process.monitor(pid)
        expect_down(ref)
        expect_nothing()
        assert came_before in (None, Exit(pid, "boom"))


def _waiting() -> int:
    return process.info(process.self())["message_queue_len"]


def test_an_exit_that_is_in_the_mailbox_stays_after_unlink() -> None:
    process.trap_exit()
    pid = process.spawn_link(crasher.exits, "boom")
    ref = process.monitor(pid)
    expect_down(ref)
    process.unlink(pid)
    assert expect() == Exit(pid, "boom")


def test_unlinking_a_stranger_or_the_dead_does_nothing() -> None:
    process.unlink(idle_and_linked := process.spawn_link(process.receive))
    process.unlink(idle_and_linked)
    process.unlink(dead())
    process.unlink(process.self())
    process.exit(idle_and_linked, "kill")


def test_a_link_ends_with_who_was_linked() -> None:
    process.trap_exit()
    pid = process.spawn_link(crasher.returns)
    assert expect() == Exit(pid, "normal")
    assert process.info(process.self())["links"] == []


def test_a_process_that_was_started_linked_is_linked_from_the_first_moment() -> None:
    me = process.self()
    for reason in ("boom", "normal", "kill"):
        process.trap_exit()
        pid = process.spawn_link(process.exit, reason)
        assert expect() == Exit(pid, reason)
    assert process.info(me)["links"] == []


def test_a_spawner_that_dies_at_once_takes_its_child_along() -> None:
    me = process.self()

    def parent():
        process.send(me, process.spawn_link(process.receive))
        process.exit("boom")

    process.spawn(parent)
    ref = process.monitor(expect(Pid))
    assert expect_down(ref) in ("boom", "noproc")


@pytest.mark.parametrize("function", [process.link, process.unlink])
def test_links_are_between_pids(function) -> None:
    with pytest.raises(TypeError, match="this takes a Pid"):
        function("name")
