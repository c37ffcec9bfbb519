"""send and receive: what arrives, in which order, and what does not."""

from __future__ import annotations

import types
from pathlib import Path
from pickle import PicklingError
from time import monotonic

import numpy as np
import pytest

from otp import node, process
from otp.terms import Down, From, Pid, Via
from otp.wire.frame import LIMIT
from tests import footprint
from tests.expecting import expect, expect_down, expect_nothing
from tests.servers import awkward, crasher, keeper

MB = 1_000_000


def echo():
    """A process that sends back what it gets, to whom it says."""

    def body():
        while True:
            dest, message = process.receive()
            process.send(dest, message)

    return process.spawn_link(body)


def there_and_back(message):
    process.send(echo(), (process.self(), message))
    return expect()


# ---- what a message can be


@pytest.mark.parametrize(
    "message",
    [None, False, 0, "", (), ("$gen_call",), "timeout", b"bytes", {"a": [1, {2}]}, ValueError("x")],
    ids=repr,
)
def test_a_message_is_any_value(message) -> None:
    assert repr(there_and_back(message)) == repr(message)


def test_pids_and_references_stay_what_they_are() -> None:
    me = process.self()
    assert there_and_back(me) == me
    ref = process.monitor(me)
    assert there_and_back((ref, From(me, 3))) == (ref, From(me, 3))


@pytest.mark.parametrize("size", [LIMIT - 40, *range(LIMIT - 12, LIMIT + 4), 65_536, MB])
def test_a_message_may_be_longer_than_a_frame(size: int) -> None:
    assert there_and_back(bytes(size)) == bytes(size)


def parcels() -> list[Path]:
    return footprint.parcels(node.current().directory)


@pytest.mark.parametrize("message", [bytes(50 * MB), np.arange(4 * MB)], ids=["bytes", "array"])
def test_a_big_message_arrives_and_leaves_nothing(message) -> None:
    answer = there_and_back(message)
    assert type(answer) is type(message)
    assert np.array_equal(np.frombuffer(answer, "u1"), np.frombuffer(message, "u1"))
    assert not parcels()


def test_an_array_that_has_arrived_can_be_written_to() -> None:
    array = there_and_back(np.zeros(10_000))
    array[0] = 1.0
    assert array.sum() == 1.0


def test_a_message_is_copied_when_it_is_sent() -> None:
    things = [1]
    process.send(process.self(), things)
    things.append(2)
    assert expect() == [1]


# ---- receive


def test_messages_come_in_the_order_in_which_they_were_sent() -> None:
    for number in range(5):
        process.send(process.self(), number)
    assert [expect() for _ in range(5)] == list(range(5))


def test_a_match_takes_the_first_that_it_wants_and_the_rest_stay_in_order() -> None:
    for message in ("a", 1, "b", 2, "c"):
        process.send(process.self(), message)
    assert process.receive(lambda m: m == "b") == "b"
    assert process.receive(int) == 1
    assert [process.receive() for _ in range(3)] == ["a", 2, "c"]


def test_what_a_match_looked_at_stands_before_what_comes_later() -> None:
    me = process.self()
    process.send(me, "old")
    with pytest.raises(TimeoutError):
        process.receive(int, timeout=0)
    process.send(me, "new")
    assert [process.receive(), process.receive()] == ["old", "new"]


def test_a_match_that_raises_takes_nothing() -> None:
    for number in (1, 0, 2):
        process.send(process.self(), number)
    with pytest.raises(ZeroDivisionError):
        process.receive(lambda number: 1 / number > 5, timeout=5)
    with pytest.raises(ZeroDivisionError):
        process.receive(lambda number: 1 / number > 5, timeout=5)
    assert [expect() for _ in range(3)] == [1, 0, 2]


def test_a_timeout_of_zero_takes_what_is_there() -> None:
    process.send(process.self(), "there")
    assert process.receive(timeout=0) == "there"
    with pytest.raises(TimeoutError):
        process.receive(timeout=0)


