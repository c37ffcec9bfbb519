"""Monitors: one-way, many to a pair, each fires once for whatever reason."""

from __future__ import annotations

import pytest

from otp import process
from otp.terms import Down, Exit, Pid, Ref, Via
from tests.expecting import expect, expect_down, expect_nothing
from tests.servers import crasher, keeper


def idle() -> Pid:
    """A process that does nothing until it is told to end with a reason."""
    return process.spawn(lambda: process.exit(process.receive()))


@pytest.mark.parametrize("reason", ["normal", "shutdown", "boom", "kill", ("any", 1)])
def test_a_monitor_tells_any_end_once(reason) -> None:
    pid = idle()
    ref = process.monitor(pid)
    process.send(pid, reason)
    assert expect() == Down(ref, pid, reason)
    expect_nothing()


def test_trapping_or_not_makes_no_difference() -> None:
    process.trap_exit()
    pid = idle()
    ref = process.monitor(pid)
    process.send(pid, "boom")
    assert expect() == Down(ref, pid, "boom")


def test_each_monitor_tells_for_itself() -> None:
    pid = idle()
    refs = {process.monitor(pid) for _ in range(3)}
    assert len(refs) == 3
    process.send(pid, "boom")
    assert {expect(Down).ref for _ in range(3)} == refs


def test_the_watched_hears_nothing_of_its_watcher() -> None:
    me = process.self()
    watcher, ref = process.spawn_monitor(lambda: process.monitor(me))
    assert expect() == Down(ref, watcher, "normal")
    expect_nothing()


def test_the_dead_are_noproc() -> None:
    pid, first = process.spawn_monitor(crasher.exits, "boom")
    assert expect_down(first) == "boom"
    ref = process.monitor(pid)
    assert expect() == Down(ref, pid, "noproc")


def test_a_pid_of_another_node_is_noproc() -> None:
    stranger = Pid(2, "node-1-00000000")
    ref = process.monitor(stranger)
    assert expect() == Down(ref, stranger, "noproc")


def test_a_free_name_is_noproc_and_the_name_is_told() -> None:
    ref = process.monitor("nobody")
    assert expect() == Down(ref, "nobody", "noproc")


def test_a_name_stands_for_who_has_it_now() -> None:
    first, second = idle(), idle()
    process.register("role", first)
    ref = process.monitor("role")
    process.unregister("role")
    process.register("role", second)
    process.send(second, "boom")
    later = process.monitor(second)
    expect_down(later)
    process.send(first, "bang")
    assert expect() == Down(ref, "role", "bang")


def test_a_key_of_ones_own_registry_can_be_watched() -> None:
    pid = idle()
    keeper.register_name("key", pid)
    ref = process.monitor(Via(keeper, "key"))
    process.send(pid, "boom")
    assert expect_down(ref) == "boom"


def test_a_monitor_on_oneself_never_fires() -> None:
    ref = process.monitor(process.self())
    assert process.info(process.self())["monitored_by"] == []
    assert not process.demonitor(ref)


@pytest.mark.parametrize("target", [None, 1, b"x", ["name"]])
def test_what_names_no_process_is_refused(target) -> None:
    with pytest.raises(TypeError, match="a process is named by"):
        process.monitor(target)


# ---- demonitor


def test_after_demonitor_no_down_comes() -> None:
    pid = idle()
    ref, other = process.monitor(pid), process.monitor(pid)
    assert process.demonitor(ref) is True
    process.send(pid, "boom")
    assert expect() == Down(other, pid, "boom")
    expect_nothing()


def test_a_down_that_is_on_its_way_is_not_heard_after_demonitor() -> None:
    for _ in range(20):
        pid, ref = process.spawn_monitor(crasher.exits, "boom")
        active = process.demonitor(ref)
        down = process.monitor(pid)
        expect_down(down)
        heard = [] if active else [expect()]
        assert heard == ([] if active else [Down(ref, pid, "boom")])
        expect_nothing()


def test_a_down_that_has_come_stays_unless_it_is_flushed() -> None:
    pid, ref = process.spawn_monitor(crasher.exits, "boom")
    second = process.monitor(pid)
    expect(lambda message: message.ref == second)
    assert process.demonitor(ref) is False
    assert expect() == Down(ref, pid, "boom")

    pid, ref = process.spawn_monitor(crasher.exits, "boom")
    second = process.monitor(pid)
    expect(lambda message: message.ref == second)
    assert process.demonitor(ref, flush=True) is False
    expect_nothing()


def test_a_flush_takes_nothing_else() -> None:
    process.send(process.self(), "mine")
    pid, ref = process.spawn_monitor(crasher.returns)
    process.demonitor(ref, flush=True)
    other = process.monitor(pid)
    expect_down(other)
    assert process.demonitor(ref, flush=True) is False
    assert expect() == "mine"
    expect_nothing()


def test_a_monitor_that_has_fired_or_is_unknown_is_not_active() -> None:
    ref = process.monitor("nobody")
    expect(Down)
    assert process.demonitor(ref) is False
    assert process.demonitor(Ref(123456, process.self())) is False
    assert process.demonitor(Ref(1, Pid(99, "node-1-00000000"))) is False


def test_only_its_owner_can_stop_a_monitor() -> None:
    me, pid = process.self(), idle()
    ref = process.monitor(pid)
    process.spawn(lambda: process.send(me, process.demonitor(ref)))
    assert expect(bool) is False
    process.send(pid, "boom")
    assert expect() == Down(ref, pid, "boom")


# ---- the news of one death


def test_every_watcher_and_every_link_hears_of_it() -> None:
    process.trap_exit()
    me = process.self()

    def watches(pid):
        process.monitor(pid)
        process.send(me, "watching")
        process.send(me, process.receive().reason)

    pid = idle()
    process.link(pid)
    ref = process.monitor(pid)
    for _ in range(5):
        process.spawn(watches, pid)
        expect("watching")
    process.send(pid, "boom")
    assert expect(Exit) == Exit(pid, "boom")
    assert expect(Down) == Down(ref, pid, "boom")
    assert [expect("boom") for _ in range(5)] == ["boom"] * 5
    assert not process.demonitor(ref)


def test_nothing_of_the_dead_is_left_when_its_death_is_told() -> None:
    for _ in range(20):
        pid = idle()
        process.register("short", pid)
        ref = process.monitor(pid)
        process.send(pid, "boom")
        assert expect_down(ref) == "boom"
        assert process.whereis("short") is None
        assert not process.is_alive(pid)
        assert process.info(pid) is None


# ---- aliases


def test_an_alias_is_an_address_until_it_is_switched_off() -> None:
    alias = process.alias()
    process.send(alias, 1)
    assert expect() == 1
    assert process.unalias(alias) is True
    process.send(alias, 2)
    assert process.unalias(alias) is False
    expect_nothing()


@pytest.mark.parametrize(
    ("option", "heard"),
    [("explicit_unalias", [1, 2]), ("reply", [1])],
)
def test_an_alias_may_end_with_the_first_message(option: str, heard: list) -> None:
    me, alias = process.self(), process.alias(option)
    _, ref = process.spawn_monitor(lambda: [process.send(alias, n) for n in (1, 2)])
    expect_down(ref)
    process.send(me, "end")
    assert [expect() for _ in heard] == heard
    assert expect() == "end"
