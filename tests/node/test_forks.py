"""Forked children, of the program and of servers: each is a process of its own, or none."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otp import gen_server, node, process
from otp.errors import NodeDown, ServerDied
from otp.gen_server import NoReply, Reply
from otp.runtime import here
from otp.terms import Pid
from otp.wire import pipe
from tests.expecting import expect, expect_down
from tests.servers import witness
from tests.servers.counter import Counter


def forked(function: Callable[[], Any]) -> int:
    """The exit status of a child of ours that is forked and runs the function."""
    child = multiprocessing.get_context("fork").Process(target=function)
    child.start()
    child.join()
    return child.exitcode or 0


def bare_fork(function: Callable[[], Any]) -> int:
    """The same with `os.fork` and nothing else."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            function()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_child_that_dies_while_it_attaches_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It has made its mailbox, and cannot say so any more."""
    me, before = process.self(), mailboxes()
    monkeypatch.setattr(pipe, "open_mailbox", lambda path: os.kill(os.getpid(), signal.SIGKILL))
    assert bare_fork(process.self) == -signal.SIGKILL
    for _ in range(2):  # the kernel answers, and looks who has died before it hears us again
        process.info(me)
    assert mailboxes() <= before  # a launcher that nobody needs any more may have gone meanwhile


def mailboxes() -> set[str]:
    return set(os.listdir(f"{node.current().directory}/p"))


FORKS = pytest.mark.parametrize("fork", [forked, bare_fork])


@FORKS
def test_a_forked_child_is_a_process_of_its_own(fork: Callable[..., int]) -> None:
    me = process.self()

    def child() -> None:
        assert process.self() != me
        process.send(me, ("child", process.self()))
        assert process.receive(timeout=5) == "welcome"
        server = gen_server.start(Counter, 7)
        assert gen_server.call(server, "count") == 7
        gen_server.stop(server)

    process.send(me, "mine alone")
    welcomes = process.spawn_link(lambda: process.send(process.receive(), "welcome"))
    results: list[int] = []
    runs = threading.Thread(target=lambda: results.append(fork(child)))
    runs.start()
    _, pid = expect(tuple)
    process.send(welcomes, pid)
    ref = process.monitor(pid)
    runs.join()
    assert results == [0]
    assert expect_down(ref) in ("normal", "killed")
    assert expect() == "mine alone"


@FORKS
def test_a_child_that_never_uses_the_library_changes_nothing(fork: Callable[..., int]) -> None:
    me = process.self()
    assert fork(lambda: None) == 0
    process.spawn_link(lambda: process.send(me, "still here"))
    assert expect() == "still here"


@FORKS
def test_a_server_may_fork(fork: Callable[..., int]) -> None:
    """Its child is not the server; it is heard as itself, and its end is not the server's."""
    server = witness.start()

    def forks(caller: Any, state: Any) -> Reply[Any]:
        def child() -> None:
            state.tell("child", process.self())

        return Reply(fork(child), state)

    assert gen_server.call(server, forks) == 0
    _, child = expect(tuple)
    assert child != server
    assert gen_server.call(server, lambda caller, state: Reply("alive", state)) == "alive"
    process.exit(server, "kill")


def test_a_forked_child_that_goes_on_as_the_server_ends_and_the_node_does_not(
    fresh_node: None,
) -> None:
    """The number of its mailbox means something else there, on which nothing ever comes."""
    server = witness.start()

    def forks(caller: Any, state: Any) -> Any:
        number, (silent, _) = here.current().mailbox.fd, os.pipe()
        if child := os.fork():
            return Reply(child, state)
        os.dup2(silent, number)
        return NoReply(state)

    def buries(caller: Any, state: Any) -> Any:
        return Reply(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), state)

    child = gen_server.call(server, forks)
    assert gen_server.call(server, buries) == 1
    assert gen_server.call(server, lambda caller, state: Reply("alive", state)) == "alive"
    process.exit(server, "kill")


def forks_and_dies(state: Any) -> None:
    """The child has copies of all descriptors of its parent, which must not look alive for that."""
    if (child := os.fork()) == 0:
        signal.pause()
        os._exit(0)
    state.tell("child", child)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_death_is_told_though_a_forked_child_lives_on() -> None:
    server = witness.start()
    ref = process.monitor(server)
    gen_server.cast(server, forks_and_dies)
    assert expect_down(ref, within=2) == "killed"
    os.kill(expect(tuple)[1], signal.SIGKILL)


def test_a_call_is_ended_by_a_death_though_a_forked_child_lives_on() -> None:
    server = witness.start()
    with pytest.raises(ServerDied) as caught:
        gen_server.call(server, lambda caller, state: forks_and_dies(state))
    assert caught.value.reason == "killed"
    os.kill(expect(tuple)[1], signal.SIGKILL)


def test_a_child_whose_parent_has_stopped_the_node_may_start_one_of_its_own(
    fresh_node: None,
) -> None:
    process.self()
    fork = multiprocessing.get_context("fork")
    stopped = fork.Event()

    def grows_up() -> None:
        assert stopped.wait(10)
        with pytest.raises(NodeDown, match="the node has ended"):
            process.self()
        node.start(name="mine")
        server = gen_server.start(Counter, 7)
        assert gen_server.call(server, "count") == 7
        node.stop()

    child = fork.Process(target=grows_up)
    child.start()
    node.stop()
    stopped.set()
    child.join()
    assert child.exitcode == 0


@pytest.mark.parametrize(("status", "reason"), [(0, "normal"), (4, "normal")])
def test_a_child_of_multiprocessing_that_leaves_has_ended_in_order(
    status: int, reason: str
) -> None:
    me = process.self()

    def child() -> None:
        process.send(me, process.self())
        process.receive(timeout=10)
        sys.exit(status)

    runs = multiprocessing.get_context("fork").Process(target=child)
    runs.start()
    pid = expect(Pid)
    ref = process.monitor(pid)
    process.send(pid, "leave")
    assert expect_down(ref) == reason
    runs.join()
    assert runs.exitcode == status


def test_a_daemon_that_has_closed_everything_writes_into_no_file_of_its_own(
    tmp_path: Path, fresh_node: None
) -> None:
    """Its log has got the number of the pipe to the kernel."""
    process.self()
    log = tmp_path / "log"

    def daemon() -> None:
        os.closerange(3, 100)
        files = [os.open(log, os.O_WRONLY | os.O_CREAT) for _ in range(20)]
        with pytest.raises(NodeDown):
            process.self()
        node.start()
        assert gen_server.call(gen_server.start_link(Counter, 7), "count") == 7
        node.stop()
        assert {os.write(fd, b"line") for fd in files} == {4}

    assert bare_fork(daemon) == 0
    assert log.read_bytes() == b"line"
