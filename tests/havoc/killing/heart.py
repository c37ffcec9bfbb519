"""The kernel, a launcher or the program is killed: the whole node ends, and leaves nothing.

Each kill costs a node, so there is time only for some of the points, which chance chooses.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

import pytest

from otp import gen_server, node, process
from otp.errors import CallError, NodeDown, NoProcess, StartError
from otp.runtime import boot
from otp.terms import Pid
from otp.wire.place import sweep
from tests.expecting import at_most
from tests.footprint import opened_by
from tests.havoc.killing.hunter import Hunter, Point, mark
from tests.havoc.killing.world import PRELOAD, children
from tests.programs import comm
from tests.servers import relay
from tests.servers.counter import Counter

PROMISED = "the whole node ends within 2 s, and leaves nothing"
WITHIN = 2.0  # seconds: guarantee 6
_PATIENCE = 10.0

Tried = tuple[Point, list[str]]


def try_heart(hunter: Hunter, heart: str, number: int) -> Tried:
    """Where it was killed, and what was wrong then."""
    before = sorted(opened_by("self").values())
    with at_most(_PATIENCE), _runtime_directory() as base:
        point, harm = HEARTS[heart](hunter, base, number)
    after = sorted(opened_by("self").values())
    if after != before:
        harm.append(f"our descriptors were {before}, and are {after}")
    return point, harm


@contextmanager
def _runtime_directory() -> Iterator[str]:
    shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=shared) as base, pytest.MonkeyPatch.context() as patched:
        patched.setenv("OTP_RUNTIME_DIR", base)
        yield base


@contextmanager
def _everyone() -> Iterator[int]:
    """A pipe that is at its end when none is left of those whom we begin meanwhile.

    All of them have its other end, as their standard output.
    """
    everyone, write = os.pipe()
    kept = os.dup(1)
    os.dup2(write, 1)
    os.close(write)
    try:
        yield everyone
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _remains(everyone: int, base: str) -> Iterator[str]:
    if not select.select([everyone], [], [], WITHIN)[0] or os.read(everyone, 1):
        yield f"there lives {', '.join(_killed_holders_of(everyone))}"
    if left := os.listdir(base):
        yield f"files are left: {left}"
    os.close(everyone)


def _killed_holders_of(everyone: int) -> Iterator[str]:
    """Who has the other end of this pipe; nothing is to be left of a node that should be gone."""
    pipe = os.readlink(f"/proc/self/fd/{everyone}")
    for name in filter(str.isdigit, os.listdir("/proc")):
        if opened_by(name).get(1) == pipe:
            yield f"{name} ({comm(int(name))})"
            with suppress(ProcessLookupError):
                os.kill(int(name), signal.SIGKILL)


# ---- while the node works


def _at_work(which: Callable[[int], int], hunter: Hunter, base: str, number: int) -> Tried:
    with _everyone() as everyone:
        kernel = node.start(preload=PRELOAD).os_pid
    assert kernel is not None
    victim = which(kernel)
    hunter.seize(victim)
    killed = hunter.run_to_and_kill(number)
    with suppress(NodeDown, NoProcess, CallError, StartError, OSError):
        _errand()
        os.kill(victim, signal.SIGKILL)  # it has come to the end of its path
    harm = [*_deaf(), *_remains(everyone, base)]
    node.stop()
    return killed.result(), harm


def _deaf() -> Iterator[str]:
    try:
        process.receive(lambda message: False, timeout=WITHIN)
    except NodeDown:
        pass
    except TimeoutError:
        yield "we have not heard that the node is down"


def _errand() -> None:
    """A bit of all that they do for others."""
    me = process.self()
    process.trap_exit()
    server = gen_server.start_link(Counter, 0, name="counter")
    pid, _ = process.spawn_monitor(relay.passes_on, me)
    process.send_after(3600, pid, "never")
    process.send(pid, bytes(10_000))
    process.receive(bytes)
    process.spawn_link(relay.does_much, me)
    process.receive(lambda message: message == "much")
    process.exit(pid, "kill")
    process.receive(lambda message: getattr(message, "reason", "") == "killed")
    process.spawn(_lives_on, bytes(10_000), me)
    process.receive(lambda message: message == "alive")
    gen_server.stop(server)


def _lives_on(luggage: bytes, owner: Pid) -> None:
    process.send(owner, "alive")
    process.receive()


# ---- while it starts


def _at_start(hunter: Hunter, base: str, number: int) -> Tried:
    """The kernel, from the moment on when it has loaded its program."""
    said, says = os.pipe()
    waits, go = os.pipe()

    def held() -> None:
        os.write(says, str(os.getpid()).encode())
        os.read(waits, 1)

    killed = hunter.run_who_says_so(said, go, number)
    with pytest.MonkeyPatch.context() as patched, _everyone() as everyone:
        patched.setattr(boot.subprocess, "Popen", partial(subprocess.Popen, preexec_fn=held))
        with suppress(NodeDown):
            os_pid = node.start(preload=PRELOAD).os_pid
            assert os_pid is not None
            os.kill(os_pid, signal.SIGKILL)
    point = killed.result()
    harm = [*(_deaf() if boot.membership() else ()), *_remains(everyone, base)]
    node.stop()
    for fd in (said, says, waits, go):
        os.close(fd)
    return point, harm


# ---- its program


def _program(hunter: Hunter, base: str, number: int) -> Tried:
    """A node may be left half made, if there was no kernel yet; the next node removes it."""
    waits, go = os.pipe()
    with _everyone() as everyone:
        child = os.fork()
        if not child:
            os.read(waits, 1)
            _whole_life()
    hunter.seize(child)
    os.write(go, b"!")
    point = hunter.run_to_and_kill(number).result()
    for fd in (waits, go):
        os.close(fd)
    had_kernel = any(os.path.exists(f"{base}/{name}/lock") for name in os.listdir(base))
    select.select([everyone], [], [], WITHIN)
    if not had_kernel:
        sweep(base)
    return point, list(_remains(everyone, base))


def _whole_life() -> None:
    try:
        node.start(preload=PRELOAD)
        _errand()
        node.stop()
        mark()
    finally:
        os._exit(1)


HEARTS: dict[str, Callable[[Hunter, str, int], Tried]] = {
    "kernel": partial(_at_work, lambda kernel: kernel),
    "launcher": partial(_at_work, lambda kernel: children(kernel)[0]),
    "kernel-start": _at_start,
    "program": _program,
}
