"""How processes begin: what can be run, what is copied, what they find around them."""

from __future__ import annotations

import os
import random
import sys
from functools import partial
from pathlib import Path
from pickle import PicklingError

import numpy as np
import pytest

from otp import node, process
from otp.terms import Crash, Down, Exit, Pid
from tests.expecting import expect, expect_down, expect_nothing
from tests.servers import awkward, birthplace, crasher


def run(function, *args):
    """What the function returns in a process of its own."""
    me = process.self()
    process.spawn_link(lambda: process.send(me, ("ran", function(*args))))
    return expect(lambda message: isinstance(message, tuple) and message[0] == "ran")[1]


def answers():
    process.send(process.receive(), "here")
    process.receive()


def test_a_process_is_an_os_process_of_its_own() -> None:
    assert run(os.getpid) not in (os.getpid(), run(os.getpid))


def test_spawn_returns_the_pid_that_the_process_knows_itself_by() -> None:
    me = process.self()
    pid = process.spawn(lambda: process.send(me, process.self()))
    assert expect(Pid) == pid
    assert repr(pid) == f"<0.{pid.id}.0>"


class Tool:
    def __init__(self, factor):
        self.factor = factor

    def times(self, number):
        return self.factor * number

    __call__ = times


class TestWhatCanBeRun:
    def test_a_function_of_a_module(self) -> None:
        assert run(os.path.join, "a", "b") == "a/b"

    def test_a_lambda_and_what_it_closes_over(self) -> None:
        n = 40
        assert run(lambda x: x + n, 2) == 42

    def test_a_bound_method_a_callable_object_and_a_partial(self) -> None:
        assert run(Tool(6).times, 7) == run(Tool(6), 7) == run(partial(pow, 2), 5) + 10 == 42

    def test_a_class_of_this_very_function(self) -> None:
        class Point:
            def __init__(self, x):
                self.x = x

        assert run(Point, 5).x == 5

    def test_with_keyword_arguments(self) -> None:
        me = process.self()
        process.spawn(lambda *a, **k: process.send(me, (a, k)), 1, 2, key="value")
        assert expect(tuple) == ((1, 2), {"key": "value"})

    def test_what_takes_more_than_a_frame(self) -> None:
        array = np.arange(1_000_000)
        assert run(np.sum, array) == array.sum()
        assert run(len, bytes(100_000)) == 100_000


def test_arguments_are_copied_at_the_spawn() -> None:
    me, things = process.self(), [1]
    process.spawn(lambda: process.send(me, things.append(2) or things))
    things.append("later")
    assert expect(list) == [1, 2]
    assert things == [1, "later"]


@pytest.mark.parametrize("spawn", [process.spawn, process.spawn_link, process.spawn_monitor])
def test_what_cannot_be_pickled_starts_nothing(spawn) -> None:
    before = process.processes()
    with pytest.raises(PicklingError, match="lock"):
        spawn(print, awkward.unpicklable())
    assert process.processes() == before
    expect_nothing()


def test_what_cannot_be_unpickled_is_a_crash_of_the_new_process() -> None:
    pid, ref = process.spawn_monitor(print, awkward.Unreadable())
    assert expect(Down) == Down(ref, pid, Crash(ValueError("cannot be built here")))


def test_a_process_that_ends_at_once_is_still_reported_truly() -> None:
    process.trap_exit()
    linked = process.spawn_link(crasher.exits, "linked")
    watched, ref = process.spawn_monitor(crasher.exits, "watched")
    assert expect(Exit) == Exit(linked, "linked")
    assert expect(Down) == Down(ref, watched, "watched")


def test_processes_start_processes() -> None:
    me = process.self()

    def parent():
        child = process.spawn_link(process.receive)
        process.send(me, (process.self(), child, process.info(child)["parent"]))
        process.receive()

    process.spawn_link(parent)
    first, second, parent_of_second = expect(tuple)
    assert parent_of_second == first
    assert {first, second} <= set(process.processes())


def test_what_is_known_of_a_process() -> None:
    me = process.self()
    pid = process.spawn_link(answers)
    process.send(pid, me)
    assert expect("here")
    process.register("known", pid)
    ref = process.monitor(pid)
    known = process.info(pid)
    assert os.kill(known.pop("os_pid"), 0) is None
    assert known.items() >= {
        "registered_name": "known", "label": "answers", "status": "running", "parent": me,
        "links": [me], "monitors": [], "monitored_by": [me],
    }.items()  # fmt: skip
    assert process.info(me)["monitors"] == [pid]
    process.demonitor(ref)
    process.exit(pid, "shutdown")


