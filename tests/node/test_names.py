"""Registered names: given once, free again before anyone hears of the death."""

from __future__ import annotations

import pytest

from otp import process
from otp.terms import Pid
from tests.expecting import expect, expect_down
from tests.servers import crasher


def idle() -> Pid:
    return process.spawn_link(process.receive)


@pytest.mark.parametrize(
    "name", ["kv", "two words", "a/b", "..", "ä€", "x" * 1000, "%41", "\n", "\udcff"], ids=ascii
)
def test_a_name_is_any_string(name: str) -> None:
    process.register(name, process.self())
    assert process.whereis(name) == process.self()
    assert process.registered() == [name]
    process.send(name, "by name")
    assert expect() == "by name"
    process.unregister(name)
    assert process.whereis(name) is None


@pytest.mark.parametrize("name", [None, 1, b"kv", ("kv",), "", "undefined"])
def test_what_is_no_name_is_refused(name) -> None:
    with pytest.raises((TypeError, ValueError), match="name"):
        process.register(name, process.self())


def test_a_name_that_is_taken_is_refused() -> None:
    process.register("kv", idle())
    with pytest.raises(ValueError, match="the name 'kv' is taken"):
        process.register("kv", process.self())


def test_a_process_has_one_name() -> None:
    process.register("first", process.self())
    with pytest.raises(ValueError, match="has a name already"):
        process.register("second", process.self())
    assert process.whereis("second") is None


def test_the_dead_get_no_name() -> None:
    pid, ref = process.spawn_monitor(crasher.returns)
    expect_down(ref)
    with pytest.raises(ValueError, match="is dead"):
        process.register("late", pid)
    with pytest.raises(ValueError, match="is dead"):
        process.register("late", Pid(1, "node-1-00000000"))


def test_a_name_can_be_taken_away_and_given_to_another() -> None:
    one, other = idle(), idle()
    process.register("role", one)
    process.unregister("role")
    process.register("role", other)
    assert process.whereis("role") == other
    assert process.is_alive(one)


def test_a_free_name_cannot_be_taken_away() -> None:
    with pytest.raises(ValueError, match="no process is registered as 'nobody'"):
        process.unregister("nobody")


@pytest.mark.parametrize("end", [crasher.returns, crasher.raises, crasher.signals, crasher.aborts])
def test_a_name_is_free_before_the_death_is_told(end) -> None:
    for _ in range(3):
        pid, ref = process.spawn_monitor(lambda: (process.receive(), end()))
        process.register("short", pid)
        process.send("short", "go")
        expect_down(ref)
        assert process.whereis("short") is None
        process.register("short", process.self())
        process.unregister("short")


def test_others_find_a_name_at_once() -> None:
    me = process.self()
    process.register("found", me)
    process.spawn(lambda: process.send("found", (process.whereis("found"), process.registered())))
    assert expect(tuple) == (me, ["found"])


def test_of_many_who_want_a_name_one_gets_it() -> None:
    me = process.self()

    def races():
        try:
            process.register("wanted", process.self())
            process.send(me, True)
        except ValueError:
            process.send(me, False)
        process.receive()

    for _ in range(8):
        process.spawn_link(races)
    assert sum(expect(bool) for _ in range(8)) == 1
