"""The node of this program: started at the first use, ended with the program.

The kernel is a program of its own (``python -c``), not a fork: the program that uses us may have
threads, locks and memory that must not be inherited. It becomes a session of its own too, so that
Ctrl-C in a terminal reaches the program, which then ends the node in good order.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from errno import EBADF, EPIPE
from functools import partial
from json import dumps
from pickle import dumps as pickled
from typing import Any, Final

from otp.errors import NodeDown
from otp.runtime import surroundings
from otp.wire import pipe
from otp.wire.frame import pack
from otp.wire.place import Place, base, sweep
from otp.wire.protocol import KERNEL, STOP

_PROGRAM: Final = """\
import json, sys
order = json.loads(sys.argv[1])
sys.path[:] = order["path"]
from otp.kernel.main import run
from otp.runtime.entry import enter
run(order, enter)
"""


class Membership:
    """The node this OS process belongs to: its place and a pipe to its kernel."""

    def __init__(self, place: Place, kernel: int, name: str, os_pid: int) -> None:
        self.place = place
        self.opened = kernel
        self.file = pipe.file_of(kernel)
        self.name = name
        self.os_pid = os_pid
        self.program: subprocess.Popen[bytes] | None = None
        self.starter = os.getpid()

    @property
    def kernel(self) -> int:
        """The write end of the kernel's pipe; -1 if somebody has closed it.

        1. a program forks, and the child closes all it finds open: it is to be a daemon  2. it
        opens its log, which gets the number of our pipe  3. what the kernel is to read would stand
        in the log: so it is looked at whether the number still means the same file.
        """
        return self.opened if pipe.file_of(self.opened) == self.file else -1

    @property
    def is_ours(self) -> bool:
        """Whether this very OS process has started the node, and so ends it."""
        return self.program is not None and self.starter == os.getpid()

    @property
    def has_ended(self) -> bool:
        """Whether the kernel is dead: nobody reads its pipe."""
        return (kernel := self.kernel) < 0 or not pipe.has_reader(kernel)


_OURS: Final = ("otp.gen_server", "otp.proc_lib", "otp.supervisor", "otp.system")
"""What every process is to find imported."""

_lock = threading.RLock()
_member: Membership | None = None
at_stop: list[Callable[[], None]] = []
"""What else must be forgotten when the node ends."""


def join(member: Membership) -> None:
    """Belong to a node that runs already: what a worker does when it begins."""
    global _member
    _member = member


def membership() -> Membership | None:
    return _member


def ensure() -> Membership:
    """The node of this OS process; one is started if there is none."""
    with _lock:
        return _member or start()


def start(name: str | None = None, preload: Sequence[str] = ()) -> Membership:
    """Start the node of this program. Raises `RuntimeError` if one is running already."""
    global _member
    with _lock:
        if _member is not None:
            if not _member.has_ended:
                raise RuntimeError(
                    f"this program has a node already: {_member.name}; the library begins one "
                    "when it is first used, so node.start comes before that"
                )
            stop()
        atexit.register(_at_exit)
        _member = _start(name or "node", preload)  # at once: no handler of a signal runs before
        return _member


def _start(name: str, preload: Sequence[str]) -> Membership:
    directory = base()
    sweep(directory)
    place = Place(os.path.join(directory, f"{name}-{os.getpid()}-{os.urandom(4).hex()}"))
    surroundings.remember()
    member = Membership(place, -1, name, 0)
    try:
        place.make()
        _begin(member, preload)
        member.file = pipe.file_of(place.pipe(KERNEL))
        kernel = pipe.open_writer(place.pipe(KERNEL))  # last: who is interrupted knows no number
        if kernel is None:
            raise NodeDown("the node has ended while it was started")
        member.opened = kernel
        return member
    except BaseException:
        if member.program is not None:
            _kill(member.program)
        place.remove()
        raise


def _begin(member: Membership, preload: Sequence[str]) -> None:
    """Run the kernel's program until it says that it is ready."""
    for ready, write in iter(os.pipe, None):  # no handler of a signal runs here (`pipe.descriptor`)
        try:
            try:
                _order(member, preload, write)
            finally:
                os.close(write)
            return _wait_until_ready(ready, member)
        finally:
            os.close(ready)


