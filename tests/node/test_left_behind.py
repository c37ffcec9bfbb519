"""Guarantee 6 for those who can do nothing about it: stopped, without a program, forgotten."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from otp import gen_server
from otp.gen_server import Reply
from tests.expecting import expect
from tests.node.test_guarantees import VICTIMS
from tests.programs import comm, gone, launchers, program
from tests.servers import witness

STOPPED = ["sleeping", "computing", "talking", "listener"]


@pytest.mark.parametrize(
    "victims", ["the program", "the kernel", "the launchers", "kernel and launchers"]
)
def test_who_is_stopped_is_ended_too(victims: str, tmp_path: Path) -> None:
    """A stopped process hears no bell: others have to kill it, if only the one idle worker."""
    with program(tmp_path / "run", "motley") as running:
        everyone = running.node()
        for name in STOPPED:
            os.kill(running.pids[name], signal.SIGSTOP)
        running.kill(*VICTIMS[victims](running))
        assert gone(everyone, within=2)
        assert running.node() == []
        assert os.listdir(running.directory) == []


@pytest.mark.parametrize("who", ["top", "first launcher"])
def test_a_node_that_ends_lets_go_on_whom_it_needs_for_that(who: str, tmp_path: Path) -> None:
    """A supervisor has its children to stop, and a launcher its dead to reap."""
    with program(tmp_path / "run", "motley") as running:
        everyone = running.node()
        stopped = running.pids["top"] if who == "top" else launchers(running.pids["kernel"])[0]
        os.kill(stopped, signal.SIGSTOP)
        running.kill(running.os_pid)
        assert gone(everyone, within=2)
        assert os.listdir(running.directory) == []


def test_a_worker_that_misses_the_kernel_ends_the_node_if_the_launchers_cannot(
    tmp_path: Path,
) -> None:
    """No bell tells it, for its parent lives: it sees that nobody reads the kernel's pipe."""
    with program(tmp_path / "run", "motley") as running:
        everyone = running.node()
        for os_pid in launchers(running.pids["kernel"]):
            os.kill(os_pid, signal.SIGSTOP)
        running.kill(running.pids["kernel"])
        assert gone(everyone, within=2)
        assert running.node() == []
        assert os.listdir(running.directory) == []


def test_a_program_that_was_no_process_yet_ends_its_node_too(tmp_path: Path) -> None:
    with program(tmp_path / "run", "bare") as running:
        everyone = running.node()
        running.kill(running.os_pid)
        assert gone(everyone, within=2)
        assert running.node() == []
        assert os.listdir(running.directory) == []


def test_a_daemon_whose_worker_has_died_ends_with_the_node(tmp_path: Path) -> None:
    """It has left the node's session; its next ancestor in the node adopts it."""
    with program(tmp_path / "run", "daemons") as running:
        assert comm(running.pids["daemon"]) == "sleep"
        running.kill(running.os_pid)
        assert gone([running.pids["daemon"], *running.node()], within=2)


def has_a_child(caller: Any, state: Any) -> Reply[Any]:
    child = multiprocessing.get_context("fork").Process(target=signal.pause)
    child.start()
    return Reply(child.pid, state)


@pytest.mark.parametrize("reason", ["normal", "boom"])
def test_the_children_of_a_server_end_with_it(reason: str) -> None:
    server = witness.start()
    child = gen_server.call(server, has_a_child)
    assert not gone([child], within=0)
    gen_server.stop(server, reason)
    assert gone([child], within=2)
    assert expect() == ("terminate", reason)


def test_the_node_of_a_program_that_a_worker_runs_ends_with_the_worker_s(tmp_path: Path) -> None:
    """All of them are killed at once: so the outer kernel removes the inner node's directory."""
    with program(tmp_path / "run", "nests") as running:
        assert len(os.listdir(running.directory)) == 2
        running.kill(running.os_pid)
        assert gone([running.pids["inner"], running.pids["kernel"]], within=5)
        assert os.listdir(running.directory) == []
