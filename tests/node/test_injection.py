"""Somebody is killed at every single line of what it does. Nobody else is harmed by it.

Each test runs one act in a process that is killed at its first line of the library, then at its
second, and so on, until it survives the act. After each death the world is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from otp import gen_server, node, process
from otp.errors import ServerDied, StartError
from otp.gen_server import Reply, Stop
from otp.terms import Down, Exit, Pid
from tests import footprint
from tests.expecting import expect, expect_down, expect_nothing
from tests.servers import relay, saboteur, witness
from tests.servers.counter import Counter
from tests.servers.witness import Told, Witness

MOST = 2000


def lines(step: int) -> Iterator[int]:
    """Every so many lines: they are many, and a test is to be short."""
    return iter(range(0, MOST, step))


def killed_at_each_line(act: Callable[[], Any], step: int) -> Iterator[tuple[Pid, list[Any]]]:
    """One dead process after another, each with what it had sent us before it was killed."""
    me = process.self()
    for number in lines(step):
        pid, ref = process.spawn_monitor(saboteur.tries, me, number, act)
        heard: list[Any] = []
        while not isinstance(news := expect(), Down):
            heard.append(news)
        assert news.ref == ref
        yield pid, heard
        if news.reason == "normal":
            assert heard[-1] == "survived"
            return
        assert news.reason == "killed"
        assert "survived" not in heard
    pytest.fail(f"it has more than {MOST} lines")


def parcels() -> list[Path]:
    """What lies about, when we have looked at our mailbox and so have heard who is dead."""
    with suppress(TimeoutError):
        process.receive(lambda message: False, timeout=0)
    return footprint.parcels(node.current().directory)


def test_a_sender_leaves_whole_messages_or_none() -> None:
    me = process.self()
    messages = [1, bytes(10_000), "two", bytes(100_000), None]

    def sends() -> None:
        for message in messages:
            process.send(me, message)

    counts = []
    for _, heard in killed_at_each_line(sends, 3):
        said = [message for message in heard if message != "survived"]
        assert said == messages[: len(said)]
        assert parcels() == []
        counts.append(len(said))
    assert set(counts) == set(range(len(messages) + 1))
    assert counts == sorted(counts)


def test_a_server_replies_or_is_dead() -> None:
    """It is killed while it takes a call, handles it and replies."""
    outcomes = set()
    for number in lines(3):
        server = witness.start()
        ref = process.monitor(server)

        def replies(caller: Any, state: Any, number: int = number) -> Any:
            saboteur.dies_at_line(number, lambda: gen_server.reply(caller, bytes(5000)))
            return Reply("second", state)

        try:
            outcomes.add(gen_server.call(server, replies))
        except ServerDied as error:
            outcomes.add(error.reason)
        survived = process.is_alive(server)
        process.exit(server, "kill")
        assert expect_down(ref) == "killed"
        if survived:
            break
    assert outcomes == {bytes(5000), "killed"}
    assert parcels() == []
    expect_nothing()


def test_a_caller_leaves_a_server_that_goes_on() -> None:
    server = gen_server.start_link(Counter, 0)

    def calls() -> None:
        gen_server.cast(server, bytes(10_000))
        gen_server.call(server, bytes(10_000))

    seen = [gen_server.call(server, "count") for _ in killed_at_each_line(calls, 3)]
    assert gen_server.call(server, "count") == seen[-1]
    assert {later - earlier for earlier, later in pairwise(seen)} <= {0, 1}
    assert parcels() == []


def test_a_starter_leaves_a_server_or_none() -> None:
    """Linked, the server dies with it; its name is free either way."""

    def starts() -> None:
        gen_server.start_link(Counter, 0, name="half_started")

    for starter, heard in killed_at_each_line(starts, 7):
        if heard == ["survived"]:  # its normal end is nothing to the server
            process.exit(process.whereis("half_started"), "kill")
        expect_down(process.monitor("half_started"))
        assert process.whereis("half_started") is None
        assert not process.is_alive(starter)


def test_a_server_that_dies_in_init_is_a_start_error() -> None:
    process.trap_exit()
    for number in lines(11):

        def init(told: Any, number: int = number) -> Any:
            saboteur.dies_at_line(number, lambda: relay.does_much(told.owner))
            return Stop("survived")

        with pytest.raises(StartError) as caught:
            gen_server.start(Witness, Told(process.self(), init=init))
        assert process.whereis("much") is None
        if caught.value.reason == "survived":
            break
        assert caught.value.reason == "killed"
    assert expect("much") == "much"


def test_a_dying_process_frees_its_name_and_tells_its_links() -> None:
    """It is killed while it registers, links, monitors, starts timers and children."""
    me = process.self()
    process.trap_exit()

    def does_much() -> None:
        relay.does_much(me)

    for pid, heard in killed_at_each_line(does_much, 11):
        assert process.whereis("much") is None
        assert pid not in process.info(me)["links"]
        news = [message for message in heard if not isinstance(message, Exit)]
        assert news in ([], ["much"], ["much", "survived"])
        assert process.info(me)["monitored_by"] == []


def test_a_server_that_dies_while_it_ends_is_dead() -> None:
    me = process.self()
    for number in lines(3):

        def ends(number: int = number) -> None:
            saboteur.dies_at_line(number, lambda: process.send(me, bytes(5000)))

        server = witness.start(terminate=ends)
        ref = process.monitor(server)
        gen_server.cast(server, lambda state: Stop("ordered", state))
        assert expect() == ("terminate", "ordered")
        reason = expect_down_after(ref)
        if reason == "ordered":
            return
        assert reason == "killed"
        assert parcels() == []
    pytest.fail("it never survived")


def expect_down_after(ref: Any) -> Any:
    """The reason; whole messages may stand before it."""
    while not isinstance(news := expect(), Down):
        assert news == bytes(5000)
    assert news.ref == ref
    return news.reason


def test_a_process_that_dies_in_its_doorbell_harms_no_sender() -> None:
    """It is busy; the bell of a flood rings, and in the middle of that it is killed."""
    me = process.self()
    for number in range(0, 60, 2):

        def busy(number: int = number) -> None:
            process.send(me, "busy")
            saboteur.dies_at_line(number, _until_killed)

        pid, ref = process.spawn_monitor(busy)
        assert expect() == "busy"
        for message in range(3000):
            process.send(pid, message)
        process.exit(pid, "kill")  # if it had not so many lines to run
        assert expect_down(ref) == "killed"


def _until_killed() -> None:
    while True:
        pass
