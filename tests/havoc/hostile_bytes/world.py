"""A node with a probe and an attached thread, and what must hold of it after each case.

1. the probe, the thread and whoever the case was about answer; a new server can be started
2. the kernel and its launcher are those of the beginning
3. nothing is there that was not there before: no process, name, file, no descriptor of the kernel
4. no line of the log is longer than `LONGEST_LINE`
5. afterwards nobody is busy
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import sleep
from typing import Any, Final

import psutil

from otp import gen_server, node, process
from otp.errors import NodeDown
from otp.terms import Pid
from otp.wire.place import Place
from otp.wire.protocol import KERNEL, LAUNCHER
from tests.expecting import at_most
from tests.footprint import opened_by
from tests.programs import launchers, node_of
from tests.servers.counter import Counter

LONGEST_LINE: Final = 4096  # characters
_WITHIN: Final = 5.0  # seconds for an answer
_WINDOW: Final = 0.3  # seconds in which nobody has anything to do,
_BUSY: Final = 0.1  # and as much of them on a processor is a busy loop


class Harm(Exception):
    """What does not hold after a case."""


class World:
    """`victim` is new in each case; the calling thread is a process of the node."""

    def __init__(self) -> None:
        self.log = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - closed with the world
        with _errors_into(self.log.fileno()):
            current = node.start(preload=("tests.servers.counter",))
        assert current.os_pid is not None
        self._ours = logging.StreamHandler(os.fdopen(os.dup(self.log.fileno()), "a"))
        logging.getLogger("otp").addHandler(self._ours)
        self.kernel, self.place = current.os_pid, Place(current.directory)
        self.me = process.self()
        process.trap_exit()
        self.probe = gen_server.start(Counter, 7, name="probe")
        self.thread = _answering_thread()
        self.launchers = self._launchers()
        self._read = 0
        self.renew()
        self.rest = self.settled()

    def close(self) -> None:
        process.send(self.thread, "end")
        node.stop()
        logging.getLogger("otp").removeHandler(self._ours)
        self._ours.stream.close()
        self.log.close()

    def renew(self) -> None:
        self.victim = gen_server.start(Counter, 7)

    # ---- one case

    def bears(self, case: Callable[[World], object], *, dies: bool = False) -> list[str]:
        """What does not hold after it; the victim may be one of those who die of it."""
        try:
            with at_most(6 * _WITHIN):
                case(self)
                self._all_answer(dies=dies)
                self._is_as_before()
                self._log_is_short()
        except (Exception, pytest_failed()) as error:
            return [f"{type(error).__name__}: {str(error)[:500]}"]
        return []

    def _all_answer(self, *, dies: bool) -> None:
        others = [] if dies else [self.victim]
        for server in (self.probe, *others):
            if gen_server.call(server, "count", _WITHIN) is None:
                raise Harm(f"{server} has lost its state")
        process.send(self.thread, ("ping", self.me))
        process.receive(lambda message: message == "pong", timeout=_WITHIN)
        new = gen_server.start(Counter, 7, timeout=_WITHIN)
        gen_server.call(new, "count", _WITHIN)
        for server in (new, self.victim):
            self.ends(server)

    def ends(self, server: Pid) -> None:
        """It is killed, and dead when this returns."""
        ref = process.monitor(server)
        process.exit(server, "kill")
        process.receive(lambda message: getattr(message, "ref", None) == ref, timeout=_WITHIN)

    def all_have_heard(self) -> None:
        """Each has taken out what stood in its pipe, has swept, and waits again."""
        for _ in range(2):
            process.processes()
            gen_server.call(self.probe, "count", _WITHIN)
            gen_server.call(self.victim, "count", _WITHIN)
            process.send(self.thread, ("ping", self.me))
            process.receive(lambda message: message == "pong", timeout=_WITHIN)

    def _is_as_before(self) -> None:
        if self.launchers != self._launchers():
            raise Harm(f"launchers {self._launchers()}, and were {self.launchers}")
        self.renew()
        if self.settled() != self.rest:
            new, gone = self.settled() - self.rest, self.rest - self.settled()
            raise Harm(f"new: {sorted(new)}; gone: {sorted(gone)}")

    def settled(self) -> set[str]:
        """What there is, when all that was told was heard."""
        with suppress(TimeoutError):
            while True:
                process.receive(timeout=0)
        gen_server.call(self.probe, "count", _WITHIN)
        found = set[str]()
        for _ in range(100):
            found = {*self._known(), *self._files()}
            if not hasattr(self, "rest") or found == self.rest:
                break
            sleep(0.01)  # a worker that has answered its death is still being removed
        return found

    def _known(self) -> Iterator[str]:
        named = {self.victim: "the victim", self.me: "me", self.probe: "the probe"}
        for pid in process.processes():
            yield f"the process {named.get(pid, pid)}"
        for name in process.registered():
            yield f"the name {name!r}"
        ours = f"{self.place.root}/"
        for target in opened_by(self.kernel).values():
            if not target.startswith((ours, "anon_inode:[pidfd]")):
                yield f"a descriptor of the kernel: {target}"

    def _files(self) -> Iterator[str]:
        victim = str(self.victim.id)
        for root in (self.place.root, self.place.spare):
            for folder, folders, names in os.walk(root):
                if folder.rpartition("/")[0] == self.place.parcels:
                    folders.clear()  # whoever was sent something has one for each sender
                for name in (*folders, *names):
                    parts = f"{folder.removeprefix(root)}/{name}".split("/")
                    yield "/".join("VICTIM" if part == victim else part for part in parts)

    def _launchers(self) -> set[int]:
        return set(launchers(self.kernel))

    def logged(self) -> bytes:
        """What was logged since the last time."""
        size = os.fstat(self.log.fileno()).st_size
        text = os.pread(self.log.fileno(), size - self._read, self._read)
        self._read = size
        return text

    def _log_is_short(self) -> None:
        longest = max(self.logged().splitlines(), key=len, default=b"")
        if len(longest) > LONGEST_LINE:
            raise Harm(f"a line of {len(longest)} characters is logged: {longest[:200]!r}")

    def busy(self) -> list[str]:
        """Who works though there is nothing to do."""
        before = self._worked()
        sleep(_WINDOW)
        return [
            f"{name} works {now - before[os_pid, name]:.2f} s of {_WINDOW} s for nothing"
            for (os_pid, name), now in self._worked().items()
            if now - before.get((os_pid, name), now) > _BUSY
        ]

    def _worked(self) -> dict[tuple[int, str], float]:
        worked = {}
        for os_pid in node_of(self.kernel):
            with suppress(psutil.NoSuchProcess):
                one = psutil.Process(os_pid)
                worked[os_pid, one.name()] = sum(one.cpu_times()[:2])
        return worked

    # ---- how bytes come to somebody

    def serial(self, who: str) -> int:
        known = {"kernel": KERNEL, "launcher": LAUNCHER, "probe": self.probe.id}
        return {**known, "victim": self.victim.id, "thread": self.thread.id}[who]

    def write(self, serial: int, *writes: bytes) -> None:
        """Into a mailbox, as anyone of this user can."""
        fd = os.open(self.place.pipe(serial), os.O_WRONLY | os.O_NONBLOCK)
        try:
            for data in writes:
                with suppress(BlockingIOError):
                    os.write(fd, data)
        finally:
            os.close(fd)


def pytest_failed() -> type[BaseException]:
    import pytest  # `at_most` fails a test

    return pytest.fail.Exception


@contextmanager
def _errors_into(fd: int) -> Iterator[None]:
    kept = os.dup(2)
    os.dup2(fd, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _answering_thread() -> Pid:
    """Ends when it is told to, and with this program."""
    me, thread = process.self(), threading.Thread(target=lambda: answer(me), daemon=True)
    thread.start()
    pid: Pid = process.receive(lambda message: isinstance(message, Pid), timeout=_WITHIN)
    return pid


def answer(owner: Pid) -> Any:
    process.trap_exit()
    process.send(owner, process.self())
    with suppress(NodeDown):
        while (message := process.receive()) != "end":
            match message:
                case ("ping", pid):
                    process.send(pid, "pong")
