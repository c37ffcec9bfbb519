"""Kernel, launcher or a worker is killed in the midst of a storm of starts, calls and deaths."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from otp import gen_server, node, process
from otp.errors import CallError, NodeDown, StartError
from otp.terms import Down, Pid
from tests.expecting import expect, expect_down
from tests.footprint import files
from tests.programs import gone, launchers, node_of, parent
from tests.servers import relay
from tests.servers.counter import Counter


def storm(moment: int, strikes: Callable[[Pid], Any]) -> None:
    """Servers come, are called and go; at that moment somebody strikes."""
    for number in range(moment + 50):
        server = gen_server.start(Counter, number)
        gen_server.cast(server, bytes(10_000))
        assert gen_server.call(server, "count") == number + 1
        process.spawn(relay.does_much, process.self())
        if number == moment:
            strikes(server)
        gen_server.stop(server)


@pytest.mark.parametrize("moment", [0, 3, 8, 17])
@pytest.mark.parametrize(
    "victim", ["the kernel", "the first launcher", "the launcher of the workers", "all launchers"]
)
def test_a_node_that_lost_its_heart_is_down_and_gone(
    victim: str, moment: int, fresh_node: None, runtime_directory: Path
) -> None:
    process.trap_exit()
    kernel = node.current().os_pid
    assert kernel

    def strikes(worker: Pid) -> None:
        for os_pid in {
            "the kernel": lambda: [kernel],
            "the first launcher": lambda: [p for p in launchers(kernel) if parent(p) == kernel],
            "the launcher of the workers": lambda: [parent(process.info(worker)["os_pid"])],
            "all launchers": lambda: launchers(kernel),
        }[victim]():
            with suppress(ProcessLookupError):  # the death of one is the end of the others
                os.kill(os_pid, signal.SIGKILL)

    with suppress(NodeDown, CallError, StartError):
        storm(moment, strikes)
    with pytest.raises(NodeDown):
        process.receive(lambda message: False, timeout=5)
    assert gone(node_of(kernel), within=2)
    assert files(runtime_directory) == []


def test_any_worker_may_be_killed_at_any_time_of_its_life() -> None:
    """From its first moment on, before it has begun; by the kernel, or from outside."""
    for number in range(60):
        pid, ref = process.spawn_monitor(process.receive)
        if number % 2:
            process.exit(pid, "kill")
        else:
            while (os_pid := process.info(pid)["os_pid"]) is None:
                pass
            os.kill(os_pid, signal.SIGKILL)
        assert expect() == Down(ref, pid, "killed")
        assert process.info(pid) is None


def test_a_starter_is_told_of_a_server_that_is_killed_before_it_has_begun() -> None:
    """The server has its name from the first moment on: so others can find and kill it."""
    process.register("hunter", process.self())

    def hunts() -> None:
        process.send("hunter", "ready")
        while (prey := process.whereis("prey")) is None:
            pass
        process.exit(prey, "kill")

    for _ in range(10):
        _, ref = process.spawn_monitor(hunts)
        expect("ready")
        try:
            server = gen_server.start(Counter, 0, name="prey")
        except StartError as error:
            assert error.reason == "killed"  # noqa: PT017
        else:
            expect_down(process.monitor(server))
        expect_down(ref)
        assert process.whereis("prey") is None
