"""Timers: for oneself in one's own memory, for others in the kernel; the rules are the same."""

from __future__ import annotations

from itertools import pairwise
from time import monotonic

import pytest

from otp import process
from otp.terms import Down, Global, Pid, Ref, Timeout
from tests.expecting import expect, expect_down, expect_nothing
from tests.servers import crasher, relay

FAR = 3600.0


@pytest.fixture(params=["oneself", "a name", "another"])
def dest(request):
    """A destination whose messages we see: directly, or passed on by another process."""
    me = process.self()
    if request.param == "oneself":
        return me
    if request.param == "a name":
        process.register("here", me)
        return "here"
    return process.spawn_link(relay.passes_on, me)


def test_a_message_comes_once_and_never_early(dest) -> None:
    begin = monotonic()
    process.send_after(0.02, dest, "tick")
    assert expect() == "tick"
    assert monotonic() - begin >= 0.02
    expect_nothing()


def test_a_timer_of_zero_seconds_comes_behind_what_is_there() -> None:
    me = process.self()
    process.send(me, "first")
    process.send_after(0, me, "timer")
    assert expect() == "first"
    assert expect() == "timer"


def test_start_timer_delivers_its_reference(dest) -> None:
    ref = process.start_timer(0.001, dest, ("any", "message"))
    assert expect() == Timeout(ref, ("any", "message"))


def test_timers_come_in_the_order_of_their_deadlines(dest) -> None:
    earliest, latest = {}, {}
    for number in (3, 1, 2):
        after = 0.005 * number
        earliest[number] = monotonic() + after
        process.send_after(after, dest, number)
        latest[number] = monotonic() + after
    came = [expect() for _ in range(3)]
    assert all(earliest[one] <= latest[next_one] for one, next_one in pairwise(came))


def test_a_timer_that_is_cancelled_tells_what_was_left_and_does_not_come(dest) -> None:
    ref = process.send_after(FAR, dest, "never")
    assert FAR - 5 < process.read_timer(ref) <= FAR
    assert FAR - 5 < process.cancel_timer(ref) <= FAR
    assert process.cancel_timer(ref) is None
    assert process.read_timer(ref) is None


def test_a_timer_that_has_fired_has_nothing_left(dest) -> None:
    ref = process.send_after(0, dest, "tick")
    assert expect() == "tick"
    assert process.read_timer(ref) is None
    assert process.cancel_timer(ref) is None


def test_the_message_is_copied_when_the_timer_is_started(dest) -> None:
    things = [1]
    process.send_after(0.001, dest, things)
    things.append(2)
    assert expect(list) == [1]


@pytest.mark.parametrize("size", [10, 10_000, 1_000_000])
def test_the_message_may_be_long(dest, size: int) -> None:
    process.send_after(0, dest, bytes(size))
    assert expect(bytes) == bytes(size)


def test_a_name_is_looked_up_when_the_time_has_come() -> None:
    process.send_after(0.01, "later", "tick")
    process.register("later", process.self())
    assert expect() == "tick"


def test_to_a_name_that_is_free_then_it_is_dropped() -> None:
    process.send_after(0, "nobody", "tick")
    process.send_after(0.002, process.self(), "after it")
    assert expect() == "after it"


def test_a_timer_is_cancelled_when_its_destination_dies() -> None:
    pid, ref = process.spawn_monitor(process.receive)
    timer = process.send_after(FAR, pid, "never")
    process.send(pid, "end")
    expect_down(ref)
    assert process.read_timer(timer) is None


def test_a_timer_outlives_who_started_it() -> None:
    me = process.self()

    def starts():
        process.send_after(0.01, me, "tick")

    _, ref = process.spawn_monitor(starts)
    assert expect_down(ref) == "normal"
    assert expect() == "tick"


def test_a_timer_for_oneself_ends_with_oneself() -> None:
    _, ref = process.spawn_monitor(lambda: process.send_after(0, process.self(), "x"))
    assert expect_down(ref) == "normal"


def test_anyone_can_cancel_a_timer_in_the_kernel() -> None:
    me = process.self()
    ref = process.send_after(FAR, process.spawn_link(process.receive), "never")
    process.spawn(lambda: process.send(me, process.cancel_timer(ref)))
    assert expect(float) > FAR - 60
    assert process.read_timer(ref) is None


def test_a_timer_wakes_a_receive_that_waits_for_something_else() -> None:
    me = process.self()
    process.send_after(0.001, me, "tick")
    with pytest.raises(TimeoutError):
        process.receive(Down, timeout=0.01)
    assert expect() == "tick"


def test_many_timers(dest) -> None:
    for number in range(500):
        process.send_after((number * 7919 % 500) / 100_000, dest, number)
    assert {expect() for _ in range(500)} == set(range(500))


@pytest.mark.parametrize("seconds", [1e6, 1e8, 1e12, float("inf")])
def test_a_time_may_be_as_long_as_you_like(dest, seconds: float) -> None:
    timer = process.send_after(seconds, dest, "never")
    with pytest.raises(TimeoutError):
        process.receive(timeout=0.001)
    assert process.read_timer(timer) > 1e6 - 60
    process.send(process.self(), "now")
    assert process.receive(timeout=seconds) == "now"
    process.cancel_timer(timer)


def test_a_timer_to_the_dead_or_another_node_is_nothing() -> None:
    pid, ref = process.spawn_monitor(crasher.returns)
    expect_down(ref)
    timer = process.send_after(FAR, pid, "x")
    assert process.read_timer(timer) is None
    assert process.cancel_timer(process.send_after(FAR, Pid(1, "node-1-00000000"), "x")) is None


@pytest.mark.parametrize("seconds", [-0.1, float("nan"), "1", None, True])
def test_a_time_is_a_number_of_seconds_from_0_on(seconds) -> None:
    with pytest.raises((TypeError, ValueError), match="the time of a timer is to be"):
        process.send_after(seconds, process.self(), "x")


@pytest.mark.parametrize("dest", [None, 12, Global("x"), Ref(1, Pid(1, "n"))])
def test_a_timer_sends_to_a_pid_or_a_name(dest) -> None:
    with pytest.raises((TypeError, NotImplementedError)):
        process.send_after(1, dest, "x")


def test_only_references_can_be_cancelled() -> None:
    with pytest.raises(TypeError, match="this takes the Ref"):
        process.cancel_timer("timer")