def test_what_is_known_of_oneself() -> None:
    me = process.self()
    for number in range(3):
        process.send(me, number)
    process.receive(lambda number: number == 1)
    process.trap_exit()
    known = process.info(me)
    assert (known["message_queue_len"], known["trap_exit"], known["os_pid"]) == (
        2,
        True,
        os.getpid(),
    )
    assert known["status"] == "attached"


def test_nothing_is_known_of_the_dead() -> None:
    pid, ref = process.spawn_monitor(crasher.returns)
    assert expect_down(ref) == "normal"
    assert process.info(pid) is None
    assert not process.is_alive(pid)
    assert pid not in process.processes()


@pytest.mark.parametrize(
    ("name", "shown"),
    [("kv", "otp:kv"), ("a_name_that_is_far_too_long", "otp:a_name_that"), ("ö/x y", "otp:ö/x y")],
)
def test_ps_shows_what_a_process_is(name: str, shown: str) -> None:
    me = process.self()

    def body():
        process.send(me, Path("/proc/self/comm").read_text().strip())

    body.__name__ = name
    process.spawn(body)
    assert expect(str) == shown


class TestSurroundings:
    """A process finds what its spawner has: at the moment of the spawn, not of the node's start."""

    def test_the_import_path(self, monkeypatch, tmp_path) -> None:
        (tmp_path / "only_here.py").write_text("answer = 42")
        monkeypatch.syspath_prepend(str(tmp_path))
        assert run(lambda: __import__("only_here").answer) == 42
        assert run(lambda: sys.path) == sys.path

    def test_the_working_directory(self, monkeypatch, tmp_path) -> None:
        monkeypatch.chdir(tmp_path)
        assert run(os.getcwd) == str(tmp_path)

    def test_the_environment(self, monkeypatch) -> None:
        monkeypatch.setenv("OTP_TEST", "here")
        monkeypatch.delenv("HOME", raising=False)
        assert run(os.environ.get, "OTP_TEST") == "here"
        assert run(os.environ.get, "HOME") is None

    def test_that_of_a_spawner_that_has_changed_its_own(self, tmp_path) -> None:
        me = process.self()

        def moves():
            os.chdir(tmp_path)
            process.spawn(lambda: process.send(me, os.getcwd()))

        process.spawn(moves)
        assert expect(str) == str(tmp_path)

    def test_random_numbers_of_its_own(self) -> None:
        numbers = [run(lambda: (random.random(), np.random.random())) for _ in range(3)]  # noqa: NPY002
        assert len(set(numbers)) == 3
        assert len({second for _, second in numbers}) == 3

    def test_nothing_to_read_from_the_terminal(self) -> None:
        assert run(lambda: (sys.stdin.read(), "closed")) == ("", "closed")

    def test_no_mailbox_but_its_own_and_the_kernels(self) -> None:
        def open_mailboxes():
            links = [f"/proc/self/fd/{fd}" for fd in range(100)]
            paths = [os.readlink(link) for link in links if os.path.lexists(link)]
            me = process.self()
            return me.id, [path for path in paths if path.startswith(node.current().directory)]

        serial, paths = run(open_mailboxes)
        assert {os.path.basename(path) for path in paths} == {str(serial), "0"}

    def test_no_file_of_its_spawner(self, tmp_path) -> None:
        with (tmp_path / "open").open("w") as file:
            os.set_inheritable(file.fileno(), True)
            assert "open" not in run(lambda: str([
                os.readlink(f"/proc/self/fd/{fd}") for fd in range(100)
                if os.path.lexists(f"/proc/self/fd/{fd}")
            ]))  # fmt: skip


@pytest.mark.usefixtures("fresh_node")
def test_a_module_is_imported_once_for_many_processes() -> None:
    """The first start imports it, then a launcher does, and from then on a start is a fork."""
    me = process.self()

    def importer_and_self():
        process.spawn_link(birthplace.tells, me)
        return expect(tuple)

    first = importer_and_self()
    assert first[0] == first[1]
    while_the_launcher_is_made = (importer_and_self() for _ in range(500))
    warm = next(found for found in while_the_launcher_is_made if found[0] != found[1])
    assert importer_and_self()[0] == warm[0]
