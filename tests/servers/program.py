"""Programs that a test starts and breaks: ``python -m tests.servers.program NAME [ARGUMENTS]``.

Each prints one line of JSON when everything it starts is there: the kernel's OS pid and those of
its workers by name. Then it waits for the end of its standard input.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from typing import Any, NoReturn

from otp import gen_server, node, process, supervisor
from otp.gen_server import GenServer, NoReply, Ok
from otp.supervisor import ChildSpec
from otp.terms import Down, Pid
from tests.servers import chatterbox, sleeper
from tests.servers.counter import Counter


def tell(**workers: Pid | int) -> None:
    """Say who is there, and wait. Who is no process of the node is named by its OS pid."""
    os_pids = {
        name: who if isinstance(who, int) else process.info(who)["os_pid"]  # type: ignore[index]
        for name, who in workers.items()
    }
    print(json.dumps({"kernel": node.current().os_pid, **os_pids}), flush=True)
    sys.stdin.read()


def begun(way: Any, **options: Any) -> Pid:
    pid = process.spawn(way, process.self(), **options)
    process.receive(lambda message: message == sleeper.BEGUN)
    return pid


def motley(sleeper_is: str = "") -> None:
    """Workers of all kinds: idle, in long callbacks, talking, with files and names of their own."""
    top = supervisor.start_link([ChildSpec("idle", Idle.start_link)])
    sleeping, computing = begun(sleeper.sleeps, trap=sleeper_is == "deaf"), begun(sleeper.computes)
    listener = begun(listens)
    talking = begun(talks, dest=listener)
    process.send(listener, bytes(100_000))
    process.register("computing", computing)
    idle = process.whereis("idle")
    assert idle is not None
    tell(top=top, idle=idle, sleeping=sleeping, computing=computing, talking=talking,
         listener=listener)  # fmt: skip


def listens(owner: Pid) -> None:
    process.send(owner, sleeper.BEGUN)
    process.receive(lambda message: message is None)


def talks(owner: Pid, dest: Pid) -> None:
    process.send(owner, sleeper.BEGUN)
    chatterbox.talks_for_ever(dest)


class Idle(GenServer[None]):
    @staticmethod
    def start_link() -> Pid:
        return gen_server.start_link(Idle, None, name="idle")

    def init(self, arg: Any, /) -> Ok[None]:
        return Ok(None)


def tree(load: str = "") -> None:
    """A supervisor of two; if there is to be load, all kinds of work around it that never end."""
    top = supervisor.start_link(
        [
            ChildSpec("idle", Idle.start_link),
            ChildSpec("counter", partial(gen_server.start_link, Counter, 0, name="counter")),
        ]
    )
    if load:
        begun(breeds)
        begun(posts, dest="counter")
        begun(talks, dest=begun(listens))
        begun(sleeper.computes)
    tell(top=top, idle=process.whereis("idle"), counter=process.whereis("counter"))


def breeds(owner: Pid) -> NoReturn:
    process.send(owner, sleeper.BEGUN)
    while True:
        process.spawn_monitor(len, "")
        process.receive(Down)


def posts(owner: Pid, dest: str) -> NoReturn:
    process.send(owner, sleeper.BEGUN)
    while True:
        gen_server.cast(dest, bytes(100_000))
        gen_server.call(dest, bytes(100_000))


def bare() -> None:
    """A node, and a program that has not used it."""
    print(json.dumps({"kernel": node.start().os_pid}), flush=True)
    sys.stdin.read()


def nests() -> None:
    """A worker that runs a program with a node of its own."""
    process.spawn(runs_a_program, process.self())
    tell(inner=process.receive(int))


def runs_a_program(owner: Pid) -> None:
    source = (
        "from otp import node, process; print(node.start().os_pid, flush=True); process.receive()"
    )
    child = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE)
    assert child.stdout is not None
    process.send(owner, int(child.stdout.readline()))
    process.receive(lambda message: False)


def daemons() -> None:
    """A worker that has died, and a child of it that has left the session."""
    _, ref = process.spawn_monitor(leaves_a_daemon, process.self())
    daemon = process.receive(int)
    process.receive(lambda message: isinstance(message, Down) and message.ref == ref)
    tell(daemon=daemon)


def leaves_a_daemon(owner: Pid) -> None:
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    process.send(owner, child.pid)


class Diary(GenServer[Any]):
    """Takes its time to terminate, and writes down when it has."""

    @staticmethod
    def start_link(name: str, path: str, seconds: float) -> Pid:
        return gen_server.start_link(Diary, (name, path, seconds))

    def init(self, arg: Any, /) -> Ok[Any]:
        process.trap_exit()
        return Ok(arg)

    def handle_info(self, message: Any, state: Any) -> NoReply[Any]:
        return NoReply(state)

    def terminate(self, reason: Any, state: Any) -> None:
        name, path, seconds = state
        time.sleep(seconds)
        with open(path, "a") as diary:
            diary.write(f"{name} {reason}\n")


def diaries(path: str) -> None:
    """A tree whose servers write into a file when they are shut down: c, b, a; slow never does."""

    def child(name: str, seconds: float = 0.0, shutdown: float = 5.0) -> ChildSpec:
        return ChildSpec(name, lambda: Diary.start_link(name, path, seconds), shutdown=shutdown)

    top = supervisor.start_link(
        [child("a"), child("b", 0.2), child("slow", 60, shutdown=0.1), child("c")]
    )
    tell(top=top)


def starting() -> None:
    """A supervisor below another one, both still busy with a start that never ends."""
    worker = ChildSpec("worker", partial(Endless.start_link, process.self()), shutdown=0.1)
    inner = ChildSpec("inner", partial(supervisor.start_link, [worker]), kind="supervisor")
    process.spawn(supervisor.start_link, [inner])
    tell(worker=process.receive())


class Endless(GenServer[None]):
    @staticmethod
    def start_link(owner: Pid) -> Pid:
        return gen_server.start_link(Endless, owner)

    def init(self, owner: Pid, /) -> NoReturn:
        process.trap_exit()
        process.send(owner, process.self())
        while True:
            process.receive()


class Lingers(Idle):
    """Never done with its terminate."""

    def init(self, arg: Any, /) -> Ok[None]:
        process.trap_exit()
        return Ok(None)

    def terminate(self, reason: Any, state: None) -> None:
        print("terminating", flush=True)
        process.receive(lambda message: False)


def lingers() -> None:
    child = ChildSpec("it", partial(gen_server.start_link, Lingers, None), shutdown="infinity")
    supervisor.start_link([child])
    print(json.dumps({"kernel": node.current().os_pid}), flush=True)


def ends(how: str) -> NoReturn:
    """A program that ends by itself."""
    gen_server.start_link(Idle, None, name="idle")
    print(json.dumps({"kernel": node.current().os_pid}), flush=True)
    match how:
        case "exit":
            sys.exit(3)
        case "raise":
            raise ValueError("the end")
        case "abort":
            os.abort()
    os._exit(4)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by tests in the background
    globals()[sys.argv[1]](*sys.argv[2:])
