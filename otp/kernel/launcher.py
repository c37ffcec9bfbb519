"""A launcher: a clean, single-threaded process that forks the workers and reaps them.

Forking is safe only where nobody else is in the middle of something; that is why neither the
program nor a worker forks, and why a launcher never runs user code but imports, and those only in
a new generation, before its first fork (`otp.kernel.warming`).

How a worker's death is known, exactly and with its status: its launcher is its parent, `SIGCHLD`
wakes the launcher, ``waitpid`` tells. A pidfd would tell of the death but not the status, the
worker's own pipes may be held open by its forgotten children, and the kernel is not the parent.

`multiprocessing` starts the worker (its ``fork`` method) and so gives it what its own children
have: a fresh identity, re-seeded random numbers, closed stdin. It also wants to reap them itself,
by asking after each child at each start; we take them off its list and wait for any instead.
"""

from __future__ import annotations

import errno
import gc
import importlib
import logging
import os
import select
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pickle import dumps
from typing import Any, NoReturn
from warnings import catch_warnings

from otp.errors import shorten
from otp.kernel.spare import Spare, fork
from otp.kernel.warming import GENERATION, WORKER
from otp.terms import Crash
from otp.wire import parcel, pipe
from otp.wire.codec import flat
from otp.wire.frame import pack
from otp.wire.hearing import Hearing
from otp.wire.orphan import BELL, hear_of_parent, name_process, put_out_the_light
from otp.wire.place import Place
from otp.wire.plain import plain
from otp.wire.protocol import FORK, FORKED, KERNEL, LAUNCHER, PARCEL, REAPED, STOP, WARMED

log = logging.getLogger("otp.kernel")

Enter = Callable[[str, int, int, int, dict[str, Any]], NoReturn]


