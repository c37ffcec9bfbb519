"""A program of its own, with a node of its own, that a test may break in any way."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.footprint import opened_by

ROOT = Path(__file__).parents[1]
_LAUNCHER = "otp:launcher"


class Program:
    """`pids` are what it has told: its kernel and its workers by name. `directory` is its base."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self.directory = directory
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "tests.servers.program", *arguments],
            env={**os.environ, "OTP_RUNTIME_DIR": str(directory)},
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self.popen.stdout is not None
        self.os_pid = self.popen.pid
        self.pids: dict[str, int] = {}
        try:
            self.pids = json.loads(self.popen.stdout.readline())
        except BaseException:
            self.popen.kill()
            raise

    def node(self) -> list[int]:
        """All OS processes of its node."""
        return node_of(self.pids["kernel"])

    def kill(self, *os_pids: int) -> None:
        """Kill them all at one moment: who is stopped first does nothing about the others' ends."""
        for sent in (signal.SIGSTOP, signal.SIGKILL):
            for os_pid in os_pids:
                with suppress(ProcessLookupError):
                    os.kill(os_pid, sent)

    def close(self) -> None:
        self.kill(self.os_pid, *self.node(), *self.pids.values())
        self.popen.communicate(timeout=5)


@contextmanager
def program(directory: Path, *arguments: str) -> Iterator[Program]:
    directory.mkdir(mode=0o700)
    running = Program(directory, *arguments)
    try:
        yield running
    finally:
        running.close()


def node_of(kernel: int) -> list[int]:
    """All OS processes of a node: its kernel has made a session of its own for them."""
    everyone = map(int, filter(str.isdigit, os.listdir("/proc")))
    return [os_pid for os_pid in everyone if _session(os_pid) == kernel]


def launchers(kernel: int) -> list[int]:
    """Those of a node; not the child that one has just forked and that has still its name."""
    named = [pid for pid in node_of(kernel) if comm(pid) == _LAUNCHER]
    return [pid for pid in named if not _is_a_copy(pid)]


def _is_a_copy(os_pid: int) -> bool:
    """It has the mailbox of its parent, and lets go of that only when it has a name of its own."""
    with suppress(FileNotFoundError, ProcessLookupError):
        above = parent(os_pid)
        shared = comm(above) == _LAUNCHER and _mailboxes(above) & _mailboxes(os_pid)
        return bool(shared) or comm(os_pid) != _LAUNCHER
    return True


def _mailboxes(os_pid: int) -> set[str]:
    """Those that it has open, but for the kernel's."""
    targets = opened_by(os_pid).values()
    return {target for target in targets if "/p/" in target and not target.endswith("/p/0")}


def comm(os_pid: int) -> str:
    """What `ps` shows; nothing if it has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{os_pid}/comm").read_text().strip()
    return ""


def parent(os_pid: int) -> int:
    return int(Path(f"/proc/{os_pid}/stat").read_text().rpartition(")")[2].split()[1])


def gone(os_pids: list[int], within: float) -> bool:
    """Whether all these OS processes end in time. Waits for their ends, not for the time."""
    handles = []
    for os_pid in os_pids:
        with suppress(ProcessLookupError):
            handles.append(os.pidfd_open(os_pid))
    deadline = time.monotonic() + within
    alive = set(handles)
    while alive and (left := deadline - time.monotonic()) > 0:
        alive -= set(select.select(list(alive), [], [], left)[0])
    for handle in handles:
        os.close(handle)
    return not alive


def _session(os_pid: int) -> int:
    """The session of a process; 0 if it has ended, reaped or not."""
    try:
        stat = Path(f"/proc/{os_pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    state, _, _, session = stat.rpartition(")")[2].split()[:4]
    return 0 if state == "Z" else int(session)


def run(
    *arguments: str | Path, text: str | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """A program that is run to its end; what it printed."""
    return subprocess.run(
        [sys.executable, *arguments], input=text, capture_output=True, text=True, timeout=30,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False, **options,
    )  # fmt: skip
