"""Anyone may cancel and read any timer, one that a process keeps for itself too."""

from __future__ import annotations

import os
import signal
from time import monotonic

from otp import process
from tests.expecting import expect, expect_nothing

FAR = 3600.0


def owner(customer) -> None:
    """Starts a timer for itself, tells it, and waits for the message or another word."""
    process.send(customer, process.send_after(FAR, process.self(), "rang"))
    process.send(customer, process.receive())


def test_a_timer_that_another_keeps_for_itself_can_be_read_and_cancelled() -> None:
    process.spawn_link(owner, process.self())
    ref = expect()
    assert FAR - 60 < process.read_timer(ref) <= FAR
    assert FAR - 60 < process.cancel_timer(ref) <= FAR
    assert process.cancel_timer(ref) is None
    assert process.read_timer(ref) is None
    process.send(ref.owner, "end")
    assert expect() == "end"


def busy(customer) -> None:
    ref = process.send_after(0.01, process.self(), "rang")
    begin = monotonic()
    while monotonic() < begin + 0.05:
        sum(range(100))
    process.send(customer, (process.read_timer(ref), process.cancel_timer(ref)))
    process.send(process.self(), "later")
    process.send(customer, [process.receive(), process.receive()])


def test_a_timer_that_is_due_has_fired_though_nobody_has_looked() -> None:
    process.spawn_link(busy, process.self())
    assert expect() == (None, None)
    assert expect() == ["rang", "later"]


def busy_for(customer, seconds) -> None:
    process.send(customer, process.send_after(FAR, process.self(), "rang"))
    begin = monotonic()
    while monotonic() < begin + seconds:
        sum(range(100))


def test_a_busy_owner_is_not_waited_for() -> None:
    pid = process.spawn(busy_for, process.self(), FAR)
    ref = expect()
    assert process.cancel_timer(ref) > FAR - 60
    process.exit(pid, "kill")


def test_a_stopped_owner_is_not_waited_for() -> None:
    pid = process.spawn_link(owner, process.self())
    ref = expect()
    os.kill(process.info(pid)["os_pid"], signal.SIGSTOP)
    assert process.read_timer(ref) is None
    assert process.cancel_timer(ref) is None
    os.kill(process.info(pid)["os_pid"], signal.SIGCONT)
    assert process.read_timer(ref) is None  # the question was passed on, and heard at last
    process.send(pid, "end")
    assert expect() == "end"


def test_the_death_of_the_owner_is_an_answer() -> None:
    pid = process.spawn(busy_for, process.self(), FAR)
    ref = expect()
    process.exit(pid, "kill")
    assert process.cancel_timer(ref) is None
    expect_nothing()
