"""The timer module: intervals, functions that are called later, and who may cancel them."""

from __future__ import annotations

from time import monotonic

import pytest

from otp import process, system, timer
from otp.terms import Down, Exit
from tests.expecting import expect, expect_down, expect_nothing

SHORT, FAR = 0.005, 3600.0


def test_an_interval_goes_on_until_it_is_cancelled() -> None:
    begin = monotonic()
    ticks = timer.send_interval(SHORT, process.self(), "tick")
    assert [expect() for _ in range(3)] == ["tick"] * 3
    assert monotonic() - begin >= 3 * SHORT
    timer.cancel(ticks)
    while process.info(process.self())["message_queue_len"]:
        expect("tick")
    process.send_after(4 * SHORT, process.self(), "later")
    assert expect() == "later"
    timer.cancel(ticks)


def test_an_interval_ends_with_its_destination() -> None:
    pid, ref = process.spawn_monitor(process.receive)
    process.register("destination", pid)
    by_pid = timer.send_interval(FAR, pid, "tick")
    by_name = timer.send_interval(SHORT, "destination", "tick")
    assert by_pid in system.get_state(timer.NAME)
    assert expect_down(ref) == "normal"
    process.is_alive(pid)
    assert not {by_pid, by_name} & set(system.get_state(timer.NAME))


def test_a_name_that_becomes_free_just_then_is_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    """1. the timer server finds who has the name  2. that process ends  3. the message is sent."""
    pid, ref = process.spawn_monitor(int)
    assert expect_down(ref) == "normal"
    monkeypatch.setattr(process, "whereis", lambda name: pid)
    timer._do(timer.Message("free by now", "tick"))


def test_a_function_is_called_later_in_a_process_of_its_own() -> None:
    me = process.self()
    timer.apply_after(SHORT, lambda: process.send(me, process.self()))
    assert expect() not in (me, process.whereis(timer.NAME))
    timer.apply_after(SHORT, process.send, me, message="by name")
    assert expect() == "by name"


def test_a_function_that_is_cancelled_is_not_called() -> None:
    ref = timer.apply_after(FAR, process.send, process.self(), "never")
    timer.cancel(ref)
    assert process.read_timer(ref) is None


def test_calls_of_an_interval_do_not_wait_for_each_other() -> None:
    calls = timer.apply_interval(SHORT, tells_and_waits, process.self())
    pids = {expect(), expect()}
    assert len(pids) == 2
    assert all(map(process.is_alive, pids))
    timer.cancel(calls)


def tells_and_waits(customer) -> None:
    process.link(customer)
    process.send(customer, process.self())
    process.receive()


def test_repeated_calls_wait_for_each_other() -> None:
    me = process.self()
    calls = timer.apply_repeatedly(SHORT, tells_and_waits, me)
    first = expect()
    process.send_after(4 * SHORT, me, "still alone")
    assert expect() == "still alone"
    process.send(first, "end")
    assert expect() != first
    timer.cancel(calls)


def test_calls_of_an_interval_end_with_who_asked_for_them() -> None:
    _, ref = process.spawn_monitor(lambda: timer.apply_interval(FAR, print))
    assert expect_down(ref) == "normal"
    process.is_alive(process.self())
    assert not system.get_state(timer.NAME)


def test_a_process_ends_later() -> None:
    process.trap_exit()
    pid = process.spawn_link(process.receive)
    timer.exit_after(SHORT, pid, "boom")
    assert expect() == Exit(pid, "boom")
    pid, ref = process.spawn_monitor(process.receive)
    timer.kill_after(SHORT, pid)
    assert expect() == Down(ref, pid, "killed")


def test_a_message_comes_once() -> None:
    timer.send_after(SHORT, process.self(), "once")
    assert expect() == "once"
    timer.cancel(timer.send_after(SHORT, process.self(), "never"))
    expect_nothing()


def test_the_time_of_a_call() -> None:
    seconds, value = timer.tc(divmod, 7, 2)
    assert value == (3, 1)
    assert 0 <= seconds < 1


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), "1", None])
def test_an_interval_takes_some_seconds(seconds) -> None:
    with pytest.raises((TypeError, ValueError), match="the time of an interval is to be"):
        timer.send_interval(seconds, process.self(), "tick")


def test_only_a_timer_can_be_cancelled() -> None:
    with pytest.raises(TypeError):
        timer.cancel("nonsense")
    with pytest.raises(TypeError, match="a timer sends to a Pid or a name"):
        timer.send_interval(1, 12, "tick")