class Launcher:
    """One generation."""

    def __init__(self, root: str, serial: int, enter: Enter, rehearsal: str) -> None:
        self._place = Place(root)
        self._serial = serial
        self._enter = enter
        self._rehearsal = rehearsal
        self._group = os.getpgrp()
        self._mailbox = pipe.open_mailbox(self._place.pipe(serial))
        kernel = pipe.open_writer(self._place.pipe(KERNEL))
        if kernel is None:  # it was killed while we were forked: no bell hangs yet that would ring
            put_out_the_light(self._place, self._group)
        self._kernel = kernel
        os.set_blocking(kernel, True)  # the kernel always reads on
        self._woken, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._spare = Spare(self._place)

    def run(self, parent: int, modules: Sequence[str], around: dict[str, Any]) -> NoReturn:
        """Import what is to be warm, then fork on demand until told to stop."""
        name_process("otp:launcher")
        importlib.import_module("cloudpickle")  # so that no worker has to
        self._hear_of(parent)
        if not self._warm(modules, around):
            os._exit(0)
        self._stdin, sys.stdin = sys.stdin, None  # or `multiprocessing` opens one for each worker
        gc.collect()
        gc.freeze()
        self._serve()
        os._exit(0)

    def _hear_of(self, parent: int) -> None:
        """Our children wake us when they die; our parent's death ends the node."""
        me = os.getpid()  # a worker has this handler too, until it has its own

        def bell(signum: int, frame: object) -> None:
            if os.getpid() == me and os.getppid() not in (parent, self._group):
                put_out_the_light(self._place, self._group)

        signal.signal(BELL, bell)
        signal.signal(signal.SIGCHLD, lambda signum, frame: None)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        hear_of_parent()
        bell(BELL, None)

    # ---- warming

    def _warm(self, modules: Sequence[str], around: dict[str, Any]) -> bool:
        """Import; tell the kernel how it went. False if this process must not be forked from.

        The first launcher imports what the user wants preloaded: what that opens (a log file) is
        meant to be shared, and what it prints to be seen. A later generation must not share what
        only happened to be open, and repeats an import whose output the first worker has shown.
        """
        first = self._serial == LAUNCHER
        before = _descriptors()
        imported: list[str] = []
        refused: list[str] = []
        with nullcontext() if first else _silence(), _path(around.get("path", sys.path)):
            for module in modules:
                (imported if _imports(module, loud=first) else refused).append(module)
        good = _is_alone() and (first or _descriptors() <= before)
        if good:
            self._rehearse()
        self._tell(WARMED, imported, refused, good)
        return good

    def _rehearse(self) -> None:
        """Before the kernel hears of us: until then no other launcher is built."""
        with suppress(OSError):  # no room for its pipes: then each does the first steps itself
            importlib.import_module(self._rehearsal).play(self._place.root)

    # ---- serving

    def _serve(self) -> None:
        poll = select.poll()
        poll.register(self._mailbox, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        hearing = Hearing(self._mailbox, _dropped)
        while True:
            ready = {fd for fd, _ in poll.poll()}
            if self._woken in ready:
                pipe.read(self._woken)
                self._reap()
            if self._mailbox in ready:
                hearing.read()
                for kind, _, _, payload in hearing.frames():
                    if kind == STOP and self._serial != LAUNCHER:  # the first one ends with us all
                        self._spare.dismiss()
                        return
                    self._obey(kind, payload)

    def _obey(self, kind: int, payload: bytes) -> None:
        if kind & ~PARCEL != FORK:  # an answer to a question that somebody has asked in our name
            log.error("a launcher was told %d, which is no order", kind)
            return
        try:
            order = self._order(kind, payload)
            what, serial, *more = _read(order)
        except Exception:  # whatever somebody writes to us, others need us
            log.exception("a launcher was given an order that is none")
            return
        if what == GENERATION:  # whoever comes after it will be forked there
            self._spare.dismiss()
            self._fork(serial, self._generation, serial, os.getpid(), *more)
            return
        if os_pid := self._spare.take(order):
            self._tell(FORKED, serial, os_pid, b"")
        else:
            self._fork(serial, self._worker, os.getpid(), order)
        with suppress(OSError):  # no room: the next one who asks will be told
            self._spare.prepare(self._let_go, partial(self._begin, os.getpid()))

    def _order(self, kind: int, payload: bytes) -> bytes:
        """With much around it, an order takes more than a frame."""
        if not kind & PARCEL:
            return payload
        parcel.check(payload, self._serial)
        return parcel.read_bytes(self._place, payload)

    def _fork(self, serial: int, target: Callable[..., None], *args: Any) -> None:
        try:
            os_pid = fork(target, *args)
        except OSError as error:
            self._tell(FORKED, serial, 0, flat(Crash(_no_room(error))))
        else:
            self._tell(FORKED, serial, os_pid, b"")

    def _worker(self, parent: int, order: bytes) -> None:
        self._let_go()
        self._begin(parent, order)

    def _begin(self, parent: int, order: bytes) -> None:
        _, serial, who = plain(order)
        self._enter(self._place.root, serial, self._kernel, parent, who)

    def _generation(
        self, serial: int, parent: int, modules: Sequence[str], around: dict[str, Any]
    ) -> None:
        self._let_go()
        os.close(self._kernel)
        next_one = Launcher(self._place.root, serial, self._enter, self._rehearsal)
        next_one.run(parent, modules, around)

    def _let_go(self) -> None:
        """In the child: close what is the launcher's, be deaf to what is meant for it."""
        self._spare.let_go()
        sys.stdin = self._stdin
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for fd in (self._mailbox, self._woken, self._wake):
            os.close(fd)

    def _reap(self) -> None:
        """Collect every child that has died; several deaths may share one signal."""
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                self._tell(REAPED, found[0], os.waitstatus_to_exitcode(found[1]))

    def _tell(self, kind: int, *args: Any) -> None:
        with suppress(BrokenPipeError):  # the bell is about to ring
            os.write(self._kernel, pack(kind, self._serial, 0, dumps(args)))


def _read(order: bytes) -> tuple[Any, ...]:
    """What is to be forked, its number, and more. Raises whatever an order raises that is none."""
    what, serial, *more = plain(order)
    lengths = {WORKER: 1, GENERATION: 2}
    if not isinstance(serial, int) or lengths.get(what) != len(more):
        raise ValueError(f"nothing can be forked for {shorten(what)}")
    return (what, serial, *more)


def _dropped(size: int, why: str) -> None:
    log.error("a launcher dropped %d bytes that are no order: %s", size, why)


def _no_room(error: OSError) -> OSError:
    """What `fork` calls a resource that is temporarily unavailable, by its name."""
    short = {
        errno.EAGAIN: "processes (ulimit -u, kernel.pid_max, pids.max of the control group)",
        errno.ENOMEM: "memory",
    }
    if error.errno not in short:
        return error
    return OSError(error.errno, f"no room for another process: out of {short[error.errno]}")


def _imports(module: str, *, loud: bool) -> bool:
    try:
        importlib.import_module(module)
    except BaseException:  # whatever a module does when it is imported, the launcher goes on
        if loud:
            log.exception("%s cannot be imported (preload)", module)
        return False
    return True


def _is_alone() -> bool:
    """Whether nothing runs here but us.

    What works in threads of its own may end them when the process forks, and have new ones when it
    needs them: so does OpenBLAS, and with it numpy, which has them once it is imported. So we fork
    for nothing, and count again.
    """
    if _threads() > 1:
        with catch_warnings(action="ignore"):  # of what a fork of several threads may bring about
            nobody = os.fork()
        if not nobody:
            os._exit(0)
        os.waitpid(nobody, 0)
    return _threads() == 1


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))


def _descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


@contextmanager
def _path(path: list[str]) -> Any:
    """Import from where the user's processes do."""
    own = list(sys.path)
    sys.path[:] = path
    try:
        yield
    finally:
        sys.path[:] = own


@contextmanager
def _silence() -> Any:
    """Let nothing be printed; but `sys.stderr` stays what it is, for a log handler may keep it."""
    null, out, error = os.open(os.devnull, os.O_WRONLY), os.dup(1), os.dup(2)
    try:
        os.dup2(null, 1)
        os.dup2(null, 2)
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        os.dup2(out, 1)
        os.dup2(error, 2)
        for fd in (null, out, error):
            os.close(fd)
