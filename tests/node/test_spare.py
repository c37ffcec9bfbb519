"""The child that a launcher keeps ready for whoever is started next (`otp.kernel.spare`)."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from select import PIPE_BUF

import pytest

from otp import gen_server, node, process
from otp.kernel.spare import Spare
from otp.wire.place import Place
from tests.footprint import opened_by
from tests.programs import comm, gone, launchers, node_of, parent, program
from tests.servers.counter import Counter


def spares(kernel: int) -> list[int]:
    return [os_pid for os_pid in node_of(kernel) if comm(os_pid) == "otp:spare"]


def os_pid_of(server: process.Pid) -> int:
    known = process.info(server)
    assert known is not None
    return int(known["os_pid"])


def kernel() -> int:
    found = node.current().os_pid
    assert found
    return found


def start() -> int:
    return os_pid_of(gen_server.start_link(Counter, 0))


@pytest.fixture(autouse=True)
def warm(fresh_node: None) -> None:
    """One launcher is enough, for it has imported what is started here."""
    node.start(preload=[Counter.__module__, __name__])


def ready() -> int:
    """The one that waits, once there is one."""
    start()
    while not (found := spares(kernel())):
        pass
    return found[0]


def test_who_is_started_next_is_the_one_that_was_ready() -> None:
    waiting = ready()
    assert start() == waiting


def test_one_that_was_killed_while_it_waited_is_not_missed() -> None:
    waiting = ready()
    os.kill(waiting, signal.SIGKILL)
    assert gone([waiting], within=2)
    server = gen_server.start_link(Counter, 3)
    assert gen_server.call(server, "count") == 3


def test_what_is_long_to_say_is_done_without() -> None:
    waiting = ready()
    server = gen_server.start_link(Counter, 2, name="ñ" * 100 + "\N{OWL}" * 1000)
    assert gen_server.call(server, "count") == 2
    assert os_pid_of(server) != waiting


def test_starts_leave_no_descriptor_in_a_launcher() -> None:
    ready()
    counts = []
    for _ in range(2):
        (launcher,) = {parent(start()) for _ in range(20)}
        counts.append(len(opened_by(launcher)))
    assert abs(counts[1] - counts[0]) < 10  # it may be in the midst of a fork just now


@pytest.mark.parametrize("also", [[], ["stopped"]])
def test_the_last_one_of_a_node_puts_out_the_light(tmp_path: Path, also: list[str]) -> None:
    with program(tmp_path / "run", "motley") as running:
        everyone = running.node()
        waiting = spares(running.pids["kernel"])
        assert waiting
        others = [os_pid for os_pid in everyone if os_pid not in waiting]
        for os_pid in others if also else []:
            os.kill(os_pid, signal.SIGSTOP)
        running.kill(running.os_pid, *others)
        assert gone(everyone, within=2)
        assert os.listdir(running.directory) == []


def test_one_that_is_dismissed_ends_and_an_order_finds_nobody(tmp_path: Path) -> None:
    spare = Spare(Place(str(tmp_path)))
    assert spare.take(b"an order") == 0
    spare.prepare(spare.let_go, lambda order: os._exit(len(order)))
    spare.dismiss()
    assert spare.take(b"an order") == 0
    assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
    spare.prepare(spare.let_go, lambda order: os._exit(len(order)))
    os_pid = spare.take(b"12345")
    assert os_pid
    assert os.waitstatus_to_exitcode(os.waitpid(os_pid, 0)[1]) == 5


def test_an_order_to_the_dead_is_not_taken(tmp_path: Path) -> None:
    spare = Spare(Place(str(tmp_path)))
    spare.prepare(lambda: os._exit(0), lambda order: None)
    os.wait()
    assert spare.take(b"an order") == 0


def test_the_launchers_are_still_who_forks_them() -> None:
    assert parent(ready()) in launchers(kernel())


def test_one_that_could_not_take_an_order_waits_for_the_next(tmp_path: Path) -> None:
    """Another one beside it would wait for ever, and nobody know of it."""
    spare = Spare(Place(str(tmp_path)))
    spare.prepare(spare.let_go, lambda order: os._exit(len(order)))
    assert spare.take(bytes(PIPE_BUF + 1)) == 0
    spare.prepare(spare.let_go, lambda order: os._exit(99))
    os_pid = spare.take(b"123")
    assert os.waitstatus_to_exitcode(os.waitpid(os_pid, 0)[1]) == 3
