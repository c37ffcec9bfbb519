"""Order and loss: what floods, full pipes, detours and deaths do to messages, which is nothing.

A receiver that takes nothing out lets its pipe fill (64 KiB); then the doorbell or the kernel has
to help. Numbers are checked one by one: none twice, none missing, none before its turn.
"""

from __future__ import annotations

import os
import signal
import threading

import numpy as np
import pytest

from otp import gen_server, node, process
from otp.terms import Exit, Pid
from tests.expecting import expect, expect_down, expect_nothing
from tests.footprint import parcels
from tests.servers import chatterbox, sleeper
from tests.servers.counter import Counter

FULL = 20_000  # messages; some ten times what a pipe can hold


def numbers_of(sender: Pid, count: int) -> None:
    """The numbers below `count` come from this sender, in order."""
    for number in range(count):
        assert expect() == (sender, number)


def test_a_receiver_that_waits_gets_all_in_order() -> None:
    sender = process.spawn_link(chatterbox.floods, process.self(), FULL)
    numbers_of(sender, FULL)
    expect_nothing()


def test_a_receiver_that_does_not_look_gets_all_in_order() -> None:
    sender, ref = process.spawn_monitor(chatterbox.floods, process.self(), FULL)
    expect_down(ref)
    numbers_of(sender, FULL)
    expect_nothing()


def test_many_senders_each_in_order() -> None:
    senders = [process.spawn_link(chatterbox.floods, process.self(), 2000) for _ in range(8)]
    next_of = dict.fromkeys(senders, 0)
    for _ in range(8 * 2000):
        sender, number = expect()
        assert number == next_of[sender]
        next_of[sender] += 1
    assert set(next_of.values()) == {2000}


def test_short_and_long_messages_keep_their_order() -> None:
    sizes = [1, 5000, 10, 100_000, 3, 4000, 4090] * 10
    me = process.self()
    process.spawn_link(lambda: [process.send(me, bytes(size)) for size in sizes])
    assert [len(expect()) for _ in sizes] == sizes


def test_messages_casts_and_a_call_are_handled_in_the_order_sent() -> None:
    server = gen_server.start_link(Counter, 0)
    for number in range(300):
        process.send(server, number)
        gen_server.cast(server, number)
        assert gen_server.call(server, "count") == 2 * (number + 1)


def test_a_call_stands_behind_a_flood_of_casts() -> None:
    server = gen_server.start_link(Counter, 0)
    for _ in range(FULL):
        gen_server.cast(server, "one")
    assert gen_server.call(server, "count") == FULL


@pytest.mark.parametrize("count", [1, FULL])
def test_an_exit_signal_stands_behind_what_was_sent_before_it(count: int) -> None:
    me = process.self()

    def receiver():
        process.trap_exit()
        process.send(me, process.self())
        heard = 0
        while not isinstance(process.receive(), Exit):
            heard += 1
        process.send(me, heard)

    process.spawn(receiver)
    pid = expect(Pid)
    for number in range(count):
        process.send(pid, number)
    process.exit(pid, "after them")
    assert expect(int) == count


def test_two_that_flood_each_other_while_both_are_busy() -> None:
    """Both send all before either looks at its mailbox."""
    me = process.self()

    def floods(count: int):
        peer = process.receive(Pid)
        chatterbox.floods(peer, count)
        in_order = [process.receive() for _ in range(count)] == [(peer, n) for n in range(count)]
        process.send(me, ("in order", in_order))

    one, other = process.spawn_link(floods, FULL), process.spawn_link(floods, FULL)
    process.send(one, other)
    process.send(other, one)
    assert [expect(within=20) for _ in range(2)] == [("in order", True)] * 2


# ---- detours: the receiver hears no bell


def stopped(owner: Pid) -> tuple[Pid, int]:
    """A process that counts what it hears; it is stopped."""

    def body():
        process.send(owner, os.getpid())
        number = 0
        while (message := process.receive()) != "how many?":
            assert message == (owner, number), (message, number)
            number += 1
        process.send(owner, number)

    pid = process.spawn_link(body)
    os_pid = expect(int)
    os.kill(os_pid, signal.SIGSTOP)
    return pid, os_pid


