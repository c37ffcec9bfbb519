"""A supervision tree heals whatever part of it the operating system kills."""

from __future__ import annotations

import os
import signal
from functools import partial

import pytest

from otp import gen_server, process, supervisor
from otp.errors import SupervisorError
from otp.supervisor import ChildSpec
from tests.expecting import expect, expect_down
from tests.family import (
    all_quiet,
    children,
    heard,
    pids,
    start,
    there,
)
from tests.servers.worker import spec


def os_kill(pid) -> None:
    """As ``kill -9`` in a shell; returns when the death is known."""
    ref = process.monitor(pid)
    known = process.info(pid)
    assert known is not None
    os.kill(known["os_pid"], signal.SIGKILL)
    assert expect_down(ref) == "killed"


def test_kill_9_of_a_child_of_each_kind_heals() -> None:
    below = partial(
        supervisor.start_link, [spec("x"), spec("y", trap=True)], strategy="one_for_all"
    )
    sup = start(
        spec("plain"), spec("trapping", trap=True), spec("transient", restart="transient"),
        ChildSpec("below", below, kind="supervisor"), intensity=9,
    )  # fmt: skip
    heard("init plain", "init trapping", "init transient", "init x", "init y")
    for id in ("plain", "trapping", "transient"):
        os_kill(pids(sup)[id])
        heard(f"init {id}")
        assert pids(sup)[id] == there(id) == gen_server.call(id, "ping")
    os_kill(there("x"))
    heard("terminate y 'shutdown'", "init x", "init y")
    all_quiet(sup)


def test_kill_9_of_a_supervisor_takes_its_children_down_and_heals() -> None:
    """A child that traps exits takes its time to end, and its name may be taken until then:

    1. the supervisor is killed, and both children get the exit signal "killed"
    2. it is restarted and starts x and y anew, whose names the old ones may still have
    3. its start fails; it is tried again, until the names are free
    """
    below = partial(supervisor.start_link, [spec("x"), spec("y", trap=True)])
    sup = start(ChildSpec("below", below, kind="supervisor"), intensity=1000)
    x, y = heard("init x", "init y")
    ref_x, ref_y = process.monitor(x), process.monitor(y)
    os_kill(pids(sup)["below"])
    assert expect_down(ref_x) == "killed"
    expect(("terminate", "y", y, "killed"))
    assert expect_down(ref_y) == "killed"
    while pids(sup)["below"] == "restarting":
        pass
    assert children(pids(sup)["below"]) == [("y", there("y")), ("x", there("x"))]


def test_a_restarted_supervisor_waits_for_the_names_of_those_who_die_with_its_predecessor() -> None:
    """One restart a kill: a single one that failed would be too many, and the tree be gone."""
    family = [spec(f"named {number}") for number in range(5)]
    below = partial(supervisor.start_link, family)
    sup = start(ChildSpec("below", below, kind="supervisor"), intensity=10, period=1000)
    names = [f"init named {number}" for number in range(5)]
    heard(*names)
    for _ in range(10):
        os_kill(pids(sup)["below"])
        heard(*names)
    all_quiet(sup)


def test_and_not_for_who_lives_on() -> None:
    process.trap_exit()
    holder = process.spawn_link(process.receive)
    process.register("taken", holder)
    sup = start()
    with pytest.raises(SupervisorError) as refused:
        supervisor.start_child(sup, spec("taken"))
    assert refused.value.reason == ("already_started", holder)
    assert process.is_alive(holder)
    process.exit(holder, "kill")
