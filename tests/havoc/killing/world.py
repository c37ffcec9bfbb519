"""One node with a listener, beside whom many are killed, and what there is of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from contextlib import suppress
from typing import Any

from otp import gen_server, node, process
from otp.gen_server import GenServer, NoReply, Ok, Reply
from otp.terms import Pid
from otp.wire.place import Place
from tests.footprint import opened_by
from tests.havoc.killing.hunter import Hunter, mark
from tests.programs import comm, parent

PRELOAD = ("tests.havoc.killing.quiet", "tests.havoc.killing.paths", "tests.servers.counter")
LISTENER = "listener"


LAUNCHER, SPARE = "otp:launcher", "otp:spare"


class Listener(GenServer[list[Any]]):
    """Keeps what it hears, in order, until it is asked for it."""

    def init(self, arg: Any, /) -> Ok[list[Any]]:
        process.trap_exit()
        return Ok([])

    def handle_call(self, request: Any, caller: Any, state: list[Any]) -> Reply[list[Any]]:
        match request:
            case "heard":
                return Reply(state, [])
            case ("watch", pid):
                process.monitor(pid)
                return Reply("watched", state)
        return Reply(request, [*state, request])

    def handle_info(self, message: Any, state: list[Any]) -> NoReply[list[Any]]:
        match message:
            case ("busy", path):
                with open(path) as released:
                    released.read()
                return NoReply(state)
        return NoReply([*state, message])


class World:
    """The calling thread is a process of it; it is all gone when it is closed."""

    def __init__(self) -> None:
        current = node.start(preload=PRELOAD)
        assert current.os_pid is not None
        self.kernel, self.directory = current.os_pid, current.directory
        (self.launcher,) = children(self.kernel)
        process.trap_exit()
        self.me = process.self()
        self.listener = gen_server.start_link(Listener, None, name=LISTENER)
        self.hunter = Hunter()
        self.scratch = tempfile.mkdtemp()
        self.settle()

    def settle(self) -> None:
        """What there is now is there for good."""
        self.rest = self.footprint()
        self.inhabitants = set(process.processes())

    def close(self) -> None:
        node.stop()
        self.hunter.close()
        shutil.rmtree(self.scratch)

    def os_pid(self, pid: Pid) -> int:
        known = process.info(pid)
        assert known is not None
        return int(known["os_pid"])

    def waiting(self) -> int:
        """The child that the launcher keeps ready for whoever is started next."""
        while True:
            for child in children(self.launcher):
                if comm(child) == SPARE:
                    return child

    def heard(self) -> list[Any]:
        """What the listener has heard since it was asked last."""
        heard: list[Any] = gen_server.call(LISTENER, "heard")
        return heard

    def newcomers(self) -> list[Pid]:
        return sorted(set(process.processes()) - self.inhabitants, key=lambda pid: pid.id)

    # ---- what there is

    def footprint(self) -> Counter[str]:
        """All that the node consists of, one line each; who has to clean up has done so."""
        late = self.heard() + self.heard()  # after the first it waits again, and sweeps before that
        with suppress(TimeoutError):
            process.receive(lambda message: False, timeout=0)
        known = process.info(self.listener)
        assert known is not None
        ties = {key: known[key] for key in ("links", "monitors", "monitored_by")}
        return Counter(
            [
                *(f"the listener has heard {news!r}" for news in late),
                *(f"the process {pid}" for pid in process.processes()),
                *(f"the name {name!r}" for name in process.registered()),
                *(f"a tie of the listener: {tie} {pid}" for tie in ties for pid in ties[tie]),
                *(f"the file {path}" for path in self._files()),
                *self._os_processes(self.kernel),
            ]
        )

    def _files(self) -> list[str]:
        return [
            f"{folder.removeprefix(self.directory)}/{name}"
            for root in (self.directory, Place(self.directory).spare)
            for folder, folders, names in os.walk(root)
            for name in (*folders, *names)
        ]

    def _os_processes(self, os_pid: int) -> list[str]:
        """It and its descendants, with their descriptors; workers keep pipes to others."""
        name = comm(os_pid)
        if name == SPARE or self._is_a_copy(os_pid):
            return []
        targets = list(opened_by(os_pid).values())
        if name == LAUNCHER:  # the pipe to the child that it keeps ready comes and goes
            targets = [target for target in targets if not target.startswith("pipe:")]
        elif name != "otp:kernel":
            targets = [target for target in targets if not target.startswith(self.directory)]
        return [
            f"the OS process {os_pid} {name}",
            *(f"a descriptor of {name}: {target}" for target in targets),
            *(line for child in children(os_pid) for line in self._os_processes(child)),
        ]

    def _is_a_copy(self, os_pid: int) -> bool:
        """A child that its launcher keeps ready, just forked, before it has its name.

        It has the mailbox of its parent open, of which it lets go when it has the name.
        """
        above = parent(os_pid)
        if comm(above) != LAUNCHER:
            return False
        door = f"{self.directory}/p/"
        own = {t for t in opened_by(above).values() if t.startswith(door)} - {f"{door}0"}
        return bool(own & set(opened_by(os_pid).values())) or comm(os_pid) == SPARE


def children(os_pid: int) -> list[int]:
    with open(f"/proc/{os_pid}/task/{os_pid}/children") as line:
        return [int(child) for child in line.read().split()]


def acts(owner: Pid, act: Any) -> None:
    """A victim: says who it is, waits for "go", acts."""
    process.send(owner, ("victim", os.getpid()))
    process.receive(lambda message: message == "go")
    act()
    mark()
    process.receive(lambda message: message == "end")
