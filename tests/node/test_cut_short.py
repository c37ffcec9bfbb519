"""A node whose start or end is cut short: by Ctrl-C, or for want of room."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from otp import node, process
from otp.runtime import boot
from otp.wire import pipe
from otp.wire.place import Place
from tests.expecting import expect
from tests.interrupting import Interrupted, Interrupter
from tests.programs import gone, program
from tests.servers import deaf


@pytest.fixture
def interrupted_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """`wait` raises as the `subprocess` of CPython does: it may have got the status before."""
    wait = subprocess.Popen.wait

    def interrupted(popen: Any, timeout: float | None = None) -> None:
        monkeypatch.undo()
        wait(popen, timeout)
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "wait", interrupted)


def test_a_node_that_is_gone_when_its_stop_is_interrupted(
    fresh_node: None, runtime_directory: Path, interrupted_late: None
) -> None:
    process.self()
    with pytest.raises(KeyboardInterrupt):
        node.stop()
    assert boot.membership() is None
    assert os.listdir(runtime_directory) == []


def test_who_is_in_no_hurry_is_killed_and_the_program_interrupted(
    fresh_node: None, runtime_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process.spawn(deaf.ignores, process.self())
    expect("deaf")
    os_pid = node.current().os_pid

    def interrupted(popen: Any, timeout: float | None = None) -> None:
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        node.stop()
    assert os_pid
    assert gone([os_pid], within=0)
    assert boot.membership() is None
    assert os.listdir(runtime_directory) == []


def test_a_program_that_ends_is_told_to_hurry(tmp_path: Path) -> None:
    """Its status stays what it was, and it prints nothing of it."""
    with program(tmp_path / "run", "lingers") as running:
        assert running.popen.stdout
        assert running.popen.stdout.readline() == b"terminating\n"
        os.kill(running.os_pid, signal.SIGINT)
        assert running.popen.communicate(timeout=10) == (b"", b"")
        assert running.popen.returncode == 0
        assert running.node() == []
        assert os.listdir(running.directory) == []


def test_a_start_that_is_interrupted_leaves_no_node(
    fresh_node: None, runtime_directory: Path
) -> None:
    """Either there is none, or it can be stopped."""
    at, raised = 0, True
    while raised:
        at += 1
        interrupter = Interrupter(at, (boot.__name__, pipe.__name__))
        with suppress(Interrupted), interrupter.at_work():
            node.start()
        raised = interrupter.raised
        node.stop()
        assert os.listdir(runtime_directory) == []
    assert at > 20


def test_a_node_that_finds_no_room_leaves_nothing(
    fresh_node: None, runtime_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(place: Place) -> None:
        os.mkdir(place.root)
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Place, "make", full)
    with pytest.raises(OSError, match="full"):
        node.start()
    assert os.listdir(runtime_directory) == []


def ordered(root: str, program: int, ready: int) -> subprocess.Popen[bytes]:
    """A kernel that is told so, and writes to `ready` when it is."""
    order = {
        "root": root, "program": program, "ready": ready, "path": sys.path, "preload": [],
        "rehearsal": "otp.behaviour.rehearsal",
    }  # fmt: skip
    return boot._run(json.dumps(order), ready)


@pytest.mark.parametrize("somebody_reads", [False, True])
def test_a_node_whose_program_dies_while_it_starts_leaves_nothing(
    place: Place, somebody_reads: bool
) -> None:
    """Nobody is there any more to be told that it is ready, or only a forked child."""
    died = subprocess.Popen([sys.executable, "-c", "pass"])
    died.wait()
    read, write = os.pipe()
    kernel = ordered(place.root, died.pid, write)
    os.close(write)
    if not somebody_reads:
        os.close(read)
    assert kernel.wait(10) == 0
    if somebody_reads:
        os.close(read)
    assert gone([kernel.pid], within=2)
    assert not os.path.exists(place.root)


def test_a_kernel_whose_program_has_given_it_up_says_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The program was interrupted while it forked the kernel, and has removed the directory."""
    read, write = os.pipe()
    kernel = ordered(str(tmp_path / "removed"), os.getpid(), write)
    os.close(write)
    assert kernel.wait(10) == 1
    assert os.read(read, 1) == b""
    os.close(read)
    assert capfd.readouterr().err == ""
