"""Threads: each that uses the library is a process of the node."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otp import gen_server, process
from otp.errors import ProcessExit
from otp.gen_server import NoReply
from otp.terms import Down, Exit, Pid
from tests.expecting import at_most, expect, expect_down, expect_nothing
from tests.servers import crasher, relay, witness
from tests.servers.counter import Counter


def in_thread(function: Callable[[], Any]) -> Any:
    """What the function returns in a thread of its own, whose life ends with it."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    return results[0]


# ---- threads


def test_each_thread_is_a_process_with_a_mailbox_of_its_own() -> None:
    me = process.self()

    def thread() -> tuple[Pid, Any]:
        process.send(me, process.self())
        return process.self(), process.receive(timeout=5)

    sender = process.spawn_link(lambda: process.send(process.receive(), "for the thread"))
    results: list[Any] = []
    runs = threading.Thread(target=lambda: results.append(thread()))
    runs.start()
    other = expect(Pid)
    process.send(sender, other)
    runs.join()
    assert results == [(other, "for the thread")]
    assert other != me
    expect_nothing()


def test_a_thread_ends_as_a_process_when_it_ends() -> None:
    pid, refs = in_thread(lambda: (process.self(), None)), []
    ref = process.monitor(pid[0])
    assert expect_down(ref) == "noproc"
    told, go_on = threading.Event(), threading.Event()

    def thread() -> None:
        refs.append(process.self())
        told.set()
        go_on.wait()

    runs = threading.Thread(target=thread)
    runs.start()
    told.wait()
    ref = process.monitor(refs[0])
    go_on.set()
    assert expect() == Down(ref, refs[0], "normal")
    runs.join()


def test_a_thread_can_do_all_that_a_process_can() -> None:
    def thread() -> None:
        process.trap_exit()
        pid = process.spawn_link(crasher.exits, "boom")
        assert process.receive(timeout=5) == Exit(pid, "boom")
        process.register("thread", process.self())
        server = gen_server.start_link(Counter, 5, name="of_a_thread")
        assert gen_server.call("of_a_thread", "count") == 5
        gen_server.stop(server)
        assert process.receive(timeout=5) == Exit(server, "normal")
        process.send_after(0.001, process.self(), "tick")
        assert process.receive(timeout=5) == "tick"

    in_thread(thread)


def test_what_is_linked_to_a_thread_hears_of_its_end() -> None:
    def thread() -> Pid:
        pid = process.spawn_link(relay.passes_on_exits_too, me)
        process.send(pid, "traps")
        return heard.wait(5) and pid

    me, heard, results = process.self(), threading.Event(), []
    runs = threading.Thread(target=lambda: results.append(thread()))
    runs.start()
    expect("traps")
    heard.set()
    runs.join()
    (pid,) = results
    assert expect(Exit).reason == "normal"
    process.exit(pid, "kill")


# ---- exit signals to a thread


def signalled(reason: str) -> None:
    """Somebody sends us an exit signal."""
    me = process.self()
    _, ref = process.spawn_monitor(lambda: process.exit(me, reason))
    with pytest.raises(ProcessExit) as caught:
        expect_down(ref)
    assert caught.value.reason == ("killed" if reason == "kill" else reason)


@pytest.mark.parametrize("reason", ["boom", "kill"])
def test_an_exit_signal_is_raised_where_a_thread_waits(reason: str) -> None:
    before = process.self()
    signalled(reason)
    assert process.self() != before
    in_thread(lambda: signalled(reason))


def test_an_exit_signal_is_raised_where_a_thread_calls() -> None:
    me, server = process.self(), witness.start()

    def never_replies(caller: Any, state: Any) -> NoReply[Any]:
        process.exit(me, "boom")
        return NoReply(state)

    with pytest.raises(ProcessExit), at_most(5):
        gen_server.call(server, never_replies, None)
    process.exit(server, "kill")


@pytest.mark.parametrize("where", ["the main thread", "another thread"])
def test_kill_cannot_be_trapped_by_a_thread(where: str) -> None:
    def traps() -> None:
        process.trap_exit()
        signalled("kill")

    traps() if where == "the main thread" else in_thread(traps)


def test_the_name_of_a_thread_that_was_ended_is_free() -> None:
    process.register("mine", process.self())
    signalled("boom")
    assert process.whereis("mine") is None
    process.register("mine", process.self())


def test_a_thread_that_traps_gets_messages() -> None:
    process.trap_exit()
    me = process.self()
    sender = process.spawn(lambda: process.exit(me, "boom"))
    assert expect() == Exit(sender, "boom")


@pytest.mark.parametrize(("reason", "alive"), [("boom", "True"), ("kill", "False")])
@pytest.mark.parametrize("where", ["the main thread", "another thread"])
def test_nobody_waits_for_a_busy_thread_to_hear_of_its_end(
    where: str, reason: str, alive: str, tmp_path: Path
) -> None:
    """It may look at its mailbox in an hour; who asks whether it is alive is answered now."""
    path = tmp_path / "answer"
    os.mkfifo(path)

    def busy() -> str:
        me = process.self()

        def asks() -> None:
            process.exit(me, reason)
            path.write_text(str(process.is_alive(me)))

        process.spawn(asks)
        return path.read_text()

    assert (busy() if where == "the main thread" else in_thread(busy)) == alive
    if where == "the main thread":
        with pytest.raises(ProcessExit):
            process.self()


# ---- threads of a server


def test_a_thread_of_a_server_may_reply_for_it() -> None:
    server = witness.start()

    def replies_in_a_thread(caller: Any, state: Any) -> NoReply[Any]:
        threading.Thread(target=gen_server.reply, args=(caller, "from a thread")).start()
        return NoReply(state)

    assert gen_server.call(server, replies_in_a_thread) == "from a thread"
    process.exit(server, "kill")


def test_a_thread_of_a_server_ends_with_the_server() -> None:
    server = witness.start()

    def starts_a_thread(caller: Any, state: Any) -> NoReply[Any]:
        def thread() -> None:
            gen_server.reply(caller, process.self())
            process.receive()

        threading.Thread(target=thread).start()
        return NoReply(state)

    thread = gen_server.call(server, starts_a_thread)
    ref = process.monitor(thread)
    gen_server.stop(server)
    assert expect_down(ref) == "killed"
    assert expect() == ("terminate", "normal")