def _order(member: Membership, preload: Sequence[str], write: int) -> None:
    write = pipe.duplicate(write)  # in a program without an output it may have its number
    try:
        order = {
            "root": member.place.root, "program": os.getpid(), "ready": write, "path": sys.path,
            "preload": [*_OURS, *preload], "rehearsal": "otp.behaviour.rehearsal",
        }  # fmt: skip
        member.program = _run(dumps(order), write)
    finally:
        os.close(write)


def _run(order: str, write: int) -> subprocess.Popen[bytes]:
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # noqa: SLF001
    run: partial[Any] = partial(
        subprocess.Popen,
        [sys.executable, *flags, "-c", _PROGRAM, order],
        stdin=subprocess.DEVNULL,
        stdout=_output(1),
        stderr=_output(2),
        pass_fds=[write],
        start_new_session=True,
    )
    for program in iter(run, None):  # nor here
        return program  # type: ignore[no-any-return]
    raise AssertionError("it returns or raises")


def _output(fd: int) -> int | None:
    """What the node prints goes where the program prints, or nowhere if that prints nowhere.

    Never to what has its number by chance: a descriptor of the program's own is not inheritable.
    """
    try:
        return None if os.get_inheritable(fd) else subprocess.DEVNULL
    except OSError:
        return subprocess.DEVNULL


def _wait_until_ready(ready: int, member: Membership) -> None:
    assert member.program is not None
    said = b""
    while chunk := os.read(ready, 4096):
        said += chunk
    if said != b"ready":
        member.program.wait()
        raise NodeDown(f"the node could not be started: {said.decode(errors='replace')}")
    member.os_pid = member.program.pid


def stop() -> None:
    """End the node in good order and wait until nothing of it is left. Once is enough.

    One that a signal handler has interrupted may be repeated.
    """
    with _lock:
        if (member := _member) is None:
            return
        for forget in at_stop:
            forget()
        if member.is_ours and member.program:
            _end(member, member.program)
        _leave(member)


def _at_exit() -> None:
    """The program ends anyway: that it is to do so at once is nothing to report to anybody."""
    with suppress(KeyboardInterrupt):
        stop()


def _end(member: Membership, program: subprocess.Popen[bytes]) -> None:
    """An orderly end may take as long as the processes want; who presses Ctrl-C does not."""
    try:
        _tell_to_stop(member)
        program.wait()
    except KeyboardInterrupt:
        _kill(program)
        _leave(member)
        raise


def _kill(program: subprocess.Popen[bytes]) -> None:
    """End the kernel at once, with all others of its group.

    It may be gone: interrupted by Ctrl-C, `wait` waits a little longer before it says so.
    """
    with suppress(ProcessLookupError):
        if program.returncode is None:
            os.killpg(program.pid, signal.SIGKILL)
    program.wait()


def _leave(member: Membership) -> None:
    """Belong to no node."""
    global _member
    if member.is_ours:
        member.place.remove()  # a kernel that was killed could not
    _member = None
    atexit.unregister(_at_exit)
    with suppress(OSError):  # the program may have closed it
        os.close(member.kernel)


def ask_to_stop() -> None:
    """Ask the kernel to end the node: what a worker can do, which will end with it."""
    if _member is not None:
        _tell_to_stop(_member)


def _tell_to_stop(member: Membership) -> None:
    frame = pack(STOP, 0, 0, pickled(()))
    try:
        os.set_blocking(member.kernel, True)
        os.write(member.kernel, frame)
    except OSError as error:
        if error.errno == EBADF and member.program is not None:
            member.program.terminate()  # as a daemon does, the program has closed all it found open
        elif error.errno != EPIPE:
            raise


def _after_fork() -> None:
    """Another thread may have held the lock while this child was forked."""
    global _lock
    _lock = threading.RLock()


os.register_at_fork(after_in_child=_after_fork)