def test_what_the_kernel_carries_keeps_its_order_with_what_comes_after_it() -> None:
    me = process.self()
    pid, os_pid = stopped(me)
    chatterbox.floods(pid, FULL // 4)
    os.kill(os_pid, signal.SIGCONT)
    for number in range(FULL // 4, FULL // 2):
        process.send(pid, (me, number))
    process.send(pid, "how many?")
    assert expect(int) == FULL // 2


def test_what_the_kernel_carries_survives_the_senders_death() -> None:
    me = process.self()

    def receiver():
        process.send(me, os.getpid())
        process.send(me, [process.receive()[1] for _ in range(5000)] == list(range(5000)))

    pid = process.spawn_link(receiver)
    os_pid = expect(int)
    os.kill(os_pid, signal.SIGSTOP)
    _, ref = process.spawn_monitor(lambda: (chatterbox.floods(pid, 5000), os.kill(os.getpid(), 9)))
    assert expect_down(ref) == "killed"
    os.kill(os_pid, signal.SIGCONT)
    assert expect(bool) is True


def test_long_messages_wait_for_a_stopped_process_too() -> None:
    me = process.self()
    array = np.arange(10_000)

    def receiver():
        process.send(me, os.getpid())
        process.send(me, all((process.receive() == array * n).all() for n in range(2000)))

    pid = process.spawn_link(receiver)
    os_pid = expect(int)
    os.kill(os_pid, signal.SIGSTOP)
    for n in range(2000):
        process.send(pid, array * n)
    os.kill(os_pid, signal.SIGCONT)
    assert expect(within=20) is True


def test_a_stopped_process_that_is_killed_takes_its_messages_along() -> None:
    pid, os_pid = stopped(process.self())
    process.unlink(pid)
    ref = process.monitor(pid)
    chatterbox.floods(pid, FULL // 2)
    for _ in range(20):
        process.send(pid, bytes(10_000))
    os.kill(os_pid, signal.SIGKILL)
    assert expect_down(ref) == "killed"
    assert parcels(node.current().directory) == []


def test_a_thread_has_no_bell_and_loses_nothing() -> None:
    numbers, told = [], threading.Event()
    pids = []

    def thread():
        pids.append(process.self())
        told.set()
        done.wait()
        numbers.extend(process.receive(timeout=5)[1] for _ in range(FULL // 2))

    done = threading.Event()
    runs = threading.Thread(target=thread)
    runs.start()
    assert told.wait(5)
    _, ref = process.spawn_monitor(chatterbox.floods, pids[0], FULL // 2)
    assert expect_down(ref) == "normal"
    done.set()
    runs.join()
    assert numbers == list(range(FULL // 2))


def test_a_sender_of_many_does_not_wait_for_the_deaf_one() -> None:
    """One receiver is stopped; what goes to the others is there before it goes on."""
    me = process.self()
    deaf, os_pid = stopped(me)
    server = gen_server.start_link(Counter, 0)
    for number in range(5000):
        process.send(deaf, (me, number))
        gen_server.cast(server, number)
    assert gen_server.call(server, "count") == 5000
    os.kill(os_pid, signal.SIGCONT)
    process.send(deaf, "how many?")
    assert expect(int) == 5000


def test_one_that_sleeps_in_a_callback_takes_in_what_comes() -> None:
    pid, ref = process.spawn_monitor(sleeper.sleeps, process.self(), trap=True)
    expect(sleeper.BEGUN)
    chatterbox.floods(pid, FULL)
    process.send(pid, bytes(1_000_000))
    process.exit(pid, "kill")
    assert expect_down(ref) == "killed"
    assert parcels(node.current().directory) == []


@pytest.mark.parametrize("busy", sleeper.WAYS)
def test_an_exit_signal_behind_what_the_kernel_carries_is_honoured_at_once(busy) -> None:
    """Its pipe is full, the kernel holds more; it goes on, in a callback that never looks."""
    pid, ref = process.spawn_monitor(busy, process.self())
    expect(sleeper.BEGUN)
    os_pid = process.info(pid)["os_pid"]
    os.kill(os_pid, signal.SIGSTOP)
    chatterbox.floods(pid, 20_000)
    process.exit(pid, "behind them")
    os.kill(os_pid, signal.SIGCONT)
    assert expect_down(ref) == "behind them"