def test_a_receive_ends_with_its_timeout_and_not_before() -> None:
    begin = monotonic()
    with pytest.raises(TimeoutError, match=r"no such message within 0\.01 s"):
        process.receive(timeout=0.01)
    assert monotonic() - begin >= 0.01


@pytest.mark.parametrize("timeout", [-1, float("nan"), "1", True])
def test_a_timeout_is_a_number_of_seconds(timeout) -> None:
    with pytest.raises((TypeError, ValueError), match="timeout is to be"):
        process.receive(timeout=timeout)


# ---- to whom


def test_a_message_to_oneself_needs_no_room_in_the_pipe() -> None:
    me = process.self()
    for number in range(20_000):
        process.send(me, number)
    assert [process.receive() for _ in range(20_000)] == list(range(20_000))


def test_to_a_name() -> None:
    process.register("postbox", process.self())
    process.send("postbox", "by name")
    assert expect() == "by name"


def test_to_a_free_name_raises() -> None:
    with pytest.raises(ValueError, match="no process is registered as 'nobody'"):
        process.send("nobody", "x")


def test_to_the_dead_is_dropped_silently() -> None:
    pid, ref = process.spawn_monitor(crasher.returns)
    process.send(pid, "living or dead")
    assert expect_down(ref) == "normal"
    process.send(pid, "surely dead")
    process.send(pid, bytes(100_000))
    assert not parcels()


def test_to_a_process_of_another_node_is_dropped_silently() -> None:
    process.send(Pid(process.self().id, "node-1-12345678"), "x")
    expect_nothing()


def test_to_a_name_that_a_registry_of_yours_keeps() -> None:
    keeper.register_name("me", process.self())
    process.send(Via(keeper, "me"), "by key")
    assert expect() == "by key"
    keeper.unregister_name("me")


@pytest.mark.parametrize("dest", [None, 12, ("name", "node", 1), b"name", Down])
def test_what_names_no_process_is_refused(dest) -> None:
    with pytest.raises(TypeError, match="a process is named by a Pid, a str or Via"):
        process.send(dest, "message")


# ---- what cannot be sent, what cannot be read


@pytest.mark.parametrize("padding", [b"", bytes(100_000)], ids=["short", "long"])
def test_what_cannot_be_pickled_raises_and_nothing_is_sent(padding: bytes) -> None:
    me, other = process.self(), echo()
    with pytest.raises(PicklingError, match="lock"):
        process.send(other, (me, awkward.unpicklable(), padding))
    with pytest.raises(PicklingError, match="lock"):
        process.send(me, awkward.unpicklable())
    process.send(other, (me, "next"))
    assert expect() == "next"
    assert not parcels()


@pytest.mark.parametrize("padding", [b"", bytes(100_000)], ids=["short", "long"])
def test_what_cannot_be_unpickled_is_dropped_with_a_report(caplog, padding: bytes) -> None:
    me = process.self()
    process.send(me, "before")
    process.send(me, awkward.Unreadable(padding))
    process.send(me, "after")
    assert [expect(), expect()] == ["before", "after"]
    expect_nothing()
    assert "dropped a message of <0." in caplog.text
    assert "cannot be built here" in caplog.text
    assert not parcels()


def test_a_message_of_a_module_that_the_receiver_lacks_is_dropped() -> None:
    me = process.self()

    def sender():
        import sys

        module = types.ModuleType("only_here")
        exec("class Thing: pass", vars(module))
        sys.modules["only_here"] = module
        process.send(me, module.Thing())
        process.send(me, "next")

    _, ref = process.spawn_monitor(sender)
    assert expect_down(ref) == "normal"
    assert expect() == "next"


def test_messages_that_nobody_took_end_with_the_process() -> None:
    me = process.self()

    def ignores():
        process.send(me, "ready")
        process.receive(Down)

    pid, ref = process.spawn_monitor(ignores)
    assert expect() == "ready"
    process.send(pid, bytes(MB))
    process.exit(pid, "enough")
    assert expect_down(ref) == "enough"
    assert not parcels()
